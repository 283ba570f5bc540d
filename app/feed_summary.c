#include "app/feed_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "app/problems.h"
#include "app/text.h"
#include "base/buffer.h"
#include "base/json_text.h"

// By enum observable_type.
static const char *const type_words[OBSERVABLE_TYPE_COUNT] = {"addresses", "names", "urls",
                                                              "hashes"};

static void print_feed(FILE *file, const char *path, const struct feed_outcome *feed)
{
	const struct feed_summary *summary = &feed->summary;

	if (feed->error < 0) {
		(void)fprintf(file, "%s: not read\n", path);
		return;
	}
	(void)fprintf(file, "%s: %s, %s, %s\n", path, feed_format_name(summary->format),
	              text_size(summary->bytes).text, text_duration(summary->duration_ns).text);
	(void)fprintf(file, "  read %s, indicators %s", text_count(summary->objects).text,
	              text_count(summary->indicators).text);
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		if (summary->values[i] > 0)
			(void)fprintf(file, ", %s %s", type_words[i],
			              text_count(summary->values[i]).text);
	if (summary->patterns > 0)
		(void)fprintf(file, ", patterns %s", text_count(summary->patterns).text);
	if (summary->duplicates > 0)
		(void)fprintf(file, ", duplicates %s", text_count(summary->duplicates).text);
	if (summary->removed > 0)
		(void)fprintf(file, ", removed %s", text_count(summary->removed).text);
	if (summary->known_benign > 0)
		(void)fprintf(file, ", known-benign %s (not compiled)",
		              text_count(summary->known_benign).text);
	uint64_t skipped = problems_skipped(&summary->report);

	(void)fprintf(file, ", skipped %s", text_count(skipped).text);
	if (summary->report.count > skipped)
		(void)fprintf(file, ", notes %s", text_count(summary->report.count - skipped).text);
	(void)fprintf(file, "\n");
}

static void print_database(FILE *file, const struct build_figures *figures, const char *path)
{
	(void)fprintf(file, "%s: %s, %s indicators: %s IPv4 hosts, %s networks; ", path,
	              text_size(figures->file_bytes).text, text_count(figures->indicators).text,
	              text_count(figures->ipv4_hosts).text,
	              text_count(figures->ipv4_networks).text);
	(void)fprintf(file, "%s IPv6 hosts, %s networks; ", text_count(figures->ipv6_hosts).text,
	              text_count(figures->ipv6_networks).text);
	(void)fprintf(file, "%s names, %s urls, %s hashes, %s patterns\n",
	              text_count(figures->names).text, text_count(figures->urls).text,
	              text_count(figures->hashes).text, text_count(figures->patterns).text);
}

void feed_summary_print(FILE *file, const struct feed_list *list,
                        const struct feed_compile_result *result, const char *database_path,
                        bool has_problems)
{
	for (size_t i = 0; i < result->feed_count; i++) {
		print_feed(file, list->feeds[i].path, &result->feeds[i]);
		if (has_problems)
			problems_print(file, &result->feeds[i].summary.report);
	}
	if (result->report.count > 0 && has_problems) {
		(void)fprintf(file, "all feeds together:\n");
		problems_print(file, &result->report);
	}
	if (database_path != NULL) {
		print_database(file, &result->figures, database_path);
		(void)fprintf(file, "done in %s\n", text_duration(result->duration_ns).text);
	}
}

static void append_text(struct buffer *json, const char *key, const char *value)
{
	buffer_format(json, ",\"%s\":", key);
	json_text_append(json, slice_text(value));
}

static void append_feed(struct buffer *json, const char *path, const struct feed_outcome *feed)
{
	const struct feed_summary *summary = &feed->summary;

	buffer_append_text(json, "{\"path\":");
	json_text_append(json, slice_text(path));
	if (feed->error < 0)
		append_text(json, "error", strerror(-feed->error));
	append_text(json, "format", feed_format_name(summary->format));
	buffer_format(json,
	              ",\"bytes\":%" PRIu64 ",\"objects\":%" PRIu64 ",\"indicators\":%" PRIu64
	              ",\"duplicates\":%" PRIu64 ",\"removed\":%" PRIu64
	              ",\"known_benign\":%" PRIu64 ",\"patterns\":%" PRIu64,
	              summary->bytes, summary->objects, summary->indicators, summary->duplicates,
	              summary->removed, summary->known_benign, summary->patterns);
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		buffer_format(json, ",\"%s\":%" PRIu64, type_words[i], summary->values[i]);
	buffer_format(json, ",\"seconds\":%.6f", (double)summary->duration_ns / (double)NS_PER_S);
	problems_append_json(json, &summary->report);
	buffer_append_text(json, "}");
}

static void append_database(struct buffer *json, const struct build_figures *figures,
                            const char *path)
{
	buffer_append_text(json, ",\"database\":{\"path\":");
	json_text_append(json, slice_text(path));
	buffer_format(json,
	              ",\"indicators\":%" PRIu64 ",\"ipv4_hosts\":%" PRIu64
	              ",\"ipv4_networks\":%" PRIu64 ",\"ipv6_hosts\":%" PRIu64
	              ",\"ipv6_networks\":%" PRIu64,
	              figures->indicators, figures->ipv4_hosts, figures->ipv4_networks,
	              figures->ipv6_hosts, figures->ipv6_networks);
	buffer_format(json,
	              ",\"names\":%" PRIu64 ",\"urls\":%" PRIu64 ",\"hashes\":%" PRIu64
	              ",\"patterns\":%" PRIu64 ",\"file_bytes\":%" PRIu64 ",\"hot_bytes\":%" PRIu64
	              "}",
	              figures->names, figures->urls, figures->hashes, figures->patterns,
	              figures->file_bytes, figures->hot_bytes);
}

int feed_summary_print_json(FILE *file, const struct feed_list *list,
                            const struct feed_compile_result *result, const char *database_path)
{
	struct buffer json = {0};
	int error = 0;

	buffer_append_text(&json, "{\"feeds\":[");
	for (size_t i = 0; i < result->feed_count; i++) {
		if (i > 0)
			buffer_append_text(&json, ",");
		append_feed(&json, list->feeds[i].path, &result->feeds[i]);
	}
	buffer_append_text(&json, "]");
	problems_append_json(&json, &result->report);
	if (database_path != NULL)
		append_database(&json, &result->figures, database_path);
	buffer_format(&json, ",\"seconds\":%.6f}\n",
	              (double)result->duration_ns / (double)NS_PER_S);
	if (json.failed)
		error = -ENOMEM;
	else
		(void)fwrite(json.data, 1, json.size, file);
	buffer_close(&json);
	return error;
}
