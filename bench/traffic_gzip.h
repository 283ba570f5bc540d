// bench/traffic_gzip.h — bodies of HTTP answers in gzip, one segment after the other.
//
// What is compressed is text of words. Each part ends on a byte and refers to nothing before it,
// so that the same parts, made once, serve all flows; a flow keeps only its sum and size.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "bench/traffic_random.h"

enum {
	TRAFFIC_GZIP_PARTS = 64,
	TRAFFIC_GZIP_PART_BYTES = 1250, // beside the answer's head in a segment
};

struct traffic_gzip {
	struct traffic_gzip_part {
		uint8_t bytes[TRAFFIC_GZIP_PART_BYTES];
		uint32_t size;
		uint32_t plain_bytes;
		uint32_t sum; // CRC-32 of what it holds
	} parts[TRAFFIC_GZIP_PARTS];
};

// Of one body so far. All zero at its start.
struct traffic_gzip_state {
	uint32_t sum;
	uint32_t plain_bytes;
};

// Returns false when there is no memory.
bool traffic_gzip_make(struct traffic_gzip *gzip, uint64_t seed);

// The head of the format (RFC 1952, section 2.3).
void traffic_gzip_begin(struct buffer *message);

// A part that `random` chooses.
void traffic_gzip_append(const struct traffic_gzip *gzip, struct traffic_gzip_state *state,
                         struct traffic_random *random, struct buffer *message);

// An empty last block (RFC 1951, section 3.2.3), the sum and the size.
void traffic_gzip_end(const struct traffic_gzip_state *state, struct buffer *message);
