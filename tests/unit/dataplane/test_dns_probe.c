// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dataplane/dns_probe.h"

#define BYTES(text) slice_of(text, sizeof(text) - 1)

// Of "www.example", 17 bytes behind the header; an A record of that name is another 16.
#define QUESTION      \
	"\x03www\x07" \
	"example\x00\x00\x01\x00\x01"
#define RECORD   "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
#define OPT      "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
#define QUERY    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" QUESTION
#define RESPONSE "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" QUESTION RECORD

static void messages_are_taken_on_any_port(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} messages[] = {
#define MESSAGE(text) {text, sizeof(text) - 1}
		MESSAGE(QUERY),
		MESSAGE("\x12\x34\x01\x20\x00\x01\x00\x00\x00\x00\x00\x01" QUESTION OPT),
		MESSAGE(RESPONSE),
		MESSAGE("\x12\x34\x81\x83\x00\x01\x00\x00\x00\x00\x00"
	                "\x00" QUESTION), // NXDOMAIN
		MESSAGE("\x12\x34\x83\x80\x00\x01\x00\x09\x00\x00\x00"
	                "\x00" QUESTION), // TC
		MESSAGE("\x12\x34\x24\x00\x00\x01\x00\x01\x00\x00\x00\x00" QUESTION
	                        RECORD), // NOTIFY
		MESSAGE("\x12\x34\x28\x00\x00\x01\x00\x00\x00\x01\x00\x00" QUESTION
	                "\xc0\x0c\x00\x01\x00\xff\x00\x00\x00\x00\x00\x00"), // UPDATE:
	                                                                     // delete
		MESSAGE("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
	                "\x02\x00\x01"), // ". NS"
#undef MESSAGE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (!dns_probe_message(slice_of(messages[i].bytes, messages[i].size)))
			fail_msg("message %zu", i);
}

static void what_is_amiss_in_one_place_is_no_message(void **state)
{
	static const struct {
		size_t offset;
		uint8_t byte;
	} changes[] = {
		{2, 0x89},  // opcode 1
		{3, 0xc0},  // a reserved flag
		{3, 0x8c},  // RCODE 12
		{4, 1},     // 257 questions
		{5, 0},     // none
		{5, 2},     // two
		{7, 0},     // a record too many
		{7, 2},     // one too few
		{9, 1},     // likewise
		{11, 1},    // likewise
		{6, 0xff},  // more than fit
		{12, 0xc0}, // a pointer
		{12, 0x43}, // a label of an old kind
		{24, 5},    // the name ends elsewhere
		{26, 0},    // type 0
		{25, 0x77}, // a type that there is none of
		{28, 3},    // another class
		{27, 0x80}, // multicast DNS'
		{34, 3},    // of a record
		{40, 5},    // its data are longer
		{40, 3},    // shorter
	};
	uint8_t message[sizeof(RESPONSE) - 1];

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(message, RESPONSE, sizeof(message));
		message[changes[i].offset] = changes[i].byte;
		if (dns_probe_message(slice_of(message, sizeof(message))))
			fail_msg("byte %zu as %#x", changes[i].offset, changes[i].byte);
	}
	for (size_t size = 0; size < sizeof(message); size++)
		assert_false(dns_probe_message(slice_of(RESPONSE, size)));
	assert_false(dns_probe_message(BYTES(RESPONSE "\x00")));
	assert_false(dns_probe_message(BYTES(QUERY "\x00")));
}

static void a_query_has_no_answers_and_no_error(void **state)
{
	uint8_t message[sizeof(RESPONSE) - 1];

	(void)state;
	memcpy(message, RESPONSE, sizeof(message));
	message[2] = 0x01;
	assert_false(dns_probe_message(slice_of(message, sizeof(message))));
	memcpy(message, QUERY, sizeof(QUERY) - 1);
	message[3] = 2;
	assert_false(dns_probe_message(slice_of(message, sizeof(QUERY) - 1)));
}

// What travels over UDP besides: the first bytes of each, from their specifications.
static void other_protocols_are_no_message(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} others[] = {
#define OTHER(text) {text, sizeof(text) - 1}
		OTHER("\x00\x01\x00\x00\x21\x12\xa4\x42"
	              "0123456789ab"), // STUN
		OTHER("\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x01\x00\x00\x04"), // DTLS
		OTHER("\xc3\x00\x00\x00\x01\x08"
	              "01234567\x00\x00\x44\x9e"
	              "0123456789"), // QUIC
		OTHER("\x1b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	              "\x00\x00\x00\x00\x00"), // NTP
		OTHER("\x80\x60\x00\x01\x00\x00\x00\xa0\x12\x34\x56\x78"
	              "0123456789012345678"), // RTP
		OTHER("M-SEARCH * HTTP/1.1\r\n"),
		OTHER("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"), // BitTorrent
		OTHER("\xff\xff\xff\xffTSource Engine Query"),
		OTHER("\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
#undef OTHER
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(dns_probe_message(slice_of(others[i].bytes, others[i].size)));
		assert_int_equal(dns_probe_stream(slice_of(others[i].bytes, others[i].size)),
		                 PROBE_NO);
	}
}

// Half of them with a header's first eight bytes as a response has them.
static void random_bytes_are_no_message(void **state)
{
	uint64_t random = 1;
	uint8_t bytes[512];

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		size_t size = i % sizeof(bytes);

		for (size_t at = 0; at < size; at++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			bytes[at] = (uint8_t)(random >> 56);
		}
		if (i % 2 == 0 && size >= 8)
			memcpy(bytes, RESPONSE, 8);
		assert_false(dns_probe_message(slice_of(bytes, size)));
		assert_int_not_equal(dns_probe_stream(slice_of(bytes, size)), PROBE_YES);
	}
}

static void a_stream_is_told_by_its_first_question(void **state)
{
	struct slice stream = BYTES("\x00\x1d" QUERY);
	struct slice long_answer =
		BYTES("\x12\x34\x12\x34\x81\x80\x00\x01\x01\x00\x00\x00\x00\x00" QUESTION);

	(void)state;
	for (size_t size = 0; size < stream.size; size++)
		assert_int_equal(dns_probe_stream(slice_first(stream, size)), PROBE_MAYBE);
	assert_int_equal(dns_probe_stream(stream), PROBE_YES);
	assert_int_equal(dns_probe_stream(long_answer), PROBE_YES);
	assert_int_equal(dns_probe_stream(BYTES("\x00\x1e" QUERY)), PROBE_NO);
	assert_int_equal(dns_probe_stream(BYTES("\x00\x1c" QUERY)), PROBE_NO);
	assert_int_equal(dns_probe_stream(BYTES("\x00\x05" QUERY)), PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_taken_on_any_port),
		cmocka_unit_test(what_is_amiss_in_one_place_is_no_message),
		cmocka_unit_test(a_query_has_no_answers_and_no_error),
		cmocka_unit_test(other_protocols_are_no_message),
		cmocka_unit_test(random_bytes_are_no_message),
		cmocka_unit_test(a_stream_is_told_by_its_first_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
