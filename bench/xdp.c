// What the XDP program costs a packet by BPF_PROG_TEST_RUN, beside a plain LPM trie and the
// look-ups of xdp-filter, and what filling its maps takes. One JSON object a line. Needs root.
//
//   bench_xdp [HOSTS]     (default 1000000; a tenth as many networks)
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "bench/xdp_bench.h"
#include "bench/xdp_bench.skel.h"
#include "ebpf/xdp.h"
#include "engine/address.h"
#include "engine/build.h"
#include "engine/overlay.h"

enum {
	ROUNDS = 11,
	REPEAT = 1000000,
	FRAME_BYTES = 80,
	SMALL_HOSTS = 1000,
	NETWORKS_SHARE = 10, // hosts a network
	DIFFERENCE = 1000,
	FLOWS = 1 << 17, // an eighth of the places: few take each other's
	FEW_FLOWS = 1 << 12,
	OWN_OCTET = 198,
};

static const char *const program_names[BENCH_COUNT] = {
	"nothing", "address verdict", "with flow state", "LPM trie", "xdp-filter's look-ups"};

// Fails loudly: a benchmark has nothing to clean up.
static void check(int error, const char *what)
{
	if (error >= 0)
		return;
	(void)fprintf(stderr, "bench_xdp: %s: %s\n", what, strerror(-error));
	exit(1);
}

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct address_plan {
	bool is_ipv4;
	uint64_t hosts;
};

// Numbers of hosts lie beyond those that packets are written with, so that only chance lists one.
static struct address plan_address(bool is_ipv4, uint64_t number)
{
	struct address address;
	uint64_t words[2] = {(bench_mix(number + (UINT64_C(1) << 40)) & ~UINT64_C(0xff)) | 0x20,
	                     bench_mix(number + (UINT64_C(1) << 41))};
	uint32_t ipv4 = __builtin_bswap32(bench_ipv4(bench_mix(number)));
	uint8_t octets[4];

	memcpy(address.octets, words, sizeof(address.octets));
	memcpy(octets, &ipv4, sizeof(octets));
	return is_ipv4 ? address_from_ipv4(octets) : address;
}

static struct prefix plan_network(bool is_ipv4, uint64_t number)
{
	struct prefix prefix = {.address = plan_address(is_ipv4, number + (UINT64_C(1) << 32)),
	                        .length = is_ipv4 ? IPV4_PREFIX_BITS + 24 : 48};

	memset(prefix.address.octets + prefix.length / 8, 0, 16 - prefix.length / 8);
	if (is_ipv4 && prefix.address.octets[12] == OWN_OCTET) // the packets' own end is not listed
		prefix.address.octets[12]++;
	return prefix;
}

static void add_value(struct build *build, const struct prefix *prefix)
{
	static const struct entry_terms terms = {.action = ACTION_DROP};
	const struct indicator indicator = {
		.value = slice_text("value"),
		.source = slice_text("feed"),
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
		.created_ns = TIMESTAMP_MIN,
		.modified_ns = TIMESTAMP_MIN,
		.action = ACTION_DROP,
		.confidence = CONFIDENCE_NONE,
	};
	uint32_t id;

	check(build_add_indicator(build, &indicator, &id), "adding an indicator");
	check(build_add_prefix(build, prefix, id, &terms), "adding an address");
}

static void add_hosts(struct build *build, bool is_ipv4, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++) {
		const struct prefix host = {plan_address(is_ipv4, i), 128};

		add_value(build, &host);
	}
}

static struct database *make_database(const struct address_plan *plan, int fd)
{
	AUTO(build) build = NULL;
	struct build_figures figures;
	struct database *database = NULL;

	check(build_create(&build), "a builder");
	add_hosts(build, plan->is_ipv4, 0, plan->hosts);
	for (uint64_t i = 0; i < plan->hosts / NETWORKS_SHARE; i++) {
		const struct prefix network = plan_network(plan->is_ipv4, i);

		add_value(build, &network);
	}
	check(build_write(build, fd, NULL, NULL, &figures), "building the database");
	check(database_open_fd(fd, "bench", NULL, &database), "opening the database");
	return database;
}

