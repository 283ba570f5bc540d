// engine/record_table.h — the records of indicators, small.
//
// Three kinds of rows: a *record* an indicator, 16 bytes; a *context*, shared by all indicators
// that came the same way (source, group, markings …); a *detail* for what only STIX objects have
// (id, name, times). A list's entry has no detail unless it carries times, and consecutive equal
// ones are shared.
#pragma once

#include "engine/database_format.h"
#include "engine/string_pool.h"

struct record_row {
	uint32_t value; // text
	uint32_t context;
	uint32_t detail;
	uint32_t line;
};

struct context_row {
	uint32_t source; // texts
	uint32_t group;
	uint32_t threat_types;
	uint32_t labels;
	uint32_t markings;
	uint32_t created_by;
	uint32_t tags;
	uint8_t tlp;
	uint8_t action;
	uint8_t confidence;
	uint8_t is_source_hidden;
};
static_assert(sizeof(struct context_row) == 32, "a context has no holes");

struct detail_row {
	int64_t created_ns;
	int64_t modified_ns;
	int64_t valid_from_ns;
	int64_t valid_until_ns;
	uint32_t id; // texts
	uint32_t name;
	uint32_t report_names;
	uint32_t reserved;
};
static_assert(sizeof(struct detail_row) == 48, "a detail has no holes");

// All zero is a valid, empty one. Row 0 of each kind stays unused.
struct record_builder {
	struct string_pool strings;
	struct block records;   // struct record_row, by indicator id
	struct block contexts;  // struct context_row
	struct block details;   // struct detail_row
	struct block states;    // one byte an id, see SECTION_STATES
	struct block store_ids; // uint64_t, by indicator id; empty while all are zero
	struct block reports;   // struct report_row, in order of adding
	struct block context_slots;
	uint32_t last_context; // of the indicator added last; 0 before the first
	uint64_t withdrawn_count;
};

// As the functions of the same names in engine/build.h.
int record_builder_add(struct record_builder *builder, const struct indicator *indicator,
                       uint32_t *ret_indicator_id);
int record_builder_add_report_name(struct record_builder *builder, uint32_t indicator_id,
                                   struct slice name);
void record_builder_raise_tlp(struct record_builder *builder, uint32_t indicator_id, enum tlp tlp);
void record_builder_withdraw(struct record_builder *builder, uint32_t indicator_id);

bool record_builder_is_live(const struct record_builder *builder, uint32_t indicator_id);

// The record's `value`, as it was given.
struct slice record_builder_value(const struct record_builder *builder, uint32_t indicator_id,
                                  uint32_t *ret_text);

// Joins report names into the details; to be called once, when everything was added.
// Returns 0, -ENOMEM or -EOVERFLOW.
int record_builder_finish(struct record_builder *builder);

// Do the store's ids never go down? Then one is found by bisection.
bool record_builder_store_ids_ascend(const struct record_builder *builder);

void record_builder_close(struct record_builder *builder);

// The sections of a file, or of a builder.
struct record_table {
	struct slice records, contexts, details, strings, states, store_ids;
};

// False when there is no such live indicator.
bool record_table_get(const struct record_table *table, uint32_t indicator_id,
                      struct indicator *ret_indicator);

// When a live indicator is valid, without the rest of its record. False as above.
bool record_table_validity(const struct record_table *table, uint32_t indicator_id,
                           int64_t *ret_from_ns, int64_t *ret_until_ns);

// The row of the store that an indicator was made from, 0 for none.
uint64_t record_table_store_id(const struct record_table *table, size_t indicator_id);

// The live indicator made from this row of the store, or NO_INDICATOR.
uint32_t record_table_find_store_id(const struct record_table *table, uint64_t store_id,
                                    bool store_ids_ascend);
