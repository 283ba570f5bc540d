// What an extractor is told when a direction ends, and of which packet that is.
#include "tests/unit/dataplane/stream_notes.h"

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
	give_answer(TCP_ACK, 100, 504);
	assert_false(flow.state & FLOW_DONE_LOW);
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

static void a_hole_that_was_acknowledged_is_waited_for_no_longer_than_a_second(void **state)
{
	struct segment answer = {.time_ns = STREAM_HOLE_NS / 2,
	                         .src = 2,
	                         .dst = 1,
	                         .src_port = 80,
	                         .dst_port = 1000,
	                         .sequence = 100};

	(void)state;
	give(false, TCP_ACK, 500, "<abc");
	give(false, TCP_ACK, 510, "def");
	answer.acknowledged = 513;
	give_segment(&answer);
	answer.acknowledged = 504;
	answer.time_ns = 2 * STREAM_HOLE_NS;
	give_segment(&answer);
	assert_int_equal(notes.size, sizeof("<abc|") - 1);
	answer.acknowledged = 513;
	give_segment(&answer);
	assert_int_equal(notes.size, sizeof("<abc|gap 6|def|") - 1);
	assert_int_equal(batch.packet->number, 5);
	assert_string_equal(result(), "<abc|gap 6|def|cut @2:1001 1000>80; ");
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
		TEST(a_hole_that_was_acknowledged_is_waited_for_no_longer_than_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
