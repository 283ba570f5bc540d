#include "dataplane/decode.h"

#include <assert.h>

#include "base/cpu.h"
#include "engine/address.h"

#include "dataplane/decode_link.h"
#include "dataplane/decode_parts.h"
#include "dataplane/decode_plain.h"
#include "dataplane/decode_tunnel.h"
#include "dataplane/wire.h"

static_assert(PORT_BURST_MAX <= 64, "a bit a frame");

enum {
	ETHER_HEADER_BYTES = 14,
	EXTENSION_HEADERS_MAX = 8,
	JUMBO_OPTION = 0xc2,
	TCP_HEADER_BYTES = 20,
	ICMP_HEADER_BYTES = 8,
	SCTP_HEADER_BYTES = 12,
	HEADERS_AHEAD = 8, // frames whose headers are on their way: of many more, some are lost
};

static uint8_t fragment_of(unsigned offset, bool has_more)
{
	if (offset != 0)
		return FRAGMENT_LATER;
	return has_more ? FRAGMENT_FIRST : FRAGMENT_NONE;
}

// Cuts `ip` to the `total` bytes the header speaks of; what is not there was not captured.
static struct slice cut_to_total(struct slice ip, size_t total, uint32_t *ret_missing_bytes)
{
	*ret_missing_bytes = total > ip.size ? (uint32_t)(total - ip.size) : 0;
	return slice_first(ip, total);
}

