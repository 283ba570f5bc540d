#include "engine/text_table.h"

// A candidate between the steps that wait for memory.
struct text_probe {
	struct exact_cursor cursor;
	const struct text_entry *entry; // NULL: no more
};

static void text_probe_next(struct text_probe *probe, const struct text_table *table, uint32_t tag)
{
	uint32_t value;

	do
		value = exact_table_next(&table->exact, &probe->cursor, tag);
	while (value > table->entry_count);
	probe->entry = value != 0 ? &table->entries[value - 1] : NULL;
	prefetch_read(probe->entry);
}

static uint32_t text_probe_finish(struct text_probe *probe, const struct text_table *table,
                                  const struct text_candidate *candidate)
{
	for (; probe->entry != NULL;
	     text_probe_next(probe, table, exact_table_tag(candidate->hash))) {
		struct slice text = string_pool_get(table->strings, probe->entry->text);

		if (slice_equal(text_key(text, table->key_kind), candidate->text))
			return probe->entry->posting;
	}
	return 0;
}

// Starts loading the text, and its end where that lies in another cache line. As a number: a
// corrupt reference leads anywhere, and that is allowed here.
static void text_prefetch(const struct text_table *table, uint32_t text, size_t size)
{
	uintptr_t begin = (uintptr_t)table->strings.data + text;

	prefetch_read((const void *)begin);
	prefetch_read((const void *)(begin + size));
}

void text_table_find(const struct text_table *table, const struct match_sink *sink,
                     const struct text_candidate candidates[], unsigned count,
                     uint32_t ret_postings[TEXT_CANDIDATES_MAX])
{
	struct text_probe probes[TEXT_CANDIDATES_MAX];

	for (unsigned i = 0; i < count; i++) {
		probes[i].cursor = exact_table_begin(&table->exact, candidates[i].hash);
		text_probe_next(&probes[i], table, exact_table_tag(candidates[i].hash));
	}
	for (unsigned i = 0; i < count; i++) {
		ret_postings[i] = 0;
		if (probes[i].entry == NULL)
			continue;
		text_prefetch(table, probes[i].entry->text, candidates[i].text.size);
		ret_postings[i] = probes[i].entry->posting;
	}
	// Before the texts are compared: nearly all will be equal.
	if (sink != NULL)
		match_sink_prefetch(sink, ret_postings, count);
	for (unsigned i = 0; i < count; i++)
		ret_postings[i] = text_probe_finish(&probes[i], table, &candidates[i]);
}
