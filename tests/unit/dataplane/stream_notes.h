// A stream table over one flow, from 192.0.2.1:1000 (low) to 192.0.2.2:80, and an extractor that
// writes down what it is given: for the tests of streams.
#pragma once

#include "tests/unit/unit_test.h"

#include "base/buffer.h"
#include "dataplane/stream.h"
#include "tests/unit/dataplane/frames.h"

static struct buffer notes;
static struct stream_table streams;
static struct match_batch batch;
static struct flow flow;
static uint64_t number;

static inline void note_packet(const char *what)
{
	const struct packet *packet = batch.packet;

	buffer_format(&notes, "%s @%u:%u %u>%u; ", what, (unsigned)packet->number,
	              (unsigned)packet->time_ns, packet->src_port, packet->dst_port);
}

static enum probe_result probe(struct slice bytes, uint16_t port)
{
	(void)port;
	return bytes.data[0] == '<' ? PROBE_YES : PROBE_NO;
}

// Takes all but what stands behind a `?`, which waits for more; a digit skips so many bytes.
static struct extract_progress consume(struct extract_state *state, struct slice bytes,
                                       struct extract_output *output)
{
	struct extract_progress progress = {.verdict = EXTRACT_MORE};
	size_t size = slice_find(bytes, '?');

	(void)state;
	(void)output;
	buffer_append(&notes, bytes.data, size);
	buffer_append_byte(&notes, '|');
	progress.consumed = size;
	if (size > 0 && bytes.data[size - 1] >= '0' && bytes.data[size - 1] <= '9')
		progress.skip_bytes = (uint64_t)(bytes.data[size - 1] - '0');
	return progress;
}

static struct extract_progress gap(struct extract_state *state, uint64_t missing_bytes,
                                   struct extract_output *output)
{
	(void)state;
	(void)output;
	buffer_format(&notes, "gap %u|", (unsigned)missing_bytes);
	return (struct extract_progress){.verdict = EXTRACT_MORE};
}

static void end(struct extract_state *state, bool is_whole, struct extract_output *output)
{
	(void)state;
	assert_non_null(output->shared);
	note_packet(is_whole ? "whole" : "cut");
}

static const struct extractor_ops extract_notes = {
	.name = "notes", .probe = probe, .consume = consume, .gap = gap, .end = end};
static const struct extractor_ops *const test_extractors[] = {&extract_notes, NULL};

static inline int setup(void **state)
{
	(void)state;
	assert_int_equal(stream_table_open(&streams, 64 * 1024 * 1024), 0);
	streams.extractors = test_extractors;
	batch = (struct match_batch){0};
	match_batch_init(&batch);
	streams.batch = &batch;
	number = 0;
	flow = (struct flow){.key = {.low_port = 1000, .high_port = 80, .protocol = IP_TCP}};
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	buffer_close(&notes);
	stream_table_close(&streams);
	return 0;
}

// A packet is a nanosecond later than the one before it. It stays the one at hand until the next.
static inline void give_segment(const struct segment *segment)
{
	static uint8_t frame[FRAME_BYTES_MAX];
	static struct packet packet;
	struct segment timed = *segment;

	timed.time_ns += (int64_t)(1000 + number);
	timed.protocol = IP_TCP;
	packet = frame_packet(&timed, ++number, frame);
	packet.is_from_high = packet.src_port == 80; // flow.c would say, and note:
	if (packet.tcp_flags & TCP_FIN)
		flow.state |= packet.is_from_high ? FLOW_FIN_HIGH : FLOW_FIN_LOW;
	batch.packet = &packet;
	if (stream_is_wanted(&flow, &packet))
		stream_packet(&streams, &flow, &packet);
}

static inline void give(bool is_from_high, uint8_t flags, uint32_t sequence, const char *text)
{
	give_segment(&(struct segment){
		.src = is_from_high ? 2 : 1,
		.dst = is_from_high ? 1 : 2,
		.src_port = is_from_high ? 80 : 1000,
		.dst_port = is_from_high ? 1000 : 80,
		.flags = flags,
		.sequence = sequence,
		.text = text,
	});
}

// From high, about what low has sent.
static inline void give_answer(uint8_t flags, uint32_t sequence, uint32_t acknowledged)
{
	give_segment(&(struct segment){.src = 2,
	                               .dst = 1,
	                               .src_port = 80,
	                               .dst_port = 1000,
	                               .flags = flags,
	                               .sequence = sequence,
	                               .acknowledged = acknowledged});
}

static inline const char *result(void)
{
	stream_end(&streams, &flow);
	assert_int_equal(streams.pieces.used, 0);
	assert_int_equal(streams.streams.used, 0);
	buffer_append_byte(&notes, 0);
	return (const char *)notes.data;
}
