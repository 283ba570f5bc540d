#include "engine/text_table.h"

uint32_t text_table_find(const struct text_table *table, const struct text_candidate *candidate)
{
	struct exact_cursor cursor = exact_table_begin(&table->exact, candidate->hash);
	uint32_t tag = exact_table_tag(candidate->hash);
	uint32_t value;

	while ((value = exact_table_next(&table->exact, &cursor, tag)) != 0) {
		const struct text_entry *entry;

		if (value > table->entry_count)
			continue;
		entry = &table->entries[value - 1];
		if (slice_equal(string_pool_get(table->strings, entry->text), candidate->text))
			return entry->posting;
	}
	return 0;
}
