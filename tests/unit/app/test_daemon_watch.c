#include "app/daemon_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "tests/unit/unit_test.h"

struct scene {
	char folder[64], path[96], other[96];
	struct daemon_watch *watch;
};

static void write_file(const char *folder, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	(void)close(fd);
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	(void)strcpy(scene->folder, "/tmp/sekisho-watch-XXXXXX");
	if (mkdtemp(scene->folder) == NULL)
		return -1;
	(void)snprintf(scene->path, sizeof(scene->path), "%s/a.skdb", scene->folder);
	(void)snprintf(scene->other, sizeof(scene->other), "%s/b", scene->folder);
	*state = scene;
	return daemon_watch_open(scene->path, &scene->watch);
}

static int tear_down(void **state)
{
	static const char *const suffixes[] = {"", ".overlay", ".state", ".tmp"};
	struct scene *scene = *state;
	char path[128];

	daemon_watch_free(scene->watch);
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", scene->path, suffixes[i]);
		(void)unlink(path);
	}
	(void)unlink(scene->other);
	(void)rmdir(scene->folder);
	free(scene);
	return 0;
}

// Times are the test's own: nothing is waited for.
static void assert_told_once(struct daemon_watch *watch)
{
	int wait_ms;

	assert_false(daemon_watch_is_due(watch, NS_PER_S, &wait_ms));
	assert_in_range(wait_ms, 1, 1000);
	assert_true(daemon_watch_is_due(watch, 2 * NS_PER_S, &wait_ms));
	assert_false(daemon_watch_is_due(watch, 3 * NS_PER_S, &wait_ms));
	assert_int_equal(wait_ms, -1);
}

static void a_file_renamed_into_place_is_told_once_it_is_quiet(void **state)
{
	struct scene *scene = *state;

	write_file(scene->folder, "b");
	assert_int_equal(rename(scene->other, scene->path), 0);
	assert_told_once(scene->watch);
}

static void overlay_and_state_are_of_the_database_too(void **state)
{
	struct scene *scene = *state;

	write_file(scene->folder, "a.skdb.overlay");
	assert_told_once(scene->watch);
	write_file(scene->folder, "a.skdb.state");
	assert_told_once(scene->watch);
}

static void other_files_are_nobodys_business(void **state)
{
	struct scene *scene = *state;
	int wait_ms;

	write_file(scene->folder, "b");
	write_file(scene->folder, "a.skdb.tmp");
	assert_false(daemon_watch_is_due(scene->watch, NS_PER_S, &wait_ms));
	assert_int_equal(wait_ms, -1);
}

static void who_never_stops_writing_is_not_waited_for_for_ever(void **state)
{
	struct scene *scene = *state;
	unsigned told = 0;
	int wait_ms;

	for (int64_t now_ns = NS_PER_S; now_ns < 5 * NS_PER_S; now_ns += 100 * NS_PER_MS) {
		write_file(scene->folder, "a.skdb");
		told += daemon_watch_is_due(scene->watch, now_ns, &wait_ms);
	}
	assert_in_range(told, 1, 2);
}

static void a_folder_that_is_not_there_cannot_be_watched(void **state)
{
	struct daemon_watch *watch;

	(void)state;
	assert_int_equal(daemon_watch_open("/nowhere/a.skdb", &watch), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WATCH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		WATCH_TEST(a_file_renamed_into_place_is_told_once_it_is_quiet),
		WATCH_TEST(overlay_and_state_are_of_the_database_too),
		WATCH_TEST(other_files_are_nobodys_business),
		WATCH_TEST(who_never_stops_writing_is_not_waited_for_for_ever),
		cmocka_unit_test(a_folder_that_is_not_there_cannot_be_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
