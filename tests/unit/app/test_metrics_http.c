// /metrics over real sockets.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/metrics_http.h"
#include "app/metrics_http_address.h"
#include "tests/unit/unit_test.h"

struct fixture {
	char address[32];
	in_port_t port_be16;
	struct metrics_http *http;
	pthread_t thread;
	_Atomic bool is_ending;
};

static void render(void *context, struct buffer *text)
{
	(void)context;
	buffer_append_text(text, "some_metric 1\n");
}

static const struct metrics_http_source source = {render, NULL};

static void *serve(void *context)
{
	struct fixture *fixture = context;

	while (!atomic_load(&fixture->is_ending)) {
		struct pollfd fd = {.fd = metrics_http_fd(fixture->http), .events = POLLIN};

		(void)poll(&fd, 1, 20);
		metrics_http_serve(fixture->http);
	}
	return NULL;
}

// A port that nobody has.
static in_port_t free_port_be16(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	close(fd);
	return address.sin_port;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->port_be16 = free_port_be16();
	(void)snprintf(fixture->address, sizeof(fixture->address), "127.0.0.1:%u",
	               ntohs(fixture->port_be16));
	assert_int_equal(metrics_http_open(fixture->address, &source, NULL, &fixture->http), 0);
	assert_int_equal(pthread_create(&fixture->thread, NULL, serve, fixture), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	atomic_store(&fixture->is_ending, true);
	assert_int_equal(pthread_join(fixture->thread, NULL), 0);
	metrics_http_close(fixture->http);
	free(fixture);
	return 0;
}

static int connect_to(const struct fixture *fixture)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                              .sin_port = fixture->port_be16};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void assert_answer(const struct fixture *fixture, const char *request, const char *first,
                          const char *part, const char *body)
{
	struct buffer text = {0};
	char bytes[4096];
	ssize_t got;
	int fd = connect_to(fixture);
	const char *found;

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	while ((got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		buffer_append(&text, bytes, (size_t)got);
	buffer_append_byte(&text, '\0');
	close(fd);
	if (strncmp((const char *)text.data, first, strlen(first)) != 0 ||
	    strstr((const char *)text.data, part) == NULL)
		fail_msg("unexpected: %s", (const char *)text.data);
	found = strstr((const char *)text.data, "\r\n\r\n");
	assert_non_null(found);
	assert_string_equal(found + 4, body);
	buffer_close(&text);
}

static void metrics_are_given_to_get_and_head(void **state)
{
	assert_answer(*state, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200",
	              "Content-Type: text/plain; version=0.0.4; charset=utf-8", "some_metric 1\n");
	assert_answer(*state, "GET /metrics?x=y HTTP/1.0\r\n\r\n", "HTTP/1.1 200",
	              "Content-Length: 14", "some_metric 1\n");
	assert_answer(*state, "HEAD /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200",
	              "Content-Length: 14", "");
}

static void anything_else_is_an_error_in_words(void **state)
{
	assert_answer(*state, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 404", "text/plain",
	              "There is only /metrics.\n");
	assert_answer(*state, "GET /metrics/ HTTP/1.0\r\n\r\n", "HTTP/1.1 404", "text/plain",
	              "There is only /metrics.\n");
	assert_answer(*state, "DELETE /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 405",
	              "Allow: GET, HEAD", "Only GET and HEAD.\n");
}

static void silent_clients_keep_nobody_out_for_long(void **state)
{
	int fds[METRICS_HTTP_CONNECTIONS_MAX + 8];

	for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = connect_to(*state);
	assert_answer(*state, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "text/plain",
	              "some_metric 1\n"); // once the time of the others is up
	for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

static void a_port_that_is_taken_is_said(void **state)
{
	const struct fixture *fixture = *state;
	struct metrics_http *http = NULL;
	struct report report = {0};

	assert_int_equal(metrics_http_open(fixture->address, &source, &report, &http), -EADDRINUSE);
	assert_int_equal(report.count, 1);
	report_clear(&report);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",           "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:65536",
		"[::1:9477",  "[]:1",
		"::1:9477",   "localhost:9477",
		":9477",      "127.0.0.1:94x77",
		"[::1]",      "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18:1",
	};
	struct metrics_http *http = NULL;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (metrics_http_open(wrong[i], &source, NULL, &http) != -EINVAL)
			fail_msg("taken: %s", wrong[i]);
}

static void an_address_that_others_can_reach_is_noted(void **state)
{
	struct metrics_http_address address;
	struct report report = {0};

	(void)state;
	assert_int_equal(metrics_http_address_parse("[::1]:9477", &report, &address), 0);
	assert_int_equal(metrics_http_address_parse("127.0.0.5:1", &report, &address), 0);
	assert_int_equal(report.count, 0);
	assert_int_equal(metrics_http_address_parse("0.0.0.0:9477", &report, &address), 0);
	assert_int_equal(metrics_http_address_parse("[::]:9477", &report, &address), 0);
	assert_int_equal(report.count, 2);
	report_clear(&report);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(metrics_are_given_to_get_and_head),
		TEST(anything_else_is_an_error_in_words),
		TEST(silent_clients_keep_nobody_out_for_long),
		TEST(a_port_that_is_taken_is_said),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(an_address_that_others_can_reach_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
