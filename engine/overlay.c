#include "engine/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/beside_file.h"
#include "engine/build_internal.h"
#include "engine/database_parts.h"
#include "engine/overlay_replaced.h"

// Is the base the one at `path`?
static int check_base(const char *path, const struct database *base)
{
	struct database_header header;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return -errno;
	size = pread(fd, &header, sizeof(header), 0);
	(void)close(fd);
	if (size < 0)
		return -EIO;
	return size == sizeof(header) && memcmp(header.build_id, base->header.build_id,
	                                        sizeof(header.build_id)) == 0
	               ? 0
	               : -EINVAL;
}

// The state file of the base, made when there is none that is its own.
static int open_words(const char *path, const struct database *base, struct state_words *ret_words)
{
	const struct state_words_base wanted = database_parts_words_base(base);
	int error = state_words_open(path, &wanted, true, NULL, ret_words);

	if (error != -ENOENT && error != -EINVAL)
		return error;
	error = state_words_create(path, &wanted);
	return error != 0 ? error : state_words_open(path, &wanted, true, NULL, ret_words);
}

// A change under way.
struct change {
	const char *path;
	const struct database *base;
	struct build *additions; // NULL: none
	struct slice replaced;   // ids of the base that the additions take the place of
	struct state_words words;
};

static int write_overlay(const struct change *change, struct report *report,
                         struct build_figures *ret_figures)
{
	AUTO(replacement) file = NULL;
	int error = beside_file_create(change->path, OVERLAY_SUFFIX, &file);

	if (error == 0)
		error = build_write(change->additions, replacement_descriptor(file), NULL, report,
		                    ret_figures);
	return error != 0 ? error : replacement_commit(file);
}

// A reader that has not opened this overlay yet still needs what it takes the place of.
static void silence(struct change *change, uint32_t indicator_id)
{
	if (!database_parts_are_replaced(change->replaced, indicator_id))
		state_words_silence(&change->words, indicator_id);
}

// What the overlay before this one took the place of, and this one does not, was withdrawn.
static int silence_forgotten(struct change *change)
{
	AUTO(database) former = NULL;
	struct slice ids;
	int fd;
	int error = beside_file_open(change->path, OVERLAY_SUFFIX, O_RDONLY, &fd);

	if (error != 0)
		return error == -ENOENT ? 0 : error;
	error = database_open_fd(fd, change->path, NULL, &former);
	(void)close(fd);
	if (error == -EINVAL || (error == 0 && !database_parts_belong(change->base, former)))
		return 0;
	if (error != 0)
		return error;
	ids = database_parts_replaced(former);
	for (size_t i = 0; i < ids.size / sizeof(uint32_t); i++) {
		uint32_t id = ((const uint32_t *)(const void *)ids.data)[i];

		if (id < change->words.count)
			silence(change, id);
	}
	return 0;
}

static int change_run(struct change *change, struct report *report,
                      struct build_figures *ret_figures)
{
	struct build *additions = change->additions;
	struct build_figures figures = {};
	int error = open_words(change->path, change->base, &change->words);

	if (error == 0 && additions != NULL) {
		error = overlay_replaced_make(change->base, additions);
		change->replaced = slice_from(block_slice(&additions->replaced),
		                              sizeof(struct overlay_row));
	}
	if (error == 0)
		error = silence_forgotten(change);
	if (error == 0)
		error = additions != NULL ? write_overlay(change, report, &figures)
		                          : beside_file_remove(change->path, OVERLAY_SUFFIX);
	if (error == 0)
		*ret_figures = figures;
	return error;
}

static bool has_something(const struct build *additions)
{
	return additions != NULL &&
	       (additions->compiler.records.states.size > 0 || additions->veto != NULL);
}

static int check_ids(const struct database *base, const uint32_t ids[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] >= base->records.states.size)
			return -EINVAL;
	}
	return 0;
}

int overlay_write(const char *path, const struct database *base, struct build *additions,
                  const uint32_t silent_ids[], size_t silent_count, struct report *report,
                  struct build_figures *ret_figures)
{
	struct change change = {
		.path = path,
		.base = base,
		.additions = has_something(additions) ? additions : NULL,
	};
	int error = check_base(path, base);

	if (error == 0)
		error = check_ids(base, silent_ids, silent_count);
	if (error == 0)
		error = change_run(&change, report, ret_figures);
	if (error == 0) {
		for (size_t i = 0; i < silent_count; i++)
			silence(&change, silent_ids[i]);
		error = state_words_sync(&change.words);
	}
	state_words_close(&change.words);
	return error;
}

int overlay_remove(const char *path)
{
	int error = beside_file_remove(path, OVERLAY_SUFFIX);
	int state_error = beside_file_remove(path, STATE_WORDS_SUFFIX);

	return error != 0 ? error : state_error;
}
