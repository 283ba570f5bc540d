#include "app/top_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/text.h"
#include "app/top_figures.h"
#include "base/timestamp.h"

// From when on a worker is said to be silent: it beats at each turn of its loop.
#define SILENT_NS NS_PER_S

static struct figure_text rate(const struct top_view *view, uint64_t grown)
{
	return text_rate((double)grown / view->seconds);
}

// "950 ns", "16.4 us", "1.05 ms"
static struct figure_text short_time(uint64_t time_ns)
{
	struct figure_text figure;

	if (time_ns == 0)
		(void)snprintf(figure.text, sizeof(figure.text), "-");
	else if (time_ns == UINT64_MAX)
		(void)snprintf(figure.text, sizeof(figure.text), ">270 ms");
	else if (time_ns < 1000)
		(void)snprintf(figure.text, sizeof(figure.text), "%u ns", (unsigned)time_ns);
	else if (time_ns < 1000000)
		(void)snprintf(figure.text, sizeof(figure.text), "%.1f us", (double)time_ns / 1e3);
	else
		(void)snprintf(figure.text, sizeof(figure.text), "%.1f ms", (double)time_ns / 1e6);
	return figure;
}

// Of those that were not empty.
static double mean_batch(const struct sensor_figures *grown)
{
	uint64_t batches = top_total(grown->batches + 1, SENSOR_BATCH_BUCKETS - 1);

	return batches > 0 ? (double)grown->counters.packets / (double)batches : 0;
}

static void append_worker(const struct top_view *view, const char *name,
                          const struct sensor_figures *grown, struct buffer *text)
{
	buffer_format(text, "%-10s %9s %9s %8s %9s %9s %9s %6.1f", name,
	              rate(view, grown->counters.packets).text,
	              text_rate((double)grown->counters.bytes * 8 / view->seconds).text,
	              rate(view, grown->counters.hits).text,
	              rate(view, top_total(grown->drops, DROP_CAUSE_COUNT)).text,
	              rate(view, grown->missed).text, rate(view, grown->unsent).text,
	              mean_batch(grown));
}

void top_parts_workers(const struct top_view *view, const struct sensor_figures *grown,
                       struct buffer *text)
{
	const struct daemon_figures *now = &view->now->figures;

	if (now->worker_count == 0)
		return;
	buffer_format(text, "\n%-10s %9s %9s %8s %9s %9s %9s %6s\n", "per second", "packets",
	              "bits", "hits", "dropped", "missed", "unsent", "batch");
	for (unsigned i = 0; i < now->worker_count; i++) {
		const struct sensor_figures *worker = &now->workers[i];
		struct sensor_figures own = top_between(&view->before->figures.workers[i], worker);
		char name[16];

		(void)snprintf(name, sizeof(name), "worker %u", i);
		append_worker(view, name, &own, text);
		if (now->has_database && worker->generation != now->generation)
			buffer_format(text, "  generation %" PRIu32, worker->generation);
		if (-worker->beat_ns > SILENT_NS) // as metrics_read() gives it
			buffer_format(text, "  SILENT for %s",
			              text_duration(-worker->beat_ns).text);
		buffer_append_byte(text, '\n');
	}
	if (now->worker_count > 1) {
		append_worker(view, "all", grown, text);
		buffer_append_byte(text, '\n');
	}
}

static void append_causes(const struct top_view *view, const char *heading, const uint64_t sum[],
                          const uint64_t grown[], struct buffer *text)
{
	if (top_total(sum, DROP_CAUSE_COUNT) == 0)
		return;
	buffer_format(text, "\n%-16s %12s %18s\n", heading, "per second", "in all");
	for (unsigned i = 0; i < DROP_CAUSE_COUNT; i++)
		if (sum[i] > 0)
			buffer_format(text, "%-16s %12s %18s\n",
			              drop_cause_name((enum drop_cause)i),
			              rate(view, grown[i]).text, text_count(sum[i]).text);
}

