#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "loader/sync.h"
#include "loader/sync_schedule.h"

enum { FIRST_RETRY_S = 60, DOUBLINGS_MAX = 12, JITTER_DIVISOR = 20 };
#define RETRY_MAX_S UINT64_C(86400)

static const char failures_note[] = "sync.failures";

static int read_failures(struct store *store, uint32_t source_id, unsigned *ret_failures)
{
	struct buffer note = {0};
	int error = store_source_noted(store, source_id, failures_note, &note);

	buffer_append_byte(&note, 0);
	if (note.failed)
		error = -ENOMEM;
	if (error == 0)
		*ret_failures = (unsigned)strtoul((const char *)note.data, NULL, 10);
	buffer_close(&note);
	return error;
}

int sync_schedule_note(struct store *store, uint32_t source_id, bool has_failed)
{
	unsigned failures = 0;
	char text[16];
	int error = read_failures(store, source_id, &failures);

	if (error < 0 || (failures == 0 && !has_failed))
		return error;
	if (failures <= DOUBLINGS_MAX)
		failures++;
	(void)snprintf(text, sizeof(text), "%u", failures);
	return store_source_note(store, source_id, failures_note, has_failed ? text : NULL);
}

uint64_t sync_schedule_delay_s(uint32_t interval_s, unsigned failures)
{
	uint64_t most = 4 * (uint64_t)interval_s;
	uint64_t delay = interval_s;

	if (failures == 0)
		return delay;
	if (failures > DOUBLINGS_MAX)
		failures = DOUBLINGS_MAX;
	delay = (uint64_t)FIRST_RETRY_S << (failures - 1);
	if (most > RETRY_MAX_S)
		most = RETRY_MAX_S;
	return delay < most ? delay : most;
}

int sync_next_run(struct store *store, const struct source_config *source, int64_t now_ns,
                  int64_t *ret_due_ns)
{
	struct store_source row;
	unsigned failures = 0;
	int error = store_source_get(store, source->name, &row);

	if (error == -ENOENT || (error == 0 && (row.last_attempt_ns == TIMESTAMP_MIN ||
	                                        row.last_attempt_ns > now_ns))) {
		*ret_due_ns = TIMESTAMP_MIN;
		return 0;
	}
	if (error < 0)
		return error;
	int64_t last_ns = row.last_attempt_ns;
	error = read_failures(store, row.source_id, &failures);
	if (error < 0)
		return error;

	int64_t delay_ns = (int64_t)sync_schedule_delay_s(source->interval_s, failures) * NS_PER_S;
	uint64_t share = hash_bytes((uint64_t)last_ns, source->name, strlen(source->name)) % 2001;
	*ret_due_ns = last_ns + delay_ns +
	              delay_ns / JITTER_DIVISOR / 1000 * ((int64_t)share - 1000);
	return 0;
}
