// bench/inline.c — what the pipeline costs a packet: as `sekisho match` runs it, on a tap, inline.
//
// usage: bench_inline DATABASE CAPTURE [ROUNDS]
//
// Prints one JSON object a mode, the best of ROUNDS. The frames lie in memory: what ports cost is
// not in it. The last mode lists every address in place of DATABASE: each packet is dropped, and
// TCP reset.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/memory_port.h"
#include "bench/pipeline_scene.h"
#include "dataplane/pipeline.h"
#include "engine/build.h"
#include "engine/publish.h"

enum { RING_BYTES = 64 * 1024 * 1024, ROUNDS_DEFAULT = 5 };

static const size_t flow_budget_bytes = (size_t)64 * 1024 * 1024;

enum mode { MODE_CAPTURE, MODE_TAP, MODE_DRY_RUN, MODE_INLINE, MODE_ALL_LISTED, MODE_COUNT };

static const char *const mode_names[MODE_COUNT] = {"capture", "tap", "dry-run", "inline",
                                                   "all-listed"};

struct run {
	const char *database_path;
	struct memory_port *memory;
	struct ring *ring;
	double ns;
	uint64_t dropped, hits;
};

static int open_database(const char *path, struct database **ret_database)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -1 : database_open_fd(fd, path, NULL, ret_database);

	if (fd >= 0)
		close(fd);
	return error;
}

// Lists every address with drop.
static int make_database(struct database **ret_database)
{
	const struct entry_terms terms = {.action = ACTION_DROP};
	const struct indicator indicator = {
		.action = ACTION_DROP,
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
	};
	const struct prefix ipv6 = {0};
	const struct prefix ipv4 = {.address.octets = {[10] = 0xff, [11] = 0xff},
	                            .length = IPV4_PREFIX_BITS};
	struct build_figures figures;
	AUTO(build) build = NULL;
	int fd = memfd_create("database", MFD_CLOEXEC);
	uint32_t id;
	int error = -1;

	if (fd >= 0 && build_create(&build) == 0 &&
	    build_add_indicator(build, &indicator, &id) == 0 &&
	    build_add_prefix(build, &ipv6, id, &terms) == 0 &&
	    build_add_prefix(build, &ipv4, id, &terms) == 0 &&
	    build_write(build, fd, NULL, NULL, &figures) == 0)
		error = database_open_fd(fd, "memory", NULL, ret_database);
	if (fd >= 0)
		close(fd);
	return error;
}

static void run_packets(struct run *run, struct pipeline *pipeline, enum mode mode)
{
	struct memory_port peer = memory_port_empty();
	const struct pipeline_path path = {
		.port = &run->memory->port,
		.peer = mode == MODE_TAP ? NULL : &peer.port,
	};
	int64_t begin_ns;

	memory_port_rewind(run->memory);
	begin_ns = scene_now_ns();
	if (mode == MODE_CAPTURE)
		while (pipeline_run(pipeline, path.port) > 0)
			continue;
	else
		while (pipeline_run_live(pipeline, &path, mode == MODE_DRY_RUN) > 0)
			continue;
	run->ns = (double)(scene_now_ns() - begin_ns) / (double)run->memory->total;
	pipeline_end(pipeline);
}

static int run_mode(struct run *run, enum mode mode)
{
	struct pipeline_live live = {.has_resets = true};
	struct pipeline_options options = {
		.ring = run->ring,
		.flow_budget_bytes = flow_budget_bytes,
		.stream_budget_bytes = flow_budget_bytes,
		.is_abandoned = scene_never,
	};
	struct dataplane_counters counters;
	struct database *database;
	uint32_t generation;
	AUTO(publisher) publisher = NULL;
	AUTO(pipeline) pipeline = NULL;

	if ((mode == MODE_ALL_LISTED ? make_database(&database)
	                             : open_database(run->database_path, &database)) < 0 ||
	    publisher_create(1, &run->ring, &publisher) < 0 ||
	    publisher_publish(publisher, database, &generation) < 0)
		return -1;
	live.publisher = publisher;
	options.live = mode == MODE_CAPTURE ? NULL : &live;
	options.database = mode == MODE_CAPTURE ? database : NULL;
	if (pipeline_create(&options, &pipeline) < 0)
		return -1;
	run_packets(run, pipeline, mode);
	pipeline_counters(pipeline, &counters);
	run->hits = counters.hits;
	run->dropped = run->memory->dropped;
	scene_drain(run->ring);
	return 0;
}

int main(int argc, char *argv[])
{
	struct memory_port memory;
	struct run run = {.memory = &memory};
	double best_ns[MODE_COUNT] = {0};
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : ROUNDS_DEFAULT;

	if (argc < 3 || memory_port_load(&memory, argv[2]) < 0 ||
	    ring_create(RING_BYTES, &run.ring) < 0) {
		fprintf(stderr, "usage: bench_inline DATABASE CAPTURE [ROUNDS]\n");
		return 1;
	}
	run.database_path = argv[1];
	// In turns, so that whatever else runs on the machine disturbs all of them alike.
	for (unsigned round = 0; round < rounds; round++) {
		for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
			if (run_mode(&run, mode) < 0)
				return 1;
			if (best_ns[mode] == 0 || run.ns < best_ns[mode])
				best_ns[mode] = run.ns;
			if (round + 1 == rounds)
				printf("{\"mode\": \"%s\", \"ns_per_packet\": %.1f, \"packets\": "
				       "%zu, \"dropped\": %llu, \"hits\": %llu}\n",
				       mode_names[mode], best_ns[mode], memory.total,
				       (unsigned long long)run.dropped,
				       (unsigned long long)run.hits);
		}
	}
	return 0;
}
