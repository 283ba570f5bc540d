#include "engine/pattern_builder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/pattern_check.h"
#include "engine/pattern_compile.h"
#include "engine/pattern_shard.h"

enum {
	// One large database is scanned faster than several small ones, but regular expressions
	// compile in more than linear time.
	LIKE_SHARD_ROWS_MAX = 65536,
	REGEX_SHARD_ROWS_MAX = 2048,
	SHARD_ALIGNMENT = 8, // Hyperscan wants 4
};

struct pattern_builder {
	struct buffer texts;
	struct buffer rows; // struct pattern_row, as they were added
};

// The sections as they grow.
struct pattern_output {
	struct buffer rows; // struct pattern_row
	struct buffer texts;
	struct buffer shard_rows; // struct shard_row, offsets into `shards`
	struct buffer shards;
	pattern_refused *refused;
	void *context;
};

int pattern_builder_create(struct pattern_builder **ret_builder)
{
	struct pattern_builder *builder = calloc(1, sizeof(*builder));

	if (builder == NULL)
		return -ENOMEM;
	*ret_builder = builder;
	return 0;
}

void pattern_builder_free(struct pattern_builder *builder)
{
	if (builder == NULL)
		return;
	buffer_close(&builder->texts);
	buffer_close(&builder->rows);
	free(builder);
}

int pattern_builder_check(enum observable_type type, enum pattern_syntax syntax,
                          struct slice pattern, const char **ret_reason)
{
	struct buffer text = {0};
	enum pattern_kind kind;
	int error = pattern_check(type, syntax, pattern, &text, &kind, ret_reason);

	buffer_close(&text);
	return error;
}

int pattern_builder_add(struct pattern_builder *builder, enum observable_type type,
                        enum pattern_syntax syntax, struct slice pattern, uint32_t pattern_id,
                        const char **ret_reason)
{
	size_t offset = builder->texts.size;
	enum pattern_kind kind;

	if (offset > UINT32_MAX - 4 * PATTERN_BYTES_MAX)
		return -ENOMEM;
	int error = pattern_check(type, syntax, pattern, &builder->texts, &kind, ret_reason);
	if (error < 0)
		return error;

	struct pattern_row row = {
		.pattern_id = pattern_id,
		.text_offset = (uint32_t)offset,
		.text_bytes = (uint32_t)(builder->texts.size - offset),
		.type = (uint8_t)type,
		.kind = (uint8_t)kind,
	};
	buffer_append(&builder->rows, &row, sizeof(row));
	return builder->rows.failed ? -ENOMEM : 0;
}

static int compare_rows(const void *left, const void *right, void *texts)
{
	const struct pattern_row *a = left;
	const struct pattern_row *b = right;
	const uint8_t *data = texts;
	uint32_t common = a->text_bytes < b->text_bytes ? a->text_bytes : b->text_bytes;

	if (a->type != b->type)
		return a->type - b->type;
	if (a->kind != b->kind)
		return a->kind - b->kind;
	int order = memcmp(data + a->text_offset, data + b->text_offset, common);
	if (order != 0)
		return order;
	if (a->text_bytes != b->text_bytes)
		return a->text_bytes < b->text_bytes ? -1 : 1;
	return (a->pattern_id > b->pattern_id) - (a->pattern_id < b->pattern_id);
}

static uint32_t output_row_count(const struct pattern_output *output)
{
	return (uint32_t)(output->rows.size / sizeof(struct pattern_row));
}

// Rows that were compiled become part of the content.
static int keep_rows(struct pattern_output *output, const struct pattern_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct pattern_row row = rows->rows[i];

		row.text_offset = (uint32_t)output->texts.size;
		buffer_append_slice(&output->texts, pattern_shard_text(rows, i));
		buffer_append(&output->rows, &row, sizeof(row));
	}
	return output->rows.failed || output->texts.failed ? -ENOMEM : 0;
}

static int compile_rows(struct pattern_output *output, struct pattern_rows *rows)
{
	struct shard_row shard = {.offset = output->shards.size,
	                          .first_row = output_row_count(output),
	                          .row_count = (uint32_t)rows->count};

	rows->first_row = shard.first_row;
	int error = pattern_shard_compile(rows, &output->shards);
	if (error < 0)
		return error;
	shard.bytes = output->shards.size - shard.offset;
	shard.checksum = hash_bytes(0, output->shards.data + shard.offset, shard.bytes);
	while (output->shards.size % SHARD_ALIGNMENT != 0)
		buffer_append_byte(&output->shards, 0);
	buffer_append(&output->shard_rows, &shard, sizeof(shard));
	if (output->shards.failed || output->shard_rows.failed)
		return -ENOMEM;
	return keep_rows(output, rows);
}

