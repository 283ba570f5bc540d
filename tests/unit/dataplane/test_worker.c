#include "tests/unit/unit_test.h"

#include <errno.h>

#include "dataplane/dataplane.h"
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
		cmocka_unit_test(impossible_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
