// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <zlib.h>

#include "dataplane/file.h"

enum {
	MEMBER_BYTES = 4 << 20,
	MEMBER_RATIO = 100, // less than what makes a bomb
	BUDGET_BYTES = 1024 * 1024,
};

static struct file_seen told;

static void note(struct extract_output *output, const struct file_seen *file)
{
	(void)output;
	told = *file;
}

static void ignore(struct extract_output *output, enum observable_where where, struct slice text)
{
	(void)output;
	(void)where;
	(void)text;
}

// A member of gzip of MEMBER_BYTES, of which one in MEMBER_RATIO cannot be guessed.
static struct slice make_member(void)
{
	static uint8_t compressed[MEMBER_BYTES / 8];
	uint8_t *content = calloc(1, MEMBER_BYTES);
	z_stream stream = {.next_out = compressed, .avail_out = sizeof(compressed)};
	uint32_t number = 1;

	assert_non_null(content);
	for (size_t i = 0; i < MEMBER_BYTES / MEMBER_RATIO; i++) {
		number = number * 1664525 + 1013904223;
		content[i] = (uint8_t)(number >> 24);
	}
	assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 9, 0), Z_OK);
	stream.next_in = content;
	stream.avail_in = MEMBER_BYTES;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);
	free(content);
	return slice_of(compressed, stream.total_out);
}

// Members that follow each other are one file. It is not hashed: that takes longest.
static void decode_members(unsigned count, struct file_counters *ret_counters)
{
	const struct file_start start = {.coding_count = 1, .codings = {FILE_CODING_GZIP}};
	struct extract_output output = {.add_file = note, .tell = ignore};
	struct slice member = make_member();
	uint32_t id;

	assert_int_equal(file_table_create(BUDGET_BYTES, &output.files), 0);
	id = file_begin(&output, &start);
	assert_int_not_equal(id, 0);
	for (unsigned i = 0; i < count; i++)
		file_write(&output, id, member);
	file_end(&output, id, true);
	assert_true(file_table_is_empty(output.files));
	file_table_counters(output.files, ret_counters);
	file_table_free(output.files);
}

static void a_file_is_decoded_up_to_its_bound(void **state)
{
	struct file_counters counters;

	(void)state;
	decode_members(FILE_DECODED_BYTES_MAX / MEMBER_BYTES, &counters);
	assert_true(told.is_whole);
	assert_int_equal(told.size_bytes, FILE_DECODED_BYTES_MAX);
	assert_int_equal(counters.lost[FILE_LOSS_BOMB], 0);
}

static void beyond_its_bound_a_file_is_given_up(void **state)
{
	struct file_counters counters;

	(void)state;
	decode_members(FILE_DECODED_BYTES_MAX / MEMBER_BYTES + 1, &counters);
	assert_false(told.is_whole);
	assert_int_equal(counters.lost[FILE_LOSS_BOMB], 1);
	assert_true(told.size_bytes <= FILE_DECODED_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_decoded_up_to_its_bound),
		cmocka_unit_test(beyond_its_bound_a_file_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
