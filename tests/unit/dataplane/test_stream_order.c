// What of the segments that somebody may send to mislead a listener is read, and what is not:
// docs/evasion.md has the cases.
#include "tests/unit/dataplane/stream_notes.h"

#include "dataplane/stream_order.h"

enum { LOW = false, HIGH = true };

static void give_urgent(uint32_t sequence, const char *text, uint16_t offset)
{
	give_segment(&(struct segment){
		.src = 1,
		.dst = 2,
		.src_port = 1000,
		.dst_port = 80,
		.flags = TCP_ACK | TCP_URG,
		.sequence = sequence,
		.text = text,
		.urgent_offset = offset,
	});
}

static void the_syn_that_is_acknowledged_counts(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_SYN, 900000, NULL);
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	give(LOW, TCP_SYN, 700, NULL);
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<abc|cut @5:1004 1000>80; ");
}

static void a_syn_that_nobody_answered_binds_nobody(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_SYN, 700, NULL);
	give(LOW, TCP_ACK, 500, "<abc");
	give(LOW, TCP_ACK, 504, "def");
	assert_string_equal(result(), "<abc|def|cut @4:1003 1000>80; ");
}

static void what_was_read_before_the_answer_may_be_of_no_account(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 400, "<xyz"); // somebody else's
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<xyz|cut @2:1001 1000>80; <abc|cut @4:1003 1000>80; ");
}

static void an_answer_to_another_syn_changes_nothing(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	give_answer(TCP_SYN | TCP_ACK, 99, 4711);
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<abc|cut @4:1003 1000>80; ");
}

static void bytes_in_a_syn_that_were_refused_are_read_when_they_come_again(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, "<xyz");
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<xyz|cut @1:1000 1000>80; <abc|cut @3:1002 1000>80; ");
}

static void bytes_in_a_syn_that_were_taken_are_read_once(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, "<abc");
	give_answer(TCP_SYN | TCP_ACK, 99, 504);
	give(LOW, TCP_ACK, 500, "<xyz");
	give(LOW, TCP_ACK, 504, "def");
	assert_string_equal(result(), "<abc|def|cut @4:1003 1000>80; ");
}

static void bytes_sent_before_the_answer_do_not_begin_anew(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, "<abc");
	give(LOW, TCP_ACK, 504, "def");
	give_answer(TCP_SYN | TCP_ACK, 99, 504);
	give(LOW, TCP_ACK, 507, "ghi");
	assert_string_equal(result(), "<abc|def|ghi|cut @4:1003 1000>80; ");
}

static void a_syn_in_the_middle_of_a_stream_brings_nothing(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 500, "<abc");
	give(LOW, TCP_SYN, 503, "xyz");
	give(LOW, TCP_ACK, 504, "def");
	assert_string_equal(result(), "<abc|def|cut @4:1003 1000>80; ");
}

static void what_stood_before_a_syn_is_of_no_account(void **state)
{
	(void)state;
	give(LOW, TCP_ACK, 77000, "<xyz");
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<xyz|cut @1:1000 1000>80; <abc|cut @3:1002 1000>80; ");
}

static void a_syn_that_comes_late_changes_nothing(void **state)
{
	(void)state;
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	give(LOW, TCP_ACK, 500, "<abc");
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 504, "def");
	assert_string_equal(result(), "<abc|def|cut @4:1003 1000>80; ");
}

static void a_syn_reopens_what_nobody_wanted(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 500, "nothing that is known");
	assert_true(flow.state & FLOW_DONE_LOW);
	give(LOW, TCP_SYN, 7499, NULL);
	assert_false(flow.state & FLOW_DONE_LOW);
	give(LOW, TCP_ACK, 7500, "<abc");
	assert_string_equal(result(), "<abc|cut @4:1003 1000>80; ");
}

static void both_sides_may_open(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(HIGH, TCP_SYN, 99, NULL);
	give_segment(&(struct segment){.src = 1,
	                               .dst = 2,
	                               .src_port = 1000,
	                               .dst_port = 80,
	                               .flags = TCP_SYN | TCP_ACK,
	                               .sequence = 499,
	                               .acknowledged = 100});
	give_answer(TCP_ACK, 100, 500);
	give(LOW, TCP_ACK, 500, "<abc");
	give(HIGH, TCP_ACK, 100, "<def");
	assert_string_equal(result(), "<abc|<def|cut @5:1004 1000>80; cut @6:1005 80>1000; ");
}

