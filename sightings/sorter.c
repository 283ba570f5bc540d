#include "sightings/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "sightings/sorter_runs.h"

enum { SPILL_BYTES = 256 * 1024 }; // written at once

int sorter_create(size_t memory_bytes, sorter_compare compare, struct sorter **ret_sorter)
{
	struct sorter *sorter = calloc(1, sizeof(*sorter));

	if (sorter == NULL)
		return -ENOMEM;
	sorter->compare = compare;
	sorter->memory_bytes = memory_bytes > 0 ? memory_bytes : SORTER_MEMORY_DEFAULT;
	sorter->file = -1;
	*ret_sorter = sorter;
	return 0;
}

void sorter_free(struct sorter *sorter)
{
	if (sorter == NULL)
		return;
	if (sorter->file >= 0)
		(void)close(sorter->file);
	arena_close(&sorter->arena);
	free(sorter->records);
	free(sorter->runs);
	free(sorter);
}

// Merges the neighbours from[start..middle) and from[middle..end) into `to`.
static void merge_neighbours(const struct sorter *sorter, const struct slice *from,
                             struct slice *to, const size_t bounds[3])
{
	size_t left = bounds[0];
	size_t right = bounds[1];

	for (size_t i = bounds[0]; i < bounds[2]; i++) {
		bool is_left = right == bounds[2] ||
		               (left < bounds[1] && sorter->compare(from[left], from[right]) <= 0);

		to[i] = is_left ? from[left++] : from[right++];
	}
}

// Merge sort, so that equal records keep their order (qsort_r() promises no such thing).
int sorter_sort(struct sorter *sorter)
{
	size_t count = sorter->record_count;
	struct slice *from = sorter->records;
	struct slice *to = malloc((count > 0 ? count : 1) * sizeof(*to));

	if (to == NULL)
		return -ENOMEM;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t start = 0; start < count; start += 2 * width) {
			size_t middle = count - start > width ? start + width : count;
			size_t end = count - middle > width ? middle + width : count;

			merge_neighbours(sorter, from, to, (size_t[]){start, middle, end});
		}
		struct slice *sorted = to;
		to = from;
		from = sorted;
	}
	free(to);
	sorter->records = from;
	sorter->record_capacity = count;
	sorter->is_sorted = true;
	return 0;
}

static int open_unlinked(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];

	if (folder == NULL || *folder == '\0')
		folder = "/tmp";

	int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file >= 0)
		return file;
	// Not every file system knows O_TMPFILE.
	int size = snprintf(path, sizeof(path), "%s/sekisho-XXXXXX", folder);
	if (size < 0 || (size_t)size >= sizeof(path))
		return -ENAMETOOLONG;
	file = mkostemp(path, O_CLOEXEC);
	if (file < 0)
		return -errno;
	(void)unlink(path);
	return file;
}

static int write_all(int file, struct slice bytes)
{
	while (bytes.size > 0) {
		ssize_t written = write(file, bytes.data, bytes.size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes = slice_from(bytes, (size_t)written);
	}
	return 0;
}

static int write_records(struct sorter *sorter)
{
	struct buffer buffer = {0};
	int error = 0;

	for (size_t i = 0; i < sorter->record_count && error == 0; i++) {
		struct slice record = sorter->records[i];
		uint32_t size = (uint32_t)record.size;

		buffer_append(&buffer, &size, sizeof(size));
		buffer_append_slice(&buffer, record);
		sorter->file_bytes += sizeof(size) + record.size;
		if (buffer.size < SPILL_BYTES && i + 1 < sorter->record_count)
			continue;
		error = buffer.failed ? -ENOMEM : write_all(sorter->file, buffer_slice(&buffer));
		buffer_clear(&buffer);
	}
	buffer_close(&buffer);
	return error;
}

static int reserve_run(struct sorter *sorter)
{
	unsigned capacity = sorter->run_capacity > 0 ? 2 * sorter->run_capacity : 16;

	if (sorter->run_count < sorter->run_capacity)
		return 0;

	struct run *runs = reallocarray(sorter->runs, capacity, sizeof(*runs));
	if (runs == NULL)
		return -ENOMEM;
	sorter->runs = runs;
	sorter->run_capacity = capacity;
	return 0;
}

static int spill(struct sorter *sorter)
{
	uint64_t offset = sorter->file_bytes;
	int error = sorter_sort(sorter);

	if (error == 0)
		error = reserve_run(sorter);
	if (error < 0)
		return error;
	if (sorter->file < 0) {
		int file = open_unlinked();
		if (file < 0)
			return file;
		sorter->file = file;
	}
	error = write_records(sorter);
	if (error < 0)
		return error;
	sorter->runs[sorter->run_count++] = (struct run){offset, sorter->file_bytes};
	arena_reset(&sorter->arena);
	sorter->record_count = 0;
	sorter->used_bytes = 0;
	return 0;
}

static int reserve_record(struct sorter *sorter)
{
	size_t capacity = sorter->record_capacity < 512 ? 1024 : 2 * sorter->record_capacity;

	if (sorter->record_count < sorter->record_capacity)
		return 0;

	struct slice *records = reallocarray(sorter->records, capacity, sizeof(*records));
	if (records == NULL)
		return -ENOMEM;
	sorter->records = records;
	sorter->record_capacity = capacity;
	return 0;
}

int sorter_add(struct sorter *sorter, struct slice record)
{
	// Sorting needs the index twice.
	size_t bytes = record.size + 2 * sizeof(struct slice);
	int error = 0;

	if (sorter->record_count > 0 && sorter->used_bytes + bytes > sorter->memory_bytes)
		error = spill(sorter);
	if (error == 0)
		error = reserve_record(sorter);
	if (error < 0)
		return error;

	struct slice copy = arena_copy(&sorter->arena, record);
	if (copy.data == NULL)
		return -ENOMEM;
	sorter->records[sorter->record_count++] = copy;
	sorter->used_bytes += bytes;
	sorter->is_sorted = false;
	return 0;
}

unsigned sorter_spilled_runs(const struct sorter *sorter)
{
	return sorter->run_count;
}
