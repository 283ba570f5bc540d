// What an extractor is told when a direction ends, and of which packet that is: of one for the
// test, which writes down what it gets.
#include "tests/unit/unit_test.h"

#include "base/buffer.h"
#include "dataplane/stream.h"
#include "tests/unit/dataplane/frames.h"

static struct buffer notes;
static struct stream_table streams;
static struct match_batch batch;
static struct flow flow;
static uint64_t number;

static void note_packet(const char *what)
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

static int setup(void **state)
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

static int teardown(void **state)
{
	(void)state;
	buffer_close(&notes);
	stream_table_close(&streams);
	return 0;
}

// A packet is a nanosecond later than the one before it.
static void give_segment(const struct segment *segment)
{
	static uint8_t frame[FRAME_BYTES_MAX];
	struct segment timed = *segment;
	struct packet packet;

	timed.time_ns = (int64_t)(1000 + number);
	timed.protocol = IP_TCP;
	packet = frame_packet(&timed, ++number, frame);
	packet.is_from_high = packet.src_port == 80; // flow.c would say, and note:
	if (packet.tcp_flags & TCP_FIN)
		flow.state |= packet.is_from_high ? FLOW_FIN_HIGH : FLOW_FIN_LOW;
	batch.packet = &packet;
	if (stream_is_wanted(&flow, &packet))
		stream_packet(&streams, &flow, &packet);
}

static void give(bool is_from_high, uint8_t flags, uint32_t sequence, const char *text)
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
static void give_answer(uint8_t flags, uint32_t sequence, uint32_t acknowledged)
{
	give_segment(&(struct segment){.src = 2,
	                               .dst = 1,
	                               .src_port = 80,
	                               .dst_port = 1000,
	                               .flags = flags,
	                               .sequence = sequence,
	                               .acknowledged = acknowledged});
}

static const char *result(void)
{
	stream_end(&streams, &flow);
	assert_int_equal(streams.pieces.used, 0);
	assert_int_equal(streams.streams.used, 0);
	buffer_append_byte(&notes, 0);
	return (const char *)notes.data;
}

static void a_fin_behind_all_bytes_makes_the_direction_whole(void **state)
{
	(void)state;
	give(true, TCP_SYN | TCP_ACK, 99, NULL);
	give(true, TCP_ACK, 100, "<abc");
	give(true, TCP_FIN | TCP_ACK, 104, "def>");
	assert_string_equal(result(), "<abc|def>|whole @3:1002 80>1000; ");
}

static void without_a_fin_it_is_cut_at_the_last_packet_that_brought_something(void **state)
{
	(void)state;
	give(true, TCP_SYN | TCP_ACK, 99, NULL);
	give(true, TCP_ACK, 100, "<abc");
	give(true, TCP_ACK, 104, NULL);
	give(false, TCP_ACK, 500, "nobody's");
	give(true, TCP_ACK, 100, "<abc");
	assert_string_equal(result(), "<abc|cut @2:1001 80>1000; ");
}

static void a_fin_before_the_missing_segment_counts_when_that_comes(void **state)
{
	(void)state;
	give(true, TCP_SYN | TCP_ACK, 99, NULL);
	give(true, TCP_ACK, 100, "<abc");
	give(true, TCP_FIN | TCP_ACK, 108, NULL);
	give(true, TCP_FIN | TCP_ACK, 108, NULL);
	give(true, TCP_ACK, 104, "def>");
	assert_string_equal(result(), "<abc|def>|whole @5:1004 80>1000; ");
}

static void a_fin_with_bytes_that_are_held_counts_when_these_are_due(void **state)
{
	(void)state;
	give(true, TCP_SYN | TCP_ACK, 99, NULL);
	give(true, TCP_FIN | TCP_ACK, 108, "ghi>");
	give(true, TCP_ACK, 104, "def.");
	give(true, TCP_ACK, 100, "<abc");
	assert_string_equal(result(), "<abc|def.|ghi>|whole @4:1003 80>1000; ");
}

