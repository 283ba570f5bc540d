#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

bool buffer_reserve(struct buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;

	if (buffer->failed || size > SIZE_MAX / 4 - buffer->size) {
		buffer->failed = true;
		return false;
	}
	if (buffer->capacity - buffer->size >= size)
		return true;
	while (capacity - buffer->size < size)
		capacity *= 2;

	uint8_t *data = realloc(buffer->data, capacity);
	if (data == NULL) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	if (size == 0 || !buffer_reserve(buffer, size))
		return;
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

void buffer_append_slice(struct buffer *buffer, struct slice slice)
{
	buffer_append(buffer, slice.data, slice.size);
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
	buffer_append(buffer, &byte, 1);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size < 0 || !buffer_reserve(buffer, (size_t)size + 1)) {
		buffer->failed = true;
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf((char *)buffer->data + buffer->size, (size_t)size + 1, format, arguments);
	va_end(arguments);
	buffer->size += (size_t)size;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
}

void buffer_close(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
