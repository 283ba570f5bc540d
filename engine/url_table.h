// engine/url_table.h — URLs: the whole, and any beginning that ends at a '/' or a '?'.
//
// By URL key: without scheme, which is in the terms. Walked from the left, cut by cut; the filter
// knows every cut of every entry, so that the walk ends behind the host for most URLs.
#pragma once

#include "engine/text_table.h"

// Fills `builder` from SECTION_URLS and the strings. Returns 0 or -ENOMEM.
int url_table_build(struct exact_table_builder *builder, struct slice entries, struct slice strings,
                    uint64_t seed);

// HOT. The observables of `lookup` are URLs.
void url_table_find(const struct text_table *table, const struct lookup *lookup);
