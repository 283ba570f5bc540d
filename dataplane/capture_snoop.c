#include "dataplane/capture_snoop.h"

#include <string.h>

#include "base/timestamp.h"
#include "dataplane/wire.h"

enum {
	VERSION = 2,
	LINK_SNOOP_802_3 = 0,
	LINK_SNOOP_ETHERNET = 4,
	RECORD_HEADER_BYTES = 24,
	RECORD_PADDING_MAX = 256, // four are usual
};

static const uint8_t magic[8] = {'s', 'n', 'o', 'o', 'p', 0, 0, 0};

bool capture_snoop_open(struct slice window)
{
	uint32_t link;

	if (window.size < CAPTURE_SNOOP_HEADER_BYTES ||
	    memcmp(window.data, magic, sizeof(magic)) != 0 || wire_be32(window.data + 8) != VERSION)
		return false;
	link = wire_be32(window.data + 12);
	return link == LINK_SNOOP_802_3 || link == LINK_SNOOP_ETHERNET;
}

static void read_frame(const uint8_t *header, struct frame *frame)
{
	uint32_t wire = wire_be32(header);
	uint32_t captured = wire_be32(header + 4);

	*frame = (struct frame){
		.data = header + RECORD_HEADER_BYTES,
		.captured_bytes = captured,
		.wire_bytes = wire > captured ? wire : captured,
		.time_ns = (int64_t)wire_be32(header + 16) * NS_PER_S +
	                   (int64_t)wire_be32(header + 20) * NS_PER_US,
		.link = LINK_ETHERNET,
	};
}

// A record has its header, the packet, and what fills it up.
static bool can_be(uint32_t record_bytes, uint32_t captured_bytes)
{
	return captured_bytes <= CAPTURE_PACKET_BYTES_MAX &&
	       record_bytes >= RECORD_HEADER_BYTES + captured_bytes &&
	       record_bytes <= RECORD_HEADER_BYTES + captured_bytes + RECORD_PADDING_MAX;
}

unsigned capture_snoop_read(struct slice window, struct frame frames[PORT_BURST_MAX],
                            struct capture_step *ret_step)
{
	struct capture_step step = {.needed_bytes = RECORD_HEADER_BYTES};
	unsigned count = 0;

	while (count < PORT_BURST_MAX && window.size - step.used_bytes >= RECORD_HEADER_BYTES) {
		const uint8_t *header = window.data + step.used_bytes;
		uint32_t record_bytes = wire_be32(header + 8);

		read_frame(header, &frames[count]);
		if (!can_be(record_bytes, frames[count].captured_bytes)) {
			step.damage = "a packet's length cannot be";
			break;
		}
		step.needed_bytes = record_bytes;
		if (window.size - step.used_bytes < step.needed_bytes)
			break;
		step.used_bytes += step.needed_bytes;
		step.needed_bytes = RECORD_HEADER_BYTES;
		count++;
	}
	*ret_step = step;
	return count;
}
