#include "dataplane/reply.h"

#include <string.h>

#include "dataplane/checksum.h"
#include "dataplane/wire.h"

enum {
	MAC_BYTES = 6,
	LINK_BYTES_MAX = 14 + 8 * 4, // as decode.c takes VLAN tags
	FRAME_BYTES_MIN = 60,        // IEEE 802.3, without the checksum
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	UDP_BYTES = 8,
	HOPS = 64,
};

enum {
	DNS_HEADER_BYTES = 12,
	DNS_PORT = 53,
	DNS_NAME_BYTES_MAX = 255, // RFC 1035, section 2.3.4, on the wire
	DNS_LABEL_BYTES_MAX = 63,
	DNS_OPT_BYTES = 11, // RFC 6891, section 6.1.2, without options
	DNS_UDP_BYTES = 1232,
	DNS_NXDOMAIN = 3,
};

// A frame that is written.
struct reply {
	uint8_t *bytes;
	const struct packet *packet;
	bool is_back; // to whoever sent the packet
	bool is_ipv4;
	size_t ip_offset;
	size_t transport_offset;
};

static void put32(uint8_t *at, uint32_t value)
{
	wire_put_be16(at, value >> 16);
	wire_put_be16(at + 2, value & 0xffff);
}

// Link and IP header, but for lengths and checksums. False when the packet cannot be answered.
static bool begin(struct reply *reply, const struct frame *frame, const struct packet *packet,
                  bool is_back)
{
	const uint8_t *link = frame->data;

	// Neither is a group a sender, nor is one answered.
	if (frame->link != LINK_ETHERNET || packet->transport_offset == 0 ||
	    packet->ip_offset > LINK_BYTES_MAX || (link[0] & 1) != 0 || (link[MAC_BYTES] & 1) != 0)
		return false;
	reply->packet = packet;
	reply->is_back = is_back;
	reply->is_ipv4 = frame->data[packet->ip_offset] >> 4 == 4;
	reply->ip_offset = packet->ip_offset;
	reply->transport_offset = packet->ip_offset + (reply->is_ipv4 ? IPV4_BYTES : IPV6_BYTES);
	memset(reply->bytes, 0, REPLY_BYTES_MAX);
	memcpy(reply->bytes, link, packet->ip_offset);
	if (is_back) {
		memcpy(reply->bytes, link + MAC_BYTES, MAC_BYTES);
		memcpy(reply->bytes + MAC_BYTES, link, MAC_BYTES);
	}
	return true;
}

// RFC 791, section 3.1. Returns the pseudo header's sum.
static uint64_t write_ipv4(const struct reply *reply, const struct address *src,
                           const struct address *dst, size_t size)
{
	uint8_t *ip = reply->bytes + reply->ip_offset;

	ip[0] = 4 << 4 | IPV4_BYTES / 4;
	wire_put_be16(ip + 2, (unsigned)(IPV4_BYTES + size));
	wire_put_be16(ip + 6, 0x4000); // not to be cut
	ip[8] = HOPS;
	ip[9] = reply->packet->protocol;
	memcpy(ip + 12, src->octets + 12, 4);
	memcpy(ip + 16, dst->octets + 12, 4);
	wire_put_be16(ip + 10, checksum_fold(checksum_add(0, slice_of(ip, IPV4_BYTES))));
	return checksum_add(0, slice_of(ip + 12, 8));
}

// RFC 8200, section 3.
static uint64_t write_ipv6(const struct reply *reply, const struct address *src,
                           const struct address *dst, size_t size)
{
	uint8_t *ip = reply->bytes + reply->ip_offset;

	ip[0] = 6 << 4;
	wire_put_be16(ip + 4, (unsigned)size);
	ip[6] = reply->packet->protocol;
	ip[7] = HOPS;
	memcpy(ip + 8, src->octets, 16);
	memcpy(ip + 24, dst->octets, 16);
	return checksum_add(0, slice_of(ip + 8, 32));
}

// The transport header and what is behind it, `size` bytes, is there but for ports and checksum,
// which lies at `checksum_offset` of it. Returns the frame's size.
static size_t finish(const struct reply *reply, size_t size, size_t checksum_offset)
{
	const struct packet *packet = reply->packet;
	const struct address *src = reply->is_back ? &packet->dst : &packet->src;
	const struct address *dst = reply->is_back ? &packet->src : &packet->dst;
	uint8_t *transport = reply->bytes + reply->transport_offset;
	size_t frame_size = reply->transport_offset + size;
	uint64_t sum;
	uint16_t checksum;

	wire_put_be16(transport, reply->is_back ? packet->dst_port : packet->src_port);
	wire_put_be16(transport + 2, reply->is_back ? packet->src_port : packet->dst_port);
	sum = reply->is_ipv4 ? write_ipv4(reply, src, dst, size)
	                     : write_ipv6(reply, src, dst, size);
	sum += packet->protocol + (uint32_t)size;
	checksum = checksum_fold(checksum_add(sum, slice_of(transport, size)));
	// Of UDP, 0 says that there is none (RFC 768); of TCP it is the same number.
	wire_put_be16(transport + checksum_offset, checksum != 0 ? checksum : 0xffff);
	return frame_size < FRAME_BYTES_MIN ? FRAME_BYTES_MIN : frame_size;
}

