#include "tests/unit/unit_test.h"

#include "dataplane/stream.h"
#include "engine/normalize.h"
#include "tests/unit/dataplane/frames.h"

// What was observed: "packet-number where value" a line.
static struct buffer observed;

static struct stream_table streams;
static struct match_batch batch;
static struct flow flow;
static uint64_t number;

static void note(void *context, const struct origin *origin, const struct observable *observable)
{
	(void)context;
	if (observable->type == OBSERVABLE_NAME)
		buffer_format(&observed, "%u %s %.*s\n", (unsigned)origin->packet_number,
		              observable_where_name(observable->where),
		              SLICE_FORMAT(observable->text));
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(stream_table_open(&streams, 64 * 1024 * 1024), 0);
	batch = (struct match_batch){.observe = note};
	match_batch_init(&batch);
	streams.batch = &batch;
	number = 0;
	// As flow.c would have made it of the packets below.
	flow = (struct flow){.key = {.low_port = 1000, .high_port = 80, .protocol = IP_TCP}};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_close(&observed);
	stream_table_close(&streams);
	return 0;
}

static void give_bytes(uint8_t flags, uint32_t sequence, struct slice bytes, uint32_t cut_bytes)
{
	struct segment segment = {
		.src = 1,
		.dst = 2,
		.src_port = 1000,
		.dst_port = 80,
		.protocol = IP_TCP,
		.flags = flags,
		.sequence = sequence,
		.text = (const char *)bytes.data,
		.text_bytes = bytes.size,
		.cut_bytes = cut_bytes,
	};
	static uint8_t frame[FRAME_BYTES_MAX];
	struct packet packet = frame_packet(&segment, ++number, frame);

	packet.is_from_high = false; // flow.c would say
	batch.packet = &packet;
	if (stream_is_wanted(&flow, &packet))
		stream_packet(&streams, &flow, &packet);
}

static void give(uint8_t flags, uint32_t sequence, const char *text)
{
	give_bytes(flags, sequence, slice_text(text), 0);
}

static const char *result(void)
{
	stream_end(&streams, &flow);
	assert_int_equal(streams.pieces.used, 0);
	assert_int_equal(streams.small.used, 0);
	assert_int_equal(streams.large.used, 0);
	assert_int_equal(streams.streams.used, 0);
	buffer_append_byte(&observed, 0);
	return (const char *)observed.data;
}

#define GET_A "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n" // 36 bytes
#define GET_B "GET /b HTTP/1.1\r\nHost: b.example\r\n\r\n"
enum { GET_BYTES = sizeof(GET_A) - 1 };

static void a_request_in_one_segment_is_seen(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give(TCP_ACK, 100, GET_A);
	assert_string_equal(result(), "2 http.host a.example\n");
}

static void a_request_byte_by_byte_is_of_the_packet_that_completes_it(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	for (unsigned i = 0; i < GET_BYTES; i++)
		give_bytes(TCP_ACK, 100 + i, slice_of(&GET_A[i], 1), 0);
	assert_string_equal(result(), "37 http.host a.example\n");
}

static void segments_out_of_order_are_put_in_order(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give_bytes(TCP_ACK, 120, slice_of(&GET_A[20], GET_BYTES - 20), 0);
	give_bytes(TCP_ACK, 110, slice_of(&GET_A[10], 10), 0);
	give_bytes(TCP_ACK, 100, slice_of(GET_A, 10), 0);
	assert_string_equal(result(), "4 http.host a.example\n");
	assert_int_equal(streams.gaps, 0);
}

static void of_overlapping_bytes_the_first_win(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give_bytes(TCP_ACK, 110, slice_of(&GET_A[10], GET_BYTES - 10), 0);
	give(TCP_ACK, 105, &GET_B[5]); // overlaps what is held: only 105-109 are taken
	give_bytes(TCP_ACK, 100, slice_of(GET_B, GET_BYTES), 0);
	assert_string_equal(result(), "4 http.host a.example\n");
}

