// loader/store_batch.h — indicators on their way from the reader to the store: two threads.
//
// For store*.c only. The reader's thread fills one batch while a helper applies the other; all of
// the delivery but the batch being filled is the helper's until store_batch_wait().
#pragma once

#include "base/buffer.h"
#include "base/task.h"
#include "loader/store_members.h"

enum { STORE_BATCH_INDICATORS = 256 };

// An indicator and what belongs to it.
struct store_pending {
	bool is_there;
	uint32_t indicator_id;
	bool has_id; // a STIX id; else it is a list's value
	struct store_identity identity;
	uint32_t poster_id;
	int64_t modified_ns;
	int64_t time_ns; // since when it is listed, as the feed says; TIMESTAMP_MIN: it does not
	uint64_t line;
	size_t values_offset; // of `record`
	struct buffer record; // store_record_append(), then its values
	struct buffer hashes; // of its values, 64 bits each
	struct buffer object; // its STIX object
};

struct store_batch {
	struct store_pending indicators[STORE_BATCH_INDICATORS];
	unsigned count; // complete ones; the next one is pending
	size_t bytes;   // of those
};

struct store_delivery;

struct store_batches {
	struct store_batch *filling;
	struct store_batch *applying; // the helper's
	struct task *task;
	int error; // of the helper, for good
};

int store_batch_create(struct store_batches *batches);
void store_batch_close(struct store_batches *batches); // waits for the helper

// The indicator that is being filled.
static inline struct store_pending *store_batch_pending(const struct store_batches *batches)
{
	return &batches->filling->indicators[batches->filling->count];
}

// It is complete: the next one is empty. Returns 0 or the error of what was applied so far.
int store_batch_push(struct store_delivery *delivery);

// All that is complete is applied, and the helper rests.
int store_batch_wait(struct store_delivery *delivery);
