#include "app/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"

// One question, until the answer is whole.
struct question {
	int fd;
	int64_t deadline_ms; // CLOCK_MONOTONIC
	const char *path;
	struct report *report;
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

static int complain(const struct question *question, int error)
{
	const char *words;

	switch (error) {
	case -ENOENT:
		words = "there is no such socket; is 'sekisho run' running?";
		break;
	case -ECONNREFUSED:
		words = "nobody listens there any more; 'sekisho run' has ended";
		break;
	case -EACCES:
	case -EPERM:
		words = "not allowed; become root, or join the group of the socket";
		break;
	case -ETIMEDOUT:
		words = "no answer in time";
		break;
	case -ECONNRESET:
		words = "the connection ended before the answer";
		break;
	case -E2BIG:
		words = "the answer is too long";
		break;
	case -ENAMETOOLONG:
		words = "a socket's path has at most 107 bytes";
		break;
	default:
		words = strerror(-error);
	}
	report_note(question->report, "no answer from the sensor", slice_text(question->path), "%s",
	            words);
	return error;
}

// Until the descriptor is ready for `events`. 0, -ETIMEDOUT, or poll's error.
static int wait_for(const struct question *question, short events)
{
	for (;;) {
		int64_t left_ms = question->deadline_ms - now_ms();
		struct pollfd fd = {.fd = question->fd, .events = events};
		int count;

		if (left_ms <= 0)
			return -ETIMEDOUT;
		count = poll(&fd, 1, left_ms < 1000 ? (int)left_ms : 1000);
		if (count > 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return -errno;
	}
}

static int connect_socket(const struct question *question)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timespec pause = {.tv_nsec = 10 * NS_PER_MS};

	if (strlen(question->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, question->path, strlen(question->path));
	while (connect(question->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		// EAGAIN of a UNIX socket: too many are waiting to be accepted (unix(7)).
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (now_ms() >= question->deadline_ms)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static int send_all(const struct question *question, struct slice bytes)
{
	while (bytes.size > 0) {
		ssize_t sent = send(question->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
		int error;

		if (sent >= 0) {
			bytes = slice_from(bytes, (size_t)sent);
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return 0; // the answer may say why
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		error = wait_for(question, POLLOUT);
		if (error < 0)
			return error;
	}
	return 0;
}

static int receive_all(const struct question *question, struct buffer *text)
{
	uint8_t bytes[16 * 1024];

	for (;;) {
		ssize_t received = recv(question->fd, bytes, sizeof(bytes), 0);
		int error = 0;

		if (received == 0)
			return text->failed ? -ENOMEM : 0;
		if (received > 0)
			buffer_append(text, bytes, (size_t)received);
		else if (errno == EAGAIN)
			error = wait_for(question, POLLIN);
		else if (errno != EINTR)
			error = -errno;
		if (error == 0 && text->size > CONTROL_ANSWER_BYTES_MAX)
			error = -E2BIG;
		if (error < 0)
			return error;
	}
}

// "ok" or "error TEXT", and the text behind it.
static int take_answer(const struct question *question, struct slice text, struct buffer *answer)
{
	size_t end = slice_find(text, '\n');
	struct slice line = slice_first(text, end);

	if (end == text.size)
		return complain(question, -ECONNRESET);
	if (slice_is(line, "ok")) {
		buffer_append_slice(answer, slice_from(text, end + 1));
		return answer->failed ? complain(question, -ENOMEM) : 0;
	}
	if (slice_starts_with(line, "error "))
		line = slice_from(line, strlen("error "));
	line = slice_first(line, PROBLEM_TEXT_BYTES);
	report_note(question->report, "the sensor refused", slice_text(question->path), "%.*s",
	            SLICE_FORMAT(line));
	return -EPROTO;
}

static int ask(const struct question *question, const char *request, struct buffer *answer)
{
	AUTO_BUFFER line = {0};
	AUTO_BUFFER text = {0};
	int error;

	buffer_format(&line, "%s\n", request);
	error = line.failed ? -ENOMEM : connect_socket(question);
	if (error == 0)
		error = send_all(question, buffer_slice(&line));
	if (error == 0)
		error = receive_all(question, &text);
	return error < 0 ? complain(question, error)
	                 : take_answer(question, buffer_slice(&text), answer);
}

int control_ask(const char *path, const char *request, unsigned timeout_ms, struct buffer *answer,
                struct report *report)
{
	struct question question = {
		.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.deadline_ms = now_ms() + timeout_ms,
		.path = path != NULL ? path : CONTROL_PATH_DEFAULT,
		.report = report,
	};
	int error;

	if (question.fd < 0)
		return complain(&question, -errno);
	if (strlen(request) >= CONTROL_LINE_BYTES_MAX || strchr(request, '\n') != NULL)
		error = complain(&question, -EINVAL);
	else
		error = ask(&question, request, answer);
	(void)close(question.fd);
	return error;
}
