#include "engine/pattern_set.h"

#include <errno.h>
#include <hs/hs.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "engine/pattern_like.h"
#include "engine/pattern_regex.h"
#include "engine/pattern_shard.h"

enum { RECOMPILED_ROWS_MAX = 2048 };

struct pattern_shard {
	hs_database_t *database;
	enum observable_type type;
	enum pattern_kind kind;
};

struct pattern_set {
	struct pattern_row *rows;
	size_t row_count;
	uint8_t *texts;
	size_t text_bytes;
	struct regex **regexes; // by row; NULL unless the row is a prefilter
	struct pattern_shard *shards;
	size_t shard_count;
	size_t shard_room;
};

struct pattern_scratch {
	hs_scratch_t *hyperscan; // NULL for a set of nothing
	struct regex_scratch *regex;
	uint64_t given_up;
};

void pattern_set_free(struct pattern_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->shard_count; i++)
		(void)hs_free_database(set->shards[i].database);
	for (size_t i = 0; set->regexes != NULL && i < set->row_count; i++)
		pattern_regex_free(set->regexes[i]);
	free(set->shards);
	free(set->regexes);
	free(set->texts);
	free(set->rows);
	free(set);
}

size_t pattern_set_count(const struct pattern_set *set)
{
	return set->row_count;
}

static bool row_is_sound(const struct pattern_row *row, size_t text_bytes)
{
	bool has_type = row->type == OBSERVABLE_NAME || row->type == OBSERVABLE_URL;

	return has_type && row->kind < PATTERN_KIND_COUNT && row->text_bytes > 0 &&
	       row->text_offset <= text_bytes && row->text_bytes <= text_bytes - row->text_offset;
}

