// traffic_send DEVICE PACKETS PACKETS_PER_S FRAME_BYTES MAC: sends that many frames of all classes
// (traffic_frame.h), in turns of IPv4 and IPv6, from many flows. PACKETS_PER_S 0: as fast as it
// goes. SIGTERM ends it before. Prints how many of each class were sent: "pass 100 drop 100 half
// 100 either 100".
#include <errno.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netpacket/packet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/helpers/traffic_frame.h"

enum { BURST = 32 };

#define NS_PER_S 1000000000ll

#ifndef PACKET_QDISC_BYPASS
#define PACKET_QDISC_BYPASS 20
#endif

struct sender {
	int socket;
	uint64_t packets_per_s;
	size_t frame_bytes;
	struct ether_header ethernet;
	uint64_t sent[CLASS_COUNT];
	uint8_t frames[BURST][TRAFFIC_BYTES_MAX];
};

static volatile sig_atomic_t is_stopping;

static void stop(int number)
{
	(void)number;
	is_stopping = 1;
}

static uint16_t checksum(uint32_t sum, const void *data, size_t bytes)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < bytes; i++)
		sum += i % 2 == 0 ? (uint32_t)octets[i] << 8 : octets[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

// The last octets of a source: many hosts of each class.
static uint8_t host_of(uint64_t number)
{
	return (uint8_t)(1 + number % 250);
}

// A frame's headers have no alignment.
static void write_ipv4(uint8_t *ret_octets, enum traffic_class class, uint64_t number, size_t bytes)
{
	static const uint32_t networks[CLASS_COUNT] = {
		[CLASS_PASS] = 0xc6120000,
		[CLASS_DROP] = 0xcb007100,
		[CLASS_HALF] = 0xc0000200,
		[CLASS_EITHER] = 0xc0000200,
	};
	uint32_t spread = class == CLASS_PASS ? (uint32_t)(number / 250 % 250) << 8 : 0;

	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)bytes),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(networks[class] + spread + host_of(number)),
		.daddr = htonl(class == CLASS_HALF ? 0xc6130002 : 0xc6130001),
	};
	ip.check = checksum(0, &ip, sizeof(ip));
	memcpy(ret_octets, &ip, sizeof(ip));
}

static void write_ipv6(uint8_t *ret_octets, enum traffic_class class, uint64_t number, size_t bytes)
{
	static const uint8_t networks[CLASS_COUNT] = {
		[CLASS_PASS] = 0x0b,
		[CLASS_DROP] = 0x0d,
		[CLASS_HALF] = 0x0a,
		[CLASS_EITHER] = 0x0a,
	};
	uint8_t src[16] = {0x20, 0x01, 0x0d, 0xb8, 0, networks[class]};
	uint8_t dst[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x0e, [15] = class == CLASS_HALF ? 2 : 1};
	struct ip6_hdr ip = {0};

	src[13] = class == CLASS_PASS ? (uint8_t)(number / 250) : 0;
	src[15] = host_of(number);
	ip.ip6_vfc = 0x60; // a union with the others: not in one initializer
	ip.ip6_hlim = 64;
	ip.ip6_nxt = IPPROTO_UDP;
	ip.ip6_plen = htons((uint16_t)(bytes - sizeof(ip)));
	memcpy(&ip.ip6_src, src, sizeof(src));
	memcpy(&ip.ip6_dst, dst, sizeof(dst));
	memcpy(ret_octets, &ip, sizeof(ip));
}

