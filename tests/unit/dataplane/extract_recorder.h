// What extractors told, as text: one "where value" a line, for tests to compare with.
#pragma once

#include <stdio.h>
#include <string.h>

#include "dataplane/extract.h"
#include "engine/normalize.h"

struct recorder {
	struct extract_output output;
	size_t size;
	char text[64 * 1024];
};

static inline void recorder_tell(struct extract_output *output, enum observable_where where,
                                 struct slice text)
{
	struct recorder *recorder = (struct recorder *)output;

	recorder->size += (size_t)snprintf(recorder->text + recorder->size,
	                                   sizeof(recorder->text) - recorder->size, "%s %.*s\n",
	                                   observable_where_name(where), SLICE_FORMAT(text));
	if (recorder->size >= sizeof(recorder->text))
		recorder->size = sizeof(recorder->text) - 1;
}

static inline void recorder_add(struct extract_output *output, const struct observable *observable)
{
	char address[ADDRESS_TEXT_BYTES];
	char digits[2 * HASH_BYTES_MAX + 1];
	struct slice value = observable->text;

	if (observable->type == OBSERVABLE_ADDRESS) {
		normalize_format_address(&observable->address, address);
		value = slice_text(address);
	} else if (observable->type == OBSERVABLE_HASH) {
		for (size_t i = 0; i < value.size; i++)
			(void)snprintf(digits + 2 * i, 3, "%02x", value.data[i]);
		value = slice_of(digits, 2 * value.size);
	}
	recorder_tell(output, observable->where, value);
}

static inline void recorder_clear(struct recorder *recorder)
{
	recorder->output = (struct extract_output){.add = recorder_add};
	recorder->size = 0;
	recorder->text[0] = '\0';
}

// Likewise, as one that observes: it is told what nothing is looked up for, too.
static inline void recorder_observe(struct recorder *recorder)
{
	recorder_clear(recorder);
	recorder->output.tell = recorder_tell;
}

// Feeds a direction of a stream as stream.c would: what is not consumed is given again, with
// `piece_bytes` more; what is to be skipped is not given. Returns the last verdict; *ret_used is
// the offset behind what was consumed or skipped.
static inline enum extract_verdict recorder_feed(struct recorder *recorder,
                                                 const struct extractor_ops *ops,
                                                 struct slice stream, size_t piece_bytes,
                                                 size_t *ret_used)
{
	struct extract_state state = {0};
	struct extract_progress progress = {.verdict = EXTRACT_MORE};
	size_t start = 0, end = 0;

	while (end < stream.size && progress.verdict == EXTRACT_MORE) {
		end = end + piece_bytes < stream.size ? end + piece_bytes : stream.size;
		if (start > end)
			continue;
		progress = ops->consume(&state, slice_of(stream.data + start, end - start),
		                        &recorder->output);
		start += progress.consumed + progress.skip_bytes;
	}
	*ret_used = start;
	return progress.verdict;
}
