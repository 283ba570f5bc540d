#include "app/control_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "app/control.h"
#include "app/control_listener.h"

enum {
	SLOT_LISTENER = CONTROL_CLIENTS_MAX, // of epoll's data; below: the client of that number
	SLOT_TIMER,
	SLOT_COUNT,
};

enum { REST_S = 1 };

enum client_state { CLIENT_FREE, CLIENT_ASKING, CLIENT_WAITING, CLIENT_READING };

struct client {
	enum client_state state;
	int fd;
	uint64_t id;
	time_t deadline_s; // CLOCK_MONOTONIC; CLIENT_WAITING has none
	size_t line_bytes;
	char line[CONTROL_LINE_BYTES_MAX + 1];
	struct buffer answer;
	size_t sent_bytes;
};

struct control_server {
	struct control_handler handler;
	struct control_listener listener;
	int epoll_fd, timer_fd;
	time_t rest_until_s; // nobody is accepted before; 0: the listener is watched
	uint64_t last_id;
	struct client clients[CONTROL_CLIENTS_MAX];
};

static time_t now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static int watch(const struct control_server *server, int operation, int fd, uint32_t events,
                 unsigned slot)
{
	struct epoll_event event = {.events = events, .data.u32 = slot};

	return epoll_ctl(server->epoll_fd, operation, fd, &event) == 0 ? 0 : -errno;
}

static unsigned slot_of(const struct control_server *server, const struct client *client)
{
	return (unsigned)(client - server->clients);
}

static void drop_client(struct client *client)
{
	if (client->state == CLIENT_FREE)
		return;
	(void)close(client->fd); // which takes it out of the epoll set
	buffer_close(&client->answer);
	client->state = CLIENT_FREE;
}

static void send_answer(struct client *client)
{
	while (client->sent_bytes < client->answer.size) {
		ssize_t sent = send(client->fd, client->answer.data + client->sent_bytes,
		                    client->answer.size - client->sent_bytes, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (sent <= 0)
			break;
		client->sent_bytes += (size_t)sent;
		client->deadline_s = now_s() + CONTROL_CLIENT_TIMEOUT_S;
	}
	drop_client(client);
}

// One line, whatever the text is.
static void append_error(struct buffer *answer, struct slice text)
{
	char printable[PROBLEM_TEXT_BYTES];

	report_printable(text, printable);
	buffer_clear(answer);
	buffer_format(answer, "error %s\n", printable);
}

// `answer` is the whole of it, its first line included.
static void begin_answer(struct control_server *server, struct client *client)
{
	if (client->answer.size > CONTROL_ANSWER_BYTES_MAX)
		append_error(&client->answer, slice_text("the answer is too long"));
	if (client->answer.failed ||
	    watch(server, EPOLL_CTL_MOD, client->fd, EPOLLOUT, slot_of(server, client)) < 0) {
		drop_client(client);
		return;
	}
	client->state = CLIENT_READING;
	client->deadline_s = now_s() + CONTROL_CLIENT_TIMEOUT_S;
	send_answer(client);
}

static void append_report(struct buffer *answer, const struct report *report, int error)
{
	char words[2 * PROBLEM_TEXT_BYTES];
	const struct report_reason *first = report->reason_count > 0 ? report->reasons : NULL;

	if (first == NULL)
		(void)snprintf(words, sizeof(words), "%s", strerror(-error));
	else if (first->example_count == 0 || first->examples[0].detail[0] == '\0')
		(void)snprintf(words, sizeof(words), "%s", first->reason);
	else
		(void)snprintf(words, sizeof(words), "%s: %s", first->reason,
		               first->examples[0].detail);
	append_error(answer, slice_text(words));
}

static void handle(struct control_server *server, struct client *client)
{
	struct report report = {.input = "request"};
	int error;

	buffer_append_text(&client->answer, "ok\n");
	client->state = CLIENT_WAITING;
	error = server->handler.answer(server->handler.context, client->id, client->line,
	                               &client->answer, &report);
	if (error == -EINPROGRESS)
		buffer_clear(&client->answer);
	else if (error < 0)
		append_report(&client->answer, &report, error);
	report_clear(&report);
	if (error != -EINPROGRESS)
		begin_answer(server, client);
	else if (watch(server, EPOLL_CTL_MOD, client->fd, 0, slot_of(server, client)) < 0)
		drop_client(client);
}

static void refuse(struct control_server *server, struct client *client, const char *words)
{
	append_error(&client->answer, slice_text(words));
	begin_answer(server, client);
}

static void read_line(struct control_server *server, struct client *client)
{
	char *begin = client->line + client->line_bytes;
	ssize_t received = recv(client->fd, begin, CONTROL_LINE_BYTES_MAX - client->line_bytes, 0);
	char *newline;

	if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (received <= 0) {
		drop_client(client);
		return;
	}
	client->line_bytes += (size_t)received;
	newline = memchr(begin, '\n', (size_t)received);
	if (newline == NULL) {
		if (client->line_bytes == CONTROL_LINE_BYTES_MAX)
			refuse(server, client, "the request is too long");
		return;
	}
	*newline = '\0';
	if (strlen(client->line) != (size_t)(newline - client->line))
		refuse(server, client, "the request holds a byte of zero");
	else
		handle(server, client);
}

// A free place, or the one of whoever has been silent for longest. NULL: all wait for answers.
static struct client *find_place(struct control_server *server)
{
	struct client *found = NULL;

	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->state == CLIENT_FREE)
			return client;
		if (client->state == CLIENT_ASKING && (found == NULL || client->id < found->id))
			found = client;
	}
	if (found != NULL)
		drop_client(found);
	return found;
}

