#include "engine/name_table.h"

enum {
	PARENT_LABELS_MIN = 2,
	AHEAD = 16, // entries between starting to load and using, in a build
};

static struct slice entry_name(const struct text_entry *entry, struct slice strings)
{
	return text_key_name(string_pool_get(strings, entry->text));
}

static uint32_t label_count(struct slice name)
{
	uint32_t count = 1;

	for (size_t i = 0; i < name.size; i++)
		count += name.data[i] == '.';
	return count;
}

// How many parents are to be marked at most.
static uint64_t count_parents(struct slice section, struct slice strings)
{
	const struct text_entry *entries = (const struct text_entry *)section.data;
	size_t count = section.size / sizeof(*entries);
	uint64_t parents = 0;

	for (size_t i = 0; i < count; i++) {
		if (i + 2 * AHEAD < count)
			string_pool_prefetch(strings, entries[i + 2 * AHEAD].text);

		uint32_t labels = label_count(entry_name(&entries[i], strings));

		if (labels > PARENT_LABELS_MIN)
			parents += labels - PARENT_LABELS_MIN;
	}
	return parents;
}

static void name_table_build_add(struct exact_table_builder *builder, struct slice name,
                                 const struct hash_seeds *seeds, uint32_t value)
{
	struct name_cursor cursor = name_cursor_begin(name, seeds);

	for (; cursor.left > 0; name_cursor_next(&cursor, name))
		exact_table_builder_mark_deeper(builder, cursor.hash);
	exact_table_builder_add(builder, cursor.hash, exact_table_tag(cursor.hash), value);
}

// Starts loading where a name will go, and its parents.
static void name_prefetch(const struct exact_table_builder *builder, struct slice name,
                          const struct hash_seeds *seeds)
{
	struct name_cursor cursor = name_cursor_begin(name, seeds);

	for (; cursor.left > 0; name_cursor_next(&cursor, name))
		exact_table_builder_prefetch_deeper(builder, cursor.hash);
	exact_table_builder_prefetch(builder, cursor.hash);
}

int name_table_build(struct exact_table_builder *builder, struct slice section,
                     struct slice strings, const struct hash_seeds *seeds)
{
	const struct text_entry *entries = (const struct text_entry *)section.data;
	size_t count = section.size / sizeof(*entries);
	uint64_t parents = count_parents(section, strings);
	int error = exact_table_builder_size(builder, count,
	                                     count * TEXT_FILTER_BITS_PER_ENTRY +
	                                             parents * TEXT_FILTER_BITS_PER_STEP);

	if (error != 0)
		return error;
	for (size_t i = 0; i < count; i++) {
		if (i + 2 * AHEAD < count)
			string_pool_prefetch(strings, entries[i + 2 * AHEAD].text);
		if (i + AHEAD < count)
			name_prefetch(builder, entry_name(&entries[i + AHEAD], strings), seeds);
		name_table_build_add(builder, entry_name(&entries[i], strings), seeds,
		                     (uint32_t)i + 1);
	}
	return 0;
}

// The names of a batch that are still walked.
struct name_walk {
	uint64_t hashes[MATCH_BATCH_MAX];
	size_t lefts[MATCH_BATCH_MAX];  // with the hash a struct name_cursor
	uint8_t items[MATCH_BATCH_MAX]; // index into the lookup
	unsigned count;
	struct text_candidate candidates[TEXT_CANDIDATES_MAX];
	unsigned candidate_count;
};

static struct slice lookup_text(const struct lookup *lookup, unsigned i)
{
	return lookup->observables[lookup->indexes[i]].text;
}

static void name_walk_begin(struct name_walk *walk, const struct text_table *table,
                            const struct lookup *lookup)
{
	for (unsigned i = 0; i < lookup->count; i++) {
		struct name_cursor cursor = name_cursor_begin(lookup_text(lookup, i),
		                                              &table->seeds);

		filter_prefetch(&table->exact.filter, cursor.hash);
		walk->hashes[i] = cursor.hash;
		walk->lefts[i] = cursor.left;
		walk->items[i] = (uint8_t)i;
	}
	walk->count = lookup->count;
	walk->candidate_count = 0;
}

// Keeps the walks whose name so far the filter knows anything of: few.
static void name_walk_filter(struct name_walk *walk, const struct text_table *table)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < walk->count; k++) {
		uint64_t hash = walk->hashes[k];
		uint64_t word = filter_word(&table->exact.filter, hash);

		walk->hashes[kept] = hash;
		walk->lefts[kept] = walk->lefts[k];
		walk->items[kept] = walk->items[k];
		kept += filter_has_entry(word, hash) | filter_has_deeper(word, hash);
	}
	walk->count = kept;
}