static size_t write_frame(const struct sender *sender, uint8_t *frame, uint64_t count)
{
	enum traffic_class class = count / 2 % CLASS_COUNT;
	bool is_ipv6 = count % 2 == 1;
	size_t least = is_ipv6 ? TRAFFIC_IPV6_BYTES : TRAFFIC_IPV4_BYTES;
	size_t bytes = sender->frame_bytes > least ? sender->frame_bytes : least;
	size_t ip_bytes = bytes - sizeof(struct ether_header);
	struct traffic_mark mark = {TRAFFIC_MAGIC, sender->sent[class], class};
	struct ether_header *ethernet = (struct ether_header *)frame;
	uint8_t *ip = frame + sizeof(*ethernet);
	struct udphdr *udp;

	*ethernet = sender->ethernet;
	ethernet->ether_type = htons(is_ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	if (is_ipv6)
		write_ipv6(ip, class, count / 8, ip_bytes);
	else
		write_ipv4(ip, class, count / 8, ip_bytes);
	udp = (struct udphdr *)(ip + (is_ipv6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr)));
	*udp = (struct udphdr){
		.source = htons((uint16_t)(1024 + count / 8 % 4096)),
		.dest = htons(TRAFFIC_PORT),
		.len = htons((uint16_t)(frame + bytes - (uint8_t *)udp)),
		// Not computed: nobody but the counting end takes it.
	};
	memcpy(udp + 1, &mark, sizeof(mark));
	return bytes;
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int send_burst(struct sender *sender, uint64_t from, unsigned count)
{
	struct mmsghdr messages[BURST] = {0};
	struct iovec parts[BURST];
	unsigned done = 0;

	for (unsigned i = 0; i < count; i++) {
		parts[i].iov_base = sender->frames[i];
		parts[i].iov_len = write_frame(sender, sender->frames[i], from + i);
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		sender->sent[(from + i) / 2 % CLASS_COUNT]++;
	}
	while (done < count) {
		int sent = sendmmsg(sender->socket, messages + done, count - done, 0);

		if (sent > 0)
			done += (unsigned)sent;
		else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return 0;
}

// Sleeps as long as a sleep is exact enough.
static void wait_until(int64_t end_ns)
{
	for (int64_t left_ns; (left_ns = end_ns - now_ns()) > 0;)
		if (left_ns > NS_PER_S / 1000)
			(void)usleep(500);
}

static int send_all(struct sender *sender, uint64_t packets)
{
	int64_t begin_ns = now_ns();
	int error = 0;

	for (uint64_t done = 0; done < packets && error == 0 && !is_stopping; done += BURST) {
		uint64_t left = packets - done;

		error = send_burst(sender, done, left < BURST ? (unsigned)left : BURST);
		if (sender->packets_per_s != 0)
			wait_until(begin_ns +
			           (int64_t)((done + BURST) * NS_PER_S / sender->packets_per_s));
	}
	return error;
}

static int open_device(struct sender *sender, const char *device, const char *mac)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(device),
	};
	const struct ether_addr *peer = ether_aton(mac);
	int on = 1;

	sender->socket = socket(AF_PACKET, SOCK_RAW, 0);
	if (sender->socket < 0 || address.sll_ifindex == 0 || peer == NULL)
		return -EINVAL;
	memcpy(sender->ethernet.ether_dhost, peer, ETH_ALEN);
	sender->ethernet.ether_shost[0] = 2;
	sender->ethernet.ether_shost[5] = 1;
	(void)setsockopt(sender->socket, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return bind(sender->socket, (const struct sockaddr *)&address, sizeof(address)) != 0
	               ? -errno
	               : 0;
}

int main(int argc, char **argv)
{
	static struct sender sender;
	int error;

	if (argc != 6) {
		fprintf(stderr,
		        "usage: traffic_send DEVICE PACKETS PACKETS_PER_S FRAME_BYTES MAC\n");
		return 2;
	}
	(void)signal(SIGTERM, stop);
	sender.packets_per_s = strtoull(argv[3], NULL, 10);
	sender.frame_bytes = strtoull(argv[4], NULL, 10);
	if (sender.frame_bytes > TRAFFIC_BYTES_MAX)
		sender.frame_bytes = TRAFFIC_BYTES_MAX;
	error = open_device(&sender, argv[1], argv[5]);
	if (error == 0)
		error = send_all(&sender, strtoull(argv[2], NULL, 10));
	if (error != 0) {
		fprintf(stderr, "traffic_send: %s: %s\n", argv[1], strerror(-error));
		return 1;
	}
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		printf("%s %lu ", traffic_class_names[i], (unsigned long)sender.sent[i]);
	printf("\n");
	return 0;
}
