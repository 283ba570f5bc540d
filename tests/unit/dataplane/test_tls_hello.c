// What a hello says, and its fingerprints: against the examples of those who defined them.
#include "dataplane/tls_hello.h"

#include "dataplane/tls_fingerprint.h"
#include "tests/unit/dataplane/extract_recorder.h"
#include "tests/unit/dataplane/tls_writer.h"
#include "tests/unit/unit_test.h"

#define BYTES(text) slice_of(text, sizeof(text) - 1)

static struct recorder recorder;
static struct tls_text message;

// What a ClientHello is made of; lists end with -1, NULL is no list.
struct client {
	unsigned version;
	const int *ciphers;
	const int *extensions; // the order; those that have a meaning are filled from below
	const int *groups;
	const int *algorithms;
	const int *versions;
	struct slice protocols; // as on the wire
	struct slice point_formats;
};

static void put_list(struct tls_text *text, const int *numbers, unsigned size_bytes)
{
	static const int none[] = {-1};

	tls_put_numbers(text, numbers != NULL ? numbers : none, size_bytes);
}

static void put_extension(struct tls_text *text, const struct client *client, int type)
{
	size_t opened;

	tls_put_number(text, (size_t)type, 2);
	opened = tls_open(text, 2);
	if (type == TLS_EXTENSION_SERVER_NAME)
		tls_put(text,
		        "\x00\x0c\x00\x00\x09"
		        "a.example",
		        14);
	else if (type == TLS_EXTENSION_GROUPS)
		put_list(text, client->groups, 2);
	else if (type == TLS_EXTENSION_SIGNATURE_ALGORITHMS)
		put_list(text, client->algorithms, 2);
	else if (type == TLS_EXTENSION_SUPPORTED_VERSIONS)
		put_list(text, client->versions, 1);
	else if (type == TLS_EXTENSION_ENCRYPTED_HELLO)
		tls_put(text, "\x00\x00\x01\x00\x01\x2a", 6);
	else if (type == TLS_EXTENSION_ALPN || type == TLS_EXTENSION_POINT_FORMATS) {
		bool is_alpn = type == TLS_EXTENSION_ALPN;
		struct slice list = is_alpn ? client->protocols : client->point_formats;

		tls_put_number(text, list.size, is_alpn ? 2 : 1);
		tls_put(text, list.data, list.size);
	}
	tls_close(text, opened, 2);
}

static struct slice make_client(const struct client *client)
{
	size_t opened, list;

	message.size = 0;
	tls_put_number(&message, 1, 1);
	opened = tls_open(&message, 3);
	tls_put_number(&message, client->version, 2);
	for (unsigned i = 0; i < 32; i++)
		tls_put_number(&message, i, 1);
	tls_put(&message, "\x04sess", 5);
	put_list(&message, client->ciphers, 2);
	tls_put(&message, "\x01\x00", 2);
	if (client->extensions != NULL) {
		list = tls_open(&message, 2);
		for (const int *type = client->extensions; *type >= 0; type++)
			put_extension(&message, client, *type);
		tls_close(&message, list, 2);
	}
	tls_close(&message, opened, 3);
	return tls_slice(&message);
}

static const char *tell(struct slice bytes, enum tls_transport transport)
{
	recorder_observe(&recorder);
	tls_hello_tell(bytes, transport, &recorder.output);
	return recorder.text;
}

// technical_details/JA4.md of FoxIO-LLC/ja4; GREASE is thrown in where clients do.
static const int example_ciphers[] = {0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                      0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
                                      0x009c, 0x009d, 0x002f, 0x0035, -1};
static const int example_extensions[] = {0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017,
                                         0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
                                         0x000b, 0x000a, 0x0015, 0xfafa, -1};
static const int example_algorithms[] = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805,
                                         0x0501, 0x0806, 0x0601, -1};
static const int example_versions[] = {0x3a3a, 0x0304, 0x0303, -1};

static struct client example(void)
{
	return (struct client){
		.version = 0x0303,
		.ciphers = example_ciphers,
		.extensions = example_extensions,
		.algorithms = example_algorithms,
		.versions = example_versions,
		.protocols = BYTES("\x02h2\x08http/1.1"),
	};
}

static void ja4_is_as_its_specification_has_it(void **state)
{
	struct client client = example();
	const char *told;

	(void)state;
	told = tell(make_client(&client), TLS_OVER_TCP);
	assert_non_null(strstr(told, "tls.ja4 t13d1516h2_8daaf6152771_e5627efa2ab1\n"));
	told = tell(make_client(&client), TLS_OVER_QUIC);
	assert_non_null(strstr(told, "tls.ja4 q13d1516h2_8daaf6152771_e5627efa2ab1\n"));
}

