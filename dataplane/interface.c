#include "dataplane/interface.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "base/buffer.h"

// Behind the settings come three masks of link modes, whose size the kernel tells at the first call
// (linux/ethtool.h, struct ethtool_link_settings).
enum { LINK_MODE_WORDS_MAX = 3 * 127 };

static int open_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static struct ifreq request_of(const char *name)
{
	struct ifreq request = {0};

	(void)snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
	return request;
}

static bool ask_driver(int fd, const char *name, void *command)
{
	struct ifreq request = request_of(name);

	request.ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

static uint32_t ask_speed(int fd, const char *name)
{
	union {
		struct ethtool_link_settings settings;
		uint32_t words[sizeof(struct ethtool_link_settings) / 4 + LINK_MODE_WORDS_MAX];
	} command = {.settings = {.cmd = ETHTOOL_GLINKSETTINGS}};

	if (!ask_driver(fd, name, &command) || command.settings.link_mode_masks_nwords >= 0)
		return 0;
	// The negative of what it wants to be told.
	command.settings.link_mode_masks_nwords = (int8_t)-command.settings.link_mode_masks_nwords;
	if (!ask_driver(fd, name, &command) || command.settings.speed == (uint32_t)SPEED_UNKNOWN)
		return 0;
	return command.settings.speed;
}

static void ask_channels(int fd, struct interface *interface)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	if (!ask_driver(fd, interface->name, &channels))
		return;
	interface->queues = channels.combined_count + channels.rx_count;
	interface->queues_max = channels.max_combined + channels.max_rx;
}

static void ask_driver_name(int fd, struct interface *interface)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (ask_driver(fd, interface->name, &info))
		memcpy(interface->driver, info.driver, sizeof(interface->driver) - 1);
}

static uint32_t ask_mtu(int fd, const char *name)
{
	struct ifreq request = request_of(name);

	return ioctl(fd, SIOCGIFMTU, &request) == 0 ? (uint32_t)request.ifr_mtu : 0;
}

static unsigned ask_flags(int fd, const char *name)
{
	struct ifreq request = request_of(name);

	// As unsigned: the kernel's flags of this call are 16 bits.
	return ioctl(fd, SIOCGIFFLAGS, &request) == 0 ? (unsigned short)request.ifr_flags : 0;
}

// The carrier itself where the driver tells: IFF_RUNNING follows it up to a second later.
static bool ask_carrier(int fd, const char *name, unsigned flags)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GLINK};

	if (!ask_driver(fd, name, &value))
		return (flags & IFF_RUNNING) != 0;
	return value.data != 0;
}

static int ask_all(int fd, const char *name, struct interface *ret_interface)
{
	struct interface interface = {0};
	struct ifreq request = request_of(name);
	unsigned flags;

	if (strlen(name) >= IFNAMSIZ || ioctl(fd, SIOCGIFINDEX, &request) < 0)
		return -ENODEV;
	memcpy(interface.name, request.ifr_name, IFNAMSIZ);
	interface.index = (unsigned)request.ifr_ifindex;
	if (ioctl(fd, SIOCGIFHWADDR, &request) == 0)
		interface.hardware_type = request.ifr_hwaddr.sa_family;
	flags = ask_flags(fd, name);
	interface.is_up = (flags & IFF_UP) != 0;
	interface.has_carrier = ask_carrier(fd, name, flags);
	interface.is_loopback = (flags & IFF_LOOPBACK) != 0;
	interface.mtu = ask_mtu(fd, name);
	interface.speed_mbps = ask_speed(fd, name);
	ask_channels(fd, &interface);
	ask_driver_name(fd, &interface);
	*ret_interface = interface;
	return 0;
}

static void append_name(void *context, const struct interface *interface)
{
	struct buffer *names = context;

	buffer_format(names, "%s%s", names->size > 0 ? ", " : "", interface->name);
}

static void report_unknown(const char *name, struct report *report)
{
	AUTO_BUFFER names = {0};

	(void)interface_each(append_name, &names);
	report_note(report, "no such interface", slice_text(name), "there are: %.*s",
	            SLICE_FORMAT(slice_first(buffer_slice(&names), PROBLEM_TEXT_BYTES)));
}

int interface_find(const char *name, struct report *report, struct interface *ret_interface)
{
	int fd = open_socket();
	int error;

	if (fd < 0)
		return -errno;
	error = ask_all(fd, name, ret_interface);
	(void)close(fd);
	if (error == -ENODEV)
		report_unknown(name, report);
	return error;
}

int interface_find_up(const char *name, struct report *report, struct interface *ret_interface)
{
	struct interface interface;
	int error = interface_find(name, report, &interface);

	if (error < 0)
		return error;
	if (!interface.is_up) {
		report_note(report, "the interface is down", slice_text(name),
		            "ip link set dev %s up", name);
		return -ENETDOWN;
	}
	*ret_interface = interface;
	return 0;
}

void interface_link(unsigned index, struct port_link *ret_link)
{
	struct ifreq request = {.ifr_ifindex = (int)index};
	struct port_link link = {0};
	unsigned flags;
	int fd = open_socket();

	if (fd >= 0 && ioctl(fd, SIOCGIFNAME, &request) == 0) {
		flags = ask_flags(fd, request.ifr_name);
		link.is_up = (flags & IFF_UP) != 0 && ask_carrier(fd, request.ifr_name, flags);
		link.speed_mbps = ask_speed(fd, request.ifr_name);
		link.mtu = ask_mtu(fd, request.ifr_name);
	}
	if (fd >= 0)
		(void)close(fd);
	*ret_link = link;
}

int interface_each(void (*visit)(void *context, const struct interface *interface), void *context)
{
	struct if_nameindex *names = if_nameindex();
	struct interface interface;
	int fd;

	if (names == NULL)
		return -errno;
	fd = open_socket();
	for (unsigned i = 0; fd >= 0 && names[i].if_name != NULL; i++)
		if (ask_all(fd, names[i].if_name, &interface) == 0)
			visit(context, &interface);
	if_freenameindex(names);
	if (fd < 0)
		return -ENOMEM;
	(void)close(fd);
	return 0;
}