static void what_was_sent_again_is_seen_once(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give(TCP_ACK, 100, GET_A);
	give(TCP_ACK, 100, GET_A);
	give(TCP_ACK, 99 + GET_BYTES, "\n"); // keep-alive: one byte, already seen
	give(TCP_ACK, 100 + GET_BYTES, GET_B);
	give(TCP_ACK, 100, GET_A GET_B);
	assert_string_equal(result(), "2 http.host a.example\n5 http.host b.example\n");
}

static void sequence_numbers_wrap(void **state)
{
	(void)state;
	give(TCP_SYN, UINT32_MAX - 10, NULL);
	give_bytes(TCP_ACK, UINT32_MAX - 9 + 20, slice_of(&GET_A[20], GET_BYTES - 20), 0);
	give_bytes(TCP_ACK, UINT32_MAX - 9, slice_of(GET_A, 20), 0);
	assert_string_equal(result(), "3 http.host a.example\n");
}

static void a_direction_is_picked_up_in_its_middle(void **state)
{
	(void)state;
	give(TCP_ACK, 5000, "the end of something else");
	give(TCP_ACK, 5025, "and another one");
	give(TCP_ACK, 5040, GET_A);
	assert_string_equal(result(), "3 http.host a.example\n");
}

static void behind_a_gap_the_next_request_is_seen_when_the_flow_ends(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give_bytes(TCP_ACK, 100, slice_of(GET_A, 20), 0);
	give(TCP_ACK, 200, GET_B); // 80 bytes never came
	assert_string_equal(result(), "3 http.host b.example\n");
	assert_int_equal(streams.gaps, 1);
}

static void what_is_held_until_the_end_is_of_the_packets_that_brought_it(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give_bytes(TCP_ACK, 100, slice_of(GET_A, 20), 0);
	give(TCP_ACK, 200, GET_B);
	give(TCP_ACK, 200 + GET_BYTES, GET_A);
	give(TCP_ACK, 200 + 2 * GET_BYTES, GET_B);
	assert_string_equal(result(), "3 http.host b.example\n4 http.host a.example\n"
	                              "5 http.host b.example\n");
}

static void too_much_held_is_a_gap(void **state)
{
	uint32_t sequence = 500 + GET_BYTES;

	(void)state;
	give(TCP_SYN, 99, NULL);
	give_bytes(TCP_ACK, 100, slice_of(GET_A, 20), 0);
	give(TCP_ACK, 500, GET_B);
	for (unsigned i = 0; i < STREAM_HELD_MAX; i++, sequence += 4) // they do not touch
		give(TCP_ACK, sequence, "xyz");
	assert_int_equal(streams.gaps, 1);
	// Seen while the flow goes on, not only at its end.
	assert_non_null(strstr((const char *)observed.data, "http.host b.example"));
	(void)result();
}

static void a_segment_cut_by_the_snap_length_is_a_gap(void **state)
{
	char request[1200] = "GET /a HTTP/1.1\r\nHost: a.example\r\nCookie: ";

	(void)state;
	memset(request + strlen(request), 'x', sizeof(request) - 1 - strlen(request));
	give(TCP_SYN, 99, NULL);
	give_bytes(TCP_ACK, 100, slice_of(request, 1000), 900);
	give(TCP_ACK, 1100, GET_B);
	assert_non_null(strstr(result(), "3 http.host b.example\n"));
	assert_int_equal(streams.gaps, 1);
}

static void holes_in_a_body_nobody_wants_are_no_gaps(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give(TCP_ACK, 100,
	     "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\n"); // 58
	give(TCP_ACK, 158 + 300, "some of the body");
	give(TCP_ACK, 158 + 1000, GET_B);
	assert_string_equal(result(), "2 http.host a.example\n4 http.host b.example\n");
	assert_int_equal(streams.gaps, 0);
}

static void data_in_the_syn_counts_and_a_fin_may_have_some(void **state)
{
	(void)state;
	give_bytes(TCP_SYN, 99, slice_of(GET_A, 20), 0);
	give_bytes(TCP_FIN | TCP_ACK, 120, slice_of(&GET_A[20], GET_BYTES - 20), 0);
	assert_string_equal(result(), "2 http.host a.example\n");
}

