// loader/csv_columns.h — which column of a CSV file means what.
//
// From the header's words (csv_words.c), or, when there is none, from what the columns hold.
// parse_csv.c reads it.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "loader/csv_record.h"
#include "loader/intake.h"

enum csv_role {
	CSV_IGNORED,
	CSV_VALUE, // any kind of value
	CSV_ADDRESS,
	CSV_NAME,
	CSV_URL,
	CSV_HASH,
	CSV_RANGE_FIRST, // of addresses
	CSV_RANGE_LAST,
	CSV_PORT, // of the address in the same row
	CSV_TYPE, // what CSV_VALUE is
	CSV_THREAT_TYPE,
	CSV_LABEL,
	CSV_CONFIDENCE,
	CSV_TLP,
	CSV_CREATED,
	CSV_VALID_FROM,
	CSV_VALID_UNTIL,
	CSV_DESCRIPTION,
	CSV_REPORT,
	CSV_OPERATION, // of a difference list: what happened to the value
	CSV_ROLE_COUNT,
};

enum csv_operation {
	CSV_ADD,
	CSV_REMOVE,
	CSV_OPERATION_UNKNOWN,
};

struct csv_columns {
	uint8_t separator;
	bool is_by_content; // no header: the first row is data
	unsigned column_count;
	enum csv_role roles[CSV_FIELDS_MAX];
};

// What a type column says of its row's value.
struct csv_type {
	bool is_known;
	enum value_kind kind;
	const char *reason; // why such values are not matched; NULL: they are
};

// CSV_IGNORED for a name that says nothing. Case, spaces and signs do not count.
enum csv_role csv_role_by_name(struct slice name);

struct csv_type csv_type_by_name(struct slice name);

// "add", "+", "create" …; "del", "-", "delete" …
enum csv_operation csv_operation_by_name(struct slice name);

// What parts the fields of the first line of `text`: the most frequent of , ; tab and |.
uint8_t csv_columns_separator(struct slice text);

// Is this line a header: are there at least two columns, and one that holds values?
bool csv_columns_from_header(struct slice line, struct csv_columns *ret_columns);

// The same of the first rows (without comments) of a file without a header: all of as many
// columns, one of which names types and another holds values of these types.
bool csv_columns_from_content(struct slice rows, struct csv_columns *ret_columns);

// Has the first record of `rows` as many columns?
bool csv_columns_fit(const struct csv_columns *columns, struct slice rows);
