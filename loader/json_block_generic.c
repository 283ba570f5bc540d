// For CPUs without a file of their own.
#include "loader/json_block.h"

void json_block_scan(const uint8_t bytes[JSON_BLOCK_BYTES], struct json_block *ret_block)
{
	json_block_scan_plain(bytes, ret_block);
}