static void a_direction_nobody_wants_holds_nothing(void **state)
{
	(void)state;
	give(TCP_SYN, 99, NULL);
	give(TCP_ACK, 100, "\x01\x02\x03\x04 nothing that an extractor knows");
	assert_true(flow.state & FLOW_DONE_LOW || flow.state & FLOW_DONE_HIGH);
	give(TCP_ACK, 5000, "early");
	assert_int_equal(streams.pieces.used, 0);
	assert_string_equal(result(), "");
}

static void when_the_budget_is_used_up_the_flow_is_given_up(void **state)
{
	(void)state;
	stream_table_close(&streams);
	assert_int_equal(stream_table_open(&streams, 1), 0); // one block of each kind
	streams.batch = &batch;
	assert_int_not_equal(pool_take(&streams.streams), 0);
	give(TCP_SYN, 99, NULL);
	give(TCP_ACK, 100, GET_A);
	assert_int_equal(streams.bytes_dropped, 0); // of a flow known to be given up nothing counts
	assert_int_equal(observed.size, 0);
	assert_true(flow.state & FLOW_DONE_LOW);
}

static void random_cuts_orders_and_repeats_give_the_same(void **state)
{
	static char requests[4096];
	static const char *expected;
	unsigned seed = 12345;
	size_t size = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		size += (size_t)sprintf(requests + size,
		                        "GET /%u HTTP/1.1\r\nHost: h%u.example\r\n\r\n", i, i);
	for (unsigned round = 0; round < 50; round++) {
		uint32_t first = (uint32_t)rand_r(&seed) * 3;
		size_t starts[256], order[256], count = 0;
		const char *line;
		unsigned found = 0;

		for (size_t at = 0; at < size && count < 255; at += 1 + (size_t)rand_r(&seed) % 100)
			starts[count++] = at;
		starts[count] = size;
		for (size_t i = 0; i < count; i++)
			order[i] = i;
		for (size_t i = 1; i < count; i++) { // only neighbours within reach change places
			size_t other = i - (size_t)rand_r(&seed) % (i < 20 ? i + 1 : 20);
			size_t swap = order[i];

			order[i] = order[other];
			order[other] = swap;
		}
		give(TCP_SYN, first - 1, NULL);
		for (size_t i = 0; i < count; i++) {
			size_t at = starts[order[i]];
			size_t end = starts[order[i] + 1];

			end += (size_t)rand_r(&seed) % 30; // overlaps what follows
			give_bytes(TCP_ACK, first + (uint32_t)at,
			           slice_of(requests + at, (end < size ? end : size) - at), 0);
		}
		expected = result();
		for (line = expected; (line = strstr(line, "http.host h")) != NULL; line++, found++)
			assert_int_equal(atoi(line + 11), found);
		assert_int_equal(found, 40);
		assert_int_equal(streams.gaps, 0);
		buffer_clear(&observed);
		flow.state = 0;
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_in_one_segment_is_seen),
		TEST(a_request_byte_by_byte_is_of_the_packet_that_completes_it),
		TEST(segments_out_of_order_are_put_in_order),
		TEST(of_overlapping_bytes_the_first_win),
		TEST(what_was_sent_again_is_seen_once),
		TEST(sequence_numbers_wrap),
		TEST(a_direction_is_picked_up_in_its_middle),
		TEST(behind_a_gap_the_next_request_is_seen_when_the_flow_ends),
		TEST(what_is_held_until_the_end_is_of_the_packets_that_brought_it),
		TEST(too_much_held_is_a_gap),
		TEST(a_segment_cut_by_the_snap_length_is_a_gap),
		TEST(holes_in_a_body_nobody_wants_are_no_gaps),
		TEST(data_in_the_syn_counts_and_a_fin_may_have_some),
		TEST(a_direction_nobody_wants_holds_nothing),
		TEST(when_the_budget_is_used_up_the_flow_is_given_up),
		TEST(random_cuts_orders_and_repeats_give_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
