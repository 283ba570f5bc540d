// Packets in packets, and those in several frames. The plain packets of frames are decode.c's.
#include "dataplane/decode_parts.h"

#include "dataplane/checksum.h"
#include "dataplane/decode_tunnel.h"
#include "dataplane/fragment.h"

// A packet, and where its bytes are.
struct opened {
	struct packet *packet;
	struct slice ip;
	uint32_t wire_bytes;
};

static bool open_tunnel(struct packet *packet, const struct ip_layer *layer,
                        struct opened *ret_inner)
{
	enum tunnel_content content = TUNNEL_NONE;

	if (decode_may_be_tunnel(packet))
		content = decode_tunnel(packet, layer, &ret_inner->ip);
	if (content == TUNNEL_NONE)
		return false;
	packet->is_tunnel = true;
	packet->is_carrier = true;
	ret_inner->wire_bytes = (uint32_t)ret_inner->ip.size + layer->missing_bytes;
	return content == TUNNEL_IP;
}

// Finds what is in `outer`, or complete with it. Sets *ret_inner, but for its packet. False when
// there is nothing.
static bool open_packet(const struct decoder *decoder, const struct opened *outer,
                        struct opened *ret_inner)
{
	struct packet *packet = outer->packet;
	struct packet headers = {0};
	struct ip_layer layer = {0};

	if (!decode_ip(outer->ip, outer->wire_bytes, &headers, &layer) ||
	    headers.ip_bytes > outer->wire_bytes)
		return false;
	// What was put together has no fragments in its headers.
	if (headers.fragment == FRAGMENT_NONE)
		return open_tunnel(packet, &layer, ret_inner);
	if (!fragment_take(decoder->fragments, packet, &layer, &ret_inner->ip))
		return false;
	ret_inner->wire_bytes = (uint32_t)ret_inner->ip.size;
	return true;
}

static bool decode_inner(const struct decoder *decoder, const struct opened *inner,
                         const struct packet *outer)
{
	struct dataplane_counters *counters = decoder->counters;
	struct packet *packet = inner->packet;

	if (!decode_packet(inner->ip, inner->wire_bytes, packet, counters))
		return false;
	packet->ip_offset = 0;
	packet->transport_offset = 0;
	packet->depth = outer->depth + outer->is_tunnel;
	packet->frame = outer->frame;
	packet->time_ns = outer->time_ns;
	packet->number = outer->number;
	counters->packets_inner += outer->is_tunnel;
	if (!outer->is_tunnel && packet->fragment == FRAGMENT_NONE) {
		packet->fragment = FRAGMENT_WHOLE;
		packet->fragment_id = outer->fragment_id;
	}
	return true;
}

// Is there nothing to be looked for in it? With a wrong checksum it carries nothing.
static bool is_closed(const struct decoder *decoder, const struct opened *inner)
{
	if (!decoder->must_check_sums ||
	    !checksum_is_wrong(inner->ip, inner->wire_bytes, inner->packet))
		return false;
	decode_carry(inner->packet);
	decoder->counters->checksums_wrong++;
	return true;
}

// Returns how many packets were appended at `packets`.
static unsigned open_frame(const struct decoder *decoder, const struct frame *frame,
                           struct packet *first, struct packet packets[])
{
	struct slice ip = slice_from(slice_of(frame->data, frame->captured_bytes),
	                             first->ip_offset);
	struct opened outer = {first, ip, frame->wire_bytes - first->ip_offset};
	struct opened inner;
	unsigned count = 0;

	while (open_packet(decoder, &outer, &inner)) {
		if (count == DECODE_LAYERS_MAX) {
			decoder->counters->layers_too_deep++;
			break;
		}
		inner.packet = &packets[count];
		if (!decode_inner(decoder, &inner, outer.packet))
			break;
		count++;
		if (is_closed(decoder, &inner))
			break;
		outer = inner;
	}
	return count;
}

unsigned decode_layers(const struct decoder *decoder, const struct frame frames[], unsigned count,
                       uint64_t wanted, struct packet packets[])
{
	unsigned total = count;

	fragment_batch(decoder->fragments);
	if (decoder->must_check_sums)
		wanted = checksum_batch(frames, count, wanted, packets, decoder->counters);
	for (; wanted != 0; wanted &= wanted - 1) {
		unsigned i = (unsigned)__builtin_ctzll(wanted);

		total += open_frame(decoder, &frames[i], &packets[i], &packets[total]);
	}
	return total;
}
