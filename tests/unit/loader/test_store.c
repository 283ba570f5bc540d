// The file: what is opened, what is not, and that nothing breaks it.
#include "tests/unit/loader/store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static void assert_refused(struct store_fixture *fixture, int error, const char *reason)
{
	struct report report = {};
	struct store *store = NULL;

	assert_int_equal(store_open(fixture->path, STORE_WRITE, &report, &store), error);
	assert_null(store);
	assert_int_equal(report.count, 1);
	assert_string_equal(report.reasons[0].reason, reason);
	report_clear(&report);
}

static void write_file(const char *path, const void *bytes, size_t size, long offset)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	assert_int_equal(close(fd), 0);
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void only_a_store_of_this_version_is_opened(void **state)
{
	static const char text[] = "this is no SQLite file, whatever its name says";
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	run_sql(fixture.path, "PRAGMA user_version = 99");
	assert_refused(&fixture, -EBADMSG, "store of another version");
	run_sql(fixture.path, "PRAGMA application_id = 1");
	assert_refused(&fixture, -EBADMSG, "not a store");

	assert_int_equal(truncate(fixture.path, 0), 0);
	assert_refused(&fixture, -EBADMSG, "not a store");
	write_file(fixture.path, text, sizeof(text), 0);
	assert_refused(&fixture, -EBADMSG, "store cannot be opened");
	assert_int_equal(unlink(fixture.path), 0);
	assert_refused(&fixture, -ENOENT, "store cannot be opened");
	store_fixture_close(&fixture);
}

static int do_nothing(void *context, const struct vote *vote)
{
	(void)context;
	(void)vote;
	return 0;
}

static void damage_is_told_and_crashes_nothing(void **state)
{
	struct store_fixture fixture;
	uint8_t noise[512];
	struct stat status;
	unsigned told = 0;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, DAY_NS, true);
	for (int i = 0; i < 2000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%d.example", i);
		store_fixture_list(&fixture, name);
	}
	(void)store_fixture_commit(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	assert_int_equal(stat(fixture.path, &status), 0);
	memset(noise, 0xa5, sizeof(noise));
	for (long at = 4096; at + (long)sizeof(noise) < status.st_size; at += 4096) {
		struct store *store = NULL;

		write_file(fixture.path, noise, sizeof(noise), at);
		int error = store_open(fixture.path, STORE_WRITE, NULL, &store);
		if (error == 0)
			error = store_vote_each(store, do_nothing, NULL);
		assert_true(error == 0 || error == -EBADMSG || error == -EIO);
		told += error != 0;
		store_close(store);
	}
	assert_true(told > 0);
	store_fixture_close(&fixture);
}

static void nobody_else_may_read_its_files(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	struct store_fixture fixture;
	mode_t mask = umask(0);

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, DAY_NS, (const char *[]){"a.example", NULL});
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char path[128];
		struct stat status;

		(void)snprintf(path, sizeof(path), "%s%s", fixture.path, endings[i]);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
	}
	(void)umask(mask);
	store_fixture_close(&fixture);
}

static void a_reader_sees_the_state_before_a_delivery_that_is_under_way(void **state)
{
	struct store_fixture fixture;
	struct store *own;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, DAY_NS, (const char *[]){"a.example", NULL});
	store_fixture_begin(&fixture, 2 * DAY_NS, true);
	store_fixture_list(&fixture, "b.example");

	own = fixture.store;
	assert_int_equal(store_open(fixture.path, STORE_READ, NULL, &fixture.store), 0);
	store_fixture_assert_live(&fixture, "a.example ");
	struct store *reader = fixture.store;
	fixture.store = own;
	(void)store_fixture_commit(&fixture);
	fixture.store = reader;
	store_fixture_assert_live(&fixture, "b.example ");
	store_close(reader);
	fixture.store = own;
	store_fixture_close(&fixture);
}

// Delivers lists of 3000 names for ever: those of even rounds, and those of odd ones.
static void deliver_for_ever(const char *path)
{
	struct store_fixture fixture = {.source_id = 1};

	if (store_open(path, STORE_WRITE, NULL, &fixture.store) != 0)
		_exit(1);
	for (int round = 1;; round++) {
		store_fixture_begin(&fixture, round * DAY_NS, true);
		for (int i = 0; i < 3000; i++) {
			char name[32];

			(void)snprintf(name, sizeof(name), "%s%d.example",
			               round % 2 == 0 ? "even" : "odd", i);
			store_fixture_list(&fixture, name);
		}
		(void)store_fixture_commit(&fixture);
	}
}

