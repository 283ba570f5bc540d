// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/dataplane/http_scene.h"

static struct http_scene scene;
static struct file_counters counters;

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define OK        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"

// What an exchange tells, in pieces of this size.
static const char *told_in_pieces(const char *requests, const char *responses, size_t piece_bytes)
{
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(requests), piece_bytes);
	http_scene_give(&scene, 1, slice_text(responses), piece_bytes);
	(void)http_scene_end(&scene, true);
	file_table_counters(scene.recorder.output.files, &counters);
	http_scene_close(&scene);
	return scene.recorder.text;
}

static const char *told(const char *requests, const char *responses)
{
	return told_in_pieces(requests, responses, SIZE_MAX / 2);
}

// The line of a whole text/plain of a response.
static const char *whole(const char *name, const char *content)
{
	static char lines[4][256];
	static unsigned next;
	char *line = lines[next++ % 4], digest[17];

	http_scene_digest(slice_text(content), digest);
	(void)snprintf(line, sizeof(lines[0]), "response %s text/plain %zu %s\n", name,
	               strlen(content), digest);
	return line;
}

static const char *both(const char *first, const char *second)
{
	static char text[512];

	(void)snprintf(text, sizeof(text), "%s%s", first, second);
	return text;
}

static void a_body_of_a_length_is_a_file(void **state)
{
	static const char responses[] = OK "Content-Length: 5\r\n\r\nhello";

	(void)state;
	for (size_t piece = 1; piece < sizeof(responses); piece++)
		assert_string_equal(told_in_pieces(GET("/x/y.txt?z=/a"), responses, piece),
		                    whole("y.txt", "hello"));
	assert_int_equal(counters.files, 1);
	assert_int_equal(counters.hashed, 1);
}

static void chunks_are_joined_without_extensions_and_trailers(void **state)
{
	static const char responses[] = OK "Transfer-Encoding: chunked\r\n\r\n"
					   "3;name=\"value\"\r\nhel\r\n0002\r\nlo\r\n0\r\n"
					   "Trailer: hello\r\n\r\n" OK
					   "Content-Length: 3\r\n\r\nabc";

	(void)state;
	for (size_t piece = 1; piece < sizeof(responses); piece++)
		assert_string_equal(told_in_pieces(GET("/1") GET("/2"), responses, piece),
		                    both(whole("1", "hello"), whole("2", "abc")));
}

static void a_body_may_last_until_the_connection_ends(void **state)
{
	(void)state;
	assert_string_equal(told(GET("/1"), OK "\r\nhello"), whole("1", "hello"));
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(GET("/1")), 100);
	http_scene_give(&scene, 1, slice_text(OK "\r\nhello"), 100);
	assert_string_equal(http_scene_end(&scene, false), "response 1 text/plain 5 cut\n");
	http_scene_close(&scene);
}

static void transfer_encoding_goes_before_content_length(void **state)
{
	(void)state;
	assert_string_equal(told(GET("/1"), OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"
	                                       "\r\n5\r\nhello\r\n0\r\n\r\n"),
	                    whole("1", "hello"));
	assert_string_equal(told(GET("/1"), OK "Transfer-Encoding: x\r\nContent-Length: 2\r\n\r\n"
	                                       "hello"),
	                    "response 1 text/plain 0 cut\n");
}

static void of_lengths_that_differ_the_first_counts(void **state)
{
	(void)state;
	assert_string_equal(told(GET("/1"), OK "Content-Length: 5\r\nContent-Length: 4\r\n\r\n"
	                                       "hello"),
	                    whole("1", "hello"));
	assert_int_equal(scene.recorder.output.messages_malformed, 1);
	assert_string_equal(told(GET("/1"), OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"
	                                       "hello"),
	                    whole("1", "hello"));
	assert_int_equal(scene.recorder.output.messages_malformed, 0);
}

static void some_responses_have_no_body_whatever_they_say(void **state)
{
	(void)state;
	assert_string_equal(told("HEAD /1 HTTP/1.1\r\n\r\n" GET("/2"),
	                         OK "Content-Length: 5\r\n\r\n" OK "Content-Length: 3\r\n\r\nabc"),
	                    whole("2", "abc"));
	assert_string_equal(told(GET("/1") GET("/2"),
	                         "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n" OK
	                         "Content-Length: 3\r\n\r\nabc"),
	                    whole("2", "abc"));
	assert_string_equal(told(GET("/1") GET("/2"),
	                         "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" OK
	                         "Content-Length: 3\r\n\r\nabc"),
	                    whole("2", "abc"));
	assert_string_equal(told(GET("/1"), "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" OK
	                                    "Content-Length: 3\r\n\r\nabc"),
	                    whole("1", "abc"));
	assert_string_equal(told(GET("/1"), OK "Content-Length: 0\r\n\r\n"), "");
	assert_int_equal(counters.files, 0);
}

