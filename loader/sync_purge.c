#include "loader/sync_purge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "loader/store_figures.h"

static const int64_t day_ns = INT64_C(86400) * NS_PER_S;

// Of no source: when it was done last.
static const char time_note[] = "purge.time";
enum { NO_SOURCE = 0 };

// A clock that was set back must not put it off.
static int is_due(struct store *store, int64_t now_ns, bool *ret_is_due)
{
	struct buffer note = {0};
	int64_t last_ns = 0;
	int error = store_source_noted(store, NO_SOURCE, time_note, &note);

	buffer_append_byte(&note, 0);
	if (note.failed)
		error = -ENOMEM;
	if (error == 0) {
		int count = sscanf((const char *)note.data, "%" SCNd64, &last_ns);

		*ret_is_due = count != 1 || last_ns > now_ns || now_ns - last_ns >= day_ns;
	}
	buffer_close(&note);
	return error;
}

int sync_purge(struct store *store, const struct config *config, int64_t now_ns,
               uint64_t *ret_count)
{
	uint64_t count = 0;
	bool is_needed = false;
	char note[24];
	int error = config->retention_days == 0 ? 0 : is_due(store, now_ns, &is_needed);

	if (error == 0 && is_needed)
		error = store_purge(store, now_ns - config->retention_days * day_ns, false, NULL,
		                    NULL, &count);
	if (error == 0 && is_needed) {
		(void)snprintf(note, sizeof(note), "%" PRId64, now_ns);
		error = store_source_note(store, NO_SOURCE, time_note, note);
	}
	if (error == 0)
		*ret_count = count;
	return error;
}
