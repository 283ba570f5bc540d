// A capture's frames through the whole engine, as an observer and against a small database: nothing
// is read that is not there, nothing is left behind, both see the same names, and, one packet
// after the other, the same is seen as in batches.
//
// The input is a pcap file of this byte order. The mutator knows its records, so that most of what
// is changed lies in packets.
#include "tests/fuzz/fuzz_pipeline.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "engine/build.h"
#include "engine/normalize.h"

enum {
	FILE_HEADER_BYTES = 24,
	RECORD_HEADER_BYTES = 16,
	FRAMES_MAX = 512,
	RING_BYTES = 1 << 20,
};

// libFuzzer's; not there when seeds are only replayed.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static uint32_t word_at(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

// The record at `offset`: its bytes with the header, or 0 when there is none whole.
static size_t record_bytes(struct slice file, size_t offset)
{
	uint32_t captured;

	if (file.size < RECORD_HEADER_BYTES || offset > file.size - RECORD_HEADER_BYTES)
		return 0;
	captured = word_at(file.data + offset + 8);
	if (captured > file.size - offset - RECORD_HEADER_BYTES)
		return 0;
	return RECORD_HEADER_BYTES + captured;
}

// Each frame in memory of its own, so that a read beyond it is found. In half of the files, time
// passes evenly: then nothing ends for its time.
static unsigned read_frames(struct slice file, bool is_even, struct frame frames[FRAMES_MAX])
{
	size_t offset = FILE_HEADER_BYTES, size;
	unsigned count = 0;

	for (; count < FRAMES_MAX && (size = record_bytes(file, offset)) > 0; count++) {
		const uint8_t *record = file.data + offset;
		uint32_t captured = (uint32_t)(size - RECORD_HEADER_BYTES);
		uint32_t wire = word_at(record + 12);
		int64_t time_ns = word_at(record) * NS_PER_S + word_at(record + 4) % NS_PER_S;
		uint8_t *copy = malloc(captured + !captured);

		memcpy(copy, record + RECORD_HEADER_BYTES, captured);
		frames[count] = (struct frame){
			.data = copy,
			.captured_bytes = captured,
			.wire_bytes = wire > captured ? wire : captured,
			.time_ns = is_even ? NS_PER_S + count * (NS_PER_S / 1000) : time_ns,
			.link = (enum link_type)word_at(file.data + 20),
		};
		offset += size;
	}
	return count;
}

static void add_values(struct build *build, uint32_t id)
{
	const struct entry_terms terms = {.kinds = ENTRY_EXACT | ENTRY_PARENT,
	                                  .action = ACTION_ALERT};
	const struct entry_terms exact = {.kinds = ENTRY_EXACT, .action = ACTION_DROP};
	struct prefix prefix;
	bool had_host_bits;

	FUZZ_ASSERT(normalize_prefix(slice_text("192.0.2.0/25"), &prefix, &had_host_bits) == 0);
	FUZZ_ASSERT(build_add_prefix(build, &prefix, id, &exact) == 0);
	FUZZ_ASSERT(build_add_name(build, slice_text("example"), id, &terms) == 0);
	FUZZ_ASSERT(build_add_url(build, slice_text("http://bad.example/"), id, &exact) == 0);
}

static struct database *make_database(void)
{
	const struct indicator indicator = {.id = slice_text("indicator"),
	                                    .valid_until_ns = TIMESTAMP_MAX,
	                                    .action = ACTION_DROP};
	struct database *database = NULL;
	struct build_figures figures;
	struct report report = {0};
	AUTO(build) build = NULL;
	uint32_t id;
	int fd = memfd_create("database", MFD_CLOEXEC);

	FUZZ_ASSERT(build_create(&build) == 0);
	FUZZ_ASSERT(build_add_indicator(build, &indicator, &id) == 0);
	add_values(build, id);
	FUZZ_ASSERT(build_write(build, fd, NULL, &report, &figures) == 0);
	FUZZ_ASSERT(database_open_fd(fd, "fuzz", &report, &database) == 0);
	(void)close(fd);
	return database;
}

static void empty(struct ring *ring)
{
	struct slice record;

	while (ring_peek(ring, &record)) {
		struct hit hit;

		hit_read(record, &hit);
		FUZZ_ASSERT(hit.origin.packet_number > 0 && hit.indicator_id > 0);
		ring_release(ring);
	}
}

