#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/indicator.h"
#include "engine/object_builder.h"
#include "engine/object_store.h"

static int write_to_buffer(void *context, const void *bytes, size_t size)
{
	struct buffer *buffer = context;

	buffer_append(buffer, bytes, size);
	return buffer->failed ? -ENOMEM : 0;
}

static int refuse(void *context, const void *bytes, size_t size)
{
	(void)context;
	(void)bytes;
	(void)size;
	return -ENOSPC;
}

static void object_text(unsigned number, char ret_id[64], char ret_json[1024])
{
	(void)snprintf(ret_id, 64, "indicator--%08x-0000-4000-8000-000000000000", number);
	(void)snprintf(ret_json, 1024,
	               "{\"type\":\"indicator\",\"id\":\"%s\",\"pattern\":\"[ipv4-addr:value = "
	               "'192.0.2.%u']\",\"description\":\"%0*u\"}",
	               ret_id, number % 256, (int)(number % 700 + 1), number * 2654435761u);
}

static void keep_many(struct object_builder *builder, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char id[64];
		char json[1024];

		object_text(i, id, json);
		// Every third is something indicators refer to.
		uint32_t indicator_id = i % 3 == 0 ? NO_INDICATOR : i;
		assert_int_equal(object_builder_keep(builder, indicator_id, slice_text(id),
		                                     slice_text(json)),
		                 0);
	}
}

static struct buffer section_of(struct object_builder *builder)
{
	struct buffer section = {0};
	uint64_t bytes;

	assert_int_equal(object_builder_write(builder, write_to_buffer, &section, &bytes), 0);
	assert_int_equal(bytes, section.size);
	return section;
}

static struct buffer many_objects(unsigned count)
{
	AUTO(object_builder) builder = NULL;

	assert_int_equal(object_builder_create(&builder), 0);
	keep_many(builder, count);
	return section_of(builder);
}

static void every_object_is_found_by_both_ids(void **state)
{
	enum { COUNT = 3000 };
	struct buffer section = many_objects(COUNT);
	struct object_store store;
	(void)state;

	assert_int_equal(object_store_open(buffer_slice(&section), &store), 0);
	assert_true(store.header.block_count > 3);
	for (unsigned i = 0; i < COUNT; i++) {
		struct buffer json = {0};
		char id[64];
		char expected[1024];

		object_text(i, id, expected);
		assert_int_equal(object_store_find(&store, slice_text(id), &json), 0);
		assert_true(slice_is(buffer_slice(&json), expected));
		buffer_clear(&json);
		assert_int_equal(object_store_find_indicator(&store, i, &json),
		                 i % 3 == 0 ? -ENOENT : 0);
		assert_true(slice_is(buffer_slice(&json), i % 3 == 0 ? "" : expected));
		buffer_close(&json);
	}
	buffer_close(&section);
}

static void an_unknown_id_is_not_found(void **state)
{
	struct buffer section = many_objects(10);
	struct object_store store;
	struct buffer json = {0};
	(void)state;

	assert_int_equal(object_store_open(buffer_slice(&section), &store), 0);
	assert_int_equal(object_store_find(&store, slice_text("identity--x"), &json), -ENOENT);
	assert_int_equal(object_store_find_indicator(&store, 11, &json), -ENOENT);
	assert_int_equal(object_store_open(slice_of(NULL, 0), &store), 0);
	assert_int_equal(object_store_find(&store, slice_text("identity--x"), &json), -ENOENT);
	assert_int_equal(json.size, 0);
	buffer_close(&json);
	buffer_close(&section);
}

static void the_last_of_equal_ids_counts(void **state)
{
	AUTO(object_builder) builder = NULL;
	struct object_store store;
	struct buffer json = {0};
	(void)state;

	assert_int_equal(object_builder_create(&builder), 0);
	assert_int_equal(object_builder_keep(builder, 5, slice_text("a--1"), slice_text("old")), 0);
	keep_many(builder, 1000);
	assert_int_equal(object_builder_keep(builder, 5, slice_text("a--1"), slice_text("new")), 0);
	struct buffer section = section_of(builder);
	assert_int_equal(object_store_open(buffer_slice(&section), &store), 0);
	assert_int_equal(object_store_find(&store, slice_text("a--1"), &json), 0);
	assert_int_equal(object_store_find_indicator(&store, 5, &json), 0);
	assert_true(slice_is(buffer_slice(&json), "newnew"));
	buffer_close(&json);
	buffer_close(&section);
}