static void what_no_receiver_takes_is_not_read(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	give(LOW, TCP_URG, 500, "<xyz"); // no ACK
	give(LOW, TCP_FIN, 500, NULL);
	give(LOW, TCP_RST | TCP_ACK, 500, "<xyz");
	give(LOW, TCP_ACK, 500 + 2 * STREAM_WINDOW_BYTES, "<xyz");
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<abc|cut @7:1006 1000>80; ");
}

static void where_all_segments_are_far_off_the_stream_goes_on(void **state)
{
	uint32_t far = 500 + 2 * STREAM_WINDOW_BYTES;

	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give_answer(TCP_SYN | TCP_ACK, 99, 500);
	for (unsigned i = 0; i < STREAM_STRAYS_MAX - 1; i++)
		give(LOW, TCP_ACK, far, "<xyz");
	give(LOW, TCP_ACK, 500, "<abc");
	for (unsigned i = 0; i < STREAM_STRAYS_MAX - 1; i++)
		give(LOW, TCP_ACK, far, "<xyz");
	assert_int_equal(notes.size, sizeof("<abc|") - 1);
	give(LOW, TCP_ACK, far, "<def");
	assert_string_equal(result(), "<abc|gap 0|<def|cut @10:1009 1000>80; ");
	assert_int_equal(streams.gaps, 1);
}

static void keep_alives_and_window_probes_bring_a_byte_once(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 500, "<abc");
	give(LOW, TCP_ACK, 503, "?"); // keep-alive: behind the window
	give(LOW, TCP_ACK, 504, "d"); // the window is shut: the receiver may not take it
	give(LOW, TCP_ACK, 504, "d");
	give(LOW, TCP_ACK, 504, "def");
	assert_string_equal(result(), "<abc|d|ef|cut @6:1005 1000>80; ");
}

static void the_urgent_byte_is_not_part_of_the_stream(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give_urgent(500, "<abXc", 4);
	give_urgent(505, "Xdef", 0);
	give_urgent(509, "ghi", 4); // points behind the segment
	give_urgent(512, "X", 1);
	give(LOW, TCP_ACK, 513, "jkl");
	assert_string_equal(result(), "<ab|c|def|ghi|jkl|cut @6:1005 1000>80; ");
	assert_int_equal(streams.gaps, 0);
}

static void an_urgent_byte_may_come_early(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give_urgent(504, "dXef", 2);
	give_urgent(504, "dXef", 2);
	give(LOW, TCP_ACK, 504, "1234");
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<abc|d|ef|cut @5:1004 1000>80; ");
	assert_int_equal(streams.gaps, 0);
}

static void of_a_byte_that_is_held_a_later_mark_makes_nothing_urgent(void **state)
{
	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 504, "def");
	give_urgent(504, "dXf", 2);
	give_urgent(504, "Xef", 1);
	give(LOW, TCP_ACK, 500, "<abc");
	assert_string_equal(result(), "<abc|def|cut @5:1004 1000>80; ");
}

// "<aaa…", from its last byte to its first.
static void a_message_in_single_bytes_backwards_is_read(void **state)
{
	enum { SIZE = 3000 };

	(void)state;
	give(LOW, TCP_SYN, 499, NULL);
	for (unsigned i = SIZE - 1; i > 0; i--)
		give(LOW, TCP_ACK, 500 + i, i % 2 ? "a" : "b");
	give(LOW, TCP_ACK, 500, "<");
	assert_int_equal(streams.gaps, 0);
	(void)result();
	assert_true(slice_starts_with(slice_of(notes.data, notes.size), "<|"));
	for (unsigned i = 0, at = 0; i < notes.size && at < SIZE; i++)
		if (notes.data[i] != '|') {
			assert_int_equal(notes.data[i], at == 0 ? '<' : at % 2 ? 'a' : 'b');
			at++;
		}
	assert_int_equal(streams.bytes_dropped, 0);
}

