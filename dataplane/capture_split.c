#include "dataplane/capture_split.h"

#include <string.h>

#include "base/hash.h"
#include "dataplane/decode.h"
#include "dataplane/wire.h"
#include "engine/address.h"

enum {
	ETHERNET_BYTES = 14,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
};

static uint64_t hash_address(const struct address *address)
{
	uint64_t words[2];

	memcpy(words, address->octets, sizeof(words));
	return hash_word(hash_word(0, words[0]), words[1]);
}

// A sum is the same in both directions.
static unsigned worker_of(const struct address *src, const struct address *dst, unsigned count)
{
	uint64_t hash = hash_word(0, hash_address(src) + hash_address(dst));

	return (unsigned)((hash >> 32) * count >> 32);
}

// What nearly all frames are, without decoding them.
static bool find_addresses(const struct frame *frame, struct address *ret_src,
                           struct address *ret_dst)
{
	const uint8_t *ip = frame->data + ETHERNET_BYTES;
	uint16_t type;

	if (frame->link != LINK_ETHERNET || frame->captured_bytes < ETHERNET_BYTES + IPV4_BYTES)
		return false;
	type = wire_be16(frame->data + 12);
	if (type == 0x0800 && ip[0] >> 4 == 4) {
		*ret_src = address_from_ipv4(ip + 12);
		*ret_dst = address_from_ipv4(ip + 16);
		return true;
	}
	if (type != 0x86dd || ip[0] >> 4 != 6 ||
	    frame->captured_bytes < ETHERNET_BYTES + IPV6_BYTES)
		return false;
	memcpy(ret_src->octets, ip + 8, sizeof(ret_src->octets));
	memcpy(ret_dst->octets, ip + 24, sizeof(ret_dst->octets));
	return true;
}

// Tagged, tunnelled by its link, or of another link than Ethernet; and what is not IP.
static unsigned decode_worker(const struct frame *frame, unsigned count)
{
	struct dataplane_counters unused = {0};
	struct packet packet;

	(void)decode_batch(frame, 1, 1, &packet, &unused);
	return packet.is_ip ? worker_of(&packet.src, &packet.dst, count) : 0;
}

unsigned capture_split_worker(const struct frame *frame, unsigned worker_count)
{
	struct address src;
	struct address dst;

	if (find_addresses(frame, &src, &dst))
		return worker_of(&src, &dst, worker_count);
	return decode_worker(frame, worker_count);
}
