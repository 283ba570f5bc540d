#include "tests/unit/unit_test.h"

#include <errno.h>

#include "engine/normalize.h"
#include "loader/loader.h"
#include "loader/value.h"

static void the_form_of_a_value_says_what_it_is(void **state)
{
	static const struct {
		const char *text;
		enum value_shape shape;
	} cases[] = {
		{"198.51.100.1", SHAPE_ADDRESS},
		{"198.51.100.0/24", SHAPE_ADDRESS},
		{"198.51.100.1:80", SHAPE_ADDRESS},
		{"2001:db8::1", SHAPE_ADDRESS},
		{"[2001:db8::1]", SHAPE_ADDRESS},
		{"[2001:db8::1]:80", SHAPE_ADDRESS},
		{"198.51.100.1/99", SHAPE_ADDRESS}, // to be refused as one
		{"44d88612fea8a8f36de82e1278abb02f", SHAPE_HASH},
		{"44d88612fea8a8f36de82e1278abb02", SHAPE_NAME},
		{"http://a.example", SHAPE_URL},
		{"ftp://a.example/x", SHAPE_URL},
		{"a.example/x", SHAPE_URL},
		{"a.example?x", SHAPE_URL},
		{"a.example:8080", SHAPE_URL},
		{"198.51.100.1/x", SHAPE_URL},
		{"198.51.100.1:80/x", SHAPE_URL},
		{"[2001:db8::1]:80/x", SHAPE_URL},
		{"http://user@a.example/", SHAPE_URL},
		{"a.example", SHAPE_NAME},
		{"cafe.de", SHAPE_NAME},
		{"*.a.example", SHAPE_NAME},
		{"a@b.example", SHAPE_UNMATCHED},
		{"198.51.100.1-198.51.100.7", SHAPE_RANGE},
		{"198.51.100.1 - 198.51.100.7", SHAPE_RANGE},
		{"198.51.100.7-198.51.100.1", SHAPE_NAME},
		{"1-2.example", SHAPE_NAME},
		{"", SHAPE_NAME},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value_guess guess = value_guess(slice_text(cases[i].text));

		if (guess.shape != cases[i].shape)
			fail_msg("%s: %d", cases[i].text, guess.shape);
		assert_int_equal(guess.reason != NULL, guess.shape == SHAPE_UNMATCHED);
	}
}

static void ports_are_taken_apart(void **state)
{
	struct slice address;
	uint16_t port;

	(void)state;
	assert_true(value_split_port(slice_text("[2001:db8::1]:65535"), &address, &port));
	assert_true(slice_is(address, "2001:db8::1"));
	assert_int_equal(port, 65535);
	assert_false(value_split_port(slice_text("198.51.100.1:0"), &address, &port));
	assert_false(value_split_port(slice_text("198.51.100.1:65536"), &address, &port));
	assert_false(value_split_port(slice_text("198.51.100.1:"), &address, &port));
	assert_false(value_split_port(slice_text("[2001:db8::1]"), &address, &port));
}

static int find(const char *value, char *text, struct observable *observables)
{
	return loader_value_observables(slice_text(value), text, observables);
}

static void what_a_person_types_becomes_observables(void **state)
{
	struct observable observables[2];
	char text[2 * URL_BYTES_MAX];

	(void)state;
	assert_int_equal(find(" Evil[.]Example. ", text, observables), 1);
	assert_int_equal(observables[0].type, OBSERVABLE_NAME);
	assert_true(slice_is(observables[0].text, "evil.example"));

	assert_int_equal(find("198[.]51.100.1:53", text, observables), 1);
	assert_int_equal(observables[0].type, OBSERVABLE_ADDRESS);
	assert_int_equal(observables[0].port, 53);

	assert_int_equal(find("hxxps://A.example", text, observables), 1);
	assert_true(slice_is(observables[0].text, "https://a.example/"));

	assert_int_equal(find("a.example/x", text, observables), 2);
	assert_true(slice_is(observables[0].text, "http://a.example/x"));
	assert_true(slice_is(observables[1].text, "https://a.example/x"));

	assert_int_equal(find("1.100.51.198.in-addr.arpa", text, observables), 2);
	assert_int_equal(observables[0].type, OBSERVABLE_NAME);
	assert_int_equal(observables[1].type, OBSERVABLE_ADDRESS);
	assert_int_equal(observables[1].address.octets[15], 1);

	assert_int_equal(find("44D88612fea8a8f36de82e1278abb02f", text, observables), 1);
	assert_int_equal(observables[0].type, OBSERVABLE_HASH);
	assert_int_equal(observables[0].text.size, 16);
}

static void what_is_no_value_is_refused(void **state)
{
	struct observable observables[2];
	char text[2 * URL_BYTES_MAX];

	(void)state;
	assert_int_equal(find("", text, observables), -EINVAL);
	assert_int_equal(find("a b", text, observables), -EINVAL);
	assert_int_equal(find("a@b.example", text, observables), -EINVAL);
	assert_int_equal(find("http://", text, observables), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_of_a_value_says_what_it_is),
		cmocka_unit_test(ports_are_taken_apart),
		cmocka_unit_test(what_a_person_types_becomes_observables),
		cmocka_unit_test(what_is_no_value_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
