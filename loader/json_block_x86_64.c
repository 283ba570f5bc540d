// SSE2, which every x86-64 has.
#include "loader/json_block.h"

#include <emmintrin.h>

enum { LANES = 16, FOLD_BRACKET = 0x20 }; // '[' | 0x20 is '{', ']' | 0x20 is '}'

static uint64_t equal_bits(__m128i bytes, char wanted)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted)));
}

void json_block_scan(const uint8_t bytes[JSON_BLOCK_BYTES], struct json_block *ret_block)
{
	struct json_block block = {0};

	for (unsigned i = 0; i < JSON_BLOCK_BYTES; i += LANES) {
		__m128i lane = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
		__m128i folded = _mm_or_si128(lane, _mm_set1_epi8(FOLD_BRACKET));

		block.quotes |= equal_bits(lane, '"') << i;
		block.backslashes |= equal_bits(lane, '\\') << i;
		block.line_feeds |= equal_bits(lane, '\n') << i;
		block.opens |= equal_bits(folded, '{') << i;
		block.closes |= equal_bits(folded, '}') << i;
	}
	*ret_block = block;
}
