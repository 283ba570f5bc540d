#include "bench/traffic_packet.h"

#include <string.h>

#include "base/timestamp.h"
#include "engine/address.h"

enum {
	ETHERNET_BYTES = 14,
	IPV4_BYTES = 20,
	IPV6_BYTES = 40,
	TCP_BYTES = 20,
	UDP_BYTES = 8,
	TIME_TO_LIVE = 64,
	PCAP_MAGIC_NS = (int)0xa1b23c4d,
	PCAP_SNAPLEN = 262144,
	PCAP_ETHERNET = 1,
};

static void put16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value)
{
	put16(bytes, value >> 16);
	put16(bytes + 2, value);
}

// The one's complement sum of RFC 1071, in the machine's byte order: it does not matter to it.
static uint64_t sum_words(const uint8_t *bytes, size_t size, uint64_t sum)
{
	uint32_t word;

	for (; size >= 4; bytes += 4, size -= 4) {
		memcpy(&word, bytes, 4);
		sum += word;
	}
	word = 0;
	memcpy(&word, bytes, size);
	return sum + word;
}

// Folds and stores the checksum; 0 is written as 0xffff, as UDP wants it.
static void put_checksum(uint8_t *bytes, uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	uint16_t checksum = (uint16_t)~sum;
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(bytes, &checksum, 2);
}

bool traffic_writer_start(struct traffic_writer *writer, FILE *file, int64_t start_ns)
{
	const uint32_t header[] = {PCAP_MAGIC_NS, 2 | 4 << 16, 0, 0, PCAP_SNAPLEN, PCAP_ETHERNET};

	*writer = (struct traffic_writer){.file = file, .time_ns = start_ns};
	return fwrite(header, sizeof(header), 1, file) == 1;
}

static size_t put_ip(uint8_t *header, const struct traffic_packet *packet, size_t payload_bytes)
{
	if (!address_is_ipv4(&packet->from->address)) {
		put32(header, UINT32_C(0x60000000));
		put16(header + 4, (uint32_t)payload_bytes);
		header[6] = packet->protocol;
		header[7] = TIME_TO_LIVE;
		memcpy(header + 8, packet->from->address.octets, 16);
		memcpy(header + 24, packet->to->address.octets, 16);
		return IPV6_BYTES;
	}
	memset(header, 0, IPV4_BYTES);
	header[0] = 0x45;
	put16(header + 2, (uint32_t)(IPV4_BYTES + payload_bytes));
	put16(header + 6, 0x4000); // do not fragment
	header[8] = TIME_TO_LIVE;
	header[9] = packet->protocol;
	memcpy(header + 12, packet->from->address.octets + 12, 4);
	memcpy(header + 16, packet->to->address.octets + 12, 4);
	put_checksum(header + 10, sum_words(header, IPV4_BYTES, 0));
	return IPV4_BYTES;
}

static size_t put_transport(uint8_t *header, const struct traffic_packet *packet)
{
	put16(header, packet->from->port);
	put16(header + 2, packet->to->port);
	if (packet->protocol == TRAFFIC_UDP) {
		put16(header + 4, (uint32_t)(UDP_BYTES + packet->payload.size));
		put16(header + 6, 0);
		return UDP_BYTES;
	}
	put32(header + 4, packet->from->sequence);
	put32(header + 8, packet->tcp_flags & TCP_ACK ? packet->to->sequence : 0);
	header[12] = TCP_BYTES / 4 << 4;
	header[13] = packet->tcp_flags;
	put16(header + 14, 0xffff);
	put32(header + 16, 0);
	return TCP_BYTES;
}

// Over the pseudo header (RFC 9293, section 3.1; RFC 8200, section 8.1) and the rest.
static void put_transport_checksum(uint8_t *header, const struct traffic_packet *packet,
                                   size_t size)
{
	const bool is_ipv4 = address_is_ipv4(&packet->from->address);
	const size_t skipped = is_ipv4 ? 12 : 0;
	uint8_t tail[8];
	uint64_t sum;

	put32(tail, (uint32_t)size);
	put32(tail + 4, packet->protocol);
	sum = sum_words(tail, sizeof(tail), 0);
	sum = sum_words(packet->from->address.octets + skipped, 16 - skipped, sum);
	sum = sum_words(packet->to->address.octets + skipped, 16 - skipped, sum);
	put_checksum(header + (packet->protocol == TRAFFIC_UDP ? 6 : 16),
	             sum_words(header, size, sum));
}

void traffic_writer_add(struct traffic_writer *writer, const struct traffic_packet *packet)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t frame[ETHERNET_BYTES + TRAFFIC_MTU];
	uint8_t *ip = frame + ETHERNET_BYTES;
	size_t transport_bytes = packet->protocol == TRAFFIC_UDP ? UDP_BYTES : TCP_BYTES;

	memcpy(frame, macs, sizeof(macs));
	put16(frame + 12, address_is_ipv4(&packet->from->address) ? 0x0800 : 0x86dd);
	size_t ip_bytes = put_ip(ip, packet, transport_bytes + packet->payload.size);
	uint8_t *transport = ip + ip_bytes;
	(void)put_transport(transport, packet);
	if (packet->payload.size > 0)
		memcpy(transport + transport_bytes, packet->payload.data, packet->payload.size);
	put_transport_checksum(transport, packet, transport_bytes + packet->payload.size);

	uint32_t size = (uint32_t)(ETHERNET_BYTES + ip_bytes + transport_bytes) +
	                (uint32_t)packet->payload.size;
	const uint32_t record[] = {(uint32_t)(writer->time_ns / NS_PER_S),
	                           (uint32_t)(writer->time_ns % NS_PER_S), size, size};
	(void)fwrite(record, sizeof(record), 1, writer->file);
	(void)fwrite(frame, size, 1, writer->file);
	writer->packets++;
	writer->bytes += size;
}

size_t traffic_segment_bytes(const struct address *address)
{
	return TRAFFIC_MTU - TCP_BYTES - (address_is_ipv4(address) ? IPV4_BYTES : IPV6_BYTES);
}
