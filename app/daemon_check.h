// app/daemon_check.h — `sekisho run --check`: what would be done, without doing it.
#pragma once

#include "loader/config.h"

// Prints it, and logs what would fail. Opens no device and no output. Returns how many things
// would.
unsigned daemon_check(const struct config *config, bool is_dry_run);
