// Writes TLS handshakes for tests: messages, and the records around them.
#pragma once

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"

struct tls_text {
	uint8_t bytes[200 * 1024];
	size_t size;
};

static inline struct slice tls_slice(const struct tls_text *text)
{
	return slice_of(text->bytes, text->size);
}

static inline void tls_put(struct tls_text *text, const void *bytes, size_t size)
{
	assert(size <= sizeof(text->bytes) - text->size);
	if (size > 0)
		memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

// Big-endian, in `size` bytes.
static inline void tls_put_number(struct tls_text *text, size_t value, unsigned size)
{
	while (size-- > 0) {
		uint8_t byte = (uint8_t)(value >> 8 * size);

		tls_put(text, &byte, 1);
	}
}

// A number of `size_bytes` is left open: returns where, for tls_close().
static inline size_t tls_open(struct tls_text *text, unsigned size_bytes)
{
	tls_put_number(text, 0, size_bytes);
	return text->size;
}

// What was put since is as much as the number says.
static inline void tls_close(struct tls_text *text, size_t opened, unsigned size_bytes)
{
	size_t end = text->size;

	text->size = opened - size_bytes;
	tls_put_number(text, end - opened, size_bytes);
	text->size = end;
}

// A vector of numbers of two bytes, ended by -1, with its own size in `size_bytes`.
static inline void tls_put_numbers(struct tls_text *text, const int numbers[], unsigned size_bytes)
{
	size_t opened = tls_open(text, size_bytes);

	for (; *numbers >= 0; numbers++)
		tls_put_number(text, (size_t)*numbers, 2);
	tls_close(text, opened, size_bytes);
}

static inline void tls_put_extension(struct tls_text *text, unsigned type, struct slice data)
{
	tls_put_number(text, type, 2);
	tls_put_number(text, data.size, 2);
	tls_put(text, data.data, data.size);
}

// Cuts the handshake into records of at most `record_bytes`, appended to the stream.
static inline void tls_put_records(struct tls_text *stream, struct slice handshake,
                                   size_t record_bytes)
{
	while (handshake.size > 0) {
		struct slice record = slice_first(handshake, record_bytes);

		tls_put(stream, "\x16\x03\x03", 3);
		tls_put_number(stream, record.size, 2);
		tls_put(stream, record.data, record.size);
		handshake = slice_from(handshake, record.size);
	}
}