static void connect_ends_http_in_both_directions(void **state)
{
	(void)state;
	assert_string_equal(told("CONNECT b.example:443 HTTP/1.1\r\n\r\n",
	                         "HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x01"),
	                    "");
	assert_int_equal(scene.verdicts[0], EXTRACT_RESTART);
	assert_int_equal(scene.verdicts[1], EXTRACT_RESTART);
	assert_int_equal(scene.pending_bytes[1], 3);
	// Refused, it goes on.
	assert_string_equal(told("CONNECT b.example:443 HTTP/1.1\r\n\r\n",
	                         "HTTP/1.1 403 No\r\nContent-Type: text/plain\r\n"
	                         "Content-Length: 2\r\n\r\nno"),
	                    whole("", "no"));
	assert_string_equal(told(GET("/"), "HTTP/1.1 101 Switching\r\n\r\n\x81\x02hi"), "");
	assert_int_equal(scene.verdicts[1], EXTRACT_RESTART);
}

static void responses_without_requests_are_read_all_the_same(void **state)
{
	static const char responses[] = OK "Content-Length: 5\r\n\r\nhello" OK
					   "Content-Length: 3\r\n\r\nabc";

	(void)state;
	assert_string_equal(told("", responses), both(whole("", "hello"), whole("", "abc")));
	// It can only be guessed that this was an answer to HEAD.
	assert_string_equal(
		told("", OK "Content-Length: 5000\r\n\r\n" OK "Content-Length: 3\r\n\r\nabc"),
		whole("", "abc"));
	(void)told("", "HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x01");
	assert_int_equal(scene.verdicts[1], EXTRACT_RESTART);
}

static void requests_without_responses_leave_nothing_behind(void **state)
{
	(void)state;
	assert_string_equal(told(GET("/1") GET("/2"), ""), "");
	assert_int_equal(counters.files, 0);
}

static void more_requests_than_are_known_of_are_still_counted(void **state)
{
	static char requests[4096], responses[4096], expected[4096];

	(void)state;
	requests[0] = responses[0] = expected[0] = '\0';
	for (unsigned i = 0; i < HTTP_PIPELINE_MAX + 3; i++) {
		char name[8] = {(char)('a' + i), '\0'};

		(void)snprintf(requests + strlen(requests), 64, "GET /%s HTTP/1.1\r\n\r\n", name);
		(void)snprintf(responses + strlen(responses), 128, OK "Content-Length: 1\r\n\r\n%s",
		               name);
		(void)strcat(expected, whole(i < HTTP_PIPELINE_MAX ? name : "", name));
	}
	(void)strcat(requests, GET("/last"));
	(void)strcat(responses, OK "Content-Length: 1\r\n\r\nz");
	(void)strcat(expected, whole("", "z"));
	assert_string_equal(told(requests, responses), expected);
}

static void a_response_that_comes_before_its_request_does_not_get_the_next_ones_name(void **state)
{
	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 1, slice_text(OK "Content-Length: 1\r\n\r\n1"), 1000);
	http_scene_give(&scene, 0, slice_text(GET("/1") GET("/2")), 1000);
	http_scene_give(&scene, 1, slice_text(OK "Content-Length: 1\r\n\r\n2"), 1000);
	assert_string_equal(http_scene_end(&scene, true), both(whole("", "1"), whole("2", "2")));
	http_scene_close(&scene);
}

static void a_file_with_a_gap_has_no_hash_and_is_counted(void **state)
{
	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(GET("/1") GET("/2")), 1000);
	http_scene_give(&scene, 1, slice_text(OK "Content-Length: 10\r\n\r\n012"), 1000);
	http_scene_lose(&scene, 1, 4);
	http_scene_give(&scene, 1, slice_text("789" OK "Content-Length: 3\r\n\r\nabc"), 1000);
	assert_string_equal(http_scene_end(&scene, true),
	                    both("response 1 text/plain 3 cut\n", whole("2", "abc")));
	file_table_counters(scene.recorder.output.files, &counters);
	assert_int_equal(counters.files, 2);
	assert_int_equal(counters.hashed, 1);
	assert_int_equal(counters.lost[FILE_LOSS_GAP], 1);
	http_scene_close(&scene);
}

static void a_gap_beyond_a_body_is_picked_up_at_the_next_message(void **state)
{
	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(GET("/1") GET("/2")), 1000);
	http_scene_give(&scene, 1, slice_text(OK "Content-Length: 10\r\n\r\n012"), 1000);
	http_scene_lose(&scene, 1, 8);
	http_scene_give(&scene, 1, slice_text(OK "Content-Length: 3\r\n\r\nabc"), 1000);
	assert_string_equal(http_scene_end(&scene, true),
	                    both("response 1 text/plain 3 cut\n", whole("", "abc")));
	http_scene_close(&scene);
}

static void what_is_cut_off_has_no_hash(void **state)
{
	(void)state;
	assert_string_equal(told(GET("/1"), OK "Content-Length: 10\r\n\r\n012"),
	                    "response 1 text/plain 3 cut\n");
	assert_string_equal(told(GET("/1"), OK "Transfer-Encoding: chunked\r\n\r\n3\r\n012\r\n"),
	                    "response 1 text/plain 3 cut\n");
}

