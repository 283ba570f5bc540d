// base/line_scan.h — where the lines of a text end, 64 bytes at a time.
//
// For texts of many short lines: a call of memchr() a line costs more than the line.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cpu.h"
#include "base/slice.h"

enum { LINE_SCAN_BYTES = 64 };

struct line_scan {
	struct slice text;
	size_t block;   // where the block at hand begins
	uint64_t feeds; // of it, that were not given yet: bit i for byte i
};

static inline uint64_t line_scan_block(const uint8_t *bytes)
{
	uint64_t feeds = 0;

	for (unsigned i = 0; i < LINE_SCAN_BYTES; i += CPU_VECTOR_BYTES) {
		cpu_vector vector;

		memcpy(&vector, bytes + i, sizeof(vector));
		feeds |= (uint64_t)cpu_bytes_equal_to(vector, '\n') << i;
	}
	return feeds;
}

static inline uint64_t line_scan_feeds(struct slice text, size_t block)
{
	size_t left = text.size - block;
	uint64_t feeds = 0;

	if (likely(left >= LINE_SCAN_BYTES))
		return line_scan_block(text.data + block);
	if (text.size >= LINE_SCAN_BYTES) // the text's last bytes
		return line_scan_block(text.data + text.size - LINE_SCAN_BYTES) >>
		       (LINE_SCAN_BYTES - left);
	for (unsigned i = 0; i < left; i++)
		feeds |= (uint64_t)(text.data[block + i] == '\n') << i;
	return feeds;
}

// HOT. `text` is borrowed until the scan is over.
static inline struct line_scan line_scan_begin(struct slice text)
{
	return (struct line_scan){
		.text = text,
		.feeds = text.size > 0 ? line_scan_feeds(text, 0) : 0,
	};
}

// HOT. Offset of the next LF, text.size behind the last.
static inline size_t line_scan_next(struct line_scan *scan)
{
	size_t feed;

	while (scan->feeds == 0) {
		if (scan->text.size - scan->block <= LINE_SCAN_BYTES)
			return scan->text.size;
		scan->block += LINE_SCAN_BYTES;
		scan->feeds = line_scan_feeds(scan->text, scan->block);
	}
	feed = scan->block + (size_t)__builtin_ctzll(scan->feeds);
	scan->feeds &= scan->feeds - 1;
	return feed;
}