static void an_object_larger_than_a_block_is_kept_whole(void **state)
{
	enum { SIZE = 3 * 1024 * 1024 };
	AUTO(object_builder) builder = NULL;
	struct object_store store;
	struct buffer json = {0};
	uint8_t *large = malloc(SIZE);
	(void)state;

	for (size_t i = 0; i < SIZE; i++)
		large[i] = (uint8_t)(i * i >> 7);
	assert_int_equal(object_builder_create(&builder), 0);
	keep_many(builder, 10);
	assert_int_equal(
		object_builder_keep(builder, 77, slice_text("a--1"), slice_of(large, SIZE)), 0);
	assert_int_equal(object_builder_keep(builder, 78, slice_text("a--2"), slice_text("{}")), 0);
	assert_int_equal(object_builder_keep(builder, 79, slice_text("a--3"),
	                                     slice_of(large, (size_t)OBJECT_BYTES_MAX)),
	                 -EFBIG);
	struct buffer section = section_of(builder);
	assert_int_equal(object_store_open(buffer_slice(&section), &store), 0);
	assert_int_equal(object_store_find_indicator(&store, 77, &json), 0);
	assert_true(slice_equal(buffer_slice(&json), slice_of(large, SIZE)));
	buffer_clear(&json);
	assert_int_equal(object_store_find(&store, slice_text("a--2"), &json), 0);
	assert_true(slice_is(buffer_slice(&json), "{}"));
	buffer_close(&json);
	buffer_close(&section);
	free(large);
}

static void the_same_objects_give_the_same_bytes(void **state)
{
	struct buffer first = many_objects(2000);
	struct buffer second = many_objects(2000);
	(void)state;

	assert_true(slice_equal(buffer_slice(&first), buffer_slice(&second)));
	buffer_close(&first);
	buffer_close(&second);
}

static void nothing_kept_is_a_section_too(void **state)
{
	struct buffer section = many_objects(0);
	struct object_store store;
	struct buffer json = {0};
	(void)state;

	assert_int_equal(object_store_open(buffer_slice(&section), &store), 0);
	assert_int_equal(object_store_find_indicator(&store, 1, &json), -ENOENT);
	buffer_close(&section);
}

static void the_writers_error_is_handed_on(void **state)
{
	AUTO(object_builder) builder = NULL;
	uint64_t bytes = 7;
	(void)state;

	assert_int_equal(object_builder_create(&builder), 0);
	keep_many(builder, 3);
	assert_int_equal(object_builder_write(builder, refuse, NULL, &bytes), -ENOSPC);
	assert_int_equal(bytes, 7);
}

static void a_missing_folder_is_told(void **state)
{
	AUTO(object_builder) builder = NULL;
	struct buffer section = {0};
	uint64_t bytes;
	(void)state;

	assert_int_equal(object_builder_create(&builder), 0);
	keep_many(builder, 3);
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	assert_int_equal(object_builder_write(builder, write_to_buffer, &section, &bytes), -ENOENT);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	buffer_close(&section);
}

// Asks for everything; only the absence of crashes and of wrong answers taken for good counts.
static void ask_for_all(struct slice section, unsigned count)
{
	struct object_store store;

	if (object_store_open(section, &store) < 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		struct buffer json = {0};
		char id[64];
		char expected[1024];

		object_text(i, id, expected);
		(void)object_store_find(&store, slice_text(id), &json);
		(void)object_store_find_indicator(&store, i, &json);
		buffer_close(&json);
	}
}

static void a_damaged_section_does_not_crash(void **state)
{
	enum { COUNT = 20 };
	struct buffer section = many_objects(COUNT);
	(void)state;

	srandom(3);
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t *copy = malloc(section.size);
		size_t size = round % 2 ? section.size : (size_t)random() % section.size;

		memcpy(copy, section.data, size);
		for (unsigned i = 0; size > 0 && i < 1 + round % 4; i++)
			copy[(size_t)random() % size] = (uint8_t)random();
		uint8_t *exact = malloc(size > 0 ? size : 1);
		memcpy(exact, copy, size);
		ask_for_all(slice_of(exact, size), COUNT);
		free(exact);
		free(copy);
	}
	buffer_close(&section);
}

static void a_damaged_block_is_told(void **state)
{
	struct buffer section = many_objects(20);
	struct object_store store;
	struct buffer json = {0};
	(void)state;

	section.data[section.size - 1] ^= 1; // of the block's checksum
	assert_int_equal(object_store_open(buffer_slice(&section), &store), 0);
	assert_int_equal(object_store_find_indicator(&store, 1, &json), -EBADMSG);
	assert_int_equal(
		object_store_open(slice_first(buffer_slice(&section), section.size - 1), &store),
		-EBADMSG);
	assert_int_equal(object_store_open(slice_first(buffer_slice(&section), 3), &store),
	                 -EBADMSG);
	buffer_close(&section);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_object_is_found_by_both_ids),
		cmocka_unit_test(an_unknown_id_is_not_found),
		cmocka_unit_test(the_last_of_equal_ids_counts),
		cmocka_unit_test(an_object_larger_than_a_block_is_kept_whole),
		cmocka_unit_test(the_same_objects_give_the_same_bytes),
		cmocka_unit_test(nothing_kept_is_a_section_too),
		cmocka_unit_test(the_writers_error_is_handed_on),
		cmocka_unit_test(a_missing_folder_is_told),
		cmocka_unit_test(a_damaged_section_does_not_crash),
		cmocka_unit_test(a_damaged_block_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
