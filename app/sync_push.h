// app/sync_push.h — tells a sensor that runs here of the database that sync has written.
#pragma once

#include <stdbool.h>

#include "loader/config.h"

// Asks whoever listens at `sensor: control:` to take what lies at the configuration's database;
// nothing when there is no sensor, or none that runs. What went wrong is told, and is no error: the
// sensor also looks at the file by itself. `is_quiet`: says nothing when all went well.
void sync_push(const struct config *config, bool is_quiet);
