// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <zlib.h>

#include "tests/unit/dataplane/http_scene.h"

enum { ROOM_BYTES = 128 * 1024, ZLIB = 15, GZIP = 15 + 16, RAW = -15 };

static struct http_scene scene;
static struct file_counters counters;
static uint8_t message[ROOM_BYTES];

static const char hello[] = "hello, hello, hello, hello";
static const uint8_t hello_brotli[] = {0x1b, 0x19, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde,
                                       0x44, 0x09, 0x52, 0x86, 0x96, 0x6c, 0x2c, 0x6f,
                                       0x31, 0x4f, 0x24, 0xb0, 0xe3, 0x00};
// 32 MB of zeros.
static const uint8_t bomb_brotli[] = {0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x27, 0x00, 0xe2, 0xb1,
                                      0x40, 0x20, 0xf7, 0xfe, 0x3f, 0xff, 0xff, 0xff, 0xf1,
                                      0x4f, 0x00, 0xc4, 0x61, 0x01, 0x80, 0xee, 0xfd, 0x3f};

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"

static size_t deflated(struct slice bytes, int window_bits, uint8_t room[ROOM_BYTES])
{
	z_stream stream = {0};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 9, 0), Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)bytes.data;
	stream.avail_in = (uInt)bytes.size;
	stream.next_out = room;
	stream.avail_out = ROOM_BYTES;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);
	return stream.total_out;
}

// Opens the scene, gives requests and one response, in pieces; leaves it open.
static void give(const char *requests, const char *fields, struct slice body, size_t piece_bytes)
{
	int size = snprintf((char *)message, sizeof(message),
	                    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n\r\n", body.size,
	                    fields);

	if (body.size > 0)
		memcpy(message + size, body.data, body.size);
	http_scene_give(&scene, 0, slice_text(requests), piece_bytes);
	http_scene_give(&scene, 1, slice_of(message, (size_t)size + body.size), piece_bytes);
}

static const char *close_scene(void)
{
	(void)http_scene_end(&scene, true);
	file_table_counters(scene.recorder.output.files, &counters);
	http_scene_close(&scene);
	return scene.recorder.text;
}

static const char *decoded(const char *codings, struct slice body, size_t piece_bytes)
{
	char fields[256];

	(void)snprintf(fields, sizeof(fields), "Content-Encoding: %s", codings);
	http_scene_open(&scene, 64 * SCENE_BUDGET_BYTES);
	give(GET("/x"), fields, body, piece_bytes);
	return close_scene();
}

static const char *line(const char *side, const char *name, struct slice content)
{
	static char text[256];
	char digest[17];

	http_scene_digest(content, digest);
	(void)snprintf(text, sizeof(text), "%s %s  %zu %s\n", side, name, content.size, digest);
	return text;
}

static void each_coding_is_taken_off_in_any_pieces(void **state)
{
	static const struct {
		const char *name;
		int window_bits;
	} cases[] = {{"gzip", GZIP}, {"X-GZIP", GZIP}, {"deflate", ZLIB}, {"deflate", RAW}};
	uint8_t body[ROOM_BYTES];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size = deflated(slice_text(hello), cases[i].window_bits, body);

		for (size_t piece = 1; piece < size + 100; piece += 3)
			assert_string_equal(decoded(cases[i].name, slice_of(body, size), piece),
			                    line("response", "x", slice_text(hello)));
	}
	for (size_t piece = 1; piece < 100; piece++)
		assert_string_equal(
			decoded("br", slice_of(hello_brotli, sizeof(hello_brotli)), piece),
			line("response", "x", slice_text(hello)));
	assert_string_equal(decoded("identity", slice_text(hello), 100),
	                    line("response", "x", slice_text(hello)));
}

static void codings_may_be_put_on_each_other_to_a_depth(void **state)
{
	uint8_t body[2][ROOM_BYTES];
	size_t size = deflated(slice_text(hello), GZIP, body[0]);

	(void)state;
	for (unsigned i = 1; i < 4; i++)
		size = deflated(slice_of(body[(i + 1) % 2], size), i % 2 == 1 ? ZLIB : GZIP,
		                body[i % 2]);
	assert_string_equal(decoded("gzip, deflate, gzip, deflate", slice_of(body[1], size), 7),
	                    line("response", "x", slice_text(hello)));
	assert_string_equal(
		decoded("gzip, deflate, gzip, deflate, gzip", slice_of(body[1], size), 7),
		"response x  0 cut\n");
	assert_int_equal(counters.lost[FILE_LOSS_CODING], 1);
}

static void members_of_gzip_are_one_file_and_what_follows_is_none_of_it(void **state)
{
	uint8_t body[ROOM_BYTES];
	size_t size = deflated(slice_text("hello, hello"), GZIP, body);

	(void)state;
	size += deflated(slice_text(", hello, hello"), GZIP, body + size);
	memcpy(body + size, "rubbish", 7);
	for (size_t piece = 1; piece < size + 50; piece++)
		assert_string_equal(decoded("gzip", slice_of(body, size + 7), piece),
		                    line("response", "x", slice_text(hello)));
}

