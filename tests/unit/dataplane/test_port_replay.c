#include "tests/unit/unit_test.h"

#include <errno.h>
#include <time.h>

#include "dataplane/dataplane.h"
#include "dataplane/port.h"
#include "dataplane/sensor.h"
#include "tests/unit/dataplane/frames.h"
#include "tests/unit/engine/build_fixture.h"

enum { QUEUES = 3, PACKETS = 20000 };

static char path[64];
static struct report report;
static struct buffer capture;

static int setup(void **state)
{
	(void)state;
	path[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_clear(&report);
	buffer_close(&capture);
	if (path[0] != '\0')
		unlink(path);
	return 0;
}

// Packet i is between host i % 200 and the next, now in this, now in that direction; every eleventh
// is a later fragment, which has no ports.
static void write_capture(unsigned count)
{
	capture_begin(&capture, LINK_ETHERNET);
	for (unsigned i = 0; i < count; i++) {
		uint8_t low = (uint8_t)(i % 200), high = (uint8_t)(low + 1);

		capture_add(&capture, &(struct segment){
					      .time_ns = i + 1,
					      .src = i % 3 == 0 ? low : high,
					      .dst = i % 3 == 0 ? high : low,
					      .src_port = 53,
					      .dst_port = (uint16_t)(1024 + i % 7),
					      .protocol = IP_UDP,
					      .fragment = i % 11 == 0 ? 1 : 0,
					      .text = "some payload",
				      });
	}
	capture_save(buffer_slice(&capture), path);
}

static struct port *open_queue(unsigned queue, unsigned queue_count, uint64_t packets_per_s)
{
	struct port_device device = {
		.name = path,
		.queue = queue,
		.queue_count = queue_count,
		.packets_per_s = packets_per_s,
		.report = &report,
	};
	struct port *port = NULL;

	assert_int_equal(port_open_device("replay", &device, &port), 0);
	return port;
}

// Adds the queue's packets to `seen`, by their times, which are 1, 2, 3 … in the file, and to
// `queues_of` the queue by host.
static void take_all(unsigned queue, uint8_t seen[PACKETS + 1], uint8_t queues_of[256])
{
	struct frame frames[PORT_BURST_MAX];
	int64_t last_ns = 0;
	AUTO(port) port = open_queue(queue, QUEUES, 0);

	while (!port->ops->is_ended(port)) {
		unsigned count = port->ops->receive(port, frames);

		for (unsigned i = 0; i < count; i++) {
			uint8_t src = frames[i].data[29], dst = frames[i].data[33];

			assert_true(frames[i].time_ns > last_ns);
			last_ns = frames[i].time_ns;
			seen[frames[i].time_ns]++;
			queues_of[src < dst ? src : dst] |= (uint8_t)(1 << queue);
		}
		if (count > 0)
			port->ops->release(port, NULL);
	}
}

static void each_packet_falls_to_one_queue_and_two_hosts_to_the_same(void **state)
{
	static uint8_t seen[PACKETS + 1];
	uint8_t queues_of[256] = {0};
	unsigned used = 0;

	(void)state;
	write_capture(PACKETS);
	for (unsigned queue = 0; queue < QUEUES; queue++)
		take_all(queue, seen, queues_of);
	for (unsigned i = 1; i <= PACKETS; i++)
		assert_int_equal(seen[i], 1);
	for (unsigned host = 0; host < 200; host++) {
		assert_int_equal(queues_of[host] & (queues_of[host] - 1), 0);
		used |= queues_of[host];
	}
	assert_int_equal(used, (1 << QUEUES) - 1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void no_packet_comes_before_its_time(void **state)
{
	enum { RATE = 2000, COUNT = 400 };
	struct frame frames[PORT_BURST_MAX];
	int64_t begin_ns = now_ns();
	uint64_t total = 0;
	AUTO(port) port = NULL;

	(void)state;
	write_capture(COUNT);
	port = open_queue(0, 1, RATE);
	while (!port->ops->is_ended(port)) {
		unsigned count = port->ops->receive(port, frames);

		for (unsigned i = 0; i < count; i++)
			assert_int_equal(frames[i].time_ns, total + i + 1);
		total += count;
		assert_true(total <= (uint64_t)(now_ns() - begin_ns) * RATE / NS_PER_S + 1);
		if (count > 0)
			port->ops->release(port, NULL);
	}
	assert_int_equal(total, COUNT);
}

static void a_rate_is_that_of_all_queues_together(void **state)
{
	enum { RATE = 2000, COUNT = 400 };
	struct frame frames[PORT_BURST_MAX];
	int64_t begin_ns = now_ns();
	AUTO(port) port = NULL;

	(void)state;
	write_capture(COUNT);
	port = open_queue(1, QUEUES, RATE);
	while (!port->ops->is_ended(port)) {
		unsigned count = port->ops->receive(port, frames);

		// The packet with the time n is the n-th of the file.
		for (unsigned i = 0; i < count; i++)
			assert_true(frames[i].time_ns - 1 <=
			            (now_ns() - begin_ns) * RATE / NS_PER_S);
		if (count > 0)
			port->ops->release(port, NULL);
	}
}

static void the_end_comes_after_the_last_packet(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct port_counters counters;
	AUTO(port) port = NULL;

	(void)state;
	write_capture(3);
	port = open_queue(0, 1, 0);
	assert_false(port->ops->is_ended(port));
	assert_int_equal(port->ops->receive(port, frames), 3);
	assert_false(port->ops->is_ended(port));
	port->ops->release(port, NULL);
	assert_int_equal(port->ops->receive(port, frames), 0);
	assert_true(port->ops->is_ended(port));
	assert_int_equal(port->ops->receive(port, frames), 0);
	port->ops->counters(port, &counters);
	assert_int_equal(counters.received, 3);
	assert_int_equal(counters.missed, 0);
}

static void a_damaged_capture_ends_and_the_first_queue_says_so(void **state)
{
	struct frame frames[PORT_BURST_MAX];

	(void)state;
	write_capture(500);
	unlink(path);
	capture_save(slice_first(buffer_slice(&capture), capture.size - 5), path);
	for (unsigned queue = 0; queue < QUEUES; queue++) {
		AUTO(port) port = open_queue(queue, QUEUES, 0);

		while (!port->ops->is_ended(port))
			if (port->ops->receive(port, frames) > 0)
				port->ops->release(port, NULL);
		assert_int_equal(report.count, 1);
	}
}

static void what_is_no_capture_is_refused_with_the_reason(void **state)
{
	struct port_device device = {.name = path, .queue_count = 1, .report = &report};
	struct port *port = NULL;

	(void)state;
	capture_save(slice_text("this is no capture"), path);
	assert_int_equal(port_open_device("replay", &device, &port), -EINVAL);
	assert_int_equal(report.count, 1);
	device.name = "/nowhere/to/be/found.pcap";
	assert_int_equal(port_open_device("replay", &device, &port), -ENOENT);
	assert_int_equal(report.count, 2);
	device.name = "-";
	device.queue_count = 2;
	assert_int_equal(port_open_device("replay", &device, &port), -EINVAL);
	assert_int_equal(report.count, 3);
	assert_null(port);
}

static void an_unknown_backend_is_told_with_those_there_are(void **state)
{
	struct port_device device = {.name = "eth0", .queue_count = 1, .report = &report};
	struct port *port = NULL;

	(void)state;
	assert_int_equal(port_open_device("netmap", &device, &port), -ENOTSUP);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.reasons[0].examples[0].detail, "replay"));
	assert_int_equal(port_open_device("file", &device, &port), -ENOTSUP);
}

enum { HITS_MAX = 4096, RING_BYTES = 4 * 1024 * 1024 };

struct hits {
	struct hit hits[HITS_MAX];
	unsigned count;
};

static struct database *listed_hosts(void)
{
	AUTO(build) build = NULL;
	uint32_t id;

	assert_int_equal(build_create(&build), 0);
	id = fixture_add(build, "some hosts");
	fixture_add_prefix(build, "192.0.2.16/28", id, &any_terms);
	fixture_add_prefix(build, "192.0.2.100", id, &any_terms);
	return fixture_open(build);
}

// What depends on who counted is taken out: the number of the packet, the publication.
static void drain(struct ring *ring, struct hits *hits)
{
	struct slice record;

	while (ring_peek(ring, &record)) {
		struct hit *hit = &hits->hits[hits->count++];

		assert_true(hits->count < HITS_MAX);
		hit_read(record, hit);
		assert_int_equal(hit->observable.text.size, 0);
		hit->observable.text.data = NULL;
		hit->origin.packet_number = 0;
		hit->generation = 0;
		ring_release(ring);
	}
}

static void match_capture(struct hits *hits)
{
	const char *captures[] = {path};
	struct database *database = listed_hosts();
	AUTO(ring) ring = NULL;
	AUTO(workers) workers = NULL;

	assert_int_equal(ring_create(RING_BYTES, &ring), 0);
	assert_int_equal(workers_start(&(struct workers_options){.database = database,
	                                                         .captures = captures,
	                                                         .capture_count = 1,
	                                                         .worker_count = 1,
	                                                         .rings = &ring},
	                               &workers),
	                 0);
	while (!workers_are_done(workers))
		drain(ring, hits);
	drain(ring, hits);
	workers_free(TAKE(workers));
	database_close(database);
}

static void replay_capture(struct hits *hits)
{
	struct ring *rings[QUEUES];
	struct sensor_link link = {.device = path};
	AUTO(publisher) publisher = NULL;
	AUTO(sensor) sensor = NULL;
	uint32_t generation;

	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(ring_create(RING_BYTES, &rings[i]), 0);
	assert_int_equal(publisher_create(QUEUES, rings, &publisher), 0);
	assert_int_equal(publisher_publish(publisher, listed_hosts(), &generation), 0);
	assert_int_equal(sensor_start(&(struct sensor_options){.backend = "replay",
	                                                       .links = &link,
	                                                       .link_count = 1,
	                                                       .worker_count = QUEUES,
	                                                       .publisher = publisher,
	                                                       .rings = rings,
	                                                       .report = &report},
	                              &sensor),
	                 0);
	while (!sensor_is_done(sensor))
		for (unsigned i = 0; i < QUEUES; i++)
			drain(rings[i], hits);
	for (unsigned i = 0; i < QUEUES; i++)
		drain(rings[i], hits);
	sensor_free(TAKE(sensor));
	publisher_free(TAKE(publisher));
	for (unsigned i = 0; i < QUEUES; i++)
		ring_free(rings[i]);
}

static int compare_hits(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hit));
}

static void hits_of_a_replay_to_several_workers_are_those_of_a_match(void **state)
{
	static struct hits matched, replayed;

	(void)state;
	write_capture(PACKETS);
	match_capture(&matched);
	replay_capture(&replayed);
	assert_true(matched.count > 100);
	assert_int_equal(replayed.count, matched.count);
	qsort(matched.hits, matched.count, sizeof(struct hit), compare_hits);
	qsort(replayed.hits, replayed.count, sizeof(struct hit), compare_hits);
	assert_memory_equal(matched.hits, replayed.hits, matched.count * sizeof(struct hit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_packet_falls_to_one_queue_and_two_hosts_to_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(
			hits_of_a_replay_to_several_workers_are_those_of_a_match, setup, teardown),
		cmocka_unit_test_setup_teardown(no_packet_comes_before_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(a_rate_is_that_of_all_queues_together, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_end_comes_after_the_last_packet, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_damaged_capture_ends_and_the_first_queue_says_so,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_capture_is_refused_with_the_reason,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_backend_is_told_with_those_there_are,
	                                        setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
