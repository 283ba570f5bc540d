// Workers over ports: a capture replayed as a device, databases published while they run.
#include "dataplane/sensor.h"

#include <errno.h>
#include <sched.h>

#include "tests/unit/dataplane/frames.h"
#include "tests/unit/engine/build_fixture.h"

enum { WORKERS = 2, RING_BYTES = 1024 * 1024, PACKETS = 4000, FLOWS = 200 };

struct scene {
	struct ring *rings[WORKERS];
	struct publisher *publisher;
	struct report report;
	struct sensor_link link;
	struct sensor_options options;
	char path[64];
	unsigned hits;
	uint32_t generation_min, generation_max;
};

// Lists 192.0.2.1, the source of every packet.
static void publish(struct scene *scene)
{
	AUTO(build) build = NULL;
	uint32_t id, generation;

	assert_int_equal(build_create(&build), 0);
	id = fixture_add(build, "indicator");
	fixture_add_prefix(build, "192.0.2.1", id, &any_terms);
	assert_int_equal(publisher_publish(scene->publisher, fixture_open(build), &generation), 0);
}

static void scene_open(struct scene *scene)
{
	struct buffer capture = {0};

	*scene = (struct scene){.generation_min = UINT32_MAX};
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(ring_create(RING_BYTES, &scene->rings[i]), 0);
	assert_int_equal(publisher_create(WORKERS, scene->rings, &scene->publisher), 0);
	capture_begin(&capture, LINK_ETHERNET);
	for (unsigned i = 0; i < PACKETS; i++)
		capture_add(&capture, &(struct segment){.time_ns = NS_PER_S + i,
		                                        .src = 1,
		                                        .dst = (uint8_t)(2 + i % FLOWS),
		                                        .protocol = IP_UDP,
		                                        .src_port = 1000,
		                                        .dst_port = 2000,
		                                        .text = "x"});
	capture_save(buffer_slice(&capture), scene->path);
	buffer_close(&capture);
	scene->link = (struct sensor_link){.device = scene->path};
	scene->options = (struct sensor_options){.backend = "replay",
	                                         .links = &scene->link,
	                                         .link_count = 1,
	                                         .worker_count = WORKERS,
	                                         .publisher = scene->publisher,
	                                         .rings = scene->rings,
	                                         .flow_budget_bytes = 1024 * 1024,
	                                         .stream_budget_bytes = 1024 * 1024,
	                                         .report = &scene->report};
}

static void scene_close(struct scene *scene)
{
	publisher_free(scene->publisher);
	for (unsigned i = 0; i < WORKERS; i++)
		ring_free(scene->rings[i]);
	report_clear(&scene->report);
	unlink(scene->path);
}

static void drain(struct scene *scene)
{
	struct slice record;
	struct hit hit;

	for (unsigned i = 0; i < WORKERS; i++)
		while (ring_peek(scene->rings[i], &record)) {
			const struct publication *publication;

			hit_read(record, &hit);
			publication = publisher_of(scene->publisher, hit.generation);
			assert_non_null(publication);
			assert_int_equal(hit.indicator_id, 1);
			assert_int_equal(hit.outcome, OUTCOME_NONE);
			scene->hits++;
			if (hit.generation < scene->generation_min)
				scene->generation_min = hit.generation;
			if (hit.generation > scene->generation_max)
				scene->generation_max = hit.generation;
			ring_release(scene->rings[i]);
		}
}

static void run_until_done(struct scene *scene, const struct sensor *sensor)
{
	while (!sensor_is_done(sensor)) {
		drain(scene);
		(void)publisher_retire(scene->publisher);
		(void)sched_yield();
	}
	drain(scene);
}

static struct sensor_figures sum_of(const struct sensor *sensor)
{
	struct sensor_figures sum = {0};

	for (unsigned i = 0; i < WORKERS; i++) {
		struct sensor_figures figures;

		sensor_figures(sensor, i, &figures);
		sensor_figures_add(&sum, &figures);
	}
	return sum;
}

static void a_sensor_gives_hits_of_the_generation_that_is_published(void **state)
{
	struct scene scene;
	struct sensor *sensor;
	struct sensor_figures figures;

	(void)state;
	scene_open(&scene);
	publish(&scene);
	assert_int_equal(sensor_start(&scene.options, &sensor), 0);
	run_until_done(&scene, sensor);
	figures = sum_of(sensor);
	assert_int_equal(scene.hits, FLOWS);
	assert_int_equal(scene.generation_min, 1);
	assert_int_equal(scene.generation_max, 1);
	assert_int_equal(figures.counters.packets, PACKETS);
	assert_int_equal(figures.received, PACKETS);
	assert_int_equal(figures.counters.hits, FLOWS);
	assert_int_equal(figures.hits_lost, 0);
	assert_true(figures.beat_ns > 0);
	assert_true(figures.batches[SENSOR_BATCH_BUCKETS - 2] > 0); // 32-63 packets
	assert_true(figures.stage_packets > 0);
	assert_int_equal(sensor_links_down(sensor), 0);
	sensor_free(sensor);
	scene_close(&scene);
}

static void publications_change_under_a_sensor_without_a_hit_of_one_that_is_gone(void **state)
{
	struct scene scene;
	struct sensor *sensor;

	(void)state;
	scene_open(&scene);
	scene.options.packets_per_s = 10000;
	publish(&scene);
	assert_int_equal(sensor_start(&scene.options, &sensor), 0);
	while (!sensor_is_done(sensor)) {
		struct sensor_figures figures = sum_of(sensor);

		assert_true(figures.counters.packets <= PACKETS);
		publish(&scene);
		drain(&scene);
		(void)publisher_retire(scene.publisher);
		(void)usleep(2000);
	}
	drain(&scene);
	assert_true(scene.hits > FLOWS); // flows were judged again
	assert_true(scene.generation_max > scene.generation_min);
	sensor_free(sensor);
	assert_int_equal(publisher_retire(scene.publisher), 1);
	scene_close(&scene);
}

