#include "dataplane/port_af_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "base/hash.h"

// Groups of one device of one process: more than one only when it is opened more than once.
enum { GROUPS_MAX = 16 };

int port_af_packet_link_type(const struct interface *interface, struct report *report,
                             enum link_type *ret_link)
{
	switch (interface->hardware_type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		*ret_link = LINK_ETHERNET;
		return 0;
	case ARPHRD_NONE: // tun
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
		*ret_link = LINK_RAW;
		return 0;
	}
	report_note(report, "the interface is neither Ethernet nor plain IP",
	            slice_text(interface->name), "hardware type %u; the backend pcap may know it",
	            interface->hardware_type);
	return -EPROTONOSUPPORT;
}

// Between bind() and joining the group a socket would see every packet, also those that the others
// of the group see: a filter takes none until then.
static int close_filter(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &none};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
	                                                                                   : 0;
}

static int open_filter(int fd)
{
	int unused = 0;

	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) < 0 ? -errno
	                                                                                 : 0;
}

// The queues of one device are opened one by one and have to name the same group: a number of 16
// bits which no one else in the network namespace has. Two processes in containers may share
// process id and interface number, but not the namespace of those ids.
static uint16_t first_group(unsigned interface_index)
{
	struct stat pids = {0};
	uint64_t words[3] = {(uint64_t)getpid(), interface_index, 0};

	if (stat("/proc/self/ns/pid", &pids) == 0)
		words[2] = pids.st_ino;
	return (uint16_t)hash_bytes(0, words, sizeof(words));
}

// By the flow, both directions alike, whatever the NIC's own hash does (PACKET_FANOUT_QM would need
// it symmetric). No PACKET_FANOUT_FLAG_ROLLOVER: what one queue has no room for would break a flow
// in two. No PACKET_FANOUT_FLAG_DEFRAG: frames are to stay as they are on the wire; the fragments
// of one datagram stay together (the kernel's hash of a fragment is of the addresses alone).
static int join_group(int fd, const struct port_device *device, const struct interface *interface)
{
	struct fanout_args group = {
		.type_flags = PACKET_FANOUT_HASH,
		.max_num_members = device->queue_count,
	};
	uint16_t id = first_group(interface->index);

	// A group that is full is another's, or our own of an earlier opening.
	for (unsigned i = 0; i < GROUPS_MAX; i++) {
		group.id = (uint16_t)(id + i);
		if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) == 0)
			return 0;
		if (errno != ENOSPC && errno != EINVAL)
			break;
	}
	return -errno;
}

static int join(int fd, const struct port_device *device, const struct interface *interface)
{
	int error;

	if (device->queue_count <= 1)
		return 0;
	error = join_group(fd, device, interface);
	if (error < 0)
		report_note(device->report, "packets cannot be shared among queues",
		            slice_text(device->name), "PACKET_FANOUT: %s; one worker needs none",
		            strerror(-error));
	return error;
}

static int become_promiscuous(int fd, const struct interface *interface)
{
	struct packet_mreq request = {
		.mr_ifindex = (int)interface->index,
		.mr_type = PACKET_MR_PROMISC,
	};

	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) < 0
	               ? -errno
	               : 0;
}

// On the loopback interface what goes out comes in again: once is enough.
static int ignore_outgoing(int fd)
{
	int is_ignored = 1;

	return setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &is_ignored, sizeof(is_ignored)) <
	                       0
	               ? -errno
	               : 0;
}

static int bind_socket(int fd, const struct interface *interface)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)interface->index,
	};
	int error = close_filter(fd);

	if (error == 0 && interface->is_loopback)
		error = ignore_outgoing(fd);
	if (error < 0)
		return error;
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int port_af_packet_bind(int fd, const struct port_device *device, const struct interface *interface)
{
	int error = bind_socket(fd, interface);

	if (error == 0 && device->is_promiscuous)
		error = become_promiscuous(fd, interface);
	if (error < 0) {
		report_note(device->report, "cannot listen on the interface",
		            slice_text(device->name), "%s", strerror(-error));
		return error;
	}
	error = join(fd, device, interface);
	return error < 0 ? error : open_filter(fd);
}
