// A file, or all regular files of a folder.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/fetch.h"
#include "loader/fetch_digest.h"
#include "loader/file_list.h"

static const char digest_note[] = "file.digest";

static int digest_files(struct fetch *fetch, const struct file_list *list,
                        char ret_text[FETCH_DIGEST_TEXT_BYTES])
{
	AUTO(fetch_digest) digest = NULL;
	int error = fetch_digest_create(fetch, &digest);
	int fd = -1;

	for (size_t i = 0; i < list->count && error == 0; i++) {
		fetch_digest_add(digest, slice_text(list->names[i]));
		if (file_list_open(list->names[i], &fd) < 0)
			continue; // told when it is read
		// One that fails while it is read fails again below, where it is told.
		(void)fetch_digest_add_file(digest, fd);
		(void)close(fd);
	}
	if (error == 0)
		fetch_digest_text(digest, ret_text);
	return error;
}

static void tell_unread(struct fetch *fetch, const char *path, int error)
{
	report_add(&fetch->outcome->feed.report,
	           &(struct problem){
			   .reason = "file could not be read",
			   .object = slice_text(path),
			   .detail = slice_text(sync_error_text(error)),
		   });
}

static bool is_fatal(int error)
{
	return error == -ENOMEM || error == -ECANCELED;
}

// Of several files one may be bad: the others are taken, and nothing is withdrawn.
static int read_files(struct fetch *fetch, const struct file_list *list)
{
	int first_error = 0;
	size_t read_count = 0;

	for (size_t i = 0; i < list->count; i++) {
		int fd = -1;
		int error = file_list_open(list->names[i], &fd);

		if (error == 0) {
			error = fetch_read_body(fetch, list->names[i], fd, FEED_AUTO);
			(void)close(fd);
		}
		if (is_fatal(error))
			return error;
		if (error < 0) {
			tell_unread(fetch, list->names[i], error);
			fetch_is_partial(fetch);
			first_error = first_error == 0 ? error : first_error;
		}
		read_count += error == 0;
	}
	return read_count > 0 ? 0 : first_error;
}

static int read_all(struct fetch *fetch, const struct file_list *list, const char *digest)
{
	int error = fetch_begin(fetch, fetch->source->is_snapshot);

	if (error == 0)
		error = read_files(fetch, list);
	// What could not be read may be readable next time.
	bool is_whole = fetch->is_complete || !fetch->source->is_snapshot ||
	                (fetch->source->is_snapshot_by_format && !fetch->outcome->feed.is_damaged);
	if (error == 0 && is_whole)
		error = store_source_note(fetch->store, fetch->source_id, digest_note, digest);
	if (error == 0)
		return fetch_commit(fetch);
	fetch_abandon(fetch);
	return error;
}

static int fetch_file_run(struct fetch *fetch)
{
	struct file_list files = {0};
	char digest[FETCH_DIGEST_TEXT_BYTES];
	int error = file_list_add(&files, fetch->source->address);

	if (error == 0)
		error = digest_files(fetch, &files, digest);
	else if (!is_fatal(error))
		tell_unread(fetch, fetch->source->address, error);
	if (error == 0 && !fetch->is_full) {
		error = fetch_digest_is_noted(fetch, digest_note, digest);
		if (error == 1)
			fetch->outcome->state = SYNC_UNCHANGED;
	}
	if (error == 0)
		error = read_all(fetch, &files, digest);
	file_list_close(&files);
	return error < 0 ? error : 0;
}

static int fetch_file_test(struct fetch *fetch, struct report *report, struct buffer *ret_text)
{
	struct file_list files = {0};
	int error = file_list_add(&files, fetch->source->address);

	if (error < 0)
		report_note(report, "not reachable", slice_text(fetch->source->address), "%s",
		            strerror(-error));
	for (size_t i = 0; i < files.count; i++) {
		struct stat status;

		if (stat(files.names[i], &status) == 0)
			buffer_format(ret_text, "%s: %" PRId64 " bytes\n", files.names[i],
			              (int64_t)status.st_size);
		else
			buffer_format(ret_text, "%s: %s\n", files.names[i], strerror(errno));
	}
	if (error == 0 && files.count == 0)
		buffer_append_text(ret_text, "the folder is empty\n");
	file_list_close(&files);
	return ret_text->failed ? -ENOMEM : error;
}

const struct fetcher_ops fetch_file = {
	.kind = SOURCE_FILE,
	.run = fetch_file_run,
	.test = fetch_file_test,
};
