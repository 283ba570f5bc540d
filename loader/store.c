#include "loader/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loader/store_internal.h"
#include "loader/store_schema.h"

// What every connection sets. WAL: readers see the state before or after a delivery, and a killed
// writer leaves nothing half done. FULL: what was committed outlives a power failure, too; it costs
// one fsync a delivery. A log that a large delivery made is cut when it has been taken over. The
// rest is for speed: a page cache of 64 MB, and fewer take-overs than after each thousand pages.
static const char settings[] = "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA journal_size_limit = 67108864;"
			       "PRAGMA wal_autocheckpoint = 4000;"
			       "PRAGMA cache_size = -65536;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA trusted_schema = OFF;";

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_TOOBIG:
		return -EMSGSIZE;
	default:
		return code == SQLITE_IOERR_NOMEM ? -ENOMEM : -EIO;
	}
}

int store_failure(struct store *store, int code)
{
	store->failure_count++;
	buffer_clear(&store->error);
	buffer_append_text(&store->error, sqlite3_errmsg(store->db));
	buffer_append_byte(&store->error, '\0');
	return errno_of(sqlite3_errcode(store->db) != SQLITE_OK
	                        ? sqlite3_extended_errcode(store->db)
	                        : code);
}

const char *store_error(const struct store *store)
{
	bool has_text = store->error.size > 0 && !store->error.failed;

	return has_text ? (const char *)store->error.data : "";
}

uint64_t store_failure_count(const struct store *store)
{
	return store->failure_count;
}

void store_set_stop(struct store *store, bool (*is_stopped)(void *context), void *context)
{
	store->is_stopped = is_stopped;
	store->stop_context = context;
}

// SQLite's: another process has the file. Tries again when it returns 1.
static int wait_for_other(void *context, int times)
{
	const struct store *store = context;
	const struct timespec pause = {.tv_nsec = STORE_BUSY_PAUSE_MS * 1000000};

	if (times >= STORE_BUSY_TIMEOUT_MS / STORE_BUSY_PAUSE_MS ||
	    (store->is_stopped != NULL && store->is_stopped(store->stop_context)))
		return 0;
	(void)nanosleep(&pause, NULL);
	return 1;
}

void store_uuid(const struct store *store, uint8_t ret_uuid[16])
{
	memcpy(ret_uuid, store->uuid, sizeof(store->uuid));
}

uint64_t store_value_seed(const struct store *store)
{
	return store->seed;
}

int store_begin(struct store *store)
{
	return store->is_delivering ? 0 : store_query_once(store, SQL_BEGIN);
}

int store_end(struct store *store, int error)
{
	if (store->is_delivering)
		return error;
	if (error == 0)
		error = store_query_once(store, SQL_COMMIT);
	if (error < 0 && sqlite3_get_autocommit(store->db) == 0) {
		struct buffer text = store->error; // that of the rollback does not matter

		store->error = (struct buffer){};
		(void)store_query_once(store, SQL_ROLLBACK);
		buffer_close(&store->error);
		store->error = text;
	}
	return error;
}

int store_meta_get(struct store *store, const char *name, int64_t *ret_number)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_META_GET, &query);

	if (result < 0)
		return result;
	store_query_text(&query, 1, slice_text(name));
	result = store_query_step(&query);
	if (result >= 0)
		*ret_number = result == 1 ? store_query_get_number(&query, 0) : 0;
	return result < 0 ? result : 0;
}

int store_meta_set(struct store *store, const char *name, int64_t number)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_META_SET, &query);

	if (error < 0)
		return error;
	store_query_text(&query, 1, slice_text(name));
	store_query_number(&query, 2, number);
	return store_query_run(&query);
}

// SQLite gives its own files the mode of the first one.
static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

static int open_file(struct store *store, const char *path, enum store_mode mode)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE; // read-only where it must be
	int error = 0;

	if (mode == STORE_CREATE)
		error = make_file(path);
	else if (access(path, F_OK) != 0)
		error = -errno;
	if (error < 0)
		return error;

	int code = sqlite3_open_v2(path, &store->db, flags, NULL);
	if (code != SQLITE_OK)
		return store_failure(store, code);
	(void)sqlite3_extended_result_codes(store->db, 1);
	(void)sqlite3_busy_handler(store->db, wait_for_other, store);
	if (mode != STORE_READ && sqlite3_db_readonly(store->db, "main") == 1)
		return -EACCES;
	return 0;
}

static int prepare(struct store *store, const char *path, enum store_mode mode,
                   struct report *report)
{
	int error = open_file(store, path, mode);

	if (error < 0)
		return error;
	if (mode != STORE_READ) {
		int code = sqlite3_exec(store->db, settings, NULL, NULL, NULL);

		if (code != SQLITE_OK)
			return store_failure(store, code);
	}
	error = store_rows_register(store);
	return error < 0 ? error : store_schema_settle(store, mode == STORE_CREATE, report);
}

static const char *why_not_opened(const struct store *store, const char *path, enum store_mode mode,
                                  int error)
{
	// SQLite's words for it are of writing, which nobody wanted.
	if (error == -EACCES && mode == STORE_READ && access(path, R_OK) == 0)
		return "its folder must be writable also for reading it, for the files beside it: "
		       "copy the store to one that is";
	return store->db != NULL && store->error.size > 0 ? store_error(store) : strerror(-error);
}

int store_open(const char *path, enum store_mode mode, struct report *report,
               struct store **ret_store)
{
	AUTO(store) store = calloc(1, sizeof(*store));

	if (store == NULL)
		return -ENOMEM;
	int error = prepare(store, path, mode, report);
	if (error == 0)
		*ret_store = TAKE(store);
	else if (report == NULL || report->count == 0)
		report_note(report, "store cannot be opened", slice_text(path), "%s",
		            why_not_opened(store, path, mode, error));
	return error;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	for (unsigned i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(store->statements[i]);
	(void)sqlite3_close(store->db);
	buffer_close(&store->error);
	buffer_close(&store->text);
	buffer_close(&store->object_block);
	free(store);
}
