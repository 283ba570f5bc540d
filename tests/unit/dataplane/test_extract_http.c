// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/dataplane/extract_recorder.h"

static struct recorder recorder;
static enum extract_verdict verdict;

static const char *told_in_pieces(const char *stream, size_t piece)
{
	size_t used;

	recorder_clear(&recorder);
	verdict = recorder_feed(&recorder, &extract_http, slice_text(stream), piece, &used);
	return recorder.text;
}

static const char *told(const char *stream)
{
	return told_in_pieces(stream, SIZE_MAX / 2);
}

static enum probe_result probed(const char *bytes)
{
	return extract_http.probe(slice_text(bytes), 12345);
}

static void a_request_tells_host_and_url(void **state)
{
	(void)state;
	assert_string_equal(told("GET /a?b=C HTTP/1.1\r\nHost: WWW.Example.com\r\n\r\n"),
	                    "http.host www.example.com\n"
	                    "http.url http://www.example.com/a?b=C\n");
	assert_int_equal(verdict, EXTRACT_MORE);
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void a_port_stays_in_the_url_only(void **state)
{
	(void)state;
	assert_string_equal(told("GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n"),
	                    "http.host example.com\n"
	                    "http.url http://example.com:8080/\n");
	assert_string_equal(told("GET / HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n\r\n"),
	                    "http.host 2001:db8::1\n"
	                    "http.url http://[2001:db8::1]:81/\n");
	assert_string_equal(told("GET / HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n"),
	                    "http.host 192.0.2.1\n"
	                    "http.url http://192.0.2.1/\n");
}

static void the_absolute_form_goes_before_host(void **state)
{
	(void)state;
	assert_string_equal(
		told("GET http://example.com/x HTTP/1.1\r\nHost: other.example\r\n\r\n"),
		"http.host example.com\n"
		"http.url http://example.com/x\n"
		"http.host other.example\n");
	assert_string_equal(told("GET http://example.com HTTP/1.0\r\nhost:Example.COM:80\r\n\r\n"),
	                    "http.host example.com\n"
	                    "http.url http://example.com/\n");
	assert_string_equal(told("GET https://example.com/ HTTP/1.0\r\n\r\n"),
	                    "http.host example.com\n"
	                    "http.url https://example.com/\n");
}

static void connect_tells_its_host_and_makes_room_for_another_protocol(void **state)
{
	static const char stream[] = "CONNECT example.com:443 HTTP/1.1\r\n"
				     "Host: example.com:443\r\n\r\n\x16\x03\x01";
	size_t used;

	(void)state;
	recorder_clear(&recorder);
	assert_int_equal(recorder_feed(&recorder, &extract_http, slice_text(stream), 1000, &used),
	                 EXTRACT_RESTART);
	assert_int_equal(used, sizeof(stream) - 1 - 3);
	assert_string_equal(recorder.text, "http.host example.com\n");
}

static void fields_are_found_among_others_that_begin_alike(void **state)
{
	(void)state;
	assert_string_equal(told("GET / HTTP/1.1\r\nA\r\n:\r\nHos: b\r\nHostess: c\r\nX: y\r\n"
	                         " Host: d\r\nhOsT: e.example\r\n\r\n"),
	                    "http.host e.example\n"
	                    "http.url http://e.example/\n");
	assert_string_equal(told("GET / HTTP/1.1\r\n Host: a.example\r\nHost: b.example\r\n\r\n"),
	                    "http.host a.example\n"
	                    "http.url http://a.example/\n");
}

static void without_a_host_there_is_nothing_to_tell(void **state)
{
	(void)state;
	assert_string_equal(told("GET / HTTP/1.0\r\n\r\n"), "");
	assert_string_equal(told("GET /x\r\n\r\n"), "");
	assert_string_equal(told("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "");
	assert_string_equal(told("OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n"),
	                    "http.host example.com\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void pipelined_requests_are_told_in_any_pieces(void **state)
{
	static const char stream[] =
		"\r\nGET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n"
		"POST /2 HTTP/1.1\r\nHost: b.example\r\nContent-Length: 24\r\n\r\n"
		"GET /no HTTP/1.1\r\nHost: \r\n"
		"PUT /3 HTTP/1.1\nhost : c.example\nTransfer-Encoding: gzip, Chunked\n"
		"Content-Length: 3\n\n"
		"5;x=y\r\nGET /\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n"
		"HEAD /4 HTTP/1.1\r\nHost:\r\n d.example\r\n\r\n";

	(void)state;
	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		assert_string_equal(told_in_pieces(stream, piece),
		                    "http.host a.example\nhttp.url http://a.example/1\n"
		                    "http.host b.example\nhttp.url http://b.example/2\n"
		                    "http.host c.example\nhttp.url http://c.example/3\n"
		                    "http.host d.example\nhttp.url http://d.example/4\n");
		assert_int_equal(verdict, EXTRACT_MORE);
		assert_int_equal(recorder.output.messages_malformed, 0);
	}
}

static void of_several_hosts_the_first_counts(void **state)
{
	(void)state;
	assert_string_equal(told("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n"),
	                    "http.host a.example\nhttp.url http://a.example/\n");
}

static void sloppy_requests_are_understood(void **state)
{
	(void)state;
	assert_string_equal(told("get  /a b\tHTTP/1.1\nhOsT:\ta.example \n\n"),
	                    "http.host a.example\nhttp.url http://a.example/a%20b\n");
	assert_string_equal(told("BREW /pot HTTP/1.1\r\nHost: a.example\r\n\r\n"),
	                    "http.host a.example\nhttp.url http://a.example/pot\n");
	assert_string_equal(told("GET /a\r\nHost: a.example\r\n\r\n"),
	                    "http.host a.example\nhttp.url http://a.example/a\n");
}

static void a_body_is_skipped_and_not_asked_for(void **state)
{
	struct extract_state http_state = {0};
	struct slice stream = slice_text("POST / HTTP/1.1\r\nHost: a.example\r\n"
	                                 "Content-Length: 1000\r\n\r\n0123456789");
	struct extract_progress progress;

	(void)state;
	recorder_clear(&recorder);
	progress = extract_http.consume(&http_state, stream, &recorder.output);
	assert_int_equal(progress.verdict, EXTRACT_MORE);
	assert_int_equal(progress.consumed, stream.size);
	assert_int_equal(progress.skip_bytes, 990);
}

static void a_head_without_end_tells_what_it_had(void **state)
{
	size_t size = 70 * 1024;
	char *stream = calloc(1, size + 1);

	(void)state;
	memset(stream, 'x', size);
	memcpy(stream, "GET / HTTP/1.1\r\nHost: a.example\r\nX: ", 36);
	assert_string_equal(told_in_pieces(stream, 1), "http.host a.example\n"
	                                               "http.url http://a.example/\n");
	assert_int_equal(verdict, EXTRACT_RESTART);
	assert_int_equal(recorder.output.messages_malformed, 1);
	free(stream);
}

static void a_url_that_is_too_long_is_cut(void **state)
{
	size_t size = 20000;
	char *stream = calloc(1, size + 100);

	(void)state;
	memset(stream, 'x', size);
	memcpy(stream, "GET /", 5);
	strcpy(stream + size, " HTTP/1.1\r\nHost: a.example\r\n\r\n");
	assert_non_null(strstr(told(stream), "http.url http://a.example/xxxxxxxx"));
	assert_true(recorder.size < URL_BYTES_MAX + 100);
	free(stream);
}

static void what_follows_an_upgrade_is_left_alone(void **state)
{
	(void)state;
	assert_string_equal(told("GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\r\n"
	                         "\x81\x05hello"),
	                    "http.host a.example\nhttp.url http://a.example/\n");
	assert_int_equal(verdict, EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void what_is_no_request_is_given_up(void **state)
{
	(void)state;
	assert_string_equal(told("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n\x01\x02\x03"),
	                    "http.host a.example\nhttp.url http://a.example/\n");
	assert_int_equal(verdict, EXTRACT_RESTART);
	assert_int_equal(recorder.output.messages_malformed, 1);
	// Also where its line comes in pieces.
	assert_string_equal(told("GET / FTP/1.1\r\nHost: a.example\r\n\r\n"), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
	assert_string_equal(told_in_pieces("GET / FTP/1.1\r\nHost: a.example\r\n\r\n", 8), "");
	assert_int_equal(verdict, EXTRACT_RESTART);
	(void)told("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
	assert_int_equal(verdict, EXTRACT_RESTART);
	(void)told("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n");
	assert_int_equal(verdict, EXTRACT_RESTART);
}

static void a_host_that_is_no_name_gives_no_url(void **state)
{
	(void)state;
	assert_string_equal(told("GET / HTTP/1.1\r\nHost: a..example\r\n\r\n"), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void requests_are_known_by_their_first_bytes(void **state)
{
	(void)state;
	assert_int_equal(probed("GET / HTTP/1.1"), PROBE_YES);
	assert_int_equal(probed("\r\npost http://a"), PROBE_YES);
	assert_int_equal(probed("CONNECT a.example:443 HTTP/1.1\r\n"), PROBE_YES);
	assert_int_equal(probed("BREW /pot HTTP/1.1\r\n"), PROBE_YES);
	assert_int_equal(probed("HTTP/1.1 200 OK\r\n"), PROBE_YES);
	assert_int_equal(probed("GE"), PROBE_MAYBE);
	assert_int_equal(probed("CONNECT a.exam"), PROBE_MAYBE);
	assert_int_equal(probed("OPTIONS sip:a@b SIP/2.0\r\n"), PROBE_NO);
	assert_int_equal(probed("OPTIONS rtsp://a/b RTSP/1.0\r\n"), PROBE_NO);
	assert_int_equal(probed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), PROBE_NO);
	assert_int_equal(probed("GET /a HTTP/1.x\r\n"), PROBE_YES);
	assert_int_equal(probed("GET /a/1.1\r\n"), PROBE_YES);
	assert_int_equal(probed("GET /a b/1c\r\n"), PROBE_YES);
	assert_int_equal(probed("GET /a /1.1\r\n"), PROBE_YES);
	assert_int_equal(probed("EHLO mail.example\r\n"), PROBE_NO);
	assert_int_equal(probed("SSH-2.0-OpenSSH_9.2\r\n"), PROBE_NO);
	assert_int_equal(probed("\x16\x03\x01"), PROBE_NO);
}

static void a_servers_direction_is_done(void **state)
{
	(void)state;
	assert_string_equal(told("HTTP/1.1 200 OK\r\n\r\n"), "");
	assert_int_equal(verdict, EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_tells_host_and_url),
		cmocka_unit_test(a_port_stays_in_the_url_only),
		cmocka_unit_test(the_absolute_form_goes_before_host),
		cmocka_unit_test(connect_tells_its_host_and_makes_room_for_another_protocol),
		cmocka_unit_test(fields_are_found_among_others_that_begin_alike),
		cmocka_unit_test(without_a_host_there_is_nothing_to_tell),
		cmocka_unit_test(pipelined_requests_are_told_in_any_pieces),
		cmocka_unit_test(of_several_hosts_the_first_counts),
		cmocka_unit_test(sloppy_requests_are_understood),
		cmocka_unit_test(a_body_is_skipped_and_not_asked_for),
		cmocka_unit_test(a_head_without_end_tells_what_it_had),
		cmocka_unit_test(a_url_that_is_too_long_is_cut),
		cmocka_unit_test(what_follows_an_upgrade_is_left_alone),
		cmocka_unit_test(what_is_no_request_is_given_up),
		cmocka_unit_test(a_host_that_is_no_name_gives_no_url),
		cmocka_unit_test(requests_are_known_by_their_first_bytes),
		cmocka_unit_test(a_servers_direction_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
