#include "dataplane/capture_pcapng.h"

#include <assert.h>

#include "base/timestamp.h"
#include "dataplane/wire.h"

// Section numbers are of draft-ietf-opsawg-pcapng.
enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a, // 4.1
	BLOCK_INTERFACE = 1,        // 4.2
	BLOCK_OBSOLETE_PACKET = 2,  // appendix A
	BLOCK_SIMPLE_PACKET = 3,    // 4.4
	BLOCK_ENHANCED_PACKET = 6,  // 4.3
};

enum {
	BLOCK_FRAME_BYTES = 12, // type, length; length again behind the body
	BLOCK_BODY_OFFSET = 8,
	SECTION_BODY_BYTES = 16,
	INTERFACE_BODY_BYTES = 8,
	PACKET_BODY_BYTES = 20, // enhanced and obsolete: in front of the packet
	SIMPLE_BODY_BYTES = 4,
	// A block that is read is whole in the window; packets and interfaces are below it.
	READ_BLOCK_BYTES_MAX = 1024 * 1024,
	OPTION_END = 0,
	OPTION_TSRESOL = 9,
	OPTION_TSOFFSET = 14,
};

static_assert(READ_BLOCK_BYTES_MAX > CAPTURE_PACKET_BYTES_MAX + 64 * 1024, "with its options");

static uint32_t read_u32(const struct capture_pcapng *pcapng, const uint8_t *bytes)
{
	return pcapng->is_big_endian ? wire_be32(bytes) : wire_le32(bytes);
}

static uint16_t read_u16(const struct capture_pcapng *pcapng, const uint8_t *bytes)
{
	return pcapng->is_big_endian ? wire_be16(bytes) : wire_le16(bytes);
}

// if_tsresol (4.2): 10^-n, or with the high bit set 2^-n. Finer than 64 bits hold is taken as
// the finest that they do.
static uint64_t units_per_second(uint8_t resolution)
{
	unsigned exponent = resolution & 0x7f;
	uint64_t units = 1;

	if (resolution & 0x80)
		return UINT64_C(1) << (exponent < 63 ? exponent : 63);
	for (unsigned i = 0; i < exponent && i < 19; i++)
		units *= 10;
	return units;
}

static int64_t read_s64(const struct capture_pcapng *pcapng, const uint8_t *bytes)
{
	uint64_t first = read_u32(pcapng, bytes);
	uint64_t second = read_u32(pcapng, bytes + 4);

	return (int64_t)(pcapng->is_big_endian ? first << 32 | second : second << 32 | first);
}

static void read_interface_options(const struct capture_pcapng *pcapng, struct slice options,
                                   struct capture_interface *interface)
{
	while (options.size >= 4) {
		uint16_t code = read_u16(pcapng, options.data);
		uint16_t size = read_u16(pcapng, options.data + 2);
		size_t padded = ((size_t)size + 3) & ~(size_t)3;

		if (code == OPTION_END || padded > options.size - 4)
			return;
		if (code == OPTION_TSRESOL && size >= 1)
			interface->units_per_s = units_per_second(options.data[4]);
		else if (code == OPTION_TSOFFSET && size >= 8)
			interface->clock_offset_s = read_s64(pcapng, options.data + 4);
		options = slice_from(options, 4 + padded);
	}
}

// Returns NULL, or what is wrong.
static const char *read_interface(struct capture_pcapng *pcapng, struct slice body)
{
	struct capture_interface *interface = &pcapng->interfaces[pcapng->interface_count];

	if (body.size < INTERFACE_BODY_BYTES)
		return "an interface block is too short";
	if (pcapng->interface_count == CAPTURE_INTERFACES_MAX)
		return "a section has too many interfaces";
	*interface = (struct capture_interface){
		.link = (enum link_type)read_u16(pcapng, body.data),
		.snap_bytes = read_u32(pcapng, body.data + 4),
		.units_per_s = 1000 * 1000,
	};
	read_interface_options(pcapng, slice_from(body, INTERFACE_BODY_BYTES), interface);
	pcapng->interface_count++;
	return NULL;
}

