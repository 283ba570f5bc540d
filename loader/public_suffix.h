// loader/public_suffix.h — is a name a public suffix? (publicsuffix.org, through libpsl)
//
// Read-only once loaded. One thread.
#pragma once

#include "base/cleanup.h"
#include "base/slice.h"

enum public_suffix_kind {
	PUBLIC_SUFFIX_NONE,
	PUBLIC_SUFFIX_ICANN,   // "com", "co.uk": a registry's
	PUBLIC_SUFFIX_PRIVATE, // "github.io": whoever rents names below it
};

struct public_suffixes;

// Reads the list as text from `path`; NULL: the distribution's. When there is no such file,
// libpsl's own is taken, which answers the same, but more slowly. Returns 0 and gives the list to
// the caller (public_suffixes_free), or -ENOMEM.
int public_suffixes_load(const char *path, struct public_suffixes **ret_suffixes);

// Accepts NULL.
void public_suffixes_free(struct public_suffixes *suffixes);
DEFINE_AUTO(public_suffixes, public_suffixes_free)

// `name` is normalised (engine/normalize.h). A name under no rule is none.
enum public_suffix_kind public_suffix_kind(const struct public_suffixes *suffixes,
                                           struct slice name);