static void what_cannot_be_decoded_has_no_hash(void **state)
{
	uint8_t body[ROOM_BYTES];
	size_t size = deflated(slice_text(hello), GZIP, body);

	(void)state;
	assert_string_equal(decoded("gzip", slice_text(hello), 9), "response x  0 cut\n");
	assert_int_equal(counters.lost[FILE_LOSS_CODING], 1);
	(void)decoded("gzip", slice_of(body, size - 1), 9); // its trailer is cut
	assert_int_equal(counters.lost[FILE_LOSS_CODING], 1);
	body[size - 6] ^= 1; // its checksum
	(void)decoded("gzip", slice_of(body, size), 9);
	assert_int_equal(counters.lost[FILE_LOSS_CODING], 1);
	assert_string_equal(decoded("compress", slice_text(hello), 9), "response x  0 cut\n");
	assert_int_equal(counters.lost[FILE_LOSS_CODING], 1);
	assert_string_equal(decoded("br", slice_text(hello), 9), "response x  0 cut\n");
	assert_int_equal(counters.lost[FILE_LOSS_CODING], 1);
}

static void a_transfer_coding_is_taken_off_before_the_contents(void **state)
{
	uint8_t inner[ROOM_BYTES], outer[ROOM_BYTES];
	size_t size = deflated(slice_text(hello), GZIP, inner);

	(void)state;
	size = deflated(slice_of(inner, size), ZLIB, outer);
	http_scene_open(&scene, 8 * SCENE_BUDGET_BYTES);
	give(GET("/x"), "Transfer-Encoding: deflate\r\nContent-Encoding: gzip",
	     slice_of(outer, size), 11);
	assert_string_equal(close_scene(), line("response", "x", slice_text(hello)));
}

static void bombs_are_given_up_within_bounds(void **state)
{
	static uint8_t zeros[8 << 20];
	uint8_t body[2][ROOM_BYTES];
	size_t size;

	(void)state;
	(void)decoded("br", slice_of(bomb_brotli, sizeof(bomb_brotli)), 9);
	assert_int_equal(counters.lost[FILE_LOSS_BOMB], 1);
	size = deflated(slice_of(zeros, sizeof(zeros)), GZIP, body[0]);
	(void)decoded("gzip", slice_of(body[0], size), 1000);
	assert_int_equal(counters.lost[FILE_LOSS_BOMB], 1);
	size = deflated(slice_of(body[0], size), GZIP, body[1]);
	(void)decoded("gzip, gzip", slice_of(body[1], size), 1000);
	assert_int_equal(counters.lost[FILE_LOSS_BOMB], 1);
	// As much as any input may give.
	size = deflated(slice_of(zeros, FILE_DECODED_FREE_BYTES), GZIP, body[0]);
	assert_string_equal(decoded("gzip", slice_of(body[0], size), 1000),
	                    line("response", "x", slice_of(zeros, FILE_DECODED_FREE_BYTES)));
}

static void without_room_for_a_decoder_there_is_no_hash(void **state)
{
	uint8_t body[ROOM_BYTES];
	size_t size = deflated(slice_text(hello), GZIP, body);

	(void)state;
	http_scene_open(&scene, 8 * 1024);
	give(GET("/x"), "Content-Encoding: gzip", slice_of(body, size), 100);
	assert_string_equal(close_scene(), "response x  0 cut\n");
	assert_int_equal(counters.lost[FILE_LOSS_ROOM], 1);
}

// Ranges of "0123456789", each answered on one connection.
static const char *put_together(const char *const ranges[], unsigned count)
{
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	for (unsigned i = 0; i < count; i++) {
		unsigned first, last;
		char response[256];

		assert_int_equal(sscanf(ranges[i], "%u-%u", &first, &last), 2);
		(void)snprintf(response, sizeof(response),
		               "HTTP/1.1 206 Partial\r\nContent-Range: bytes %s\r\n"
		               "Content-Length: %u\r\n\r\n%.*s",
		               ranges[i], last - first + 1, (int)(last - first + 1),
		               &"0123456789"[first]);
		http_scene_give(&scene, 0, slice_text(GET("/x")), 100);
		http_scene_give(&scene, 1, slice_text(response), 10);
	}
	return close_scene();
}

static void ranges_in_order_are_one_file(void **state)
{
	const char *expected = line("response", "x", slice_text("0123456789"));

	(void)state;
	assert_string_equal(put_together((const char *[]){"0-3/10", "4-4/10", "5-9/10"}, 3),
	                    expected);
	assert_string_equal(put_together((const char *[]){"0-9/10"}, 1), expected);
	assert_int_equal(counters.hashed, 1);
}

