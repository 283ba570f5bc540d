#include "tests/unit/unit_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/byte_blocks.h"
#include "base/byte_source.h"

enum { WORDS = BYTE_BLOCK_BYTES / 4 };

static char path[64];

// `count` words that count up from 0, in a file at `path`.
static void make_file(uint32_t count)
{
	uint32_t *words = malloc((size_t)count * 4);
	int fd;

	strcpy(path, "/tmp/sekisho-test-XXXXXX");
	fd = mkstemp(path);
	for (uint32_t i = 0; i < count; i++)
		words[i] = i;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, words, (size_t)count * 4), (ssize_t)count * 4);
	close(fd);
	free(words);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void assert_counts_from(struct slice bytes, uint32_t first)
{
	for (uint32_t i = 0; i < bytes.size / 4; i++) {
		uint32_t word;

		memcpy(&word, bytes.data + 4 * (size_t)i, 4);
		if (word != first + i)
			fail_msg("word %u is %u", first + i, word);
	}
}

// Reads all in windows of `step` bytes. Returns how many bytes there were.
static uint64_t read_in_steps(struct byte_source *source, size_t step)
{
	for (;;) {
		struct slice window;

		assert_int_equal(byte_source_fill(source, step), 0);
		window = byte_source_window(source);
		if (window.size == 0)
			return byte_source_offset(source);
		window = slice_first(window, step);
		assert_counts_from(window, (uint32_t)(byte_source_offset(source) / 4));
		byte_source_skip(source, window.size);
	}
}

static void windows_go_over_the_borders_of_blocks(void **state)
{
	static const size_t steps[] = {4, 1020, 400000, BYTE_BLOCK_HEADROOM_BYTES};

	(void)state;
	make_file(5 * WORDS + 17);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		AUTO(byte_source) source = NULL;

		assert_int_equal(byte_source_open_ahead(path, BYTE_BLOCKS_MIN, &source), 0);
		assert_int_equal(read_in_steps(source, steps[i]), 4 * (5 * WORDS + 17));
		assert_int_equal(byte_source_file_bytes(source), 4 * (5 * WORDS + 17));
	}
}

static void what_is_held_stays_as_it_is(void **state)
{
	AUTO(byte_source) source = NULL;
	struct byte_block *held;
	struct slice window;

	(void)state;
	make_file(6 * WORDS);
	assert_int_equal(byte_source_open_ahead(path, BYTE_BLOCKS_MIN, &source), 0);
	assert_int_equal(byte_source_fill(source, 4), 0);
	held = byte_source_block(source);
	byte_block_hold(held);
	window = byte_source_window(source);
	assert_int_equal(byte_source_pass(source, 2 * BYTE_BLOCK_BYTES), 0);
	assert_counts_from(window, 0);
	byte_block_release(held);
	assert_int_equal(read_in_steps(source, 4096), 6 * BYTE_BLOCK_BYTES);
}

static void no_more_is_read_ahead_than_there_are_blocks(void **state)
{
	AUTO(byte_blocks) blocks = NULL;
	struct byte_block *block;
	unsigned read = 0;

	(void)state;
	make_file(8 * WORDS);
	assert_int_equal(byte_blocks_open(open(path, O_RDONLY), 4, &blocks), 0);
	while (byte_blocks_read(blocks))
		read++;
	assert_int_equal(read, 4);
	assert_false(byte_blocks_can_read(blocks));
	assert_int_equal(byte_blocks_take(blocks, &block), 1);
	assert_false(byte_blocks_can_read(blocks));
	byte_block_release(block);
	assert_true(byte_blocks_can_read(blocks));
}

static void a_file_that_is_cut_ends_there(void **state)
{
	AUTO(byte_source) source = NULL;

	(void)state;
	make_file(6 * WORDS);
	assert_int_equal(byte_source_open_ahead(path, BYTE_BLOCKS_MIN, &source), 0);
	assert_int_equal(byte_source_fill(source, 4), 0);
	assert_int_equal(truncate(path, BYTE_BLOCK_BYTES + 400), 0);
	assert_int_equal(read_in_steps(source, 4), BYTE_BLOCK_BYTES + 400);
}

