#include "sightings/sorter.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sightings/sorter_runs.h"

enum { RUN_BUFFER_MIN = 4 * 1024, RUN_BUFFER_MAX = 256 * 1024 };

// One run being read; the records in memory are the last one.
struct source {
	struct slice record; // the next to come
	unsigned index;      // of the run: the order among equal records
	struct run rest;     // what of the run has not been read into `bytes`
	uint8_t *bytes;
	size_t bytes_start; // behind `record`
	size_t bytes_end;
	size_t bytes_capacity;
	size_t next_in_memory;
};

struct sorter_cursor {
	const struct sorter *sorter;
	struct source *sources;
	unsigned source_count;
	struct source **heap; // the smallest record first
	unsigned heap_count;
	size_t buffer_bytes;
	bool has_started;
};

void sorter_cursor_free(struct sorter_cursor *cursor)
{
	if (cursor == NULL)
		return;
	for (unsigned i = 0; i < cursor->source_count; i++)
		free(cursor->sources[i].bytes);
	free(cursor->sources);
	free(cursor->heap);
	free(cursor);
}

// Moves what is left to the front and fills up, so that at least `size` bytes are there.
static int refill(struct sorter_cursor *cursor, struct source *source, size_t size)
{
	size_t left = source->bytes_end - source->bytes_start;
	size_t capacity = size > cursor->buffer_bytes ? size : cursor->buffer_bytes;

	if (capacity > source->bytes_capacity) {
		uint8_t *bytes = realloc(source->bytes, capacity);
		if (bytes == NULL)
			return -ENOMEM;
		source->bytes = bytes;
		source->bytes_capacity = capacity;
	}
	memmove(source->bytes, source->bytes + source->bytes_start, left);
	source->bytes_start = 0;
	source->bytes_end = left;
	while (source->bytes_end < size) {
		size_t room = source->bytes_capacity - source->bytes_end;
		uint64_t rest = source->rest.end - source->rest.offset;
		ssize_t got = pread(cursor->sorter->file, source->bytes + source->bytes_end,
		                    rest < room ? (size_t)rest : room, (off_t)source->rest.offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		source->bytes_end += (size_t)got;
		source->rest.offset += (uint64_t)got;
	}
	return 0;
}

static int need(struct sorter_cursor *cursor, struct source *source, size_t size)
{
	if (source->bytes_end - source->bytes_start >= size)
		return 0;
	return refill(cursor, source, size);
}

static int next_from_file(struct sorter_cursor *cursor, struct source *source)
{
	uint32_t size;

	if (source->bytes_start == source->bytes_end && source->rest.offset == source->rest.end)
		return 0;
	int error = need(cursor, source, sizeof(size));
	if (error < 0)
		return error;
	memcpy(&size, source->bytes + source->bytes_start, sizeof(size));
	error = need(cursor, source, sizeof(size) + size);
	if (error < 0)
		return error;
	source->record = slice_of(source->bytes + source->bytes_start + sizeof(size), size);
	source->bytes_start += sizeof(size) + size;
	return 1;
}

// Steps to the source's next record. Returns 1, 0 when there is none, or an error.
static int advance(struct sorter_cursor *cursor, struct source *source)
{
	const struct sorter *sorter = cursor->sorter;

	if (source->index < sorter->run_count)
		return next_from_file(cursor, source);
	if (source->next_in_memory == sorter->record_count)
		return 0;
	source->record = sorter->records[source->next_in_memory++];
	return 1;
}

static bool comes_first(const struct sorter_cursor *cursor, unsigned a, unsigned b)
{
	const struct source *first = cursor->heap[a];
	const struct source *second = cursor->heap[b];
	int order = cursor->sorter->compare(first->record, second->record);

	return order < 0 || (order == 0 && first->index < second->index);
}

static void sift_down(struct sorter_cursor *cursor, unsigned top)
{
	for (;;) {
		unsigned child = 2 * top + 1;

		if (child >= cursor->heap_count)
			return;
		if (child + 1 < cursor->heap_count && comes_first(cursor, child + 1, child))
			child++;
		if (!comes_first(cursor, child, top))
			return;

		struct source *moved = cursor->heap[top];
		cursor->heap[top] = cursor->heap[child];
		cursor->heap[child] = moved;
		top = child;
	}
}

static int fill_heap(struct sorter_cursor *cursor)
{
	for (unsigned i = 0; i < cursor->source_count; i++) {
		int got = advance(cursor, &cursor->sources[i]);

		if (got < 0)
			return got;
		if (got > 0)
			cursor->heap[cursor->heap_count++] = &cursor->sources[i];
	}
	for (unsigned i = cursor->heap_count / 2; i > 0; i--)
		sift_down(cursor, i - 1);
	return 0;
}

int sorter_read(struct sorter *sorter, struct sorter_cursor **ret_cursor)
{
	AUTO(sorter_cursor) cursor = calloc(1, sizeof(*cursor));
	unsigned source_count = sorter->run_count + 1;
	int error = cursor == NULL ? -ENOMEM : sorter->is_sorted ? 0 : sorter_sort(sorter);

	if (error < 0)
		return error;
	cursor->sorter = sorter;
	cursor->buffer_bytes = sorter->memory_bytes / source_count;
	if (cursor->buffer_bytes < RUN_BUFFER_MIN)
		cursor->buffer_bytes = RUN_BUFFER_MIN;
	if (cursor->buffer_bytes > RUN_BUFFER_MAX)
		cursor->buffer_bytes = RUN_BUFFER_MAX;
	cursor->sources = calloc(source_count, sizeof(*cursor->sources));
	cursor->heap = calloc(source_count, sizeof(struct source *));
	if (cursor->sources == NULL || cursor->heap == NULL)
		return -ENOMEM;
	cursor->source_count = source_count;
	for (unsigned i = 0; i < source_count; i++) {
		cursor->sources[i].index = i;
		if (i < sorter->run_count)
			cursor->sources[i].rest = sorter->runs[i];
	}
	error = fill_heap(cursor);
	if (error < 0)
		return error;
	*ret_cursor = TAKE(cursor);
	return 0;
}

int sorter_next(struct sorter_cursor *cursor, struct slice *ret_record)
{
	// The record given last stays valid until now: its source steps on only here.
	if (cursor->has_started && cursor->heap_count > 0) {
		int got = advance(cursor, cursor->heap[0]);

		if (got < 0)
			return got;
		if (got == 0)
			cursor->heap[0] = cursor->heap[--cursor->heap_count];
		sift_down(cursor, 0);
	}
	cursor->has_started = true;
	if (cursor->heap_count == 0)
		return 0;
	*ret_record = cursor->heap[0]->record;
	return 1;
}
