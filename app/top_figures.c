#include "app/top_figures.h"

#include <string.h>

uint64_t top_grown(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

bool top_has(const struct metrics_reading *reading, const char *metric)
{
	for (unsigned i = 0; i < metrics_count; i++)
		if (strcmp(metrics[i].name, metric) == 0)
			return reading->has[i];
	return false;
}

struct sensor_figures top_sum(const struct metrics_reading *reading)
{
	struct sensor_figures sum = {0};

	for (unsigned i = 0; i < reading->figures.worker_count; i++)
		sensor_figures_add(&sum, &reading->figures.workers[i]);
	return sum;
}

static void subtract(uint64_t now[], const uint64_t before[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		now[i] = top_grown(before[i], now[i]);
}

struct sensor_figures top_between(const struct sensor_figures *before,
                                  const struct sensor_figures *now)
{
	struct sensor_figures figures = *now;

	figures.counters.packets = top_grown(before->counters.packets, now->counters.packets);
	figures.counters.bytes = top_grown(before->counters.bytes, now->counters.bytes);
	figures.counters.hits = top_grown(before->counters.hits, now->counters.hits);
	figures.counters.flows = top_grown(before->counters.flows, now->counters.flows);
	figures.received = top_grown(before->received, now->received);
	figures.missed = top_grown(before->missed, now->missed);
	figures.sent = top_grown(before->sent, now->sent);
	figures.unsent = top_grown(before->unsent, now->unsent);
	figures.bytes_dropped = top_grown(before->bytes_dropped, now->bytes_dropped);
	figures.stage_packets = top_grown(before->stage_packets, now->stage_packets);
	figures.latency_sum_ns = top_grown(before->latency_sum_ns, now->latency_sum_ns);
	subtract(figures.drops, before->drops, DROP_CAUSE_COUNT);
	subtract(figures.would_drops, before->would_drops, DROP_CAUSE_COUNT);
	subtract(figures.stage_cycles, before->stage_cycles, STAGE_COUNT);
	subtract(figures.batches, before->batches, SENSOR_BATCH_BUCKETS);
	subtract(figures.latency, before->latency, SENSOR_LATENCY_BUCKETS);
	return figures;
}

uint64_t top_total(const uint64_t counts[], unsigned count)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < count; i++)
		total += counts[i];
	return total;
}

uint64_t top_percentile(const struct sensor_figures *figures, unsigned permille)
{
	double wanted = (double)top_total(figures->latency, SENSOR_LATENCY_BUCKETS) * permille /
	                1000;
	double seen = 0;

	if (wanted <= 0)
		return 0;
	for (unsigned i = 0; i < SENSOR_LATENCY_BUCKETS - 1; i++) {
		seen += (double)figures->latency[i];
		if (seen >= wanted)
			return (uint64_t)SENSOR_LATENCY_FIRST_NS << i;
	}
	return UINT64_MAX;
}
