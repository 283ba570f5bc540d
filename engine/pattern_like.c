#include "engine/pattern_like.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "engine/ascii.h"

static bool is_wildcard(uint8_t byte)
{
	return byte == LIKE_ANY_RUN || byte == LIKE_ANY_CHARACTER;
}

// How much of a URL pattern is surely scheme and host: after a '%' nobody can tell.
static size_t folded_url_bytes(struct slice pattern)
{
	size_t size = 0;

	while (size < pattern.size && ascii_is_letter(pattern.data[size]))
		size++;
	if (size == 0 || !slice_starts_with(slice_from(pattern, size), "://"))
		return 0;
	for (size += 3; size < pattern.size; size++)
		if (memchr("/?%", pattern.data[size], 3) != NULL)
			break;
	return size;
}

static void translate_byte(struct buffer *translated, uint8_t byte, bool is_url)
{
	bool is_encoded = is_url &&
	                  (byte <= ' ' || byte >= 0x7f || memchr("\"<>^`{|}", byte, 8) != NULL);

	if (is_encoded)
		buffer_format(translated, "%%%02X", byte);
	else
		buffer_append_byte(translated, byte);
}

const char *pattern_like_translate(enum observable_type type, struct slice pattern,
                                   struct buffer *translated)
{
	bool is_url = type == OBSERVABLE_URL;
	size_t folded = is_url ? folded_url_bytes(pattern) : pattern.size;
	bool has_literal = false;

	for (size_t i = 0; i < pattern.size; i++) {
		if (pattern.data[i] < ' ' || pattern.data[i] == 0x7f)
			return "has control bytes, as no value has";
		has_literal |= pattern.data[i] != '%' && pattern.data[i] != '_';
	}
	if (!has_literal)
		return "has nothing but wildcards";

	for (size_t i = 0; i < pattern.size; i++) {
		uint8_t byte = pattern.data[i];

		if (byte == '_')
			buffer_append_byte(translated, LIKE_ANY_CHARACTER);
		else if (byte != '%')
			translate_byte(translated, i < folded ? ascii_lower(byte) : byte, is_url);
		else if (i == 0 || pattern.data[i - 1] != '%')
			buffer_append_byte(translated, LIKE_ANY_RUN);
	}
	return NULL;
}

// Where to go back to when a try fails: behind the last '%', one character further on.
struct like_retry {
	size_t pattern;
	size_t text;
	bool is_set;
};

static size_t character_size(struct slice text, size_t offset)
{
	size_t size = text.data[offset] < 0x80 ? 1 : utf8_sequence_size(slice_from(text, offset));

	return size > 0 ? size : 1;
}

enum like_result pattern_like_match(struct slice pattern, struct slice text)
{
	struct like_retry retry = {0};
	size_t p = 0;
	size_t t = 0;

	for (unsigned steps = 0; steps < LIKE_STEPS_MAX; steps++) {
		if (p < pattern.size && pattern.data[p] == LIKE_ANY_RUN) {
			retry = (struct like_retry){++p, t, true};
			if (p == pattern.size)
				return LIKE_YES;
		} else if (p == pattern.size && t == text.size) {
			return LIKE_YES;
		} else if (p < pattern.size && t < text.size &&
		           pattern.data[p] == LIKE_ANY_CHARACTER) {
			t += character_size(text, t);
			p++;
		} else if (p < pattern.size && t < text.size && pattern.data[p] == text.data[t]) {
			p++;
			t++;
		} else if (retry.is_set && retry.text < text.size) {
			retry.text += character_size(text, retry.text);
			t = retry.text;
			p = retry.pattern;
		} else {
			return LIKE_NO;
		}
	}
	return LIKE_GIVEN_UP;
}

// Takes the next literal part off `*rest`; empty when there is none left.
static struct slice next_literal(struct slice *rest)
{
	size_t start = 0;
	size_t end;

	while (start < rest->size && is_wildcard(rest->data[start]))
		start++;
	for (end = start; end < rest->size && !is_wildcard(rest->data[end]);)
		end++;

	struct slice literal = slice_first(slice_from(*rest, start), end - start);
	*rest = slice_from(*rest, end);
	return slice_first(literal, LIKE_LITERAL_BYTES_MAX);
}

struct literal_hashes {
	uint64_t *hashes; // of all literal parts, sorted
	size_t count;
};

static uint64_t literal_hash(struct slice literal)
{
	return hash_bytes(0, literal.data, literal.size);
}

static int compare_hashes(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static size_t count_below(const struct literal_hashes *all, uint64_t hash, bool is_inclusive)
{
	size_t low = 0;
	size_t high = all->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all->hashes[middle] < hash || (is_inclusive && all->hashes[middle] == hash))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t count_equal(const struct literal_hashes *all, struct slice literal)
{
	uint64_t hash = literal_hash(literal);

	return count_below(all, hash, true) - count_below(all, hash, false);
}

static struct slice choose_literal(const struct literal_hashes *all, struct slice pattern)
{
	struct slice chosen = {0};
	size_t chosen_count = 0;

	for (;;) {
		struct slice literal = next_literal(&pattern);
		if (literal.size == 0)
			return chosen;

		// One or two bytes are everywhere in traffic, however rare in patterns.
		size_t count = count_equal(all, literal);
		bool is_short = literal.size < 3 && chosen.size >= 3;
		bool is_better = count < chosen_count ||
		                 (count == chosen_count && literal.size > chosen.size) ||
		                 (chosen.size < 3 && literal.size >= 3);
		if (chosen.size == 0 || (is_better && !is_short)) {
			chosen = literal;
			chosen_count = count;
		}
	}
}

int pattern_like_choose_literals(const struct slice patterns[], size_t count,
                                 struct slice ret_literals[])
{
	struct buffer hashes = {0};

	for (size_t i = 0; i < count; i++) {
		struct slice rest = patterns[i];

		for (struct slice literal = next_literal(&rest); literal.size > 0;
		     literal = next_literal(&rest)) {
			uint64_t hash = literal_hash(literal);
			buffer_append(&hashes, &hash, sizeof(hash));
		}
	}
	if (hashes.failed) {
		buffer_close(&hashes);
		return -ENOMEM;
	}

	struct literal_hashes all = {(uint64_t *)(void *)hashes.data,
	                             hashes.size / sizeof(uint64_t)};
	if (all.count > 0)
		qsort(all.hashes, all.count, sizeof(*all.hashes), compare_hashes);
	for (size_t i = 0; i < count; i++)
		ret_literals[i] = choose_literal(&all, patterns[i]);
	buffer_close(&hashes);
	return 0;
}
