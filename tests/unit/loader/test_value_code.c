#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/address.h"
#include "loader/value_code.h"

enum { SEED = 7 };

static struct address address_v4(uint8_t last)
{
	return address_from_ipv4((const uint8_t[]){192, 0, 2, last});
}

static struct address address_v6(void)
{
	return (struct address){.octets = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
}

// One of each kind.
static unsigned all_values(struct intake_value values[16])
{
	const struct intake_value all[] = {
		{.type = OBSERVABLE_ADDRESS, .prefix = {address_v4(1), 128}},
		{.type = OBSERVABLE_ADDRESS,
	         .prefix = {address_v4(0), 120},
	         .terms = {.port = 65535, .protocol = 17, .action = ACTION_ALERT}},
		{.type = OBSERVABLE_ADDRESS, .prefix = {address_v6(), 64}},
		{.type = OBSERVABLE_ADDRESS, .prefix = {.length = 0}},
		{.type = OBSERVABLE_ADDRESS, .prefix = {address_v4(0), 95}},
		{.type = OBSERVABLE_ADDRESS,
	         .is_range = true,
	         .range = {.first = address_v4(1), .last = address_v4(9)}},
		{.type = OBSERVABLE_NAME,
	         .text = slice_text("a.example"),
	         .terms = {.kinds = ENTRY_EXACT | ENTRY_PARENT}},
		{.type = OBSERVABLE_URL,
	         .text = slice_text("a.example:8443/x?y"),
	         .host = slice_text("a.example"),
	         .terms = {.kinds = ENTRY_EXACT, .schemes = URL_SCHEME_HTTPS}},
		{.type = OBSERVABLE_HASH,
	         .algorithm = HASH_MD5,
	         .text = slice_text("0123456789abcdef")},
		{.type = OBSERVABLE_NAME,
	         .is_pattern = true,
	         .syntax = PATTERN_LIKE,
	         .text = slice_text("a%.example")},
		{.type = OBSERVABLE_URL,
	         .is_pattern = true,
	         .syntax = PATTERN_MATCHES,
	         .text = slice_text("a.example")},
	};

	memcpy(values, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

static void assert_same(const struct intake_value *a, const struct intake_value *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->is_pattern, b->is_pattern);
	assert_int_equal(a->syntax, b->syntax);
	assert_int_equal(a->algorithm, b->algorithm);
	assert_int_equal(a->is_range, b->is_range);
	assert_memory_equal(&a->prefix, &b->prefix, sizeof(a->prefix));
	assert_memory_equal(&a->range.first, &b->range.first, sizeof(a->range.first));
	assert_memory_equal(&a->range.last, &b->range.last, sizeof(a->range.last));
	assert_true(slice_equal(a->text, b->text));
	assert_true(slice_equal(a->host, b->host));
	assert_int_equal(a->terms.kinds, b->terms.kinds);
	assert_int_equal(a->terms.schemes, b->terms.schemes);
	assert_int_equal(a->terms.protocol, b->terms.protocol);
	assert_int_equal(a->terms.port, b->terms.port);
	assert_int_equal(a->terms.action, b->terms.action);
}

static void values_come_back_as_they_were(void **state)
{
	struct intake_value values[16];
	unsigned count = all_values(values);
	struct intake_value read;
	AUTO_BUFFER bytes = {};
	size_t cursor = 0;

	(void)state;
	for (unsigned i = 0; i < count; i++)
		value_code_append(&bytes, &values[i]);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(value_code_next(buffer_slice(&bytes), &cursor, &read), 1);
		assert_same(&read, &values[i]);
		assert_int_equal(value_code_hash(SEED, &read), value_code_hash(SEED, &values[i]));
	}
	assert_int_equal(value_code_next(buffer_slice(&bytes), &cursor, &read), 0);
}

// Every cut of every value, and every byte changed, in a block of exactly that size.
static void bytes_that_are_no_value_are_told(void **state)
{
	struct intake_value values[16];
	unsigned count = all_values(values);

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		AUTO_BUFFER bytes = {};
		struct intake_value read;

		value_code_append(&bytes, &values[i]);
		for (size_t size = 1; size < bytes.size; size++) {
			uint8_t *copy = malloc(size);
			size_t cursor = 0;

			assert_non_null(copy);
			memcpy(copy, bytes.data, size);
			assert_int_equal(value_code_next(slice_of(copy, size), &cursor, &read),
			                 -EBADMSG);
			assert_int_equal(cursor, 0);
			free(copy);
		}
		for (size_t at = 0; at < 256 * bytes.size; at++) {
			uint8_t *copy = malloc(bytes.size);
			size_t cursor = 0;

			assert_non_null(copy);
			memcpy(copy, bytes.data, bytes.size);
			copy[at / 256] = (uint8_t)at;
			while (value_code_next(slice_of(copy, bytes.size), &cursor, &read) == 1)
				assert_true(read.text.size <= bytes.size);
			free(copy);
		}
	}
}

static void terms_do_not_count_for_the_hash_and_all_else_does(void **state)
{
	struct intake_value values[16];
	unsigned count = all_values(values);

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		uint64_t hash = value_code_hash(SEED, &values[i]);

		assert_int_not_equal(hash, value_code_hash(SEED + 1, &values[i]));
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(hash, value_code_hash(SEED, &values[j]));
		values[i].terms =
			(struct entry_terms){.kinds = 2, .schemes = 1, .port = 7, .action = 1};
		values[i].host = slice_text("");
		assert_int_equal(hash, value_code_hash(SEED, &values[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back_as_they_were),
		cmocka_unit_test(bytes_that_are_no_value_are_told),
		cmocka_unit_test(terms_do_not_count_for_the_hash_and_all_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
