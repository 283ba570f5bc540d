// loader/fetch_digest.h — has what a source gives changed since it was read?
//
// A SHA-256 over everything that makes a difference: the bytes, how they are read (the source's
// settings), what a person accepted meanwhile.
#pragma once

#include "base/cleanup.h"
#include "base/slice.h"
#include "loader/fetch.h"

struct fetch_digest;

enum { FETCH_DIGEST_TEXT_BYTES = 65 };

// Begins with the settings and what was accepted. Returns 0 and gives it to the caller
// (fetch_digest_free), -ENOMEM, or the store's error.
int fetch_digest_create(struct fetch *fetch, struct fetch_digest **ret_digest);

// Accepts NULL.
void fetch_digest_free(struct fetch_digest *digest);
DEFINE_AUTO(fetch_digest, fetch_digest_free)

void fetch_digest_add(struct fetch_digest *digest, struct slice bytes);

// All of a file, whose position is at its start again afterwards. Returns 0 or the file's error.
int fetch_digest_add_file(struct fetch_digest *digest, int fd);

// In hex. Nothing may be added any more.
void fetch_digest_text(struct fetch_digest *digest, char ret_text[FETCH_DIGEST_TEXT_BYTES]);

// Is it what is noted of the source under `name`? Returns 1, 0, or the store's error.
int fetch_digest_is_noted(struct fetch *fetch, const char *name, const char *text);