// Bytes of the extension header `protocol` at the beginning of `rest` (RFC 8200, section 4;
// RFC 4302, section 2.2), or 0 when it is none.
static size_t extension_bytes(uint8_t protocol, struct slice rest)
{
	switch (protocol) {
	case IP_HOP_BY_HOP:
	case IP_ROUTING:
	case IP_DESTINATION_OPTIONS:
		return rest.size < 8 ? SIZE_MAX : ((size_t)rest.data[1] + 1) * 8;
	case IP_AUTHENTICATION:
		return rest.size < 8 ? SIZE_MAX : ((size_t)rest.data[1] + 2) * 4;
	case IP_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

// RFC 4302, section 3.1.1: between IPv4 and the transport. Of a fragment it is left alone.
static void skip_authentication(struct packet *packet, struct ip_layer *layer)
{
	size_t size = extension_bytes(IP_AUTHENTICATION, layer->rest);

	if (size > layer->rest.size)
		return;
	packet->protocol = layer->rest.data[0];
	layer->rest = slice_from(layer->rest, size);
}

// RFC 791, section 3.1.
static bool decode_ipv4(struct slice ip, uint32_t wire_bytes, struct packet *packet,
                        struct ip_layer *layer)
{
	size_t header_bytes, total;

	if (ip.size < IPV4_HEADER_BYTES)
		return false;
	header_bytes = (size_t)(ip.data[0] & 15) * 4;
	total = wire_be16(ip.data + 2);
	if (total == 0) // segmentation offload: the card would have filled it in
		total = wire_bytes;
	if (header_bytes < IPV4_HEADER_BYTES || total < header_bytes || ip.size < header_bytes)
		return false;
	packet->src = address_from_ipv4(ip.data + 12);
	packet->dst = address_from_ipv4(ip.data + 16);
	packet->protocol = ip.data[9];
	packet->ip_bytes = (uint32_t)total;
	layer->fragment_offset = (wire_be16(ip.data + 6) & 0x1fffu) * 8;
	layer->has_more_fragments = ip.data[6] & 0x20;
	packet->fragment = fragment_of(layer->fragment_offset, layer->has_more_fragments);
	packet->fragment_id = wire_be16(ip.data + 4);
	layer->rest = slice_from(cut_to_total(ip, total, &layer->missing_bytes), header_bytes);
	if (packet->fragment != FRAGMENT_NONE) {
		layer->fragment = layer->rest;
		layer->fragment_protocol = packet->protocol;
	} else if (packet->protocol == IP_AUTHENTICATION) {
		skip_authentication(packet, layer);
	}
	return true;
}

// Behind the extension headers; an unfinished chain leaves the rest empty.
static void skip_extensions(struct packet *packet, struct ip_layer *layer)
{
	for (unsigned i = 0; i < EXTENSION_HEADERS_MAX && packet->fragment != FRAGMENT_LATER; i++) {
		size_t size = extension_bytes(packet->protocol, layer->rest);

		if (size == 0)
			return;
		if (size > layer->rest.size) {
			layer->rest.size = 0;
			return;
		}
		if (packet->protocol == IP_FRAGMENT) {
			layer->fragment_offset = wire_be16(layer->rest.data + 2) & 0xfff8;
			layer->has_more_fragments = layer->rest.data[3] & 1;
			packet->fragment = fragment_of(layer->fragment_offset,
			                               layer->has_more_fragments);
			packet->fragment_id = wire_be32(layer->rest.data + 4);
			layer->fragment_protocol = layer->rest.data[0];
			layer->fragment = slice_from(layer->rest, size);
		}
		// Segments are left (RFC 8200, section 4.4).
		if (packet->protocol == IP_ROUTING && layer->rest.data[3] != 0)
			layer->has_routing = true;
		packet->protocol = layer->rest.data[0];
		layer->rest = slice_from(layer->rest, size);
	}
}

// RFC 2675, section 2: the payload's length, when it says 0, stands in an option of the hop-by-hop
// header behind it. 0: it does not.
static uint32_t jumbo_bytes(struct slice ip)
{
	struct slice options = slice_from(ip, IPV6_HEADER_BYTES);

	if (ip.data[6] != IP_HOP_BY_HOP || options.size < 8)
		return 0;
	options = slice_from(slice_first(options, ((size_t)options.data[1] + 1) * 8), 2);
	while (options.size >= 2) {
		bool is_padding = options.data[0] == 0; // the one without a length

		if (options.data[0] == JUMBO_OPTION && options.data[1] == 4 && options.size >= 6)
			return wire_be32(options.data + 2);
		options = slice_from(options, is_padding ? 1 : 2 + (size_t)options.data[1]);
	}
	return 0;
}

// RFC 8200, section 3.
static bool decode_ipv6(struct slice ip, uint32_t wire_bytes, struct packet *packet,
                        struct ip_layer *layer)
{
	size_t total;

	if (ip.size < IPV6_HEADER_BYTES)
		return false;
	total = (size_t)wire_be16(ip.data + 4) + IPV6_HEADER_BYTES;
	if (total == IPV6_HEADER_BYTES) { // jumbogram or segmentation offload
		total = jumbo_bytes(ip);
		total = total > UINT16_MAX ? total + IPV6_HEADER_BYTES : wire_bytes;
	}
	memcpy(packet->src.octets, ip.data + 8, 16);
	memcpy(packet->dst.octets, ip.data + 24, 16);
	packet->protocol = ip.data[6];
	packet->ip_bytes = total < UINT32_MAX ? (uint32_t)total : UINT32_MAX;
	layer->has_routing = false;
	layer->rest = slice_from(cut_to_total(ip, total, &layer->missing_bytes), IPV6_HEADER_BYTES);
	skip_extensions(packet, layer);
	return true;
}

bool decode_ip(struct slice ip, uint32_t wire_bytes, struct packet *packet, struct ip_layer *layer)
{
	if (ip.size == 0)
		return false;
	if (ip.data[0] >> 4 == 4)
		return decode_ipv4(ip, wire_bytes, packet, layer);
	return ip.data[0] >> 4 == 6 && decode_ipv6(ip, wire_bytes, packet, layer);
}

static void set_payload(struct packet *packet, const struct ip_layer *layer, size_t header_bytes)
{
	struct slice payload = slice_from(layer->rest, header_bytes);

	packet->payload = payload.data;
	packet->payload_bytes = (uint32_t)payload.size;
	packet->missing_bytes = layer->missing_bytes;
}

// RFC 9293, section 3.1.
static bool decode_tcp(struct packet *packet, const struct ip_layer *layer)
{
	const uint8_t *tcp = layer->rest.data;
	size_t header_bytes;

	if (layer->rest.size < TCP_HEADER_BYTES)
		return false;
	header_bytes = (size_t)(tcp[12] >> 4) * 4;
	if (header_bytes < TCP_HEADER_BYTES ||
	    header_bytes > layer->rest.size + layer->missing_bytes)
		return false;
	packet->sequence = wire_be32(tcp + 4);
	packet->acknowledged = wire_be32(tcp + 8);
	packet->urgent_offset = wire_be16(tcp + 18);
	packet->tcp_flags = tcp[13];
	set_payload(packet, layer, header_bytes);
	if (header_bytes > layer->rest.size) // options that were not captured
		packet->missing_bytes -= (uint32_t)(header_bytes - layer->rest.size);
	return true;
}

// RFC 768. The datagram ends where its own length says, if that is within the packet.
static bool decode_udp(struct packet *packet, const struct ip_layer *layer)
{
	size_t length;

	if (layer->rest.size < UDP_HEADER_BYTES)
		return false;
	length = wire_be16(layer->rest.data + 4);
	if (length != 0 && length < UDP_HEADER_BYTES)
		return false;
	set_payload(packet, layer, UDP_HEADER_BYTES);
	if (length != 0 && packet->payload_bytes > length - UDP_HEADER_BYTES)
		packet->payload_bytes = (uint32_t)(length - UDP_HEADER_BYTES);
	return true;
}

// Errors that quote the packet they are about (RFC 792; RFC 4443, section 2.1).
static bool quotes(uint8_t protocol, uint16_t type)
{
	if (protocol == IP_ICMPV6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static bool decode_icmp(struct packet *packet, const struct ip_layer *layer)
{
	if (layer->rest.size < 4)
		return false;
	packet->src_port = layer->rest.data[0];
	packet->dst_port = layer->rest.data[1];
	packet->has_ports = true;
	packet->is_icmp_error = quotes(packet->protocol, packet->src_port);
	if (packet->is_icmp_error)
		set_payload(packet, layer, ICMP_HEADER_BYTES);
	return true;
}

static void decode_ports(struct packet *packet, struct slice rest)
{
	if (rest.size < 4)
		return;
	packet->src_port = wire_be16(rest.data);
	packet->dst_port = wire_be16(rest.data + 2);
	packet->has_ports = true;
}

// False when the transport header cannot be; what is known of it by then is set.
static bool decode_transport(struct packet *packet, const struct ip_layer *layer)
{
	switch (packet->protocol) {
	case IP_TCP:
		decode_ports(packet, layer->rest);
		return decode_tcp(packet, layer);
	case IP_UDP:
		decode_ports(packet, layer->rest);
		return decode_udp(packet, layer);
	case IP_SCTP: // RFC 9260, section 3.1
		decode_ports(packet, layer->rest);
		return layer->rest.size >= SCTP_HEADER_BYTES;
	case IP_ICMP:
	case IP_ICMPV6:
		return decode_icmp(packet, layer);
	default:
		return true;
	}
}

static void clear(struct packet *packet)
{
	packet->payload = NULL;
	packet->payload_bytes = 0;
	packet->missing_bytes = 0;
	packet->sequence = 0;
	packet->src_port = 0;
	packet->dst_port = 0;
	packet->transport_offset = 0;
	packet->tcp_flags = 0;
	packet->fragment = FRAGMENT_NONE;
	packet->is_ip = false;
	packet->has_ports = false;
	packet->is_icmp_error = false;
	packet->is_tunnel = false;
	packet->is_carrier = false;
	packet->depth = 0;
}

// More than was on the wire: a receiver drops such a packet, so that its payload must not count
// either, nor move a stream on. Its addresses do.
static void drop_payload(struct packet *packet, uint32_t wire_bytes)
{
	packet->ip_bytes = wire_bytes;
	packet->payload_bytes = 0;
	packet->missing_bytes = 0;
	packet->tcp_flags = 0;
}

bool decode_packet(struct slice ip, uint32_t wire_bytes, struct packet *packet,
                   struct dataplane_counters *counters)
{
	struct ip_layer layer;
	bool has_transport;

	clear(packet);
	if (!decode_ip(ip, wire_bytes, packet, &layer)) {
		counters->packets_malformed++;
		return false;
	}
	packet->is_ip = true;
	packet->is_carrier = packet->fragment == FRAGMENT_LATER;
	has_transport = !packet->is_carrier && decode_transport(packet, &layer);
	if (has_transport)
		packet->transport_offset = (uint16_t)(layer.rest.data - ip.data);
	counters->fragments += packet->is_carrier;
	if (packet->ip_bytes > wire_bytes) {
		drop_payload(packet, wire_bytes);
		counters->packets_malformed++;
	} else if (!has_transport && !packet->is_carrier && layer.missing_bytes == 0) {
		counters->packets_malformed++;
	}
	return true;
}

// Moves `rest` to the IP header. Nearly all frames are Ethernet's, with IP in them.
static enum link_content skip_link(enum link_type link, struct slice *rest)
{
	if (link == LINK_ETHERNET && rest->size >= ETHER_HEADER_BYTES) {
		uint16_t type = wire_be16(rest->data + 12);

		if (type == ETHER_IPV4 || type == ETHER_IPV6) {
			*rest = slice_from(*rest, ETHER_HEADER_BYTES);
			return CONTENT_IP;
		}
	}
	return decode_link(link, rest);
}

// True when decode_layers() may have more to say.
static bool decode_frame(const struct frame *frame, struct packet *packet,
                         struct dataplane_counters *counters)
{
	if (decode_plain(frame, packet))
		return packet->protocol == IP_UDP && decode_may_be_tunnel(packet);

	struct slice rest = slice_of(frame->data, frame->captured_bytes);
	enum link_content content = skip_link(frame->link, &rest);
	size_t ip_offset = (size_t)(rest.data - frame->data);

	if (content > CONTENT_SHIMMED_IP || ip_offset > UINT16_MAX) {
		clear(packet);
		counters->packets_unknown_link += content == CONTENT_UNKNOWN_LINK;
		counters->packets_not_ip += content != CONTENT_UNKNOWN_LINK;
		return false;
	}
	if (!decode_packet(rest, frame->wire_bytes - (uint32_t)ip_offset, packet, counters))
		return false;
	packet->ip_offset = (uint16_t)ip_offset;
	packet->transport_offset += packet->transport_offset != 0 ? packet->ip_offset : 0;
	if (content == CONTENT_SHIMMED_IP)
		packet->transport_offset = 0;
	return packet->fragment != FRAGMENT_NONE || decode_may_be_tunnel(packet);
}

bool decode_knows_link(enum link_type link)
{
	struct slice nothing = {0};

	return decode_link(link, &nothing) != CONTENT_UNKNOWN_LINK;
}

// Where the headers lie: two lines that nobody has touched.
static void prefetch_headers(const struct frame *frame)
{
	prefetch_read(frame->data);
	prefetch_read(frame->data + CACHE_LINE_BYTES);
}

uint64_t decode_batch(const struct frame frames[], unsigned count, uint64_t first_number,
                      struct packet packets[], struct dataplane_counters *counters)
{
	uint64_t has_more = 0;

	for (unsigned i = 0; i < count && i < HEADERS_AHEAD; i++)
		prefetch_headers(&frames[i]);
	for (unsigned i = 0; i < count; i++) {
		const struct frame *frame = &frames[i];

		if (i + HEADERS_AHEAD < count)
			prefetch_headers(&frames[i + HEADERS_AHEAD]);
		has_more |= (uint64_t)decode_frame(frame, &packets[i], counters) << i;
		packets[i].time_ns = frame->time_ns;
		packets[i].number = frames[i].number != 0 ? frames[i].number : first_number + i;
		packets[i].frame = (uint8_t)i;
		counters->bytes += frame->wire_bytes;
		counters->packets_cut += frame->captured_bytes < frame->wire_bytes;
	}
	counters->packets += count;
	return has_more;
}

bool decode_quote(const struct packet *error, struct packet *ret_quoted)
{
	struct slice quote = slice_of(error->payload, error->payload_bytes);
	struct ip_layer layer;

	clear(ret_quoted);
	if (!decode_ip(quote, error->payload_bytes, ret_quoted, &layer))
		return false;
	if (ret_quoted->fragment != FRAGMENT_LATER &&
	    (ret_quoted->protocol == IP_TCP || ret_quoted->protocol == IP_UDP ||
	     ret_quoted->protocol == IP_SCTP))
		decode_ports(ret_quoted, layer.rest);
	return true;
}
