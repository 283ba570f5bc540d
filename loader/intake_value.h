// loader/intake_value.h — one value on its way through the intake: for intake.c only.
#pragma once

#include "base/buffer.h"
#include "engine/address_range.h"
#include "engine/build.h"
#include "loader/intake.h"
#include "loader/public_suffix.h"
#include "loader/value_set.h"

enum { INTAKE_TEXT_BYTES_MAX = URL_BYTES_MAX + 16 };

// One value, normalised: what build.h takes.
struct intake_value {
	enum observable_type type;
	bool is_pattern;
	enum pattern_syntax syntax;
	enum hash_algorithm algorithm;
	struct prefix prefix;
	struct address_range range; // instead of `prefix`, when is_range
	bool is_range;
	struct slice text; // name, URL key, digest, or the pattern
	struct slice host; // of an https URL: to be entered as ENTRY_URL_HOST; else empty
	struct entry_terms terms;
	struct slice spelled; // what the feed says, and of which object and line: for the report
	struct slice object;
	uint64_t line;
};

struct intake {
	const struct public_suffixes *suffixes; // borrowed
	struct value_set had;                   // by this feed
	struct intake_value value;
	struct buffer refanged;
	struct buffer pattern;
	char text[INTAKE_TEXT_BYTES_MAX];
	uint8_t digest[HASH_BYTES_MAX];
};

// Normalises and screens. Returns 1 with feed->intake->value set (valid until the next call), 0
// when the candidate was refused and reported, or -ENOMEM.
int intake_value_prepare(struct feed *feed, const struct candidate *candidate);
