// base/buffer.h — bytes that grow.
//
// One owner, one thread. A failed allocation makes the buffer `failed` and every later append
// a no-op, so that a writer checks once, at the end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

// All zero is a valid, empty buffer.
struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	bool failed;
};

// Makes room for `size` more bytes. False, and `failed`, when there is no memory.
bool buffer_reserve(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_slice(struct buffer *buffer, struct slice slice);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_byte(struct buffer *buffer, uint8_t byte);
void buffer_format(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Forgets the content, keeps the memory; `failed` stays as it is.
void buffer_clear(struct buffer *buffer);

// Frees the memory; the buffer is empty and usable again.
void buffer_close(struct buffer *buffer);
// A local one that closes itself.
#define AUTO_BUFFER __attribute__((cleanup(buffer_close))) struct buffer

static inline struct slice buffer_slice(const struct buffer *buffer)
{
	return slice_of(buffer->data, buffer->size);
}
