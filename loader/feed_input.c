#include "loader/feed_input.h"

#include <errno.h>
#include <stdlib.h>

struct feed_input {
	struct byte_source *source;
	uint64_t line_number;
	size_t searched;      // bytes from the current position on known to hold no line feed
	int error;            // why the window last given ends; 0: at the end
	bool is_rest_of_line; // the last line was given cut
};

int feed_input_open(const char *path, byte_source_progress_fn *progress, void *context,
                    struct feed_input **ret_input)
{
	AUTO(feed_input) input = calloc(1, sizeof(*input));

	if (input == NULL)
		return -ENOMEM;

	int error = byte_source_open(path, progress, context, &input->source);
	if (error != 0)
		return error;
	*ret_input = TAKE(input);
	return 0;
}

int feed_input_open_fd(int fd, byte_source_progress_fn *progress, void *context,
                       struct feed_input **ret_input)
{
	AUTO(feed_input) input = calloc(1, sizeof(*input));

	if (input == NULL)
		return -ENOMEM;

	int error = byte_source_open_fd(fd, progress, context, &input->source);
	if (error != 0)
		return error;
	*ret_input = TAKE(input);
	return 0;
}

void feed_input_close(struct feed_input *input)
{
	if (input == NULL)
		return;
	byte_source_close(input->source);
	free(input);
}

int feed_input_peek(struct feed_input *input, size_t size, struct slice *ret_window)
{
	int error = byte_source_fill(input->source, size);
	struct slice window = byte_source_window(input->source);

	input->error = error;
	if (error == -ENOMEM || error == -ECANCELED || (error < 0 && window.size == 0))
		return error;
	*ret_window = window;
	return 0;
}

void feed_input_skip(struct feed_input *input, size_t size)
{
	byte_source_skip(input->source, size);
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
	struct slice line = slice_first(byte_source_window(input->source), size);

	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	feed_input_skip(input, size + line_feed_size);
	input->line_number++;
	*ret_line = line;
	return 1;
}

// A line that damage cuts is not given: the beginning of a name is another name.
static int give_last_line(struct feed_input *input, size_t size, struct slice *ret_line)
{
	if (size == 0)
		return 0;
	if (input->error == 0)
		return give_line(input, size, 0, ret_line);
	feed_input_skip(input, size);
	return input->error;
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
			return give_last_line(input, window.size, ret_line);
		want = window.size + 1;
	}
}

bool feed_input_is_damaged(const struct feed_input *input)
{
	return input->error != 0;
}

uint64_t feed_input_offset(const struct feed_input *input)
{
	return byte_source_offset(input->source);
}

uint64_t feed_input_line_number(const struct feed_input *input)
{
	return input->line_number;
}
