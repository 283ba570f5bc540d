#include "engine/pattern_like.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "base/ascii.h"

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

// A window is a run of literal bytes as Hyperscan gets it: LIKE_LITERAL_BYTES_MAX of a longer
// literal part, or a whole shorter one. Takes the next off `*rest`; empty when there is none left.
static struct slice next_window(struct slice *rest)
{
	struct slice window = {0};
	size_t end;

	while (rest->size > 0 && is_wildcard(rest->data[0]))
		*rest = slice_from(*rest, 1);
	for (end = 0; end < rest->size && end < LIKE_LITERAL_BYTES_MAX; end++)
		if (is_wildcard(rest->data[end]))
			break;
	window = slice_first(*rest, end);

	bool is_last = end == rest->size || is_wildcard(rest->data[end]);
	*rest = slice_from(*rest, is_last ? end : 1);
	return window;
}

// The sorted hashes of all windows: how many patterns share one.
struct window_hashes {
	uint64_t *hashes;
	size_t count;
};

static int compare_hashes(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static size_t count_below(const struct window_hashes *all, uint64_t hash, bool is_inclusive)
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

static uint64_t window_hash(struct slice window)
{
	return hash_bytes(0, window.data, window.size);
}

// How unwelcome a window is: by how many patterns have it; worse than any number of these is
// what nearly all traffic has, however rare in patterns.
static size_t window_cost(const struct window_hashes *all, struct slice window)
{
	static const char common[] = "http://www. https://www.";
	uint64_t hash = window_hash(window);
	size_t cost = count_below(all, hash, true) - count_below(all, hash, false);
	bool is_common = window.size < 3 ||
	                 memmem(common, strlen(common), window.data, window.size) != NULL;

	return is_common ? all->count + LIKE_LITERAL_BYTES_MAX - window.size + 1 : cost;
}

static struct slice choose_window(const struct window_hashes *all, struct slice pattern)
{
	struct slice rest = pattern;
	struct slice chosen = {0};
	size_t chosen_cost = 0;
	size_t chosen_distance = 0;

	for (;;) {
		struct slice window = next_window(&rest);
		if (window.size == 0)
			return chosen;

		// Of equally rare ones that in the middle: "http://" and ".php?id=" are at the
		// ends.
		size_t cost = window_cost(all, window);
		size_t twice_center = 2 * (size_t)(window.data - pattern.data) + window.size;
		size_t distance = twice_center > pattern.size ? twice_center - pattern.size
		                                              : pattern.size - twice_center;
		if (chosen.size == 0 || cost < chosen_cost ||
		    (cost == chosen_cost && distance < chosen_distance)) {
			chosen = window;
			chosen_cost = cost;
			chosen_distance = distance;
		}
	}
}

int pattern_like_choose_literals(const struct slice patterns[], size_t count,
                                 struct slice ret_literals[])
{
	struct buffer hashes = {0};

	for (size_t i = 0; i < count; i++) {
		struct slice rest = patterns[i];

		for (struct slice window = next_window(&rest); window.size > 0;
		     window = next_window(&rest)) {
			uint64_t hash = window_hash(window);
			buffer_append(&hashes, &hash, sizeof(hash));
		}
	}
	if (hashes.failed) {
		buffer_close(&hashes);
		return -ENOMEM;
	}

	struct window_hashes all = {(uint64_t *)(void *)hashes.data,
	                            hashes.size / sizeof(uint64_t)};
	if (all.count > 0)
		qsort(all.hashes, all.count, sizeof(*all.hashes), compare_hashes);
	for (size_t i = 0; i < count; i++)
		ret_literals[i] = choose_window(&all, patterns[i]);
	buffer_close(&hashes);
	return 0;
}