static struct xdp *load_program(void)
{
	const struct xdp_open_options options = {.device = "bench", .purpose = XDP_FILTER};
	struct report report = {};
	struct xdp *xdp = NULL;
	int error = xdp_load(&options, "", &report, &xdp);

	if (report.reason_count > 0)
		(void)fprintf(stderr, "bench_xdp: %s: %s\n", report.reasons[0].reason,
		              report.reasons[0].examples[0].detail);
	check(error, "loading the program");
	return xdp;
}

static double processor_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// What one xdp_mirror() took.
struct mirror_time {
	double wall_s, processor_s;
};

static struct mirror_time mirror(struct xdp *xdp, const struct database *database,
                                 uint32_t generation, struct xdp_mirror_figures *ret_figures)
{
	struct mirror_time start = {now_s(), processor_s()};

	check(xdp_mirror(xdp, database, generation, 0, NULL, ret_figures), "mirroring");
	return (struct mirror_time){now_s() - start.wall_s, processor_s() - start.processor_s};
}

// The bench program, with the programs that it calls.
static struct xdp_bench_bpf *load_bench(const struct xdp *xdp)
{
	struct xdp_bench_bpf *bench = xdp_bench_bpf__open();
	int fds[BENCH_COUNT];

	check(bench != NULL ? 0 : -errno, "opening the bench program");
	check(xdp_bench_bpf__load(bench), "loading the bench program");
	fds[BENCH_NOTHING] = bpf_program__fd(bench->progs.nothing);
	fds[BENCH_VERDICT] = xdp->program_fd;
	fds[BENCH_WHOLE] = xdp->program_fd;
	fds[BENCH_TRIE] = bpf_program__fd(bench->progs.trie);
	fds[BENCH_HASH] = bpf_program__fd(bench->progs.hash);
	for (uint32_t i = 0; i < BENCH_COUNT; i++)
		check(bpf_map_update_elem(bpf_map__fd(bench->maps.programs), &i, &fds[i], BPF_ANY),
		      "calling a program");
	return bench;
}

// A TCP segment without payload, port 80 to 1024; the source is written over. Returns its size.
static uint32_t make_frame(bool is_ipv4, uint8_t frame[FRAME_BYTES])
{
	static const uint8_t ipv4_end[4] = {OWN_OCTET, 18, 0, 1};
	static const uint8_t ipv6_end[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	uint8_t *ip = frame + BENCH_ETHERNET_BYTES;
	uint8_t *tcp = ip + (is_ipv4 ? 20 : 40);

	memset(frame, 0, FRAME_BYTES);
	frame[12] = is_ipv4 ? 0x08 : 0x86;
	frame[13] = is_ipv4 ? 0x00 : 0xdd;
	ip[0] = is_ipv4 ? 0x45 : 0x60;
	ip[is_ipv4 ? 3 : 5] = is_ipv4 ? 40 : 20;
	ip[is_ipv4 ? 9 : 6] = 6;
	if (is_ipv4)
		memcpy(ip + 16, ipv4_end, sizeof(ipv4_end));
	else
		memcpy(ip + 24, ipv6_end, sizeof(ipv6_end));
	tcp[1] = 80;
	tcp[2] = 4;
	tcp[12] = 0x50;
	tcp[13] = 0x10; // ACK
	return (uint32_t)(tcp + 20 - frame);
}

// A program that nobody stands behind judges addresses alone.
static void let_stand_behind(const struct xdp *xdp, bool is_somebody)
{
	struct xdp_config *config = xdp->maps.config;

	config->stale_ticks = INT32_MAX;
	if (is_somebody)
		config->flags |= XDP_CONFIG_HEARTBEAT;
	else
		config->flags &= ~(uint32_t)XDP_CONFIG_HEARTBEAT;
	xdp_beat((struct xdp *)(uintptr_t)xdp);
}

static double run_ns(const struct xdp *xdp, struct xdp_bench_bpf *bench, bool is_ipv4,
                     enum bench_program program)
{
	uint8_t frame[FRAME_BYTES];
	struct bpf_program *writer = is_ipv4 ? bench->progs.write_ipv4 : bench->progs.write_ipv6;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .repeat = REPEAT);

	run.data_size_in = make_frame(is_ipv4, frame);
	let_stand_behind(xdp, program == BENCH_WHOLE);
	bench->bss->program = program;
	check(bpf_prog_test_run_opts(bpf_program__fd(writer), &run) == 0 ? 0 : -errno, "running");
	if (run.retval == XDP_ABORTED)
		check(-EPROTO, program_names[program]);
	return run.duration;
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double values[], unsigned count)
{
	qsort(values, count, sizeof(values[0]), compare_doubles);
	return values[count / 2];
}

