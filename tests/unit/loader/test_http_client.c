#include "loader/http_client.h"

#include <errno.h>

#include "base/buffer.h"
#include "loader/config.h"
#include "tests/unit/unit_test.h"

#include "tests/unit/http_server.h"

static const char fine[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"e\"\r\n"
			   "X-TAXII-Date-Added-Last: 2020-01-01T00:00:00.000000Z\r\n"
			   "Content-Type: text/plain\r\nConnection: close\r\n\r\nhello";

// What one request came to.
struct result {
	int error;
	unsigned served;
	struct http_answer answer;
	char body[64];
	char told[PROBLEM_TEXT_BYTES * 3];
	struct http_server server;
};

struct setting {
	struct source_config source;
	struct http_request request;
	const char *path;
	bool (*is_stopped)(void *context);
};

static void ask(const struct setting *setting, const struct served answers[], unsigned count,
                struct result *ret)
{
	struct report report = {0};
	struct http_client *client = NULL;
	struct source_config source = setting->source;
	struct http_request request = setting->request;
	char url[256];

	*ret = (struct result){.answer = {.body_fd = -1}};
	server_start(&ret->server, answers, count);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", ret->server.port,
	               setting->path ? setting->path : "/feed?key=hidden");
	source.address = url;
	request.url = url;
	source.timeout_s = source.timeout_s ? source.timeout_s : 10;
	source.body_bytes_max = source.body_bytes_max ? source.body_bytes_max : 1000;
	source.proxy = source.proxy ? source.proxy : "none";
	assert_int_equal(http_client_create(&source, setting->is_stopped, NULL, &report, &client),
	                 0);
	ret->error = http_client_request(client, &request, &report, &ret->answer);
	if (ret->error == 0) {
		struct buffer body = {0};

		assert_int_equal(http_answer_body(&ret->answer, sizeof(ret->body) - 1, &body), 0);
		if (body.size > 0)
			memcpy(ret->body, body.data, body.size);
		buffer_close(&body);
		http_answer_close(&ret->answer);
	}
	if (report.reason_count > 0)
		(void)snprintf(ret->told, sizeof(ret->told), "%s|%s|%s", report.reasons[0].reason,
		               report.reasons[0].examples[0].object,
		               report.reasons[0].examples[0].detail);
	http_client_free(client);
	server_stop(&ret->server);
	ret->served = ret->server.served;
	report_clear(&report);
}

static void an_answer_has_its_body_and_headers(void **state)
{
	static const struct served answers[] = {{.answer = fine}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.request.accept = "text/x", .request.if_none_match = "\"old\""},
	    answers, 1, &got);
	assert_int_equal(got.error, 0);
	assert_int_equal(got.answer.status, 200);
	assert_string_equal(got.body, "hello");
	assert_string_equal(got.answer.etag, "\"e\"");
	assert_string_equal(got.answer.content_type, "text/plain");
	assert_string_equal(got.answer.date_added_last, "2020-01-01T00:00:00.000000Z");
	assert_string_equal(got.told, "");
	assert_non_null(strstr(got.server.requests[0], "GET /feed?key=hidden HTTP/1.1\r\n"));
	assert_non_null(strstr(got.server.requests[0], "\r\nAccept: text/x\r\n"));
	assert_non_null(strstr(got.server.requests[0], "\r\nIf-None-Match: \"old\"\r\n"));
	assert_non_null(strstr(got.server.requests[0], "\r\nAccept-Encoding: gzip, zstd\r\n"));
	assert_null(strstr(got.server.requests[0], "Authorization"));
}

static void what_may_pass_is_asked_again(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 503 No\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n"},
		{.answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhell"},
		{.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"},
		{.answer = fine},
	};
	static struct result got;

	(void)state;
	ask(&(struct setting){.source.retries = 3}, answers, 4, &got);
	assert_int_equal(got.error, 0);
	assert_int_equal(got.served, 4);
	assert_string_equal(got.body, "hello");
}

static void a_cut_body_is_never_taken(void **state)
{
	static const char gzip_cut[] =
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		"Content-Length: 12\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48";
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhell"},
		{.answer = gzip_cut, .size = sizeof(gzip_cut) - 1},
	};
	static struct result got;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		ask(&(struct setting){.source.retries = 1}, &answers[i], 1, &got);
		assert_int_equal(got.error, -EIO);
		assert_int_equal(got.served, 2);
	}
	assert_non_null(strstr(got.told, "damaged or cut"));
}

static void a_refusal_is_told_with_the_servers_words(void **state)
{
	static const struct {
		const char *answer;
		int error;
	} cases[] = {
		{"HTTP/1.1 401 No\r\nContent-Length: 7\r\n\r\nsorry\nx", -EACCES},
		{"HTTP/1.1 403 No\r\nContent-Length: 7\r\n\r\nsorry\nx", -EACCES},
		{"HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\nsorry\nx", -ENOENT},
		{"HTTP/1.1 406 No\r\nContent-Length: 7\r\n\r\nsorry\nx", -EBADMSG},
		{"HTTP/1.1 416 No\r\nContent-Length: 7\r\n\r\nsorry\nx", -ERANGE},
	};
	static struct result got;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct served served = {.answer = cases[i].answer};

		ask(&(struct setting){.source.retries = 5}, &served, 1, &got);
		assert_int_equal(got.error, cases[i].error);
		assert_int_equal(got.served, 1);
		assert_non_null(strstr(got.told, "sorry x"));
		assert_non_null(strstr(got.told, "/feed?..."));
		assert_null(strstr(got.told, "hidden"));
	}
}

