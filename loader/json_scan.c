#include "loader/json_scan.h"

#include <string.h>

#include "loader/json_block.h"

static uint64_t low_bits(size_t count)
{
	return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

// Bit i of the result: the parity of bits 0..i.
static uint64_t running_parity(uint64_t bits)
{
	for (unsigned shift = 1; shift < 64; shift *= 2)
		bits ^= bits << shift;
	return bits;
}

// Bytes made literal by a backslash before them; a backslash as byte size - 1 acts on the next
// block.
static uint64_t escaped_bytes(struct json_split *split, uint64_t backslashes, size_t size)
{
	uint64_t escaped = split->is_escaped ? 1 : 0;

	split->is_escaped = false;
	for (; backslashes != 0; backslashes &= backslashes - 1) {
		unsigned i = (unsigned)__builtin_ctzll(backslashes);

		if ((escaped >> i & 1) != 0)
			continue;
		if (i + 1 == size)
			split->is_escaped = true;
		else
			escaped |= UINT64_C(2) << i;
	}
	return escaped;
}

// Finds the brackets outside strings among the next *size bytes. A line feed cannot stand in a
// string: where one does, a quote is missing, and the string is taken to end there; then *size
// becomes smaller. Moves the string state on by *size bytes.
static uint64_t block_brackets(struct json_split *split, size_t *size)
{
	struct json_block block;

	json_block_scan(split->window.data + split->position, &block);

	uint64_t within = low_bits(*size);
	uint64_t escaped = 0;
	if (split->is_escaped || (block.backslashes & within) != 0)
		escaped = escaped_bytes(split, block.backslashes & within, *size);

	uint64_t strings = running_parity(block.quotes & within & ~escaped);
	if (split->is_in_string)
		strings = ~strings;

	uint64_t misplaced = block.line_feeds & strings & within;
	if (misplaced != 0) {
		*size = (size_t)__builtin_ctzll(misplaced) + 1;
		within = low_bits(*size);
		split->is_in_string = false;
		split->is_escaped = false;
	} else {
		split->is_in_string = (strings >> (*size - 1) & 1) != 0;
	}
	return (block.opens | block.closes) & ~strings & within;
}

// What stands before the bracket at `at`, spaces apart.
struct before {
	size_t end;   // behind the byte, in the window
	uint8_t byte; // ':' when it cannot be seen
	bool is_line_between;
};

static struct before look_back(const struct json_split *split, size_t at)
{
	struct before before = {.end = at, .byte = ':'};

	for (; before.end > split->begin; before.end--) {
		uint8_t byte = split->window.data[before.end - 1];

		if (byte == '\n') {
			before.is_line_between = true;
		} else if (byte != ' ' && byte != '\t' && byte != '\r') {
			before.byte = byte;
			break;
		}
	}
	return before;
}

// Does `key` stand in quotes before the colon that ends at `end`?
static bool is_key(const struct json_split *split, size_t end, const char *key)
{
	size_t size = key != NULL ? strlen(key) : 0;

	if (key == NULL || end == split->begin)
		return false;
	end = look_back(split, end - 1).end;
	if (end - split->begin <= size + 2)
		return false;

	const uint8_t *text = split->window.data + end - size - 2;
	return text[0] == '"' && text[size + 1] == '"' && memcmp(text + 1, key, size) == 0 &&
	       text[-1] != '\\';
}

// The '[' of an array that is a member's value: is it one to be cut?
static enum json_scan judge_array(const struct json_split *split, size_t end)
{
	enum json_split_context context = split->levels[split->level].context;

	if (context == JSON_SPLIT_OBJECTS)
		return JSON_SCAN_MORE;
	for (unsigned i = 0; i < JSON_SPLIT_KEYS_MAX; i++)
		if (is_key(split, end, split->rules->lists[i]))
			return JSON_SCAN_LIST;
	if (split->depth == 2 && context != JSON_SPLIT_CONTAINER &&
	    is_key(split, end, split->rules->container))
		return JSON_SCAN_CONTAINER;
	return JSON_SCAN_MORE;
}

// A bracket opens at `at`, as deep within the object as is looked at. Is it more than a member's
// value?
static enum json_scan judge_member(const struct json_split *split, size_t at)
{
	struct before before = look_back(split, at);

	if (split->is_array)
		return JSON_SCAN_MORE;
	if (split->window.data[at] == '{') {
		bool is_next = before.byte == ',' || (before.byte != ':' && before.is_line_between);

		return is_next && split->depth == 2 ? JSON_SCAN_RESTART : JSON_SCAN_MORE;
	}
	return before.byte == ':' ? judge_array(split, before.end) : JSON_SCAN_MORE;
}

static enum json_scan scan_bracket(struct json_split *split, size_t at)
{
	uint8_t byte = split->window.data[at];

	if (byte == '}' || byte == ']')
		return --split->depth == 0 ? JSON_SCAN_CLOSED : JSON_SCAN_MORE;
	if (++split->depth < 2 || split->depth > split->rules->depth_max + 1)
		return JSON_SCAN_MORE;
	return judge_member(split, at);
}

enum json_scan json_scan_object(struct json_split *split)
{
	while (split->position < split->window.size) {
		size_t size = split->window.size - split->position;

		if (size > JSON_BLOCK_BYTES)
			size = JSON_BLOCK_BYTES;
		uint64_t brackets = block_brackets(split, &size);
		for (; brackets != 0; brackets &= brackets - 1) {
			size_t at = split->position + (unsigned)__builtin_ctzll(brackets);
			enum json_scan scan = scan_bracket(split, at);

			if (scan != JSON_SCAN_MORE) {
				split->position = scan == JSON_SCAN_RESTART ? at : at + 1;
				split->is_in_string = false;
				split->is_escaped = false;
				return scan;
			}
		}
		split->position += size;
	}
	return JSON_SCAN_MORE;
}