static void compressed_bytes_come_as_they_were(void **state)
{
	AUTO(byte_source) source = NULL;
	uint32_t *words = malloc(3 * BYTE_BLOCK_BYTES);
	gzFile gzip;

	(void)state;
	make_file(0);
	for (uint32_t i = 0; i < 3 * WORDS; i++)
		words[i] = i;
	gzip = gzopen(path, "wb1");
	assert_int_equal(gzwrite(gzip, words, 3 * BYTE_BLOCK_BYTES), 3 * BYTE_BLOCK_BYTES);
	gzclose(gzip);
	free(words);
	assert_int_equal(byte_source_open_ahead(path, BYTE_BLOCKS_MIN, &source), 0);
	assert_false(byte_blocks_can_read(byte_source_blocks(source))); // a thread's own work
	assert_int_equal(read_in_steps(source, 1000), 3 * BYTE_BLOCK_BYTES);
}

static void an_unread_compressed_file_can_be_closed(void **state)
{
	struct byte_source *source = NULL;
	char chunk[4096] = {0};
	gzFile gzip;

	(void)state;
	make_file(0);
	gzip = gzopen(path, "wb1");
	for (unsigned i = 0; i < 8 * BYTE_BLOCK_BYTES / sizeof(chunk); i++)
		gzwrite(gzip, chunk, sizeof(chunk));
	gzclose(gzip);
	assert_int_equal(byte_source_open_ahead(path, BYTE_BLOCKS_MIN, &source), 0);
	byte_source_close(source);
	assert_int_equal(byte_source_open_ahead("/nonexistent", BYTE_BLOCKS_MIN, &source), -ENOENT);
}

static void a_cut_compressed_file_is_damaged_behind_its_bytes(void **state)
{
	AUTO(byte_source) source = NULL;
	uint32_t *words = malloc(BYTE_BLOCK_BYTES);
	gzFile gzip;

	(void)state;
	make_file(0);
	for (uint32_t i = 0; i < WORDS; i++)
		words[i] = i;
	gzip = gzopen(path, "wb1");
	assert_int_equal(gzwrite(gzip, words, BYTE_BLOCK_BYTES), BYTE_BLOCK_BYTES);
	gzclose(gzip);
	free(words);
	assert_int_equal(truncate(path, 100 * 1000), 0);
	assert_int_equal(byte_source_open_ahead(path, BYTE_BLOCKS_MIN, &source), 0);
	assert_int_equal(byte_source_fill(source, 4), 0);
	assert_counts_from(byte_source_window(source), 0);
	assert_int_equal(byte_source_pass(source, BYTE_BLOCK_BYTES), -EBADMSG);
}

static void *read_blocks(void *context)
{
	for (unsigned turns = 0; turns < 200; turns++)
		if (!byte_blocks_read(context))
			usleep(50);
	return NULL;
}

static void several_threads_may_read(void **state)
{
	AUTO(byte_source) source = NULL;
	pthread_t threads[2];

	(void)state;
	make_file(20 * WORDS);
	assert_int_equal(byte_source_open_ahead(path, 6, &source), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, read_blocks, byte_source_blocks(source)),
			0);
	assert_int_equal(read_in_steps(source, 4000), 20 * BYTE_BLOCK_BYTES);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(windows_go_over_the_borders_of_blocks, remove_file),
		cmocka_unit_test_teardown(what_is_held_stays_as_it_is, remove_file),
		cmocka_unit_test_teardown(no_more_is_read_ahead_than_there_are_blocks, remove_file),
		cmocka_unit_test_teardown(a_file_that_is_cut_ends_there, remove_file),
		cmocka_unit_test_teardown(compressed_bytes_come_as_they_were, remove_file),
		cmocka_unit_test_teardown(an_unread_compressed_file_can_be_closed, remove_file),
		cmocka_unit_test_teardown(a_cut_compressed_file_is_damaged_behind_its_bytes,
	                                  remove_file),
		cmocka_unit_test_teardown(several_threads_may_read, remove_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
