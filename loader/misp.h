// loader/misp.h — what the parts of the MISP reader share (parse_misp.c owns it).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "loader/json_reader.h"
#include "loader/misp_tags.h"
#include "loader/piece_spool.h"
#include "loader/reader.h"
#include "loader/versioned.h"

enum { MISP_PORTS_MAX = 16, MISP_TEXT_BYTES_MAX = 1024 };

// What an event says of all its attributes. Copies: its JSON is gone when they are read.
struct misp_event {
	struct buffer info;    // the report's name
	struct buffer creator; // "identity--<uuid of the creating organisation>", or empty
	struct misp_tags tags;
	int64_t date_ns;    // TIMESTAMP_MIN: none
	bool has_told_tags; // that some were left out
};

// What an object says of its attributes.
struct misp_object {
	struct misp_tags tags; // with those of the event
	bool is_deleted;
	uint16_t ports[MISP_PORTS_MAX]; // of an object "ip-port"
	unsigned port_count;
	bool has_ports; // they narrow its addresses
};

struct misp_reader {
	struct feed *feed;
	struct json_reader *json;
	struct misp_event event;
	struct misp_object object; // around the attribute at hand; none: the event's tags
	struct misp_tags tags;     // of the attribute at hand
	struct piece_spool spool;  // attributes and objects whose event has not ended
	struct buffer shell;       // the event's JSON, without them
	bool is_shell_lost;        // it is too large
	bool is_last_part_lost;    // of an event that is; so it ends without being told
	struct versioned versioned;
	uint64_t event_count;
};

// Takes in what an event says of itself: `root` is the event, or an object around it.
void misp_event_read(struct misp_reader *reader, struct json_value root);
// Tells of the proposals of others, which the creator has not taken over: they are not read.
void misp_event_note_proposals(const struct misp_reader *reader, struct json_value array);
// Tells, once for an event, that `tags` of it or of what it holds were left out.
void misp_event_note_tags(struct misp_reader *reader, const struct misp_tags *tags);
void misp_event_reset(struct misp_event *event);
void misp_event_close(struct misp_event *event);

// Reads an element of a list: an attribute, an object with attributes, or either with an object
// around it. Returns 0, or what stops the feed: -ENOMEM or an error of the sink.
int misp_object_read(struct misp_reader *reader, struct json_value root);

// Reads an attribute of reader->object. Likewise.
int misp_attribute_read(struct misp_reader *reader, struct json_value attribute);

// Members: the text, empty when it is none; the time, as text or number of seconds or RFC 3339.
struct slice misp_text(struct json_value value);
bool misp_time(struct json_value value, int64_t *ret_time_ns);
// true, 1, "1"
bool misp_is_true(struct json_value value);
