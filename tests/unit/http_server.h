// tests/unit/http_server.h — a server on loopback that gives written answers, one a connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVED_MAX = 32, SERVED_REQUEST_BYTES = 4096 };

struct served {
	const char *answer; // as it goes over the wire; NULL: say nothing and keep it open
	size_t size;        // 0: strlen(answer)
	unsigned drip_ms;   // between its bytes
	unsigned delay_ms;  // before it
};

struct http_server {
	const struct served *answers; // the last one again and again
	unsigned count;
	int listener;
	unsigned port;
	pthread_t thread;
	unsigned served; // connections that asked something
	char requests[SERVED_MAX][SERVED_REQUEST_BYTES];
	int quit[2];
};

static inline void server_send(const struct http_server *server, int fd,
                               const struct served *served)
{
	size_t size = served->size > 0 ? served->size : strlen(served->answer);

	(void)usleep(served->delay_ms * 1000);
	for (size_t i = 0; served->drip_ms > 0 && i < size; i++) {
		struct pollfd quit = {.fd = server->quit[0], .events = POLLIN};

		if (send(fd, served->answer + i, 1, MSG_NOSIGNAL) != 1 ||
		    poll(&quit, 1, (int)served->drip_ms) > 0)
			return;
	}
	if (served->drip_ms == 0)
		(void)!send(fd, served->answer, size, MSG_NOSIGNAL);
}

// All of the request, also a body when there is one.
static inline void server_receive(int fd, char *request)
{
	size_t size = 0;

	while (size < SERVED_REQUEST_BYTES - 1) {
		ssize_t got = recv(fd, request + size, SERVED_REQUEST_BYTES - 1 - size, 0);

		if (got <= 0)
			break;
		size += (size_t)got;
		request[size] = '\0';
		const char *end = strstr(request, "\r\n\r\n");
		const char *length = strstr(request, "Content-Length: ");
		if (end != NULL && size >= (size_t)(end + 4 - request) +
		                                   (length ? strtoul(length + 16, NULL, 10) : 0))
			break;
	}
}

static inline void *server_run(void *context)
{
	struct http_server *server = context;

	for (;;) {
		struct pollfd wait[2] = {{.fd = server->listener, .events = POLLIN},
		                         {.fd = server->quit[0], .events = POLLIN}};
		(void)poll(wait, 2, -1);
		if (wait[1].revents != 0)
			return NULL;

		int fd = accept(server->listener, NULL, NULL);
		unsigned i = server->served < SERVED_MAX ? server->served : SERVED_MAX - 1;
		const struct served *served =
			&server->answers[i < server->count ? i : server->count - 1];
		server_receive(fd, server->requests[i]);
		server->served = i + 1;
		if (served->answer != NULL)
			server_send(server, fd, served);
		else
			(void)poll(&wait[1], 1, -1);
		(void)close(fd);
	}
}

static inline void server_start(struct http_server *server, const struct served answers[],
                                unsigned count)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	*server = (struct http_server){.answers = answers, .count = count};
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->listener, 16), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pipe(server->quit), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static inline void server_stop(struct http_server *server)
{
	assert_int_equal(write(server->quit[1], "q", 1), 1);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->listener);
	(void)close(server->quit[0]);
	(void)close(server->quit[1]);
}