static void where_nobody_wants_files_responses_are_done_at_once(void **state)
{
	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	scene.recorder.output.hashes_wanted = 0;
	http_scene_give(&scene, 0, slice_text("POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"),
	                999);
	http_scene_give(&scene, 1, slice_text(OK "Content-Length: 99\r\n\r\n"), 999);
	assert_int_equal(scene.skip_bytes[0], 99);
	assert_int_equal(scene.verdicts[1], EXTRACT_DONE);
	assert_int_equal(scene.shared.owner, 0);
	assert_string_equal(http_scene_end(&scene, true), "");
	http_scene_close(&scene);
}

static void without_room_bodies_are_passed_over(void **state)
{

	(void)state;
	http_scene_open(&scene, 1); // one connection, one file
	scene.shared.owner = 99;    // which is another's
	http_scene_give(&scene, 0, slice_text(GET("/1")), 999);
	http_scene_give(&scene, 1, slice_text(OK "Content-Length: 9\r\n\r\n"), 999);
	assert_int_equal(scene.skip_bytes[1], 9);
	http_scene_give(&scene, 0, slice_text("PUT / HTTP/1.1\r\nContent-Length: 7\r\n\r\n"), 999);
	assert_int_equal(scene.skip_bytes[0], 7);
	scene.shared.owner = 0;
	assert_string_equal(http_scene_end(&scene, true), "");
	file_table_counters(scene.recorder.output.files, &counters);
	assert_int_equal(counters.files, 2);
	assert_int_equal(counters.lost[FILE_LOSS_ROOM], 2);
	http_scene_close(&scene);
}

static void a_request_body_is_a_file_too(void **state)
{
	static const char request[] = "PUT /up/load.bin HTTP/1.1\r\nContent-Type: a/b\r\n"
				      "Content-Length: 5\r\n\r\nhello" GET("/");
	char digest[17], expected[64];

	(void)state;
	http_scene_digest(slice_text("hello"), digest);
	(void)snprintf(expected, sizeof(expected), "request load.bin a/b 5 %s\n", digest);
	for (size_t piece = 1; piece < sizeof(request); piece++)
		assert_string_equal(told_in_pieces(request, "", piece), expected);
}

static void a_name_in_the_head_goes_before_the_targets(void **state)
{
	(void)state;
	assert_string_equal(told(GET("/x"), OK
	                         "Content-Disposition: attachment; filename=\"a;\\\"b\\c.exe\"\r\n"
	                         "Content-Length: 2\r\n\r\nhi"),
	                    whole("a;\"b\\c.exe", "hi"));
	assert_string_equal(told(GET("/x"), OK "Content-Disposition: attachment; filename=plain; "
	                                       "filename*=UTF-8''%e2%82%ac%20x\r\n"
	                                       "Content-Length: 2\r\n\r\nhi"),
	                    whole("\xe2\x82\xac x", "hi"));
	assert_string_equal(told(GET("/x"), OK "Content-Disposition: inline; "
	                                       "filename*=iso-8859-1'en'%a3x\r\n"
	                                       "Content-Length: 2\r\n\r\nhi"),
	                    whole("\xc2\xa3x", "hi"));
	assert_string_equal(told(GET("/x"), OK "Content-Disposition: form-data; name=filename\r\n"
	                                       "Content-Length: 2\r\n\r\nhi"),
	                    whole("x", "hi"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_of_a_length_is_a_file),
		cmocka_unit_test(chunks_are_joined_without_extensions_and_trailers),
		cmocka_unit_test(a_body_may_last_until_the_connection_ends),
		cmocka_unit_test(transfer_encoding_goes_before_content_length),
		cmocka_unit_test(of_lengths_that_differ_the_first_counts),
		cmocka_unit_test(some_responses_have_no_body_whatever_they_say),
		cmocka_unit_test(connect_ends_http_in_both_directions),
		cmocka_unit_test(responses_without_requests_are_read_all_the_same),
		cmocka_unit_test(requests_without_responses_leave_nothing_behind),
		cmocka_unit_test(more_requests_than_are_known_of_are_still_counted),
		cmocka_unit_test(
			a_response_that_comes_before_its_request_does_not_get_the_next_ones_name),
		cmocka_unit_test(a_file_with_a_gap_has_no_hash_and_is_counted),
		cmocka_unit_test(a_gap_beyond_a_body_is_picked_up_at_the_next_message),
		cmocka_unit_test(what_is_cut_off_has_no_hash),
		cmocka_unit_test(where_nobody_wants_files_responses_are_done_at_once),
		cmocka_unit_test(without_room_bodies_are_passed_over),
		cmocka_unit_test(a_request_body_is_a_file_too),
		cmocka_unit_test(a_name_in_the_head_goes_before_the_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
