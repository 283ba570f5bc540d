// One side of a TCP connection, cut into segments that overlap and come in any order: the same is
// seen as when the bytes come at once, as long as all come and nothing is sent with other bytes.
// Behind a malformed message it depends on where segments begin: there reading begins anew.
#include "tests/fuzz/fuzz_pipeline.h"

#include "base/timestamp.h"
#include "dataplane/wire.h"

enum {
	STEP_BYTES = 3,
	STEPS_MAX = 48, // early segments that are certainly held
	SEGMENT_BYTES_MAX = 1400,
	HEADER_BYTES = 40, // IPv4, TCP
	FRAMES_MAX = 128,
};

struct writer {
	struct frame frames[FRAMES_MAX];
	unsigned count;
	uint16_t port;
	uint32_t first; // sequence number of the first byte
};

static void put_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_be32(uint8_t *at, uint32_t value)
{
	put_be16(at, value >> 16);
	put_be16(at + 2, value & 0xffff);
}

// A segment whose payload are the stream's bytes from `at` on.
static void write_segment(struct writer *writer, uint8_t flags, size_t at, struct slice bytes)
{
	size_t size = HEADER_BYTES + bytes.size;
	uint8_t *frame = calloc(1, size);

	FUZZ_ASSERT(writer->count < FRAMES_MAX);
	frame[0] = 0x45;
	put_be16(frame + 2, (unsigned)size);
	frame[8] = 64;
	frame[9] = IP_TCP;
	put_be32(frame + 12, 0xc0000201);
	put_be32(frame + 16, 0xc0000202);
	put_be16(frame + 20, 40000);
	put_be16(frame + 22, writer->port);
	put_be32(frame + 24, writer->first + (uint32_t)at);
	frame[32] = 0x50;
	frame[33] = flags;
	if (bytes.size > 0)
		memcpy(frame + HEADER_BYTES, bytes.data, bytes.size);
	writer->frames[writer->count] = (struct frame){
		.data = frame,
		.captured_bytes = (uint32_t)size,
		.wire_bytes = (uint32_t)size,
		.time_ns = NS_PER_S + writer->count,
		.link = LINK_RAW,
	};
	writer->count++;
}

static void write_begin(struct writer *writer)
{
	write_segment(writer, TCP_SYN, (size_t)-1, slice_text(NULL));
}

static void write_rest(struct writer *writer, struct slice stream)
{
	for (size_t at = 0; at < stream.size; at += SEGMENT_BYTES_MAX)
		write_segment(writer, TCP_ACK, at,
		              slice_first(slice_from(stream, at), SEGMENT_BYTES_MAX));
	write_segment(writer, TCP_FIN | TCP_ACK, stream.size, slice_text(NULL));
}

// A step: where a segment begins (two bytes), how much it has.
static void write_step(struct writer *writer, const uint8_t step[STEP_BYTES], struct slice stream)
{
	size_t at = wire_be16(step) % stream.size;
	struct slice bytes = slice_first(slice_from(stream, at), 1u + step[2] * 4u);

	write_segment(writer, TCP_ACK, at, bytes);
}

// What of it is seen, and how many messages were malformed. Frees the frames.
static struct fuzz_seen see(struct writer *writer, uint64_t *ret_malformed)
{
	static struct pipeline *pipeline;
	static struct fuzz_seen seen;
	uint64_t gaps, malformed;

	if (pipeline == NULL)
		pipeline = fuzz_pipeline(NULL, NULL, &seen);
	malformed = pipeline->batch.output.messages_malformed;
	gaps = pipeline->content.streams.gaps;
	seen = (struct fuzz_seen){.has_numbers = false};
	fuzz_pipeline_run(pipeline, writer->frames, writer->count, PORT_BURST_MAX);
	FUZZ_ASSERT(pipeline->content.streams.gaps == gaps);
	for (unsigned i = 0; i < writer->count; i++)
		free((void *)(uintptr_t)writer->frames[i].data);
	*ret_malformed = pipeline->batch.output.messages_malformed - malformed;
	return seen;
}

// The first bytes: which port, the first sequence number, how many steps; what is behind the steps
// is the stream.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ports[] = {80, 443, 53, 25};
	struct writer whole = {0}, pieces = {0};
	struct fuzz_seen expected, seen;
	struct slice stream;
	uint64_t malformed, malformed_in_pieces;
	size_t steps;

	if (size < 3)
		return 0;
	whole.port = pieces.port = ports[data[0] % 4];
	whole.first = pieces.first = (uint32_t)data[1] << 24;
	steps = data[2] % STEPS_MAX;
	if (size < 3 + steps * STEP_BYTES + 1 || size > 3 + steps * STEP_BYTES + 40000)
		return 0;
	stream = slice_from(slice_of(data, size), 3 + steps * STEP_BYTES);
	write_begin(&whole);
	write_rest(&whole, stream);
	write_begin(&pieces);
	for (size_t i = 0; i < steps; i++)
		write_step(&pieces, data + 3 + i * STEP_BYTES, stream);
	write_rest(&pieces, stream);
	expected = see(&whole, &malformed);
	seen = see(&pieces, &malformed_in_pieces);
	if (malformed > 0 || malformed_in_pieces > 0)
		return 0;
	FUZZ_ASSERT(seen.count == expected.count && seen.digest == expected.digest);
	return 0;
}
