// bench/dpdk.c — what a packet costs from receive to release over DPDK's net_null, by stage.
//
// usage: bench_dpdk STAGE ENTRIES FRAMES [EAL-ARGUMENT...]   prints one JSON object
//
// STAGE    forward  receive → release: what the port costs
//          address  receive → decode → match both addresses → release
//          full     what a sensor's worker does inline: flows, verdicts; what is listed is dropped
// ENTRIES  addresses in the database
// FRAMES   that go round, a multiple of 64, each with two addresses of its own; 0: those of which
//          the last freed are used again, as testpmd does, out of a small pool
//
// What passes leaves by a second net_null. What was found is held against what was written.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "bench/dpdk_frames.h"
#include "bench/lookup_database.h"
#include "dataplane/decode.h"
#include "dataplane/dpdk.h"
#include "dataplane/pipeline.h"
#include "dataplane/watch.h"
#include "engine/publish.h"

enum {
	EAL_ARGUMENTS_MAX = 16,
	ROUND_PACKETS = 1 << 19, // at least, between two looks at the clock
	ROUNDS = 21,
	RING_BYTES = 64 * 1024 * 1024,
	BUFFER_BYTES = 2048, // as the port counts them
};

struct bench {
	const char *stage;
	uint64_t entry_count;
	uint64_t frame_count;
	uint64_t round_packets;
	struct report report;
	struct database *database;
	struct match_context *context;
	struct publisher *publisher; // has the database then
	struct pipeline *pipeline;
	struct pipeline_path path;
	struct ring *ring;
	struct port *port;
	struct port *peer;
	uint64_t found;    // of all rounds
	uint64_t expected; // likewise; of the whole pipeline: of one round
	double times[ROUNDS];
};

static void complain(void *context, const struct report *report, const struct problem *problem)
{
	(void)context;
	(void)report;
	log_error("%s: %.*s: %.*s", problem->reason, SLICE_FORMAT(problem->object),
	          SLICE_FORMAT(problem->detail));
}

static unsigned forward_burst(struct bench *bench)
{
	struct frame frames[PORT_BURST_MAX];
	unsigned count = bench->port->ops->receive(bench->port, frames);

	bench->port->ops->release(bench->port, NULL);
	return count;
}

// Both addresses of at most half a batch of packets.
static void match_packets(struct bench *bench, const struct packet packets[], unsigned count)
{
	struct observable observables[MATCH_BATCH_MAX];
	const struct match *matches;

	for (unsigned i = 0; i < count; i++) {
		observables[2 * i] = watch_observable(&packets[i], false);
		observables[2 * i + 1] = watch_observable(&packets[i], true);
	}
	bench->found += match_find(bench->context, observables, 2 * count, &matches);
}

static unsigned match_burst(struct bench *bench)
{
	struct frame frames[PORT_BURST_MAX];
	struct packet packets[PORT_BURST_MAX];
	struct dataplane_counters counters = {0};
	unsigned count = bench->port->ops->receive(bench->port, frames);

	decode_batch(frames, count, 1, packets, &counters);
	for (unsigned i = 0; i < count; i++)
		bench->expected += frames[i].data[DPDK_FRAME_MARK];
	for (unsigned done = 0; done < count; done += MATCH_BATCH_MAX / 2)
		match_packets(bench, packets + done,
		              count - done < MATCH_BATCH_MAX / 2 ? count - done
		                                                 : MATCH_BATCH_MAX / 2);
	bench->port->ops->release(bench->port, NULL);
	return count;
}

static unsigned pipeline_burst(struct bench *bench)
{
	return pipeline_run_live(bench->pipeline, &bench->path, false);
}

// Of this thread alone, which never waits: others on the machine disturb it least.
static double processor_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void run_rounds(struct bench *bench, unsigned (*burst)(struct bench *bench))
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = processor_s();
		uint64_t packets = 0;

		while (packets < bench->round_packets)
			packets += burst(bench);
		bench->times[round] = (processor_s() - start) / (double)packets * 1e9;
	}
}

