#include "app/output_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sekisho-test-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink("result");
	(void)unlink("link");
	return chdir("/") == 0 ? rmdir(folder) : -1; // fails when a temporary file is left
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_not_equal(fputs(text, file), EOF);
	assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected)
{
	char content[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	(void)fread(content, 1, sizeof(content) - 1, file);
	(void)fclose(file);
	assert_string_equal(content, expected);
}

static void a_result_appears_whole_when_committed(void **state)
{
	AUTO(output_file) output = NULL;
	struct stat status;
	(void)state;

	write_file("result", "old");
	assert_int_equal(output_file_open("result", &output), 0);
	(void)fputs("new", output_file_stream(output));
	assert_int_equal(fflush(output_file_stream(output)), 0);
	assert_content("result", "old");
	assert_int_equal(output_file_commit(output), 0);
	assert_content("result", "new");
	assert_int_equal(stat("result", &status), 0);
	assert_int_equal(status.st_mode & 0777 & 0400, 0400);
	assert_int_equal(status.st_mode & 0111, 0);
}

static void an_abandoned_result_leaves_what_was_there(void **state)
{
	struct output_file *output;
	(void)state;

	write_file("result", "old");
	assert_int_equal(output_file_open("result", &output), 0);
	(void)fputs("half", output_file_stream(output));
	output_file_free(output);
	assert_content("result", "old");
}

static void a_link_stays_a_link(void **state)
{
	AUTO(output_file) output = NULL;
	struct stat status;
	(void)state;

	write_file("result", "old");
	assert_int_equal(symlink("result", "link"), 0);
	assert_int_equal(output_file_open("link", &output), 0);
	(void)fputs("new", output_file_stream(output));
	assert_int_equal(output_file_commit(output), 0);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_content("result", "new");
}

static void places_that_cannot_be_written_are_refused(void **state)
{
	struct output_file *untouched = (void *)0x1;
	(void)state;

	assert_int_equal(output_file_open("no/such/folder", &untouched), -ENOENT);
	assert_int_equal(output_file_open(".", &untouched), -EISDIR);
	assert_ptr_equal(untouched, (void *)0x1);
}

static void a_full_disk_is_an_error(void **state)
{
	AUTO(output_file) output = NULL;
	(void)state;

	assert_int_equal(output_file_open("/dev/full", &output), 0);
	(void)fputs("text", output_file_stream(output));
	assert_int_equal(output_file_commit(output), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_appears_whole_when_committed),
		cmocka_unit_test(an_abandoned_result_leaves_what_was_there),
		cmocka_unit_test(a_link_stays_a_link),
		cmocka_unit_test(places_that_cannot_be_written_are_refused),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
