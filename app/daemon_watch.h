// app/daemon_watch.h — tells when a database's files were replaced or written to.
//
// The folder is watched, not the files: they are renamed into place (inotify(7)). What belongs to
// one change comes in several steps; it is told once nothing has come for a while. One owner, one
// thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct daemon_watch;

// Of the database at `path` (copied), its overlay and state. Returns 0 and gives it to the caller
// (daemon_watch_free), or an error: the folder is not there …
int daemon_watch_open(const char *path, struct daemon_watch **ret_watch);

// Accepts NULL.
void daemon_watch_free(struct daemon_watch *watch);
DEFINE_AUTO(daemon_watch, daemon_watch_free)

// For poll(2).
int daemon_watch_fd(const struct daemon_watch *watch);

// Reads what has come by `now_ns` (CLOCK_MONOTONIC). True, once, when there was a change and it is
// over; else *ret_wait_ms is how long to wait for that, -1: nothing is awaited.
bool daemon_watch_is_due(struct daemon_watch *watch, int64_t now_ns, int *ret_wait_ms);
