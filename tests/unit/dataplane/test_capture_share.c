#include "tests/unit/unit_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "dataplane/dataplane.h"
#include "engine/build.h"
#include "engine/normalize.h"
#include "tests/unit/dataplane/frames.h"

enum { RINGS_MAX = 8 };

// What a run gave: its hits, sorted, and its figures.
struct outcome {
	struct buffer hits;
	struct dataplane_counters counters;
	struct capture_result result;
};

static struct buffer capture;
static struct database *database;
static char path[64];

// 192.0.2.7, 192.0.2.0/29 and bad.example.
static int make_database(void **state)
{
	const struct entry_terms terms = {.kinds = ENTRY_EXACT, .action = ACTION_ALERT};
	const struct indicator indicator = {.id = slice_text("indicator"),
	                                    .valid_until_ns = TIMESTAMP_MAX,
	                                    .action = ACTION_ALERT};
	static const char *const prefixes[] = {"192.0.2.7", "192.0.2.0/29"};
	struct build_figures figures;
	struct report report = {0};
	AUTO(build) build = NULL;
	int fd = memfd_create("database", 0);
	uint32_t id;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct prefix prefix;
		bool had_host_bits;

		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
		assert_int_equal(normalize_prefix(slice_text(prefixes[i]), &prefix, &had_host_bits),
		                 0);
		assert_int_equal(build_add_prefix(build, &prefix, id, &terms), 0);
	}
	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	assert_int_equal(build_add_name(build, slice_text("bad.example"), id, &terms), 0);
	assert_int_equal(build_write(build, fd, NULL, &report, &figures), 0);
	assert_int_equal(database_open_fd(fd, "test", &report, &database), 0);
	close(fd);
	return 0;
}

static int close_database(void **state)
{
	(void)state;
	database_close(database);
	return 0;
}

static int cleanup(void **state)
{
	(void)state;
	buffer_close(&capture);
	unlink(path);
	return 0;
}

static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return *random >> 8;
}

// Questions, answers, connections and fragments of some hosts, at times that also go back.
static void make_capture(unsigned packets)
{
	static const char question[] =
		"\0\1\1\0\0\1\0\0\0\0\0\0\3bad\7example\0\0\1\0\1----------------------------";
	static const char request[] = "GET / HTTP/1.1\r\nHost: bad.example\r\n\r\n";
	uint32_t random = 1;
	int64_t time_ns = 1000 * NS_PER_S;

	buffer_clear(&capture);
	capture_begin(&capture, LINK_ETHERNET);
	for (unsigned i = 0; i < packets; i++) {
		struct segment segment = {
			.src = (uint8_t)(next_random(&random) % 40),
			.dst = (uint8_t)(next_random(&random) % 40),
			.src_port = (uint16_t)(1000 + next_random(&random) % 3),
			.protocol = IP_UDP,
		};
		uint32_t kind = next_random(&random) % 16;

		time_ns += (int64_t)(next_random(&random) % 100) * NS_PER_S / 1000;
		if (next_random(&random) % 1000 == 0)
			time_ns += ((int64_t)(next_random(&random) % 400) - 100) * NS_PER_S;
		segment.time_ns = time_ns;
		segment.text = "something that is of no interest to anybody";
		if (kind < 2) {
			segment.dst_port = 53;
			segment.text = question;
			segment.text_bytes = sizeof(question) - 1;
		} else if (kind < 5) {
			segment.id = (uint16_t)(next_random(&random) % 4);
			segment.fragment = kind == 2 ? 0x2000 : 0x0001 + kind;
			segment.dst_port = 4000;
		} else if (kind < 8) {
			segment.protocol = IP_TCP;
			segment.dst_port = 80;
			segment.flags = kind == 5 ? TCP_SYN : TCP_ACK;
			segment.sequence = kind == 5 ? 0 : 1;
			segment.text = kind == 5 ? NULL : request;
		}
		capture_add(&capture, &segment);
	}
}

static int compare_hits(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hit));
}

static void take_hits(struct ring *ring, struct buffer *hits)
{
	struct slice record;

	while (ring_peek(ring, &record)) {
		struct hit hit;

		memcpy(&hit, record.data, sizeof(hit));
		hit.observable.text.data = NULL;
		buffer_append(hits, &hit, sizeof(hit));
		ring_release(ring);
	}
}

