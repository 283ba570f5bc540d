// The control socket: the client against the server, in one process, and clients that misbehave.
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/control.h"
#include "app/control_server.h"
#include "tests/unit/unit_test.h"

enum { TIMEOUT_MS = 20000, BIG_BYTES = 4 * 1024 * 1024 };

struct fixture {
	char folder[64];
	char path[200];
	struct control_server *server;
	pthread_t thread;
	_Atomic bool is_ending;
	uint64_t held_id; // of "hold", until "let go"
	bool is_running;
};

static void append_letters(struct buffer *text, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buffer_append_byte(text, (uint8_t)('a' + i % 26));
}

static int answer(void *context, uint64_t request_id, const char *request, struct buffer *text,
                  struct report *report)
{
	struct fixture *fixture = context;

	if (strcmp(request, "refuse") == 0) {
		report_note(report, "no", slice_text(""), "because of\nthis");
		return -EINVAL;
	}
	if (strcmp(request, "fail") == 0)
		return -ENOENT;
	if (strcmp(request, "hold") == 0) {
		fixture->held_id = request_id;
		return -EINPROGRESS;
	}
	if (strcmp(request, "let go") == 0)
		control_server_answer(fixture->server, fixture->held_id, 0, slice_text("held\n"));
	if (strcmp(request, "big") == 0)
		append_letters(text, BIG_BYTES);
	else if (strcmp(request, "too big") == 0)
		append_letters(text, CONTROL_ANSWER_BYTES_MAX);
	else
		buffer_format(text, "heard %s\n", request);
	return 0;
}

static void *serve(void *context)
{
	struct fixture *fixture = context;

	while (!atomic_load(&fixture->is_ending)) {
		struct pollfd fd = {.fd = control_server_fd(fixture->server), .events = POLLIN};

		if (poll(&fd, 1, 20) > 0)
			control_server_serve(fixture->server);
	}
	return NULL;
}

static int open_server(struct fixture *fixture, struct report *report)
{
	const struct control_handler handler = {answer, fixture};

	return control_server_open(fixture->path, &handler, report, &fixture->server);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/sekisho-control-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/run/control.sock",
	               fixture->folder);
	assert_int_equal(open_server(fixture, NULL), 0);
	assert_int_equal(pthread_create(&fixture->thread, NULL, serve, fixture), 0);
	fixture->is_running = true;
	*state = fixture;
	return 0;
}

static void end_server(struct fixture *fixture)
{
	if (fixture->is_running) {
		atomic_store(&fixture->is_ending, true);
		assert_int_equal(pthread_join(fixture->thread, NULL), 0);
		control_server_close(fixture->server);
	}
	fixture->is_running = false;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	char folder[96];

	end_server(fixture);
	(void)unlink(fixture->path);
	(void)snprintf(folder, sizeof(folder), "%s/run", fixture->folder);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rmdir(fixture->folder), 0);
	free(fixture);
	return 0;
}

static int connect_raw(const struct fixture *fixture)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, fixture->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

// All that arrives until the end.
static void read_all(int fd, struct buffer *text)
{
	char bytes[4096];
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		buffer_append(text, bytes, (size_t)got);
	buffer_append_byte(text, '\0');
	close(fd);
}

static void assert_answer(const struct fixture *fixture, const char *request, const char *expected)
{
	struct buffer text = {0};

	assert_int_equal(control_ask(fixture->path, request, TIMEOUT_MS, &text, NULL), 0);
	assert_int_equal(text.size, strlen(expected));
	assert_memory_equal(text.data, expected, text.size);
	buffer_close(&text);
}

static void a_request_is_answered(void **state)
{
	assert_answer(*state, "status", "heard status\n");
	assert_answer(*state, "push /a path/with spaces.skdb",
	              "heard push /a path/with spaces.skdb\n");
	assert_answer(*state, "", "heard \n");
}

static void a_refusal_says_why_on_one_line(void **state)
{
	struct fixture *fixture = *state;
	struct report report = {0};
	struct buffer text = {0};

	assert_int_equal(control_ask(fixture->path, "refuse", TIMEOUT_MS, &text, &report), -EPROTO);
	assert_string_equal(report.reasons[0].examples[0].detail, "no: because of?this");
	report_clear(&report);
	assert_int_equal(control_ask(fixture->path, "fail", TIMEOUT_MS, &text, &report), -EPROTO);
	assert_string_equal(report.reasons[0].examples[0].detail, "No such file or directory");
	assert_int_equal(text.size, 0);
	report_clear(&report);
}