struct tally {
	uint64_t even;
	uint64_t odd;
	uint64_t values;
};

static int tally_vote(void *context, const struct vote *vote)
{
	struct tally *tally = context;

	tally->even += slice_starts_with(vote->record.value, "even");
	tally->odd += slice_starts_with(vote->record.value, "odd");
	return 0;
}

static int tally_value(void *context, const struct value_vote *value)
{
	(void)value;
	((struct tally *)context)->values++;
	return 0;
}

static int take_text(void *context, int count, char **texts, char **names)
{
	(void)names;
	assert_int_equal(count, 1);
	assert_string_equal(texts[0], "ok");
	*(bool *)context = true;
	return 0;
}

static void assert_intact(const char *path)
{
	bool is_checked = false;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA integrity_check", take_text, &is_checked, NULL),
	                 SQLITE_OK);
	assert_true(is_checked);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_writer_killed_at_any_moment_leaves_all_or_nothing(void **state)
{
	struct store_fixture fixture;
	unsigned whole = 0;

	(void)state;
	store_fixture_open(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	for (int kill_count = 0; kill_count < 20; kill_count++) {
		// Longer while the machine is too slow for a whole delivery.
		int pause_ms = (3 + kill_count * 7919 % 101) * (whole == 0 ? 1 + kill_count : 1);
		struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * NS_PER_MS};
		struct tally tally = {};
		pid_t writer = fork();
		int status;

		if (writer == 0)
			deliver_for_ever(fixture.path);
		assert_true(writer > 0);
		(void)nanosleep(&pause, NULL);
		assert_int_equal(kill(writer, SIGKILL), 0);
		assert_int_equal(waitpid(writer, &status, 0), writer);
		assert_true(WIFSIGNALED(status));

		store_fixture_reopen(&fixture);
		assert_int_equal(store_vote_each(fixture.store, tally_vote, &tally), 0);
		assert_int_equal(store_value_each(fixture.store, tally_value, &tally), 0);
		assert_true(tally.even == 0 || tally.odd == 0);
		assert_true(tally.even + tally.odd == 3000 || tally.even + tally.odd == 0);
		assert_int_equal(tally.values, tally.even + tally.odd);
		whole += tally.values > 0;
		store_close(fixture.store);
		fixture.store = NULL;
		assert_intact(fixture.path);
	}
	assert_true(whole > 0);
	store_fixture_close(&fixture);
}

// In a child, since the limit is the process's. Returns the delivery's error.
static int deliver_with_file_limit(const char *path, rlim_t bytes)
{
	struct store_fixture fixture = {.source_id = 1};
	struct delivery_counts counts;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, bytes}) != 0 ||
	    store_open(path, STORE_WRITE, NULL, &fixture.store) != 0)
		return 0;
	store_fixture_begin(&fixture, DAY_NS, false);
	for (int i = 0; i < 20000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%d.example", i);
		store_fixture_list(&fixture, name);
	}
	int error = store_delivery_settle(fixture.delivery, &counts);
	if (error == 0)
		error = store_delivery_commit(fixture.delivery);
	return store_error(fixture.store)[0] != '\0' ? error : 0;
}

static void a_full_disk_is_told_and_changes_nothing(void **state)
{
	struct store_fixture fixture;
	struct stat status;
	int result;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, DAY_NS, (const char *[]){"a.example", NULL});
	store_close(fixture.store);
	fixture.store = NULL;
	assert_int_equal(stat(fixture.path, &status), 0);

	pid_t child = fork();
	if (child == 0)
		_exit(-deliver_with_file_limit(fixture.path, (rlim_t)status.st_size + 65536));
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result));
	assert_true(WEXITSTATUS(result) == ENOSPC || WEXITSTATUS(result) == EIO);
	store_fixture_reopen(&fixture);
	store_fixture_assert_live(&fixture, "a.example ");
	assert_intact(fixture.path);
	(void)store_fixture_deliver(&fixture, DAY_NS,
	                            (const char *[]){"a.example", "b.example", NULL});
	store_fixture_close(&fixture);
}

