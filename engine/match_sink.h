// engine/match_sink.h — where the tables put what they found.
//
// One a match_context; filled during one match_find(), then sorted.
#pragma once

#include "engine/match.h"
#include "engine/postings.h"

enum {
	MATCH_SINK_PER_OBSERVABLE = 4 * MATCHES_PER_OBSERVABLE, // before duplicates are taken out
	MATCH_SINK_ROWS = MATCH_BATCH_MAX * MATCH_SINK_PER_OBSERVABLE,
};

// Where the indicators of the tables at hand are: of the base, or of its overlay.
struct match_part {
	struct slice postings;       // SECTION_POSTINGS
	struct slice states;         // SECTION_STATES
	const struct database *base; // whose indicators may be silent; NULL: none of the part's is
	uint32_t id_offset;          // between the part's ids and those that are told
};

struct match_sink {
	struct match_part part;
	uint64_t left_out;
	unsigned row_count;
	unsigned drop_count;                  // rows whose action is drop
	uint16_t counts[MATCH_BATCH_MAX];     // rows by observable
	bool has_only_drops[MATCH_BATCH_MAX]; // of observables that are full
	struct match rows[MATCH_SINK_ROWS];
	struct match dealt[MATCH_SINK_ROWS]; // rows that did not come in order, by observable
};

// A batch as a table is asked: some of the call's observables.
struct lookup {
	const struct observable *observables;
	uint8_t indexes[MATCH_BATCH_MAX]; // into `observables`
	unsigned count;
	struct match_sink *sink;
};

// What was found, and what of its postings fits.
struct match_question {
	uint32_t observable;
	enum match_kind kind;
	uint8_t entry_kind; // one of enum entry_kind, or 0 where entries have no kinds
	uint8_t schemes;    // of a URL, else 0
	uint8_t protocol;   // of an address, else 0
	uint16_t port;      // likewise
};

// HOT. Adds a match for each posting of `reference` that answers `question`.
void match_sink_add(struct match_sink *sink, const struct match_question *question,
                    uint32_t reference, const struct packed_terms *usual_terms);

// HOT. Starts loading what match_sink_add() of these references will read.
void match_sink_prefetch(const struct match_sink *sink, const uint32_t references[],
                         unsigned count);

// HOT. Adds one match, whatever the terms.
void match_sink_add_one(struct match_sink *sink, const struct match_question *question,
                        uint32_t indicator_id, unsigned action);

// HOT. Orders the rows, takes out duplicates, keeps MATCHES_PER_OBSERVABLE of each, the strongest
// where there are more; returns how many rows there are.
unsigned match_sink_finish(struct match_sink *sink);

// Forgets all rows.
void match_sink_clear(struct match_sink *sink);
