#include "loader/feed_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loader/feed_decode.h"

enum { FIRST_CAPACITY = 256 * 1024 };

struct feed_input {
	struct feed_decode *decode;
	uint8_t *bytes; // FEED_PADDING_BYTES more than capacity
	size_t capacity;
	size_t start; // of the current position
	size_t end;
	uint64_t offset;
	uint64_t line_number;
	size_t searched;      // bytes from start on known to hold no line feed
	bool is_rest_of_line; // the last line was given cut
	bool is_at_end;
	int error; // met while reading ahead; told when all before it has been given
};

// Makes room for `size` bytes from the current position on.
static int make_room(struct feed_input *input, size_t size)
{
	if (input->capacity - input->start >= size)
		return 0;

	size_t used = input->end - input->start;
	if (input->start > 0)
		memmove(input->bytes, input->bytes + input->start, used);
	input->start = 0;
	input->end = used;
	if (input->capacity >= size)
		return 0;

	size_t capacity = input->capacity;
	while (capacity < size)
		capacity *= 2;
	uint8_t *bytes = realloc(input->bytes, capacity + FEED_PADDING_BYTES);
	if (bytes == NULL)
		return -ENOMEM;
	memset(bytes + input->capacity, 0, capacity + FEED_PADDING_BYTES - input->capacity);
	input->bytes = bytes;
	input->capacity = capacity;
	return 0;
}

int feed_input_open(const char *path, feed_progress_fn *progress, void *context,
                    struct feed_input **ret_input)
{
	AUTO(feed_input) input = calloc(1, sizeof(*input));

	if (input == NULL)
		return -ENOMEM;
	input->bytes = calloc(1, FIRST_CAPACITY + FEED_PADDING_BYTES);
	if (input->bytes == NULL)
		return -ENOMEM;
	input->capacity = FIRST_CAPACITY;

	int error = feed_decode_open(path, progress, context, &input->decode);
	if (error != 0)
		return error;
	*ret_input = TAKE(input);
	return 0;
}

void feed_input_close(struct feed_input *input)
{
	if (input == NULL)
		return;
	feed_decode_close(input->decode);
	free(input->bytes);
	free(input);
}

int feed_input_peek(struct feed_input *input, size_t size, struct slice *ret_window)
{
	if (size > SIZE_MAX / 4)
		return -ENOMEM;
	if (make_room(input, size) != 0)
		return -ENOMEM;

	while (input->end - input->start < size && !input->is_at_end && input->error == 0) {
		size_t got;

		input->error = feed_decode_read(input->decode, input->bytes + input->end,
		                                input->capacity - input->end, &got);
		if (input->error != 0)
			break;
		input->end += got;
		input->is_at_end = got == 0;
	}
	if (input->error != 0 && (input->start == input->end || input->error == -ECANCELED))
		return input->error;
	*ret_window = slice_of(input->bytes + input->start, input->end - input->start);
	return 0;
}

void feed_input_skip(struct feed_input *input, size_t size)
{
	input->start += size;
	input->offset += size;
	input->searched = 0;
}

// Passes over the rest of a line that was given cut, its line feed included.
static int skip_rest_of_line(struct feed_input *input)
{
	struct slice window;
	int error = feed_input_peek(input, 1, &window);

	while (error == 0 && window.size > 0) {
		size_t rest = slice_find(window, '\n');

		feed_input_skip(input, rest < window.size ? rest + 1 : rest);
		if (rest < window.size)
			break;
		error = feed_input_peek(input, 1, &window);
	}
	return error == -EBADMSG ? 0 : error;
}

// Gives the line of `size` bytes that the window begins with, and moves past its line feed.
static int give_line(struct feed_input *input, size_t size, size_t line_feed_size,
                     struct slice *ret_line)
{
	struct slice line = slice_of(input->bytes + input->start, size);

	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	feed_input_skip(input, size + line_feed_size);
	input->line_number++;
	*ret_line = line;
	return 1;
}

int feed_input_line(struct feed_input *input, struct slice *ret_line, bool *ret_is_cut)
{
	size_t want = 1;

	if (input->is_rest_of_line) {
		int error = skip_rest_of_line(input);

		if (error != 0)
			return error;
		input->is_rest_of_line = false;
	}
	*ret_is_cut = false;
	for (;;) {
		struct slice window;
		int error = feed_input_peek(input, want, &window);

		if (error != 0)
			return error;
		window = slice_first(window, FEED_LINE_BYTES_MAX + 1);
		size_t size = input->searched +
		              slice_find(slice_from(window, input->searched), '\n');
		if (size < window.size)
			return give_line(input, size, 1, ret_line);
		input->searched = window.size;
		if (window.size > FEED_LINE_BYTES_MAX) {
			*ret_is_cut = input->is_rest_of_line = true;
			return give_line(input, FEED_LINE_BYTES_MAX, 0, ret_line);
		}
		if (window.size < want)
			return window.size == 0 ? 0 : give_line(input, size, 0, ret_line);
		want = window.size + 1;
	}
}

uint64_t feed_input_offset(const struct feed_input *input)
{
	return input->offset;
}

uint64_t feed_input_line_number(const struct feed_input *input)
{
	return input->line_number;
}
