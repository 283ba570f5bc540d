#include "engine/text_scan.h"

#include "base/ascii.h"
#include "engine/keyed_hash.h"
#include "engine/string_pool.h"

enum { SAMPLE_BYTES = 64 * 1024 };
enum { VECTOR_BYTES = 16, BLOCK_VECTORS = 4, BLOCK_BYTES = VECTOR_BYTES * BLOCK_VECTORS };

typedef uint8_t byte_vector __attribute__((vector_size(VECTOR_BYTES)));

// A byte to compare with, of either case when it is a letter.
struct folded_byte {
	byte_vector bit;  // 0x20 in every byte, of a letter
	byte_vector byte; // lower case
};

static struct folded_byte fold_byte(uint8_t byte)
{
	uint8_t lower = ascii_lower(byte);
	uint8_t bit = lower >= 'a' && lower <= 'z' ? 0x20 : 0;
	const byte_vector zeros = {};

	return (struct folded_byte){zeros + bit, zeros + lower};
}

bool text_scan_is_equal(struct slice a, struct slice b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	}
	return true;
}

// The first place of `part` in `text` from `from` on, byte by byte; text.size when there is none.
static size_t find_slowly(struct slice text, struct slice part, size_t from, size_t end)
{
	for (size_t i = from; i < end && i + part.size <= text.size; i++) {
		if (text_scan_is_equal(slice_of(text.data + i, part.size), part))
			return i;
	}
	return text.size;
}

// The two bytes of the part that are the rarest in the pool's beginning: patterns and ids are full
// of the same words, which any other two would meet all the time.
static void choose_probes(struct text_scan *scan)
{
	struct slice sample = slice_first(scan->pool, SAMPLE_BYTES);
	uint32_t counts[256] = {};

	for (size_t i = 0; i < sample.size; i++)
		counts[ascii_lower(sample.data[i])]++;
	for (unsigned k = 0; k < TEXT_SCAN_PROBES; k++) {
		uint8_t chosen;

		// Not the first probe again, unless the part is a single byte.
		scan->probes[k] = k > 0 && scan->probes[0] == 0 ? scan->part.size - 1 : 0;
		chosen = ascii_lower(scan->part.data[scan->probes[k]]);

		for (size_t i = 0; i < scan->part.size; i++) {
			uint8_t byte = ascii_lower(scan->part.data[i]);
			bool is_taken = k > 0 && i == scan->probes[0];

			if (is_taken || counts[byte] >= counts[chosen])
				continue;
			chosen = byte;
			scan->probes[k] = i;
		}
	}
}

// 0xff in each byte where a part may begin: the bytes probed stand where they should.
static byte_vector find_probes(const struct text_scan *scan, size_t at,
                               const struct folded_byte probes[TEXT_SCAN_PROBES])
{
	byte_vector marks = ~(byte_vector){};

	for (unsigned k = 0; k < TEXT_SCAN_PROBES; k++) {
		byte_vector bytes;

		memcpy(&bytes, scan->pool.data + at + scan->probes[k], sizeof(bytes));
		marks &= (byte_vector)((bytes | probes[k].bit) == probes[k].byte);
	}
	return marks;
}

static bool is_any(byte_vector marks)
{
	uint64_t words[2];

	memcpy(words, &marks, sizeof(words));
	return (words[0] | words[1]) != 0;
}

// Bit i for each marked byte i.
static unsigned mark_bits(byte_vector marks)
{
	const uint64_t high_bits = UINT64_C(0x8080808080808080);
	uint64_t words[2];

	memcpy(words, &marks, sizeof(words));
	return gather_bytes(words[0] & high_bits) | gather_bytes(words[1] & high_bits) << 8;
}

static size_t find_in_block(const struct text_scan *scan, size_t block, const byte_vector marks[])
{
	for (unsigned v = 0; v < BLOCK_VECTORS; v++) {
		for (unsigned bits = mark_bits(marks[v]); bits != 0; bits &= bits - 1) {
			size_t at = block + v * VECTOR_BYTES + (unsigned)__builtin_ctz(bits);

			if (text_scan_is_equal(slice_of(scan->pool.data + at, scan->part.size),
			                       scan->part))
				return at;
		}
	}
	return scan->pool.size;
}

static size_t find_part(const struct text_scan *scan, size_t from)
{
	struct slice pool = scan->pool;
	size_t distance = scan->part.size - 1;
	const struct folded_byte probes[TEXT_SCAN_PROBES] = {
		fold_byte(scan->part.data[scan->probes[0]]),
		fold_byte(scan->part.data[scan->probes[1]]),
	};
	size_t block = from;

	for (; pool.size - block >= BLOCK_BYTES && pool.size - block - BLOCK_BYTES >= distance;
	     block += BLOCK_BYTES) {
		byte_vector marks[BLOCK_VECTORS];
		byte_vector all = {};
		size_t found;

		for (unsigned v = 0; v < BLOCK_VECTORS; v++) {
			marks[v] = find_probes(scan, block + v * VECTOR_BYTES, probes);
			all |= marks[v];
		}
		if (!is_any(all))
			continue;
		found = find_in_block(scan, block, marks);
		if (found < pool.size)
			return found;
	}
	return find_slowly(pool, scan->part, block, pool.size);
}

static void search_from(struct text_scan *scan, size_t from)
{
	scan->origin = from;
	scan->next = find_part(scan, from);
}

bool text_scan_holds(struct text_scan *scan, uint32_t text, uint32_t behind)
{
	struct slice found;
	size_t start;

	if (!scan->has_begun || text > scan->next) {
		if (!scan->has_begun)
			choose_probes(scan);
		scan->has_begun = true;
		search_from(scan, text < scan->pool.size ? text : scan->pool.size);
	}
	if (text >= scan->origin &&
	    (scan->next == scan->pool.size || (behind > text && scan->next >= behind)))
		return false;
	found = string_pool_get(scan->pool, text);
	if (found.size < scan->part.size)
		return false;
	if (text < scan->origin)
		return find_slowly(found, scan->part, 0, found.size) < found.size;
	start = (size_t)(found.data - scan->pool.data);
	if (scan->next < start) // in the bytes that tell the text's size
		search_from(scan, start);
	return scan->next + scan->part.size <= start + found.size;
}
