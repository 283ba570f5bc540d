// base/temporary_file.h — a file without a name, for what does not fit into memory.
//
// It lies in $TMPDIR or /tmp and is gone with its descriptor.
#pragma once

#include "base/slice.h"

// Readable and writable, 0600. Returns 0 and gives the descriptor (close it), or the system's
// error, negative.
int temporary_file_open(int *ret_fd);

// Writes all of `bytes` at the file's position. Returns 0 or the file's error.
int temporary_file_write(int fd, struct slice bytes);
