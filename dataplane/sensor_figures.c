#include <assert.h>
#include <string.h>

#include "dataplane/sensor_parts.h"

static const char *const cause_names[] = {
	[DROP_ADDRESS] = "address",
	[DROP_DNS] = "dns",
	[DROP_TLS] = "tls",
	[DROP_HTTP] = "http",
	[DROP_CONDEMNED] = "condemned",
	[DROP_NO_DATABASE] = "no-database",
};
static_assert(sizeof(cause_names) / sizeof(cause_names[0]) == DROP_CAUSE_COUNT, "one name each");

static const char *const stage_names[] = {
	[STAGE_RECEIVE] = "receive", [STAGE_DECODE] = "decode", [STAGE_FLOW] = "flow",
	[STAGE_EXTRACT] = "extract", [STAGE_MATCH] = "match",   [STAGE_RELEASE] = "release",
};
static_assert(sizeof(stage_names) / sizeof(stage_names[0]) == STAGE_COUNT, "one name each");

const char *drop_cause_name(enum drop_cause cause)
{
	return cause_names[cause];
}

const char *stage_name(enum stage stage)
{
	return stage_names[stage];
}

void sensor_board_write(struct sensor_board *board, const struct sensor_figures *figures)
{
	uint32_t turn = atomic_load_explicit(&board->turn, memory_order_relaxed);
	uint64_t words[SENSOR_FIGURES_WORDS];

	memcpy(words, figures, sizeof(words));
	atomic_store_explicit(&board->turn, turn + 1, memory_order_relaxed);
	// Release: whoever sees one of these words sees the odd turn, too.
	for (unsigned i = 0; i < SENSOR_FIGURES_WORDS; i++)
		atomic_store_explicit(&board->words[i], words[i], memory_order_release);
	// Release: the words are there before the even turn says so.
	atomic_store_explicit(&board->turn, turn + 2, memory_order_release);
}

// False when the worker was writing at the time.
static bool board_read(const struct sensor_board *board, uint64_t words[SENSOR_FIGURES_WORDS])
{
	// Acquire: pairs with the release of the even turn.
	uint32_t turn = atomic_load_explicit(&board->turn, memory_order_acquire);

	// Acquire: the second look at the turn comes behind all of them.
	for (unsigned i = 0; i < SENSOR_FIGURES_WORDS; i++)
		words[i] = atomic_load_explicit(&board->words[i], memory_order_acquire);
	return turn % 2 == 0 && atomic_load_explicit(&board->turn, memory_order_relaxed) == turn;
}

void sensor_figures(const struct sensor *sensor, unsigned worker,
                    struct sensor_figures *ret_figures)
{
	const struct sensor_worker *from = &sensor->workers[worker];
	uint64_t words[SENSOR_FIGURES_WORDS];

	// The worker writes some times a second, and takes a microsecond.
	while (!board_read(&from->board, words))
		continue;
	memcpy(ret_figures, words, sizeof(*ret_figures));
	// Relaxed: nothing else is read on its account.
	ret_figures->beat_ns = atomic_load_explicit(&from->beat_ns, memory_order_relaxed);
}

static void add_ports(struct sensor_figures *sum, const struct sensor_figures *figures)
{
	sum->received += figures->received;
	sum->missed += figures->missed;
	sum->sent += figures->sent;
	sum->unsent += figures->unsent;
	sum->refused += figures->refused;
}

static void add_arrays(struct sensor_figures *sum, const struct sensor_figures *figures)
{
	for (unsigned i = 0; i < DROP_CAUSE_COUNT; i++) {
		sum->drops[i] += figures->drops[i];
		sum->would_drops[i] += figures->would_drops[i];
	}
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		sum->stage_cycles[i] += figures->stage_cycles[i];
	for (unsigned i = 0; i < SENSOR_BATCH_BUCKETS; i++)
		sum->batches[i] += figures->batches[i];
	for (unsigned i = 0; i < SENSOR_LATENCY_BUCKETS; i++)
		sum->latency[i] += figures->latency[i];
}

void sensor_figures_add(struct sensor_figures *sum, const struct sensor_figures *figures)
{
	bool is_first = sum->beat_ns == 0; // nothing was added yet

	dataplane_counters_add(&sum->counters, &figures->counters);
	add_ports(sum, figures);
	add_arrays(sum, figures);
	sum->bytes_dropped += figures->bytes_dropped;
	sum->resets_sent += figures->resets_sent;
	sum->nxdomains_sent += figures->nxdomains_sent;
	sum->hits_lost += figures->hits_lost;
	sum->stage_packets += figures->stage_packets;
	sum->latency_sum_ns += figures->latency_sum_ns;
	sum->flows_now += figures->flows_now;
	sum->flows_max += figures->flows_max;
	sum->streams_now += figures->streams_now;
	sum->streams_max += figures->streams_max;
	sum->condemned_now += figures->condemned_now;
	if (is_first || figures->generation < sum->generation)
		sum->generation = figures->generation;
	if (is_first || figures->beat_ns < sum->beat_ns)
		sum->beat_ns = figures->beat_ns;
}
