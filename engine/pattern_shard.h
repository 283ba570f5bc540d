// engine/pattern_shard.h — rows of patterns to Hyperscan's expressions.
//
// The builder compiles shards from rows; whoever opens a database does it again for a shard that
// this machine's Hyperscan refuses.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"
#include "engine/pattern_format.h"

// Rows of one type and kind, and the texts that all rows refer to.
struct pattern_rows {
	const struct pattern_row *rows;
	size_t count;
	uint32_t first_row; // number of rows[0]
	struct slice texts;
};

// The row's text; empty when it leads out of `texts`.
struct slice pattern_shard_text(const struct pattern_rows *rows, size_t index);

// As pattern_compile() and pattern_compile_judge().
int pattern_shard_compile(const struct pattern_rows *rows, struct buffer *bytes);
int pattern_shard_judge(const struct pattern_rows *rows, uint8_t ret_judgements[]);