static void a_long_answer_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};

	assert_int_equal(control_ask(fixture->path, "big", TIMEOUT_MS, &text, NULL), 0);
	assert_int_equal(text.size, BIG_BYTES);
	assert_int_equal(text.data[BIG_BYTES - 1], 'a' + (BIG_BYTES - 1) % 26);
	buffer_close(&text);
}

static void an_answer_beyond_the_bound_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct report report = {0};
	struct buffer text = {0};

	assert_int_equal(control_ask(fixture->path, "too big", TIMEOUT_MS, &text, &report),
	                 -EPROTO);
	assert_string_equal(report.reasons[0].examples[0].detail, "the answer is too long");
	report_clear(&report);
	buffer_close(&text);
}

static void an_answer_may_come_later_and_others_are_served_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};
	int fd = connect_raw(fixture);

	assert_int_equal(send(fd, "hold\n", 5, 0), 5);
	assert_answer(fixture, "status", "heard status\n");
	assert_answer(fixture, "let go", "heard let go\n");
	read_all(fd, &text);
	assert_string_equal((char *)text.data, "ok\nheld\n");
	buffer_close(&text);
}

static void an_answer_to_one_who_left_is_thrown_away(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_raw(fixture);

	assert_int_equal(send(fd, "hold\n", 5, 0), 5);
	assert_answer(fixture, "status", "heard status\n");
	close(fd);
	assert_answer(fixture, "let go", "heard let go\n");
}

static void an_overlong_request_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};
	char line[CONTROL_LINE_BYTES_MAX + 64];
	int fd = connect_raw(fixture);

	memset(line, 'x', sizeof(line));
	(void)send(fd, line, sizeof(line), MSG_NOSIGNAL);
	read_all(fd, &text);
	assert_string_equal((char *)text.data, "error the request is too long\n");
	buffer_close(&text);
	line[CONTROL_LINE_BYTES_MAX] = '\0';
	assert_int_equal(control_ask(fixture->path, line, TIMEOUT_MS, &text, NULL), -EINVAL);
	assert_int_equal(control_ask(fixture->path, "a\nb", TIMEOUT_MS, &text, NULL), -EINVAL);
}

static void a_request_with_a_zero_byte_is_refused(void **state)
{
	struct buffer text = {0};
	int fd = connect_raw(*state);

	assert_int_equal(send(fd, "st\0p\n", 5, 0), 5);
	read_all(fd, &text);
	assert_string_equal((char *)text.data, "error the request holds a byte of zero\n");
	buffer_close(&text);
}

static void a_request_in_pieces_is_put_together(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};
	int fd = connect_raw(fixture);

	assert_int_equal(send(fd, "sta", 3, 0), 3);
	assert_answer(fixture, "between", "heard between\n");
	assert_int_equal(send(fd, "tus\nmore that nobody reads", 26, 0), 26);
	read_all(fd, &text);
	assert_string_equal((char *)text.data, "ok\nheard status\n");
	buffer_close(&text);
}

static void silent_clients_keep_nobody_out(void **state)
{
	struct fixture *fixture = *state;
	int fds[3 * CONTROL_CLIENTS_MAX];

	for (unsigned i = 0; i < 3 * CONTROL_CLIENTS_MAX; i++) {
		fds[i] = connect_raw(fixture);
		assert_answer(fixture, "status", "heard status\n");
	}
	for (unsigned i = 0; i < 3 * CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
}

static void one_who_does_not_read_keeps_nobody_waiting(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_raw(fixture);

	assert_int_equal(send(fd, "big\n", 4, 0), 4);
	assert_answer(fixture, "status", "heard status\n");
	assert_answer(fixture, "status", "heard status\n");
	close(fd);
}

static void more_that_wait_for_answers_than_there_is_room_are_told_so(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};
	int fds[CONTROL_CLIENTS_MAX];

	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (i > 0) // served now, whoever came before is, too
			assert_answer(fixture, "status", "heard status\n");
		fds[i] = connect_raw(fixture);
		assert_int_equal(send(fds[i], "hold\n", 5, 0), 5);
	}
	read_all(connect_raw(fixture), &text);
	assert_string_equal((char *)text.data, "error too many requests are being answered\n");
	buffer_close(&text);
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
}

