// app/metrics_http.h — /metrics for Prometheus, by libmicrohttpd.
//
// Served by the daemon's main loop: one descriptor for its poll(2), and nothing that waits for a
// client. Connections, their memory and their time are bounded. Unencrypted and without passwords:
// an address that others can reach is said in the report. One owner, one thread.
#pragma once

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/report.h"

enum { METRICS_HTTP_CONNECTIONS_MAX = 32, METRICS_HTTP_TIMEOUT_S = 5 };

struct metrics_http_source {
	void (*render)(void *context, struct buffer *text);
	void *context;
};

struct metrics_http;

// Listens at `address`: "127.0.0.1:9477", "[::1]:9477". Returns 0 and gives it to the caller
// (metrics_http_close), -EINVAL when the address is none, -ENOTSUP when this build has no
// libmicrohttpd, or the error of listening; `report` says.
int metrics_http_open(const char *address, const struct metrics_http_source *source,
                      struct report *report, struct metrics_http **ret_http);

// Accepts NULL.
void metrics_http_close(struct metrics_http *http);
DEFINE_AUTO(metrics_http, metrics_http_close)

// For poll(2): readable when there is something to serve.
int metrics_http_fd(const struct metrics_http *http);

// Does what can be done now; to be called once a second at least, for whose time is up.
void metrics_http_serve(struct metrics_http *http);
