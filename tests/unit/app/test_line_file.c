#include "app/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "tests/unit/unit_test.h"

enum { PENDING_BYTES = 4096 };

struct scene {
	char folder[64], path[96], moved[96];
	struct line_file *file;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	(void)strcpy(scene->folder, "/tmp/sekisho-lines-XXXXXX");
	if (mkdtemp(scene->folder) == NULL)
		return -1;
	(void)snprintf(scene->path, sizeof(scene->path), "%s/hits", scene->folder);
	(void)snprintf(scene->moved, sizeof(scene->moved), "%s/moved", scene->folder);
	*state = scene;
	return line_file_open(scene->path, PENDING_BYTES, &scene->file);
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	line_file_free(scene->file);
	(void)unlink(scene->path);
	(void)unlink(scene->moved);
	(void)rmdir(scene->folder);
	free(scene);
	return 0;
}

static void assert_content(const char *path, const char *expected)
{
	char text[2 * PENDING_BYTES] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, sizeof(text) - 1);

	assert_true(fd >= 0 && size >= 0);
	(void)close(fd);
	assert_string_equal(text, expected);
}

// No file may grow beyond `size` bytes while it lasts.
static void limit_files(rlim_t size)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lines_are_appended_in_order(void **state)
{
	struct scene *scene = *state;
	struct stat status;

	line_file_add(scene->file, slice_text("one\n"));
	line_file_add(scene->file, slice_text("two\n"));
	assert_content(scene->path, "");
	assert_int_equal(line_file_flush(scene->file), 0);
	line_file_add(scene->file, slice_text("three\n"));
	assert_int_equal(line_file_flush(scene->file), 0);
	assert_content(scene->path, "one\ntwo\nthree\n");
	assert_int_equal(line_file_written(scene->file), 3);
	assert_int_equal(line_file_lost(scene->file), 0);
	assert_int_equal(stat(scene->path, &status), 0);
	assert_int_equal(status.st_mode & 0777 & ~0640, 0);
}

static void a_file_that_was_moved_away_is_followed_by_a_new_one(void **state)
{
	struct scene *scene = *state;

	line_file_add(scene->file, slice_text("one\n"));
	assert_int_equal(line_file_flush(scene->file), 0);
	assert_int_equal(rename(scene->path, scene->moved), 0);
	line_file_add(scene->file, slice_text("two\n"));
	assert_int_equal(line_file_reopen(scene->file, scene->path), 0);
	assert_int_equal(line_file_flush(scene->file), 0);
	assert_content(scene->moved, "one\n");
	assert_content(scene->path, "two\n");
}

static void a_path_that_cannot_be_opened_leaves_the_file_in_use(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(line_file_reopen(scene->file, "/nowhere/at/all"), -ENOENT);
	line_file_add(scene->file, slice_text("one\n"));
	assert_int_equal(line_file_flush(scene->file), 0);
	assert_content(scene->path, "one\n");
}

static void of_a_line_that_does_not_fit_nothing_stays(void **state)
{
	struct scene *scene = *state;

	limit_files(6);
	line_file_add(scene->file, slice_text("one\n"));
	line_file_add(scene->file, slice_text("two\n"));
	assert_true(line_file_flush(scene->file) < 0);
	assert_content(scene->path, "one\n");
	assert_int_equal(line_file_written(scene->file), 1);
	limit_files(100);
	assert_int_equal(line_file_flush(scene->file), 0);
	assert_content(scene->path, "one\ntwo\n");
	assert_int_equal(line_file_lost(scene->file), 0);
	limit_files(RLIM_INFINITY);
}

static void what_waits_is_bounded_and_the_rest_is_counted(void **state)
{
	struct scene *scene = *state;
	char line[101];
	unsigned fit = PENDING_BYTES / 100;

	memset(line, 'x', 99);
	(void)strcpy(line + 99, "\n");
	limit_files(0);
	for (unsigned i = 0; i < fit + 7; i++)
		line_file_add(scene->file, slice_text(line));
	assert_true(line_file_flush(scene->file) < 0);
	assert_int_equal(line_file_lost(scene->file), 7);
	limit_files(RLIM_INFINITY);
	assert_int_equal(line_file_flush(scene->file), 0);
	assert_int_equal(line_file_written(scene->file), fit);
}

static void a_pipe_that_nobody_reads_is_not_waited_for(void **state)
{
	struct scene *scene = *state;
	struct line_file *file;
	char line[PENDING_BYTES / 2];
	char read_back[PENDING_BYTES];
	int error = 0;

	assert_int_equal(mkfifo(scene->moved, 0600), 0);
	int reader = open(scene->moved, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(line_file_open(scene->moved, PENDING_BYTES, &file), 0);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (unsigned i = 0; i < 1000 && error == 0; i++) {
		line_file_add(file, slice_of(line, sizeof(line)));
		error = line_file_flush(file);
	}
	assert_int_equal(error, -EAGAIN);
	assert_int_equal(read(reader, read_back, sizeof(read_back)), sizeof(read_back));
	while (read(reader, read_back, sizeof(read_back)) > 0)
		;
	assert_int_equal(line_file_flush(file), 0);
	line_file_free(file);
	(void)close(reader);
}

static void a_pipe_may_be_there_before_its_reader(void **state)
{
	struct scene *scene = *state;
	struct line_file *file;
	char read_back[PENDING_BYTES];

	assert_int_equal(mkfifo(scene->moved, 0600), 0);
	assert_int_equal(line_file_open(scene->moved, PENDING_BYTES, &file), 0);
	line_file_add(file, slice_text("early\n"));
	assert_int_equal(line_file_flush(file), 0);
	int reader = open(scene->moved, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(read(reader, read_back, sizeof(read_back)), 6);
	assert_memory_equal(read_back, "early\n", 6);
	line_file_free(file);
	(void)close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LINE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		LINE_TEST(lines_are_appended_in_order),
		LINE_TEST(a_file_that_was_moved_away_is_followed_by_a_new_one),
		LINE_TEST(a_path_that_cannot_be_opened_leaves_the_file_in_use),
		LINE_TEST(of_a_line_that_does_not_fit_nothing_stays),
		LINE_TEST(what_waits_is_bounded_and_the_rest_is_counted),
		LINE_TEST(a_pipe_that_nobody_reads_is_not_waited_for),
		LINE_TEST(a_pipe_may_be_there_before_its_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
