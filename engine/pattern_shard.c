#include "engine/pattern_shard.h"

#include <errno.h>

#include "base/arena.h"
#include "engine/pattern_compile.h"
#include "engine/pattern_like.h"

struct slice pattern_shard_text(const struct pattern_rows *rows, size_t index)
{
	const struct pattern_row *row = &rows->rows[index];

	if (row->text_offset > rows->texts.size ||
	    row->text_bytes > rows->texts.size - row->text_offset)
		return slice_of(NULL, 0);
	return slice_of(rows->texts.data + row->text_offset, row->text_bytes);
}

// In the arena, which also frees it.
static int fill_group(const struct pattern_rows *rows, struct arena *arena,
                      struct pattern_group *ret_group)
{
	size_t count = rows->count;
	struct slice *texts = arena_allocate(arena, count * sizeof(*texts));
	struct pattern_expression *expressions = arena_allocate(arena,
	                                                        count * sizeof(*expressions));
	struct pattern_group group = {
		.type = (enum observable_type)rows->rows[0].type,
		.kind = (enum pattern_kind)rows->rows[0].kind,
		.expressions = expressions,
		.count = count,
	};

	if (texts == NULL || expressions == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		texts[i] = pattern_shard_text(rows, i);
	if (group.kind == PATTERN_KIND_LIKE &&
	    pattern_like_choose_literals(texts, count, texts) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		expressions[i] = (struct pattern_expression){
			.text = texts[i],
			.row = rows->first_row + (uint32_t)i,
			.is_prefilter = rows->rows[i].is_prefilter != 0,
		};
	*ret_group = group;
	return 0;
}

int pattern_shard_compile(const struct pattern_rows *rows, struct buffer *bytes)
{
	struct arena arena = {0};
	struct pattern_group group;
	int error = fill_group(rows, &arena, &group);

	if (error == 0)
		error = pattern_compile(&group, bytes);
	arena_close(&arena);
	return error;
}

int pattern_shard_judge(const struct pattern_rows *rows, uint8_t ret_judgements[])
{
	struct arena arena = {0};
	struct pattern_group group;
	int error = fill_group(rows, &arena, &group);

	if (error == 0)
		error = pattern_compile_judge(&group, ret_judgements);
	arena_close(&arena);
	return error;
}
