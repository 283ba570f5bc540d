// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/dataplane/extract_recorder.h"

#define DATA(text) slice_of(text, sizeof(text) - 1)
#define CONSTANT(text)                                    \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define NAME    \
	"\x01"  \
	"n\x02" \
	"ex\x00" // 6 bytes, "n.ex"
#define OTHER   \
	"\x01"  \
	"o\x02" \
	"ex\x00"
#define V4        "\xc0\x00\x02\x01" // 192.0.2.1
#define V6        "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
#define TOLD_NAME "dns.answer.name n.ex\n"
#define TOLD_BOTH TOLD_NAME "dns.answer.name o.ex\n"
#define TOLD_V4   "dns.answer.address 192.0.2.1\n"
#define TOLD_V6   "dns.answer.address 2001:db8::1\n"
#define EIGHTEEN  "\x00\x01\x08\x02\x00\x00\x0e\x10\x00\x00\x00\x01\x00\x00\x00\x00\x12\x34"

struct record_case {
	uint16_t type;
	struct slice data;
	const char *told;
};

static struct recorder recorder;
static uint8_t message[2048];

// A response whose only record is of the root.
static struct slice response(uint16_t type, struct slice data)
{
	static const uint8_t begin[] = "\x12\x34\x81\x80\x00\x00\x00\x01\x00\x00\x00\x00\x00";
	uint8_t head[] = {(uint8_t)(type >> 8),      (uint8_t)type,     0, 1, 0, 0, 0, 60,
	                  (uint8_t)(data.size >> 8), (uint8_t)data.size};
	size_t size = sizeof(begin) - 1;

	memcpy(message, begin, size);
	memcpy(message + size, head, sizeof(head));
	size += sizeof(head);
	memcpy(message + size, data.data, data.size);
	return slice_of(message, size + data.size);
}

static const char *told(uint16_t type, struct slice data)
{
	recorder_clear(&recorder);
	assert_true(extract_dns_message(response(type, data), &recorder.output));
	return recorder.text;
}

static void tell(struct extract_output *output, enum observable_where where, struct slice text)
{
	const struct observable observable = {
		.type = OBSERVABLE_TEXT,
		.where = where,
		.text = text,
	};

	output->add(output, &observable);
}

