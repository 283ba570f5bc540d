// Reports as people write them: the values in running text that are clearly indicators. Their
// records carry the label "prose", with which no policy drops.
#include <errno.h>

#include "base/utf8.h"
#include "loader/intake_value.h"
#include "loader/list_batch.h"
#include "loader/prose_judge.h"
#include "loader/reader.h"

static int take_token(struct feed *feed, struct list_batch *batch, const struct prose_token *token)
{
	uint64_t line_number = feed_input_line_number(feed->input);
	struct candidate candidate = list_value_candidate(token->text, line_number);
	const char *reason;

	switch (prose_judge(feed->prose, token, &reason)) {
	case PROSE_WORD:
		break;
	case PROSE_REFUSED:
		list_batch_refuse(batch, reason, token->text, line_number);
		break;
	case PROSE_VALUE:
		candidate.has_wildcards = false;
		return list_batch_add(batch, &candidate);
	}
	return 0;
}

static int read_line(struct feed *feed, struct list_batch *batch, struct slice line)
{
	struct prose_token token;
	size_t offset = 0;
	int result = 0;

	if (!prose_is_heading(line, &feed->prose->is_reference))
		feed->prose->has_defanged = feed->prose->has_defanged || prose_has_defanged(line);
	while (result >= 0 && prose_token_next(line, &offset, &token))
		result = take_token(feed, batch, &token);
	return result;
}

static int read(struct feed *feed)
{
	struct prose_context context = {
		.suffixes = feed->intake->suffixes,
		.has_plain_names = feed->options->has_plain_names,
	};
	struct slice head;
	int error = feed_input_peek(feed->input, READER_HEAD_BYTES, &head);

	if (error < 0)
		return error;
	context.has_defanged = prose_has_defanged(slice_first(head, READER_HEAD_BYTES));
	feed->prose = &context;
	feed->label = INDICATOR_LABEL_PROSE;
	error = list_batch_read_lines(feed, read_line);
	feed->prose = NULL;
	return error;
}

// Asked last: text that no reader of lists takes, and that defangs.
static bool recognises(struct slice head)
{
	size_t offset = 0;

	while (offset < head.size) {
		size_t size = utf8_sequence_size(slice_from(head, offset));

		if (head.data[offset] == '\0' || (size == 0 && offset + 4 <= head.size))
			return false;
		offset += size > 0 ? size : 1;
	}
	return prose_has_defanged(head);
}

const struct reader_ops read_prose = {FEED_PROSE, "free text", recognises, read};