static int64_t time_of(const struct capture_interface *interface, uint64_t units)
{
	uint64_t seconds = units / interface->units_per_s;
	uint64_t rest = units % interface->units_per_s;
	__int128_t time_ns = ((__int128_t)seconds + interface->clock_offset_s) * NS_PER_S +
	                     (__int128_t)rest * NS_PER_S / interface->units_per_s;

	if (time_ns > TIMESTAMP_MAX - 1)
		return TIMESTAMP_MAX - 1;
	return time_ns < 0 ? 0 : (int64_t)time_ns;
}

static const char *set_frame(struct frame *frame, const struct capture_interface *interface,
                             struct slice data, uint32_t captured, uint32_t wire)
{
	if (captured > data.size || captured > CAPTURE_PACKET_BYTES_MAX)
		return "a packet's length cannot be";
	frame->data = data.data;
	frame->captured_bytes = captured;
	frame->wire_bytes = wire > captured ? wire : captured;
	frame->link = interface->link;
	frame->before = NULL;
	frame->number = 0;
	return NULL;
}

// Enhanced packet blocks, and obsolete ones, which have 16 bits of interface and 16 of drops.
static const char *read_packet(struct capture_pcapng *pcapng, enum block_type type,
                               struct slice body, struct frame *frame)
{
	const struct capture_interface *interface;
	uint32_t id;
	uint64_t units;

	if (body.size < PACKET_BODY_BYTES)
		return "a packet block is too short";
	id = type == BLOCK_OBSOLETE_PACKET ? read_u16(pcapng, body.data)
	                                   : read_u32(pcapng, body.data);
	if (id >= pcapng->interface_count)
		return "a packet is of an interface that is not there";
	interface = &pcapng->interfaces[id];
	units = (uint64_t)read_u32(pcapng, body.data + 4) << 32 | read_u32(pcapng, body.data + 8);
	pcapng->last_time_ns = time_of(interface, units);
	frame->time_ns = pcapng->last_time_ns;
	return set_frame(frame, interface, slice_from(body, PACKET_BODY_BYTES),
	                 read_u32(pcapng, body.data + 12), read_u32(pcapng, body.data + 16));
}

// Simple packet blocks have no time stamp (the last packet's is taken) and belong to the first
// interface.
static const char *read_simple_packet(const struct capture_pcapng *pcapng, struct slice body,
                                      struct frame *frame)
{
	const struct capture_interface *interface = &pcapng->interfaces[0];
	struct slice data = slice_from(body, SIMPLE_BODY_BYTES);
	uint32_t wire, captured;

	if (body.size < SIMPLE_BODY_BYTES || pcapng->interface_count == 0)
		return "a packet is of an interface that is not there";
	wire = read_u32(pcapng, body.data);
	captured = wire;
	if (interface->snap_bytes != 0 && captured > interface->snap_bytes)
		captured = interface->snap_bytes;
	if (captured > data.size)
		captured = (uint32_t)data.size;
	frame->time_ns = pcapng->last_time_ns;
	return set_frame(frame, interface, data, captured, wire);
}

// A section begins: its byte order holds from here on, its interfaces are its own.
static const char *enter_section(struct capture_pcapng *pcapng, struct slice rest)
{
	uint32_t magic;

	if (rest.size < BLOCK_BODY_OFFSET + 4)
		return NULL; // not there yet
	magic = wire_be32(rest.data + BLOCK_BODY_OFFSET);
	if (magic != 0x1a2b3c4d && magic != 0x4d3c2b1a)
		return "a section has no byte-order magic";
	pcapng->is_big_endian = magic == 0x1a2b3c4d;
	pcapng->has_section = true;
	pcapng->interface_count = 0;
	return NULL;
}