static void workers_live_from_their_start_on(void **state)
{
	struct scene scene;
	struct sensor *sensor;

	(void)state;
	scene_open(&scene);
	assert_int_equal(sensor_start(&scene.options, &sensor), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		struct sensor_figures figures;

		sensor_figures(sensor, i, &figures); // its thread may not have run yet
		assert_true(figures.beat_ns > 0);
	}
	run_until_done(&scene, sensor);
	sensor_free(sensor);
	scene_close(&scene);
}

static void without_a_database_a_tap_only_counts(void **state)
{
	struct scene scene;
	struct sensor *sensor;
	struct sensor_figures figures;

	(void)state;
	scene_open(&scene);
	assert_int_equal(sensor_start(&scene.options, &sensor), 0);
	run_until_done(&scene, sensor);
	figures = sum_of(sensor);
	assert_int_equal(figures.counters.packets, PACKETS);
	assert_int_equal(figures.counters.flows, 0);
	assert_int_equal(figures.generation, 0);
	assert_int_equal(scene.hits, 0);
	sensor_free(sensor);
	scene_close(&scene);
}

static void a_full_ring_holds_up_no_packet_and_the_last_hits_wait_for_room(void **state)
{
	struct scene scene;
	struct sensor *sensor;
	struct sensor_figures figures;
	struct slice record;

	(void)state;
	scene_open(&scene);
	for (unsigned i = 0; i < WORKERS; i++) // of which there are more than a ring holds
		while (ring_push(scene.rings[i], slice_text("full"), slice_text("")))
			continue;
	publish(&scene);
	assert_int_equal(sensor_start(&scene.options, &sensor), 0);
	do {
		(void)usleep(1000);
		figures = sum_of(sensor);
	} while (figures.counters.packets < PACKETS);
	assert_false(sensor_is_done(sensor));
	for (unsigned i = 0; i < WORKERS; i++)
		while (ring_peek(scene.rings[i], &record) && slice_is(record, "full"))
			ring_release(scene.rings[i]);
	run_until_done(&scene, sensor);
	assert_int_equal(scene.hits, FLOWS);
	sensor_free(sensor);
	scene_close(&scene);
}

static void a_sensor_that_is_freed_gives_up_what_waits_for_room(void **state)
{
	struct scene scene;
	struct sensor *sensor;

	(void)state;
	scene_open(&scene);
	for (unsigned i = 0; i < WORKERS; i++)
		while (ring_push(scene.rings[i], slice_text("full"), slice_text("")))
			continue;
	publish(&scene);
	assert_int_equal(sensor_start(&scene.options, &sensor), 0);
	while (sum_of(sensor).counters.packets < PACKETS)
		(void)usleep(1000);
	sensor_free(sensor);
	scene_close(&scene);
}

static int refuse(void *context)
{
	(void)context;
	return -EPERM;
}

static void a_start_that_fails_says_why_and_leaves_nothing(void **state)
{
	const uint16_t no_such_cpus[WORKERS] = {1023, 1023};
	struct scene scene;
	struct sensor *sensor = NULL;

	(void)state;
	scene_open(&scene);
	scene.options.opened = refuse;
	assert_int_equal(sensor_start(&scene.options, &sensor), -EPERM);
	scene.options.opened = NULL;
	scene.options.cpus = no_such_cpus;
	assert_int_equal(sensor_start(&scene.options, &sensor), -EINVAL);
	assert_int_equal(scene.report.count, 1);
	scene.options.cpus = NULL;
	scene.link.peer = scene.path;
	assert_int_equal(sensor_start(&scene.options, &sensor), -ENOTSUP);
	assert_int_equal(scene.report.count, 2);
	scene.link.peer = NULL;
	scene.options.backend = "none";
	assert_int_equal(sensor_start(&scene.options, &sensor), -ENOTSUP);
	assert_int_equal(scene.report.count, 3);
	assert_null(sensor);
	scene_close(&scene);
}

static void a_sensor_that_is_stopped_ends_soon_and_writes_what_is_open(void **state)
{
	struct scene scene;
	struct sensor *sensor;
	struct sensor_figures figures = {0};

	(void)state;
	scene_open(&scene);
	scene.options.packets_per_s = 2000;
	publish(&scene);
	assert_int_equal(sensor_start(&scene.options, &sensor), 0);
	while (figures.counters.packets < 10) {
		(void)usleep(1000);
		figures = sum_of(sensor);
	}
	sensor_stop(sensor);
	run_until_done(&scene, sensor);
	figures = sum_of(sensor);
	assert_true(figures.counters.packets < PACKETS);
	assert_int_equal(scene.hits, figures.counters.flows);
	sensor_free(sensor);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sensor_gives_hits_of_the_generation_that_is_published),
		cmocka_unit_test(
			publications_change_under_a_sensor_without_a_hit_of_one_that_is_gone),
		cmocka_unit_test(workers_live_from_their_start_on),
		cmocka_unit_test(without_a_database_a_tap_only_counts),
		cmocka_unit_test(a_full_ring_holds_up_no_packet_and_the_last_hits_wait_for_room),
		cmocka_unit_test(a_sensor_that_is_freed_gives_up_what_waits_for_room),
		cmocka_unit_test(a_start_that_fails_says_why_and_leaves_nothing),
		cmocka_unit_test(a_sensor_that_is_stopped_ends_soon_and_writes_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
