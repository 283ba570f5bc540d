// dataplane/flow_key.h — from a packet to its flow's key, and its hash: for flow.c alone, in whose
// loop they are.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "base/icmp.h"
#include "base/word.h"
#include "dataplane/flow.h"

// Both factors of each product are keyed: an address that equals a public constant would
// otherwise cancel the other one.
static inline uint64_t flow_key_hash(const struct flow_key *key, const uint64_t seeds[2])
{
	uint64_t ports = (uint64_t)key->low_port << 24 | (uint64_t)key->high_port << 8 |
	                 key->protocol;
	uint64_t tails = hash_mix(word_load(key->low.octets + WORD_BYTES) ^ seeds[0],
	                          word_load(key->high.octets + WORD_BYTES) ^ seeds[1]);
	uint64_t heads = hash_mix(word_load(key->low.octets) ^ seeds[1],
	                          word_load(key->high.octets) ^ seeds[0]);

	return hash_mix(tails ^ ports ^ seeds[1], heads ^ seeds[0]);
}

// What the flow's key has for the ports of one packet.
struct flow_ports {
	uint16_t src;
	uint16_t dst;
};

// What in a key tells ICMP messages that nothing answers from the others: no type is as high.
enum { FLOW_KEY_ONE_WAY = 0xffff };

// As Community ID has it: a message and its answer are one flow, of the others each direction,
// type and code is its own.
static inline struct flow_ports flow_key_icmp_ports(const struct packet *packet)
{
	uint8_t counterpart;

	if (icmp_counterpart(packet->protocol == IP_ICMPV6, (uint8_t)packet->src_port,
	                     &counterpart))
		return (struct flow_ports){packet->src_port, counterpart};
	return (struct flow_ports){(uint16_t)(packet->src_port << 8 | packet->dst_port),
	                           FLOW_KEY_ONE_WAY};
}

static inline struct flow_ports flow_key_ports(const struct packet *packet)
{
	if (!packet->has_ports)
		return (struct flow_ports){0, 0};
	if (packet->protocol == IP_ICMP || packet->protocol == IP_ICMPV6)
		return flow_key_icmp_ports(packet);
	return (struct flow_ports){packet->src_port, packet->dst_port};
}

// Any total order will do, as long as both directions agree.
static inline bool flow_key_is_above(const struct packet *packet, struct flow_ports ports)
{
	uint64_t src = word_load(packet->src.octets + WORD_BYTES);
	uint64_t dst = word_load(packet->dst.octets + WORD_BYTES);

	if (src != dst)
		return src > dst;
	src = word_load(packet->src.octets);
	dst = word_load(packet->dst.octets);
	if (src != dst)
		return src > dst;
	return ports.src > ports.dst;
}

// Writes `a` and `b` in this order, or exchanged. Which of them nobody can foresee, so that there
// is no branch.
static inline void flow_key_put_words(uint64_t a, uint64_t b, bool is_exchanged, uint8_t *low,
                                      uint8_t *high)
{
	uint64_t exchange = (a ^ b) & -(uint64_t)is_exchanged;

	a ^= exchange;
	b ^= exchange;
	memcpy(low, &a, sizeof(a));
	memcpy(high, &b, sizeof(b));
}

// HOT. The key of a packet's flow, without holes; sets packet->is_from_high.
static inline void flow_key_make(struct packet *packet, struct flow_key *key)
{
	struct flow_ports ports = flow_key_ports(packet);
	bool is_from_high = flow_key_is_above(packet, ports);
	unsigned exchange = (ports.src ^ ports.dst) & -(unsigned)is_from_high;

	for (unsigned i = 0; i < sizeof(struct address); i += WORD_BYTES)
		flow_key_put_words(word_load(packet->src.octets + i),
		                   word_load(packet->dst.octets + i), is_from_high,
		                   key->low.octets + i, key->high.octets + i);
	key->low_port = (uint16_t)(ports.src ^ exchange);
	key->high_port = (uint16_t)(ports.dst ^ exchange);
	key->protocol = packet->protocol;
	packet->is_from_high = is_from_high;
}
