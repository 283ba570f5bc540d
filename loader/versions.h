// loader/versions.h — the newest version of each STIX object (STIX 2.1, section 3.6).
//
// A version counts only against those of the same owner: the feed's source and the object's
// creator; another owner's object of the same id is another object. Kept small: 24 bytes an
// object and what an open table needs, whatever the ids look like; ids are kept as keyed hashes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

struct versions;

struct version_key {
	uint64_t id_hash; // never 0
	uint32_t owner_hash;
};

struct version {
	uint64_t id_hash;
	int64_t modified_ns;
	uint32_t owner_hash;
	uint32_t holder; // whatever the caller holds for it; 0: nothing
};

enum version_news {
	VERSION_NEW,     // the first of its id
	VERSION_NEWER,   // replaces what is known
	VERSION_SAME,    // known
	VERSION_OLDER,   // than what is known
	VERSION_REVOKED, // its owner revoked the object, which is for ever
};

// Returns 0 and gives the versions to the caller (versions_free), or -ENOMEM.
int versions_create(struct versions **ret_versions);

// Accepts NULL.
void versions_free(struct versions *versions);
DEFINE_AUTO(versions, versions_free)

uint64_t versions_id_hash(const struct versions *versions, struct slice id);
struct version_key versions_key(const struct versions *versions, struct slice id,
                                struct slice source, struct slice creator);

// Starts loading what versions_judge() will look at: one cache miss of many objects.
void versions_prefetch(const struct versions *versions, struct version_key key);

// What an object modified at `modified_ns` is. *ret_holder is that of the known version, or 0.
enum version_news versions_judge(const struct versions *versions, struct version_key key,
                                 int64_t modified_ns, uint32_t *ret_holder);

// Makes this the known version. Returns 0 or -ENOMEM.
int versions_set(struct versions *versions, struct version_key key, int64_t modified_ns,
                 uint32_t holder);
// Likewise: revoked, and so for ever.
int versions_revoke(struct versions *versions, struct version_key key);

// All of them, in no order of meaning: *cursor is 0 at first. NULL at the end.
const struct version *versions_next(const struct versions *versions, uint64_t *cursor);

size_t versions_memory_bytes(const struct versions *versions);
