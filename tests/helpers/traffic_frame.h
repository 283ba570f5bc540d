// The frames that traffic_send sends and traffic_receive counts.
//
// Ethernet, IPv4 or IPv6, UDP, and a mark behind it: which class of traffic it is, and its number
// within the class. Addresses say what has to happen to a class, whatever database of two that are
// exchanged again and again judges it:
//   pass    198.18.x.x to 198.19.0.1: in neither
//   drop    203.0.113.x to 198.19.0.1: source listed by both
//   half    192.0.2.x to 198.19.0.2: the source only in one, the destination only in the other: a
//           packet that passes was judged by half of each
//   either  192.0.2.x to 198.19.0.1: the source only in one
// and in IPv6 likewise (2001:db8:b::, 2001:db8:d::, 2001:db8:a::, to 2001:db8:e::1 and ::2).
#pragma once

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

#define TRAFFIC_MAGIC 0x73656b6973686f21u

enum traffic_class { CLASS_PASS, CLASS_DROP, CLASS_HALF, CLASS_EITHER, CLASS_COUNT };

static const char *const traffic_class_names[CLASS_COUNT] = {"pass", "drop", "half", "either"};

struct traffic_mark {
	uint64_t magic;
	uint64_t number;
	uint64_t class;
};

enum {
	TRAFFIC_PORT = 4242, // of the server: nothing that is parsed
	TRAFFIC_IPV4_BYTES = sizeof(struct ether_header) + sizeof(struct iphdr) +
	                     sizeof(struct udphdr) + sizeof(struct traffic_mark),
	TRAFFIC_IPV6_BYTES = sizeof(struct ether_header) + sizeof(struct ip6_hdr) +
	                     sizeof(struct udphdr) + sizeof(struct traffic_mark),
	TRAFFIC_BYTES_MAX = 1514,
};
