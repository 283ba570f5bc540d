// app/stop.h — SIGINT and SIGTERM end the work cleanly; a second one ends it at once. So does
// SIGPIPE: whoever read our output has gone, and what else we were writing is cleaned up.
#pragma once

#include <stdbool.h>

// From now on the signals only set the flag. Once, at a command's start.
void stop_install(void);

// The signal that asked to stop, or 0.
int stop_signal(void);

// SIGHUP asks to read the configuration again, from stop_install_reload() on. Was it asked since
// the last call?
void stop_install_reload(void);
bool stop_take_reload(void);