static void run(const char *from, unsigned worker_count, struct outcome *outcome)
{
	const char *captures[] = {from};
	struct ring *rings[RINGS_MAX] = {0};
	const struct workers_options options = {.database = database,
	                                        .captures = captures,
	                                        .capture_count = 1,
	                                        .worker_count = worker_count,
	                                        .rings = rings};
	const struct capture_result *results;
	AUTO(workers) workers = NULL;

	memset(outcome, 0, sizeof(*outcome));
	for (unsigned i = 0; i < worker_count; i++)
		assert_int_equal(ring_create(1, &rings[i]), 0);
	assert_int_equal(workers_start(&options, &workers), 0);
	for (bool is_done = false; !is_done;) {
		is_done = workers_are_done(workers);
		for (unsigned i = 0; i < worker_count; i++)
			take_hits(rings[i], &outcome->hits);
	}
	workers_join(workers, &outcome->counters, &results);
	outcome->result = results[0];
	assert_int_equal(results[0].report.count, 0);
	if (outcome->hits.size > 0)
		qsort(outcome->hits.data, outcome->hits.size / sizeof(struct hit),
		      sizeof(struct hit), compare_hits);
	workers_free(TAKE(workers));
	for (unsigned i = 0; i < worker_count; i++)
		ring_free(rings[i]);
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
	assert_int_equal(a->hits.size, b->hits.size);
	assert_memory_equal(a->hits.data, b->hits.data, a->hits.size);
	assert_memory_equal(&a->counters, &b->counters, sizeof(a->counters));
	assert_int_equal(a->result.packets, b->result.packets);
	assert_int_equal(a->result.bytes, b->result.bytes);
	assert_int_equal(a->result.first_time_ns, b->result.first_time_ns);
	assert_int_equal(a->result.last_time_ns, b->result.last_time_ns);
	assert_int_equal(a->result.is_cut_short, b->result.is_cut_short);
	assert_int_equal(a->result.is_stopped, b->result.is_stopped);
}

static void any_number_of_workers_gives_the_same(void **state)
{
	static const unsigned worker_counts[] = {2, 3, 8};
	struct outcome alone;

	(void)state;
	make_capture(60000); // larger than what one worker reads for itself
	capture_save(buffer_slice(&capture), path);
	run(path, 1, &alone);
	assert_int_equal(alone.result.packets, 60000);
	assert_false(alone.result.is_stopped);
	assert_in_range(alone.hits.size / sizeof(struct hit), 5000, 60000);
	for (unsigned i = 0; i < 3; i++) {
		struct outcome together;

		run(path, worker_counts[i], &together);
		assert_same(&alone, &together);
		buffer_close(&together.hits);
	}
	buffer_close(&alone.hits);
}

static void *write_capture(void *context)
{
	int fd = open(path, O_WRONLY);

	(void)context;
	for (size_t done = 0; done < capture.size;) {
		size_t step = capture.size - done < 10007 ? capture.size - done : 10007;

		if (write(fd, capture.data + done, step) != (ssize_t)step)
			abort();
		done += step;
	}
	close(fd);
	return NULL;
}

static void a_pipe_is_split_as_a_file_is(void **state)
{
	struct outcome from_file;
	struct outcome from_pipe;
	pthread_t writer;

	(void)state;
	make_capture(20000);
	capture_save(buffer_slice(&capture), path);
	run(path, 1, &from_file);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	pthread_create(&writer, NULL, write_capture, NULL);
	run(path, 3, &from_pipe);
	pthread_join(writer, NULL);
	// A file's packets come in other turns than a pipe's: flows that are over by clocks that
	// went back are another matter, see docs/decisions/0021-capture-files.md.
	assert_int_equal(from_file.result.packets, from_pipe.result.packets);
	assert_int_equal(from_file.counters.bytes, from_pipe.counters.bytes);
	assert_int_equal(from_file.counters.observables[OBSERVABLE_NAME],
	                 from_pipe.counters.observables[OBSERVABLE_NAME]);
	assert_in_range(from_pipe.hits.size, 1, SIZE_MAX);
	buffer_close(&from_file.hits);
	buffer_close(&from_pipe.hits);
}