// Of the walks that are left: collects candidates, goes on with those that have entries deeper.
static void name_walk_step(struct name_walk *walk, const struct text_table *table,
                           const struct lookup *lookup)
{
	unsigned candidates = walk->candidate_count;
	unsigned going_on = 0;

	for (unsigned k = 0; k < walk->count; k++) {
		struct name_cursor cursor = {walk->hashes[k], walk->lefts[k]};
		uint64_t word = filter_word(&table->exact.filter, cursor.hash);
		uint8_t item = walk->items[k];
		struct slice name = lookup_text(lookup, item);

		if (filter_has_entry(word, cursor.hash)) {
			exact_table_prefetch(&table->exact, cursor.hash);
			walk->candidates[candidates++] = (struct text_candidate){
				.hash = cursor.hash,
				.text = slice_from(name, name_cursor_start(&cursor)),
				.item = item,
			};
		}
		if (cursor.left == 0 || !filter_has_deeper(word, cursor.hash))
			continue;
		name_cursor_next(&cursor, name);
		filter_prefetch(&table->exact.filter, cursor.hash);
		walk->items[going_on] = item;
		walk->hashes[going_on] = cursor.hash;
		walk->lefts[going_on++] = cursor.left;
	}
	walk->candidate_count = candidates;
	walk->count = going_on;
}

// Reports what an entry names: the name itself, or one above it.
static void name_table_report(const struct text_table *table, const struct lookup *lookup,
                              const struct text_candidate *candidate, uint32_t posting)
{
	uint8_t index = lookup->indexes[candidate->item];
	const struct observable *observable = &lookup->observables[index];
	bool is_whole = candidate->text.size == observable->text.size;
	struct match_question question = {
		.observable = index,
		.kind = is_whole ? MATCH_EXACT : MATCH_PARENT,
		.entry_kind = is_whole ? ENTRY_EXACT : ENTRY_PARENT,
	};

	match_sink_add(lookup->sink, &question, posting, &table->usual_terms);
	if (!is_whole) {
		question.kind = MATCH_PATTERN;
		question.entry_kind = ENTRY_BELOW;
		match_sink_add(lookup->sink, &question, posting, &table->usual_terms);
	} else if (observable->where == WHERE_TLS_SNI) {
		question.kind = MATCH_URL_HOST;
		question.entry_kind = ENTRY_URL_HOST;
		match_sink_add(lookup->sink, &question, posting, &table->usual_terms);
	}
}

// Compares the candidates and reports those that are entries.
static void name_walk_report(struct name_walk *walk, const struct text_table *table,
                             const struct lookup *lookup)
{
	uint32_t postings[TEXT_CANDIDATES_MAX];

	text_table_find(table, lookup->sink, walk->candidates, walk->candidate_count, postings);
	for (unsigned i = 0; i < walk->candidate_count; i++) {
		if (postings[i] != 0)
			name_table_report(table, lookup, &walk->candidates[i], postings[i]);
	}
	walk->candidate_count = 0;
}

void name_table_find(const struct text_table *table, const struct lookup *lookup)
{
	struct name_walk walk;

	if (table->exact.bucket_count == 0)
		return;
	name_walk_begin(&walk, table, lookup);
	name_walk_filter(&walk, table);
	while (walk.count > 0) {
		if (walk.count > TEXT_CANDIDATES_MAX - walk.candidate_count)
			name_walk_report(&walk, table, lookup);
		name_walk_step(&walk, table, lookup);
		name_walk_filter(&walk, table);
	}
	if (walk.candidate_count > 0)
		name_walk_report(&walk, table, lookup);
}

uint32_t name_table_posting(const struct text_table *table, struct slice name)
{
	struct name_cursor cursor;
	struct text_candidate candidate = {.text = name};
	uint32_t postings[TEXT_CANDIDATES_MAX];

	if (table->exact.bucket_count == 0 || name.size == 0)
		return 0;
	cursor = name_cursor_begin(name, &table->seeds);
	while (cursor.left > 0)
		name_cursor_next(&cursor, name);
	candidate.hash = cursor.hash;
	text_table_find(table, NULL, &candidate, 1, postings);
	return postings[0];
}
