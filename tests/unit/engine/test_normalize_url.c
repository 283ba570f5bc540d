#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/normalize.h"

static int normalize(const char *text, char ret_url[URL_BYTES_MAX + 1], struct url_parts *ret_parts)
{
	int size = normalize_url(slice_text(text), ret_url, URL_BYTES_MAX, ret_parts);

	if (size >= 0)
		ret_url[size] = '\0';
	return size;
}

static void assert_url(const char *text, const char *expected)
{
	char url[URL_BYTES_MAX + 1];
	char again[URL_BYTES_MAX + 1];
	struct url_parts parts;

	assert_true(normalize(text, url, &parts) > 0);
	assert_string_equal(url, expected);
	assert_true(normalize(url, again, &parts) > 0);
	assert_string_equal(again, url);
}

static void urls_have_one_spelling(void **state)
{
	(void)state;
	assert_url("HTTP://Evil.Example", "http://evil.example/");
	assert_url("http://evil.example.:80/A/b?C=d#frag", "http://evil.example/A/b?C=d");
	assert_url("https://evil.example:443/", "https://evil.example/");
	assert_url("https://evil.example:80/", "https://evil.example:80/");
	assert_url("http://evil.example:0080/", "http://evil.example/");
	assert_url("http://evil.example:/x", "http://evil.example/x");
	assert_url("http://user:pass@evil.example/x@y", "http://evil.example/x@y");
	assert_url("http://a@b@evil.example/", "http://evil.example/");
	assert_url("http://bücher.example/ü", "http://xn--bcher-kva.example/%C3%BC");
	assert_url("http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/");
	assert_url("http://%65vil.example/", "http://evil.example/");
	assert_url("ftp://evil.example:21/x", "ftp://evil.example/x");
	assert_url("tcp://evil.example:4444", "tcp://evil.example:4444/");
	assert_url("  http://evil.example/x \n", "http://evil.example/x");
}

static void the_empty_query_is_not_no_query(void **state)
{
	(void)state;
	assert_url("http://a.example/?", "http://a.example/?");
	assert_url("http://a.example?", "http://a.example/?");
	assert_url("http://a.example?x=1", "http://a.example/?x=1");
	assert_url("http://a.example#x?y", "http://a.example/");
	assert_url("http://a.example/p?#x", "http://a.example/p?");
}

static void percent_encoding_has_one_form(void **state)
{
	(void)state;
	assert_url("http://a.example/%7euser/%41%2d%2E%5f", "http://a.example/~user/A-._");
	assert_url("http://a.example/%2f%3f%23%2F", "http://a.example/%2F%3F%23%2F");
	assert_url("http://a.example/100%", "http://a.example/100%25");
	assert_url("http://a.example/%zz%4", "http://a.example/%25zz%254");
	assert_url("http://a.example/%%34%31", "http://a.example/%2541");
	assert_url("http://a.example/a b+c\"<>^`{|}",
	           "http://a.example/a%20b+c%22%3C%3E%5E%60%7B%7C%7D");
	assert_url("http://a.example/?q=a b&c[]=%5b", "http://a.example/?q=a%20b&c[]=%5B");
	assert_url("http://a.example/\xff\x80", "http://a.example/%FF%80");
	assert_url("http://a.example/%00", "http://a.example/%00");
}

static void dot_segments_are_removed(void **state)
{
	(void)state;
	assert_url("http://a.example/a/b/c/./../../g", "http://a.example/a/g");
	assert_url("http://a.example/..", "http://a.example/");
	assert_url("http://a.example/../../x", "http://a.example/x");
	assert_url("http://a.example/a/.", "http://a.example/a/");
	assert_url("http://a.example/a/..", "http://a.example/");
	assert_url("http://a.example/a/%2e%2E/b", "http://a.example/b");
	assert_url("http://a.example/a/.../b", "http://a.example/a/.../b");
	assert_url("http://a.example/a/..b/.c", "http://a.example/a/..b/.c");
	assert_url("http://a.example//x//../y", "http://a.example//x/y");
	assert_url("http://a.example/x?a/../b", "http://a.example/x?a/../b");
	assert_url("http://a.example/./", "http://a.example/");
}

static void backslashes_are_slashes_up_to_the_query(void **state)
{
	(void)state;
	assert_url("http:\\\\a.example\\b\\..\\c", "http://a.example/c");
	assert_url("http:///a.example/x", "http://a.example/x");
	assert_url("http:/a.example/x", "http://a.example/x");
	assert_url("http://a.example/?a\\b", "http://a.example/?a%5Cb");
	assert_url("http://a.example/%5c", "http://a.example/%5C");
}

