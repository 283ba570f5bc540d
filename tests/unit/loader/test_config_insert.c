#include "loader/config_insert.h"

#include <errno.h>

#include "tests/unit/unit_test.h"

static const struct config_pair pairs[] = {{"name", "n\"1"}, {"kind", NULL}, {"address", "a"}};

static void assert_inserted(const char *text, const char *expected)
{
	struct buffer result = {0};

	assert_int_equal(config_insert_source(slice_text(text), pairs, 3, &result), 0);
	buffer_append_byte(&result, 0);
	assert_string_equal((const char *)result.data, expected);
	buffer_close(&result);
}

#define ITEM(indent) indent "- name: \"n\\\"1\"\n" indent "  address: \"a\"\n"

static void a_source_goes_behind_the_last_one(void **state)
{
	(void)state;
	assert_inserted("sources:\n  - name: x # c\n    kind: file\n\n# end\npolicy: []\n",
	                "sources:\n  - name: x # c\n    kind: file\n" ITEM("  ") "\n# end\npolicy: "
	                                                                         "[]\n");
	assert_inserted("sources:\n- {name: x, kind: file} # c\nstore: y\n",
	                "sources:\n- {name: x, kind: file} # c\n" ITEM("") "store: y\n");
	assert_inserted("sources:\n- name: x", "sources:\n- name: x\n" ITEM(""));
}

static void a_first_source_gets_its_list(void **state)
{
	(void)state;
	assert_inserted("", "sources:\n" ITEM("  "));
	assert_inserted("store: y\n\n", "store: y\n\nsources:\n" ITEM("  "));
	assert_inserted("sources: [] # none\nstore: y\n",
	                "sources: \n  - name: \"n\\\"1\"\n    address: \"a\" # none\nstore: y\n");
}

static void characters_of_several_bytes_do_not_move_it(void **state)
{
	(void)state;
	assert_inserted("# \xe9\x96\xa2\xe6\x89\x80\nsources:\n- name: \xe9\x96\xa2\nstore: y\n",
	                "# \xe9\x96\xa2\xe6\x89\x80\nsources:\n- name: \xe9\x96\xa2\n" ITEM(
				"") "store: y\n");
}

static void a_text_of_several_lines_ends_behind_its_last(void **state)
{
	(void)state;
	assert_inserted("sources:\n- name: |\n    x\n    y\nstore: z\n",
	                "sources:\n- name: |\n    x\n    y\n" ITEM("") "store: z\n");
}

static void sources_in_one_line_are_left_alone(void **state)
{
	struct buffer result = {0};

	(void)state;
	assert_int_equal(
		config_insert_source(slice_text("sources: [{name: x}]\n"), pairs, 3, &result),
		-ENOTSUP);
	assert_int_equal(config_insert_source(slice_text("{store: y}\n"), pairs, 3, &result),
	                 -ENOTSUP);
	assert_int_equal(config_insert_source(slice_text("- a\n"), pairs, 3, &result), -ENOTSUP);
	assert_int_equal(config_insert_source(slice_text("a: [\n"), pairs, 3, &result), -EINVAL);
	buffer_close(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_goes_behind_the_last_one),
		cmocka_unit_test(a_first_source_gets_its_list),
		cmocka_unit_test(characters_of_several_bytes_do_not_move_it),
		cmocka_unit_test(a_text_of_several_lines_ends_behind_its_last),
		cmocka_unit_test(sources_in_one_line_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