// Kept from one capture to the next, as workers do.
struct engine {
	struct ring *ring;
	struct fuzz_seen seen, seen_slowly;
	struct pipeline *observing, *matching, *slow;
};

static struct engine *engine_get(void)
{
	static struct engine engine;

	if (engine.ring == NULL) {
		FUZZ_ASSERT(ring_create(RING_BYTES, &engine.ring) == 0);
		engine.observing = fuzz_pipeline(NULL, NULL, &engine.seen);
		engine.slow = fuzz_pipeline(NULL, NULL, &engine.seen_slowly);
		engine.matching = fuzz_pipeline(make_database(), engine.ring, NULL);
	}
	engine.seen = engine.seen_slowly = (struct fuzz_seen){.has_numbers = true};
	return &engine;
}

// What was counted until now: of what is the same for whoever observes or matches, and of packets
// that were put together or unpacked, which run behind their batch.
struct figures {
	uint64_t names;
	uint64_t not_plain;
};

static struct figures figures_of(const struct pipeline *pipeline)
{
	struct dataplane_counters counters;

	pipeline_counters(pipeline, &counters);
	return (struct figures){
		counters.observables[OBSERVABLE_NAME] + counters.observables[OBSERVABLE_URL],
		counters.fragments + counters.packets_inner + counters.flows_evicted};
}

// Runs the frames, and returns what that added to the figures.
static struct figures run(struct pipeline *pipeline, const struct frame frames[], unsigned count,
                          unsigned burst)
{
	struct figures before = figures_of(pipeline), after;

	fuzz_pipeline_run(pipeline, frames, count, burst);
	after = figures_of(pipeline);
	return (struct figures){after.names - before.names, after.not_plain - before.not_plain};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine *engine = engine_get();
	struct frame frames[FRAMES_MAX];
	struct figures observed, matched;
	bool is_even;
	unsigned count;

	if (size < FILE_HEADER_BYTES)
		return 0;
	is_even = data[16] % 2 == 1; // of the snap length: 65535 is odd
	count = read_frames(slice_of(data, size), is_even, frames);
	observed = run(engine->observing, frames, count, PORT_BURST_MAX);
	matched = run(engine->matching, frames, count, PORT_BURST_MAX);
	empty(engine->ring);
	FUZZ_ASSERT(observed.names == matched.names);
	if (is_even && observed.not_plain == 0) {
		(void)run(engine->slow, frames, count, 1);
		FUZZ_ASSERT(engine->seen.count == engine->seen_slowly.count);
		FUZZ_ASSERT(engine->seen.digest == engine->seen_slowly.digest);
	}
	for (unsigned i = 0; i < count; i++)
		free((void *)(uintptr_t)frames[i].data);
	return 0;
}

// Of a record: another one's place, twice, away, or with other bytes.
static size_t mutate_record(uint8_t *data, size_t size, size_t max_size, size_t offset,
                            unsigned choice)
{
	size_t record = record_bytes(slice_of(data, size), offset);
	size_t behind = size - offset - record;
	uint32_t captured = (uint32_t)(record - RECORD_HEADER_BYTES);

	switch (choice % 8) {
	case 0:
		memmove(data + offset, data + offset + record, behind);
		return size - record;
	case 1:
		if (record > max_size - size)
			return size;
		memmove(data + offset + record, data + offset, record + behind);
		return size + record;
	case 2: { // with the next one
		size_t next = record_bytes(slice_of(data, size), offset + record);
		uint8_t *copy = malloc(record);

		memcpy(copy, data + offset, record);
		memmove(data + offset, data + offset + record, next);
		memcpy(data + offset + next, copy, record);
		free(copy);
		return size;
	}
	default: // in place
		if (captured > 0)
			(void)LLVMFuzzerMutate(data + offset + RECORD_HEADER_BYTES, captured,
			                       captured);
		return size;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t offset = FILE_HEADER_BYTES, size_of_one;
	size_t offsets[FRAMES_MAX];
	unsigned count = 0;

	for (; count < FRAMES_MAX && (size_of_one = record_bytes(slice_of(data, size), offset)) > 0;
	     offset += size_of_one)
		offsets[count++] = offset;
	if (count == 0 || seed % 16 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return mutate_record(data, size, max_size, offsets[seed / 16 % count], seed / 65536);
}