static void a_fin_behind_a_gap_is_the_end_all_the_same(void **state)
{
	(void)state;
	give(true, TCP_SYN | TCP_ACK, 99, NULL);
	give(true, TCP_ACK, 100, "<abc");
	give(true, TCP_ACK, 107, "def");
	give(true, TCP_FIN | TCP_ACK, 112, NULL);
	assert_string_equal(result(), "<abc|gap 3|def|gap 2|whole @4:1003 80>1000; ");
}

static void what_nobody_wants_may_be_missing_before_a_fin(void **state)
{
	(void)state;
	give(true, TCP_SYN | TCP_ACK, 99, NULL);
	give(true, TCP_ACK, 100, "<abc9");
	give(true, TCP_FIN | TCP_ACK, 114, NULL);
	assert_string_equal(result(), "<abc9|whole @3:1002 80>1000; ");
}

static void what_waits_for_more_is_not_whole(void **state)
{
	(void)state;
	give(true, TCP_SYN | TCP_ACK, 99, NULL);
	give(true, TCP_ACK, 100, "<abc?");
	give(true, TCP_FIN | TCP_ACK, 105, NULL);
	assert_string_equal(result(), "<abc||cut @3:1002 80>1000; ");
}

static void a_flow_that_is_dropped_ends_at_its_last_packet_too(void **state)
{
	(void)state;
	give(false, TCP_SYN, 499, NULL);
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	give(false, TCP_ACK, 500, "<abc");
	give(true, TCP_ACK, 100, "<def");
	give(true, TCP_ACK, 110, "early");
	batch.packet = NULL;
	stream_drop(&streams, &flow);
	assert_int_equal(batch.position, MATCH_NO_PACKET);
	assert_string_equal(result(), "<abc|<def|cut @3:1002 1000>80; cut @4:1003 80>1000; ");
}

static void a_fin_that_is_acknowledged_ends_at_once(void **state)
{
	(void)state;
	give(false, TCP_ACK, 500, "<abc");
	give(false, TCP_FIN | TCP_ACK, 504, NULL);
	assert_null(strstr((const char *)notes.data, "whole"));
	give_answer(TCP_ACK, 100, 504);
	assert_int_equal(notes.size, sizeof("<abc|") - 1);
	give_answer(TCP_ACK, 100, 505);
	assert_true(flow.state & FLOW_DONE_LOW);
	assert_int_equal(batch.packet->number, 4); // the one at hand again
	assert_string_equal(result(), "<abc|whole @2:1001 1000>80; ");
}

static void bytes_behind_a_fin_that_nobody_acknowledged_go_on(void **state)
{
	(void)state;
	give(false, TCP_ACK, 500, "<abc");
	give(false, TCP_FIN | TCP_ACK, 504, NULL); // somebody else's
	give(false, TCP_ACK, 504, "def");
	give_answer(TCP_ACK, 100, 508);
	give(false, TCP_FIN | TCP_ACK, 507, NULL);
	assert_string_equal(result(), "<abc|def|whole @5:1004 1000>80; ");
}

static void a_reset_ends_nothing_and_brings_nothing(void **state)
{
	(void)state;
	give(false, TCP_ACK, 500, "<abc");
	give(false, TCP_RST | TCP_ACK, 504, "xyz");
	give_answer(TCP_RST | TCP_ACK, 100, 504);
	give(false, TCP_ACK, 504, "def");
	assert_string_equal(result(), "<abc|def|cut @4:1003 1000>80; ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fin_behind_all_bytes_makes_the_direction_whole),
		TEST(without_a_fin_it_is_cut_at_the_last_packet_that_brought_something),
		TEST(a_fin_before_the_missing_segment_counts_when_that_comes),
		TEST(a_fin_with_bytes_that_are_held_counts_when_these_are_due),
		TEST(a_fin_behind_a_gap_is_the_end_all_the_same),
		TEST(what_nobody_wants_may_be_missing_before_a_fin),
		TEST(what_waits_for_more_is_not_whole),
		TEST(a_flow_that_is_dropped_ends_at_its_last_packet_too),
		TEST(a_fin_that_is_acknowledged_ends_at_once),
		TEST(bytes_behind_a_fin_that_nobody_acknowledged_go_on),
		TEST(a_reset_ends_nothing_and_brings_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
