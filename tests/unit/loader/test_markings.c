#include "loader/markings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/match.h"

enum { INDICATORS = 1000 };

static struct slice marking_id(unsigned number, char text[64])
{
	(void)snprintf(text, 64, "marking-definition--44444444-4444-4444-8444-%012u", number);
	return slice_text(text);
}

static void levels_have_names_of_both_versions(void **state)
{
	(void)state;
	assert_int_equal(markings_tlp_by_name(slice_text("white")), TLP_CLEAR);
	assert_int_equal(markings_tlp_by_name(slice_text("TLP:CLEAR")), TLP_CLEAR);
	assert_int_equal(markings_tlp_by_name(slice_text("Green")), TLP_GREEN);
	assert_int_equal(markings_tlp_by_name(slice_text("amber")), TLP_AMBER);
	assert_int_equal(markings_tlp_by_name(slice_text("tlp:amber+strict")), TLP_AMBER_STRICT);
	assert_int_equal(markings_tlp_by_name(slice_text("RED")), TLP_RED);
	assert_int_equal(markings_tlp_by_name(slice_text("redder")), TLP_NONE);
	assert_int_equal(markings_tlp_by_name(slice_text("")), TLP_NONE);
}

static void the_standards_markings_are_known_by_id(void **state)
{
	char other[64];

	(void)state;
	assert_int_equal(markings_tlp_by_id(slice_text("marking-definition--"
	                                               "f88d31f6-486f-44da-b317-01333bde0b82")),
	                 TLP_AMBER);
	assert_int_equal(markings_tlp_by_id(slice_text("marking-definition--"
	                                               "939a9414-2ddd-4d32-a0cd-375ea402b003")),
	                 TLP_AMBER_STRICT);
	assert_int_equal(markings_tlp_by_id(slice_text("marking-definition--")), TLP_NONE);
	assert_int_equal(markings_tlp_by_id(marking_id(1, other)), TLP_NONE);
}

// Of indicator i: green by marking i % 2, red by marking i when i is a multiple of 10.
static enum tlp expected_level(uint32_t indicator_id)
{
	return indicator_id % 10 == 0 ? TLP_RED : indicator_id % 2 == 0 ? TLP_GREEN : TLP_NONE;
}

static bool check_level(void *context, uint32_t indicator_id, const struct indicator *indicator)
{
	assert_int_equal(indicator->tlp, expected_level(indicator_id));
	++*(unsigned *)context;
	return true;
}

static void apply_all(struct markings *markings, struct build *build)
{
	const struct indicator indicator = {.valid_until_ns = TIMESTAMP_MAX};
	char text[64];

	for (uint32_t i = 1; i <= INDICATORS; i++) {
		uint32_t id;

		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
		assert_int_equal(id, i);
		assert_int_equal(markings_apply(markings, marking_id(i % 2, text), id), 0);
		if (i % 10 == 0)
			assert_int_equal(markings_apply(markings, marking_id(i, text), id), 0);
	}
}

static void define_all(struct markings *markings)
{
	char text[64];

	for (uint32_t i = 10; i <= INDICATORS; i += 10) {
		assert_int_equal(markings_define(markings, marking_id(i, text), TLP_RED), 0);
		assert_int_equal(markings_define(markings, marking_id(i, text), TLP_CLEAR), 0);
	}
	assert_int_equal(markings_define(markings, marking_id(0, text), TLP_GREEN), 0);
	assert_int_equal(markings_define(markings, marking_id(1, text), TLP_NONE), 0);
}

static void rows_of_many_markings_are_settled_at_the_end(void **state)
{
	struct markings *markings;
	struct build *build;
	struct database *database;
	struct build_figures figures;
	struct report report = {0};
	unsigned seen = 0;
	int fd = memfd_create("database", 0);

	(void)state;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(markings_create(&markings), 0);
	apply_all(markings, build);
	define_all(markings);
	markings_settle(markings, build, &report);
	assert_int_equal(report.count, 0);

	assert_int_equal(build_write(build, fd, NULL, &report, &figures), 0);
	assert_int_equal(database_open_fd(fd, "test", &report, &database), 0);
	database_each_indicator(database, check_level, &seen);
	assert_int_equal(seen, INDICATORS);
	database_close(database);
	close(fd);
	markings_free(markings);
	build_free(build);
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_have_names_of_both_versions),
		cmocka_unit_test(the_standards_markings_are_known_by_id),
		cmocka_unit_test(rows_of_many_markings_are_settled_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
