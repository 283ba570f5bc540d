#include "app/top_screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/text.h"
#include "app/top_figures.h"
#include "app/top_parts.h"
#include "base/timestamp.h"

static void append_age(struct buffer *text, int64_t age_ns)
{
	int64_t seconds = age_ns > 0 ? age_ns / NS_PER_S : 0;

	if (seconds < 120)
		buffer_format(text, "%d s", (int)seconds);
	else if (seconds < 120 * 60)
		buffer_format(text, "%d min", (int)(seconds / 60));
	else if (seconds < 48 * 3600)
		buffer_format(text, "%d h", (int)(seconds / 3600));
	else
		buffer_format(text, "%" PRId64 " days", seconds / (24 * 3600));
}

static void append_heading(const struct top_view *view, struct buffer *text)
{
	const struct daemon_figures *figures = &view->now->figures;
	char time[TIMESTAMP_TEXT_BYTES];

	timestamp_format(view->wall_ns, 0, time);
	buffer_format(text, "sekisho %s  %s (%s)", figures->version, figures->mode,
	              figures->backend);
	if (top_has(view->now, "sekisho_start_time_seconds")) {
		buffer_append_text(text, "  up ");
		append_age(text, view->wall_ns - figures->started_ns);
	}
	if (strncmp(figures->mode, "inline", strlen("inline")) == 0)
		buffer_append_text(text, figures->is_fail_closed ? "  fail-closed" : "  fail-open");
	if (figures->is_dry_run)
		buffer_append_text(text, "  DRY RUN");
	buffer_format(text, "  %s\n", time);
}

static void append_reloads(const struct top_view *view, struct buffer *text)
{
	const struct daemon_figures *figures = &view->now->figures;

	if (!top_has(view->now, "sekisho_reloads_total"))
		return;
	buffer_format(text, "reloads   %" PRIu64, figures->reloads);
	if (figures->reload_failures > 0)
		buffer_format(text, ", %" PRIu64 " FAILED", figures->reload_failures);
	if (figures->reloaded_ns > 0) {
		buffer_append_text(text, "; in force for ");
		append_age(text, view->wall_ns - figures->reloaded_ns);
		buffer_format(text, ", taken in %s",
		              text_duration(figures->reload_duration_ns).text);
	}
	if (figures->publications > 1)
		buffer_format(text, ", %u databases held", figures->publications);
	buffer_append_byte(text, '\n');
}

static void append_database(const struct top_view *view, struct buffer *text)
{
	const struct daemon_figures *figures = &view->now->figures;
	const struct database_info *info = &figures->database;

	if (!top_has(view->now, "sekisho_database_loaded"))
		return;
	if (!figures->has_database) {
		buffer_append_text(text, "database  NONE\n");
		return;
	}
	buffer_append_text(text, "database  ");
	for (unsigned i = 0; i < 4; i++)
		buffer_format(text, "%02x", info->build_id[i]);
	buffer_format(text, ", generation %" PRIu32 ", %s indicators", figures->generation,
	              text_count(info->indicators).text);
	if (info->overlay_indicators > 0)
		buffer_format(text, " (%s of the overlay)",
		              text_count(info->overlay_indicators).text);
	buffer_format(text, ", %s\n", text_size(info->file_bytes).text);
}

static void append_links(const struct top_view *view, struct buffer *text)
{
	const struct daemon_figures *figures = &view->now->figures;

	if (figures->link_count == 0)
		return;
	buffer_append_text(text, "links    ");
	for (unsigned i = 0; i < figures->link_count; i++)
		buffer_format(text, " %s %s", figures->link_names[i],
		              figures->link_is_up[i] ? "up" : "DOWN");
	buffer_append_byte(text, '\n');
}

static void append_output(const struct top_view *view, const struct sensor_figures *sum,
                          struct buffer *text)
{
	const struct daemon_figures *before = &view->before->figures;
	const struct daemon_figures *now = &view->now->figures;
	double grown = (double)top_grown(before->hits_written, now->hits_written);

	if (!top_has(view->now, "sekisho_hits_written_total"))
		return;
	buffer_format(text, "output    %s hits written (%s/s), %s sightings",
	              text_count(now->hits_written).text, text_rate(grown / view->seconds).text,
	              text_count(now->sightings_written).text);
	if (sum->hits_lost > 0)
		buffer_format(text, ", %s LOST: ring full", text_count(sum->hits_lost).text);
	if (now->outputs_failed > 0)
		buffer_format(text, ", %s NOT WRITTEN", text_count(now->outputs_failed).text);
	buffer_append_byte(text, '\n');
}

void top_screen_render(const struct top_view *view, struct buffer *text)
{
	struct sensor_figures before = top_sum(view->before);
	struct sensor_figures sum = top_sum(view->now);
	struct sensor_figures grown = top_between(&before, &sum);

	append_heading(view, text);
	append_database(view, text);
	append_reloads(view, text);
	append_links(view, text);
	append_output(view, &sum, text);
	top_parts_workers(view, &grown, text);
	top_parts_drops(view, &sum, &grown, text);
	top_parts_tables(view, &sum, text);
	top_parts_time(view, &grown, text);
	top_parts_xdp(view, text);
}