static bool is_read(enum block_type type)
{
	switch (type) {
	case BLOCK_SECTION:
	case BLOCK_INTERFACE:
	case BLOCK_OBSOLETE_PACKET:
	case BLOCK_SIMPLE_PACKET:
	case BLOCK_ENHANCED_PACKET:
		return true;
	}
	return false;
}

// Reads one whole block. Returns NULL or what is wrong; *ret_is_frame when it gave a frame.
static const char *read_block(struct capture_pcapng *pcapng, enum block_type type,
                              struct slice body, struct frame *frame, bool *ret_is_frame)
{
	*ret_is_frame = false;
	switch (type) {
	case BLOCK_SECTION:
		return body.size < SECTION_BODY_BYTES ? "a section header is too short" : NULL;
	case BLOCK_INTERFACE:
		return read_interface(pcapng, body);
	case BLOCK_SIMPLE_PACKET:
		*ret_is_frame = true;
		return read_simple_packet(pcapng, body, frame);
	case BLOCK_OBSOLETE_PACKET:
	case BLOCK_ENHANCED_PACKET:
		*ret_is_frame = true;
		return read_packet(pcapng, type, body, frame);
	}
	return NULL;
}

// Looks at the block that `rest` begins with: sets step->damage, or needed_bytes (the block is
// not whole yet), or pass_bytes (it is not read), or gives its body and returns true.
static bool frame_block(struct capture_pcapng *pcapng, struct slice rest, enum block_type *ret_type,
                        struct slice *ret_body, struct capture_step *step)
{
	uint32_t type, size;

	step->needed_bytes = BLOCK_FRAME_BYTES;
	if (rest.size < BLOCK_FRAME_BYTES)
		return false;
	type = read_u32(pcapng, rest.data);
	if (type == BLOCK_SECTION)
		step->damage = enter_section(pcapng, rest);
	if (step->damage != NULL)
		return false;
	size = read_u32(pcapng, rest.data + 4);
	if (size < BLOCK_FRAME_BYTES || size % 4 != 0 || !pcapng->has_section) {
		step->damage = "a block's length cannot be";
		return false;
	}
	*ret_type = (enum block_type)type;
	if (!is_read(*ret_type)) {
		step->pass_bytes = size;
		return false;
	}
	if (size > READ_BLOCK_BYTES_MAX) {
		step->damage = "a block's length cannot be";
		return false;
	}
	step->needed_bytes = size;
	if (rest.size < size)
		return false;
	if (read_u32(pcapng, rest.data + size - 4) != size) {
		step->damage = "a block's two lengths differ";
		return false;
	}
	*ret_body = slice_of(rest.data + BLOCK_BODY_OFFSET, size - BLOCK_FRAME_BYTES);
	return true;
}

bool capture_pcapng_open(struct capture_pcapng *pcapng, struct slice window)
{
	pcapng->is_big_endian = false;
	pcapng->has_section = false;
	pcapng->interface_count = 0;
	pcapng->last_time_ns = 0;
	return window.size >= 4 && wire_be32(window.data) == BLOCK_SECTION;
}

unsigned capture_pcapng_read(struct capture_pcapng *pcapng, struct slice window,
                             struct frame frames[PORT_BURST_MAX], struct capture_step *ret_step)
{
	struct capture_step step = {0};
	unsigned count = 0;

	while (count < PORT_BURST_MAX) {
		struct slice rest = slice_from(window, step.used_bytes);
		enum block_type type;
		struct slice body;
		bool is_frame;

		if (!frame_block(pcapng, rest, &type, &body, &step)) {
			if (step.pass_bytes == 0 || step.pass_bytes > rest.size)
				break;
			step.used_bytes += (size_t)step.pass_bytes;
			step.pass_bytes = 0;
			continue;
		}
		step.damage = read_block(pcapng, type, body, &frames[count], &is_frame);
		if (step.damage != NULL)
			break;
		step.used_bytes += step.needed_bytes;
		count += is_frame;
	}
	*ret_step = step;
	return count;
}
