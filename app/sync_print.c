#include "app/sync_print.h"

#include <inttypes.h>
#include <string.h>

#include "app/problems.h"
#include "app/text.h"
#include "base/json_text.h"

static void print_count(FILE *file, const char **between, uint64_t count, const char *what)
{
	if (count == 0)
		return;
	(void)fprintf(file, "%s%s %s", *between, text_count(count).text, what);
	*between = ", ";
}

static void print_counts(FILE *file, const struct delivery_counts *counts)
{
	const char *between = "";

	print_count(file, &between, counts->added, "added");
	print_count(file, &between, counts->changed, "changed");
	print_count(file, &between, counts->unchanged, "unchanged");
	print_count(file, &between, counts->removed + counts->absent, "withdrawn");
	print_count(file, &between, counts->outdated, "outdated");
	if (between[0] == '\0')
		(void)fprintf(file, "nothing new");
}

void sync_print_source(FILE *file, const struct source_config *source,
                       const struct sync_outcome *outcome)
{
	(void)fprintf(file, "%s: ", source->name);
	switch (outcome->state) {
	case SYNC_DONE:
		print_counts(file, &outcome->counts);
		(void)fprintf(file, "; %s live", text_count(outcome->counts.live_after).text);
		break;
	case SYNC_FAILED:
		(void)fprintf(file, "failed: %s; the last good data stay",
		              sync_error_text(outcome->error));
		break;
	case SYNC_UNCHANGED:
	case SYNC_HELD:
	case SYNC_STOPPED:
		(void)fprintf(file, "%s", sync_state_name(outcome->state));
		break;
	}
	uint64_t skipped = problems_skipped(&outcome->feed.report);
	if (skipped > 0 && outcome->state == SYNC_DONE)
		(void)fprintf(file, "; skipped %s", text_count(skipped).text);
	(void)fprintf(file, " (%s)\n", text_duration(outcome->duration_ns).text);
	problems_print(file, &outcome->feed.report);
}

static void write_json(FILE *file, struct buffer *json)
{
	buffer_append_byte(json, '\n');
	if (!json->failed)
		(void)fwrite(json->data, 1, json->size, file);
	buffer_close(json);
}

void sync_print_source_json(FILE *file, const struct source_config *source,
                            const struct sync_outcome *outcome)
{
	const struct delivery_counts *counts = &outcome->counts;
	struct buffer json = {0};

	buffer_append_text(&json, "{\"source\":");
	json_text_append(&json, slice_text(source->name));
	buffer_format(&json, ",\"state\":\"%s\"", sync_state_name(outcome->state));
	if (outcome->error < 0) {
		buffer_append_text(&json, ",\"error\":");
		json_text_append(&json, slice_text(sync_error_text(outcome->error)));
	}
	buffer_format(&json,
	              ",\"added\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"unchanged\":%" PRIu64
	              ",\"withdrawn\":%" PRIu64 ",\"outdated\":%" PRIu64 ",\"live\":%" PRIu64,
	              counts->added, counts->changed, counts->unchanged,
	              counts->removed + counts->absent, counts->outdated, counts->live_after);
	buffer_format(&json, ",\"bodies\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seconds\":%.6f",
	              outcome->bodies, outcome->bytes,
	              (double)outcome->duration_ns / (double)NS_PER_S);
	buffer_format(&json, ",\"skipped\":%" PRIu64, problems_skipped(&outcome->feed.report));
	problems_append_json(&json, &outcome->feed.report);
	buffer_append_byte(&json, '}');
	write_json(file, &json);
}
