// Several workers, each with captures of its own, over one database: what they find is what one
// finds. Also under the thread sanitizer.
#include "tests/unit/unit_test.h"

#include <sys/mman.h>

#include "dataplane/dataplane.h"
#include "engine/build.h"
#include "engine/normalize.h"
#include "tests/unit/dataplane/frames.h"

enum { CAPTURES = 24, FLOWS = 20, WORKERS_MAX = 4 };

#define REQUEST "GET /a HTTP/1.1\r\nHost: bad.example\r\n\r\n"

// bad.example.
static struct database *make_database(void)
{
	const struct entry_terms terms = {.kinds = ENTRY_EXACT, .action = ACTION_ALERT};
	const struct indicator indicator = {.id = slice_text("indicator"),
	                                    .valid_until_ns = TIMESTAMP_MAX,
	                                    .action = ACTION_ALERT};
	struct database *database = NULL;
	struct build_figures figures;
	struct report report = {0};
	AUTO(build) build = NULL;
	int fd = memfd_create("database", 0);
	uint32_t id;

	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	assert_int_equal(build_add_name(build, slice_text("bad.example"), id, &terms), 0);
	assert_int_equal(build_write(build, fd, NULL, &report, &figures), 0);
	assert_int_equal(database_open_fd(fd, "test", &report, &database), 0);
	close(fd);
	return database;
}

// Of each flow a request, the second half first; then its flow's reset, which changes nothing.
static void add_flow(struct buffer *capture, uint16_t flow)
{
	const size_t half = sizeof(REQUEST) / 2;
	struct segment segment = {.time_ns = 5 + flow,
	                          .src = 1,
	                          .dst = 2,
	                          .src_port = (uint16_t)(1000 + flow),
	                          .dst_port = 80,
	                          .protocol = IP_TCP,
	                          .flags = TCP_SYN,
	                          .sequence = 99};

	capture_add(capture, &segment);
	segment.flags = TCP_ACK;
	segment.sequence = 100 + (uint32_t)half;
	segment.text = &REQUEST[half];
	capture_add(capture, &segment);
	segment.sequence = 100;
	segment.text = REQUEST;
	segment.text_bytes = half;
	capture_add(capture, &segment);
	segment.flags = TCP_RST;
	segment.text_bytes = 0;
	segment.text = NULL;
	capture_add(capture, &segment);
}

static unsigned empty(struct ring *ring)
{
	struct slice record;
	unsigned count = 0;

	for (; ring_peek(ring, &record); count++)
		ring_release(ring);
	return count;
}

static unsigned hits_of(const struct database *database, const char *path, unsigned worker_count,
                        struct dataplane_counters *ret_counters)
{
	struct ring *rings[WORKERS_MAX];
	const char *captures[CAPTURES];
	const struct workers_options options = {
		.database = database,
		.captures = captures,
		.capture_count = CAPTURES,
		.worker_count = worker_count,
		.rings = rings,
	};
	const struct capture_result *results;
	AUTO(workers) workers = NULL;
	unsigned hits = 0;

	for (unsigned i = 0; i < CAPTURES; i++)
		captures[i] = path;
	for (unsigned i = 0; i < worker_count; i++)
		assert_int_equal(ring_create(1 << 16, &rings[i]), 0);
	assert_int_equal(workers_start(&options, &workers), 0);
	while (!workers_are_done(workers)) {
		for (unsigned i = 0; i < worker_count; i++)
			hits += empty(rings[i]);
		usleep(500);
	}
	workers_join(workers, ret_counters, &results);
	for (unsigned i = 0; i < worker_count; i++) {
		hits += empty(rings[i]);
		ring_free(rings[i]);
	}
	for (unsigned i = 0; i < CAPTURES; i++)
		assert_int_equal(results[i].packets, 4 * FLOWS);
	return hits;
}

static void any_number_of_workers_finds_the_same(void **state)
{
	struct database *database = make_database();
	struct dataplane_counters alone, together;
	struct buffer capture = {0};
	char path[64];

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	for (uint16_t i = 0; i < FLOWS; i++)
		add_flow(&capture, i);
	capture_save(buffer_slice(&capture), path);
	assert_int_equal(hits_of(database, path, 1, &alone), CAPTURES * FLOWS);
	assert_int_equal(hits_of(database, path, WORKERS_MAX, &together), CAPTURES * FLOWS);
	assert_int_equal(together.packets, alone.packets);
	assert_int_equal(together.flows, alone.flows);
	assert_memory_equal(together.observables, alone.observables, sizeof(alone.observables));
	unlink(path);
	buffer_close(&capture);
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_workers_finds_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
