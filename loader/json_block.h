// loader/json_block.h — where the bytes that give JSON its shape are, 64 at a time.
//
// Fills bit masks for json_split.c: bit i stands for byte i.
#pragma once

#include <stdint.h>

enum { JSON_BLOCK_BYTES = 64 };

struct json_block {
	uint64_t quotes;
	uint64_t backslashes;
	uint64_t line_feeds;
	uint64_t opens;  // '{' '['
	uint64_t closes; // '}' ']'
};

// With the widest instructions of the baseline CPU (json_block_<cpu>.c).
void json_block_scan(const uint8_t bytes[JSON_BLOCK_BYTES], struct json_block *ret_block);

// The same, byte by byte: what the other is held against.
void json_block_scan_plain(const uint8_t bytes[JSON_BLOCK_BYTES], struct json_block *ret_block);
