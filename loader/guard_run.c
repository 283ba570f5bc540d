#include "loader/guard_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"

// "live added lost": when a run ended well last, and since.
static const char note_name[] = "guard.run";

struct since {
	uint64_t live, added, lost;
};

// Returns 1 when something is noted, 0 when not, or an error.
static int read_since(struct store *store, uint32_t source_id, struct since *ret_since)
{
	struct buffer note = {0};
	int error = store_source_noted(store, source_id, note_name, &note);
	int count = 0;

	buffer_append_byte(&note, 0);
	if (note.failed)
		error = -ENOMEM;
	if (error == 0)
		count = sscanf((const char *)note.data, "%" SCNu64 " %" SCNu64 " %" SCNu64,
		               &ret_since->live, &ret_since->added, &ret_since->lost);
	buffer_close(&note);
	return error < 0 ? error : count == 3;
}

static int write_since(struct store *store, uint32_t source_id, const struct since *since)
{
	char note[3 * 24];

	(void)snprintf(note, sizeof(note), "%" PRIu64 " %" PRIu64 " %" PRIu64, since->live,
	               since->added, since->lost);
	return store_source_note(store, source_id, note_name, note);
}

int guard_run_counts(struct store *store, uint32_t source_id, const struct delivery_counts *counts,
                     struct delivery_counts *ret_since)
{
	struct since since;
	int result = read_since(store, source_id, &since);

	if (result == 1)
		*ret_since = (struct delivery_counts){
			.seen = since.live + counts->seen,
			.added = since.added + counts->added,
			.removed = since.lost + counts->removed + counts->absent,
			.live_before = since.live,
			.live_after = counts->live_after,
		};
	return result;
}

int guard_run_note(struct store *store, uint32_t source_id, const struct delivery_counts *counts)
{
	struct since since;
	int result = read_since(store, source_id, &since);

	if (result <= 0)
		return result;
	since.added += counts->added;
	since.lost += counts->removed + counts->absent;
	return write_since(store, source_id, &since);
}

int guard_run_end(struct store *store, uint32_t source_id, uint64_t live)
{
	return write_since(store, source_id, &(struct since){.live = live});
}
