// The small parts of the store: records as bytes, rows in order, members by identity.
#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdlib.h>

#include "loader/store_members.h"
#include "loader/store_record.h"
#include "loader/store_sort.h"

static struct indicator full_record(void)
{
	return (struct indicator){
		.id = slice_text("indicator--1"),
		.name = slice_text("a name"),
		.value = slice_text("[…]"),
		.threat_types = slice_text("a\nb"),
		.labels = slice_text("c"),
		.report_names = slice_text("d"),
		.markings = slice_text("e"),
		.created_by = slice_text("identity--1"),
		.created_ns = 1,
		.modified_ns = -2,
		.valid_from_ns = 3,
		.valid_until_ns = 4,
		.tlp = TLP_RED,
		.confidence = 55,
		.is_source_hidden = true,
	};
}

static void a_record_comes_back_as_it_was(void **state)
{
	struct indicator record = full_record();
	struct indicator read;
	struct slice values;
	AUTO_BUFFER bytes = {};

	(void)state;
	store_record_append(&bytes, &record);
	buffer_append_text(&bytes, "values");
	assert_int_equal(store_record_read(buffer_slice(&bytes), &read, &values), 0);
	assert_true(slice_is(values, "values"));
	assert_true(slice_equal(read.id, record.id));
	assert_true(slice_equal(read.name, record.name));
	assert_true(slice_equal(read.value, record.value));
	assert_true(slice_equal(read.threat_types, record.threat_types));
	assert_true(slice_equal(read.labels, record.labels));
	assert_true(slice_equal(read.report_names, record.report_names));
	assert_true(slice_equal(read.markings, record.markings));
	assert_true(slice_equal(read.created_by, record.created_by));
	assert_int_equal(read.created_ns, 1);
	assert_int_equal(read.modified_ns, -2);
	assert_int_equal(read.valid_from_ns, 3);
	assert_int_equal(read.valid_until_ns, 4);
	assert_int_equal(read.tlp, TLP_RED);
	assert_int_equal(read.confidence, 55);
	assert_true(read.is_source_hidden);
}

static void a_cut_record_is_told(void **state)
{
	struct indicator record = full_record();
	AUTO_BUFFER bytes = {};

	(void)state;
	store_record_append(&bytes, &record);
	for (size_t size = 0; size < bytes.size; size++) {
		uint8_t *copy = malloc(size + 1);
		struct indicator read;
		struct slice values;

		assert_non_null(copy);
		memcpy(copy, bytes.data, size);
		assert_int_equal(store_record_read(slice_of(copy, size), &read, &values), -EBADMSG);
		free(copy);
	}
}

static void rows_are_sorted_as_signed_and_stay_in_order_of_arrival(void **state)
{
	enum { COUNT = 100000 };
	struct block rows = {};
	uint64_t random = 1;

	(void)state;
	for (uint64_t i = 0; i < COUNT; i++) {
		struct store_sort_row *row = block_extend(&rows, sizeof(*row));

		random = random * 6364136223846793005u + 1442695040888963407u;
		assert_non_null(row);
		*row = (struct store_sort_row){(int64_t)(random & ~UINT64_C(0xfffffffffff)), {i}};
	}
	assert_int_equal(store_sort(&rows), 0);

	const struct store_sort_row *sorted = (const struct store_sort_row *)rows.data;
	uint64_t same = 0;
	for (size_t i = 1; i < COUNT; i++) {
		bool is_same = sorted[i - 1].key == sorted[i].key;

		assert_true(sorted[i - 1].key <= sorted[i].key);
		assert_true(!is_same || sorted[i - 1].payload[0] < sorted[i].payload[0]);
		same += is_same;
	}
	assert_true(same > 0);
	block_close(&rows);
}

// As hashes are: all over the numbers.
static uint64_t member_key(uint64_t i)
{
	return i * UINT64_C(0x9e3779b97f4a7c15);
}

static void members_are_found_by_both_parts_of_their_identity(void **state)
{
	enum { COUNT = 10000 };
	struct store_members members = {};
	size_t cursor = 0;
	size_t seen = 0;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		assert_non_null(
			store_members_add(&members, &(struct store_member){.key = member_key(i / 2),
		                                                           .owner = i % 2,
		                                                           .vote_id = i + 1}));
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(
			store_members_find(&members,
		                           &(struct store_identity){member_key(i / 2), i % 2})
				->vote_id,
			i + 1);
	assert_null(store_members_find(&members, &(struct store_identity){member_key(COUNT), 0}));
	assert_null(store_members_find(&members, &(struct store_identity){0, 2}));
	while (store_members_next(&members, &cursor) != NULL)
		seen++;
	assert_int_equal(seen, COUNT);
	store_members_close(&members);
}

static void members_added_in_order_of_their_keys_are_found(void **state)
{
	enum { COUNT = 10000 };
	struct store_members members = {};
	size_t cursor = 0;
	uint64_t last = 0;
	const struct store_member *member;

	(void)state;
	assert_true(store_members_reserve(&members, COUNT));
	for (uint64_t i = 0; i < COUNT; i++)
		assert_non_null(store_members_add(
			&members, &(struct store_member){.key = i * (UINT64_MAX / COUNT),
		                                         .vote_id = (uint32_t)i + 1}));
	for (uint64_t i = 0; i < COUNT; i++)
		assert_int_equal(
			store_members_find(&members,
		                           &(struct store_identity){i * (UINT64_MAX / COUNT), 0})
				->vote_id,
			i + 1);
	while ((member = store_members_next(&members, &cursor)) != NULL) {
		assert_true(member->key >= last); // their places follow their keys
		last = member->key;
	}
	store_members_close(&members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_as_it_was),
		cmocka_unit_test(a_cut_record_is_told),
		cmocka_unit_test(rows_are_sorted_as_signed_and_stay_in_order_of_arrival),
		cmocka_unit_test(members_are_found_by_both_parts_of_their_identity),
		cmocka_unit_test(members_added_in_order_of_their_keys_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
