// app/control.h — the daemon's UNIX socket, and how to ask it.
//
// One request a connection: one line of words. The answer is "ok" or "error TEXT" and a newline,
// then a text until the end. Who may connect is the socket file's mode (0660) to say. Requests:
//   status            "name: value" lines for people
//   metrics           what /metrics gives
//   reload            opens configuration and database anew; answers when it is in force
//   push PATH         the loader: a new database, overlay or state lies at PATH; likewise
//   dry-run on|off
//   stop
#pragma once

#include "base/buffer.h"
#include "base/report.h"

#define CONTROL_PATH_DEFAULT "/run/sekisho/control.sock"

enum { CONTROL_LINE_BYTES_MAX = 4096, CONTROL_ANSWER_BYTES_MAX = 16 * 1024 * 1024 };

// Asks the daemon at `path` (NULL: the default) and waits up to `timeout_ms` for the whole answer,
// whose text is appended to `answer`. Returns 0; -EPROTO when the daemon answered with an error,
// which is in `report`; -ETIMEDOUT; or the error of connecting (reported, with what helps).
int control_ask(const char *path, const char *request, unsigned timeout_ms, struct buffer *answer,
                struct report *report);
