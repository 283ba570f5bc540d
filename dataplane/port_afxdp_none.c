// AF_XDP where libxdp was not there when sekisho was built.
#include <errno.h>

#include "dataplane/port.h"

static int refuse(const struct port_device *device, struct port **ret_port)
{
	(void)ret_port;
	report_add(device->report, &(struct problem){
					   .reason = "cannot open an AF_XDP port",
					   .consequence = "not opened",
					   .object = slice_text(device->name),
					   .detail = slice_text("not in this build: it was made "
	                                                        "without libxdp"),
				   });
	return -ENOTSUP;
}

const struct port_ops port_afxdp = {
	.name = "afxdp",
	.open_device = refuse,
};
