// app/problems.h — a report's problems, for people.
#pragma once

#include <stdio.h>

#include "base/buffer.h"
#include "base/report.h"

// Each reason with its count and its first few examples, indented by two:
//   2 × invalid pattern: skipped
//       indicator--… (line 12): unexpected ')'
// Nothing when there was no problem.
void problems_print(FILE *file, const struct report *report);

// For report.each: prints every problem as it comes, a line each, to `context`, a FILE.
void problems_print_each(void *context, const struct report *report, const struct problem *problem);

// Logs each reason as one line that names the input, with its first example. For captures and
// databases.
void problems_warn(const char *input, const struct report *report);
void problems_error(const char *input, const struct report *report);

// How many of a report's problems cost an object or a value; the others are notes on what was
// kept.
uint64_t problems_skipped(const struct report *report);

// Appends ,"problems":[…] with each reason, its count and its first examples.
void problems_append_json(struct buffer *json, const struct report *report);
