// loader/misp_tags.h — what the tags of a MISP event, object or attribute say.
//
// Taxonomies: TLP; misp:confidence-level, estimative-language, admiralty-scale and osint:certainty
// for confidence; galaxies and classifications for threat types. All tags but TLP's are labels.
#pragma once

#include "base/buffer.h"
#include "engine/indicator.h"
#include "loader/json_reader.h"

enum {
	MISP_TAGS_MAX = 64, // of one level; further ones are left out
	// Of a list: each of an event's attributes has a copy.
	MISP_TAGS_BYTES_MAX = 1024,
};

// Zero but for `confidence` (CONFIDENCE_NONE): nothing said.
struct misp_tags {
	struct buffer labels;       // list
	struct buffer threat_types; // list
	enum tlp tlp;               // the strictest
	uint8_t confidence;         // of the first tag that says one
	bool has_unknown_tlp;       // a TLP that we cannot read; then `tlp` is TLP_RED
	bool has_left_out;          // tags that had no room; not inherited
};

void misp_tags_open(struct misp_tags *tags);
void misp_tags_close(struct misp_tags *tags);

// Makes `tags` what `above` says: an attribute has the tags of its object and event. Of confidence
// only what is nearer counts, so none is taken over: misp_tags_confidence().
void misp_tags_inherit(struct misp_tags *tags, const struct misp_tags *above);

// Adds the items of a "Tag" array, [{"name": …}], or of a "Galaxy" array, whose clusters name
// their tags.
void misp_tags_read(struct misp_tags *tags, struct json_value array);
void misp_tags_read_galaxies(struct misp_tags *tags, struct json_value array);

// Adds one tag.
void misp_tags_add(struct misp_tags *tags, struct slice tag);