static void single_bytes_in_any_order_are_read(void **state)
{
	enum { SIZE = 180 };
	unsigned order[SIZE], seed = 7;

	(void)state;
	for (unsigned i = 0; i < SIZE; i++)
		order[i] = i;
	for (unsigned i = SIZE - 1; i > 0; i--) {
		unsigned other = (unsigned)rand_r(&seed) % (i + 1), swap = order[i];

		order[i] = order[other];
		order[other] = swap;
	}
	give(LOW, TCP_SYN, 499, NULL);
	for (unsigned i = 0; i < SIZE; i++)
		give(LOW, TCP_ACK, 500 + order[i], order[i] == 0 ? "<" : "a");
	assert_int_equal(streams.gaps, 0);
	assert_int_equal(streams.bytes_dropped, 0);
	(void)result();
}

enum { HOARDERS_MAX = 200 };

// So many directions have a hole before all that they send.
static void hoard(struct flow flows[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		flow = (struct flow){.key = {.low_port = 1000, .high_port = 80}};
		give(LOW, TCP_SYN, 499, NULL);
		for (unsigned k = 0; k < 40; k++)
			give(LOW, TCP_ACK, 600 + 2 * k, "h");
		flows[i] = flow;
	}
}

static void open_small_table(void)
{
	stream_table_close(&streams);
	assert_int_equal(stream_table_open(&streams, 4 * 1024 * 1024), 0); // 512 pieces
	streams.extractors = test_extractors;
	streams.batch = &batch;
}

static void end_hoard(struct flow flows[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		stream_end(&streams, &flows[i]);
	assert_int_equal(streams.pieces.used, 0);
	assert_int_equal(streams.streams.used, 0);
}

static void who_fills_the_memory_with_early_segments_leaves_some_to_others(void **state)
{
	struct flow flows[HOARDERS_MAX];

	(void)state;
	open_small_table();
	hoard(flows, 30);
	assert_in_range(streams.pieces.used, 400, 511);
	buffer_clear(&notes);
	flow = (struct flow){.key = {.low_port = 1000, .high_port = 80}};
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 504, "def");
	give(LOW, TCP_ACK, 500, "<abc");
	assert_int_equal(notes.size, sizeof("<abc|def|") - 1);
	stream_end(&streams, &flow);
	end_hoard(flows, 30);
}

static void when_nothing_more_can_be_held_what_is_in_order_is_read(void **state)
{
	struct flow flows[HOARDERS_MAX];

	(void)state;
	open_small_table();
	hoard(flows, HOARDERS_MAX);
	assert_int_equal(streams.pieces.used, streams.pieces.capacity);
	buffer_clear(&notes);
	streams.bytes_dropped = 0;
	flow = (struct flow){.key = {.low_port = 1000, .high_port = 80}};
	give(LOW, TCP_SYN, 499, NULL);
	give(LOW, TCP_ACK, 500, "<abc");
	give(LOW, TCP_ACK, 507, "ghi"); // lost
	give(LOW, TCP_ACK, 504, "def");
	assert_int_equal(notes.size, sizeof("<abc|def|") - 1);
	assert_int_equal(streams.bytes_dropped, 3);
	stream_end(&streams, &flow);
	end_hoard(flows, HOARDERS_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_syn_that_is_acknowledged_counts),
		TEST(a_syn_that_nobody_answered_binds_nobody),
		TEST(what_was_read_before_the_answer_may_be_of_no_account),
		TEST(an_answer_to_another_syn_changes_nothing),
		TEST(bytes_in_a_syn_that_were_refused_are_read_when_they_come_again),
		TEST(bytes_in_a_syn_that_were_taken_are_read_once),
		TEST(bytes_sent_before_the_answer_do_not_begin_anew),
		TEST(a_syn_in_the_middle_of_a_stream_brings_nothing),
		TEST(what_stood_before_a_syn_is_of_no_account),
		TEST(a_syn_that_comes_late_changes_nothing),
		TEST(a_syn_reopens_what_nobody_wanted),
		TEST(both_sides_may_open),
		TEST(what_no_receiver_takes_is_not_read),
		TEST(where_all_segments_are_far_off_the_stream_goes_on),
		TEST(keep_alives_and_window_probes_bring_a_byte_once),
		TEST(the_urgent_byte_is_not_part_of_the_stream),
		TEST(an_urgent_byte_may_come_early),
		TEST(of_a_byte_that_is_held_a_later_mark_makes_nothing_urgent),
		TEST(a_message_in_single_bytes_backwards_is_read),
		TEST(single_bytes_in_any_order_are_read),
		TEST(who_fills_the_memory_with_early_segments_leaves_some_to_others),
		TEST(when_nothing_more_can_be_held_what_is_in_order_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