// How often the server's descriptor was ready, of `tries` looks of up to 50 ms, and was served.
static unsigned serve_some(struct fixture *fixture, unsigned tries)
{
	struct pollfd fd = {.fd = control_server_fd(fixture->server), .events = POLLIN};
	unsigned count = 0;

	for (unsigned i = 0; i < tries; i++) {
		if (poll(&fd, 1, 50) <= 0)
			continue;
		control_server_serve(fixture->server);
		count++;
	}
	return count;
}

static void without_descriptors_the_server_sleeps_and_serves_later(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};
	struct rlimit limit, none;
	int fd;

	end_server(fixture);
	assert_int_equal(open_server(fixture, NULL), 0);
	fd = connect_raw(fixture);
	assert_int_equal(send(fd, "status\n", 7, 0), 7);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){3, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	unsigned count = serve_some(fixture, 8);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_in_range(count, 1, 4);
	assert_true(serve_some(fixture, 40) > 0);
	read_all(fd, &text);
	assert_string_equal((char *)text.data, "ok\nheard status\n");
	control_server_close(fixture->server);
	buffer_close(&text);
}

static void silence_costs_the_connection_after_a_while(void **state)
{
	struct buffer text = {0};

	read_all(connect_raw(*state), &text); // ends, which is what is tested
	assert_int_equal(text.size, 1);
	buffer_close(&text);
}

static void nobody_there_is_told_with_what_helps(void **state)
{
	struct fixture *fixture = *state;
	struct report report = {0};
	struct buffer text = {0};

	end_server(fixture);
	assert_int_equal(control_ask(fixture->path, "status", TIMEOUT_MS, &text, &report), -ENOENT);
	assert_string_equal(report.reasons[0].examples[0].detail,
	                    "there is no such socket; is 'sekisho run' running?");
	report_clear(&report);
}

static void no_answer_in_time_is_a_timeout(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};

	assert_int_equal(control_ask(fixture->path, "hold", 50, &text, NULL), -ETIMEDOUT);
}

static void the_socket_is_for_owner_and_group(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;

	assert_int_equal(stat(fixture->path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0660);
}

static void a_socket_left_behind_is_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	end_server(fixture);
	strcpy(address.sun_path, fixture->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); // as a process does that is killed: the file stays
	assert_int_equal(open_server(fixture, NULL), 0);
	control_server_close(fixture->server);
	assert_int_equal(access(fixture->path, F_OK), -1);
}

static void a_second_daemon_and_another_file_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct fixture second = *fixture;
	struct report report = {0};
	FILE *file;

	assert_int_equal(open_server(&second, &report), -EADDRINUSE);
	assert_int_equal(report.count, 1);
	report_clear(&report);
	assert_answer(fixture, "status", "heard status\n");
	end_server(fixture);
	file = fopen(fixture->path, "w");
	assert_non_null(file);
	(void)fclose(file);
	assert_int_equal(open_server(&second, NULL), -EEXIST);
	assert_int_equal(access(fixture->path, F_OK), 0);
	memset(second.path, 'x', sizeof(second.path) - 1);
	second.path[0] = '/';
	assert_int_equal(open_server(&second, NULL), -ENAMETOOLONG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_answered),
		TEST(a_refusal_says_why_on_one_line),
		TEST(a_long_answer_arrives_whole),
		TEST(an_answer_beyond_the_bound_is_an_error),
		TEST(an_answer_may_come_later_and_others_are_served_meanwhile),
		TEST(an_answer_to_one_who_left_is_thrown_away),
		TEST(an_overlong_request_is_refused),
		TEST(a_request_with_a_zero_byte_is_refused),
		TEST(a_request_in_pieces_is_put_together),
		TEST(silent_clients_keep_nobody_out),
		TEST(one_who_does_not_read_keeps_nobody_waiting),
		TEST(more_that_wait_for_answers_than_there_is_room_are_told_so),
		TEST(without_descriptors_the_server_sleeps_and_serves_later),
		TEST(silence_costs_the_connection_after_a_while),
		TEST(nobody_there_is_told_with_what_helps),
		TEST(no_answer_in_time_is_a_timeout),
		TEST(the_socket_is_for_owner_and_group),
		TEST(a_socket_left_behind_is_replaced),
		TEST(a_second_daemon_and_another_file_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
