// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dataplane/dns_name.h"
#include "tests/unit/dataplane/extract_recorder.h"

#define BYTES(text) slice_of(text, sizeof(text) - 1)

// Header: id, flags, four counts.
#define QUERY(questions, answers) "\x12\x34\x01\x00\x00" questions "\x00" answers "\x00\x00\x00\x00"
#define RESPONSE(answers, authority, additional) \
	"\x12\x34\x81\x80\x00\x01\x00" answers "\x00" authority "\x00" additional
#define WWW_EXAMPLE   \
	"\x03www\x07" \
	"Example\x03" \
	"com\x00" // at 12; "example" at 16
#define TYPE_IN(type)                   "\x00" type "\x00\x01"
#define RECORD(owner, type, size, data) owner TYPE_IN(type) "\x00\x00\x00\x3c\x00" size data

// A zone's transfer goes on without a question (RFC 5936, section 2.2).
#define NO_HEADER "\x00\x20\x12\x34\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00"

static struct recorder recorder;

static const char *told(struct slice message)
{
	recorder_clear(&recorder);
	extract_dns_message(message, &recorder.output);
	return recorder.text;
}

static void a_query_tells_its_name_in_lower_case(void **state)
{
	(void)state;
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") WWW_EXAMPLE TYPE_IN("\x01"))),
	                    "dns.query www.example.com\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void a_response_tells_question_chain_and_addresses(void **state)
{
	(void)state;
	assert_string_equal(
		told(BYTES(RESPONSE("\x03", "\x00", "\x00") WWW_EXAMPLE TYPE_IN("\x01") RECORD(
			"\xc0\x0c", "\x05", "\x06",
			"\x03"
			"cdn\xc0\x10") RECORD("\xc0\x2d", "\x01", "\x04", "\xc0\x00\x02\x01")
	                           RECORD("\xc0\x2d", "\x1c", "\x10",
	                                  "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	                                  "\x00\x01"))),
		"dns.query www.example.com\n"
		"dns.answer.name cdn.example.com\n"
		"dns.answer.address 192.0.2.1\n"
		"dns.answer.address 2001:db8::1\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void targets_of_all_sections_are_told_once(void **state)
{
	(void)state;
	assert_string_equal(
		told(BYTES(RESPONSE("\x02", "\x01", "\x02") WWW_EXAMPLE TYPE_IN("\x0f") RECORD(
			"\xc0\x0c", "\x0f", "\x07",
			"\x00\x0a\x02mx\xc0\x10") RECORD("\xc0\x0c", "\x21", "\x0a",
	                                                 "\x00\x00\x00\x00\x00\x50\x01s\xc0\x10")
	                           RECORD("\xc0\x10", "\x02", "\x05", "\x02ns\xc0\x10") RECORD(
					   "\x02mx\xc0\x10", "\x01", "\x04", "\xc0\x00\x02\x01")
	                                   RECORD("\xc0\x0c", "\x01", "\x04", "\xc0\x00\x02\x01"))),
		"dns.query www.example.com\n"
		"dns.answer.name mx.example.com\n"
		"dns.answer.name s.example.com\n"
		"dns.answer.name example.com\n"
		"dns.answer.name ns.example.com\n"
		"dns.answer.address 192.0.2.1\n");
}

static void a_service_record_tells_target_and_hints(void **state)
{
	(void)state;
	assert_string_equal(
		told(BYTES(RESPONSE("\x01", "\x00", "\x00") WWW_EXAMPLE TYPE_IN("\x41")
	                           RECORD("\xc0\x0c", "\x41", "\x19",
	                                  "\x00\x01\x03svc\x00"
	                                  "\x00\x01\x00\x02h3"
	                                  "\x00\x04\x00\x08\xc0\x00\x02\x01\xc0\x00\x02\x02"))),
		"dns.query www.example.com\n"
		"dns.answer.name svc\n"
		"dns.answer.address 192.0.2.1\n"
		"dns.answer.address 192.0.2.2\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void a_reversed_address_is_told_as_address_too(void **state)
{
	(void)state;
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") "\x01"
	                                                     "4\x01"
	                                                     "3\x01"
	                                                     "2\x01"
	                                                     "1\x07"
	                                                     "in-addr\x04"
	                                                     "arpa\x00" TYPE_IN("\x0c"))),
	                    "dns.query 4.3.2.1.in-addr.arpa\n"
	                    "dns.query 1.2.3.4\n");
}

static void the_root_and_edns_give_nothing(void **state)
{
	(void)state;
	assert_string_equal(
		told(BYTES("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"
	                   "\x00" TYPE_IN("\x02") "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00")),
		"");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void odd_bytes_are_escaped_and_dots_stay_apart(void **state)
{
	(void)state;
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") "\x05"
	                                                     "a.b \xff\x04"
	                                                     "evil\x00" TYPE_IN("\x01"))),
	                    "dns.query a\\046b\\032\\255.evil\n");
}

static void a_long_name_of_odd_bytes_still_fits(void **state)
{
	uint8_t message[12 + 255 + 4] = "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00";
	size_t at = 12;
	char expected[300] = "dns.query ";

	(void)state;
	for (unsigned label = 0; label < 3; label++) {
		message[at] = 63;
		memset(message + at + 1, 0x80, 63);
		at += 64;
		memset(expected + strlen(expected), '?', 63);
		strcat(expected, ".");
	}
	memcpy(message + at,
	       "\x04"
	       "evil\x00\x00\x01\x00\x01",
	       10);
	strcat(expected, "evil\n");
	assert_string_equal(told(slice_of(message, at + 10)), expected);
}

static void pointers_ahead_loops_and_long_labels_are_malformed(void **state)
{
	(void)state;
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") "\xc0\x0c" TYPE_IN("\x01"))), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") "\x01"
	                                                     "a\xc0\x0c" TYPE_IN("\x01"))),
	                    "");
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") "\xc0\x0e\x01"
	                                                     "a\x00" TYPE_IN("\x01"))),
	                    "");
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") "\xc0\x02\x01"
	                                                     "a\x00" TYPE_IN("\x01"))),
	                    "");
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") "\x41"
	                                                     "a\x00" TYPE_IN("\x01"))),
	                    "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void a_cut_message_tells_what_came_before(void **state)
{
	static const char message[] = RESPONSE("\x02", "\x00", "\x00") WWW_EXAMPLE TYPE_IN("\x01")
		RECORD("\xc0\x0c", "\x05", "\x06",
	               "\x03"
	               "cdn\xc0\x10") RECORD("\xc0\x2d", "\x01", "\x04", "\xc0\x00\x02\x01");

	(void)state;
	assert_string_equal(told(slice_of(message, sizeof(message) - 3)),
	                    "dns.query www.example.com\n"
	                    "dns.answer.name cdn.example.com\n");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void bad_data_spoils_only_its_own_record(void **state)
{
	(void)state;
	assert_string_equal(
		told(BYTES(RESPONSE("\x02", "\x00", "\x00") WWW_EXAMPLE TYPE_IN("\x01")
	                           RECORD("\xc0\x0c", "\x05", "\x02", "\x09x")
	                                   RECORD("\xc0\x0c", "\x01", "\x04", "\xc0\x00\x02\x01"))),
		"dns.query www.example.com\n"
		"dns.answer.address 192.0.2.1\n");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void a_name_that_is_none_hides_nothing_behind_it(void **state)
{
	uint8_t message[600] = "\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00";
	struct slice record = BYTES(RECORD("\x01"
	                                   "a\x00",
	                                   "\x01", "\x04", "\xc0\x00\x02\x01"));
	size_t at = 12;

	(void)state;
	for (unsigned label = 0; label < 5; label++, at += 64)
		message[at] = 63; // 320 bytes: too long
	memcpy(message + at, "\x00\x00\x01\x00\x01", 5);
	memcpy(message + at + 5, record.data, record.size);
	assert_string_equal(told(slice_of(message, at + 5 + record.size)),
	                    "dns.answer.name a\n"
	                    "dns.answer.address 192.0.2.1\n");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void what_is_no_dns_gives_nothing(void **state)
{
	(void)state;
	assert_string_equal(told(BYTES("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")), "");
	assert_string_equal(told(BYTES("\x12\x34\x01\x00\x00\x01")), "");
	assert_string_equal(told(BYTES(QUERY("\x01", "\x00") WWW_EXAMPLE "\x00\x01\x77\x77")), "");
	assert_string_equal(told(slice_of(NULL, 0)), "");
}

static void the_work_of_a_crafted_message_is_bounded(void **state)
{
	static uint8_t message[65535];
	struct slice record = BYTES(RECORD("\xc0\x0c", "\x10", "\x00", ""));
	size_t at = 12;

	(void)state;
	// A name of 253 bytes, then as many records as fit whose owner points to a suffix of it,
	// each another one, so that none is remembered.
	memcpy(message, "\x00\x01\x80\x00\x00\x01\x15\x00\x00\x00\x00\x00", 12);
	for (unsigned label = 0; label < 126; label++, at += 2) {
		message[at] = 1;
		message[at + 1] = 'a';
	}
	memcpy(message + at, "\x00\x00\x01\x00\x01", 5);
	at += 5;
	for (unsigned i = 0; sizeof(message) - at >= record.size; i++, at += record.size) {
		memcpy(message + at, record.data, record.size);
		message[at + 1] = (uint8_t)(12 + 2 * (1 + i % 40));
	}
	recorder_clear(&recorder);
	extract_dns_message(slice_of(message, at), &recorder.output);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

// A name that comes to nothing at the end of a long chain costs what one that is told does.
static void names_that_fail_use_up_the_work_as_well(void **state)
{
	uint8_t message[12 + 2 + 2 * 100];
	size_t work_left = 250;
	struct dns_name name;

	(void)state;
	memset(message, 0, sizeof(message));
	message[12] = 0x40; // no label
	for (unsigned i = 0; i < 100; i++) {
		message[14 + 2 * i] = 0xc0;
		message[15 + 2 * i] = (uint8_t)(12 + 2 * i);
	}
	for (unsigned i = 0; i < 3; i++) {
		size_t offset = sizeof(message) - 2;

		assert_int_equal(work_left, 250 - 100 * i);
		assert_true(dns_name_read(slice_of(message, sizeof(message)), &offset, &work_left,
		                          &name));
		assert_true(name.is_malformed);
		assert_int_equal(offset, sizeof(message));
	}
	assert_int_equal(work_left, 0);
}

static void a_stream_gives_several_messages_in_any_pieces(void **state)
{
	static const char stream[] = "\x00\x21" QUERY("\x01", "\x00") WWW_EXAMPLE TYPE_IN(
		"\x01") "\x00\x1b" QUERY("\x01", "\x00") "\x01"
							 "b\x07"
							 "example\x00" TYPE_IN("\x01");

	(void)state;
	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		size_t used;

		recorder_clear(&recorder);
		assert_int_equal(recorder_feed(&recorder, &extract_dns_stream,
		                               slice_of(stream, sizeof(stream) - 1), piece, &used),
		                 EXTRACT_MORE);
		assert_int_equal(used, sizeof(stream) - 1);
		assert_string_equal(recorder.text, "dns.query www.example.com\n"
		                                   "dns.query b.example\n");
	}
}

static void a_stream_is_dns_by_its_port_or_by_its_first_message(void **state)
{
	struct slice stream = BYTES("\x00\x21" QUERY("\x01", "\x00") WWW_EXAMPLE TYPE_IN("\x01"));

	(void)state;
	assert_int_equal(extract_dns_stream.probe(stream, 53), PROBE_YES);
	assert_int_equal(extract_dns_stream.probe(slice_first(stream, 2), 53), PROBE_MAYBE);
	assert_int_equal(extract_dns_stream.probe(stream, 8080), PROBE_YES);
	for (size_t size = 0; size < stream.size; size++)
		assert_int_equal(extract_dns_stream.probe(slice_first(stream, size), 8080),
		                 PROBE_MAYBE);
	assert_int_equal(extract_dns_stream.probe(stream, 5355), PROBE_NO);
	assert_int_equal(extract_dns_stream.probe(BYTES("SSH-2.0-OpenSSH_9"), 22), PROBE_NO);
	assert_int_equal(extract_dns_stream.probe(BYTES("SSH-2"), 22), PROBE_NO);
	assert_int_equal(extract_dns_stream.probe(BYTES(NO_HEADER), 53), PROBE_YES);
	assert_int_equal(extract_dns_stream.probe(BYTES(NO_HEADER), 54), PROBE_NO);
	assert_int_equal(extract_dns_stream.probe(BYTES("SSH-2.0-OpenSSH_9"), 53), PROBE_NO);
}

static void a_stream_that_goes_astray_is_done(void **state)
{
	size_t used;

	(void)state;
	recorder_clear(&recorder);
	assert_int_equal(recorder_feed(&recorder, &extract_dns_stream,
	                               BYTES("\x00\x03"
	                                     "abcdef"),
	                               8, &used),
	                 EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_tells_its_name_in_lower_case),
		cmocka_unit_test(a_response_tells_question_chain_and_addresses),
		cmocka_unit_test(targets_of_all_sections_are_told_once),
		cmocka_unit_test(a_service_record_tells_target_and_hints),
		cmocka_unit_test(a_reversed_address_is_told_as_address_too),
		cmocka_unit_test(the_root_and_edns_give_nothing),
		cmocka_unit_test(odd_bytes_are_escaped_and_dots_stay_apart),
		cmocka_unit_test(a_long_name_of_odd_bytes_still_fits),
		cmocka_unit_test(pointers_ahead_loops_and_long_labels_are_malformed),
		cmocka_unit_test(a_cut_message_tells_what_came_before),
		cmocka_unit_test(bad_data_spoils_only_its_own_record),
		cmocka_unit_test(a_name_that_is_none_hides_nothing_behind_it),
		cmocka_unit_test(what_is_no_dns_gives_nothing),
		cmocka_unit_test(the_work_of_a_crafted_message_is_bounded),
		cmocka_unit_test(names_that_fail_use_up_the_work_as_well),
		cmocka_unit_test(a_stream_gives_several_messages_in_any_pieces),
		cmocka_unit_test(a_stream_is_dns_by_its_port_or_by_its_first_message),
		cmocka_unit_test(a_stream_that_goes_astray_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