static void refuse(const struct pattern_output *output, const struct pattern_row *row,
                   enum pattern_judgement judgement)
{
	output->refused(output->context, row->pattern_id,
	                judgement == PATTERN_TOO_LARGE ? "takes too much time or memory to compile"
	                                               : "is not supported by Hyperscan");
}

// Takes out of `rows` what Hyperscan refuses, and marks what it takes as a prefilter only.
static int judge_rows(const struct pattern_output *output, struct pattern_row *rows,
                      struct pattern_rows *group)
{
	uint8_t *judgements = malloc(group->count);
	size_t kept = 0;

	if (judgements == NULL)
		return -ENOMEM;
	int error = pattern_shard_judge(group, judgements);
	for (size_t i = 0; error == 0 && i < group->count; i++) {
		enum pattern_judgement judgement = (enum pattern_judgement)judgements[i];

		if (judgement == PATTERN_FITS || judgement == PATTERN_FITS_AS_PREFILTER) {
			rows[kept] = rows[i];
			rows[kept++].is_prefilter = judgement == PATTERN_FITS_AS_PREFILTER;
		} else {
			refuse(output, &rows[i], judgement);
		}
	}
	free(judgements);
	if (error == 0)
		group->count = kept;
	return error;
}

// Together they may be too much although each alone is not: then in halves. As deep as the
// logarithm of a shard's rows.
static int compile_halves(struct pattern_output *output, const struct pattern_rows *rows)
{
	struct pattern_rows left = *rows;
	struct pattern_rows right = *rows;

	if (rows->count == 0)
		return 0;
	int error = compile_rows(output, &left);
	if (error != -ECANCELED)
		return error;
	if (rows->count == 1) {
		refuse(output, &rows->rows[0], PATTERN_TOO_LARGE);
		return 0;
	}
	left.count = rows->count / 2;
	right.rows += left.count;
	right.count -= left.count;
	error = compile_halves(output, &left);
	return error < 0 ? error : compile_halves(output, &right);
}

// Usually all rows compile at once; they are judged one by one only when they do not.
static int compile_shard(struct pattern_output *output, struct pattern_row *rows, size_t count,
                         struct slice texts)
{
	struct pattern_rows group = {.rows = rows, .count = count, .texts = texts};
	int error = compile_rows(output, &group);

	if (error != -ECANCELED)
		return error;
	error = judge_rows(output, rows, &group);
	return error < 0 ? error : compile_halves(output, &group);
}

static int compile_all(struct pattern_builder *builder, struct pattern_output *output)
{
	struct pattern_row *rows = (struct pattern_row *)(void *)builder->rows.data;
	size_t count = builder->rows.size / sizeof(*rows);

	qsort_r(rows, count, sizeof(*rows), compare_rows, builder->texts.data);
	for (size_t start = 0, end; start < count; start = end) {
		size_t rows_max = rows[start].kind == PATTERN_KIND_LIKE ? LIKE_SHARD_ROWS_MAX
		                                                        : REGEX_SHARD_ROWS_MAX;
		for (end = start + 1; end < count && end - start < rows_max; end++)
			if (rows[end].type != rows[start].type ||
			    rows[end].kind != rows[start].kind)
				break;

		int error = compile_shard(output, rows + start, end - start,
		                          buffer_slice(&builder->texts));
		if (error < 0)
			return error;
	}
	return 0;
}

static int write_sections(struct pattern_output *output, struct buffer *patterns,
                          struct buffer *shards)
{
	struct pattern_header header = {.row_count = output_row_count(output),
	                                .text_bytes = output->texts.size};
	size_t shard_count = output->shard_rows.size / sizeof(struct shard_row);
	struct shard_header shard_header = {.shard_count = (uint32_t)shard_count};
	struct shard_row *rows = (struct shard_row *)(void *)output->shard_rows.data;

	for (size_t i = 0; i < shard_count; i++)
		rows[i].offset += sizeof(shard_header) + output->shard_rows.size;
	buffer_append(patterns, &header, sizeof(header));
	buffer_append_slice(patterns, buffer_slice(&output->rows));
	buffer_append_slice(patterns, buffer_slice(&output->texts));
	buffer_append(shards, &shard_header, sizeof(shard_header));
	buffer_append_slice(shards, buffer_slice(&output->shard_rows));
	buffer_append_slice(shards, buffer_slice(&output->shards));
	return patterns->failed || shards->failed ? -ENOMEM : 0;
}

int pattern_builder_finish(struct pattern_builder *builder, pattern_refused *refused, void *context,
                           struct buffer *patterns, struct buffer *shards)
{
	struct pattern_output output = {.refused = refused, .context = context};
	int error = builder->rows.size > 0 ? compile_all(builder, &output) : 0;

	if (error == 0 && output.rows.size > 0)
		error = write_sections(&output, patterns, shards);
	buffer_close(&output.rows);
	buffer_close(&output.texts);
	buffer_close(&output.shard_rows);
	buffer_close(&output.shards);
	return error;
}