static void ja4_without_signature_algorithms_hashes_the_extensions_only(void **state)
{
	struct client client = example();

	(void)state;
	client.algorithms = NULL;
	assert_non_null(strstr(tell(make_client(&client), TLS_OVER_TCP),
	                       "tls.ja4 t13d1516h2_8daaf6152771_6d807ffa2a79\n"));
}

static void ja4_of_empty_lists_is_noughts(void **state)
{
	static const int extensions[] = {0, -1};
	static const int none[] = {-1};
	const struct client client = {.version = 0x0301, .ciphers = none, .extensions = extensions};

	(void)state;
	assert_non_null(strstr(tell(make_client(&client), TLS_OVER_TCP),
	                       "tls.ja4 t10d000100_000000000000_000000000000\n"));
}

static void ja4_shows_the_ends_of_the_first_protocol(void **state)
{
	const struct {
		struct slice protocols;
		const char *shown;
	} cases[] = {
		{BYTES(""), "00"},
		{BYTES("\x01x"), "xx"},
		{BYTES("\x08http/1.1\x02h2"), "h1"},
		{BYTES("\x01\xab"), "ab"},
		{BYTES("\x01\x20"), "20"},
		{BYTES("\x02\xab\xcd"), "ad"},
		{BYTES("\x02\x20\x61"), "21"},
		{BYTES("\x02\x30\xab"), "3b"},
		{BYTES("\x02\x61\x20"), "60"},
		{BYTES("\x04\x30\x31\xab\xcd"), "3d"},
		{BYTES("\x04\x30\xab\xcd\x31"), "01"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client = example();
		char wanted[32];

		client.protocols = cases[i].protocols;
		(void)snprintf(wanted, sizeof(wanted), "tls.ja4 t13d1516%s_", cases[i].shown);
		assert_non_null(strstr(tell(make_client(&client), TLS_OVER_TCP), wanted));
	}
}

static void ja4_shows_versions_and_counts(void **state)
{
	static const struct {
		unsigned version;
		const char *shown;
	} cases[] = {{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"},
	             {0x0300, "s3"}, {0x0002, "s2"}, {0x7f17, "00"}};
	int many[130];

	(void)state;
	for (unsigned i = 0; i < 129; i++)
		many[i] = (int)i + 1;
	many[129] = -1;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct client client = {.version = cases[i].version, .ciphers = many};
		char wanted[32];

		(void)snprintf(wanted, sizeof(wanted), "tls.ja4 t%si990000_", cases[i].shown);
		assert_non_null(strstr(tell(make_client(&client), TLS_OVER_TCP), wanted));
	}
}

// The examples in the README of salesforce/ja3.
static void ja3_is_as_its_authors_have_it(void **state)
{
	static const int ciphers[] = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4, -1};
	static const int extensions[] = {0, 10, 11, -1};
	static const int groups[] = {23, 24, 25, -1};
	static const int old_ciphers[] = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99, -1};
	const struct client client = {.version = 769,
	                              .ciphers = ciphers,
	                              .extensions = extensions,
	                              .groups = groups,
	                              .point_formats = BYTES("\x00")};
	const struct client old = {.version = 769, .ciphers = old_ciphers};

	(void)state;
	assert_non_null(strstr(tell(make_client(&client), TLS_OVER_TCP),
	                       "tls.ja3 ada70206e40642a3e4461f35503241d5\n"));
	assert_non_null(strstr(tell(make_client(&old), TLS_OVER_TCP),
	                       "tls.ja3 de350869b8c85de67a350c8d186f11e6\n"));
}

static void ja3_does_not_see_grease(void **state)
{
	static const int plain[] = {4865, -1}, greased[] = {0x2a2a, 4865, 0xfafa, -1};
	static const int extensions[] = {10, -1}, greased_extensions[] = {0x4a4a, 10, 0xcaca, -1};
	const struct client client = {
		.version = 771, .ciphers = plain, .extensions = extensions, .groups = plain};
	const struct client other = {.version = 771,
	                             .ciphers = greased,
	                             .extensions = greased_extensions,
	                             .groups = greased};
	char told[256];

	(void)state;
	(void)snprintf(told, sizeof(told), "%s", tell(make_client(&client), TLS_OVER_TCP));
	assert_string_equal(tell(make_client(&other), TLS_OVER_TCP), told);
}

