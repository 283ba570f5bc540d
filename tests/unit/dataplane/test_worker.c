#include "tests/unit/unit_test.h"

#include <errno.h>
#include <sys/mman.h>

#include "dataplane/dataplane.h"
#include "engine/build.h"
#include "engine/normalize.h"
#include "tests/unit/dataplane/frames.h"

static unsigned observed;

static void count(void *context, const struct origin *origin, const struct observable *observable)
{
	(void)context;
	(void)observable;
	observed += origin->capture_id + 1;
}

static void wait_for(const struct workers *workers)
{
	while (!workers_are_done(workers))
		usleep(1000);
}

static void each_capture_has_its_result(void **state)
{
	char path[64];
	const char *captures[] = {"/nonexistent", path, path};
	const struct workers_options options = {
		.captures = captures, .capture_count = 3, .worker_count = 1, .observe = count};
	struct dataplane_counters counters;
	const struct capture_result *results;
	uint64_t packets, file_bytes;
	struct buffer capture = {0};
	AUTO(workers) workers = NULL;

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	for (unsigned i = 0; i < 100; i++)
		capture_add(&capture,
		            &(struct segment){
				    .time_ns = 5 + i, .src = 1, .dst = 2, .protocol = IP_UDP});
	capture_save(buffer_slice(&capture), path);
	observed = 0;
	assert_int_equal(workers_start(&options, &workers), 0);
	wait_for(workers);
	workers_progress(workers, &packets, &file_bytes);
	assert_int_equal(packets, 200);
	assert_int_equal(file_bytes, 2 * capture.size);
	workers_join(workers, &counters, &results);
	assert_int_equal(counters.packets, 200);
	assert_int_equal(counters.flows, 2);
	assert_int_equal(observed, 2 * 2 + 2 * 3); // two addresses of each capture's flow
	assert_int_equal(results[0].error, -ENOENT);
	assert_int_equal(results[1].error, 0);
	assert_int_equal(results[2].packets, 100);
	assert_int_equal(results[2].first_time_ns, 5);
	assert_int_equal(results[2].last_time_ns, 104);
	assert_false(results[2].is_cut_short);
	unlink(path);
	buffer_close(&capture);
}

static void stopping_leaves_the_rest_cut_short(void **state)
{
	const char *captures[] = {"/dev/zero", "/nonexistent"};
	const struct workers_options options = {
		.captures = captures, .capture_count = 2, .worker_count = 1, .observe = count};
	struct dataplane_counters counters;
	const struct capture_result *results;
	AUTO(workers) workers = NULL;

	(void)state;
	assert_int_equal(workers_start(&options, &workers), 0);
	workers_stop(workers);
	wait_for(workers);
	workers_join(workers, &counters, &results);
	assert_true(results[1].is_cut_short || results[1].error != 0);
}

// One indicator, 192.0.2.7.
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
	struct prefix prefix;
	bool had_host_bits;
	uint32_t id;
	int fd = memfd_create("database", 0);

	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	assert_int_equal(normalize_prefix(slice_text("192.0.2.7"), &prefix, &had_host_bits), 0);
	assert_int_equal(build_add_prefix(build, &prefix, id, &terms), 0);
	assert_int_equal(build_write(build, fd, NULL, &report, &figures), 0);
	assert_int_equal(database_open_fd(fd, "test", &report, &database), 0);
	close(fd);
	return database;
}

static unsigned empty(struct ring *ring)
{
	struct slice record;
	unsigned count = 0;

	for (; ring_peek(ring, &record); count++)
		ring_release(ring);
	return count;
}

static void no_hit_is_lost_when_the_ring_is_full_at_the_stop(void **state)
{
	enum { FLOWS = 3000 }; // more hits than the smallest ring holds
	char path[64];
	const char *captures[] = {path};
	AUTO(ring) ring = NULL;
	struct workers_options options = {
		.captures = captures, .capture_count = 1, .worker_count = 1, .rings = &ring};
	const struct capture_result *results;
	struct dataplane_counters counters;
	struct database *database = make_database();
	struct buffer capture = {0};
	AUTO(workers) workers = NULL;
	unsigned hits = 0;

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	for (uint16_t i = 0; i < FLOWS; i++)
		capture_add(&capture, &(struct segment){.time_ns = 5,
		                                        .src = 1,
		                                        .dst = 7,
		                                        .src_port = i,
		                                        .protocol = IP_UDP});
	capture_save(buffer_slice(&capture), path);
	assert_int_equal(ring_create(1, &ring), 0);
	options.database = database;
	assert_int_equal(workers_start(&options, &workers), 0);
	while (ring_pushed_bytes(ring) == 0) // the flows end with the capture
		usleep(1000);
	workers_stop(workers);
	for (bool is_done = false; !is_done;) {
		usleep(1000);
		is_done = workers_are_done(workers);
		hits += empty(ring);
	}
	workers_join(workers, &counters, &results);
	assert_int_equal(hits, FLOWS);
	assert_int_equal(counters.hits, FLOWS);
	unlink(path);
	database_close(database);
	buffer_close(&capture);
}

static void impossible_options_are_refused(void **state)
{
	struct workers_options options = {.worker_count = 2, .observe = count};
	struct workers *untouched = (void *)0x1;

	(void)state;
	assert_int_equal(workers_start(&options, &untouched), -EINVAL);
	options.worker_count = 0;
	assert_int_equal(workers_start(&options, &untouched), -EINVAL);
	options = (struct workers_options){.worker_count = 1}; // neither database nor observer
	assert_int_equal(workers_start(&options, &untouched), -EINVAL);
	assert_ptr_equal(untouched, (void *)0x1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_capture_has_its_result),
		cmocka_unit_test(stopping_leaves_the_rest_cut_short),
		cmocka_unit_test(no_hit_is_lost_when_the_ring_is_full_at_the_stop),
		cmocka_unit_test(impossible_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