static int compare_times(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static int open_database(struct bench *bench)
{
	struct build_figures figures;
	double build_s;
	int fd = memfd_create("bench", MFD_CLOEXEC);
	int error = fd < 0 ? -errno
	                   : lookup_database_build(VALUES_IPV4, bench->entry_count, fd, &figures,
	                                           &build_s);

	if (error == 0)
		error = database_open_fd(fd, "bench", &bench->report, &bench->database);
	if (error == 0)
		error = match_context_create(bench->database, &bench->context);
	if (fd >= 0)
		(void)close(fd);
	return error;
}

static int open_port(struct bench *bench, const char *name, size_t buffer_bytes,
                     struct port **ret_port)
{
	const struct port_device device = {
		.name = name,
		.queue_count = 1,
		.frame_bytes_max = 1526,
		.buffer_bytes = buffer_bytes,
		.report = &bench->report,
	};

	return port_open_device("dpdk", &device, ret_port);
}

static int open_ports(struct bench *bench)
{
	uint64_t listed;
	int error = open_port(bench, "net_null0", bench->frame_count * BUFFER_BYTES, &bench->port);

	if (error == 0)
		error = open_port(bench, "net_null1", 0, &bench->peer);
	if (error == 0)
		error = bench->port->ops->connect(bench->port, bench->peer);
	if (error == 0)
		error = dpdk_frames_write(bench->frame_count, bench->entry_count, &listed);
	if (error == 0 && strcmp(bench->stage, "full") == 0 && bench->frame_count > 0)
		bench->expected = listed;
	return error;
}

static int publish_database(struct bench *bench)
{
	uint32_t generation;
	int error = ring_create(RING_BYTES, &bench->ring);

	if (error == 0)
		error = publisher_create(1, &bench->ring, &bench->publisher);
	if (error == 0)
		error = publisher_publish(bench->publisher, bench->database, &generation);
	if (error == 0)
		bench->database = NULL;
	return error;
}

static int open_pipeline(struct bench *bench)
{
	int error = publish_database(bench);
	const struct pipeline_live live = {.publisher = bench->publisher};
	const struct pipeline_options options = {
		.live = &live,
		.ring = bench->ring,
		.flow_budget_bytes = 512u << 20,
		.stream_budget_bytes = 256u << 20,
	};

	bench->path = (struct pipeline_path){.port = bench->port, .peer = bench->peer};
	return error == 0 ? pipeline_create(&options, &bench->pipeline) : error;
}

static int run_stage(struct bench *bench)
{
	struct dataplane_counters counters;
	int error;

	if (strcmp(bench->stage, "forward") == 0) {
		run_rounds(bench, forward_burst);
		return 0;
	}
	if (strcmp(bench->stage, "address") == 0) {
		run_rounds(bench, match_burst);
		return 0;
	}
	error = open_pipeline(bench);
	if (error < 0)
		return error;
	run_rounds(bench, pipeline_burst);
	pipeline_end(bench->pipeline);
	pipeline_counters(bench->pipeline, &counters);
	bench->found = counters.hits;
	return 0;
}

static void print(struct bench *bench)
{
	qsort(bench->times, ROUNDS, sizeof(bench->times[0]), compare_times);
	printf("{\"stage\": \"%s\", \"entries\": %lu, \"frames\": %lu, \"ns_per_packet\": %.2f, "
	       "\"ns_best\": %.2f, \"mpps\": %.2f, \"found\": %lu, \"expected\": %lu}\n",
	       bench->stage, bench->entry_count, bench->frame_count, bench->times[ROUNDS / 2],
	       bench->times[0], 1e3 / bench->times[ROUNDS / 2], bench->found, bench->expected);
}

static int run(struct bench *bench, const char *const eal_arguments[], unsigned count)
{
	struct dpdk *dpdk = NULL;
	int error = dpdk_start(eal_arguments, count, &bench->report, &dpdk);

	if (error == 0)
		error = open_database(bench);
	if (error == 0)
		error = open_ports(bench);
	if (error == 0)
		error = run_stage(bench);
	if (error == 0)
		print(bench);
	port_close(bench->port);
	port_close(bench->peer);
	pipeline_free(bench->pipeline);
	publisher_free(bench->publisher);
	ring_free(bench->ring);
	match_context_free(bench->context);
	database_close(bench->database);
	report_clear(&bench->report);
	dpdk_stop(dpdk);
	return error;
}

int main(int argc, char **argv)
{
	struct bench bench = {.report = {.each = complain}};
	const char *arguments[EAL_ARGUMENTS_MAX] = {"--no-pci", "--vdev=net_null0,size=60",
	                                            "--vdev=net_null1,size=60"};
	unsigned count = 3;
	int error;

	if (argc < 4) {
		log_error("usage: bench_dpdk STAGE ENTRIES FRAMES [EAL-ARGUMENT...]");
		return 2;
	}
	bench.stage = argv[1];
	bench.entry_count = strtoull(argv[2], NULL, 10);
	bench.frame_count = strtoull(argv[3], NULL, 10);
	bench.round_packets = bench.frame_count > ROUND_PACKETS ? bench.frame_count : ROUND_PACKETS;
	for (int i = 4; i < argc && count < EAL_ARGUMENTS_MAX; i++)
		arguments[count++] = argv[i];
	error = run(&bench, arguments, count);
	if (error != 0)
		log_error("bench_dpdk: %s", strerror(-error));
	return error != 0;
}
