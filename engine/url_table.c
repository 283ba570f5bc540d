#include "engine/url_table.h"

enum { AHEAD = 16 }; // entries between starting to load and using, in a build

static struct slice entry_key(const struct text_entry *entry, struct slice strings)
{
	return text_key_url(string_pool_get(strings, entry->text));
}

static uint32_t cut_count(struct slice key)
{
	uint32_t count = 0;

	for (size_t i = 0; i + 1 < key.size; i++)
		count += key.data[i] == '/' || key.data[i] == '?';
	return count;
}

static uint64_t count_cuts(struct slice section, struct slice strings)
{
	const struct text_entry *entries = (const struct text_entry *)section.data;
	size_t count = section.size / sizeof(*entries);
	uint64_t cuts = 0;

	for (size_t i = 0; i < count; i++) {
		if (i + 2 * AHEAD < count)
			string_pool_prefetch(strings, entries[i + 2 * AHEAD].text);
		cuts += cut_count(entry_key(&entries[i], strings));
	}
	return cuts;
}

static void url_table_build_add(struct exact_table_builder *builder, struct slice key,
                                uint64_t seed, uint32_t value)
{
	struct url_cursor cursor = url_cursor_begin(key, seed);

	for (;;) {
		url_cursor_next(&cursor);
		if (cursor.walked == cursor.size)
			break;
		exact_table_builder_mark_deeper(builder, cursor.hash);
	}
	exact_table_builder_add(builder, cursor.hash, exact_table_tag(cursor.hash), value);
}

// Starts loading where a URL will go, and its cuts.
static void url_prefetch(const struct exact_table_builder *builder, struct slice key, uint64_t seed)
{
	struct url_cursor cursor = url_cursor_begin(key, seed);

	for (;;) {
		url_cursor_next(&cursor);
		if (cursor.walked == cursor.size)
			break;
		exact_table_builder_prefetch_deeper(builder, cursor.hash);
	}
	exact_table_builder_prefetch(builder, cursor.hash);
}

int url_table_build(struct exact_table_builder *builder, struct slice section, struct slice strings,
                    uint64_t seed)
{
	const struct text_entry *entries = (const struct text_entry *)section.data;
	size_t count = section.size / sizeof(*entries);
	uint64_t cuts = count_cuts(section, strings);
	// A few long paths must not make the filter large for all.
	uint64_t steps = cuts < count * 4 ? cuts : count * 4;
	int error = exact_table_builder_size(builder, count,
	                                     count * TEXT_FILTER_BITS_PER_ENTRY +
	                                             steps * TEXT_FILTER_BITS_PER_STEP);

	if (error != 0)
		return error;
	for (size_t i = 0; i < count; i++) {
		if (i + 2 * AHEAD < count)
			string_pool_prefetch(strings, entries[i + 2 * AHEAD].text);
		if (i + AHEAD < count)
			url_prefetch(builder, entry_key(&entries[i + AHEAD], strings), seed);
		url_table_build_add(builder, entry_key(&entries[i], strings), seed,
		                    (uint32_t)i + 1);
	}
	return 0;
}

// The URLs of a batch that are still walked. A cursor's parts are kept apart: copying one as a
// whole just after its parts were written waits for those writes to reach the cache.
struct url_walk {
	uint64_t hashes[MATCH_BATCH_MAX];
	size_t walked[MATCH_BATCH_MAX];     // with the hash and the key a struct url_cursor
	uint8_t items[MATCH_BATCH_MAX];     // index into the lookup
	struct slice keys[MATCH_BATCH_MAX]; // by index into the lookup
	uint8_t schemes[MATCH_BATCH_MAX];   // likewise
	unsigned count;
	struct text_candidate candidates[TEXT_CANDIDATES_MAX];
	unsigned candidate_count;
};

static struct slice url_key(struct slice url, uint8_t *ret_schemes)
{
	if (slice_starts_with(url, TEXT_KEY_HTTP)) {
		*ret_schemes = URL_SCHEME_HTTP;
		return slice_from(url, sizeof(TEXT_KEY_HTTP) - 1);
	}
	if (slice_starts_with(url, TEXT_KEY_HTTPS)) {
		*ret_schemes = URL_SCHEME_HTTPS;
		return slice_from(url, sizeof(TEXT_KEY_HTTPS) - 1);
	}
	*ret_schemes = URL_SCHEME_HTTP | URL_SCHEME_HTTPS;
	return url;
}