static uint64_t counted(const struct xdp *xdp, enum xdp_reason reason)
{
	struct xdp_count counts[256] = {};
	uint32_t key = reason;
	uint64_t packets = 0;

	check(bpf_map_lookup_elem(xdp->maps.fds[XDP_MAP_COUNTERS], &key, counts), "counters");
	for (int i = 0; i < libbpf_num_possible_cpus() && i < 256; i++)
		packets += counts[i].packets;
	return packets;
}

// All programs in turn, several rounds; each one's median over that of nothing.
static void measure_packets(const struct xdp *xdp, struct xdp_bench_bpf *bench,
                            const struct address_plan *plan, const bool wanted[BENCH_COUNT])
{
	double ns[BENCH_COUNT][ROUNDS];
	uint64_t dropped = counted(xdp, XDP_DROP_ADDRESS);
	uint64_t unseen = counted(xdp, XDP_COPIED) + counted(xdp, XDP_COPY_LOST);

	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < BENCH_COUNT; i++)
			if (wanted[i] || i == BENCH_NOTHING)
				ns[i][round] = run_ns(xdp, bench, plan->is_ipv4, i);
	dropped = counted(xdp, XDP_DROP_ADDRESS) - dropped;
	unseen = counted(xdp, XDP_COPIED) + counted(xdp, XDP_COPY_LOST) - unseen;
	// To copy is not what is to be measured.
	check(unseen < (uint64_t)ROUNDS * REPEAT / 50 ? 0 : -EPROTO,
	      "too many flows are not known");
	double nothing_ns = median(ns[BENCH_NOTHING], ROUNDS);
	double medians[BENCH_COUNT] = {};

	for (unsigned i = 0; i < BENCH_COUNT; i++)
		medians[i] = wanted[i] ? median(ns[i], ROUNDS) : 0;
	for (unsigned i = 0; i < BENCH_COUNT; i++)
		if (wanted[i] && i != BENCH_NOTHING)
			(void)printf("{\"program\":\"%s\",\"family\":\"%s\",\"hosts\":%llu,"
			             "\"networks\":%llu,\"addresses\":%llu,\"ns\":%.1f,\"least_"
			             "ns\":%.1f,"
			             "\"writing_ns\":%.1f,\"dropped_share\":%.5f}\n",
			             program_names[i], plan->is_ipv4 ? "ipv4" : "ipv6",
			             (unsigned long long)plan->hosts,
			             (unsigned long long)(plan->hosts / NETWORKS_SHARE),
			             (unsigned long long)bench->data->number_mask + 1,
			             medians[i] - nothing_ns, ns[i][0] - ns[BENCH_NOTHING][0],
			             nothing_ns,
			             (double)dropped /
			                     ((double)ROUNDS * REPEAT *
			                      (wanted[BENCH_VERDICT] + wanted[BENCH_WHOLE])));
	(void)fflush(stdout);
}

