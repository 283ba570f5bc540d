#include "dataplane/checksum.h"

#include "dataplane/wire.h"
#include "engine/address.h"

uint64_t checksum_add(uint64_t sum, struct slice bytes)
{
	for (; bytes.size > 1; bytes = slice_from(bytes, 2))
		sum += wire_be16(bytes.data);
	return bytes.size > 0 ? sum + ((uint32_t)bytes.data[0] << 8) : sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// Of the pseudo header (RFC 9293, section 3.1; RFC 8200, section 8.1).
static uint64_t sum_ends(const struct packet *packet, size_t size)
{
	size_t address_bytes = address_is_ipv4(&packet->src) ? 4 : 16;
	uint64_t sum = packet->protocol + size;

	sum = checksum_add(sum, slice_of(packet->src.octets + 16 - address_bytes, address_bytes));
	return checksum_add(sum, slice_of(packet->dst.octets + 16 - address_bytes, address_bytes));
}

static bool is_wrong_with_ends(const struct packet *packet, struct slice segment)
{
	return checksum_fold(checksum_add(sum_ends(packet, segment.size), segment)) != 0;
}

static bool is_udp_wrong(const struct packet *packet, struct slice datagram, bool is_ipv4)
{
	size_t size;

	if (datagram.size < UDP_HEADER_BYTES)
		return false; // malformed
	size = wire_be16(datagram.data + 4);
	if (size == 0)
		return false; // jumbogram, or segmentation offload
	if (size > datagram.size)
		return true;
	if (wire_be16(datagram.data + 6) == 0)
		return !is_ipv4 && !decode_may_be_tunnel(packet);
	return is_wrong_with_ends(packet, slice_first(datagram, size));
}

static bool is_transport_wrong(const struct packet *packet, struct slice segment, bool is_ipv4)
{
	switch (packet->protocol) {
	case IP_TCP:
		return segment.size > 0 && is_wrong_with_ends(packet, segment);
	case IP_UDP:
		return is_udp_wrong(packet, segment, is_ipv4);
	case IP_ICMP:
		return segment.size > 0 && checksum_fold(checksum_add(0, segment)) != 0;
	case IP_ICMPV6:
		return segment.size > 0 && is_wrong_with_ends(packet, segment);
	default:
		return false;
	}
}

bool checksum_is_wrong(struct slice ip, uint32_t wire_bytes, const struct packet *packet)
{
	struct packet headers = {0};
	struct ip_layer layer = {0};
	bool is_ipv4;

	if (!decode_ip(ip, wire_bytes, &headers, &layer))
		return false;
	is_ipv4 = ip.data[0] >> 4 == 4;
	if (is_ipv4 &&
	    checksum_fold(checksum_add(0, slice_first(ip, (size_t)(ip.data[0] & 15) * 4))) != 0)
		return true;
	if (wire_be16(ip.data + (is_ipv4 ? 2 : 4)) == 0 || layer.missing_bytes > 0 ||
	    layer.has_routing || headers.fragment != FRAGMENT_NONE)
		return false;
	return is_transport_wrong(packet, layer.rest, is_ipv4);
}

uint64_t checksum_batch(const struct frame frames[], unsigned count, uint64_t wanted,
                        struct packet packets[], struct dataplane_counters *counters)
{
	for (unsigned i = 0; i < count; i++) {
		const struct frame *frame = &frames[i];
		struct packet *packet = &packets[i];
		struct slice ip = slice_of(frame->data, frame->captured_bytes);

		if (!packet->is_ip ||
		    !checksum_is_wrong(slice_from(ip, packet->ip_offset),
		                       frame->wire_bytes - packet->ip_offset, packet))
			continue;
		decode_carry(packet);
		counters->checksums_wrong++;
		wanted &= ~(UINT64_C(1) << i);
	}
	return wanted;
}
