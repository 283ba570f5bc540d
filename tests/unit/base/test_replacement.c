#include "base/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_BYTES = 64 };

struct fixture {
	char folder[PATH_BYTES];
	char path[PATH_BYTES + 16];
	char link[PATH_BYTES + 16];
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected)
{
	char text[16] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, expected);
}

static void open_fixture(struct fixture *fixture)
{
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/sekisho-replace-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/file", fixture->folder);
	(void)snprintf(fixture->link, sizeof(fixture->link), "%s/link", fixture->folder);
	write_file(fixture->path, "old");
}

// Nothing but the file and the link may be left.
static void close_fixture(struct fixture *fixture)
{
	(void)unlink(fixture->link);
	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(rmdir(fixture->folder), 0);
}

static struct replacement *write_new(const char *path)
{
	struct replacement *replacement = NULL;

	assert_int_equal(replacement_open(path, &replacement), 0);
	assert_int_equal(write(replacement_descriptor(replacement), "new", 3), 3);
	return replacement;
}

static void what_was_there_stays_until_the_commit(void **state)
{
	struct fixture fixture;
	(void)state;

	open_fixture(&fixture);
	struct replacement *replacement = write_new(fixture.path);
	assert_content(fixture.path, "old");
	assert_int_equal(replacement_commit(replacement), 0);
	assert_content(fixture.path, "new");
	replacement_free(replacement);
	close_fixture(&fixture);
}

static void what_is_abandoned_leaves_no_trace(void **state)
{
	struct fixture fixture;
	(void)state;

	open_fixture(&fixture);
	replacement_free(write_new(fixture.path));
	assert_content(fixture.path, "old");
	close_fixture(&fixture);
}

static void a_symbolic_link_stays_one(void **state)
{
	struct fixture fixture;
	struct stat status;
	(void)state;

	open_fixture(&fixture);
	assert_int_equal(symlink("file", fixture.link), 0);
	struct replacement *replacement = write_new(fixture.link);
	assert_int_equal(replacement_commit(replacement), 0);
	replacement_free(replacement);
	assert_int_equal(lstat(fixture.link, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_content(fixture.path, "new");
	close_fixture(&fixture);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	struct replacement *untouched = (void *)0x1;
	(void)state;

	assert_int_equal(replacement_open("/nowhere/at/all", &untouched), -ENOENT);
	assert_ptr_equal(untouched, (void *)0x1);
	replacement_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_there_stays_until_the_commit),
		cmocka_unit_test(what_is_abandoned_leaves_no_trace),
		cmocka_unit_test(a_symbolic_link_stays_one),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
