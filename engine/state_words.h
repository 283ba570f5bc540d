// engine/state_words.h — PATH.state: a word an indicator id of a base, changed in place.
//
// Every reader maps the file shared, so that what one process writes all others see at once. The
// file never changes its size: a new one takes its place by rename(). A word stands for itself
// (engine/overlay.h), so all loads and stores are relaxed.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "engine/database_format.h"
#include "engine/overlay.h"

#define STATE_WORDS_MAGIC  "SEKSTATE"
#define STATE_WORDS_SUFFIX ".state"

enum { STATE_WORDS_VERSION = 1 };

// The words follow.
struct state_words_header {
	char magic[8];
	uint32_t version;
	uint32_t word_count; // one more than the highest indicator id of the base
	uint8_t base_build_id[DATABASE_DIGEST_BYTES];
	uint64_t checksum; // hash_bytes() of this header, checksum zeroed
	uint64_t reserved;
};
static_assert(sizeof(struct state_words_header) == 64, "the header has no holes");

// All zero: nothing is silent.
struct state_words {
	_Atomic uint32_t *words; // in the mapping, which may be read-only
	uint32_t count;
};

// What a state file must fit.
struct state_words_base {
	const uint8_t *build_id; // DATABASE_DIGEST_BYTES
	uint32_t word_count;
};

// Maps the state file beside `path`, to be written when `is_writable`. Returns 0, -ENOENT,
// -EINVAL (not this base's, or damaged: reported), or the file's error.
int state_words_open(const char *path, const struct state_words_base *base, bool is_writable,
                     struct report *report, struct state_words *ret_words);

// Puts one without a silent indicator there. Returns 0, -ENOMEM or the file's error.
int state_words_create(const char *path, const struct state_words_base *base);

void state_words_close(struct state_words *words);

// Silences an indicator; `words` were opened to be written, and have this id.
void state_words_silence(struct state_words *words, uint32_t indicator_id);

// The checksum of a header, taken as if it had none.
uint64_t state_words_checksum(const struct state_words_header *header);

// Brings what was written to the disk. Returns 0 or the error.
int state_words_sync(const struct state_words *words);

// HOT.
static inline bool state_words_is_silent(const struct state_words *words, uint32_t indicator_id)
{
	return indicator_id < words->count &&
	       (atomic_load_explicit(&words->words[indicator_id], memory_order_relaxed) &
	        INDICATOR_IS_SILENT) != 0;
}

// Do all words say what is known?
bool state_words_are_known(const struct state_words *words);
