// Which files of a folder are read.
#include "loader/file_list.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct folder {
	char path[64];
	char *names[4];
	unsigned count;
};

static void open_folder(struct folder *folder)
{
	*folder = (struct folder){.path = "/tmp/sekisho-list-XXXXXX"};
	assert_non_null(mkdtemp(folder->path));
}

static const char *add_name(struct folder *folder, const char *name)
{
	char **path = &folder->names[folder->count++];

	assert_true(asprintf(path, "%s/%s", folder->path, name) > 0);
	return *path;
}

static void add_file(struct folder *folder, const char *name)
{
	int fd = open(add_name(folder, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void close_folder(struct folder *folder)
{
	for (unsigned i = 0; i < folder->count; i++) {
		(void)unlink(folder->names[i]);
		free(folder->names[i]);
	}
	assert_int_equal(rmdir(folder->path), 0);
}

static void a_folder_gives_its_files_in_order(void **state)
{
	struct folder folder;
	struct file_list list = {0};
	(void)state;

	open_folder(&folder);
	add_file(&folder, "b.txt");
	add_file(&folder, "a.txt");
	add_file(&folder, "c.tmp");
	add_file(&folder, ".hidden");
	assert_int_equal(file_list_add(&list, folder.path), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.names[0], folder.names[1]);
	assert_string_equal(list.names[1], folder.names[0]);
	file_list_close(&list);
	close_folder(&folder);
}

// It costs itself: it is told when it is opened.
static void a_link_that_leads_nowhere_leaves_the_others(void **state)
{
	struct folder folder;
	struct file_list list = {0};
	int fd;
	(void)state;

	open_folder(&folder);
	add_file(&folder, "a.txt");
	assert_int_equal(symlink("/nowhere/at/all", add_name(&folder, "b.txt")), 0);
	assert_int_equal(file_list_add(&list, folder.path), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(file_list_open(list.names[1], &fd), -ENOENT);
	file_list_close(&list);
	close_folder(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_gives_its_files_in_order),
		cmocka_unit_test(a_link_that_leads_nowhere_leaves_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
