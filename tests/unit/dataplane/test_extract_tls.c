// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/dataplane/extract_recorder.h"

// Of make_hello() with a name: md5sum of "771,4865-4866,4660-0-21,,"; sha256sum of "1301,1302" and
// of "0015,1234".
#define JA3 "0e72aeb3c49f08719c40e0ed141eb4f0"
#define JA4 "t12d020300_62ed6f6ca7ad_1c0649a9292b"

#define BYTES(text) slice_of(text, sizeof(text) - 1)

static struct recorder recorder;

// A ClientHello being written: handshake bytes without record headers.
struct hello_text {
	uint8_t bytes[200 * 1024];
	size_t size;
};

static void put(struct hello_text *hello, const void *bytes, size_t size)
{
	memcpy(hello->bytes + hello->size, bytes, size);
	hello->size += size;
}

static void put_be(struct hello_text *hello, size_t value, unsigned size)
{
	while (size-- > 0) {
		uint8_t byte = (uint8_t)(value >> 8 * size);

		put(hello, &byte, 1);
	}
}

static void put_filler(struct hello_text *hello, unsigned type, size_t size)
{
	put_be(hello, type, 2);
	put_be(hello, size, 2);
	memset(hello->bytes + hello->size, 0x5a, size);
	hello->size += size;
}

static void put_name(struct hello_text *hello, struct slice name)
{
	put_be(hello, 0, 2);
	put_be(hello, name.size + 5, 2);
	put_be(hello, name.size + 3, 2);
	put_be(hello, 0, 1);
	put_be(hello, name.size, 2);
	put(hello, name.data, name.size);
}

// `filler_bytes` of another extension stand before the name's.
static void make_hello(struct hello_text *hello, struct slice name, size_t filler_bytes)
{
	struct hello_text *body = calloc(1, sizeof(*body));
	struct hello_text *extensions = calloc(1, sizeof(*extensions));

	put_filler(extensions, 0x1234, filler_bytes);
	if (name.size > 0)
		put_name(extensions, name);
	put_filler(extensions, 21, 7);
	put(body, "\x03\x03", 2);
	memset(body->bytes + body->size, 0x11, 32);
	body->size += 32;
	put(body, "\x02id\x00\x04\x13\x01\x13\x02\x01\x00", 11);
	put_be(body, extensions->size, 2);
	put(body, extensions->bytes, extensions->size);
	hello->size = 0;
	put_be(hello, 1, 1);
	put_be(hello, body->size, 3);
	put(hello, body->bytes, body->size);
	free(body);
	free(extensions);
}

// Cuts the handshake into records of at most `record_bytes`.
static struct hello_text *in_records(const struct hello_text *hello, size_t record_bytes)
{
	struct hello_text *stream = calloc(1, sizeof(*stream));

	for (size_t at = 0; at < hello->size;) {
		size_t left = hello->size - at;
		size_t size = left < record_bytes ? left : record_bytes;

		put(stream, "\x16\x03\x01", 3);
		put_be(stream, size, 2);
		put(stream, hello->bytes + at, size);
		at += size;
	}
	return stream;
}

static enum extract_verdict feed(const struct hello_text *hello, size_t record_bytes, size_t piece)
{
	struct hello_text *stream = in_records(hello, record_bytes);
	enum extract_verdict verdict;
	size_t used;

	recorder_clear(&recorder);
	verdict = recorder_feed(&recorder, &extract_tls, slice_of(stream->bytes, stream->size),
	                        piece, &used);
	assert_true(used <= stream->size);
	free(stream);
	return verdict;
}

static struct hello_text hello;

