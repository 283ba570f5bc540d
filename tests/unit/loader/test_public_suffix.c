#include "loader/public_suffix.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/unit_test.h"

static enum public_suffix_kind kind_of(const struct public_suffixes *suffixes, const char *name)
{
	return public_suffix_kind(suffixes, slice_text(name));
}

static void check_well_known(const struct public_suffixes *suffixes)
{
	assert_int_equal(kind_of(suffixes, "com"), PUBLIC_SUFFIX_ICANN);
	assert_int_equal(kind_of(suffixes, "co.jp"), PUBLIC_SUFFIX_ICANN);
	assert_int_equal(kind_of(suffixes, "any.ck"), PUBLIC_SUFFIX_ICANN);
	assert_int_equal(kind_of(suffixes, "www.ck"), PUBLIC_SUFFIX_NONE);
	assert_int_equal(kind_of(suffixes, "github.io"), PUBLIC_SUFFIX_PRIVATE);
	assert_int_equal(kind_of(suffixes, "a.github.io"), PUBLIC_SUFFIX_NONE);
	assert_int_equal(kind_of(suffixes, "example.com"), PUBLIC_SUFFIX_NONE);
	assert_int_equal(kind_of(suffixes, "notatoplevel"), PUBLIC_SUFFIX_NONE);
	assert_int_equal(kind_of(suffixes, ""), PUBLIC_SUFFIX_NONE);
}

static void the_list_as_text_and_the_compiled_one_say_the_same(void **state)
{
	struct public_suffixes *suffixes;

	(void)state;
	assert_int_equal(public_suffixes_load(NULL, &suffixes), 0);
	check_well_known(suffixes);
	public_suffixes_free(suffixes);
	assert_int_equal(public_suffixes_load("/nonexistent/list.dat", &suffixes), 0);
	check_well_known(suffixes);
	public_suffixes_free(suffixes);
}

static void the_rules_of_a_list_are_followed(void **state)
{
	static const char text[] = "// a comment\n// ===BEGIN ICANN DOMAINS===\nzone\n*.wide.zone\n"
				   "!not.wide.zone\n\xe6\x97\xa5\xe6\x9c\xac\n"
				   "// ===END ICANN DOMAINS===\n"
				   "// ===BEGIN PRIVATE DOMAINS===\nrented.zone\n"
				   "// ===END PRIVATE DOMAINS===\n";
	struct public_suffixes *suffixes;
	char path[64];
	int fd = memfd_create("list", 0);

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(public_suffixes_load(path, &suffixes), 0);
	assert_int_equal(kind_of(suffixes, "zone"), PUBLIC_SUFFIX_ICANN);
	assert_int_equal(kind_of(suffixes, "a.wide.zone"), PUBLIC_SUFFIX_ICANN);
	assert_int_equal(kind_of(suffixes, "not.wide.zone"), PUBLIC_SUFFIX_NONE);
	assert_int_equal(kind_of(suffixes, "xn--wgv71a"), PUBLIC_SUFFIX_ICANN);
	assert_int_equal(kind_of(suffixes, "rented.zone"), PUBLIC_SUFFIX_PRIVATE);
	assert_int_equal(kind_of(suffixes, "com"), PUBLIC_SUFFIX_NONE);
	public_suffixes_free(suffixes);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_as_text_and_the_compiled_one_say_the_same),
		cmocka_unit_test(the_rules_of_a_list_are_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