static void url_walk_begin(struct url_walk *walk, const struct text_table *table,
                           const struct lookup *lookup)
{
	walk->count = 0;
	walk->candidate_count = 0;
	for (unsigned i = 0; i < lookup->count; i++) {
		struct slice url = lookup->observables[lookup->indexes[i]].text;
		struct slice key = url_key(url, &walk->schemes[i]);
		struct url_cursor cursor = url_cursor_begin(key, table->seeds.first);

		if (key.size == 0)
			continue;
		url_cursor_next(&cursor);
		filter_prefetch(&table->exact.filter, cursor.hash);
		walk->keys[i] = key;
		walk->hashes[walk->count] = cursor.hash;
		walk->walked[walk->count] = cursor.walked;
		walk->items[walk->count++] = (uint8_t)i;
	}
}

static void url_walk_step(struct url_walk *walk, const struct text_table *table)
{
	unsigned candidates = walk->candidate_count;
	unsigned going_on = 0;

	for (unsigned k = 0; k < walk->count; k++) {
		uint8_t item = walk->items[k];
		struct url_cursor cursor = {
			.data = walk->keys[item].data,
			.size = walk->keys[item].size,
			.walked = walk->walked[k],
			.hash = walk->hashes[k],
		};
		uint64_t word = filter_word(&table->exact.filter, cursor.hash);

		if (filter_has_entry(word, cursor.hash)) {
			exact_table_prefetch(&table->exact, cursor.hash);
			walk->candidates[candidates++] = (struct text_candidate){
				.hash = cursor.hash,
				.text = slice_of(cursor.data, cursor.walked),
				.item = item,
			};
		}
		if (cursor.walked == cursor.size || !filter_has_deeper(word, cursor.hash))
			continue;
		url_cursor_next(&cursor);
		filter_prefetch(&table->exact.filter, cursor.hash);
		walk->items[going_on] = item;
		walk->hashes[going_on] = cursor.hash;
		walk->walked[going_on++] = cursor.walked;
	}
	walk->candidate_count = candidates;
	walk->count = going_on;
}

static void url_table_report(const struct text_table *table, const struct lookup *lookup,
                             const struct text_candidate *candidate, uint8_t schemes,
                             uint32_t posting)
{
	uint8_t index = lookup->indexes[candidate->item];
	struct slice url = lookup->observables[index].text;
	struct match_question question = {.observable = index, .schemes = schemes};

	if (candidate->text.data + candidate->text.size == url.data + url.size) {
		question.kind = MATCH_EXACT;
		question.entry_kind = ENTRY_EXACT;
		match_sink_add(lookup->sink, &question, posting, &table->usual_terms);
	}
	question.kind = MATCH_URL_PREFIX;
	question.entry_kind = ENTRY_PREFIX;
	match_sink_add(lookup->sink, &question, posting, &table->usual_terms);
}

// Compares the candidates and reports those that are entries.
static void url_walk_report(struct url_walk *walk, const struct text_table *table,
                            const struct lookup *lookup)
{
	uint32_t postings[TEXT_CANDIDATES_MAX];

	text_table_find(table, lookup->sink, walk->candidates, walk->candidate_count, postings);
	for (unsigned i = 0; i < walk->candidate_count; i++) {
		const struct text_candidate *candidate = &walk->candidates[i];

		if (postings[i] != 0)
			url_table_report(table, lookup, candidate, walk->schemes[candidate->item],
			                 postings[i]);
	}
	walk->candidate_count = 0;
}

void url_table_find(const struct text_table *table, const struct lookup *lookup)
{
	struct url_walk walk;

	if (table->exact.bucket_count == 0)
		return;
	url_walk_begin(&walk, table, lookup);
	while (walk.count > 0) {
		if (walk.count > TEXT_CANDIDATES_MAX - walk.candidate_count)
			url_walk_report(&walk, table, lookup);
		url_walk_step(&walk, table);
	}
	if (walk.candidate_count > 0)
		url_walk_report(&walk, table, lookup);
}
