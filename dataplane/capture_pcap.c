#include "dataplane/capture_pcap.h"

#include "base/timestamp.h"
#include "dataplane/wire.h"

enum {
	RECORD_HEADER_BYTES = 16,
	LINK_TYPE_MASK = 0xffff, // above it: whether there is a frame check sequence, unneeded
};

static const uint32_t magic_us = 0xa1b2c3d4;
static const uint32_t magic_ns = 0xa1b23c4d;

static uint32_t read_u32(const struct capture_pcap *pcap, const uint8_t *bytes)
{
	return pcap->is_big_endian ? wire_be32(bytes) : wire_le32(bytes);
}

bool capture_pcap_open(struct capture_pcap *pcap, struct slice window)
{
	uint32_t magic;

	if (window.size < CAPTURE_PCAP_HEADER_BYTES)
		return false;
	magic = wire_be32(window.data);
	pcap->is_big_endian = magic == magic_us || magic == magic_ns;
	magic = read_u32(pcap, window.data);
	if (magic != magic_us && magic != magic_ns)
		return false;
	pcap->ns_per_unit = magic == magic_ns ? 1 : 1000;
	pcap->link = (enum link_type)(read_u32(pcap, window.data + 20) & LINK_TYPE_MASK);
	return true;
}

static void read_frame(const struct capture_pcap *pcap, const uint8_t *header, struct frame *frame)
{
	uint32_t captured = read_u32(pcap, header + 8);
	uint32_t wire = read_u32(pcap, header + 12);

	frame->time_ns = (int64_t)read_u32(pcap, header) * NS_PER_S +
	                 (int64_t)read_u32(pcap, header + 4) * pcap->ns_per_unit;
	frame->captured_bytes = captured;
	frame->wire_bytes = wire > captured ? wire : captured;
	frame->data = header + RECORD_HEADER_BYTES;
	frame->link = pcap->link;
	frame->before = NULL;
	frame->number = 0;
}

unsigned capture_pcap_read(const struct capture_pcap *pcap, struct slice window,
                           struct frame frames[PORT_BURST_MAX], struct capture_step *ret_step)
{
	struct capture_step step = {.needed_bytes = RECORD_HEADER_BYTES};
	unsigned count = 0;

	while (count < PORT_BURST_MAX && window.size - step.used_bytes >= RECORD_HEADER_BYTES) {
		struct frame *frame = &frames[count];

		read_frame(pcap, window.data + step.used_bytes, frame);
		if (frame->captured_bytes > CAPTURE_PACKET_BYTES_MAX) {
			step.damage = "a packet's length cannot be";
			break;
		}
		step.needed_bytes = RECORD_HEADER_BYTES + frame->captured_bytes;
		if (window.size - step.used_bytes < step.needed_bytes)
			break;
		step.used_bytes += step.needed_bytes;
		step.needed_bytes = RECORD_HEADER_BYTES;
		count++;
	}
	*ret_step = step;
	return count;
}
