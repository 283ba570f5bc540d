#include "app/match_state.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/match_state_file.h"
#include "app/output_file.h"
#include "base/log.h"

struct match_state {
	const char *path;
	struct match_state_file file;
	struct match_state_entry *now; // by capture_id, as match_state_skip() found them
	uint32_t now_count;
};

void match_state_free(struct match_state *state)
{
	if (state == NULL)
		return;
	for (uint32_t i = 0; i < state->now_count; i++)
		free(state->now[i].path);
	free(state->now);
	match_state_file_close(&state->file);
	free(state);
}

static struct match_state_key key_of(const struct database *database,
                                     const struct traffic_settings *traffic)
{
	struct match_state_key key = {0};
	struct database_info info;

	database_info(database, &info);
	memcpy(key.build_id, info.build_id, sizeof(key.build_id));
	memcpy(key.overlay_build_id, info.overlay_build_id, sizeof(key.overlay_build_id));
	key.silent_indicators = info.silent_indicators;
	key.settings = (traffic->must_check_sums ? 1u : 0u) | (traffic->has_local_dns ? 2u : 0u);
	return key;
}

int match_state_open(const char *path, const struct database *database,
                     const struct traffic_settings *traffic, struct match_state **ret_state)
{
	AUTO(match_state) state = calloc(1, sizeof(*state));
	const struct match_state_key key = key_of(database, traffic);
	uint64_t line = 0;
	int error;

	if (state == NULL)
		return -ENOMEM;
	state->path = path;
	error = match_state_file_read(path, &state->file, &line);
	if (error == -ENOENT) {
		state->file.key = key;
	} else if (error < 0) {
		if (error == -EBADMSG)
			log_error("%s: line %" PRIu64 ": not what 'sekisho match --state' writes: "
			          "the file is damaged or something else. Name another one, or "
			          "remove it: then all captures are matched again",
			          path, line);
		else
			log_error("reading the state %s: %s", path, strerror(-error));
		return error;
	} else if (memcmp(&state->file.key, &key, sizeof(key)) != 0) {
		log_warning("%s is of another database or other settings: all captures are "
		            "matched again",
		            path);
		match_state_file_close(&state->file);
		state->file.key = key;
	}
	*ret_state = TAKE(state);
	return 0;
}

// How the capture is now. Returns 0, -ENOMEM, or -ENOENT when it is nothing to remember.
static int look_at(const char *path, struct match_state_entry *ret_entry)
{
	char real_path[PATH_MAX];
	struct stat status;

	if (strcmp(path, "-") == 0 || stat(path, &status) < 0 || !S_ISREG(status.st_mode) ||
	    realpath(path, real_path) == NULL)
		return -ENOENT;
	*ret_entry = (struct match_state_entry){
		.path = strdup(real_path),
		.size = (uint64_t)status.st_size,
		.changed_ns = status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec,
		.device = status.st_dev,
		.inode = status.st_ino,
	};
	return ret_entry->path != NULL ? 0 : -ENOMEM;
}

static bool is_same(const struct match_state_entry *a, const struct match_state_entry *b)
{
	return a->size == b->size && a->changed_ns == b->changed_ns && a->device == b->device &&
	       a->inode == b->inode;
}

// For capture_list_keep(): it is still to be matched.
static bool is_new(void *context, const char *path)
{
	struct match_state *state = context;
	struct match_state_entry *entry = &state->now[state->now_count];
	const struct match_state_entry *known;

	if (look_at(path, entry) < 0) { // whoever opens it says what is wrong with it
		state->now_count++;
		return true;
	}
	known = match_state_file_find(&state->file, entry->path);
	if (known != NULL && is_same(known, entry)) {
		free(entry->path);
		*entry = (struct match_state_entry){0};
		return false;
	}
	state->now_count++;
	return true;
}

int match_state_skip(struct match_state *state, struct capture_list *captures)
{
	state->now = calloc((size_t)captures->count + 1, sizeof(state->now[0]));
	if (state->now == NULL)
		return -ENOMEM;
	capture_list_keep(captures, is_new, state);
	return 0;
}

static int add_read(struct match_state *state, const char *path, struct match_state_entry *before)
{
	struct match_state_entry after = {0};
	int error = look_at(path, &after);

	if (error == -ENOMEM)
		return error;
	if (error < 0 || strcmp(before->path, after.path) != 0 || !is_same(before, &after)) {
		log_warning("%s: changed while it was read: it is matched again next time", path);
		free(after.path);
		return 0;
	}
	return match_state_file_add(&state->file, &after);
}

int match_state_add(struct match_state *state, const struct capture_list *captures,
                    const struct capture_result results[])
{
	for (uint32_t i = 0; i < captures->count; i++) {
		int error;

		if (results[i].error < 0 || results[i].is_stopped || state->now[i].path == NULL)
			continue;
		error = add_read(state, captures->paths[i], &state->now[i]);
		if (error < 0)
			return error;
	}
	return 0;
}

int match_state_write(const struct match_state *state)
{
	AUTO(output_file) output = NULL;
	int error = output_file_open(state->path, &output);

	if (error == 0)
		error = match_state_file_write(&state->file, output_file_stream(output));
	if (error == 0)
		error = output_file_commit(output);
	if (error < 0)
		output_file_log_error("the state", state->path, error);
	return error;
}
