// base/folder_sync.h — that a file was renamed survives a loss of power, too.
#pragma once

// Syncs the folder that holds the file `path`. A file system that cannot do that is no error.
// Returns 0, -ENOMEM, or the error of opening or syncing it.
int folder_sync_of(const char *path);
