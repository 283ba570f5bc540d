// loader/stix2.h — what the parts of the STIX 2 reader share (parse_stix2.c owns it).
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "loader/json_reader.h"
#include "loader/reader.h"
#include "loader/stix2_object.h"

struct stix2_reader {
	struct feed *feed;
	struct json_reader *json;
	struct arena arena;          // of the object at hand
	uint32_t first_indicator_id; // of this feed, NO_INDICATOR when there is none yet
	uint64_t object_count;       // of those that are STIX
};

// Takes in one object that stands alone, behind which FEED_PADDING_BYTES are readable: as if it
// were all of a feed. Only `feed` and `json` of the reader need be set; its arena is left empty.
// Returns as those below.
int parse_stix2_object(struct stix2_reader *reader, struct slice json);

// Each takes in one object of its type, or reports why not. Returns 0, or what stops the feed:
// -ENOMEM, or the error of the file that keeps the objects.
int stix2_indicator_read(struct stix2_reader *reader, const struct stix2_object *object);
int stix2_report_read(struct stix2_reader *reader, const struct stix2_object *object);
int stix2_marking_read(struct stix2_reader *reader, const struct stix2_object *object);
int stix2_identity_read(struct stix2_reader *reader, const struct stix2_object *object);

// Does the indicator say that its values are listed no more? Then its pattern's values are taken
// off what the source listed, as of `time_ns`. Returns 0 or an error.
bool stix2_removal_is(const struct stix2_reader *reader, const struct stix2_object *object);
int stix2_removal_apply(struct stix2_reader *reader, const struct stix2_object *object,
                        int64_t time_ns);

// Keeps an object that indicators refer to, unless it, or a newer version, was kept before.
int stix2_report_keep(struct stix2_reader *reader, const struct stix2_object *object);

// Fills the record's markings and TLP from the object's.
struct stix2_markings {
	struct slice refs; // list
	enum tlp tlp;      // of those whose ids say it; TLP_NONE when there is none
	bool has_others;   // some must be looked up when all feeds are read
};
int stix2_marking_collect(struct stix2_reader *reader, const struct stix2_object *object,
                          struct stix2_markings *ret_markings);
// The level that a marking-definition defines; TLP_NONE when it defines none.
enum tlp stix2_marking_tlp(const struct stix2_object *object);
// Notes those others for an indicator. Returns 0 or -ENOMEM.
int stix2_marking_apply(struct stix2_reader *reader, const struct stix2_markings *markings,
                        uint32_t indicator_id);
