// dataplane/dpdk_none.c — what a build without DPDK says.
#include <errno.h>

#include "dataplane/dpdk.h"
#include "dataplane/port.h"

static int refuse(struct report *report, const char *what)
{
	report_note(report, "DPDK is not in this build", slice_text(what),
	            "install libdpdk-dev and build with -Ddpdk=enabled");
	return -ENOTSUP;
}

int dpdk_start(const char *const arguments[], unsigned count, struct report *report,
               struct dpdk **ret_dpdk)
{
	(void)arguments, (void)count, (void)ret_dpdk;
	return refuse(report, NULL);
}

int dpdk_each_thread(struct dpdk *dpdk, void (*call)(void *context), void *context)
{
	(void)dpdk, (void)call, (void)context;
	return 0;
}

void dpdk_stop(struct dpdk *dpdk)
{
	(void)dpdk;
}

static int port_dpdk_open(const struct port_device *device, struct port **ret_port)
{
	(void)ret_port;
	return refuse(device->report, device->name);
}

const struct port_ops port_dpdk = {
	.name = "dpdk",
	.open_device = port_dpdk_open,
};
