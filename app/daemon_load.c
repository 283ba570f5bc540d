#include "app/daemon_load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "engine/match.h"

enum { TRIES = 3 };

void daemon_load_stamp(const char *path, struct daemon_load_stamp *ret_stamp)
{
	static const char *const suffixes[] = {"", ".overlay", ".state"};
	struct stat status;

	memset(ret_stamp, 0, sizeof(*ret_stamp)); // it is compared as bytes
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		AUTO_BUFFER name = {0};

		buffer_format(&name, "%s%s", path, suffixes[i]);
		buffer_append_byte(&name, 0);
		if (name.failed || stat((const char *)name.data, &status) < 0)
			continue;
		ret_stamp->files[i].inode = status.st_ino;
		ret_stamp->files[i].size = (uint64_t)status.st_size;
		ret_stamp->files[i].changed_ns = status.st_mtim.tv_sec * NS_PER_S +
		                                 status.st_mtim.tv_nsec;
	}
}

static int open_and_verify(const struct daemon_load *load, struct report *report,
                           struct database **ret_database)
{
	AUTO(database) database = NULL;
	struct match_context *trial = NULL;
	int error = database_open(load->path, report, &database);

	if (error < 0 && report->count == 0)
		report_add(report, &(struct problem){.reason = strerror(-error)});
	if (error == 0)
		error = database_verify(database, load->public_key_path, report);
	if (error < 0 && report->count == 0)
		report_add(report, &(struct problem){.reason = strerror(-error)});
	if (error < 0)
		return error;
	// Before the maps are exchanged: then nothing but memory can fail the publishing.
	error = match_context_create(database, &trial);
	match_context_free(trial);
	if (error < 0)
		report_note(report, "cannot be matched on this CPU", slice_text(""), "%s",
		            strerror(-error));
	else
		*ret_database = TAKE(database);
	return error;
}

// The helper and the publisher, one after the other, under a number that nobody had before.
static int mirror_and_publish(const struct daemon_load *load, struct database *database,
                              struct report *report, int64_t *ret_next_ns)
{
	uint32_t generation = publisher_reserve(load->publisher);
	struct database_info info;
	int error = 0;

	database_info(database, &info);
	if (load->helper != NULL)
		error = daemon_helper_mirror(load->helper, load->path, &info, generation, report,
		                             ret_next_ns);
	if (error < 0)
		return error;
	load->mirrored(load->context);
	error = publisher_publish(load->publisher, database, &generation);
	if (error < 0)
		report_note(report, "publishing it", slice_text(""), "%s", strerror(-error));
	return error;
}

static int load_once(const struct daemon_load *load, struct report *report,
                     struct database_info *ret_info, int64_t *ret_next_ns)
{
	AUTO(database) database = NULL;
	int64_t next_ns = TIMESTAMP_MAX;
	int error = open_and_verify(load, report, &database);

	if (error < 0)
		return error;
	error = mirror_and_publish(load, database, report, &next_ns);
	if (error < 0) {
		// What the maps dropped under it meanwhile names nothing.
		publisher_abandon(load->publisher);
		return error;
	}
	database_info(TAKE(database), ret_info);
	*ret_next_ns = next_ns;
	return 0;
}

int daemon_load(const struct daemon_load *load, struct report *report,
                struct database_info *ret_info, int64_t *ret_next_ns)
{
	int error = -ESTALE;

	for (unsigned i = 0; i < TRIES && error == -ESTALE; i++) {
		report_clear(report);
		error = load_once(load, report, ret_info, ret_next_ns);
	}
	return error;
}