static size_t write_reset(const struct reply *reply, uint32_t sequence, uint32_t acknowledged,
                          uint8_t flags)
{
	uint8_t *tcp = reply->bytes + reply->transport_offset;

	put32(tcp + 4, sequence);
	put32(tcp + 8, acknowledged);
	tcp[12] = TCP_BYTES / 4 << 4;
	tcp[13] = flags;
	return finish(reply, TCP_BYTES, 16);
}

static uint32_t acknowledged_by(const struct frame *frame, const struct packet *packet)
{
	return wire_be32(frame->data + packet->transport_offset + 8);
}

// RFC 9293, section 3.10.7.1; RFC 5961, section 3.2: a reset counts at once only when its sequence
// number is the very next one.
size_t reply_reset_sender(const struct frame *frame, const struct packet *packet,
                          uint8_t ret_bytes[REPLY_BYTES_MAX])
{
	struct reply reply = {.bytes = ret_bytes};
	uint32_t next = packet->sequence + packet->payload_bytes + packet->missing_bytes;

	if (packet->protocol != IP_TCP || (packet->tcp_flags & TCP_RST) != 0 ||
	    !begin(&reply, frame, packet, true))
		return 0;
	next += ((packet->tcp_flags & TCP_SYN) != 0) + ((packet->tcp_flags & TCP_FIN) != 0);
	return write_reset(&reply,
	                   (packet->tcp_flags & TCP_ACK) != 0 ? acknowledged_by(frame, packet) : 0,
	                   next, TCP_RST | TCP_ACK);
}

size_t reply_reset_receiver(const struct frame *frame, const struct packet *packet,
                            uint8_t ret_bytes[REPLY_BYTES_MAX])
{
	struct reply reply = {.bytes = ret_bytes};
	bool has_ack = (packet->tcp_flags & TCP_ACK) != 0;

	if (packet->protocol != IP_TCP || (packet->tcp_flags & TCP_RST) != 0 ||
	    (!has_ack && (packet->tcp_flags & TCP_SYN) != 0) ||
	    !begin(&reply, frame, packet, false))
		return 0;
	return write_reset(&reply, packet->sequence, has_ack ? acknowledged_by(frame, packet) : 0,
	                   has_ack ? TCP_RST | TCP_ACK : TCP_RST);
}

// The bytes of the one question of a query, or 0: it is none that can be answered.
static size_t question_bytes(struct slice message)
{
	size_t at = DNS_HEADER_BYTES;

	if (message.size < DNS_HEADER_BYTES || (message.data[2] & 0xf8) != 0 ||
	    wire_be16(message.data + 4) != 1)
		return 0;
	while (at < message.size && message.data[at] != 0) {
		if (message.data[at] > DNS_LABEL_BYTES_MAX)
			return 0;
		at += 1 + (size_t)message.data[at];
	}
	at++;
	if (at - DNS_HEADER_BYTES > DNS_NAME_BYTES_MAX || at + 4 > message.size)
		return 0;
	return at + 4 - DNS_HEADER_BYTES;
}

// Whoever sends an OPT record is sent one (RFC 6891, section 6.1.1). Here only one right behind the
// question is looked for, where all resolvers put it. Returns the bytes written.
static size_t write_opt(struct slice message, size_t offset, uint8_t *out)
{
	const uint8_t *opt = message.data + offset;

	if (wire_be16(message.data + 6) != 0 || wire_be16(message.data + 8) != 0 ||
	    wire_be16(message.data + 10) == 0 || message.size - offset < DNS_OPT_BYTES ||
	    opt[0] != 0 || wire_be16(opt + 1) != 41 || opt[6] != 0)
		return 0;
	memset(out, 0, DNS_OPT_BYTES);
	wire_put_be16(out + 1, 41);
	wire_put_be16(out + 3, DNS_UDP_BYTES);
	out[7] = opt[7] & 0x80; // DNSSEC is understood (RFC 3225)
	return DNS_OPT_BYTES;
}

size_t reply_nxdomain(const struct frame *frame, const struct packet *packet,
                      uint8_t ret_bytes[REPLY_BYTES_MAX])
{
	struct slice message = slice_of(packet->payload, packet->payload_bytes);
	struct reply reply = {.bytes = ret_bytes};
	size_t question, opt, size;
	uint8_t *dns;

	if (packet->protocol != IP_UDP || packet->dst_port != DNS_PORT ||
	    packet->fragment != FRAGMENT_NONE)
		return 0;
	question = question_bytes(message);
	if (question == 0 || !begin(&reply, frame, packet, true))
		return 0;
	dns = reply.bytes + reply.transport_offset + UDP_BYTES;
	memcpy(dns, message.data, 2);                        // its id
	dns[2] = (uint8_t)(0x80 | (message.data[2] & 0x01)); // an answer; as much recursion
	dns[3] = (uint8_t)(0x80 | (message.data[3] & 0x10) | DNS_NXDOMAIN);
	wire_put_be16(dns + 4, 1);
	memcpy(dns + DNS_HEADER_BYTES, message.data + DNS_HEADER_BYTES, question);
	opt = write_opt(message, DNS_HEADER_BYTES + question, dns + DNS_HEADER_BYTES + question);
	wire_put_be16(dns + 10, opt > 0);
	size = UDP_BYTES + DNS_HEADER_BYTES + question + opt;
	wire_put_be16(reply.bytes + reply.transport_offset + 4, (unsigned)size);
	return finish(&reply, size, 6);
}