static void addresses_are_hosts(void **state)
{
	char url[URL_BYTES_MAX + 1];
	struct url_parts parts;
	(void)state;

	assert_url("http://192.0.2.1:8080/x", "http://192.0.2.1:8080/x");
	assert_url("http://[2001:DB8:0::1]/x", "http://[2001:db8::1]/x");
	assert_url("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080/");
	assert_url("http://[::ffff:192.0.2.1]/", "http://192.0.2.1/");

	assert_true(normalize("http://[2001:db8::1]:81/x", url, &parts) > 0);
	assert_false(parts.is_host_name);
	assert_true(slice_is(parts.host, "2001:db8::1"));
	assert_int_equal(parts.port, 81);
}

static void assert_parts(const char *text, const char *key, uint8_t schemes, uint16_t port)
{
	char url[URL_BYTES_MAX + 1];
	struct url_parts parts;

	assert_true(normalize(text, url, &parts) > 0);
	assert_string_equal(url + parts.key_offset, key);
	assert_int_equal(parts.schemes, schemes);
	assert_int_equal(parts.port, port);
	assert_true(parts.is_host_name);
	assert_true(slice_is(parts.host, "evil.example"));
}

static void the_key_begins_with_the_host(void **state)
{
	(void)state;
	assert_parts("http://evil.example/x", "evil.example/x", URL_SCHEME_HTTP, 80);
	assert_parts("https://evil.example/x", "evil.example/x", URL_SCHEME_HTTPS, 443);
	assert_parts("https://evil.example:8443/x", "evil.example:8443/x", URL_SCHEME_HTTPS, 8443);
	assert_parts("ftp://evil.example/x", "ftp://evil.example/x", 0, 21);
	assert_parts("gopher://evil.example/x", "gopher://evil.example/x", 0, 0);
}

static void without_a_scheme_both_fit_unless_the_port_tells(void **state)
{
	uint8_t both = URL_SCHEME_HTTP | URL_SCHEME_HTTPS;
	(void)state;

	assert_parts("evil.example/x", "evil.example/x", both, 0);
	assert_parts("//evil.example/x", "evil.example/x", both, 0);
	assert_parts("Evil.Example:8080/x", "evil.example:8080/x", both, 8080);
	assert_parts("evil.example:80/x", "evil.example/x", URL_SCHEME_HTTP, 80);
	assert_parts("evil.example:443/x", "evil.example/x", URL_SCHEME_HTTPS, 443);
}

static void what_has_no_host_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"http://",
		"http:",
		"/path",
		"?q",
		"mailto:x@evil.example",
		"user@evil.example",
		"http:evil.example",
		"file:///etc/passwd",
		"http://a.example:99999/",
		"http://a.example:0/",
		"http://a.example:8o/",
		"http://a.example:80:80/",
		"http://a b.example/",
		"http://a.example/a\tb",
		"http://a.example/a\nb",
		"http://a.example/#a\nb",
		"http://a.example/\x7f",
		"http://[::1",
		"http://[::1]x/",
		"http://[192.0.2.1]/",
		"http://[fe80::1%25lo]/",
		"http://*.example/",
		"http://a%2fb.example/",
		"http://a%zz.example/",
		"http://a%2562.example/",
		"http://a..example/",
		"http://10.0.0.256/",
		"javascript:alert(1)",
	};
	char url[URL_BYTES_MAX + 1];
	struct url_parts parts;
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(normalize(texts[i], url, &parts), -EINVAL);
}

static void what_does_not_fit_is_said_and_not_written(void **state)
{
	static const char text[] = "http://a.example:81/b/%ff?{}";
	char url[64];
	struct url_parts parts;
	int size = normalize_url(slice_text(text), url, sizeof(url), &parts);
	(void)state;

	assert_int_equal(size, strlen("http://a.example:81/b/%FF?%7B%7D"));
	for (int room = 0; room < size; room++) {
		memset(url, '@', sizeof(url));
		assert_int_equal(normalize_url(slice_text(text), url, (size_t)room, &parts),
		                 -EMSGSIZE);
		assert_int_equal(url[room], '@');
	}
	assert_int_equal(normalize_url(slice_text(text), url, (size_t)size, &parts), size);
}

static void request_targets_need_a_slash(void **state)
{
	char url[URL_BYTES_MAX];
	struct url_parts parts;
	struct slice host = slice_text("Evil.Example:80");
	(void)state;

	assert_int_equal(
		normalize_request_url(host, slice_text("*"), false, url, sizeof(url), &parts),
		-EINVAL);
	assert_int_equal(normalize_request_url(slice_text(""), slice_text("/"), false, url,
	                                       sizeof(url), &parts),
	                 -EINVAL);
	int size = normalize_request_url(host, slice_text("//x/../Y"), false, url, sizeof(url),
	                                 &parts);
	assert_true(slice_is(slice_of(url, (size_t)size), "http://evil.example//Y"));
	size = normalize_request_url(host, slice_text(""), true, url, sizeof(url), &parts);
	assert_true(slice_is(slice_of(url, (size_t)size), "https://evil.example:80/"));
}

