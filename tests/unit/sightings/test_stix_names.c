#include "tests/unit/unit_test.h"

#include "sightings/stix_names.h"

static bool is_name(const char *text)
{
	return stix_names_is_name(slice_text(text));
}

static void expect_url(const char *url, const char *expected)
{
	struct buffer to = {0};

	assert_true(stix_names_append_url(&to, slice_text(url)));
	buffer_append_byte(&to, '\0');
	assert_string_equal((const char *)to.data, expected);
	buffer_close(&to);
}

static void names_of_hosts_are_names(void **state)
{
	(void)state;
	assert_true(is_name("bad.example"));
	assert_true(is_name("a-b.1.example"));
	assert_true(is_name("localhost"));
	assert_true(is_name("xn--wgv71a.example"));
}

static void what_rfc_5890_forbids_is_no_name(void **state)
{
	(void)state;
	assert_false(is_name(""));
	assert_false(is_name("a..example"));
	assert_false(is_name("example."));
	assert_false(is_name("_dmarc.example"));
	assert_false(is_name("-a.example"));
	assert_false(is_name("a-.example"));
	assert_false(is_name("r3---sn.example"));
	assert_false(is_name("a b.example"));
	assert_false(is_name("\xff.example"));
	assert_false(is_name("Bad.example"));
}

static void an_a_label_must_decode_to_what_encodes_to_it(void **state)
{
	(void)state;
	assert_false(is_name("xn--zzzzzz99999.example"));
	assert_false(is_name("xn--.example"));
	assert_false(is_name("xn--abc-.example"));
}

static void a_name_has_labels_of_63_and_253_bytes_in_all(void **state)
{
	char label[65];
	char name[256];

	(void)state;
	memset(label, 'a', sizeof(label));
	assert_true(stix_names_is_name(slice_of(label, 63)));
	assert_false(stix_names_is_name(slice_of(label, 64)));
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	assert_true(stix_names_is_name(slice_of(name, 253)));
	assert_false(stix_names_is_name(slice_of(name, 255)));
}

static void what_may_stand_in_a_uri_stands(void **state)
{
	(void)state;
	expect_url("http://bad.example/a;b=c%20d?q=1&r=/?",
	           "http://bad.example/a;b=c%20d?q=1&r=/?");
	expect_url("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/");
}

static void what_may_not_is_percent_encoded(void **state)
{
	(void)state;
	expect_url("http://bad.example/[a]{b}|c^`\"<> \\",
	           "http://bad.example/%5Ba%5D%7Bb%7D%7Cc%5E%60%22%3C%3E%20%5C");
	expect_url("http://bad.example/%zz%4", "http://bad.example/%25zz%254");
	expect_url("http://[zz]/", "http://%5Bzz%5D/");
	expect_url("http://bad.example/\xff\x01", "http://bad.example/%FF%01");
}

static void what_is_no_url_is_left_out(void **state)
{
	struct buffer to = {0};

	(void)state;
	assert_false(stix_names_append_url(&to, slice_text("bad.example/a")));
	assert_false(stix_names_append_url(&to, slice_text("http:///a")));
	assert_false(stix_names_append_url(&to, slice_text("")));
	assert_int_equal(to.size, 0);
	buffer_close(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_hosts_are_names),
		cmocka_unit_test(what_rfc_5890_forbids_is_no_name),
		cmocka_unit_test(an_a_label_must_decode_to_what_encodes_to_it),
		cmocka_unit_test(a_name_has_labels_of_63_and_253_bytes_in_all),
		cmocka_unit_test(what_may_stand_in_a_uri_stands),
		cmocka_unit_test(what_may_not_is_percent_encoded),
		cmocka_unit_test(what_is_no_url_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
