// engine/name_table.h — names: the name itself, and any name above it.
//
// A name is walked from the right, label by label. The filter knows, beside the entries, every
// parent of an entry (from two labels on): where neither is marked the walk ends, for most names
// after two labels and one cache line.
#pragma once

#include "engine/text_table.h"

// Fills `builder` from SECTION_NAMES and the strings. Returns 0 or -ENOMEM.
int name_table_build(struct exact_table_builder *builder, struct slice entries,
                     struct slice strings, const struct hash_seeds *seeds);

// The posting reference of the entry that is `name` itself, or 0.
uint32_t name_table_posting(const struct text_table *table, struct slice name);

// HOT. The observables of `lookup` are names. A single label is only ever met as the whole name.
void name_table_find(const struct text_table *table, const struct lookup *lookup);
