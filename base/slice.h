// base/slice.h — a borrowed run of bytes: not terminated, not owned.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *data;
	size_t size;
};

// For printf's "%.*s". Only for slices known to be shorter than INT_MAX.
#define SLICE_FORMAT(slice) (int)(slice).size, (const char *)(slice).data

static inline struct slice slice_of(const void *data, size_t size)
{
	return (struct slice){(const uint8_t *)data, size};
}

// Borrows `text` up to its NUL; NULL gives the empty slice.
static inline struct slice slice_text(const char *text)
{
	return slice_of(text, text != NULL ? strlen(text) : 0);
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_is(struct slice slice, const char *text)
{
	return slice_equal(slice, slice_text(text));
}

static inline bool slice_starts_with(struct slice slice, const char *text)
{
	size_t size = strlen(text);

	return slice.size >= size && memcmp(slice.data, text, size) == 0;
}

static inline bool slice_ends_with(struct slice slice, const char *text)
{
	size_t size = strlen(text);

	return slice.size >= size && memcmp(slice.data + slice.size - size, text, size) == 0;
}

// The bytes from `offset` on; empty when the slice ends before it.
static inline struct slice slice_from(struct slice slice, size_t offset)
{
	if (offset > slice.size)
		offset = slice.size;
	// As integers: an empty slice may have no data, and NULL + 0 is not defined (C17, 6.5.6).
	return slice_of((const uint8_t *)((uintptr_t)slice.data + offset), slice.size - offset);
}

// At most the first `size` bytes.
static inline struct slice slice_first(struct slice slice, size_t size)
{
	return slice_of(slice.data, size < slice.size ? size : slice.size);
}

static inline bool slice_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

// Without spaces, tabs, CR and LF at both ends.
static inline struct slice slice_trim(struct slice slice)
{
	while (slice.size > 0 && slice_is_blank(slice.data[0]))
		slice = slice_from(slice, 1);
	while (slice.size > 0 && slice_is_blank(slice.data[slice.size - 1]))
		slice.size--;
	return slice;
}

// Offset of the first `byte`, or slice.size when there is none.
static inline size_t slice_find(struct slice slice, uint8_t byte)
{
	const void *found = slice.size > 0 ? memchr(slice.data, byte, slice.size) : NULL;

	return found != NULL ? (size_t)((const uint8_t *)found - slice.data) : slice.size;
}
