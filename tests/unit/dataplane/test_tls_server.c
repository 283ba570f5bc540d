// What a server sends before it encrypts, however it is cut.
#include "dataplane/tls_server.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "dataplane/tls_reader.h"
#include "tests/unit/dataplane/extract_recorder.h"
#include "tests/unit/dataplane/tls_writer.h"
#include "tests/unit/unit_test.h"

static struct recorder recorder;
static struct tls_text handshake, stream;
static uint8_t certificate[4096];
static size_t certificate_bytes;

// One whose subject is "CN=server.example".
static int set_up(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *made = X509_new();
	uint8_t *end = certificate;

	(void)state;
	(void)ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(made), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(made), 3600);
	(void)X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
	                                 (const unsigned char *)"server.example", -1, -1, 0);
	(void)X509_set_pubkey(made, key);
	if (X509_sign(made, key, EVP_sha256()) > 0 && i2d_X509(made, NULL) < 4096)
		certificate_bytes = (size_t)i2d_X509(made, &end);
	X509_free(made);
	EVP_PKEY_free(key);
	return certificate_bytes > 0 ? 0 : -1;
}

// `version` 0: no extension that says one.
static void put_hello(unsigned version)
{
	size_t opened, list;

	tls_put_number(&handshake, TLS_SERVER_HELLO, 1);
	opened = tls_open(&handshake, 3);
	tls_put_number(&handshake, 0x0303, 2);
	for (unsigned i = 0; i < 33; i++)
		tls_put_number(&handshake, 0, 1);
	tls_put(&handshake, "\xc0\x2f\x00", 3);
	if (version != 0) {
		list = tls_open(&handshake, 2);
		tls_put_number(&handshake, 43, 2);
		tls_put_number(&handshake, 2, 2);
		tls_put_number(&handshake, version, 2);
		tls_close(&handshake, list, 2);
	}
	tls_close(&handshake, opened, 3);
}

static void put_message(unsigned type, struct slice body)
{
	tls_put_number(&handshake, type, 1);
	tls_put_number(&handshake, body.size, 3);
	tls_put(&handshake, body.data, body.size);
}

static void put_certificates(unsigned count)
{
	size_t opened, list;

	tls_put_number(&handshake, TLS_CERTIFICATE, 1);
	opened = tls_open(&handshake, 3);
	list = tls_open(&handshake, 3);
	for (unsigned i = 0; i < count; i++) {
		tls_put_number(&handshake, certificate_bytes, 3);
		tls_put(&handshake, certificate, certificate_bytes);
	}
	tls_close(&handshake, list, 3);
	tls_close(&handshake, opened, 3);
}

static void begin(void)
{
	handshake.size = 0;
	stream.size = 0;
}

static enum extract_verdict feed(size_t record_bytes, size_t piece)
{
	size_t used;

	stream.size = 0;
	tls_put_records(&stream, tls_slice(&handshake), record_bytes);
	recorder_clear(&recorder);
	return recorder_feed(&recorder, &extract_tls, tls_slice(&stream), piece, &used);
}

static void certificates_are_told_however_they_are_cut(void **state)
{
	(void)state;
	begin();
	put_hello(0);
	put_certificates(2);
	put_message(14, slice_text("")); // ServerHelloDone
	for (size_t record = 1; record < 200; record += 7) {
		for (size_t piece = 1; piece < 60; piece += 3) {
			assert_int_equal(feed(record, piece), EXTRACT_DONE);
			assert_string_equal(recorder.text, "certificate.name server.example\n"
			                                   "certificate.name server.example\n");
			assert_int_equal(recorder.output.messages_malformed, 0);
		}
	}
	assert_int_equal(feed(16384, 100000), EXTRACT_DONE);
	assert_string_equal(recorder.text, "certificate.name server.example\n"
	                                   "certificate.name server.example\n");
}

static void supplemental_data_is_stepped_over(void **state)
{
	(void)state;
	begin();
	put_hello(0x0303);
	put_message(TLS_SUPPLEMENTAL_DATA, slice_text("whatever it may be"));
	put_certificates(1);
	assert_int_equal(feed(16384, 5), EXTRACT_DONE);
	assert_string_equal(recorder.text, "certificate.name server.example\n");
}

static void tls_1_3_is_done_with_its_hello(void **state)
{
	static const unsigned versions[] = {0x0304, 0x7f17};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin();
		put_hello(versions[i]);
		put_certificates(1); // as if it could
		assert_int_equal(feed(16384, 100000), EXTRACT_DONE);
		assert_string_equal(recorder.text, "");
		assert_int_equal(recorder.output.messages_malformed, 0);
	}
}