static void what_only_libpcap_reads_is_split_too(void **state)
{
	static const unsigned worker_counts[] = {2, 8};
	struct outcome alone;
	struct buffer modified = {0};

	(void)state;
	// Kuznetzov's format: 8 more bytes behind each record's header.
	make_capture(50000);
	capture_u32(&modified, 0xa1b2cd34);
	buffer_append(&modified, capture.data + 4, 20);
	for (size_t at = 24; at < capture.size;) {
		uint32_t bytes;

		memcpy(&bytes, capture.data + at + 8, 4);
		buffer_append(&modified, capture.data + at, 16);
		buffer_append(&modified, (uint8_t[8]){0}, 8);
		buffer_append(&modified, capture.data + at + 16, bytes);
		at += 16 + bytes;
	}
	capture_save(buffer_slice(&modified), path);
	buffer_close(&modified);
	run(path, 1, &alone);
	assert_int_equal(alone.result.packets, 50000);
	for (unsigned i = 0; i < 2; i++) {
		struct outcome together;

		run(path, worker_counts[i], &together);
		assert_same(&alone, &together);
		buffer_close(&together.hits);
	}
	buffer_close(&alone.hits);
}

static void large_and_small_captures_each_have_their_result(void **state)
{
	char small[64];
	const char *captures[] = {small, path, "/nonexistent", small, path, small};
	struct ring *rings[3] = {0};
	const struct workers_options options = {.database = database,
	                                        .captures = captures,
	                                        .capture_count = 6,
	                                        .worker_count = 3,
	                                        .rings = rings};
	struct dataplane_counters counters;
	const struct capture_result *results;
	AUTO(workers) workers = NULL;
	AUTO_BUFFER hits = {0};

	(void)state;
	make_capture(60000);
	capture_save(buffer_slice(&capture), path);
	make_capture(100);
	capture_save(buffer_slice(&capture), small);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ring_create(1, &rings[i]), 0);
	assert_int_equal(workers_start(&options, &workers), 0);
	for (bool is_done = false; !is_done;) {
		is_done = workers_are_done(workers);
		for (unsigned i = 0; i < 3; i++)
			take_hits(rings[i], &hits);
	}
	workers_join(workers, &counters, &results);
	assert_int_equal(counters.packets, 2 * 60000 + 3 * 100);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(results[i].error, i == 2 ? -ENOENT : 0);
		assert_int_equal(results[i].packets,
		                 captures[i] == path ? 60000 : (i == 2 ? 0 : 100));
		assert_false(results[i].is_stopped);
	}
	workers_free(TAKE(workers));
	for (unsigned i = 0; i < 3; i++)
		ring_free(rings[i]);
	unlink(small);
}

static void stopping_lets_all_workers_end(void **state)
{
	const char *captures[] = {"/dev/zero", path, path};
	struct ring *rings[3] = {0};
	const struct workers_options options = {.database = database,
	                                        .captures = captures,
	                                        .capture_count = 3,
	                                        .worker_count = 3,
	                                        .rings = rings};
	struct dataplane_counters counters;
	const struct capture_result *results;
	uint64_t packets = 0, file_bytes;
	AUTO(workers) workers = NULL;
	AUTO_BUFFER hits = {0};

	(void)state;
	make_capture(200000);
	capture_save(buffer_slice(&capture), path);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ring_create(1, &rings[i]), 0);
	assert_int_equal(workers_start(&options, &workers), 0);
	while (packets == 0)
		workers_progress(workers, &packets, &file_bytes);
	workers_stop(workers);
	while (!workers_are_done(workers))
		for (unsigned i = 0; i < 3; i++)
			take_hits(rings[i], &hits);
	workers_join(workers, &counters, &results);
	assert_true(results[2].is_stopped);
	assert_true(results[2].is_cut_short);
	workers_free(TAKE(workers));
	for (unsigned i = 0; i < 3; i++)
		ring_free(rings[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(any_number_of_workers_gives_the_same, cleanup),
		cmocka_unit_test_teardown(a_pipe_is_split_as_a_file_is, cleanup),
		cmocka_unit_test_teardown(what_only_libpcap_reads_is_split_too, cleanup),
		cmocka_unit_test_teardown(large_and_small_captures_each_have_their_result, cleanup),
		cmocka_unit_test_teardown(stopping_lets_all_workers_end, cleanup),
	};

	return cmocka_run_group_tests(tests, make_database, close_database);
}
