#include "loader/json_block.h"

void json_block_scan_plain(const uint8_t bytes[JSON_BLOCK_BYTES], struct json_block *ret_block)
{
	*ret_block = (struct json_block){0};
	for (unsigned i = 0; i < JSON_BLOCK_BYTES; i++) {
		ret_block->quotes |= (uint64_t)(bytes[i] == '"') << i;
		ret_block->backslashes |= (uint64_t)(bytes[i] == '\\') << i;
		ret_block->line_feeds |= (uint64_t)(bytes[i] == '\n') << i;
		ret_block->opens |= (uint64_t)(bytes[i] == '{' || bytes[i] == '[') << i;
		ret_block->closes |= (uint64_t)(bytes[i] == '}' || bytes[i] == ']') << i;
	}
}