static void a_long_pause_is_left_to_the_next_run(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 429 No\r\nContent-Length: 0\r\nRetry-After: 86400\r\n\r\n"}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.source.retries = 5}, answers, 1, &got);
	assert_int_equal(got.error, -EIO);
	assert_int_equal(got.served, 1);
	assert_non_null(strstr(got.told, "86400"));
}

static bool stop_later(void *context)
{
	static unsigned asked;

	(void)context;
	return ++asked > 3;
}

static void a_stop_ends_a_silent_server(void **state)
{
	static const struct served answers[] = {{.answer = NULL}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.is_stopped = stop_later}, answers, 1, &got);
	assert_int_equal(got.error, -ECANCELED);
}

static void a_drip_is_a_stall(void **state)
{
	static const struct served answers[] = {{.answer = fine, .drip_ms = 200}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.source.timeout_s = 4}, answers, 1, &got);
	assert_int_equal(got.error, -EIO);
	assert_non_null(strstr(got.told, "too slowly"));
}

static void a_body_that_is_too_large_is_refused(void **state)
{
	static const struct served answers[] = {{.answer = fine}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.source.body_bytes_max = 4, .source.retries = 3}, answers, 1, &got);
	assert_int_equal(got.error, -EFBIG);
	assert_int_equal(got.served, 1);
}

static void credentials_do_not_follow_to_another_host(void **state)
{
	static const struct served last[] = {{.answer = fine}};
	static struct http_server other;
	static struct result got;
	static char answer[256];
	struct served first = {.answer = answer};

	(void)state;
	assert_int_equal(setenv("SEKISHO_TEST_TOKEN", "s3cret", 1), 0);
	server_start(&other, last, 1);
	(void)snprintf(answer, sizeof(answer),
	               "HTTP/1.1 302 There\r\nLocation: http://localhost:%u/x\r\n"
	               "Content-Length: 0\r\n\r\n",
	               other.port);
	ask(&(struct setting){.source.token = {.environment = "SEKISHO_TEST_TOKEN"},
	                      .source.token_header = "X-Key",
	                      .source.username = "joe"},
	    &first, 1, &got);
	server_stop(&other);
	assert_int_equal(got.error, 0);
	assert_non_null(strstr(got.server.requests[0], "X-Key: s3cret\r\n"));
	assert_non_null(strstr(got.server.requests[0], "Authorization: Basic am9lOg==\r\n"));
	assert_null(strstr(other.requests[0], "s3cret"));
	assert_null(strstr(other.requests[0], "Authorization"));
	assert_non_null(strstr(got.answer.url, "http://localhost:"));
}

static void a_circle_of_redirects_ends(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 301 Here\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n"}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.source.retries = 3}, answers, 1, &got);
	assert_int_equal(got.error, -EBADMSG);
	assert_int_equal(got.served, 6);
}

static void a_redirect_to_another_scheme_is_refused(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 301 Here\r\nLocation: file:///etc/passwd\r\n"
	                   "Content-Length: 0\r\n\r\n"}};
	static struct result got;

	(void)state;
	ask(&(struct setting){0}, answers, 1, &got);
	assert_int_equal(got.error, -EBADMSG);
}

static void a_secret_that_comes_back_is_not_told(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 401 No\r\nContent-Length: 16\r\n\r\nno such s3cret !"}};
	static struct result got;

	(void)state;
	assert_int_equal(setenv("SEKISHO_TEST_TOKEN", "s3cret", 1), 0);
	ask(&(struct setting){.source.token = {.environment = "SEKISHO_TEST_TOKEN"}}, answers, 1,
	    &got);
	assert_int_equal(got.error, -EACCES);
	assert_non_null(strstr(got.server.requests[0], "Authorization: Bearer s3cret\r\n"));
	assert_null(strstr(got.told, "s3cret"));
}

static void a_body_is_posted(void **state)
{
	static const struct served answers[] = {{.answer = fine}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.request.body = slice_text("<poll/>"),
	                      .request.content_type = "application/xml",
	                      .request.headers = {"X-TAXII-Services: s"}},
	    answers, 1, &got);
	assert_int_equal(got.error, 0);
	assert_non_null(strstr(got.server.requests[0], "POST /feed"));
	assert_non_null(strstr(got.server.requests[0], "\r\nContent-Type: application/xml\r\n"));
	assert_non_null(strstr(got.server.requests[0], "\r\nX-TAXII-Services: s\r\n"));
	assert_non_null(strstr(got.server.requests[0], "\r\n\r\n<poll/>"));
}

static void not_modified_has_no_body(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 304 Same\r\nETag: \"e\"\r\n\r\n"}};
	static struct result got;

	(void)state;
	ask(&(struct setting){.request.if_none_match = "\"e\""}, answers, 1, &got);
	assert_int_equal(got.error, 0);
	assert_int_equal(got.answer.status, 304);
	assert_int_equal(got.answer.body_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_its_body_and_headers),
		cmocka_unit_test(what_may_pass_is_asked_again),
		cmocka_unit_test(a_cut_body_is_never_taken),
		cmocka_unit_test(a_refusal_is_told_with_the_servers_words),
		cmocka_unit_test(a_long_pause_is_left_to_the_next_run),
		cmocka_unit_test(a_stop_ends_a_silent_server),
		cmocka_unit_test(a_drip_is_a_stall),
		cmocka_unit_test(a_body_that_is_too_large_is_refused),
		cmocka_unit_test(credentials_do_not_follow_to_another_host),
		cmocka_unit_test(a_circle_of_redirects_ends),
		cmocka_unit_test(a_redirect_to_another_scheme_is_refused),
		cmocka_unit_test(a_secret_that_comes_back_is_not_told),
		cmocka_unit_test(a_body_is_posted),
		cmocka_unit_test(not_modified_has_no_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
