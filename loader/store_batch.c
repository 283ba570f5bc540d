#include "loader/store_batch.h"

#include <errno.h>
#include <stdlib.h>

#include "loader/store_delivery_internal.h"

enum {
	BATCH_BYTES = 1024 * 1024,
	KEPT_BYTES = 16 * 1024, // of a buffer that is used again
};

int store_batch_create(struct store_batches *batches)
{
	batches->filling = calloc(1, sizeof(*batches->filling));
	batches->applying = calloc(1, sizeof(*batches->applying));
	if (batches->filling == NULL || batches->applying == NULL)
		return -ENOMEM;
	return task_create(&batches->task);
}

static void close_batch(struct store_batch *batch)
{
	for (unsigned i = 0; batch != NULL && i < STORE_BATCH_INDICATORS; i++) {
		buffer_close(&batch->indicators[i].record);
		buffer_close(&batch->indicators[i].hashes);
		buffer_close(&batch->indicators[i].object);
	}
	free(batch);
}

void store_batch_close(struct store_batches *batches)
{
	task_free(batches->task);
	close_batch(batches->filling);
	close_batch(batches->applying);
	*batches = (struct store_batches){};
}

static void clear(struct buffer *buffer)
{
	if (buffer->capacity > KEPT_BYTES)
		buffer_close(buffer);
	buffer_clear(buffer);
}

static void apply_batch(struct store_delivery *delivery, struct store_batch *batch)
{
	int *error = &delivery->batches.error;

	for (unsigned i = 0; i < batch->count; i++) {
		struct store_pending *pending = &batch->indicators[i];

		if (*error == 0)
			*error = store_apply_pending(delivery, pending);
		clear(&pending->record);
		clear(&pending->hashes);
		clear(&pending->object);
	}
	batch->count = 0;
	batch->bytes = 0;
}

// The helper's job.
static int apply(void *context)
{
	struct store_delivery *delivery = context;

	apply_batch(delivery, delivery->batches.applying);
	return 0;
}

int store_batch_push(struct store_delivery *delivery)
{
	struct store_batches *batches = &delivery->batches;
	struct store_batch *batch = batches->filling;
	struct store_pending *pending = store_batch_pending(batches);

	pending->is_there = false;
	batch->bytes += pending->record.size + pending->object.size;
	batch->count++;
	// The last place is for the one that is pending.
	if (batch->count < STORE_BATCH_INDICATORS - 1 && batch->bytes < BATCH_BYTES)
		return 0;

	(void)task_wait(batches->task);
	if (batches->error < 0)
		return batches->error;
	batches->filling = batches->applying;
	batches->applying = batch;
	task_begin(batches->task, apply, delivery);
	return 0;
}

int store_batch_wait(struct store_delivery *delivery)
{
	struct store_batches *batches = &delivery->batches;

	(void)task_wait(batches->task);
	apply_batch(delivery, batches->filling);
	return batches->error;
}
