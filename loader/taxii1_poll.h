// loader/taxii1_poll.h — one run of a TAXII 1.1 source: what fetch_taxii1.c asks for, taxii1_part.c
// takes in and taxii1_note.c remembers. For them alone.
#pragma once

#include "loader/circle.h"
#include "loader/fetch_digest.h"
#include "loader/taxii1.h"

struct taxii1_poll {
	struct fetch *fetch;
	struct taxii1 taxii;
	struct taxii1_target target;
	bool is_complete;  // all there is, in one delivery
	bool has_begun;    // an earlier run of this source noted a cursor
	int64_t cursor_ns; // TIMESTAMP_MIN: from the beginning
	int64_t end_ns;    // of the time span that the server told
	int64_t newest_ns; // label
	char result_id[TAXII1_TEXT_BYTES];
	uint64_t part; // that came last; 0: none yet
	unsigned empty_parts, pending_count;
	struct circle circle; // of parts with blocks
	char settings[FETCH_DIGEST_TEXT_BYTES];
};

static inline struct report *taxii1_poll_report(const struct taxii1_poll *poll)
{
	return &poll->fetch->outcome->feed.report;
}

// taxii1_note.c: finds cursor, place, and whether all is to be read anew.
int taxii1_note_read(struct taxii1_poll *poll);
// Within a delivery part of its transaction: where the result goes on, or that all of it came.
int taxii1_note_progress(struct taxii1_poll *poll);
int taxii1_note_end(struct taxii1_poll *poll);
int taxii1_note_no_place(struct taxii1_poll *poll);
// Of a complete run that had as many parts as a run may have: the runs to come go on from its
// place, or, when the result is gone, from the beginning.
int taxii1_note_early_end(struct taxii1_poll *poll);

// taxii1_part.c: one part, one transaction, with the place; of a complete run all parts are one.
// Returns 0, 1 when the run ends (a guard holds it, or it had as many parts as it may have), or an
// error that was told: -ELOOP when the server goes round in a circle, -EBADMSG when there is no way
// on.
int taxii1_part_take(struct taxii1_poll *poll, const struct taxii1_message *message, int body);
