#include "engine/database_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "engine/beside_file.h"

bool database_parts_belong(const struct database *base, const struct database *overlay)
{
	struct slice section = overlay->sections[SECTION_OVERLAY];

	return section.size >= sizeof(struct overlay_row) &&
	       memcmp(section.data + offsetof(struct overlay_row, base_build_id),
	              base->header.build_id, DATABASE_DIGEST_BYTES) == 0;
}

struct slice database_parts_replaced(const struct database *overlay)
{
	struct slice section = overlay->sections[SECTION_OVERLAY];

	return slice_from(section, sizeof(struct overlay_row));
}

bool database_parts_are_replaced(struct slice replaced, uint32_t indicator_id)
{
	const uint32_t *ids = (const uint32_t *)(const void *)replaced.data;
	size_t low = 0;
	size_t high = replaced.size / sizeof(*ids);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids[middle] == indicator_id)
			return true;
		if (ids[middle] < indicator_id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

struct state_words_base database_parts_words_base(const struct database *base)
{
	return (struct state_words_base){
		.build_id = base->header.build_id,
		.word_count = (uint32_t)base->records.states.size,
	};
}

static int leave_aside(struct report *report, const char *path, const char *why)
{
	report_note(report, "overlay left aside", slice_text(path), "%s", why);
	return 0;
}

static int open_overlay(struct database *database, const char *path, struct report *report)
{
	AUTO(database) overlay = NULL;
	uint64_t base_ids = database->records.states.size;
	int fd;
	int error = beside_file_open(path, OVERLAY_SUFFIX, O_RDONLY | O_NONBLOCK, &fd);

	if (error == -ENOENT)
		return 0;
	if (error == 0) {
		error = database_open_fd(fd, path, report, &overlay);
		(void)close(fd);
	}
	if (error == -ENOMEM)
		return error;
	if (error != 0)
		return leave_aside(report, path, error == -EINVAL ? "" : strerror(-error));
	if (!database_parts_belong(database, overlay))
		return leave_aside(report, path, "of another database");
	if (base_ids + overlay->records.states.size > UINT32_MAX)
		return leave_aside(report, path, "too many indicators");
	database->overlay_id_offset = base_ids > 0 ? (uint32_t)base_ids - 1 : 0;
	database->replaced = database_parts_replaced(overlay);
	database->overlay = TAKE(overlay);
	return 0;
}

int database_parts_open(struct database *database, const char *path, struct report *report)
{
	const struct state_words_base base = database_parts_words_base(database);
	// In the order in which they are written: what the state tells is never missed.
	int error = open_overlay(database, path, report);

	if (error != 0)
		return error;
	error = state_words_open(path, &base, false, report, &database->words);
	if (error != 0 && error != -ENOENT && error != -EINVAL && error != -ENOMEM) {
		report_note(report, "state file left aside", slice_text(path), "%s",
		            strerror(-error));
		error = 0;
	}
	return error == -ENOMEM ? error : 0;
}