static void *copy_bytes(struct slice bytes)
{
	void *copy = malloc(bytes.size > 0 ? bytes.size : 1);

	if (copy != NULL && bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	return copy;
}

static int read_rows(struct slice section, struct pattern_set *set)
{
	struct pattern_header header;

	if (section.size < sizeof(header))
		return -EBADMSG;
	memcpy(&header, section.data, sizeof(header));
	section = slice_from(section, sizeof(header));

	size_t row_bytes = (size_t)header.row_count * sizeof(struct pattern_row);
	if (row_bytes > section.size || header.text_bytes != section.size - row_bytes)
		return -EBADMSG;
	set->rows = copy_bytes(slice_first(section, row_bytes));
	set->texts = copy_bytes(slice_from(section, row_bytes));
	set->regexes = calloc(header.row_count + (size_t)1, sizeof(*set->regexes));
	if (set->rows == NULL || set->texts == NULL || set->regexes == NULL)
		return -ENOMEM;
	set->row_count = header.row_count;
	set->text_bytes = header.text_bytes;
	for (size_t i = 0; i < set->row_count; i++)
		if (!row_is_sound(&set->rows[i], set->text_bytes))
			return -EBADMSG;
	return 0;
}

static struct slice row_text(const struct pattern_set *set, size_t row)
{
	return slice_of(set->texts + set->rows[row].text_offset, set->rows[row].text_bytes);
}

static int compile_regexes(struct pattern_set *set)
{
	for (size_t i = 0; i < set->row_count; i++) {
		const struct pattern_row *row = &set->rows[i];
		const char *reason;

		if (!row->is_prefilter || row->kind == PATTERN_KIND_LIKE)
			continue;
		int error = pattern_regex_compile((enum observable_type)row->type, row_text(set, i),
		                                  row->kind == PATTERN_KIND_REGEX_UTF8,
		                                  &set->regexes[i], &reason);
		if (error < 0)
			return error == -ENOMEM ? error : -EBADMSG;
	}
	return 0;
}

static bool rows_are_alike(const struct pattern_row *a, const struct pattern_row *b)
{
	return a->type == b->type && a->kind == b->kind;
}

static int add_shard(struct pattern_set *set, const struct pattern_row *row,
                     hs_database_t *database)
{
	if (set->shard_count == set->shard_room) {
		size_t room = 2 * set->shard_room + 4;
		struct pattern_shard *shards = realloc(set->shards, room * sizeof(*shards));

		if (shards == NULL)
			return -ENOMEM;
		set->shards = shards;
		set->shard_room = room;
	}
	set->shards[set->shard_count++] = (struct pattern_shard){
		database, (enum observable_type)row->type, (enum pattern_kind)row->kind};
	return 0;
}

static int deserialize(struct pattern_set *set, size_t first_row, struct slice bytes)
{
	hs_database_t *database = NULL;
	hs_error_t result = hs_deserialize_database((const char *)bytes.data, bytes.size,
	                                            &database);

	if (result != HS_SUCCESS)
		return result == HS_NOMEM ? -ENOMEM : -EBADMSG;
	int error = add_shard(set, &set->rows[first_row], database);
	if (error < 0)
		(void)hs_free_database(database);
	return error;
}

static int recompile(struct pattern_set *set, size_t first_row, size_t row_count)
{
	struct pattern_rows rows = {.rows = set->rows + first_row,
	                            .count = row_count,
	                            .first_row = (uint32_t)first_row,
	                            .texts = slice_of(set->texts, set->text_bytes)};
	struct buffer bytes = {0};
	int error = pattern_shard_compile(&rows, &bytes);

	if (error == 0)
		error = deserialize(set, first_row, buffer_slice(&bytes));
	buffer_close(&bytes);
	return error == -ECANCELED ? -EBADMSG : error;
}

// How many rows from `first_row` on are of its type and kind, at most `limit`.
static size_t count_alike(const struct pattern_set *set, size_t first_row, size_t limit)
{
	size_t end = first_row;

	while (end < set->row_count && end - first_row < limit &&
	       rows_are_alike(&set->rows[first_row], &set->rows[end]))
		end++;
	return end - first_row;
}

static int open_shard(struct pattern_set *set, struct slice section, const struct shard_row *shard)
{
	if (shard->offset <= section.size && shard->bytes <= section.size - shard->offset) {
		struct slice bytes = slice_of(section.data + shard->offset, shard->bytes);
		bool is_whole = hash_bytes(0, bytes.data, bytes.size) == shard->checksum;
		int error = is_whole ? deserialize(set, shard->first_row, bytes) : -EBADMSG;

		if (error != -EBADMSG)
			return error;
	}
	return recompile(set, shard->first_row, shard->row_count);
}

// Opens the next shard if the section has one for the rows from `first_row` on. Returns how many
// rows it covers, 0 when the section makes no sense there, or an error.
static long open_next(struct pattern_set *set, struct slice section, size_t number,
                      size_t first_row)
{
	struct shard_header header;
	struct shard_row shard;

	if (section.size < sizeof(header))
		return 0;
	memcpy(&header, section.data, sizeof(header));
	if (number >= header.shard_count ||
	    (number + 1) * sizeof(shard) > section.size - sizeof(header))
		return 0;
	memcpy(&shard, section.data + sizeof(header) + number * sizeof(shard), sizeof(shard));
	if (shard.first_row != first_row || shard.row_count == 0 ||
	    shard.row_count != count_alike(set, first_row, shard.row_count))
		return 0;

	int error = open_shard(set, section, &shard);
	return error < 0 ? error : (long)shard.row_count;
}

static int open_shards(struct pattern_set *set, struct slice section)
{
	size_t number = 0;
	size_t row = 0;

	while (row < set->row_count) {
		long covered = open_next(set, section, number++, row);

		if (covered < 0)
			return (int)covered;
		if (covered == 0) {
			size_t alike = count_alike(set, row, RECOMPILED_ROWS_MAX);
			int error = recompile(set, row, alike);
			if (error < 0)
				return error;
			covered = (long)alike;
		}
		row += (size_t)covered;
	}
	return 0;
}

int pattern_set_open(struct slice patterns, struct slice shards, struct pattern_set **ret_set)
{
	AUTO(pattern_set) set = calloc(1, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	if (patterns.size > 0) {
		int error = read_rows(patterns, set);

		if (error == 0)
			error = compile_regexes(set);
		if (error == 0)
			error = open_shards(set, shards);
		if (error < 0)
			return error;
	}
	*ret_set = TAKE(set);
	return 0;
}

int pattern_scratch_create(const struct pattern_set *set, struct pattern_scratch **ret_scratch)
{
	AUTO(pattern_scratch) scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return -ENOMEM;
	if (set->shard_count > 0 && hs_valid_platform() != HS_SUCCESS)
		return -EINVAL;
	for (size_t i = 0; i < set->shard_count; i++) {
		hs_error_t result = hs_alloc_scratch(set->shards[i].database, &scratch->hyperscan);

		if (result != HS_SUCCESS)
			return result == HS_NOMEM ? -ENOMEM : -EINVAL;
	}
	int error = pattern_regex_create_scratch(&scratch->regex);
	if (error < 0)
		return error;
	*ret_scratch = TAKE(scratch);
	return 0;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
	if (scratch == NULL)
		return;
	(void)hs_free_scratch(scratch->hyperscan);
	pattern_regex_free_scratch(scratch->regex);
	free(scratch);
}

uint64_t pattern_scratch_given_up(const struct pattern_scratch *scratch)
{
	return scratch->given_up;
}

struct scan {
	const struct pattern_set *set;
	struct pattern_scratch *scratch;
	struct slice text;
	pattern_found *found;
	void *context;
};

// Is what Hyperscan suspects true?
static bool confirm(const struct scan *scan, size_t row)
{
	const struct pattern_set *set = scan->set;

	if (set->rows[row].kind == PATTERN_KIND_LIKE) {
		enum like_result result = pattern_like_match(row_text(set, row), scan->text);

		scan->scratch->given_up += result == LIKE_GIVEN_UP;
		return result == LIKE_YES;
	}
	if (set->regexes[row] == NULL)
		return true;

	enum regex_result result = pattern_regex_match(set->regexes[row], scan->scratch->regex,
	                                               scan->text);
	scan->scratch->given_up += result == REGEX_GIVEN_UP;
	return result == REGEX_YES;
}

static int take_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *context)
{
	const struct scan *scan = context;

	(void)from, (void)to, (void)flags;
	if (id < scan->set->row_count && confirm(scan, id))
		scan->found(scan->context, scan->set->rows[id].pattern_id);
	return 0;
}

void pattern_set_scan(const struct pattern_set *set, struct pattern_scratch *scratch,
                      enum observable_type type, struct slice text, pattern_found *found,
                      void *context)
{
	struct scan scan = {set, scratch, text, found, context};

	if (text.size > URL_BYTES_MAX)
		text.size = URL_BYTES_MAX;
	for (size_t i = 0; i < set->shard_count; i++) {
		const struct pattern_shard *shard = &set->shards[i];

		if (shard->type != type)
			continue;
		// What Hyperscan does with bytes that are no UTF-8 is not defined then.
		if (shard->kind == PATTERN_KIND_REGEX_UTF8 && !utf8_is_valid(text))
			continue;
		(void)hs_scan(shard->database, (const char *)text.data, (unsigned)text.size, 0,
		              scratch->hyperscan, take_match, &scan);
	}
}
