#include "loader/http_url.h"

#include <errno.h>

#include "tests/unit/unit_test.h"

static struct http_origin origin(const char *url)
{
	struct http_origin origin;

	assert_int_equal(http_url_origin(url, &origin), 0);
	return origin;
}

static bool is_within(const char *mine, const char *other)
{
	struct http_origin a = origin(mine);
	struct http_origin b = origin(other);

	return http_url_is_within(&a, &b);
}

static void credentials_stay_with_host_and_port(void **state)
{
	(void)state;
	assert_true(is_within("https://a.example/x", "https://A.example:443/y?z"));
	assert_true(is_within("http://a.example/", "https://a.example/"));
	assert_false(is_within("https://a.example/", "http://a.example/"));
	assert_false(is_within("https://a.example/", "https://a.example:8443/"));
	assert_false(is_within("https://a.example/", "https://b.a.example/"));
	assert_false(is_within("https://a.example/", "https://a.example.b/"));
	assert_false(is_within("http://a.example:8080/", "https://a.example/"));
}

static void only_http_without_names_is_taken(void **state)
{
	struct http_origin none;

	(void)state;
	assert_int_equal(http_url_origin("file:///etc/passwd", &none), -EINVAL);
	assert_int_equal(http_url_origin("ftp://a.example/", &none), -EINVAL);
	assert_int_equal(http_url_origin("https://u:p@a.example/", &none), -EINVAL);
	assert_int_equal(http_url_origin("gopher://a.example/", &none), -EINVAL);
	assert_int_equal(http_url_origin("/relative", &none), -EINVAL);
	assert_int_equal(http_url_origin("", &none), -EINVAL);
}

static void what_is_told_has_no_secrets(void **state)
{
	struct buffer text = {0};

	(void)state;
	http_url_tell("https://user:pa@ss@a.example:1/b?key=secret#f", &text);
	assert_true(slice_is(buffer_slice(&text), "https://a.example:1/b?..."));
	buffer_close(&text);
}

static void a_reference_is_joined_to_its_base(void **state)
{
	struct buffer url = {0};

	(void)state;
	assert_int_equal(http_url_join("https://a.example/b/c?d", "../e/?f=1", &url), 0);
	assert_true(slice_is(buffer_slice(&url), "https://a.example/e/?f=1"));
	buffer_clear(&url);
	assert_int_equal(http_url_join("https://a.example/b", "//c.example/", &url), 0);
	assert_true(slice_is(buffer_slice(&url), "https://c.example/"));
	assert_int_equal(http_url_join("https://a.example/", "file:///etc/passwd", &url), -EINVAL);
	buffer_close(&url);
}

static void a_problem_is_told_without_the_secrets_of_its_url(void **state)
{
	struct report report = {0};

	(void)state;
	http_url_note(&report, "not a list", "https://a.example/b?key=secret", "none");
	assert_int_equal(report.reason_count, 1);
	assert_string_equal(report.reasons[0].examples[0].object, "https://a.example/b?...");
	assert_string_equal(report.reasons[0].examples[0].detail, "none");
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_stay_with_host_and_port),
		cmocka_unit_test(only_http_without_names_is_taken),
		cmocka_unit_test(what_is_told_has_no_secrets),
		cmocka_unit_test(a_problem_is_told_without_the_secrets_of_its_url),
		cmocka_unit_test(a_reference_is_joined_to_its_base),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