static void put_trie(int fd, bool is_ipv4, const struct prefix *prefix)
{
	struct {
		uint32_t length;
		uint8_t address[16];
	} key = {is_ipv4 ? prefix->length - IPV4_PREFIX_BITS : prefix->length, {0}};
	uint32_t value = 1;

	memcpy(key.address, prefix->address.octets + (is_ipv4 ? 12 : 0), is_ipv4 ? 4 : 16);
	check(bpf_map_update_elem(fd, &key, &value, BPF_ANY), "filling the trie");
}

// The same list in the peers' maps, as much of it as they take. Returns how long the trie took.
static double fill_peers(struct xdp_bench_bpf *bench, const struct address_plan *plan)
{
	int trie = bpf_map__fd(plan->is_ipv4 ? bench->maps.trie4 : bench->maps.trie6);
	int hash = bpf_map__fd(plan->is_ipv4 ? bench->maps.hash4 : bench->maps.hash6);
	uint64_t values[256] = {};
	double start_s = now_s();

	for (uint64_t i = 0; i < plan->hosts; i++) {
		const struct prefix host = {plan_address(plan->is_ipv4, i), 128};

		put_trie(trie, plan->is_ipv4, &host);
	}
	for (uint64_t i = 0; i < plan->hosts / NETWORKS_SHARE; i++) {
		const struct prefix network = plan_network(plan->is_ipv4, i);

		put_trie(trie, plan->is_ipv4, &network);
	}
	start_s = now_s() - start_s;
	for (uint64_t i = 0; i < plan->hosts && i < BENCH_HASH_ENTRIES; i++) {
		struct address address = plan_address(plan->is_ipv4, i);

		check(bpf_map_update_elem(hash, address.octets + (plan->is_ipv4 ? 12 : 0), values,
		                          BPF_ANY),
		      "filling the hash");
	}
	return start_s;
}

// Flows that nothing more is wanted of, as most packets of a gateway belong to.
static void mark_flows(struct xdp *xdp, bool is_ipv4)
{
	static const uint8_t octets[4] = {OWN_OCTET, 18, 0, 1};
	struct address ours = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

	if (is_ipv4)
		ours = address_from_ipv4(octets);
	for (uint64_t i = 0; i < FLOWS; i++) {
		uint64_t words[2] = {(bench_mix(i) & ~UINT64_C(0xff)) | 0x20, bench_mix(i + 1)};
		uint32_t ipv4 = __builtin_bswap32(bench_ipv4(i));
		struct address theirs;
		struct xdp_flow_key key = {.protocol = 6};
		bool is_low;

		memcpy(theirs.octets, words, sizeof(words));
		if (is_ipv4) {
			uint8_t bytes[4];

			memcpy(bytes, &ipv4, sizeof(bytes));
			theirs = address_from_ipv4(bytes);
		}
		is_low = memcmp(&theirs, &ours, sizeof(ours)) < 0;
		key.low = is_low ? theirs : ours;
		key.high = is_low ? ours : theirs;
		key.low_port = is_low ? 80 : 1024;
		key.high_port = is_low ? 1024 : 80;
		xdp_flow_set(xdp, &key, XDP_FLOW_DONE, 0);
	}
}

static void measure_family(struct xdp *xdp, struct xdp_bench_bpf *bench,
                           const struct address_plan *plan)
{
	static const bool addresses[BENCH_COUNT] = {
		[BENCH_VERDICT] = true, [BENCH_TRIE] = true, [BENCH_HASH] = true};
	static const bool flows[BENCH_COUNT] = {[BENCH_WHOLE] = true};
	double trie_s = fill_peers(bench, plan);

	(void)printf("{\"peer\":\"LPM trie\",\"family\":\"%s\",\"hosts\":%llu,\"fill_s\":%.3f}\n",
	             plan->is_ipv4 ? "ipv4" : "ipv6", (unsigned long long)plan->hosts, trie_s);
	bench->data->number_mask = UINT32_MAX;
	measure_packets(xdp, bench, plan, addresses);
	bench->data->number_mask = FLOWS - 1;
	mark_flows(xdp, plan->is_ipv4);
	measure_packets(xdp, bench, plan, flows);
	bench->data->number_mask = FEW_FLOWS - 1;
	measure_packets(xdp, bench, plan, flows);
}

