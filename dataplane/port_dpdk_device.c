#include "dataplane/port_dpdk_device.h"

#include <errno.h>
#include <stdio.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_memzone.h>

#include "dataplane/port_dpdk_setup.h"

static void make_zone_name(char ret_name[RTE_MEMZONE_NAMESIZE], uint16_t id)
{
	(void)snprintf(ret_name, RTE_MEMZONE_NAMESIZE, "sekisho-device-%u", (unsigned)id);
}

// By name, or by a PCI address without its domain ("3b:00.1").
static int find_id(const char *name, uint16_t *ret_id)
{
	char full[RTE_ETH_NAME_MAX_LEN];

	if (rte_eth_dev_get_port_by_name(name, ret_id) == 0)
		return 0;
	if (snprintf(full, sizeof(full), "0000:%s", name) >= (int)sizeof(full))
		return -ENODEV;
	return rte_eth_dev_get_port_by_name(full, ret_id) == 0 ? 0 : -ENODEV;
}

static int refuse_unknown(const struct port_device *asked)
{
	if (rte_lcore_count() == 0)
		return port_dpdk_setup_refuse(asked, -ENODEV, "DPDK was not started", "");
	return port_dpdk_setup_refuse(
		asked, -ENODEV, "DPDK has no such device",
		"a card must be bound to vfio-pci (dpdk-devbind.py -b vfio-pci), a virtual device "
		"named by a --vdev argument");
}

// The card was taken out. Nothing is handed over with it: the order does not matter.
static int take_removal(uint16_t id, enum rte_eth_event_type event, void *context, void *result)
{
	struct dpdk_device *device = context;

	(void)id, (void)event, (void)result;
	atomic_store_explicit(&device->is_gone, true, memory_order_relaxed);
	return 0;
}

static int start(const struct port_device *asked, struct dpdk_device *device)
{
	int error = port_dpdk_setup(asked, device);

	if (error < 0)
		return error;
	(void)rte_eth_dev_callback_register(device->id, RTE_ETH_EVENT_INTR_RMV, take_removal,
	                                    device);
	error = rte_eth_dev_start(device->id);
	if (error < 0)
		return port_dpdk_setup_refuse(asked, error, "DPDK cannot start the device", "");
	(void)rte_eth_stats_get(device->id, &device->stats_before);
	if (asked->is_promiscuous && port_dpdk_device_listen(device) < 0)
		report_add(asked->report,
		           &(struct problem){
				   .reason = "the device cannot be made promiscuous",
				   .consequence = "noted: it gives what is meant for it",
				   .object = slice_text(asked->name),
			   });
	return 0;
}

static void close_device(struct dpdk_device *device)
{
	char name[RTE_MEMZONE_NAMESIZE];

	make_zone_name(name, device->id);
	(void)rte_eth_dev_callback_unregister(device->id, RTE_ETH_EVENT_INTR_RMV, take_removal,
	                                      device);
	(void)rte_eth_dev_stop(device->id);
	(void)rte_eth_dev_close(device->id);
	// The pool stays until the EAL is stopped: the peer may still have buffers of it to send.
	(void)rte_memzone_free(rte_memzone_lookup(name));
}

static int start_first(const struct port_device *asked, uint16_t id,
                       struct dpdk_device **ret_device)
{
	char name[RTE_MEMZONE_NAMESIZE];
	const struct rte_memzone *zone;
	struct dpdk_device *device;
	int error;

	make_zone_name(name, id);
	zone = rte_memzone_reserve(name, sizeof(*device), SOCKET_ID_ANY, 0);
	if (zone == NULL)
		return port_dpdk_setup_refuse(asked, -rte_errno, "no memory for the device", "");
	device = zone->addr;
	*device = (struct dpdk_device){
		.id = id,
		.queue_count = (uint16_t)asked->queue_count,
	};
	error = start(asked, device);
	if (error < 0) {
		close_device(device);
		return error;
	}
	*ret_device = device;
	return 0;
}

int port_dpdk_device_open(const struct port_device *asked, struct dpdk_device **ret_device)
{
	struct dpdk_device *device = NULL;
	const struct rte_memzone *zone;
	char name[RTE_MEMZONE_NAMESIZE];
	uint16_t id;
	int error;

	if (find_id(asked->name, &id) < 0)
		return refuse_unknown(asked);
	make_zone_name(name, id);
	zone = rte_memzone_lookup(name);
	if (zone != NULL) {
		device = zone->addr;
	} else {
		error = start_first(asked, id, &device);
		if (error < 0)
			return error;
	}
	if (asked->queue >= device->queue_count)
		return port_dpdk_setup_refuse(asked, 0, "the device was opened with fewer queues",
		                              "");
	device->open_count++;
	*ret_device = device;
	return 0;
}

void port_dpdk_device_close(struct dpdk_device *device)
{
	device->open_count--;
	if (device->open_count == 0)
		close_device(device);
}

int port_dpdk_device_listen(struct dpdk_device *device)
{
	int error = rte_eth_promiscuous_get(device->id) == 1
	                    ? 0
	                    : rte_eth_promiscuous_enable(device->id);

	// Drivers of what is no card (net_ring, net_memif) give everything anyway.
	return error == -ENOTSUP ? 0 : error;
}