static void a_session_taken_up_again_is_done_without_certificates(void **state)
{
	size_t used;

	(void)state;
	begin();
	put_hello(0);
	tls_put_records(&stream, tls_slice(&handshake), 16384);
	tls_put(&stream, "\x14\x03\x03\x00\x01\x01", 6); // ChangeCipherSpec
	recorder_clear(&recorder);
	assert_int_equal(recorder_feed(&recorder, &extract_tls, tls_slice(&stream), 9, &used),
	                 EXTRACT_DONE);
	begin();
	put_hello(0);
	put_message(4, slice_text("ticket")); // NewSessionTicket
	put_certificates(1);
	assert_int_equal(feed(16384, 100000), EXTRACT_DONE);
	assert_string_equal(recorder.text, "");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void so_many_certificates_are_read_and_no_more(void **state)
{
	size_t lines = 0;

	(void)state;
	begin();
	put_hello(0);
	put_certificates(TLS_CERTIFICATES_MAX + 4);
	assert_int_equal(feed(16384, 1448), EXTRACT_DONE);
	for (const char *at = recorder.text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, TLS_CERTIFICATES_MAX);
}

// Steps over one of 40,000 bytes to the next.
static void a_certificate_that_is_too_large_is_stepped_over(void **state)
{
	size_t opened, list;

	(void)state;
	begin();
	put_hello(0);
	tls_put_number(&handshake, TLS_CERTIFICATE, 1);
	opened = tls_open(&handshake, 3);
	list = tls_open(&handshake, 3);
	tls_put_number(&handshake, 40000, 3);
	for (unsigned i = 0; i < 40000; i++)
		tls_put_number(&handshake, 0x30, 1);
	tls_put_number(&handshake, certificate_bytes, 3);
	tls_put(&handshake, certificate, certificate_bytes);
	tls_close(&handshake, list, 3);
	tls_close(&handshake, opened, 3);
	assert_int_equal(feed(16384, 1448), EXTRACT_DONE);
	assert_string_equal(recorder.text, "certificate.name server.example\n");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void sizes_that_lie_are_malformed(void **state)
{
	static const struct slice bodies[] = {
		{(const uint8_t *)"\x00\x01", 2},                  // no list
		{(const uint8_t *)"\x00\x00\x09\x00\x00\x01x", 7}, // a list larger than the message
		{(const uint8_t *)"\x00\x00\x04\x00\x00\x02x", 7}, // a certificate larger than it
		{(const uint8_t *)"\x00\x00\x03\x00\x00\x00", 6},  // an empty one
		{(const uint8_t *)"\x00\x00\x05\x00\x00\x02hi", 8}, // one that is none
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		begin();
		put_hello(0);
		put_message(TLS_CERTIFICATE, bodies[i]);
		put_message(14, slice_text(""));
		assert_int_equal(feed(16384, 100000), EXTRACT_DONE);
		assert_int_equal(recorder.output.messages_malformed, 1);
		assert_string_equal(recorder.text, "");
	}
}

static void a_hello_that_lies_is_malformed(void **state)
{
	(void)state;
	begin();
	put_hello(0);
	handshake.bytes[4 + 34] = 0xff; // of the session
	assert_int_equal(feed(16384, 100000), EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
	begin();
	put_message(TLS_SERVER_HELLO, slice_of(stream.bytes, 60000));
	assert_int_equal(feed(16384, 100000), EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void what_is_no_record_ends_it(void **state)
{
	size_t used;

	(void)state;
	begin();
	put_hello(0);
	tls_put_records(&stream, tls_slice(&handshake), 16384);
	tls_put(&stream, "plain text", 10);
	recorder_clear(&recorder);
	assert_int_equal(recorder_feed(&recorder, &extract_tls, tls_slice(&stream), 1, &used),
	                 EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

// SSL 2.0's own hello, whose certificate stands in it.
static void the_certificate_of_an_old_hello_is_told(void **state)
{
	struct slice whole;
	size_t record;

	(void)state;
	begin();
	record = tls_open(&stream, 2);
	tls_put(&stream, "\x04\x00\x01\x00\x02", 5);
	tls_put_number(&stream, certificate_bytes, 2);
	tls_put(&stream, "\x00\x03\x00\x10", 4);
	tls_put(&stream, certificate, certificate_bytes);
	tls_put(&stream,
	        "\x07\x00\xc0"
	        "sixteen bytes...",
	        19);
	tls_close(&stream, record, 2);
	stream.bytes[0] |= 0x80;
	whole = tls_slice(&stream);
	for (size_t size = 1; size < 13; size++)
		assert_int_equal(extract_tls.probe(slice_first(whole, size), 443), PROBE_MAYBE);
	assert_int_equal(extract_tls.probe(slice_first(whole, 13), 443), PROBE_YES);
	for (size_t piece = 13; piece < 100; piece += 7) {
		size_t used;

		recorder_clear(&recorder);
		assert_int_equal(recorder_feed(&recorder, &extract_tls, whole, piece, &used),
		                 EXTRACT_DONE);
		assert_string_equal(recorder.text, "certificate.name server.example\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_told_however_they_are_cut),
		cmocka_unit_test(supplemental_data_is_stepped_over),
		cmocka_unit_test(tls_1_3_is_done_with_its_hello),
		cmocka_unit_test(a_session_taken_up_again_is_done_without_certificates),
		cmocka_unit_test(so_many_certificates_are_read_and_no_more),
		cmocka_unit_test(a_certificate_that_is_too_large_is_stepped_over),
		cmocka_unit_test(sizes_that_lie_are_malformed),
		cmocka_unit_test(a_hello_that_lies_is_malformed),
		cmocka_unit_test(what_is_no_record_ends_it),
		cmocka_unit_test(the_certificate_of_an_old_hello_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