// Random text of the pieces that mean something in a URL.
static size_t random_text(char *text, size_t size_max, const char *const pieces[], size_t count)
{
	size_t size = 0;

	for (long left = random() % 12; left > 0; left--) {
		const char *piece = pieces[(size_t)random() % count];

		if (size + strlen(piece) > size_max)
			break;
		memcpy(text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	return size;
}

static void assert_request_equals_whole(struct slice authority, struct slice target, bool is_https)
{
	char whole[512];
	char from_whole[1024];
	char from_request[1024];
	char name[NAME_BYTES_MAX + 1];
	struct url_parts whole_parts;
	struct url_parts parts;
	int length = snprintf(whole, sizeof(whole), "%s://%.*s%.*s", is_https ? "https" : "http",
	                      SLICE_FORMAT(authority), SLICE_FORMAT(target));
	int expected = normalize_url(slice_of(whole, (size_t)length), from_whole,
	                             sizeof(from_whole), &whole_parts);
	int size = normalize_request_url(authority, target, is_https, from_request,
	                                 sizeof(from_request), &parts);

	// What is a name on the wire only: "1.2.3.456".
	if (size > 0 && parts.is_host_name && normalize_name(parts.host, name) < 0)
		size = -EINVAL;
	assert_int_equal(size, expected);
	if (size < 0)
		return;
	assert_memory_equal(from_request, from_whole, size);
	assert_int_equal(parts.port, whole_parts.port);
	assert_int_equal(parts.schemes, whole_parts.schemes);
	assert_int_equal(parts.key_offset, whole_parts.key_offset);
	assert_int_equal(parts.host.size, whole_parts.host.size);
	assert_int_equal((const char *)parts.host.data - from_request,
	                 (const char *)whole_parts.host.data - from_whole);
}

static void a_request_gives_what_its_whole_url_gives(void **state)
{
	static const char *const hosts[] = {"a",       "B",   ".",     "-",         "1",
	                                    "example", ":",   "80",    "443",       "@",
	                                    "%41",     "%2e", "[::1]", "192.0.2.1", "xn--"};
	static const char *const targets[] = {"/", "..", ".",        "%2e", "%",   "?",
	                                      "#", "a",  "Z",        "\\",  "%7E", "%2F",
	                                      "{", " ",  "\xc3\xbc", "//",  "\t",  "+"};
	(void)state;

	srandom(11);
	for (unsigned round = 0; round < 200000; round++) {
		char authority[128];
		char target[128] = "/";
		size_t size = random_text(authority, sizeof(authority), hosts, 15);
		// Without an authority, a whole URL would find its host further on.
		if (size == 0)
			continue;
		size_t target_size = 1 + random_text(target + 1, sizeof(target) - 1, targets, 18);

		assert_request_equals_whole(slice_of(authority, size),
		                            slice_of(target, target_size), random() % 2);
	}
}

// What is written in one go against what is looked at byte by byte: an encoded letter at the start
// of path and query makes all of it so.
static void what_needs_no_change_is_copied(void **state)
{
	static const char *const pieces[] = {
		"/",   ".",          "..",     "?",   "a",    "Z-9_~", "/.", "index.html",
		"/..", "=&",         "/a",     "//",  "%2e",  "#",     "\\", "!$",
		"{",   "0123456789", "/./b/c", "%41", "\xff", "@[",    "]:;"};
	(void)state;

	srandom(12);
	for (unsigned round = 0; round < 200000; round++) {
		char rest[128], fast[300], slow[300], text[300];
		size_t size = random_text(rest, sizeof(rest), pieces, 23);
		const char *mark = random() % 2 ? "/" : "/?";
		struct url_parts parts;
		int written[2];

		(void)snprintf(text, sizeof(text), "http://a%sx%.*s", mark, (int)size, rest);
		written[0] = normalize_url(slice_text(text), fast, sizeof(fast), &parts);
		(void)snprintf(text, sizeof(text), "http://a%s%%78%.*s", mark, (int)size, rest);
		written[1] = normalize_url(slice_text(text), slow, sizeof(slow), &parts);
		assert_int_equal(written[0], written[1]);
		assert_true(written[0] > 0);
		assert_memory_equal(fast, slow, written[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_have_one_spelling),
		cmocka_unit_test(the_empty_query_is_not_no_query),
		cmocka_unit_test(percent_encoding_has_one_form),
		cmocka_unit_test(dot_segments_are_removed),
		cmocka_unit_test(backslashes_are_slashes_up_to_the_query),
		cmocka_unit_test(addresses_are_hosts),
		cmocka_unit_test(the_key_begins_with_the_host),
		cmocka_unit_test(without_a_scheme_both_fit_unless_the_port_tells),
		cmocka_unit_test(what_has_no_host_is_refused),
		cmocka_unit_test(what_does_not_fit_is_said_and_not_written),
		cmocka_unit_test(request_targets_need_a_slash),
		cmocka_unit_test(a_request_gives_what_its_whole_url_gives),
		cmocka_unit_test(what_needs_no_change_is_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
