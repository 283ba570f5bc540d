// base/replacement.h — a file that takes the place of another: whole, or not at all.
//
// It is written under a temporary name in the folder where it will be; what was there stays until
// the commit, and for good when something fails. A symbolic link at the path stays one.
#pragma once

#include "base/cleanup.h"

struct replacement;

// An empty file, 0644 less the umask. Returns 0 and gives it to the caller (replacement_free),
// -ENOMEM, or the file's error.
int replacement_open(const char *path, struct replacement **ret_replacement);

// Abandons what was not committed. Accepts NULL.
void replacement_free(struct replacement *replacement);
DEFINE_AUTO(replacement, replacement_free)

// To write, to seek, to fchmod(); not to close.
int replacement_descriptor(const struct replacement *replacement);

// Syncs it, gives it its name, and syncs the folder, so that it survives a loss of power. Returns 0
// or the file's error.
int replacement_commit(struct replacement *replacement);
