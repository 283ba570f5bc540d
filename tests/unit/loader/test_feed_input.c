// Reads files, compressed and damaged ones too, by windows and by lines.
#include "loader/feed_input.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buffer.h"

static struct feed_input *open_bytes(struct slice content)
{
	char path[64];
	struct feed_input *input = NULL;
	int fd = memfd_create("feed", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.data, content.size), (ssize_t)content.size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(feed_input_open(path, NULL, NULL, &input), 0);
	close(fd);
	return input;
}

static void append_gzip(struct buffer *buffer, struct slice content)
{
	z_stream gzip = {0};

	assert_int_equal(deflateInit2(&gzip, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
	                 Z_OK);
	size_t bound = deflateBound(&gzip, content.size);
	assert_true(buffer_reserve(buffer, bound));
	gzip.next_in = (Bytef *)(uintptr_t)content.data;
	gzip.avail_in = (uInt)content.size;
	gzip.next_out = buffer->data + buffer->size;
	gzip.avail_out = (uInt)bound;
	assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
	buffer->size += bound - gzip.avail_out;
	deflateEnd(&gzip);
}

static void append_zstd(struct buffer *buffer, struct slice content)
{
	size_t bound = ZSTD_compressBound(content.size);

	assert_true(buffer_reserve(buffer, bound));
	size_t size = ZSTD_compress(buffer->data + buffer->size, bound, content.data, content.size,
	                            1);
	assert_false(ZSTD_isError(size));
	buffer->size += size;
}

// A million bytes that do not compress to nothing.
static struct buffer make_content(void)
{
	struct buffer content = {0};

	srand(7);
	for (unsigned i = 0; i < 100000; i++)
		buffer_format(&content, "%09d\n", rand() % 1000000000);
	return content;
}

// Reads to the end in odd steps; returns the last result of feed_input_peek().
static int read_all(struct feed_input *input, struct buffer *ret_content)
{
	for (size_t step = 1;; step = step * 3 % 70001) {
		struct slice window;
		int error = feed_input_peek(input, step, &window);

		if (error != 0 || window.size == 0)
			return error;
		window = slice_first(window, step);
		buffer_append_slice(ret_content, window);
		feed_input_skip(input, window.size);
	}
}

static void assert_reads_as(const struct buffer *file, const struct buffer *content)
{
	struct feed_input *input = open_bytes(buffer_slice(file));
	struct buffer read = {0};

	assert_int_equal(read_all(input, &read), 0);
	assert_true(slice_equal(buffer_slice(&read), buffer_slice(content)));
	assert_int_equal(feed_input_offset(input), content->size);
	feed_input_close(input);
	buffer_close(&read);
}

static void plain_files_are_read_as_they_are(void **state)
{
	struct buffer content = make_content();

	(void)state;
	assert_reads_as(&content, &content);
	buffer_close(&content);
}

static void gzip_of_several_members_is_read(void **state)
{
	struct buffer content = make_content();
	struct buffer file = {0};

	(void)state;
	append_gzip(&file, slice_first(buffer_slice(&content), 400000));
	append_gzip(&file, slice_of("", 0));
	append_gzip(&file, slice_from(buffer_slice(&content), 400000));
	buffer_append(&file, "\0\0\0\0", 4);
	assert_reads_as(&file, &content);
	buffer_close(&file);
	buffer_close(&content);
}

static void zstd_of_several_frames_is_read(void **state)
{
	struct buffer content = make_content();
	struct buffer file = {0};

	(void)state;
	append_zstd(&file, slice_first(buffer_slice(&content), 400000));
	append_zstd(&file, slice_from(buffer_slice(&content), 400000));
	assert_reads_as(&file, &content);
	buffer_close(&file);
	buffer_close(&content);
}

static void assert_gives_beginning(struct slice file, const struct buffer *content)
{
	struct feed_input *input = open_bytes(file);
	struct buffer read = {0};

	assert_int_equal(read_all(input, &read), -EBADMSG);
	assert_true(read.size > 100000);
	assert_true(
		slice_equal(buffer_slice(&read), slice_first(buffer_slice(content), read.size)));
	feed_input_close(input);
	buffer_close(&read);
}

static void damage_is_told_behind_what_could_be_read(void **state)
{
	struct buffer content = make_content();
	struct buffer gzip = {0};
	struct buffer zstd = {0};

	(void)state;
	append_gzip(&gzip, buffer_slice(&content));
	append_zstd(&zstd, buffer_slice(&content));
	assert_gives_beginning(slice_first(buffer_slice(&gzip), gzip.size - 20000), &content);
	assert_gives_beginning(slice_first(buffer_slice(&zstd), zstd.size - 20000), &content);
	buffer_append_text(&gzip, "no member");
	assert_gives_beginning(buffer_slice(&gzip), &content);
	buffer_close(&gzip);
	buffer_close(&zstd);
	buffer_close(&content);
}

static void assert_line(struct feed_input *input, const char *expected, bool is_cut)
{
	struct slice line;
	bool was_cut;

	assert_int_equal(feed_input_line(input, &line, &was_cut), 1);
	assert_true(slice_is(line, expected));
	assert_int_equal(was_cut, is_cut);
}

static void lines_lose_their_ends(void **state)
{
	struct feed_input *input = open_bytes(slice_text("one\n\r\ntwo\r\nthree"));
	struct slice line;
	bool is_cut;

	(void)state;
	assert_line(input, "one", false);
	assert_line(input, "", false);
	assert_line(input, "two", false);
	assert_int_equal(feed_input_line_number(input), 3);
	assert_line(input, "three", false);
	assert_int_equal(feed_input_line(input, &line, &is_cut), 0);
	assert_int_equal(feed_input_line_number(input), 4);
	feed_input_close(input);
}

static void long_lines_are_cut_and_passed_over(void **state)
{
	struct buffer content = {0};
	struct slice line;
	bool is_cut;

	(void)state;
	for (unsigned i = 0; i < FEED_LINE_BYTES_MAX; i++)
		buffer_append_byte(&content, 'a');
	buffer_append_text(&content, "\n");
	for (unsigned i = 0; i < 20 * FEED_LINE_BYTES_MAX; i++)
		buffer_append_byte(&content, 'b');
	buffer_append_text(&content, "\nend\n");

	struct feed_input *input = open_bytes(buffer_slice(&content));
	assert_int_equal(feed_input_line(input, &line, &is_cut), 1);
	assert_int_equal(line.size, FEED_LINE_BYTES_MAX);
	assert_false(is_cut);
	assert_int_equal(feed_input_line(input, &line, &is_cut), 1);
	assert_int_equal(line.size, FEED_LINE_BYTES_MAX);
	assert_true(is_cut);
	assert_line(input, "end", false);
	assert_int_equal(feed_input_line_number(input), 3);
	assert_int_equal(feed_input_line(input, &line, &is_cut), 0);
	feed_input_close(input);
	buffer_close(&content);
}

static bool stop_at_once(void *context, uint64_t file_bytes)
{
	*(uint64_t *)context = file_bytes;
	return false;
}

static void progress_can_stop_the_reading(void **state)
{
	char path[] = "/tmp/test_feed_input_XXXXXX";
	struct buffer content = make_content();
	struct feed_input *input = NULL;
	struct slice window;
	uint64_t told = 0;
	int fd = mkstemp(path);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(write(fd, content.data, content.size), (ssize_t)content.size);
	assert_int_equal(feed_input_open(path, stop_at_once, &told, &input), 0);
	assert_int_equal(feed_input_peek(input, 3000000, &window), -ECANCELED);
	assert_true(told >= 1024 * 1024);
	feed_input_close(input);
	close(fd);
	unlink(path);
	buffer_close(&content);
}

static void a_descriptor_is_read_from_its_position_on(void **state)
{
	struct feed_input *input = NULL;
	int fd = memfd_create("feed", 0);

	(void)state;
	assert_int_equal(write(fd, "skipped\nread\n", 13), 13);
	assert_int_equal(lseek(fd, 8, SEEK_SET), 8);
	assert_int_equal(feed_input_open_fd(fd, NULL, NULL, &input), 0);
	assert_line(input, "read", false);
	feed_input_close(input);
	assert_int_equal(close(fd), 0); // is still the caller's
	assert_int_equal(feed_input_open_fd(fd, NULL, NULL, &input), -EBADF);
}

static void a_missing_file_is_told(void **state)
{
	struct feed_input *input = (void *)0x1;

	(void)state;
	assert_int_equal(feed_input_open("/nonexistent/feed", NULL, NULL, &input), -ENOENT);
	assert_ptr_equal(input, (void *)0x1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_files_are_read_as_they_are),
		cmocka_unit_test(gzip_of_several_members_is_read),
		cmocka_unit_test(zstd_of_several_frames_is_read),
		cmocka_unit_test(damage_is_told_behind_what_could_be_read),
		cmocka_unit_test(lines_lose_their_ends),
		cmocka_unit_test(long_lines_are_cut_and_passed_over),
		cmocka_unit_test(progress_can_stop_the_reading),
		cmocka_unit_test(a_descriptor_is_read_from_its_position_on),
		cmocka_unit_test(a_missing_file_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