void top_parts_drops(const struct top_view *view, const struct sensor_figures *sum,
                     const struct sensor_figures *grown, struct buffer *text)
{
	append_causes(view, "dropped", sum->drops, grown->drops, text);
	append_causes(view, "would drop", sum->would_drops, grown->would_drops, text);
}

static void append_occupancy(const char *name, uint64_t now, uint64_t max, struct buffer *text)
{
	buffer_format(text, "%s %s", name, text_count(now).text);
	if (max > 0)
		buffer_format(text, " of %s (%.1f %%)", text_count(max).text,
		              (double)now * 100 / (double)max);
}

void top_parts_tables(const struct top_view *view, const struct sensor_figures *sum,
                      struct buffer *text)
{
	if (!top_has(view->now, "sekisho_flows"))
		return;
	buffer_append_text(text, "\ntables    ");
	append_occupancy("flows", sum->flows_now, sum->flows_max, text);
	append_occupancy("; streams", sum->streams_now, sum->streams_max, text);
	buffer_format(text, "; condemned %s", text_count(sum->condemned_now).text);
	if (sum->counters.flows_evicted > 0)
		buffer_format(text, "; %s flows EVICTED",
		              text_count(sum->counters.flows_evicted).text);
	buffer_append_byte(text, '\n');
}

void top_parts_time(const struct top_view *view, const struct sensor_figures *grown,
                    struct buffer *text)
{
	static const unsigned permille[] = {500, 900, 990, 999};

	if (top_has(view->now, "sekisho_latency_seconds") &&
	    top_total(grown->latency, SENSOR_LATENCY_BUCKETS) > 0) {
		buffer_append_text(text, "latency  ");
		for (unsigned i = 0; i < sizeof(permille) / sizeof(permille[0]); i++)
			buffer_format(text, " %g%% < %s%s", permille[i] / 10.0,
			              short_time(top_percentile(grown, permille[i])).text,
			              i + 1 < sizeof(permille) / sizeof(permille[0]) ? "," : "\n");
	}
	if (grown->stage_packets == 0)
		return;
	buffer_append_text(text, "cycles   ");
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		buffer_format(text, " %s %.0f", stage_name((enum stage)i),
		              (double)grown->stage_cycles[i] / (double)grown->stage_packets);
	buffer_format(text, ", in all %.0f a packet\n",
	              (double)top_total(grown->stage_cycles, STAGE_COUNT) /
	                      (double)grown->stage_packets);
}

static const struct xdp_status *find_before(const struct top_view *view, const char *device)
{
	static const struct xdp_status nothing;
	const struct daemon_figures *before = &view->before->figures;

	for (unsigned i = 0; i < before->xdp_count; i++)
		if (strcmp(before->xdp[i].device, device) == 0)
			return &before->xdp[i];
	return &nothing;
}

void top_parts_xdp(const struct top_view *view, struct buffer *text)
{
	const struct daemon_figures *now = &view->now->figures;

	for (unsigned i = 0; i < now->xdp_count; i++) {
		const struct xdp_status *xdp = &now->xdp[i];
		const struct xdp_status *before = find_before(view, xdp->device);

		buffer_format(text,
		              "\nXDP on %s: %s%s, generation %" PRIu32 ", %s hosts, %s networks, "
		              "%s%s\n",
		              xdp->device, xdp->is_native ? "native" : "GENERIC",
		              xdp->is_dispatched ? ", dispatched" : "", xdp->generation,
		              text_count(xdp->hosts).text, text_count(xdp->networks).text,
		              text_size(xdp->map_bytes).text, xdp->is_stale ? ", STALE" : "");
		if (!xdp->is_attached)
			buffer_append_text(text, "THE PROGRAM IS OFF: nothing is judged there\n");
		for (unsigned j = 0; j < XDP_REASON_COUNT; j++)
			if (xdp->packets[j] > 0)
				buffer_format(
					text, "%-16s %12s %18s\n",
					xdp_reason_name((enum xdp_reason)j),
					rate(view, top_grown(before->packets[j], xdp->packets[j]))
						.text,
					text_count(xdp->packets[j]).text);
	}
}
