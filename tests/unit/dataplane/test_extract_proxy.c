// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/dataplane/extract_recorder.h"

#define BYTES(text) slice_of(text, sizeof(text) - 1)

#define LINE "PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n"
#define BINARY \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xc3\x50\x01\xbb"

static struct recorder recorder;

static void check_passed_over(struct slice header, struct slice stream)
{
	for (size_t piece = 1; piece <= stream.size; piece++) {
		size_t used;

		recorder_clear(&recorder);
		assert_int_equal(recorder_feed(&recorder, &extract_proxy, stream, piece, &used),
		                 EXTRACT_RESTART);
		assert_int_equal(used, header.size);
		assert_int_equal(recorder.output.messages_malformed, 0);
	}
}

static void both_headers_are_passed_over(void **state)
{
	(void)state;
	check_passed_over(BYTES(LINE), BYTES(LINE "\x16\x03\x01"));
	check_passed_over(BYTES(BINARY), BYTES(BINARY "GET / HTTP/1.1\r\n"));
}

static void headers_are_known_by_their_first_bytes(void **state)
{
	(void)state;
	assert_int_equal(extract_proxy.probe(BYTES("PROXY UNKNOWN\r\n"), 80), PROBE_YES);
	assert_int_equal(extract_proxy.probe(BYTES("PROX"), 80), PROBE_MAYBE);
	assert_int_equal(extract_proxy.probe(BYTES("PROXY TCP"), 80), PROBE_MAYBE);
	assert_int_equal(extract_proxy.probe(BYTES("PROXY TCP6 "), 80), PROBE_YES);
	assert_int_equal(extract_proxy.probe(BYTES("PROXY TCP /a"), 80), PROBE_NO);
	assert_int_equal(extract_proxy.probe(BYTES("\r\n\r\n"), 80), PROBE_MAYBE);
	assert_int_equal(extract_proxy.probe(BYTES("PROPFIND /"), 80), PROBE_NO);
	assert_int_equal(extract_proxy.probe(BYTES("\r\nGET /"), 80), PROBE_NO);
	assert_int_equal(extract_http.probe(BYTES(BINARY), 80), PROBE_NO);
	assert_int_equal(extract_http.probe(BYTES(LINE), 80), PROBE_NO);
}

static void a_line_without_end_is_malformed(void **state)
{
	static char line[200] = "PROXY TCP4 ";
	size_t used;

	(void)state;
	memset(line + 11, '1', sizeof(line) - 11);
	recorder_clear(&recorder);
	assert_int_equal(
		recorder_feed(&recorder, &extract_proxy, slice_of(line, sizeof(line)), 10, &used),
		EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_headers_are_passed_over),
		cmocka_unit_test(headers_are_known_by_their_first_bytes),
		cmocka_unit_test(a_line_without_end_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