// Types by www.iana.org/assignments/dns-parameters.
static const struct record_case cases[] = {
	{1, CONSTANT(V4), TOLD_V4},
	{28, CONSTANT(V6), TOLD_V6},
	{2, CONSTANT(NAME), TOLD_NAME},
	{3, CONSTANT(NAME), TOLD_NAME},
	{4, CONSTANT(NAME), TOLD_NAME},
	{5, CONSTANT(NAME), TOLD_NAME},
	{6, CONSTANT(NAME OTHER V6 V4), TOLD_NAME}, // not the mail address
	{7, CONSTANT(NAME), TOLD_NAME},
	{8, CONSTANT(NAME), TOLD_NAME},
	{9, CONSTANT(NAME), TOLD_NAME},
	{11, CONSTANT(V4 "\x06\x20"), TOLD_V4},
	{12, CONSTANT(NAME), TOLD_NAME},
	{14, CONSTANT(NAME OTHER), TOLD_BOTH},
	{15, CONSTANT("\x00\x0a" NAME), TOLD_NAME},
	{17, CONSTANT(NAME OTHER), TOLD_BOTH},
	{18, CONSTANT("\x00\x01" NAME), TOLD_NAME},
	{21, CONSTANT("\x00\x0a" NAME), TOLD_NAME},
	{23, CONSTANT(NAME), TOLD_NAME},
	{24, CONSTANT(EIGHTEEN NAME "signature"), TOLD_NAME},
	{26, CONSTANT("\x00\x0a" NAME OTHER), TOLD_BOTH},
	{30, CONSTANT(NAME "\x40"), TOLD_NAME},
	{33, CONSTANT("\x00\x00\x00\x00\x00\x50" NAME), TOLD_NAME},
	{35, CONSTANT("\x00\x64\x00\x0a\x01s\x07SIP+D2U\x00" NAME), TOLD_NAME},
	{36, CONSTANT("\x00\x0a" NAME), TOLD_NAME},
	{38, CONSTANT("\x00" V6), TOLD_V6},
	{38, CONSTANT("\x40\x00\x00\x00\x00\x00\x00\x00\x01" NAME), TOLD_NAME},
	{39, CONSTANT(NAME), TOLD_NAME},
	{45,
         CONSTANT("\x0a\x00\x02"
                  "key"),
         ""},
	{45, CONSTANT("\x0a\x01\x02" V4 "key"), TOLD_V4},
	{45, CONSTANT("\x0a\x02\x02" V6 "key"), TOLD_V6},
	{45, CONSTANT("\x0a\x03\x02" NAME "key"), TOLD_NAME},
	{46, CONSTANT(EIGHTEEN NAME "signature"), TOLD_NAME},
	{47, CONSTANT(NAME "\x00\x01\x40"), TOLD_NAME},
	{55,
         CONSTANT("\x02\x02\x00\x03"
                  "ht"
                  "key" NAME OTHER),
         TOLD_BOTH},
	{55,
         CONSTANT("\x02\x02\x00\x03"
                  "ht"
                  "key"),
         ""},
	{58, CONSTANT(NAME OTHER), TOLD_BOTH},
	{64, CONSTANT("\x00\x01" NAME "\x00\x04\x00\x04" V4), TOLD_NAME TOLD_V4},
	{65, CONSTANT("\x00\x01" NAME "\x00\x01\x00\x03\x02h2\x00\x06\x00\x10" V6),
         TOLD_NAME TOLD_V6},
	{66, CONSTANT("\x00\x3b\x01\x14\xe9" NAME), TOLD_NAME},
	{107, CONSTANT("\x00\x0a" NAME), TOLD_NAME},
	{260, CONSTANT("\x0a\x00"), ""},
	{260, CONSTANT("\x0a\x81" V4), TOLD_V4},
	{260, CONSTANT("\x0a\x02" V6), TOLD_V6},
	{260, CONSTANT("\x0a\x03" NAME), TOLD_NAME},
	{256, CONSTANT("\x00\x0a\x00\x01http://N.ex:80/a%7eb"),
         "dns.answer.url http://n.ex/a~b\n" TOLD_NAME},
	{256, CONSTANT("\x00\x0a\x00\x01HTTPS://192.0.2.1"),
         "dns.answer.url https://192.0.2.1/\n" TOLD_V4},
	{256,
         CONSTANT("\x00\x0a\x00\x01"
                  "ftp://n.ex/a"),
         ""},
	// Full addresses, networks, one of a family that is not known.
	{42,
         CONSTANT("\x00\x01\x20\x04" V4 "\x00\x02\x80\x90" V6 "\x00\x01\x18\x03\xc0\x00\x02"
                  "\x00\x09\x20\x04" V4),
         TOLD_V4 TOLD_V6},
	{42, CONSTANT("\x00\x01\x20\x01\x0a"), "dns.answer.address 10.0.0.0\n"},
	// What has no name or address of a host: TXT, NSEC3, L32, CAA, TKEY, TSIG, one of the
        // future.
	{16, CONSTANT("\x0bwww.ex.test"), ""},
	{50, CONSTANT("\x01\x00\x00\x0c\x04salt\x04hash\x00\x01\x40"), ""},
	{105, CONSTANT("\x00\x0a" V4), ""},
	{257, CONSTANT("\x00\x05iodefhttp://n.ex/"), ""},
	{249, CONSTANT(NAME), ""},
	{250, CONSTANT(NAME), ""},
	{65280, CONSTANT(NAME), ""},
};

static void each_type_tells_its_names_and_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = told(cases[i].type, cases[i].data);

		if (strcmp(text, cases[i].told) != 0)
			fail_msg("type %u, case %zu: told '%s'", cases[i].type, i, text);
		if (recorder.output.messages_malformed != 0)
			fail_msg("type %u, case %zu is malformed", cases[i].type, i);
	}
}

