#include "loader/judge_counts.h"

#include <errno.h>
#include <stdlib.h>

enum { BEGINNING_BITS = 16, BEGINNINGS = 1 << BEGINNING_BITS };

#define POSTERS_MAX UINT32_C(0x7fffffff)

// The store tells hashes in the order of signed numbers.
#define ORDER_BIT (UINT64_C(1) << 63)

struct judge_count_row {
	uint64_t hash; // with ORDER_BIT changed, so that they ascend
	uint32_t sources;
	uint32_t posters : 31;
	uint32_t is_known_benign : 1;
};

static int compare_ids(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

int judge_ids_add(struct judge_ids *ids, uint64_t vote_id)
{
	uint64_t *id = block_extend(&ids->ids, sizeof(*id));

	if (id == NULL)
		return -ENOMEM;
	*id = vote_id;
	return 0;
}

void judge_ids_sort(struct judge_ids *ids)
{
	if (ids->ids.size > 0)
		qsort(ids->ids.data, ids->ids.size / sizeof(uint64_t), sizeof(uint64_t),
		      compare_ids);
}

bool judge_ids_has(const struct judge_ids *ids, uint64_t vote_id)
{
	return ids->ids.size > 0 &&
	       bsearch(&vote_id, ids->ids.data, ids->ids.size / sizeof(uint64_t), sizeof(uint64_t),
	               compare_ids) != NULL;
}

void judge_ids_close(struct judge_ids *ids)
{
	block_close(&ids->ids);
}

static int compare_by_source(const void *left, const void *right)
{
	const struct judge_naming *a = left;
	const struct judge_naming *b = right;

	return a->source_id < b->source_id ? -1 : a->source_id > b->source_id;
}

static int compare_by_poster(const void *left, const void *right)
{
	const struct judge_naming *a = left;
	const struct judge_naming *b = right;

	if (a->poster_id != b->poster_id)
		return a->poster_id < b->poster_id ? -1 : 1;
	return a->poster_id != 0 ? 0 : compare_by_source(left, right);
}

static uint32_t count_different(struct judge_naming namings[], size_t count,
                                int (*compare)(const void *, const void *))
{
	uint32_t different = 1;

	qsort(namings, count, sizeof(*namings), compare);
	for (size_t i = 1; i < count; i++)
		different += compare(&namings[i - 1], &namings[i]) != 0;
	return different;
}

struct judge_count judge_counts_of(struct judge_naming namings[], size_t count)
{
	if (count <= 1)
		return (struct judge_count){.sources = (uint32_t)count, .posters = (uint32_t)count};
	return (struct judge_count){
		.sources = count_different(namings, count, compare_by_source),
		.posters = count_different(namings, count, compare_by_poster),
	};
}

// The values are told in order of their hashes: one is gathered at a time.
struct counting {
	const struct judge_count_options *options;
	struct judge_counts counts;
	struct block namings; // of the value at hand
	uint64_t hash;
	bool is_known_benign;
};

static int end_value(struct counting *counting)
{
	size_t count = counting->namings.size / sizeof(struct judge_naming);
	struct judge_count_row *row;

	if (count > 1 || counting->is_known_benign) {
		struct judge_count result =
			judge_counts_of((struct judge_naming *)counting->namings.data, count);

		row = block_extend(&counting->counts.rows, sizeof(*row));
		if (row == NULL)
			return -ENOMEM;
		row->hash = counting->hash ^ ORDER_BIT;
		row->sources = result.sources;
		row->posters = result.posters & POSTERS_MAX;
		row->is_known_benign = counting->is_known_benign;
	}
	counting->namings.size = 0; // the memory stays
	counting->is_known_benign = false;
	return 0;
}

static int take_value(void *context, const struct value_vote *value)
{
	struct counting *counting = context;
	const struct judge_count_options *options = counting->options;
	const struct judge_source *source = judge_sources_get(options->sources, value->source_id);
	struct judge_naming *naming;

	if (value->value_hash != counting->hash) {
		int error = end_value(counting);

		if (error < 0)
			return error;
		counting->hash = value->value_hash;
	}
	if (source->role == SOURCE_KNOWN_BENIGN ||
	    judge_ids_has(options->known_benign, value->vote_id)) {
		counting->is_known_benign = true;
		return 0;
	}
	if (source->role == SOURCE_ATTACKED || judge_ids_has(options->expired, value->vote_id))
		return 0;
	naming = block_extend(&counting->namings, sizeof(*naming));
	if (naming == NULL)
		return -ENOMEM;
	*naming = (struct judge_naming){value->source_id, value->poster_id};
	return 0;
}

static const struct judge_count_row *row_at(const struct judge_counts *counts, size_t i)
{
	return (const struct judge_count_row *)counts->rows.data + i;
}

static int find_beginnings(struct judge_counts *counts)
{
	size_t row_count = counts->rows.size / sizeof(struct judge_count_row);
	size_t row = 0;

	if (row_count == 0)
		return 0;
	if (row_count > UINT32_MAX)
		return -EOVERFLOW;
	counts->beginning = calloc(BEGINNINGS + 1, sizeof(*counts->beginning));
	if (counts->beginning == NULL)
		return -ENOMEM;
	for (uint64_t bits = 0; bits < BEGINNINGS; bits++) {
		while (row < row_count && row_at(counts, row)->hash >> (64 - BEGINNING_BITS) < bits)
			row++;
		counts->beginning[bits] = (uint32_t)row;
	}
	counts->beginning[BEGINNINGS] = (uint32_t)row_count;
	return 0;
}

int judge_counts_read(const struct judge_count_options *options, struct judge_counts *ret_counts)
{
	struct counting counting = {.options = options};
	int error = store_value_each(options->store, take_value, &counting);

	if (error == 0)
		error = end_value(&counting);
	block_close(&counting.namings);
	if (error == 0)
		error = find_beginnings(&counting.counts);
	if (error < 0) {
		judge_counts_close(&counting.counts);
		return error;
	}
	*ret_counts = counting.counts;
	return 0;
}

void judge_counts_close(struct judge_counts *counts)
{
	block_close(&counts->rows);
	free(counts->beginning);
	*counts = (struct judge_counts){};
}

struct judge_count judge_counts_get(const struct judge_counts *counts, uint64_t value_hash)
{
	const struct judge_count once = {.sources = 1, .posters = 1};
	uint64_t hash = value_hash ^ ORDER_BIT;
	uint64_t bits = hash >> (64 - BEGINNING_BITS);

	if (counts->beginning == NULL)
		return once;
	size_t low = counts->beginning[bits];
	size_t end = counts->beginning[bits + 1];
	size_t high = end;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (row_at(counts, middle)->hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == end || row_at(counts, low)->hash != hash)
		return once;
	const struct judge_count_row *row = row_at(counts, low);
	return (struct judge_count){row->sources, row->posters, row->is_known_benign};
}
