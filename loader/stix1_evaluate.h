// loader/stix1_evaluate.h — which values a term comes to, and what of it cannot be matched.
#pragma once

#include <stddef.h>

#include "loader/stix1.h"

struct stix1_note {
	const char *reason;
	struct slice detail;
	uint64_t line;
};

// All zero before the first evaluation; kept from one to the next, stix1_evaluation_close() at the
// end.
struct stix1_evaluation {
	struct stix1_reader *reader;
	const struct candidate **values;
	size_t value_count, value_capacity;
	struct stix1_note *notes;
	size_t note_count, note_capacity;
	unsigned reference_depth;
	bool is_dry; // only looks at what is referred to
};

// Fills `values` and `notes` anew. An AND of more than one thing can never hold on one observation,
// or is not matchable yet. What is not filled for that, but referred to, is marked
// as referred to. Returns 0 or -ENOMEM.
int stix1_evaluate(struct stix1_evaluation *evaluation, struct stix1_term *term);

void stix1_evaluation_close(struct stix1_evaluation *evaluation);