static void print_fill(const struct address_plan *plan, struct mirror_time took,
                       const struct xdp_mirror_figures *figures, const char *what)
{
	(void)printf("{\"mirror\":\"%s\",\"family\":\"%s\",\"hosts\":%llu,\"networks\":%llu,"
	             "\"is_difference\":%s,\"added\":%llu,\"removed\":%llu,\"seconds\":%.4f,"
	             "\"processor_s\":%.4f}\n",
	             what, plan->is_ipv4 ? "ipv4" : "ipv6", (unsigned long long)figures->hosts,
	             (unsigned long long)figures->networks,
	             figures->is_difference ? "true" : "false", (unsigned long long)figures->added,
	             (unsigned long long)figures->removed, took.wall_s, took.processor_s);
	(void)fflush(stdout);
}

static struct database *open_file(const char *path)
{
	struct database *database = NULL;

	check(database_open(path, NULL, &database), "opening the database");
	return database;
}

// An overlay of DIFFERENCE hosts, half of them from round to round the same.
static void write_overlay(const char *path, const struct address_plan *plan, unsigned round)
{
	AUTO(build) additions = NULL;
	AUTO(database) base = open_file(path);
	struct build_figures figures;

	check(build_create(&additions), "a builder");
	add_hosts(additions, plan->is_ipv4, plan->hosts + (uint64_t)round * DIFFERENCE, DIFFERENCE);
	check(overlay_write(path, base, additions, NULL, 0, NULL, &figures), "the overlay");
}

static void measure_mirror(const struct address_plan *plan)
{
	char path[] = "/tmp/sekisho-bench-XXXXXX";
	int fd = mkstemp(path);
	struct xdp *xdp = load_program();
	struct xdp_mirror_figures figures;
	struct xdp_bench_bpf *bench;
	struct database *database;

	check(fd, "a temporary file");
	database = make_database(plan, fd);
	print_fill(plan, mirror(xdp, database, 1, &figures), &figures, "whole set");
	bench = load_bench(xdp);
	measure_family(xdp, bench, plan);
	xdp_bench_bpf__destroy(bench);
	for (unsigned round = 0; round < ROUNDS && plan->hosts > SMALL_HOSTS; round++) {
		struct database *changed;
		struct mirror_time took;

		write_overlay(path, plan, round);
		changed = open_file(path);
		took = mirror(xdp, changed, round + 2, &figures);
		print_fill(plan, took, &figures, "overlay");
		database_close(changed);
	}
	database_close(database);
	check(overlay_remove(path), "the overlay");
	(void)unlink(path);
	(void)close(fd);
	xdp_close(xdp);
}

// A second set of the same size, while the first one is in force.
static void measure_exchange(const struct address_plan *plan)
{
	struct xdp *xdp = load_program();
	struct address_plan small = {plan->is_ipv4, SMALL_HOSTS};
	struct xdp_mirror_figures figures;
	struct mirror_time took;
	int fds[2] = {memfd_create("small", MFD_CLOEXEC), memfd_create("large", MFD_CLOEXEC)};
	struct database *first = make_database(&small, fds[0]);
	struct database *second = make_database(plan, fds[1]);

	(void)mirror(xdp, first, 1, &figures);
	took = mirror(xdp, second, 2, &figures);
	print_fill(plan, took, &figures, "exchange");
	database_close(first);
	database_close(second);
	xdp_close(xdp);
}

int main(int argc, char **argv)
{
	uint64_t hosts = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	cpu_set_t one;

	if (geteuid() != 0) {
		(void)fprintf(stderr, "bench_xdp: needs root\n");
		return 77;
	}
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
	for (unsigned family = 0; family < 2; family++) {
		const struct address_plan plans[] = {{family == 0, SMALL_HOSTS},
		                                     {family == 0, hosts}};

		measure_mirror(&plans[0]);
		measure_mirror(&plans[1]);
		measure_exchange(&plans[1]);
	}
	return 0;
}
