// tests/fuzz/fuzz_extract.h — what the extractors' fuzz targets share.
#pragma once

#include <string.h>

#include "base/hash.h"
#include "dataplane/extract.h"
#include "tests/fuzz/fuzz.h"

// What was told, as digests.
struct fuzz_told {
	struct extract_output output;
	bool is_observing;
	uint64_t digest;
	uint64_t looked_up_digest; // of what an observer and `match` see alike: no hashes
	uint64_t text_bytes;
};

static inline void fuzz_told_add(struct extract_output *output, const struct observable *observable)
{
	struct fuzz_told *told = (struct fuzz_told *)output;
	size_t most = observable->type == OBSERVABLE_URL ? URL_BYTES_MAX : NAME_BYTES_MAX;
	uint64_t value = observable->where;

	if (observable->type == OBSERVABLE_ADDRESS) {
		value = hash_bytes(value, &observable->address, sizeof(observable->address));
	} else {
		FUZZ_ASSERT(observable->text.size > 0 && observable->text.size <= most);
		value = hash_bytes(value, observable->text.data, observable->text.size);
		told->text_bytes += observable->text.size;
	}
	told->digest = hash_word(told->digest, value);
	if (observable->type != OBSERVABLE_HASH)
		told->looked_up_digest = hash_word(told->looked_up_digest, value);
}

static inline void fuzz_told_tell(struct extract_output *output, enum observable_where where,
                                  struct slice text)
{
	struct fuzz_told *told = (struct fuzz_told *)output;

	FUZZ_ASSERT(text.size > 0 && text.size <= URL_BYTES_MAX);
	told->digest = hash_word(hash_bytes(told->digest, text.data, text.size), where);
}

// told->is_observing is left as it is.
static inline void fuzz_told_clear(struct fuzz_told *told)
{
	*told = (struct fuzz_told){
		.output = {.add = fuzz_told_add,
	                   .tell = told->is_observing ? fuzz_told_tell : NULL,
	                   .hashes_wanted = 0xf},
		.is_observing = told->is_observing,
	};
}

// As stream.c feeds a direction: from when its first bytes are known to be the protocol's, until
// the extractor has enough. The bytes of each call are a copy
// of their own, so that a read beyond them is found.
static inline void fuzz_feed(const struct extractor_ops *ops, struct slice stream, uint16_t port,
                             size_t piece_bytes, struct fuzz_told *told)
{
	struct extract_state state = {0};
	struct extract_progress progress = {.verdict = EXTRACT_MORE};
	enum probe_result probed = PROBE_MAYBE;
	size_t start = 0, end = 0;

	fuzz_told_clear(told);
	while (end < stream.size && progress.verdict == EXTRACT_MORE) {
		size_t given;
		uint8_t *copy;

		end = end + piece_bytes < stream.size ? end + piece_bytes : stream.size;
		if (start >= end)
			continue;
		given = end - start;
		copy = malloc(given);
		memcpy(copy, stream.data + start, given);
		if (probed == PROBE_MAYBE)
			probed = ops->probe(slice_of(copy, given), port);
		if (probed == PROBE_YES)
			progress = ops->consume(&state, slice_of(copy, given), &told->output);
		free(copy);
		if (probed == PROBE_NO)
			return;
		FUZZ_ASSERT(progress.consumed <= given);
		FUZZ_ASSERT(progress.skip_bytes == 0 || progress.consumed == given);
		start = progress.skip_bytes > stream.size
		                ? stream.size
		                : start + progress.consumed + progress.skip_bytes;
	}
	(void)ops->gap(&state, 0, &told->output);
}

static inline void fuzz_stream(const struct extractor_ops *ops, struct slice stream, uint16_t port)
{
	struct fuzz_told whole = {0}, pieces = {0};
	size_t smallest = stream.size <= 512 ? 1 : 17; // each call copies what is pending

	fuzz_feed(ops, stream, port, stream.size + 1, &whole);
	fuzz_feed(ops, stream, port, smallest, &pieces);
	FUZZ_ASSERT(whole.digest == pieces.digest);
	FUZZ_ASSERT(whole.output.messages_malformed == pieces.output.messages_malformed);
	fuzz_feed(ops, stream, port, 61, &pieces);
	FUZZ_ASSERT(whole.digest == pieces.digest);
}

// Likewise for one that observes, who sees the same of what is looked up.
static inline void fuzz_stream_observed(const struct extractor_ops *ops, struct slice stream,
                                        uint16_t port)
{
	struct fuzz_told whole = {.is_observing = true}, pieces = {.is_observing = true};
	struct fuzz_told matched = {0};

	fuzz_feed(ops, stream, port, stream.size + 1, &whole);
	fuzz_feed(ops, stream, port, 17, &pieces);
	FUZZ_ASSERT(whole.digest == pieces.digest);
	FUZZ_ASSERT(whole.output.messages_malformed == pieces.output.messages_malformed);
	fuzz_feed(ops, stream, port, 17, &matched);
	FUZZ_ASSERT(whole.looked_up_digest == matched.looked_up_digest);
}
