// Packets in packets. The plain packets of frames are decode.c's.
#include "dataplane/decode_parts.h"

#include "dataplane/decode_tunnel.h"

// A packet, and where its bytes are.
struct opened {
	struct packet *packet;
	struct slice ip;
	uint32_t wire_bytes;
};

// Finds what is in `outer`. Sets *ret_inner, but for its packet. False when there is no more.
static bool open_packet(const struct opened *outer, struct opened *ret_inner)
{
	struct packet *packet = outer->packet;
	enum tunnel_content content;
	struct packet headers = {0};
	struct ip_layer layer = {0};

	if (packet->fragment != FRAGMENT_NONE || !decode_may_be_tunnel(packet) ||
	    !decode_ip(outer->ip, outer->wire_bytes, &headers, &layer) ||
	    headers.ip_bytes > outer->wire_bytes)
		return false;
	content = decode_tunnel(packet, &layer, &ret_inner->ip);
	if (content == TUNNEL_NONE)
		return false;
	packet->is_tunnel = true;
	packet->is_carrier = true;
	ret_inner->wire_bytes = (uint32_t)ret_inner->ip.size + layer.missing_bytes;
	return content == TUNNEL_IP;
}

static bool decode_inner(struct opened *inner, const struct packet *outer,
                         struct dataplane_counters *counters)
{
	struct packet *packet = inner->packet;

	if (!decode_packet(inner->ip, inner->wire_bytes, packet, counters))
		return false;
	packet->ip_offset = 0;
	packet->transport_offset = 0;
	packet->depth = outer->depth + 1;
	packet->frame = outer->frame;
	packet->time_ns = outer->time_ns;
	packet->number = outer->number;
	return true;
}

// Returns how many packets were appended at `packets`.
static unsigned open_frame(const struct frame *frame, struct packet *first, struct packet packets[],
                           struct dataplane_counters *counters)
{
	struct slice ip = slice_from(slice_of(frame->data, frame->captured_bytes),
	                             first->ip_offset);
	struct opened outer = {first, ip, frame->wire_bytes - first->ip_offset};
	struct opened inner;
	unsigned count = 0;

	while (open_packet(&outer, &inner)) {
		if (count == DECODE_LAYERS_MAX) {
			counters->layers_too_deep++;
			break;
		}
		inner.packet = &packets[count];
		if (!decode_inner(&inner, outer.packet, counters))
			break;
		counters->packets_inner++;
		count++;
		outer = inner;
	}
	return count;
}

unsigned decode_layers(const struct frame frames[], unsigned count, uint64_t wanted,
                       struct packet packets[], struct dataplane_counters *counters)
{
	for (; wanted != 0; wanted &= wanted - 1) {
		unsigned i = (unsigned)__builtin_ctzll(wanted);

		count += open_frame(&frames[i], &packets[i], &packets[count], counters);
	}
	return count;
}
