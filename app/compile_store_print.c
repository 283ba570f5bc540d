#include "app/compile_store_print.h"

#include <errno.h>
#include <inttypes.h>

#include "app/problems.h"
#include "app/text.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/report.h"

enum { NAME_COLUMNS = 40 };

// Strongest first.
static const enum action shown_actions[ACTION_COUNT] = {ACTION_DROP, ACTION_ALERT, ACTION_LOG,
                                                        ACTION_IGNORE};

static void print_actions(FILE *file, const char *name, const uint64_t actions[ACTION_COUNT])
{
	char printable[PROBLEM_TEXT_BYTES];

	report_printable(slice_text(name), printable);
	(void)fprintf(file, "  %-*s", NAME_COLUMNS, printable);
	for (unsigned i = 0; i < ACTION_COUNT; i++)
		(void)fprintf(file, " %12s", text_count(actions[shown_actions[i]]).text);
	(void)fprintf(file, "\n");
}

static void print_heading(FILE *file, const char *what)
{
	(void)fprintf(file, "  %-*s", NAME_COLUMNS, what);
	for (unsigned i = 0; i < ACTION_COUNT; i++)
		(void)fprintf(file, " %12s", action_name(shown_actions[i]));
	(void)fprintf(file, "\n");
}

static bool has_any(const uint64_t actions[ACTION_COUNT])
{
	for (unsigned i = 0; i < ACTION_COUNT; i++)
		if (actions[i] > 0)
			return true;
	return false;
}

static void print_counts(FILE *file, const char *what, const struct store_compile_count counts[],
                         unsigned count)
{
	print_heading(file, what);
	for (unsigned i = 0; i < count; i++)
		if (has_any(counts[i].actions))
			print_actions(file, counts[i].name, counts[i].actions);
}

static void print_left_out(FILE *file, const struct store_compile_result *result)
{
	if (result->lowered > 0)
		(void)fprintf(file, "drops made alerts: %s, %s of them by the veto set\n",
		              text_count(result->lowered).text, text_count(result->vetoed).text);
	if (result->expired + result->known_benign + result->ignored > 0)
		(void)fprintf(
			file, "not compiled: %s past their validity, %s known-benign, %s ignored\n",
			text_count(result->expired).text, text_count(result->known_benign).text,
			text_count(result->ignored).text);
}

static void print_unchanged(FILE *file, const char *database_path)
{
	(void)fprintf(file, "%s: up to date\n", database_path);
}

void compile_store_print(FILE *file, const char *database_path,
                         const struct store_compile_result *result)
{
	if (result->is_unchanged) {
		print_unchanged(file, database_path);
		return;
	}
	(void)fprintf(file, "%s votes of the store:\n", text_count(result->votes).text);
	print_counts(file, "values by row of the policy", result->rows, result->row_count);
	print_counts(file, "values by source", result->sources, result->source_count);
	print_actions(file, "together", result->actions);
	print_left_out(file, result);
	(void)fprintf(file, "%s: %s, %s, %s indicators", database_path,
	              result->is_overlay ? "overlay beside it" : "new",
	              text_size(result->figures.file_bytes).text,
	              text_count(result->figures.indicators).text);
	if (result->is_overlay)
		(void)fprintf(file, ", %s of the base replaced or withdrawn",
		              text_count(result->silenced).text);
	(void)fprintf(file, "\ndone in %s\n", text_duration(result->duration_ns).text);
}

static void print_part(FILE *file, const char **between, uint64_t count, const char *what)
{
	if (count == 0)
		return;
	(void)fprintf(file, "%s%s %s", *between, text_count(count).text, what);
	*between = ", ";
}

void compile_store_print_line(FILE *file, const char *database_path,
                              const struct store_compile_result *result)
{
	const char *between = ": "; // nothing when the store is empty

	if (result->is_unchanged) {
		print_unchanged(file, database_path);
		return;
	}
	(void)fprintf(file, "%s: %s, %s votes", database_path,
	              result->is_overlay ? "overlay" : "new database",
	              text_count(result->votes).text);
	for (unsigned i = 0; i < ACTION_COUNT; i++)
		print_part(file, &between, result->actions[shown_actions[i]],
		           action_name(shown_actions[i]));
	print_part(file, &between, result->vetoed, "vetoed");
	print_part(file, &between, result->expired, "expired");
	print_part(file, &between, result->silenced, "silenced");
	(void)fprintf(file, " (%s)\n", text_duration(result->duration_ns).text);
	problems_print(file, &result->report);
}

static void append_actions(struct buffer *json, const uint64_t actions[ACTION_COUNT])
{
	for (unsigned i = 0; i < ACTION_COUNT; i++)
		buffer_format(json, "%s\"%s\":%" PRIu64, i > 0 ? "," : "",
		              action_name(shown_actions[i]), actions[shown_actions[i]]);
}

static void append_counts(struct buffer *json, const char *key,
                          const struct store_compile_count counts[], unsigned count)
{
	const char *separator = "";

	buffer_format(json, ",\"%s\":[", key);
	for (unsigned i = 0; i < count; i++) {
		if (!has_any(counts[i].actions))
			continue;
		buffer_format(json, "%s{\"name\":", separator);
		json_text_append(json, slice_text(counts[i].name));
		buffer_append_text(json, ",");
		append_actions(json, counts[i].actions);
		buffer_append_text(json, "}");
		separator = ",";
	}
	buffer_append_text(json, "]");
}

static void append_figures(struct buffer *json, const struct store_compile_result *result)
{
	buffer_format(json,
	              ",\"votes\":%" PRIu64 ",\"expired\":%" PRIu64 ",\"known_benign\":%" PRIu64
	              ",\"ignored\":%" PRIu64 ",\"vetoed\":%" PRIu64 ",\"lowered\":%" PRIu64,
	              result->votes, result->expired, result->known_benign, result->ignored,
	              result->vetoed, result->lowered);
	buffer_format(json,
	              ",\"silenced\":%" PRIu64 ",\"indicators\":%" PRIu64 ",\"file_bytes\":%" PRIu64
	              ",\"seconds\":%.6f",
	              result->silenced, result->figures.indicators, result->figures.file_bytes,
	              (double)result->duration_ns / (double)NS_PER_S);
}

int compile_store_print_json(FILE *file, const char *database_path,
                             const struct store_compile_result *result)
{
	struct buffer json = {};
	int error = 0;

	buffer_append_text(&json, "{\"database\":");
	json_text_append(&json, slice_text(database_path));
	buffer_format(&json, ",\"outcome\":\"%s\"",
	              result->is_unchanged ? "unchanged"
	              : result->is_overlay ? "overlay"
	                                   : "base");
	buffer_append_text(&json, ",\"actions\":{");
	append_actions(&json, result->actions);
	buffer_append_text(&json, "}");
	append_counts(&json, "rows", result->rows, result->row_count);
	append_counts(&json, "sources", result->sources, result->source_count);
	append_figures(&json, result);
	problems_append_json(&json, &result->report);
	buffer_append_text(&json, "}\n");
	if (json.failed)
		error = -ENOMEM;
	else
		(void)fwrite(json.data, 1, json.size, file);
	buffer_close(&json);
	return error;
}
