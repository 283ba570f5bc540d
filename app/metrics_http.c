#include "app/metrics_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/metrics_http_address.h"

enum { CONNECTION_BYTES_MAX = 16 * 1024, BACKLOG = 16 };

struct metrics_http {
	struct metrics_http_source source;
	struct MHD_Daemon *daemon;
	int fd;
};

static struct MHD_Response *text_response(const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);

	if (response != NULL)
		(void)MHD_add_response_header(response, "Content-Type",
		                              "text/plain; charset=utf-8");
	return response;
}

static struct MHD_Response *metrics_response(const struct metrics_http_source *source)
{
	struct buffer text = {0};
	struct MHD_Response *response = NULL;

	source->render(source->context, &text);
	if (!text.failed)
		response = MHD_create_response_from_buffer(text.size, text.data,
		                                           MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		buffer_close(&text);
		return NULL;
	}
	(void)MHD_add_response_header(response, "Content-Type",
	                              "text/plain; version=0.0.4; charset=utf-8");
	return response;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_bytes, void **state)
{
	const struct metrics_http *http = context;
	unsigned status = MHD_HTTP_OK;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)version;
	(void)body;
	(void)state;
	*body_bytes = 0; // none is read
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		status = MHD_HTTP_METHOD_NOT_ALLOWED;
		response = text_response("Only GET and HEAD.\n");
		if (response != NULL)
			(void)MHD_add_response_header(response, "Allow", "GET, HEAD");
	} else if (strcmp(url, "/metrics") != 0) {
		status = MHD_HTTP_NOT_FOUND;
		response = text_response("There is only /metrics.\n");
	} else {
		response = metrics_response(&http->source);
	}
	if (response == NULL)
		return MHD_NO;
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static int listen_at(const struct metrics_http_address *address, int *ret_fd)
{
	const int on = 1;
	int fd = socket(address->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                0);
	int error;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address->address.any, address->bytes) < 0 || listen(fd, BACKLOG) < 0) {
		error = -errno;
		(void)close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

static void say_nothing(void *context, const char *format, va_list arguments)
{
	(void)context; // what a client does wrong is no news of ours
	(void)format;
	(void)arguments;
}

static struct MHD_Daemon *start(struct metrics_http *http, int listener_fd)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, answer, http,
		MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_LISTEN_SOCKET,
		listener_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)METRICS_HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)METRICS_HTTP_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX, MHD_OPTION_END);
}

static int open_daemon(struct metrics_http *http, const struct metrics_http_address *address)
{
	const union MHD_DaemonInfo *info;
	int listener_fd = -1;
	int error = listen_at(address, &listener_fd);

	if (error < 0)
		return error;
	http->daemon = start(http, listener_fd);
	if (http->daemon == NULL) {
		(void)close(listener_fd);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return -ENOTSUP;
	http->fd = info->epoll_fd;
	return 0;
}

int metrics_http_open(const char *address, const struct metrics_http_source *source,
                      struct report *report, struct metrics_http **ret_http)
{
	AUTO(metrics_http) http = calloc(1, sizeof(*http));
	struct metrics_http_address where;
	int error;

	if (http == NULL)
		return -ENOMEM;
	http->source = *source;
	error = metrics_http_address_parse(address, report, &where);
	if (error < 0)
		return error;
	error = open_daemon(http, &where);
	if (error < 0) {
		report_note(report, "no /metrics", slice_text(address), "%s%s", strerror(-error),
		            error == -EADDRINUSE ? "; give it another port by sensor: metrics:"
		                                 : "");
		return error;
	}
	*ret_http = TAKE(http);
	return 0;
}

void metrics_http_close(struct metrics_http *http)
{
	if (http == NULL)
		return;
	if (http->daemon != NULL)
		MHD_stop_daemon(http->daemon);
	free(http);
}

int metrics_http_fd(const struct metrics_http *http)
{
	return http->fd;
}

void metrics_http_serve(struct metrics_http *http)
{
	(void)MHD_run(http->daemon);
}
