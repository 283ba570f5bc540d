// base/report.h — what was wrong with an input, and where.
//
// Parsers fill it, app prints it. It stays small however bad the input is: problems are counted
// by reason, and only the first few of each reason are kept. Whoever wants all of them sets
// `each`. One owner, one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	REPORT_REASONS_MAX = 48,  // further reasons are counted under "other"
	REPORT_EXAMPLES_MAX = 3,  // kept of each reason
	PROBLEM_TEXT_BYTES = 200, // longer texts are cut, ending in "..."
};

// One problem as a parser states it. Only `reason` is required; everything is copied.
struct problem {
	const char *reason; // static text, the same for all problems of a kind: "invalid pattern"
	// Static text, NULL: "skipped". Begins with "kept", "noted" or "read" when nothing was
	// lost.
	const char *consequence;
	struct slice object; // the object's id, or the value itself
	struct slice detail; // what exactly: "unexpected ')' at column 17"
	uint64_t line;       // 1-based, 0 when it makes no sense; what it counts: report.unit
	uint64_t offset;     // bytes from the start of the input, with has_offset
	bool has_offset;
};

// A problem as it is kept: printable (control bytes replaced) and terminated.
struct problem_text {
	char object[PROBLEM_TEXT_BYTES];
	char detail[PROBLEM_TEXT_BYTES];
	uint64_t line;
	uint64_t offset;
	bool has_offset;
};

struct report_reason {
	const char *reason;
	const char *consequence;
	uint64_t count;
	unsigned example_count;
	struct problem_text examples[REPORT_EXAMPLES_MAX];
};

// All zero is a valid, empty report.
struct report {
	const char *input; // borrowed: the file's name, for whoever prints
	const char *unit;  // borrowed: what a problem's `line` counts; NULL: "line"
	uint64_t count;
	unsigned reason_count;
	struct report_reason *reasons; // in order of first appearance; allocated when first needed
	void (*each)(void *context, const struct report *report, const struct problem *problem);
	void *each_context;
};

// Counts `problem`, keeps it if it is among the first of its reason, and calls `each`.
// `report` may be NULL: then nothing happens.
void report_add(struct report *report, const struct problem *problem);

// Short form: reason, object and a formatted detail ("" for none).
void report_note(struct report *report, const char *reason, struct slice object, const char *detail,
                 ...) __attribute__((format(printf, 4, 5)));

// Adds what `part` holds, of an input within this one: its details begin with the name of it.
// `each` is not called again.
void report_merge(struct report *report, const struct report *part, struct slice name);

// Copies `text` into `ret_text` printable: control bytes and invalid UTF-8 become '?', what
// does not fit ends in "...". Always terminated.
void report_printable(struct slice text, char ret_text[PROBLEM_TEXT_BYTES]);

// Frees what is kept and empties the report, except for `input`, `unit` and `each`.
void report_clear(struct report *report);
