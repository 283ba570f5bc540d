// app/output_file.h — a result that is there whole, or not at all.
//
// A file is written under a temporary name in its own folder and takes its name at the end: what
// was there before stays until then, and for good when something fails. "-" is standard output;
// what is no regular file (a pipe, /dev/null) is written to directly.
#pragma once

#include <stdio.h>

#include "base/cleanup.h"

struct output_file;

// Returns 0 and gives the output to the caller (output_file_free), -ENOMEM, or the file's error.
int output_file_open(const char *path, struct output_file **ret_output);

// Abandons what was not committed. Accepts NULL.
void output_file_free(struct output_file *output);
DEFINE_AUTO(output_file, output_file_free)

// Its stream, and its descriptor for whoever needs one that can seek.
FILE *output_file_stream(struct output_file *output);

// Logs why `what` could not be written to `path`. A reader that has gone (EPIPE) is no error to
// tell: app/stop.h ends the command.
void output_file_log_error(const char *what, const char *path, int error);

// Writes out what is buffered, syncs, and gives the file its name. Returns 0 or the error.
int output_file_commit(struct output_file *output);
