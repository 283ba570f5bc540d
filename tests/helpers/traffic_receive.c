// traffic_receive DEVICE: counts the frames of traffic_send that come in, by class, until SIGTERM
// and nothing comes any more. Prints how many of each class came, how many came twice, the longest
// time without one of those that have to pass, and what the kernel could not give to this program:
// "pass 100 drop 0 half 0 either 50 twice 0 gap_us 120 missed 0".
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/helpers/traffic_frame.h"

enum {
	BLOCK_BYTES = 1 << 20,
	BLOCK_COUNT = 128,
	NUMBERS = 1 << 26, // of frames of one class that are told apart
};

#define NS_PER_S 1000000000ll

struct receiver {
	int socket;
	uint8_t *ring;
	uint64_t received[CLASS_COUNT];
	uint64_t twice;
	int64_t last_ns;
	int64_t gap_ns;
	uint8_t *seen[CLASS_COUNT]; // a bit a number
};

static volatile sig_atomic_t is_stopping;

static void stop(int number)
{
	(void)number;
	is_stopping = 1;
}

static bool read_mark(const uint8_t *frame, size_t bytes, struct traffic_mark *ret_mark)
{
	const struct ether_header *ethernet = (const struct ether_header *)frame;
	size_t offset = sizeof(*ethernet) + sizeof(struct udphdr);

	if (bytes < TRAFFIC_IPV4_BYTES)
		return false;
	if (ethernet->ether_type == htons(ETHERTYPE_IP))
		offset += sizeof(struct iphdr);
	else if (ethernet->ether_type == htons(ETHERTYPE_IPV6) && bytes >= TRAFFIC_IPV6_BYTES)
		offset += sizeof(struct ip6_hdr);
	else
		return false;
	memcpy(ret_mark, frame + offset, sizeof(*ret_mark)); // it has no alignment
	return ret_mark->magic == TRAFFIC_MAGIC && ret_mark->class < CLASS_COUNT;
}

static void count_frame(struct receiver *receiver, const uint8_t *frame, size_t bytes,
                        int64_t time_ns)
{
	struct traffic_mark mark;
	uint8_t bit;
	uint8_t *seen;

	if (!read_mark(frame, bytes, &mark))
		return;
	receiver->received[mark.class]++;
	seen = &receiver->seen[mark.class][mark.number % NUMBERS / 8];
	bit = (uint8_t)(1 << mark.number % 8);
	receiver->twice += (*seen & bit) != 0;
	*seen |= bit;
	if (mark.class != CLASS_PASS)
		return;
	if (receiver->last_ns != 0 && time_ns - receiver->last_ns > receiver->gap_ns)
		receiver->gap_ns = time_ns - receiver->last_ns;
	receiver->last_ns = time_ns;
}

static void count_block(struct receiver *receiver, const struct tpacket_block_desc *block)
{
	const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

	for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *packet = (const struct tpacket3_hdr *)(const void *)at;
		const struct sockaddr_ll *from =
			(const struct sockaddr_ll *)(const void *)(at +
		                                                   TPACKET_ALIGN(sizeof(*packet)));

		if (from->sll_pkttype != PACKET_OUTGOING)
			count_frame(receiver, at + packet->tp_mac, packet->tp_snaplen,
			            packet->tp_sec * NS_PER_S + packet->tp_nsec);
		at += packet->tp_next_offset;
	}
}

static int open_device(struct receiver *receiver, const char *device)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(device),
	};
	struct tpacket_req3 request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = BLOCK_COUNT,
		.tp_frame_size = 2048,
		.tp_frame_nr = BLOCK_COUNT * (BLOCK_BYTES / 2048),
		.tp_retire_blk_tov = 10,
	};
	int version = TPACKET_V3;

	receiver->socket = socket(AF_PACKET, SOCK_RAW, 0);
	if (receiver->socket < 0 || address.sll_ifindex == 0 ||
	    setsockopt(receiver->socket, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) !=
	            0 ||
	    setsockopt(receiver->socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) !=
	            0)
		return -1;
	receiver->ring = mmap(NULL, (size_t)BLOCK_BYTES * BLOCK_COUNT, PROT_READ | PROT_WRITE,
	                      MAP_SHARED, receiver->socket, 0);
	if (receiver->ring == MAP_FAILED)
		return -1;
	for (unsigned i = 0; i < CLASS_COUNT; i++) {
		receiver->seen[i] = calloc(1, NUMBERS / 8);
		if (receiver->seen[i] == NULL)
			return -1;
	}
	return bind(receiver->socket, (const struct sockaddr *)&address, sizeof(address));
}

static void receive(struct receiver *receiver)
{
	struct pollfd ready = {.fd = receiver->socket, .events = POLLIN};
	unsigned next = 0;

	for (;;) {
		struct tpacket_block_desc *block =
			(struct tpacket_block_desc *)(void *)(receiver->ring +
		                                              (size_t)next * BLOCK_BYTES);
		_Atomic uint32_t *status = (_Atomic uint32_t *)&block->hdr.bh1.block_status;

		if ((atomic_load(status) & TP_STATUS_USER) != 0) {
			count_block(receiver, block);
			atomic_store(status, TP_STATUS_KERNEL);
			next = (next + 1) % BLOCK_COUNT;
		} else if (poll(&ready, 1, 100) == 0 && is_stopping) {
			return;
		}
	}
}

int main(int argc, char **argv)
{
	static struct receiver receiver;
	struct tpacket_stats_v3 statistics = {0};
	socklen_t size = sizeof(statistics);

	if (argc != 2 || open_device(&receiver, argv[1]) != 0) {
		fprintf(stderr, "usage: traffic_receive DEVICE (%s)\n", strerror(errno));
		return 2;
	}
	(void)signal(SIGTERM, stop);
	printf("ready\n");
	(void)fflush(stdout);
	receive(&receiver);
	(void)getsockopt(receiver.socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &size);
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		printf("%s %lu ", traffic_class_names[i], (unsigned long)receiver.received[i]);
	printf("twice %lu gap_us %ld missed %u\n", (unsigned long)receiver.twice,
	       (long)(receiver.gap_ns / 1000), statistics.tp_drops);
	return 0;
}