static void the_name_is_told_in_lower_case(void **state)
{
	(void)state;
	make_hello(&hello, BYTES("WWW.Example.com"), 4);
	assert_int_equal(feed(&hello, 16384, 100000), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni www.example.com\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void segments_and_records_may_cut_anywhere(void **state)
{
	(void)state;
	make_hello(&hello, BYTES("www.example.com"), 30);
	for (size_t record = 1; record <= hello.size; record++) {
		for (size_t piece = 1; piece < 40; piece++) {
			assert_int_equal(feed(&hello, record, piece), EXTRACT_DONE);
			assert_string_equal(recorder.text, "tls.sni www.example.com\n");
		}
	}
}

static void a_hello_larger_than_any_buffer_is_read(void **state)
{
	(void)state;
	make_hello(&hello, BYTES("www.example.com"), 65000);
	assert_int_equal(feed(&hello, 16384, 1448), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni www.example.com\n");
}

static void nothing_pends_but_a_few_bytes(void **state)
{
	struct extract_state tls_state = {0};
	struct hello_text *stream;
	size_t start = 0;

	(void)state;
	make_hello(&hello, BYTES("www.example.com"), 60000);
	stream = in_records(&hello, 100);
	recorder_clear(&recorder);
	for (size_t end = 1; end <= stream->size; end++) {
		struct extract_progress progress = extract_tls.consume(
			&tls_state, slice_of(stream->bytes + start, end - start), &recorder.output);

		start += progress.consumed;
		assert_true(end - start < 64);
		if (progress.verdict != EXTRACT_MORE)
			break;
	}
	assert_string_equal(recorder.text, "tls.sni www.example.com\n");
	free(stream);
}

static void a_hello_without_a_name_is_done(void **state)
{
	(void)state;
	make_hello(&hello, BYTES(""), 4);
	assert_int_equal(feed(&hello, 16384, 7), EXTRACT_DONE);
	assert_string_equal(recorder.text, "");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void an_address_as_name_is_told_as_address(void **state)
{
	(void)state;
	make_hello(&hello, BYTES("192.0.2.7"), 4);
	assert_int_equal(feed(&hello, 16384, 100000), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni 192.0.2.7\n");
}

static void a_name_with_control_bytes_is_malformed(void **state)
{
	(void)state;
	make_hello(&hello, BYTES("a\nb.example"), 4);
	assert_int_equal(feed(&hello, 16384, 100000), EXTRACT_DONE);
	assert_string_equal(recorder.text, "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void sizes_that_lie_are_malformed(void **state)
{
	(void)state;
	make_hello(&hello, BYTES("www.example.com"), 4);
	hello.bytes[4 + 34] = 0xff; // of the session id
	hello.bytes[3] = 60;        // of the hello: ends before it
	assert_int_equal(feed(&hello, 16384, 100000), EXTRACT_DONE);
	assert_string_equal(recorder.text, "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void another_record_inside_the_hello_is_malformed(void **state)
{
	size_t used;

	(void)state;
	recorder_clear(&recorder);
	assert_int_equal(
		recorder_feed(&recorder, &extract_tls,
	                      BYTES("\x16\x03\x01\x00\x04\x01\x00\x00\x40\x15\x03\x01\x00\x02"), 3,
	                      &used),
		EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

// As an observer sees it: the name as early as ever, the rest when the hello is whole.
static void who_observes_is_told_the_rest_when_it_is_there(void **state)
{
	(void)state;
	make_hello(&hello, BYTES("www.example.com"), 30);
	for (size_t record = 1; record <= hello.size; record += 3) {
		for (size_t piece = 1; piece < 40; piece++) {
			struct hello_text *stream = in_records(&hello, record);
			size_t used;

			recorder_observe(&recorder);
			assert_int_equal(recorder_feed(&recorder, &extract_tls,
			                               slice_of(stream->bytes, stream->size), piece,
			                               &used),
			                 EXTRACT_DONE);
			assert_string_equal(recorder.text, "tls.sni www.example.com\n"
			                                   "tls.ja3 " JA3 "\ntls.ja4 " JA4 "\n");
			free(stream);
		}
	}
}

static void who_observes_is_told_the_name_of_a_hello_that_is_cut(void **state)
{
	struct hello_text *stream;
	size_t used;

	(void)state;
	make_hello(&hello, BYTES("www.example.com"), 30);
	stream = in_records(&hello, 16384);
	recorder_observe(&recorder);
	assert_int_equal(recorder_feed(&recorder, &extract_tls,
	                               slice_of(stream->bytes, stream->size - 1), 3, &used),
	                 EXTRACT_MORE);
	assert_string_equal(recorder.text, "tls.sni www.example.com\n");
	free(stream);
}

static void a_hello_too_large_to_be_told_whole_has_its_name(void **state)
{
	static const size_t records[] = {16384, 4000};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct hello_text *stream;
		size_t used;

		make_hello(&hello, BYTES("www.example.com"), 50000);
		stream = in_records(&hello, records[i]);
		recorder_observe(&recorder);
		assert_int_equal(recorder_feed(&recorder, &extract_tls,
		                               slice_of(stream->bytes, stream->size), 1000, &used),
		                 EXTRACT_DONE);
		assert_string_equal(recorder.text, "tls.sni www.example.com\n");
		free(stream);
	}
}

static void old_hellos_are_done_at_once(void **state)
{
	struct slice old = BYTES("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10");
	size_t used;

	(void)state;
	recorder_clear(&recorder);
	assert_int_equal(extract_tls.probe(old, 443), PROBE_YES);
	assert_int_equal(recorder_feed(&recorder, &extract_tls, old, 100, &used), EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void hellos_are_known_on_any_port(void **state)
{
	struct slice stream = BYTES("\x16\x03\x01\x00\x80\x01\x00\x00\x7c\x03\x03");

	(void)state;
	assert_int_equal(extract_tls.probe(stream, 12345), PROBE_YES);
	assert_int_equal(extract_tls.probe(slice_first(stream, 4), 12345), PROBE_MAYBE);
	assert_int_equal(extract_tls.probe(slice_first(stream, 8), 12345), PROBE_MAYBE);
	assert_int_equal(extract_tls.probe(BYTES("\x16\x03\x03\x00\x40\x02\x00\x00\x3c"), 12345),
	                 PROBE_YES);
	assert_int_equal(extract_tls.probe(BYTES("GET / HTTP/1.1\r\n"), 443), PROBE_NO);
	assert_int_equal(extract_tls.probe(BYTES("\x17\x03\x03\x00\x40\x01\x00\x00\x3c"), 443),
	                 PROBE_NO);
	assert_int_equal(extract_tls.probe(BYTES("\x16\x02\x03\x00\x40\x01\x00\x00\x3c"), 443),
	                 PROBE_NO);
	assert_int_equal(extract_tls.probe(BYTES("\x16\x03\x03\x00\x40\x01\x77\x00\x3c"), 443),
	                 PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_is_told_in_lower_case),
		cmocka_unit_test(segments_and_records_may_cut_anywhere),
		cmocka_unit_test(a_hello_larger_than_any_buffer_is_read),
		cmocka_unit_test(nothing_pends_but_a_few_bytes),
		cmocka_unit_test(a_hello_without_a_name_is_done),
		cmocka_unit_test(an_address_as_name_is_told_as_address),
		cmocka_unit_test(a_name_with_control_bytes_is_malformed),
		cmocka_unit_test(sizes_that_lie_are_malformed),
		cmocka_unit_test(another_record_inside_the_hello_is_malformed),
		cmocka_unit_test(who_observes_is_told_the_rest_when_it_is_there),
		cmocka_unit_test(who_observes_is_told_the_name_of_a_hello_that_is_cut),
		cmocka_unit_test(a_hello_too_large_to_be_told_whole_has_its_name),
		cmocka_unit_test(old_hellos_are_done_at_once),
		cmocka_unit_test(hellos_are_known_on_any_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
