#include "loader/list_batch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/task.h"
#include "loader/list_lines.h"
#include "loader/intake_value.h"

// Large enough that handing one over costs nothing, small enough to stay in the cache.
enum { BATCH_VALUES = 1024, BATCH_BYTES = 256 * 1024 };

// A value that was prepared; its texts are copies.
struct list_entry {
	struct intake_value value;
	struct slice spelled;
	uint64_t line;
};

struct list_part {
	struct list_entry entries[BATCH_VALUES];
	unsigned count;
	size_t bytes; // of texts
	struct arena arena;
};

struct list_batch {
	struct feed *feed;
	const struct indicator *indicator;
	uint64_t object_count; // told in the end: the helper counts in the same cache line
	struct list_part *filling;
	struct list_part *taking; // the helper's
	struct task *task;
	struct list_part parts[2];
	struct value_set had; // the helper's
};

static void list_batch_free(struct list_batch *batch)
{
	if (batch == NULL)
		return;
	task_free(batch->task);
	arena_close(&batch->parts[0].arena);
	arena_close(&batch->parts[1].arena);
	value_set_close(&batch->had);
	free(batch);
}
DEFINE_AUTO(list_batch, list_batch_free)

static int list_batch_create(struct feed *feed, const struct indicator *indicator,
                             struct list_batch **ret_batch)
{
	AUTO(list_batch) batch = calloc(1, sizeof(*batch));

	if (batch == NULL || task_create(&batch->task) != 0)
		return -ENOMEM;
	batch->feed = feed;
	batch->indicator = indicator;
	batch->filling = &batch->parts[0];
	batch->taking = &batch->parts[1];
	*ret_batch = TAKE(batch);
	return 0;
}

static int take_entry(struct list_batch *batch, const struct list_entry *entry)
{
	int result = intake_is_new(batch->feed, &batch->had, &entry->value);

	return result != 1 ? result
	                   : list_value_take(batch->feed, batch->indicator, &entry->value,
	                                     entry->spelled, entry->line);
}

// The helper's job.
static int take_part(void *context)
{
	struct list_batch *batch = context;
	const struct list_part *part = batch->taking;
	int result = 0;

	for (unsigned i = 0; i < part->count && result >= 0; i++)
		result = take_entry(batch, &part->entries[i]);
	return result < 0 ? result : 0;
}

// Hands over what was filled, once the helper is done with the part before.
static int hand_over(struct list_batch *batch)
{
	struct list_part *full = batch->filling;
	int error = task_wait(batch->task);

	if (error < 0)
		return error;
	batch->filling = batch->taking;
	batch->taking = full;
	batch->filling->count = 0;
	batch->filling->bytes = 0;
	arena_reset(&batch->filling->arena);
	task_begin(batch->task, take_part, batch);
	return 0;
}

// Nothing is left to be taken afterwards, and the helper rests.
static int settle(struct list_batch *batch)
{
	int error = hand_over(batch);

	return error < 0 ? error : task_wait(batch->task);
}

static bool keep_text(struct list_part *part, struct slice *text)
{
	part->bytes += text->size;
	*text = arena_copy(&part->arena, *text);
	return text->data != NULL;
}

static int keep_entry(struct list_part *part, const struct intake_value *value,
                      const struct candidate *candidate)
{
	struct list_entry *entry = &part->entries[part->count];

	*entry = (struct list_entry){
		.value = *value,
		.spelled = slice_trim(candidate->text),
		.line = candidate->line,
	};
	if (!keep_text(part, &entry->value.text) || !keep_text(part, &entry->value.host) ||
	    !keep_text(part, &entry->spelled))
		return -ENOMEM;
	part->count++;
	return 0;
}

int list_batch_add(struct list_batch *batch, const struct candidate *candidate)
{
	struct list_part *part = batch->filling;
	const struct intake_value *value;
	int result = intake_prepare(batch->feed, candidate, &value);

	batch->object_count++;
	if (result == 1)
		result = keep_entry(part, value, candidate);
	if (result < 0)
		return result;
	// A pattern may be reported where it is taken: the report is one thread's at a time.
	if (part->count > 0 && part->entries[part->count - 1].value.is_pattern)
		return settle(batch);
	return part->count == BATCH_VALUES || part->bytes >= BATCH_BYTES ? hand_over(batch) : 0;
}

void list_batch_refuse(struct list_batch *batch, const char *reason, struct slice value,
                       uint64_t line)
{
	batch->object_count++;
	report_add(&batch->feed->summary->report,
	           &(struct problem){.reason = reason, .object = value, .line = line});
}

// What a line is read with.
struct line_reader {
	struct list_batch *batch;
	list_batch_line_fn *read_line;
};

static int read_one_line(struct feed *feed, struct slice line, void *context)
{
	const struct line_reader *reader = context;

	return reader->read_line(feed, reader->batch, line);
}

int list_batch_read_lines(struct feed *feed, list_batch_line_fn *read_line)
{
	struct indicator indicator = reader_new_indicator(feed);
	AUTO(list_batch) batch = NULL;
	int error = list_batch_create(feed, &indicator, &batch);

	if (error < 0)
		return error;
	struct line_reader reader = {batch, read_line};
	error = list_lines_read(feed, read_one_line, &reader);

	// What was read before an error counts.
	int last_error = settle(batch);
	feed->summary->objects += batch->object_count;
	return error < 0 ? error : last_error;
}
