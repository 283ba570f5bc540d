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

void sync_print_compiled(FILE *file, const char *database_path,
                         const struct store_compile_result *result)
{
	if (result->is_unchanged) {
		(void)fprintf(file, "%s: up to date\n", database_path);
		return;
	}
	(void)fprintf(file, "%s: %s, %s votes: ", database_path,
	              result->is_overlay ? "overlay" : "new database",
	              text_count(result->votes).text);
	const char *between = "";
	for (unsigned i = 0; i < ACTION_COUNT; i++)
		print_count(file, &between, result->actions[ACTION_COUNT - 1 - i],
		            action_name((enum action)(ACTION_COUNT - 1 - i)));
	print_count(file, &between, result->vetoed, "vetoed");
	print_count(file, &between, result->expired, "expired");
	print_count(file, &between, result->silenced, "silenced");
	(void)fprintf(file, " (%s)\n", text_duration(result->duration_ns).text);
	problems_print(file, &result->report);
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

void sync_print_compiled_json(FILE *file, const char *database_path,
                              const struct store_compile_result *result)
{
	struct buffer json = {0};

	buffer_append_text(&json, "{\"database\":");
	json_text_append(&json, slice_text(database_path));
	buffer_format(&json, ",\"is_unchanged\":%s,\"is_overlay\":%s,\"votes\":%" PRIu64,
	              result->is_unchanged ? "true" : "false",
	              result->is_overlay ? "true" : "false", result->votes);
	for (unsigned i = 0; i < ACTION_COUNT; i++)
		buffer_format(&json, ",\"%s\":%" PRIu64, action_name((enum action)i),
		              result->actions[i]);
	buffer_format(&json,
	              ",\"vetoed\":%" PRIu64 ",\"expired\":%" PRIu64 ",\"silenced\":%" PRIu64
	              ",\"seconds\":%.6f",
	              result->vetoed, result->expired, result->silenced,
	              (double)result->duration_ns / (double)NS_PER_S);
	problems_append_json(&json, &result->report);
	buffer_append_byte(&json, '}');
	write_json(file, &json);
}
