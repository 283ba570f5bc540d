#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "sightings/sorter.h"

enum { MAX_RECORD_BYTES = 300 };

static int compare_first_words(struct slice a, struct slice b)
{
	uint32_t first;
	uint32_t second;

	memcpy(&first, a.data, sizeof(first));
	memcpy(&second, b.data, sizeof(second));
	return first < second ? -1 : first > second;
}

// A record: key, sequence number, and a filling that both determine.
static struct slice make_record(uint32_t key, uint32_t sequence, uint8_t bytes[MAX_RECORD_BYTES])
{
	size_t size = 8 + (key * 31 + sequence) % (MAX_RECORD_BYTES - 8);

	memcpy(bytes, &key, 4);
	memcpy(bytes + 4, &sequence, 4);
	memset(bytes + 8, (int)(key ^ sequence) & 0xff, size - 8);
	return slice_of(bytes, size);
}

static struct sorter *make_filled(size_t memory_bytes, uint32_t count, uint32_t keys)
{
	struct sorter *sorter;
	uint8_t bytes[MAX_RECORD_BYTES];
	uint32_t random = 7;

	assert_int_equal(sorter_create(memory_bytes, compare_first_words, &sorter), 0);
	for (uint32_t i = 0; i < count; i++) {
		random = random * 1664525 + 1013904223;
		assert_int_equal(sorter_add(sorter, make_record((random >> 8) % keys, i, bytes)),
		                 0);
	}
	return sorter;
}

// Everything comes out once, in order of key and, within a key, of arrival; nothing is changed.
static void expect_sorted(struct sorter *sorter, uint32_t count)
{
	struct sorter_cursor *cursor;
	struct slice record;
	uint32_t last_key = 0;
	uint32_t last_sequence = 0;
	uint32_t seen = 0;
	uint64_t sum = 0;

	assert_int_equal(sorter_read(sorter, &cursor), 0);
	for (; sorter_next(cursor, &record) == 1; seen++) {
		uint8_t bytes[MAX_RECORD_BYTES];
		uint32_t key;
		uint32_t sequence;

		memcpy(&key, record.data, 4);
		memcpy(&sequence, record.data + 4, 4);
		if (seen > 0)
			assert_true(key > last_key ||
			            (key == last_key && sequence > last_sequence));
		assert_true(slice_equal(record, make_record(key, sequence, bytes)));
		last_key = key;
		last_sequence = sequence;
		sum += sequence;
	}
	assert_int_equal(sorter_next(cursor, &record), 0);
	assert_int_equal(seen, count);
	assert_int_equal(sum, (uint64_t)count * (count - 1) / 2);
	sorter_cursor_free(cursor);
}

static void an_empty_sorter_gives_nothing(void **state)
{
	struct sorter *sorter;
	struct sorter_cursor *cursor;
	struct slice record;

	(void)state;
	assert_int_equal(sorter_create(0, compare_first_words, &sorter), 0);
	assert_int_equal(sorter_read(sorter, &cursor), 0);
	assert_int_equal(sorter_next(cursor, &record), 0);
	assert_int_equal(sorter_next(cursor, &record), 0);
	sorter_cursor_free(cursor);
	sorter_free(sorter);
}

static void what_fits_is_sorted_in_memory(void **state)
{
	struct sorter *sorter = make_filled(0, 10000, 500);

	(void)state;
	assert_int_equal(sorter_spilled_runs(sorter), 0);
	expect_sorted(sorter, 10000);
	sorter_free(sorter);
}

static void what_does_not_fit_is_spilled_and_merged(void **state)
{
	struct sorter *sorter = make_filled(16 * 1024, 10000, 500);

	(void)state;
	assert_true(sorter_spilled_runs(sorter) > 50);
	expect_sorted(sorter, 10000);
	sorter_free(sorter);
}

static void a_budget_below_one_record_still_works(void **state)
{
	struct sorter *sorter = make_filled(1, 300, 10);

	(void)state;
	assert_int_equal(sorter_spilled_runs(sorter), 299);
	expect_sorted(sorter, 300);
	sorter_free(sorter);
}

static void records_larger_than_a_buffer_are_whole(void **state)
{
	enum { LARGE = 1 << 20 };
	struct sorter *sorter;
	struct sorter_cursor *cursor;
	struct slice record;
	uint8_t *bytes = malloc(LARGE);

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(sorter_create(1, compare_first_words, &sorter), 0);
	for (uint32_t i = 5; i > 0; i--) {
		memset(bytes, (int)i, LARGE);
		assert_int_equal(sorter_add(sorter, slice_of(bytes, LARGE - i)), 0);
	}
	assert_int_equal(sorter_read(sorter, &cursor), 0);
	for (uint32_t i = 1; i <= 5; i++) {
		assert_int_equal(sorter_next(cursor, &record), 1);
		assert_int_equal(record.size, LARGE - i);
		assert_int_equal(record.data[0], i);
		assert_int_equal(record.data[record.size - 1], i);
	}
	assert_int_equal(sorter_next(cursor, &record), 0);
	sorter_cursor_free(cursor);
	sorter_free(sorter);
	free(bytes);
}

static void it_can_be_read_twice_at_once(void **state)
{
	struct sorter *sorter = make_filled(16 * 1024, 1000, 50);
	struct sorter_cursor *first;
	struct slice record;

	(void)state;
	assert_int_equal(sorter_read(sorter, &first), 0);
	for (unsigned i = 0; i < 400; i++)
		assert_int_equal(sorter_next(first, &record), 1);
	expect_sorted(sorter, 1000);
	for (unsigned i = 400; i < 1000; i++)
		assert_int_equal(sorter_next(first, &record), 1);
	assert_int_equal(sorter_next(first, &record), 0);
	sorter_cursor_free(first);
	sorter_free(sorter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_sorter_gives_nothing),
		cmocka_unit_test(what_fits_is_sorted_in_memory),
		cmocka_unit_test(what_does_not_fit_is_spilled_and_merged),
		cmocka_unit_test(a_budget_below_one_record_still_works),
		cmocka_unit_test(records_larger_than_a_buffer_are_whole),
		cmocka_unit_test(it_can_be_read_twice_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
