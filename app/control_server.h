// app/control_server.h — the daemon's end of the control socket; what is said over it: control.h.
//
// It never blocks, whatever clients do: one descriptor for the poll(2) of the daemon's main loop
// tells when control_server_serve() has something to do. Lines, answers, clients and the time they
// may take are bounded. One owner, one thread.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/report.h"
#include "base/slice.h"

enum {
	CONTROL_CLIENTS_MAX = 16,     // further ones push out who has not asked yet
	CONTROL_CLIENT_TIMEOUT_S = 5, // to send the request, and without taking any of the answer
};

struct control_handler {
	// Answers `request`, a line without its newline. Returns 0 with the text in `answer`; an
	// error whose words, for the client, are the first problem in `report`; or -EINPROGRESS:
	// control_server_answer() will be called with this id, the client waits.
	int (*answer)(void *context, uint64_t request_id, const char *request,
	              struct buffer *answer, struct report *report);
	void *context;
};

struct control_server;

// Listens at `path` (NULL: the default), with mode 0660, and makes the folder it is in when that is
// all that is missing. A socket that nobody listens to any more is replaced. Returns 0 and gives it
// to the caller (control_server_close); -EADDRINUSE when another daemon listens there, -EEXIST when
// what is there is no socket, or another error: `report` says.
int control_server_open(const char *path, const struct control_handler *handler,
                        struct report *report, struct control_server **ret_server);

// Ends all connections, removes the socket file if it is still this one. Accepts NULL.
void control_server_close(struct control_server *server);
DEFINE_AUTO(control_server, control_server_close)

// For poll(2): readable when there is something to serve, a client's time is up included.
int control_server_fd(const struct control_server *server);

// Does what can be done now, without waiting.
void control_server_serve(struct control_server *server);

// The answer to a request that is in progress (not from within the handler): `text`, or, with
// `error` < 0, what went wrong. Nothing happens when its client has gone.
void control_server_answer(struct control_server *server, uint64_t request_id, int error,
                           struct slice text);
