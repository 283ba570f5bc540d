// app/sync_lock.h — two syncs never work on one store at once.
#pragma once

#include <stdbool.h>

// Takes the lock of a store: of the file "<store_path>.lock", which stays there. Whoever holds it
// may die: it is free then. `is_waiting`: until it is free, or a signal asks to stop. Returns a
// descriptor (closing it gives the lock back), -EBUSY, -EINTR, or the file's error.
int sync_lock_take(const char *store_path, bool is_waiting);
