// sightings/state.h — what sightings.c collects and the writers read. Private to the folder.
#pragma once

#include "sightings/sightings.h"
#include "sightings/sorter.h"

// How a hit's time lies to its indicator's validity.
enum validity { VALIDITY_VALID, VALIDITY_EARLY, VALIDITY_EXPIRED };

struct sightings {
	struct sightings_options options;
	int64_t *capture_starts_ns; // by capture_id; TIMESTAMP_MAX: not told
	bool *is_left_out;          // likewise
	bool has_left_out;          // one of them is
	struct sorter *hits;        // records as in a ring, by hit_order_by_time()
	struct sightings_summary summary;
	uint64_t *hit_indicators; // bit i: indicator i was hit
	size_t hit_indicators_words;
};

// One reading of the hits in order.
struct hit_reader {
	const struct sightings *sightings;
	struct sorter_cursor *cursor;
	struct slice record; // of the hit given last
	struct hit hit;
	struct indicator indicator;
	enum validity validity;
};

// Returns 0, -ENOMEM, or the error of the temporary file. hit_reader_close() in any case.
int hit_reader_open(struct sightings *sightings, struct hit_reader *ret_reader);
void hit_reader_close(struct hit_reader *reader);

// Sets `hit`, `indicator` and `validity` to the next hit's. Returns 1, 0 at the end, -ENOMEM, or
// the error of the temporary file.
int hit_reader_next(struct hit_reader *reader);

// "valid", "early", "expired"
const char *state_validity_name(enum validity validity);
enum validity state_validity(const struct indicator *indicator, int64_t time_ns);

// The path of a capture, "" when app numbered it beyond the list.
const char *state_capture(const struct sightings *sightings, uint32_t capture_id);

// When it began, TIMESTAMP_MAX when that was not told.
int64_t state_capture_start_ns(const struct sightings *sightings, uint32_t capture_id);

// Digits of a second's fraction that say `time_ns` exactly: 6, or 9 when there are nanoseconds.
unsigned state_time_digits(int64_t time_ns);

// Writes the buffer's content to `file` and empties it. Returns 0, -ENOMEM when the buffer has
// failed, or the error of writing.
struct buffer;
int state_flush(struct buffer *buffer, FILE *file);
