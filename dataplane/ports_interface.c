#include "dataplane/ports_interface.h"

#include <net/if_arp.h>
#include <string.h>

#include "ebpf/netdev.h"

// Where the kernel does not tell. Drivers with XDP of their own as of Linux 6.1, of zero-copy
// likewise (kernel sources: who sets ndo_bpf, and XDP_SETUP_XSK_POOL).
static const char *const native_drivers[] = {
	"bnxt_en",  "dpaa2-eth", "ena",     "enetc",  "fsl_dpa", "funeth",     "hv_netvsc",
	"igb",      "ixgbevf",   "mlx4_en", "mvneta", "mvpp2",   "nicvf",      "octeontx2-nicpf",
	"qede",     "sfc",       "ti-cpsw", "tun",    "veth",    "virtio_net", "xen-netfront",
	"atlantic", NULL,
};
static const char *const zero_copy_drivers[] = {
	"i40e", "ice", "igc", "ixgbe", "mlx5_core", "nfp", "stmmac", NULL,
};

static bool is_one_of(const char *driver, const char *const drivers[])
{
	for (size_t i = 0; drivers[i] != NULL; i++)
		if (strcmp(driver, drivers[i]) == 0)
			return true;
	return false;
}

static enum interface_xdp xdp_of_driver(const char *driver)
{
	if (is_one_of(driver, zero_copy_drivers))
		return INTERFACE_XDP_ZERO_COPY;
	return is_one_of(driver, native_drivers) ? INTERFACE_XDP_NATIVE : INTERFACE_XDP_GENERIC;
}

enum interface_xdp ports_interface_xdp(const struct interface *interface,
                                       const struct ports_machine *machine)
{
	uint64_t features;

	if (!ports_machine_is_since(machine, 6, 3) ||
	    netdev_xdp_features(interface->index, &features) < 0)
		return xdp_of_driver(interface->driver);
	if (!(features & NETDEV_XDP_BASIC))
		return INTERFACE_XDP_GENERIC;
	return features & NETDEV_XDP_ZERO_COPY ? INTERFACE_XDP_ZERO_COPY : INTERFACE_XDP_NATIVE;
}

static const char *xdp_words(enum interface_xdp xdp)
{
	switch (xdp) {
	case INTERFACE_XDP_GENERIC:
		return "generic XDP only: slower";
	case INTERFACE_XDP_NATIVE:
		return "native XDP, AF_XDP copies";
	case INTERFACE_XDP_ZERO_COPY:
		return "native XDP, AF_XDP zero-copy";
	}
	return "";
}

static void append_queues(const struct interface *interface, struct buffer *words)
{
	if (interface->queues == 0)
		return;
	buffer_format(words, ", %u queue%s", interface->queues, interface->queues > 1 ? "s" : "");
	if (interface->queues_max > interface->queues)
		buffer_format(words, " of %u", interface->queues_max);
}

static const char *state_words(const struct interface *interface)
{
	if (!interface->is_up)
		return "down";
	return interface->has_carrier ? "up" : "up, no carrier";
}

void ports_interface_words(const struct interface *interface, enum interface_xdp xdp,
                           struct buffer *words)
{
	buffer_append_text(words, state_words(interface));
	if (interface->speed_mbps > 0)
		buffer_format(words, ", %u Mb/s", interface->speed_mbps);
	buffer_format(words, ", MTU %u", interface->mtu);
	append_queues(interface, words);
	if (interface->driver[0] != '\0')
		buffer_format(words, ", %s", interface->driver);
	if (interface->hardware_type != ARPHRD_ETHER && !interface->is_loopback)
		buffer_format(words, ", not Ethernet (type %u)", interface->hardware_type);
	buffer_format(words, ", %s", xdp_words(xdp));
}