// Where nobody observes, what has no hash is not looked at further.
static void other_ranges_are_parts_without_a_hash(void **state)
{
	(void)state;
	assert_string_equal(put_together((const char *[]){"0-3/10", "5-9/10"}, 2),
	                    "response x  4 cut\nresponse x  0 cut\n");
	assert_int_equal(counters.lost[FILE_LOSS_PART], 2);
	assert_string_equal(put_together((const char *[]){"4-9/10", "0-3/10"}, 2),
	                    "response x  0 cut\nresponse x  4 cut\n");
	assert_string_equal(put_together((const char *[]){"0-3/10", "4-9/11"}, 2),
	                    "response x  4 cut\nresponse x  0 cut\n");
	assert_string_equal(put_together((const char *[]){"0-9/*"}, 1), "response x  0 cut\n");
}

static void ranges_of_other_targets_are_not_mixed(void **state)
{
	static const char first[] = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/10\r\n"
				    "Content-Length: 4\r\n\r\n0123";
	static const char second[] = "HTTP/1.1 206 P\r\nContent-Range: bytes 4-9/10\r\n"
				     "Content-Length: 6\r\n\r\n456789";

	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(GET("/x") GET("/y")), 100);
	http_scene_give(&scene, 1, slice_text(first), 100);
	http_scene_give(&scene, 1, slice_text(second), 100);
	assert_string_equal(close_scene(), "response x  4 cut\nresponse y  0 cut\n");
}

// Not even where the requests are not seen: of two that are not known nobody can say that they
// asked for the same.
static void ranges_of_targets_that_are_not_known_are_not_mixed(void **state)
{
	static const char first[] = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/10\r\n"
				    "Content-Length: 4\r\n\r\n0123";
	static const char second[] = "HTTP/1.1 206 P\r\nContent-Range: bytes 4-9/10\r\n"
				     "Content-Length: 6\r\n\r\n456789";

	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 1, slice_text(first), 100);
	http_scene_give(&scene, 1, slice_text(second), 100);
	assert_string_equal(close_scene(), "response   4 cut\nresponse   0 cut\n");
}

static const char *sent_with(const char *range, const char *body)
{
	char request[256];

	(void)snprintf(request, sizeof(request),
	               "PUT /x HTTP/1.1\r\nHost: a.example\r\nContent-Range: %s\r\n"
	               "Content-Length: %zu\r\n\r\n%s",
	               range, strlen(body), body);
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(request), 100);
	return close_scene();
}

// RFC 9110, section 14.5; whoever sends a large file that can be resumed does so, too.
static void a_part_that_is_sent_has_no_hash(void **state)
{
	(void)state;
	assert_string_equal(sent_with("bytes 0-3/10", "0123"), "request x  0 cut\n");
	assert_int_equal(counters.lost[FILE_LOSS_PART], 1);
	assert_string_equal(sent_with("bytes 4-9/10", "456789"), "request x  0 cut\n");
	assert_string_equal(sent_with("bytes 0-9/*", "0123456789"), "request x  0 cut\n");
	assert_string_equal(sent_with("bytes 0-9/10", "012345678"), "request x  0 cut\n");
	assert_string_equal(sent_with("bytes 0-9/10", "0123456789"),
	                    line("request", "x", slice_text("0123456789")));
}

// Ranges that wait for the next one are given up with their direction, whatever it turns into.
static void a_direction_that_turns_round_leaves_nothing_behind(void **state)
{
	static const char range[] = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/10\r\n"
				    "Content-Length: 4\r\n\r\n0123";

	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(GET("/x")), 100);
	http_scene_give(&scene, 1, slice_text(range), 100);
	http_scene_give(&scene, 1, slice_text(GET("/y")), 100);
	assert_string_equal(close_scene(), "response x  4 cut\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_coding_is_taken_off_in_any_pieces),
		cmocka_unit_test(codings_may_be_put_on_each_other_to_a_depth),
		cmocka_unit_test(members_of_gzip_are_one_file_and_what_follows_is_none_of_it),
		cmocka_unit_test(what_cannot_be_decoded_has_no_hash),
		cmocka_unit_test(a_transfer_coding_is_taken_off_before_the_contents),
		cmocka_unit_test(bombs_are_given_up_within_bounds),
		cmocka_unit_test(without_room_for_a_decoder_there_is_no_hash),
		cmocka_unit_test(ranges_in_order_are_one_file),
		cmocka_unit_test(other_ranges_are_parts_without_a_hash),
		cmocka_unit_test(ranges_of_other_targets_are_not_mixed),
		cmocka_unit_test(ranges_of_targets_that_are_not_known_are_not_mixed),
		cmocka_unit_test(a_part_that_is_sent_has_no_hash),
		cmocka_unit_test(a_direction_that_turns_round_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