// By md5sum of "769,47,65281-0-11-35-5-16".
static void ja3s_hashes_version_cipher_and_extensions(void **state)
{
	static const int extensions[] = {65281, 0, 11, 35, 5, 16, -1};
	size_t opened, list;

	(void)state;
	message.size = 0;
	tls_put_number(&message, 2, 1);
	opened = tls_open(&message, 3);
	tls_put_number(&message, 769, 2);
	for (unsigned i = 0; i < 33; i++) // the random, and no session
		tls_put_number(&message, 0, 1);
	tls_put(&message, "\x00\x2f\x00", 3);
	list = tls_open(&message, 2);
	for (const int *type = extensions; *type >= 0; type++)
		put_extension(&message, &(struct client){.point_formats = BYTES("\x00")}, *type);
	tls_close(&message, list, 2);
	tls_close(&message, opened, 3);
	assert_string_equal(tell(tls_slice(&message), TLS_OVER_TCP),
	                    "tls.ja3s 836ce314215654b5b1f85f97c73e506f\n");
}

static void protocols_are_told_one_by_one(void **state)
{
	struct client client = example();

	(void)state;
	client.protocols = BYTES("\x02h2\x02\x0a\xff\x08http/1.1\x03"
	                         "a\\b");
	assert_int_equal(strncmp(tell(make_client(&client), TLS_OVER_TCP),
	                         "tls.alpn h2\ntls.alpn \\010\\255\ntls.alpn http/1.1\n"
	                         "tls.alpn a\\092b\ntls.ja3 ",
	                         strlen("tls.alpn h2\ntls.alpn \\010\\255\ntls.alpn http/1.1\n"
	                                "tls.alpn a\\092b\ntls.ja3 ")),
	                 0);
}

static void an_encrypted_hello_is_told(void **state)
{
	static const int extensions[] = {0, TLS_EXTENSION_ENCRYPTED_HELLO, -1};
	struct client client = example();

	(void)state;
	assert_null(strstr(tell(make_client(&client), TLS_OVER_TCP), "tls.ech"));
	client.extensions = extensions;
	assert_non_null(strstr(tell(make_client(&client), TLS_OVER_TCP), "tls.ech outer\n"));
}

static void a_list_of_too_many_has_no_fingerprint(void **state)
{
	static int many[TLS_FINGERPRINT_VALUES_MAX + 2];
	const struct client client = {.version = 0x0303, .ciphers = many};

	(void)state;
	for (unsigned i = 0; i <= TLS_FINGERPRINT_VALUES_MAX; i++)
		many[i] = 5;
	many[TLS_FINGERPRINT_VALUES_MAX + 1] = -1;
	assert_string_equal(tell(make_client(&client), TLS_OVER_TCP), "");
	many[TLS_FINGERPRINT_VALUES_MAX] = -1;
	assert_non_null(strstr(tell(make_client(&client), TLS_OVER_TCP), "tls.ja4 t12i990000_"));
	assert_non_null(strstr(recorder.text, "tls.ja3 "));
}

static void a_hello_that_is_cut_anywhere_is_malformed(void **state)
{
	struct client client = example();
	struct slice whole = make_client(&client);

	(void)state;
	for (size_t size = 0; size < whole.size; size++) {
		assert_string_equal(tell(slice_first(whole, size), TLS_OVER_TCP), "");
		assert_int_equal(recorder.output.messages_malformed, 1);
	}
}

static void an_extension_that_lies_is_malformed(void **state)
{
	static const int algorithms[] = {TLS_EXTENSION_SIGNATURE_ALGORITHMS, -1};
	struct client client = example();
	struct slice whole;

	(void)state;
	client.extensions = algorithms;
	whole = make_client(&client);
	message.bytes[whole.size - 17]++; // the size of the list
	assert_string_equal(tell(whole, TLS_OVER_TCP), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void without_an_observer_nothing_is_made(void **state)
{
	struct client client = example();

	(void)state;
	recorder_clear(&recorder);
	tls_hello_tell(make_client(&client), TLS_OVER_TCP, &recorder.output);
	assert_string_equal(recorder.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ja4_is_as_its_specification_has_it),
		cmocka_unit_test(ja4_without_signature_algorithms_hashes_the_extensions_only),
		cmocka_unit_test(ja4_of_empty_lists_is_noughts),
		cmocka_unit_test(ja4_shows_the_ends_of_the_first_protocol),
		cmocka_unit_test(ja4_shows_versions_and_counts),
		cmocka_unit_test(ja3_is_as_its_authors_have_it),
		cmocka_unit_test(ja3_does_not_see_grease),
		cmocka_unit_test(ja3s_hashes_version_cipher_and_extensions),
		cmocka_unit_test(protocols_are_told_one_by_one),
		cmocka_unit_test(an_encrypted_hello_is_told),
		cmocka_unit_test(a_list_of_too_many_has_no_fingerprint),
		cmocka_unit_test(a_hello_that_is_cut_anywhere_is_malformed),
		cmocka_unit_test(an_extension_that_lies_is_malformed),
		cmocka_unit_test(without_an_observer_nothing_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