static int watch_listener(const struct control_server *server, uint32_t events)
{
	return watch(server, EPOLL_CTL_MOD, server->listener.fd, events, SLOT_LISTENER);
}

// Without a descriptor for who waits, the listener would go on to be ready, and whoever polls never
// sleep: it is looked at again in a while.
static void rest_listener(struct control_server *server, int error)
{
	if ((error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) &&
	    watch_listener(server, 0) == 0)
		server->rest_until_s = now_s() + REST_S;
}

static void wake_listener(struct control_server *server, time_t now)
{
	if (server->rest_until_s != 0 && now >= server->rest_until_s &&
	    watch_listener(server, EPOLLIN) == 0)
		server->rest_until_s = 0;
}

static void accept_client(struct control_server *server)
{
	int fd = accept4(server->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *client;

	if (fd < 0) {
		rest_listener(server, errno);
		return;
	}
	client = find_place(server);
	if (client == NULL ||
	    watch(server, EPOLL_CTL_ADD, fd, EPOLLIN, slot_of(server, client)) < 0) {
		static const char busy[] = "error too many requests are being answered\n";

		(void)send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL);
		(void)close(fd);
		return;
	}
	client->state = CLIENT_ASKING;
	client->fd = fd;
	client->id = ++server->last_id;
	client->deadline_s = now_s() + CONTROL_CLIENT_TIMEOUT_S;
	client->line_bytes = 0;
	client->sent_bytes = 0;
	client->answer = (struct buffer){0};
}

static bool has_deadline(const struct client *client)
{
	return client->state == CLIENT_ASKING || client->state == CLIENT_READING;
}

// The timer runs while somebody's time does, or the listener rests.
static void set_timer(struct control_server *server)
{
	struct itimerspec time = {0};
	uint64_t expirations;

	if (server->rest_until_s != 0)
		time.it_value.tv_sec = 1;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (has_deadline(&server->clients[i]))
			time.it_value.tv_sec = 1;
	(void)!read(server->timer_fd, &expirations, sizeof(expirations));
	(void)timerfd_settime(server->timer_fd, 0, &time, NULL);
}

static void serve_client(struct control_server *server, struct client *client, uint32_t events)
{
	if (client->state == CLIENT_ASKING)
		read_line(server, client);
	else if (client->state == CLIENT_READING)
		send_answer(client);
	else if (client->state == CLIENT_WAITING && (events & (EPOLLHUP | EPOLLERR)) != 0)
		drop_client(client);
}

void control_server_serve(struct control_server *server)
{
	struct epoll_event events[SLOT_COUNT];
	int count = epoll_wait(server->epoll_fd, events, SLOT_COUNT, 0);
	time_t now = now_s();

	// New ones last: they may take the place of one whose event is still to come.
	for (int i = 0; i < count; i++)
		if (events[i].data.u32 < CONTROL_CLIENTS_MAX)
			serve_client(server, &server->clients[events[i].data.u32],
			             events[i].events);
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (has_deadline(&server->clients[i]) && server->clients[i].deadline_s < now)
			drop_client(&server->clients[i]);
	for (int i = 0; i < count; i++)
		if (events[i].data.u32 == SLOT_LISTENER)
			accept_client(server);
	wake_listener(server, now);
	set_timer(server);
}

void control_server_answer(struct control_server *server, uint64_t request_id, int error,
                           struct slice text)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->state != CLIENT_WAITING || client->id != request_id)
			continue;
		buffer_clear(&client->answer);
		if (error < 0)
			append_error(&client->answer,
			             text.size > 0 ? text : slice_text(strerror(-error)));
		else
			buffer_append_text(&client->answer, "ok\n");
		if (error >= 0)
			buffer_append_slice(&client->answer, text);
		begin_answer(server, client);
		set_timer(server);
	}
}

int control_server_fd(const struct control_server *server)
{
	return server->epoll_fd;
}

static int open_descriptors(struct control_server *server, const char *path)
{
	int error = control_listener_open(path, &server->listener);

	if (error < 0)
		return error;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->epoll_fd < 0 || server->timer_fd < 0)
		return -errno;
	error = watch(server, EPOLL_CTL_ADD, server->timer_fd, EPOLLIN, SLOT_TIMER);
	if (error == 0)
		error = watch(server, EPOLL_CTL_ADD, server->listener.fd, EPOLLIN, SLOT_LISTENER);
	return error;
}

static const char *error_words(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "another daemon listens there; stop it, or give this one another "
		       "sensor: control:";
	case -EEXIST:
		return "what is there is no socket; remove it, or set sensor: control:";
	case -ENAMETOOLONG:
		return "a socket's path has at most 107 bytes";
	default:
		return strerror(-error);
	}
}

int control_server_open(const char *path, const struct control_handler *handler,
                        struct report *report, struct control_server **ret_server)
{
	AUTO(control_server) server = calloc(1, sizeof(*server));
	int error;

	if (server == NULL)
		return -ENOMEM;
	if (path == NULL)
		path = CONTROL_PATH_DEFAULT;
	server->handler = *handler;
	server->listener.fd = server->epoll_fd = server->timer_fd = -1;
	error = open_descriptors(server, path);
	if (error < 0) {
		report_note(report, "no control socket", slice_text(path), "%s",
		            error_words(error));
		return error;
	}
	*ret_server = TAKE(server);
	return 0;
}

void control_server_close(struct control_server *server)
{
	if (server == NULL)
		return;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		drop_client(&server->clients[i]);
	control_listener_close(&server->listener);
	if (server->timer_fd >= 0)
		(void)close(server->timer_fd);
	if (server->epoll_fd >= 0)
		(void)close(server->epoll_fd);
	free(server);
}
