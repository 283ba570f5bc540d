// Certificates that OpenSSL makes, against what OpenSSL says of them.
#include "dataplane/certificate.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "dataplane/certificate_name.h"
#include "tests/unit/dataplane/extract_recorder.h"
#include "tests/unit/unit_test.h"

enum { DER_BYTES_MAX = 16 * 1024 };

static struct recorder recorder;
static EVP_PKEY *key;

struct der_text {
	uint8_t bytes[DER_BYTES_MAX];
	size_t size;
};

static int set_up(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	return key != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

static void add_entry(X509_NAME *name, const char *attribute, int type, struct slice value, int set)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(name, attribute, type, value.data,
	                                            (int)value.size, -1, set),
	                 1);
}

// `names` as OpenSSL's configuration has them ("DNS:a.example,IP:192.0.2.1"), or NULL.
static struct der_text make_certificate(const X509_NAME *subject, const char *names)
{
	X509 *certificate = X509_new();
	struct der_text der;
	uint8_t *end = der.bytes;
	int size;

	assert_int_equal(X509_set_version(certificate, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 77), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	assert_int_equal(X509_set_subject_name(certificate, subject), 1);
	assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	if (names != NULL) {
		X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
		                                                names);

		assert_non_null(extension);
		assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
		X509_EXTENSION_free(extension);
	}
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	size = i2d_X509(certificate, NULL);
	assert_true(size > 0 && size <= DER_BYTES_MAX);
	der.size = (size_t)i2d_X509(certificate, &end);
	X509_free(certificate);
	return der;
}

static struct der_text make_simple(const char *common_name, const char *names)
{
	X509_NAME *subject = X509_NAME_new();
	struct der_text der;

	if (common_name != NULL)
		add_entry(subject, "CN", MBSTRING_UTF8, slice_text(common_name), 0);
	der = make_certificate(subject, names);
	X509_NAME_free(subject);
	return der;
}

static const char *tell(const struct der_text *der)
{
	certificate_tell(slice_of(der->bytes, der->size), &recorder.output);
	return recorder.text;
}

