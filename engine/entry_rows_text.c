// Names, URLs and digests: rows to entries (engine/entry_rows.h).
#include <errno.h>

#include "base/cpu.h"
#include "engine/entry_rows.h"
#include "engine/entry_sort.h"

enum { AHEAD = 16 }; // rows between starting to load and using

struct slice entry_rows_text_key(const struct text_row *row, const struct entry_compiler *compiler)
{
	const struct string_pool *pool = row->is_extra ? &compiler->extra
	                                               : &compiler->records.strings;

	return text_key(string_pool_get(block_slice(&pool->bytes), row->text),
	                (enum text_key_kind)row->key_kind);
}

static uint64_t text_row_order(const void *row)
{
	return ((const struct text_row *)row)->order;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_slices(struct slice a, struct slice b)
{
	int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

	return order != 0 ? order : compare_numbers(a.size, b.size);
}

static int text_row_compare(const void *left, const void *right, void *context)
{
	const struct text_row *a = left;
	const struct text_row *b = right;
	int order = compare_numbers(a->order, b->order);

	if (order == 0)
		order = compare_slices(entry_rows_text_key(a, context),
		                       entry_rows_text_key(b, context));
	if (order == 0)
		order = compare_numbers(a->indicator_id, b->indicator_id);
	return order != 0 ? order : postings_compare_terms(&a->terms, &b->terms);
}

// The reference of a text in the records' strings whose key is the value: the first row's that has
// one there, else a copy of the key is put there.
static int text_rows_place(const struct text_row *first, const struct text_row *end,
                           struct entry_compiler *compiler, uint32_t *ret_text)
{
	for (const struct text_row *row = first; row < end; row++) {
		if (!row->is_extra) {
			*ret_text = row->text;
			return 0;
		}
	}
	return string_pool_add(&compiler->records.strings, entry_rows_text_key(first, compiler),
	                       ret_text);
}

static const struct text_row *text_rows_of_value(const struct text_row *first,
                                                 const struct text_row *end,
                                                 const struct entry_compiler *compiler)
{
	const struct text_row *row = first + 1;

	while (row < end && row->order == first->order &&
	       slice_equal(entry_rows_text_key(row, compiler),
	                   entry_rows_text_key(first, compiler)))
		row++;
	return row;
}

// One value's rows to one entry; nothing when only withdrawn indicators named it.
static int compile_text(const struct text_row *first, const struct text_row *end,
                        struct entry_compiler *compiler, struct entry_rows *rows,
                        struct text_entry *out)
{
	struct text_entry entry = {};
	int error = 0;

	for (const struct text_row *row = first; row < end && error == 0; row++) {
		if (record_builder_is_live(&compiler->records, row->indicator_id))
			error = posting_builder_add(&compiler->postings, row->indicator_id,
			                            &row->terms);
	}
	if (error == 0)
		error = posting_builder_end(&compiler->postings, &rows->usual_terms,
		                            &entry.posting);
	if (error != 0 || entry.posting == NO_INDICATOR)
		return error;
	error = text_rows_place(first, end, compiler, &entry.text);
	if (error != 0)
		return error;
	*out = entry;
	rows->entry_count++;
	return 0;
}

// Starts loading the text of the row that is AHEAD: the rows are in the order of a hash, so every
// text is a cache miss.
static void prefetch_text(const struct text_row *row, const struct text_row *end,
                          const struct entry_compiler *compiler)
{
	if (end - row <= AHEAD)
		return;
	row += AHEAD;
	const struct string_pool *pool = row->is_extra ? &compiler->extra
	                                               : &compiler->records.strings;
	string_pool_prefetch(block_slice(&pool->bytes), row->text);
}

int entry_rows_compile_texts(struct entry_rows *rows, struct entry_compiler *compiler)
{
	const struct entry_order order = {sizeof(struct text_row), text_row_order, text_row_compare,
	                                  compiler};
	const struct text_row *row;
	const struct text_row *end;
	struct text_entry *out;
	struct terms_vote vote = {};
	int error = entry_sort(&rows->rows, &order);

	if (error != 0 || rows->rows.size == 0)
		return error;
	row = (const struct text_row *)rows->rows.data;
	end = row + rows->rows.size / sizeof(*row);
	out = (struct text_entry *)rows->rows.data;
	for (const struct text_row *each = row; each < end; each++)
		terms_vote_add(&vote, &each->terms);
	rows->usual_terms = vote.terms;
	while (row < end && error == 0) {
		const struct text_row *next = text_rows_of_value(row, end, compiler);

		prefetch_text(row, end, compiler);
		error = compile_text(row, next, compiler, rows, out + rows->entry_count);
		row = next;
	}
	if (error == 0)
		block_shrink(&rows->rows, rows->entry_count * sizeof(*out));
	return error;
}

static uint64_t digest_row_key(const void *row)
{
	uint64_t key;

	memcpy(&key, (const uint8_t *)row + sizeof(struct digest_row), sizeof(key));
	return __builtin_bswap64(key);
}

static int digest_row_compare(const void *left, const void *right, void *context)
{
	const struct digest_row *a = left;
	const struct digest_row *b = right;
	int order = memcmp(a + 1, b + 1, *(const size_t *)context);

	return order != 0 ? order : compare_numbers(a->indicator_id, b->indicator_id);
}

// One value's rows to one entry at `out`: the digest, then the posting.
static int compile_digest(const uint8_t *first, const uint8_t *end, size_t row_size,
                          struct entry_compiler *compiler, uint8_t *out)
{
	size_t digest_size = row_size - sizeof(struct digest_row);
	uint32_t posting;
	int error = 0;

	for (const uint8_t *row = first; row < end && error == 0; row += row_size) {
		uint32_t indicator_id = ((const struct digest_row *)row)->indicator_id;

		if (record_builder_is_live(&compiler->records, indicator_id))
			error = posting_builder_add(&compiler->postings, indicator_id,
			                            &postings_no_terms);
	}
	if (error == 0)
		error = posting_builder_end(&compiler->postings, &postings_no_terms, &posting);
	if (error != 0 || posting == NO_INDICATOR)
		return error;
	memmove(out, first + sizeof(struct digest_row), digest_size);
	memcpy(out + digest_size, &posting, sizeof(posting));
	return 1;
}

int entry_rows_compile_digests(struct entry_rows *rows, enum hash_algorithm algorithm,
                               struct entry_compiler *compiler)
{
	size_t digest_size = hash_algorithm_bytes[algorithm];
	size_t row_size = sizeof(struct digest_row) + digest_size;
	const struct entry_order order = {row_size, digest_row_key, digest_row_compare,
	                                  &digest_size};
	size_t key_at = sizeof(struct digest_row);
	const uint8_t *row;
	const uint8_t *end;
	int result = entry_sort(&rows->rows, &order);

	if (result != 0 || rows->rows.size == 0)
		return result;
	row = rows->rows.data;
	end = row + rows->rows.size;
	while (row < end) {
		const uint8_t *next = row + row_size;

		while (next < end && memcmp(next + key_at, row + key_at, digest_size) == 0)
			next += row_size;
		result = compile_digest(row, next, row_size, compiler,
		                        rows->rows.data + rows->entry_count * row_size);
		if (result < 0)
			return result;
		rows->entry_count += (unsigned)result;
		row = next;
	}
	block_shrink(&rows->rows, rows->entry_count * row_size);
	return 0;
}
