// loader/json_split.h — cuts a stream of JSON into single objects, with bounded memory.
//
// Takes a bundle or a TAXII envelope (an object with an array member "objects"), a bare array of
// objects or bundles, or objects one behind the other, one a line or not; with other rules, other
// arrays. Only brackets and strings are looked at; what is within an object is its parser's
// business. When brackets are broken it finds its way back where it can. One owner, one thread.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "loader/feed_input.h"

enum {
	JSON_OBJECT_BYTES_MAX = 16 * 1024 * 1024,
	JSON_STRAY_BYTES = 32,
};

enum json_piece_kind {
	JSON_PIECE_OBJECT,    // whole, as its brackets say
	JSON_PIECE_BROKEN,    // an object without its end; the next one could be found
	JSON_PIECE_TOO_LARGE, // its first JSON_OBJECT_BYTES_MAX bytes
	JSON_PIECE_STRAY,     // anything else where an object should be: its first bytes
	JSON_PIECE_COMMA,     // not an object: a comma is missing, or there is one too many
	JSON_PIECE_CUT,       // the input ended before what was begun at `offset`
	JSON_PIECE_PART,      // of an object around a list, up to and with the list's '['
	JSON_PIECE_LAST_PART, // from the ']' of its last list to the object's end
};

struct json_piece {
	enum json_piece_kind kind;
	struct slice bytes; // valid until the next call; FEED_PADDING_BYTES readable behind
	uint64_t offset;    // in the input
	bool is_element;    // of a list of an object that is given in parts
};

enum { JSON_SPLIT_KEYS_MAX = 3 };

// Which arrays of objects are cut into their elements, by the key they are the value of.
struct json_split_rules {
	const char *lists[JSON_SPLIT_KEYS_MAX]; // NULL behind the last; further ones within not
	const char *container;                  // its elements may hold such lists; NULL: none
	unsigned depth_max; // objects around a list: 1 when it must be a member of the outermost
	bool gives_parts;   // of the object around lists: together they are it, with empty lists
};

// Of STIX and TAXII: "objects", and nothing of the object around them.
extern const struct json_split_rules json_split_stix;

// What the bytes read last stand in.
enum json_split_context {
	JSON_SPLIT_TOP,       // nothing
	JSON_SPLIT_LIST,      // a bare array
	JSON_SPLIT_CONTAINER, // the array of the rules' container
	JSON_SPLIT_OBJECTS,   // one of the rules' lists: that of a bundle
};

enum { JSON_SPLIT_LEVELS = 4 };

// An array that is read, and how it was with the object around it.
struct json_split_level {
	enum json_split_context context;
	bool is_passed_over;
	uint64_t depth;
};

// Fields are json_split.c's own.
struct json_split {
	struct feed_input *input;
	const struct json_split_rules *rules;
	struct slice window;
	size_t begin;    // of what is being read, in the window
	size_t position; // read so far, in the window
	bool is_at_end;  // nothing follows the window
	struct json_split_level levels[JSON_SPLIT_LEVELS];
	unsigned level;
	bool is_comma_due; // an element was read, no comma since
	bool is_open_list; // a comma was read, or '[': an element may follow

	// Of the object being read.
	bool is_in_object;
	bool is_passed_over; // has been told of already: its rest is not kept
	bool is_array;       // an array where an object should be
	bool has_parts;      // was given in part before
	bool is_in_string;
	bool is_escaped; // by the byte before
	uint64_t depth;

	uint8_t stray[JSON_STRAY_BYTES + FEED_PADDING_BYTES];
};

// `input` and `rules` are borrowed. Nothing to close.
void json_split_start(struct json_split *split, struct feed_input *input,
                      const struct json_split_rules *rules);

// The next piece. Returns 1, 0 at the end, or what feed_input_peek() returned.
int json_split_next(struct json_split *split, struct json_piece *ret_piece);
