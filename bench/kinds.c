// bench/kinds.c — what a packet costs the pipeline, of each kind alone and of a whole capture.
//
// usage: bench_kinds DATABASE CAPTURE [ROUNDS [KIND]]
//
// Prints one JSON object a kind, the best and the median of ROUNDS. The frames lie in memory: what
// ports cost is not in it. The kinds take turns, so that whatever else runs on the machine
// disturbs all of them alike. All memory of the pipeline was used once before. DATABASE must hold
// what generate_traffic plants. Ends with an error when a kind has other hits than it should.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/kinds_frames.h"
#include "bench/pipeline_scene.h"
#include "dataplane/pipeline.h"

enum { RING_BYTES = 64 * 1024 * 1024, ROUNDS_DEFAULT = 7, ROUNDS_MAX = 101 };
enum { KIND_MIX = PACKET_KIND_COUNT, KIND_COUNT };

static const size_t flow_budget_bytes = (size_t)128 * 1024 * 1024;

struct measured {
	const char *name;
	struct kind_frames frames;
	double ns[ROUNDS_MAX];
	uint64_t hits, observables; // of a round
};

struct bench {
	struct ring *ring;
	struct database *database;
	struct pipeline *pipeline;
	unsigned rounds;
	struct measured kinds[KIND_COUNT];
};

static void run_packets(struct pipeline *pipeline, struct memory_port *memory)
{
	memory_port_rewind(memory);
	while (pipeline_run(pipeline, &memory->port) > 0)
		continue;
}

static uint64_t observable_count(const struct dataplane_counters *counters)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		count += counters->observables[i];
	return count;
}

static void run_kind(struct bench *bench, struct measured *kind, unsigned round)
{
	struct dataplane_counters before, after;
	int64_t begin_ns;

	pipeline_begin(bench->pipeline, 0);
	run_packets(bench->pipeline, &kind->frames.before);
	pipeline_counters(bench->pipeline, &before);
	begin_ns = scene_now_ns();
	run_packets(bench->pipeline, &kind->frames.timed);
	kind->ns[round] = (double)(scene_now_ns() - begin_ns) / (double)kind->frames.timed.total;
	pipeline_end(bench->pipeline);
	pipeline_counters(bench->pipeline, &after);
	kind->hits = after.hits - before.hits;
	kind->observables = observable_count(&after) - observable_count(&before);
	scene_drain(bench->ring);
}

static int compare(const void *left, const void *right)
{
	const double *a = left;
	const double *b = right;

	return (*a > *b) - (*a < *b);
}

// Returns 0, or -1 when the hits are not those that were planted.
static int print_kind(const struct bench *bench, struct measured *kind)
{
	qsort(kind->ns, bench->rounds, sizeof(kind->ns[0]), compare);
	printf("{\"kind\": \"%s\", \"ns_per_packet\": %.1f, \"median\": %.1f, \"packets\": %zu, "
	       "\"observables\": %" PRIu64 ", \"hits\": %" PRIu64 "}\n",
	       kind->name, kind->ns[0], kind->ns[bench->rounds / 2], kind->frames.timed.total,
	       kind->observables, kind->hits);
	if (kind == &bench->kinds[KIND_MIX] || kind->hits == kind->frames.hits)
		return 0;
	fprintf(stderr, "bench_kinds: %s: %" PRIu64 " hits were planted\n", kind->name,
	        kind->frames.hits);
	return -1;
}

static bool is_chosen(const char *name, const char *chosen)
{
	return chosen == NULL || strcmp(name, chosen) == 0;
}

static int make_frames(struct bench *bench, const char *capture_path, const char *chosen)
{
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		struct measured *kind = &bench->kinds[i];

		kind->name = i == KIND_MIX ? "mix" : packet_kind_names[i];
		kind->frames.before = memory_port_empty();
		if (!is_chosen(kind->name, chosen))
			continue;
		if ((i == KIND_MIX ? memory_port_load(&kind->frames.timed, capture_path)
		                   : kind_frames_make((enum packet_kind)i, &kind->frames)) < 0)
			return -1;
	}
	return 0;
}

static int prepare(struct bench *bench, const char *database_path)
{
	struct pipeline_options options = {
		.flow_budget_bytes = flow_budget_bytes,
		.stream_budget_bytes = flow_budget_bytes,
		.is_abandoned = scene_never,
	};

	if (ring_create(RING_BYTES, &bench->ring) < 0 ||
	    database_open(database_path, NULL, &bench->database) < 0)
		return -1;
	options.ring = bench->ring;
	options.database = bench->database;
	return pipeline_create(&options, &bench->pipeline);
}

static void release(struct bench *bench)
{
	pipeline_free(bench->pipeline);
	for (unsigned i = 0; i < KIND_COUNT; i++)
		kind_frames_free(&bench->kinds[i].frames);
	database_close(bench->database);
	ring_free(bench->ring);
}

static int measure(struct bench *bench, const char *chosen)
{
	int error = 0;

	for (unsigned round = 0; round <= bench->rounds; round++)
		for (unsigned i = 0; i < KIND_COUNT; i++)
			if (is_chosen(bench->kinds[i].name, chosen)) // the first is not counted
				run_kind(bench, &bench->kinds[i], round > 0 ? round - 1 : 0);
	for (unsigned i = 0; i < KIND_COUNT; i++)
		if (is_chosen(bench->kinds[i].name, chosen) &&
		    print_kind(bench, &bench->kinds[i]) < 0)
			error = 1;
	return error;
}

int main(int argc, char *argv[])
{
	struct bench bench = {.rounds = argc > 3 ? (unsigned)atoi(argv[3]) : ROUNDS_DEFAULT};
	int error = 1;

	if (argc < 3 || bench.rounds < 1 || bench.rounds > ROUNDS_MAX ||
	    prepare(&bench, argv[1]) < 0 ||
	    make_frames(&bench, argv[2], argc > 4 ? argv[4] : NULL) < 0)
		fprintf(stderr, "usage: bench_kinds DATABASE CAPTURE [ROUNDS [KIND]]\n");
	else
		error = measure(&bench, argc > 4 ? argv[4] : NULL);
	release(&bench);
	return error;
}
