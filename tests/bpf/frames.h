// tests/bpf/frames.h — frames for the XDP program, as a test describes them.
#pragma once

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FRAME_BYTES_MAX = 9100, EXTENSIONS_MAX = 10 };

// What is 0 is not there; family by the addresses' text.
struct frame_plan {
	const char *source, *destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
	uint8_t tcp_flags;
	unsigned tags; // VLAN
	unsigned option_words;
	uint16_t fragment_offset; // units of eight bytes
	bool has_more_fragments;
	uint32_t fragment_id;
	uint8_t extensions[EXTENSIONS_MAX]; // IPv6: kinds, 0 is hop-by-hop
	unsigned extension_count;
	unsigned payload_bytes;
	uint8_t payload_first;
	uint16_t ether_type; // not IP
};

static inline void put_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline uint8_t *put_transport(uint8_t *at, const struct frame_plan *plan)
{
	bool is_tcp = plan->protocol == 6;

	if (plan->fragment_offset == 0 && (is_tcp || plan->protocol == 17)) {
		memset(at, 0, 20);
		put_be16(at, plan->source_port);
		put_be16(at + 2, plan->destination_port);
		if (is_tcp) {
			at[12] = 5 << 4;
			at[13] = plan->tcp_flags;
		} else {
			put_be16(at + 4, 8 + plan->payload_bytes);
		}
		at += is_tcp ? 20 : 8;
	}
	memset(at, 'x', plan->payload_bytes);
	if (plan->payload_bytes > 0)
		at[0] = plan->payload_first;
	return at + plan->payload_bytes;
}

static inline uint8_t *put_ipv4(uint8_t *at, const struct frame_plan *plan)
{
	uint8_t *header = at;

	memset(at, 0, 60);
	at[0] = (uint8_t)(0x45 + plan->option_words);
	put_be16(at + 4, plan->fragment_id);
	put_be16(at + 6, plan->fragment_offset | (plan->has_more_fragments ? 0x2000 : 0));
	at[8] = 64;
	at[9] = plan->protocol;
	inet_pton(AF_INET, plan->source, at + 12);
	inet_pton(AF_INET, plan->destination, at + 16);
	at = put_transport(at + 20 + 4 * plan->option_words, plan);
	put_be16(header + 2, (unsigned)(at - header));
	return at;
}

static inline uint8_t *put_extension(uint8_t *at, uint8_t kind, uint8_t next,
                                     const struct frame_plan *plan)
{
	memset(at, 0, 16);
	at[0] = next;
	if (kind == 44) {
		put_be16(at + 2, plan->fragment_offset << 3 | plan->has_more_fragments);
		memcpy(at + 4, &plan->fragment_id, 4);
		return at + 8;
	}
	at[1] = kind == 51 ? 2 : 1; // both make 16 bytes
	return at + 16;
}

static inline uint8_t *put_ipv6(uint8_t *at, const struct frame_plan *plan)
{
	uint8_t *header = at;

	memset(at, 0, 40);
	at[0] = 0x60;
	at[6] = plan->extension_count > 0 ? plan->extensions[0] : plan->protocol;
	at[7] = 64;
	inet_pton(AF_INET6, plan->source, at + 8);
	inet_pton(AF_INET6, plan->destination, at + 24);
	at += 40;
	for (unsigned i = 0; i < plan->extension_count; i++)
		at = put_extension(at, plan->extensions[i],
		                   i + 1 < plan->extension_count ? plan->extensions[i + 1]
		                                                 : plan->protocol,
		                   plan);
	at = put_transport(at, plan);
	put_be16(header + 4, (unsigned)(at - header - 40));
	return at;
}

// Returns the frame's size.
static inline size_t frame_build(const struct frame_plan *plan, uint8_t frame[FRAME_BYTES_MAX])
{
	bool is_ipv6 = plan->source != NULL && strchr(plan->source, ':') != NULL;
	uint16_t type = plan->ether_type ? plan->ether_type : is_ipv6 ? 0x86dd : 0x0800;
	uint8_t *at = frame + 12;

	memset(frame, 2, 12);
	for (unsigned i = plan->tags; i > 0; i--, at += 4) {
		put_be16(at, i == 2 ? 0x88a8 : 0x8100);
		put_be16(at + 2, 100 + i);
	}
	put_be16(at, type);
	at += 2;
	if (plan->ether_type != 0) {
		memset(at, 0, 46);
		return (size_t)(at + 46 - frame);
	}
	at = is_ipv6 ? put_ipv6(at, plan) : put_ipv4(at, plan);
	return (size_t)(at - frame);
}