static void data_that_is_cut_anywhere_tells_no_more_and_hides_nothing_behind_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t size = 0; size < cases[i].data.size; size++) {
			const char *text = told(cases[i].type, slice_first(cases[i].data, size));

			// A URL that is cut, and an address list, are others.
			if (cases[i].type != 256 && cases[i].type != 42 &&
			    strncmp(text, cases[i].told, strlen(text)) != 0)
				fail_msg("type %u of %zu bytes: told '%s'", cases[i].type, size,
				         text);
		}
	}
}

static void an_address_of_another_size_is_malformed(void **state)
{
	(void)state;
	assert_string_equal(told(1, DATA(V6)), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
	assert_string_equal(told(28, DATA(V4)), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void a_name_that_runs_out_of_its_record_is_not_told(void **state)
{
	(void)state;
	assert_string_equal(told(2, DATA("\x01n\x02"
	                                 "ex")),
	                    "");
	assert_int_equal(recorder.output.messages_malformed, 1);
	assert_string_equal(told(17, DATA(NAME "\x3f")), TOLD_NAME);
	assert_int_equal(recorder.output.messages_malformed, 1);
	assert_string_equal(told(2, DATA("\xc0")), "");
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void a_client_subnet_is_told_to_who_observes_only(void **state)
{
	struct slice option = DATA("\x00\x0a\x00\x02zk\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02"
	                           "\x00\x08\x00\x08\x00\x02\x20\x00\x20\x01\x0d\xb8");

	(void)state;
	assert_string_equal(told(41, option), "");
	assert_int_equal(recorder.output.messages_malformed, 0);
	recorder_clear(&recorder);
	recorder.output.tell = tell;
	(void)extract_dns_message(response(41, option), &recorder.output);
	assert_string_equal(recorder.text, "dns.client_subnet 192.0.2.0/24\n"
	                                   "dns.client_subnet 2001:db8::/32\n");
}

static void a_client_subnet_that_cannot_be_is_not_told(void **state)
{
	static const struct slice options[] = {
		CONSTANT("\x00\x08\x00\x03\x00\x01\x18"),
		CONSTANT("\x00\x08\x00\x09\x00\x01\x20\x00\xc0\x00\x02\x01\x01"),
		CONSTANT("\x00\x08\x00\x08\x00\x01\x21\x00\xc0\x00\x02\x01"),
		CONSTANT("\x00\x08\x00\x08\x00\x03\x20\x00\xc0\x00\x02\x01"),
		CONSTANT("\x00\x08\x00\x09\x00\x01\x20\x00\xc0\x00\x02\x01"), // runs out of its
	                                                                      // record
	};

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		recorder_clear(&recorder);
		recorder.output.tell = tell;
		(void)extract_dns_message(response(41, options[i]), &recorder.output);
		assert_string_equal(recorder.text, "");
	}
}

static void hosts_of_options_and_keys_are_none(void **state)
{
	uint8_t bytes[] = "\x12\x34\x81\x80\x00\x00\x00\x01\x00\x00\x00\x00"
			  "\x03key\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x00";

	(void)state;
	for (unsigned type = 248; type <= 251; type++) {
		bytes[18] = (uint8_t)type;
		recorder_clear(&recorder);
		(void)extract_dns_message(slice_of(bytes, sizeof(bytes) - 1), &recorder.output);
		assert_string_equal(recorder.text,
		                    type == 249 || type == 250 ? "" : "dns.answer.name key\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_tells_its_names_and_addresses),
		cmocka_unit_test(
			data_that_is_cut_anywhere_tells_no_more_and_hides_nothing_behind_it),
		cmocka_unit_test(an_address_of_another_size_is_malformed),
		cmocka_unit_test(a_name_that_runs_out_of_its_record_is_not_told),
		cmocka_unit_test(a_client_subnet_is_told_to_who_observes_only),
		cmocka_unit_test(a_client_subnet_that_cannot_be_is_not_told),
		cmocka_unit_test(hosts_of_options_and_keys_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