static void a_second_writer_waits_for_the_first(void **state)
{
	struct store_fixture fixture;
	int status;

	(void)state;
	store_fixture_open(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	for (int i = 0; i < 2; i++) {
		pid_t writer = fork();

		if (writer != 0) {
			assert_true(writer > 0);
			continue;
		}
		struct store_fixture own = {};
		char name[32];
		memcpy(own.path, fixture.path, sizeof(own.path));
		store_fixture_reopen(&own);
		for (int round = 0; round < 50; round++) {
			(void)snprintf(name, sizeof(name), "w%d-%d.example", i, round);
			own.source_id = 1;
			store_fixture_begin(&own, DAY_NS, false);
			store_fixture_list(&own, name);
			(void)store_fixture_commit(&own);
		}
		store_close(own.store);
		_exit(0);
	}
	for (int i = 0; i < 2; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	struct store_source source;
	store_fixture_reopen(&fixture);
	assert_int_equal(store_source_get(fixture.store, "first", &source), 0);
	assert_int_equal(source.live, 100);
	assert_intact(fixture.path);
	store_fixture_close(&fixture);
}

static int find_second(void *context, const struct store_source *source)
{
	if (source->source_id == 2) {
		assert_string_equal(source->name, "second");
		++*(int *)context;
	}
	return 0;
}

static void sources_keep_their_number_and_what_is_noted_of_them(void **state)
{
	struct store_fixture fixture;
	struct store_source source;
	AUTO_BUFFER note = {};
	int found = 0;

	(void)state;
	store_fixture_open(&fixture);
	assert_int_equal(store_fixture_source(&fixture, "second"), 2);
	assert_int_equal(store_fixture_source(&fixture, "first"), 1);
	assert_int_equal(store_source_each(fixture.store, find_second, &found), 0);
	assert_int_equal(found, 1);
	assert_int_equal(store_source_note(fixture.store, 2, "etag", "\"x\""), 0);
	assert_int_equal(store_source_noted(fixture.store, 1, "etag", &note), 0);
	assert_int_equal(note.size, 0);
	assert_int_equal(store_source_noted(fixture.store, 2, "etag", &note), 0);
	assert_true(slice_is(buffer_slice(&note), "\"x\""));
	assert_int_equal(store_source_note(fixture.store, 2, "etag", NULL), 0);
	buffer_clear(&note);
	assert_int_equal(store_source_noted(fixture.store, 2, "etag", &note), 0);
	assert_int_equal(note.size, 0);

	assert_int_equal(store_source_attempted(fixture.store, 2, 5, ""), 0);
	assert_int_equal(store_source_attempted(fixture.store, 2, 9, "no route"), 0);
	assert_int_equal(store_source_get(fixture.store, "second", &source), 0);
	assert_int_equal(source.last_attempt_ns, 9);
	assert_int_equal(source.last_success_ns, 5);
	assert_true(source.last_change_ns == TIMESTAMP_MIN);
	assert_string_equal(source.last_error, "no route");
	assert_string_equal(source.group, "C2");
	assert_int_equal(source.reliability, 80);
	assert_int_equal(store_source_get(fixture.store, "third", &source), -ENOENT);
	store_fixture_close(&fixture);
}

// Of a backup on a read-only medium, say: what SQLite itself says of it does not help.
static void a_folder_that_cannot_be_written_is_told(void **state)
{
	struct store_fixture fixture;
	struct report report = {};
	struct store *store = NULL;
	int user;

	(void)state;
	store_fixture_open(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	assert_int_equal(chmod(fixture.path, 0444), 0);
	assert_int_equal(chmod(fixture.folder, 0555), 0);
	user = setfsuid(geteuid() == 0 ? 65534 : geteuid()); // root may write everywhere
	int error = store_open(fixture.path, STORE_READ, &report, &store);
	(void)setfsuid((uid_t)user);
	assert_int_equal(error, -EACCES);
	assert_int_equal(report.reason_count, 1);
	assert_non_null(strstr(report.reasons[0].examples[0].detail, "folder must be writable"));
	report_clear(&report);
	assert_int_equal(chmod(fixture.folder, 0700), 0);
	assert_int_equal(chmod(fixture.path, 0600), 0);
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_store_of_this_version_is_opened),
		cmocka_unit_test(damage_is_told_and_crashes_nothing),
		cmocka_unit_test(nobody_else_may_read_its_files),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_told),
		cmocka_unit_test(a_reader_sees_the_state_before_a_delivery_that_is_under_way),
		cmocka_unit_test(a_writer_killed_at_any_moment_leaves_all_or_nothing),
		cmocka_unit_test(a_full_disk_is_told_and_changes_nothing),
		cmocka_unit_test(a_second_writer_waits_for_the_first),
		cmocka_unit_test(sources_keep_their_number_and_what_is_noted_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