static void names_and_addresses_are_looked_up(void **state)
{
	struct der_text der = make_simple("WWW.example.com",
	                                  "DNS:www.Example.com,DNS:*.example.net,IP:192.0.2.7,IP:"
	                                  "2001:db8::7,email:a@b.example,"
	                                  "URI:http://c.example/,DNS:192.0.2.8");

	(void)state;
	recorder_clear(&recorder);
	assert_string_equal(tell(&der), "certificate.name www.example.com\n"
	                                "certificate.name *.example.net\n"
	                                "certificate.name 192.0.2.7\n"
	                                "certificate.name 2001:db8::7\n"
	                                "certificate.name 192.0.2.8\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void a_common_name_counts_when_it_is_a_host_name(void **state)
{
	static const struct {
		const char *common_name;
		const char *told;
	} cases[] = {
		{"old.example", "certificate.name old.example\n"},
		{"*.old.example", "certificate.name *.old.example\n"},
		{"192.0.2.9", "certificate.name 192.0.2.9\n"},
		{"_srv.old-one.example", "certificate.name _srv.old-one.example\n"},
		{"Example CA 1", ""},
		{"localhost", ""},
		{"a..b", ""},
		{"10.0.0.1.7", ""},
		{"*.*.example", ""},
		{"*", ""},
		{".", ""},
		{"b\xc3\xbc"
	         "cher.example",
	         ""},
		{NULL, ""},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_text der = make_simple(cases[i].common_name, NULL);

		recorder_clear(&recorder);
		assert_string_equal(tell(&der), cases[i].told);
		assert_int_equal(recorder.output.messages_malformed, 0);
	}
}

// Each is looked for among all other names: a subject of nothing else would take long.
static void so_many_common_names_are_looked_at(void **state)
{
	X509_NAME *subject = X509_NAME_new();
	struct der_text der;
	char expected[1024] = "";

	(void)state;
	for (unsigned i = 0; i < CERTIFICATE_COMMON_NAMES_MAX + 2; i++) {
		char name[32];
		size_t size = strlen(expected);

		(void)snprintf(name, sizeof(name), i == 0 ? "CA %u" : "a%u.example", i);
		add_entry(subject, "CN", MBSTRING_UTF8, slice_text(name), 0);
		if (i > 0 && i < CERTIFICATE_COMMON_NAMES_MAX)
			(void)snprintf(expected + size, sizeof(expected) - size,
			               "certificate.name %s\n", name);
	}
	der = make_certificate(subject, NULL);
	X509_NAME_free(subject);
	recorder_clear(&recorder);
	assert_string_equal(tell(&der), expected);
}

static void an_address_in_both_places_is_told_once(void **state)
{
	struct der_text der = make_simple("2001:db8:0::1", "IP:2001:db8::1");

	(void)state;
	recorder_clear(&recorder);
	assert_string_equal(tell(&der), "certificate.name 2001:db8::1\n");
}

// Digests that are wanted, as "where hex" lines.
static void put_digests(const struct der_text *der, const char *const names[], char *text)
{
	*text = '\0';
	for (; *names != NULL; names++) {
		uint8_t digest[EVP_MAX_MD_SIZE];
		unsigned size;

		assert_int_equal(EVP_Digest(der->bytes, der->size, digest, &size,
		                            EVP_get_digestbyname(*names), NULL),
		                 1);
		text += sprintf(text, "certificate ");
		for (unsigned i = 0; i < size; i++)
			text += sprintf(text, "%02x", digest[i]);
		text += sprintf(text, "\n");
	}
}

static void only_digests_that_are_wanted_are_made(void **state)
{
	static const char *const all[] = {"MD5", "SHA1", "SHA256", "SHA512", NULL};
	struct der_text der = make_simple(NULL, NULL);
	char wanted[512];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		put_digests(&der, (const char *const[]){all[i], NULL}, wanted);
		recorder_clear(&recorder);
		recorder.output.hashes_wanted = (uint8_t)(1u << i);
		assert_string_equal(tell(&der), wanted);
	}
	put_digests(&der, all, wanted);
	recorder_clear(&recorder);
	recorder.output.hashes_wanted = 0xf;
	assert_string_equal(tell(&der), wanted);
}

static void who_observes_is_told_everything(void **state)
{
	static const char *const both[] = {"SHA1", "SHA256", NULL};
	struct der_text der = make_simple("a.example", "DNS:b.example");
	char wanted[512];

	(void)state;
	put_digests(&der, both, wanted);
	strcat(wanted, "certificate.subject CN=a.example\ncertificate.issuer CN=a.example\n"
	               "certificate.name b.example\ncertificate.name a.example\n");
	recorder_observe(&recorder);
	assert_string_equal(tell(&der), wanted);
}

// What OpenSSL writes: "openssl x509 -nameopt RFC2253,-esc_msb".
static void check_name(X509_NAME *name)
{
	unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	BIO *memory = BIO_new(BIO_s_mem());
	char ours[CERTIFICATE_NAME_BYTES_MAX];
	const unsigned char *der;
	size_t der_bytes;
	char *theirs;
	long size;
	int our_size;
	struct der_text certificate = make_certificate(name, NULL);
	struct certificate read;

	assert_true(X509_NAME_print_ex(memory, name, 0, flags) >= 0);
	size = BIO_get_mem_data(memory, &theirs);
	assert_int_equal(X509_NAME_get0_der(name, &der, &der_bytes), 1);
	assert_true(certificate_read(slice_of(certificate.bytes, certificate.size), &read));
	our_size = certificate_name_write(read.subject, ours);
	if (our_size != size || memcmp(ours, theirs, (size_t)size) != 0)
		fail_msg("\nours   %.*s\ntheirs %.*s", our_size, ours, (int)size, theirs);
	BIO_free(memory);
}

static void distinguished_names_are_as_openssl_writes_them(void **state)
{
	static const char *const attributes[] = {"CN",
	                                         "C",
	                                         "O",
	                                         "OU",
	                                         "L",
	                                         "ST",
	                                         "emailAddress",
	                                         "unstructuredName",
	                                         "DC",
	                                         "UID",
	                                         "SN",
	                                         "serialNumber",
	                                         "street",
	                                         "title",
	                                         "description",
	                                         "businessCategory",
	                                         "postalCode",
	                                         "postOfficeBox",
	                                         "telephoneNumber",
	                                         "name",
	                                         "GN",
	                                         "initials",
	                                         "generationQualifier",
	                                         "dnQualifier",
	                                         "pseudonym",
	                                         "organizationIdentifier",
	                                         "jurisdictionL",
	                                         "jurisdictionST",
	                                         "jurisdictionC",
	                                         "1.3.6.1.4.1.99999.1.2",
	                                         "2.999.3"};
	static const char *const values[] = {"plain",
	                                     " two  spaces ",
	                                     "#hash",
	                                     "a#b",
	                                     "a,b+c\"d\\e<f>g;h=i",
	                                     "tab\there\x7f",
	                                     "\xc3\xbc\xe9\x96\xa2\xf0\x9f\x98\x80",
	                                     " ",

	                                     "x"};

	(void)state;
	for (unsigned i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		bool is_country = i == 1 || i == 28; // of two letters
		X509_NAME *name = X509_NAME_new();

		for (unsigned j = 0; j < (is_country ? 1 : sizeof(values) / sizeof(values[0])); j++)
			add_entry(name, attributes[i], V_ASN1_UTF8STRING,
			          slice_text(is_country ? "DE" : values[j]), 0);
		check_name(name);
		X509_NAME_free(name);
	}
}

static void all_kinds_of_strings_are_as_openssl_writes_them(void **state)
{
	static const struct {
		int type;
		struct slice value;
	} cases[] = {
		{V_ASN1_PRINTABLESTRING, {(const uint8_t *)"Printable, Inc.", 15}},
		{V_ASN1_IA5STRING, {(const uint8_t *)"a@b.example", 11}},
		{V_ASN1_T61STRING, {(const uint8_t *)"M\xfcnchen", 7}},
		{V_ASN1_NUMERICSTRING, {(const uint8_t *)"12 34", 5}},
		{V_ASN1_BMPSTRING,
	         {(const uint8_t *)"\x00"
	                           "A\x95\xa2\x00,",
	          6}},
		{V_ASN1_UNIVERSALSTRING,
	         {(const uint8_t *)"\x00\x00\x00"
	                           "A\x00\x01\xf6\x00",
	          8}},
		{V_ASN1_BIT_STRING, {(const uint8_t *)"\x01\x02\xff", 3}},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509_NAME *name = X509_NAME_new();

		add_entry(name, "O", cases[i].type, cases[i].value, 0);
		add_entry(name, "OU", V_ASN1_UTF8STRING, slice_text("unit"), 0);
		check_name(name);
		X509_NAME_free(name);
	}
}

static void parts_of_several_attributes_are_as_openssl_writes_them(void **state)
{
	X509_NAME *name = X509_NAME_new();

	(void)state;
	add_entry(name, "C", MBSTRING_ASC, slice_text("JP"), 0);
	add_entry(name, "O", MBSTRING_UTF8, slice_text("Sekisho"), 0);
	add_entry(name, "CN", MBSTRING_UTF8, slice_text("gate"), 0);
	add_entry(name, "UID", MBSTRING_UTF8, slice_text("7"), -1); // in the same part
	check_name(name);
	X509_NAME_free(name);
}

static void text_that_is_none_is_written_in_hex(void **state)
{
	static const uint8_t parts[] = "\x31\x0e\x30\x0c\x06\x03\x55\x04\x0a\x0c\x05"
				       "a\xff\xc3z\x00";
	static const uint8_t half[] = "\x31\x0d\x30\x0b\x06\x03\x55\x04\x0a\x1e\x04\xd8\x00\x00"
				      "b";
	char text[CERTIFICATE_NAME_BYTES_MAX];
	int size = certificate_name_write(slice_of(parts, sizeof(parts) - 1), text);

	(void)state;
	assert_int_equal(size, 13);
	assert_memory_equal(text, "O=a\\FF\\C3z\\00", 13);
	size = certificate_name_write(slice_of(half, sizeof(half) - 1), text);
	assert_memory_equal(text, "O=\\D8\\00b", 9);
	assert_int_equal(size, 9);
}

static void a_name_that_is_too_long_is_cut_between_characters(void **state)
{
	X509_NAME *name = X509_NAME_new();
	uint8_t value[3000];
	char text[CERTIFICATE_NAME_BYTES_MAX];
	struct certificate certificate;
	struct der_text der;
	int size;

	(void)state;
	for (size_t i = 0; i < sizeof(value); i += 3)
		memcpy(value + i, "\xe9\x96\xa2", 3);
	add_entry(name, "description", V_ASN1_UTF8STRING, slice_of(value, sizeof(value)), 0);
	der = make_certificate(name, NULL);
	X509_NAME_free(name);
	assert_true(certificate_read(slice_of(der.bytes, der.size), &certificate));
	size = certificate_name_write(certificate.subject, text);
	assert_true(size > CERTIFICATE_NAME_BYTES_MAX - 3 && size <= CERTIFICATE_NAME_BYTES_MAX);
	assert_int_equal((size - (int)strlen("description=")) % 3, 0);
}

static void a_certificate_that_is_cut_anywhere_tells_its_digest_only(void **state)
{
	struct der_text der = make_simple("a.example", "DNS:b.example");
	size_t whole = der.size;

	(void)state;
	for (der.size = 0; der.size < whole; der.size++) {
		recorder_clear(&recorder);
		assert_string_equal(tell(&der), "");
		assert_int_equal(recorder.output.messages_malformed, 1);
	}
	recorder_clear(&recorder);
	recorder.output.hashes_wanted = 1u << HASH_MD5;
	assert_int_equal(strncmp(tell(&der), "certificate ", 12), 0);
}

static void bytes_behind_a_certificate_make_it_malformed(void **state)
{
	struct der_text der = make_simple("a.example", NULL);

	(void)state;
	der.bytes[der.size++] = 0;
	recorder_clear(&recorder);
	assert_string_equal(tell(&der), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_looked_up),
		cmocka_unit_test(a_common_name_counts_when_it_is_a_host_name),
		cmocka_unit_test(so_many_common_names_are_looked_at),
		cmocka_unit_test(an_address_in_both_places_is_told_once),
		cmocka_unit_test(only_digests_that_are_wanted_are_made),
		cmocka_unit_test(who_observes_is_told_everything),
		cmocka_unit_test(distinguished_names_are_as_openssl_writes_them),
		cmocka_unit_test(all_kinds_of_strings_are_as_openssl_writes_them),
		cmocka_unit_test(parts_of_several_attributes_are_as_openssl_writes_them),
		cmocka_unit_test(text_that_is_none_is_written_in_hex),
		cmocka_unit_test(a_name_that_is_too_long_is_cut_between_characters),
		cmocka_unit_test(a_certificate_that_is_cut_anywhere_tells_its_digest_only),
		cmocka_unit_test(bytes_behind_a_certificate_make_it_malformed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
