// app/sync_watch.h — `sekisho sync --watch`: rounds for as long as nobody stops it.
#pragma once

#include "app/sync_round.h"

// Runs what is due, sleeps, and so on, until SIGTERM or SIGINT. SIGHUP reads `config_path` again; a
// configuration with mistakes leaves the one before in effect. Takes `config`. Tells systemd
// (NOTIFY_SOCKET) that it is ready and alive. Returns 0, or an error, which is told.
int sync_watch(struct sync_run *run, const char *config_path, struct config *config);
