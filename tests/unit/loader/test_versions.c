#include "loader/versions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/timestamp.h"

static struct version_key key_of(const struct versions *versions, const char *id,
                                 const char *source, const char *creator)
{
	return versions_key(versions, slice_text(id), slice_text(source), slice_text(creator));
}

static void newer_same_and_older_are_told_apart(void **state)
{
	struct versions *versions;
	uint32_t holder;

	(void)state;
	assert_int_equal(versions_create(&versions), 0);
	struct version_key key = key_of(versions, "indicator--1", "feed", "identity--1");
	assert_int_equal(versions_judge(versions, key, 10, &holder), VERSION_NEW);
	assert_int_equal(holder, 0);
	assert_int_equal(versions_set(versions, key, 10, 7), 0);
	assert_int_equal(versions_judge(versions, key, 10, &holder), VERSION_SAME);
	assert_int_equal(holder, 7);
	assert_int_equal(versions_judge(versions, key, 9, &holder), VERSION_OLDER);
	assert_int_equal(versions_judge(versions, key, 11, &holder), VERSION_NEWER);
	assert_int_equal(versions_set(versions, key, 11, 8), 0);
	assert_int_equal(versions_judge(versions, key, 10, &holder), VERSION_OLDER);
	assert_int_equal(holder, 8);
	versions_free(versions);
}

static void another_source_or_creator_is_another_object(void **state)
{
	struct versions *versions;
	uint32_t holder;

	(void)state;
	assert_int_equal(versions_create(&versions), 0);
	struct version_key key = key_of(versions, "indicator--1", "feed", "identity--1");
	assert_int_equal(versions_set(versions, key, 10, 7), 0);
	key = key_of(versions, "indicator--1", "other", "identity--1");
	assert_int_equal(versions_judge(versions, key, 11, &holder), VERSION_NEW);
	key = key_of(versions, "indicator--1", "feed", "identity--2");
	assert_int_equal(versions_judge(versions, key, 11, &holder), VERSION_NEW);
	key = key_of(versions, "indicator--1", "feed", "");
	assert_int_equal(versions_judge(versions, key, 11, &holder), VERSION_NEW);
	versions_free(versions);
}

static void revoked_is_for_ever(void **state)
{
	struct versions *versions;
	uint32_t holder;

	(void)state;
	assert_int_equal(versions_create(&versions), 0);
	struct version_key key = key_of(versions, "indicator--1", "feed", "");
	assert_int_equal(versions_set(versions, key, 10, 7), 0);
	assert_int_equal(versions_revoke(versions, key), 0);
	assert_int_equal(versions_judge(versions, key, TIMESTAMP_MAX, &holder), VERSION_REVOKED);
	assert_int_equal(holder, 0);
	versions_free(versions);
}

static void the_end_of_time_does_not_revoke(void **state)
{
	struct versions *versions;
	uint32_t holder;

	(void)state;
	assert_int_equal(versions_create(&versions), 0);
	struct version_key key = key_of(versions, "indicator--1", "feed", "");
	assert_int_equal(versions_set(versions, key, TIMESTAMP_MAX, 7), 0);
	assert_int_equal(versions_judge(versions, key, TIMESTAMP_MAX, &holder), VERSION_SAME);
	versions_free(versions);
}

// All of many are found again, each once, in little memory; also when they share one id.
static void assert_holds_many(bool is_one_id)
{
	enum { COUNT = 200000 };
	struct versions *versions;
	const struct version *version;
	uint64_t cursor = 0;
	uint64_t sum = 0;
	uint64_t count = 0;
	char text[32];

	assert_int_equal(versions_create(&versions), 0);
	for (uint32_t i = 1; i <= COUNT; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		struct version_key key = is_one_id ? key_of(versions, "same", "feed", text)
		                                   : key_of(versions, text, "feed", "");
		assert_int_equal(versions_set(versions, key, i, i), 0);
	}
	while ((version = versions_next(versions, &cursor)) != NULL) {
		sum += version->holder;
		count++;
	}
	// Owners are told apart by 32 bits of a hash: a few of very many may be taken for one.
	assert_in_range(count, is_one_id ? COUNT - 50 : COUNT, COUNT);
	if (!is_one_id)
		assert_int_equal(sum, (uint64_t)COUNT * (COUNT + 1) / 2);
	assert_in_range(versions_memory_bytes(versions), 24 * COUNT, 36 * COUNT);
	versions_free(versions);
}

static void many_objects_cost_little_memory(void **state)
{
	(void)state;
	assert_holds_many(false);
}

static void many_owners_of_one_id_are_held_apart(void **state)
{
	(void)state;
	assert_holds_many(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newer_same_and_older_are_told_apart),
		cmocka_unit_test(another_source_or_creator_is_another_object),
		cmocka_unit_test(revoked_is_for_ever),
		cmocka_unit_test(the_end_of_time_does_not_revoke),
		cmocka_unit_test(many_objects_cost_little_memory),
		cmocka_unit_test(many_owners_of_one_id_are_held_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
