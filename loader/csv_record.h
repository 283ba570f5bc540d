// loader/csv_record.h — one record of a CSV text (RFC 4180), at a time.
//
// Quoted fields may hold separators, doubled quotes and line ends. What cannot be: a record of
// more than CSV_RECORD_LINES_MAX lines or CSV_RECORD_BYTES_MAX bytes. Its first line is then
// read as if quotes meant nothing, so that one stray quote does not swallow the file.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	CSV_FIELDS_MAX = 64, // further ones are left out
	CSV_RECORD_BYTES_MAX = 64 * 1024,
	CSV_RECORD_LINES_MAX = 16,
};

struct csv_record {
	unsigned field_count;
	struct slice fields[CSV_FIELDS_MAX]; // trimmed, unquoted; into `bytes`
	unsigned line_count;                 // that it took
	bool has_stray_quote;                // see above
	bool is_cut;                         // the line was longer than CSV_RECORD_BYTES_MAX
	uint8_t bytes[CSV_RECORD_BYTES_MAX];
};

// Reads the record that `text` begins with. `text` holds at least CSV_RECORD_BYTES_MAX bytes, or
// all that is left. Returns the bytes it took, with its line end; 0 only for an empty `text`.
size_t csv_record_parse(struct slice text, uint8_t separator, struct csv_record *record);
