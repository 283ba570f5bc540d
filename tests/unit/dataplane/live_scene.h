// A pipeline between two ports, databases published to it, and what came of packets: for the tests
// of what is inline. Host 192.0.2.x lies behind port 0 when x < 50, else behind port 1.
#pragma once

#include "dataplane/pipeline.h"
#include "engine/publish.h"
#include "tests/unit/dataplane/fake_port.h"
#include "tests/unit/dataplane/live_frames.h"
#include "tests/unit/engine/build_fixture.h"

enum { SCENE_RING_BYTES = 4 * 1024 * 1024, SERVERS = 50 };

#define SCENE_TIME_NS (INT64_C(1700000000) * NS_PER_S)

struct scene {
	struct ring *ring;
	struct publisher *publisher;
	struct pipeline *pipeline;
	struct fake_port *ports[2];
	struct pipeline_path paths[2];
	bool is_dry_run;
	struct live_frame frame, message;
	struct buffer told; // hits since they were cleared, a line each
	unsigned hits;
	uint32_t generation; // published last
};

struct scene_options {
	struct pipeline_live live; // of which the flags count
	size_t flow_budget_bytes;  // 0: 1 MB
	bool is_tap;
};

// Adds an indicator that drops from `from_ns` until `until_ns`; returns its id.
static inline uint32_t scene_indicator(struct build *build, enum action action, int64_t from_ns,
                                       int64_t until_ns)
{
	struct indicator indicator = fixture_indicator("indicator");
	uint32_t id = 0;

	indicator.action = action;
	indicator.valid_from_ns = from_ns;
	indicator.valid_until_ns = until_ns;
	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	return id;
}

static inline uint32_t scene_always(struct build *build, enum action action)
{
	return scene_indicator(build, action, TIMESTAMP_MIN, TIMESTAMP_MAX);
}

// What is listed, in order of indicator: 1 192.0.2.66 and 2 2001:db8::42 (66), 3 bad.example,
// 4 http://ok.example/evil, 5 192.0.2.67 port 80 of TCP, 6 192.0.2.68, which the veto set has,
// 7 192.0.2.69 and 8 watch.example with alert, 9 192.0.2.70 from the second 100 to 200 of the
// scene, 10 198.51.100.9, as an answer has it, 11 client 192.0.2.9.
static inline struct database *scene_database(void)
{
	const struct entry_terms web = {.port = 80, .protocol = IP_TCP, .action = ACTION_DROP};
	AUTO(build) build = NULL;
	struct build *veto = NULL;
	uint32_t id;

	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_create(&veto), 0);
	fixture_add_prefix(build, "192.0.2.66", scene_always(build, ACTION_DROP), &any_terms);
	fixture_add_prefix(build, "2001:db8::42", scene_always(build, ACTION_DROP), &any_terms);
	id = scene_always(build, ACTION_DROP);
	assert_int_equal(build_add_name(build, slice_text("bad.example"), id, &any_terms), 0);
	id = scene_always(build, ACTION_DROP);
	assert_int_equal(build_add_url(build, slice_text("ok.example/evil"), id, &any_terms), 0);
	fixture_add_prefix(build, "192.0.2.67", scene_always(build, ACTION_DROP), &web);
	fixture_add_prefix(build, "192.0.2.68", scene_always(build, ACTION_DROP), &any_terms);
	fixture_add_prefix(build, "192.0.2.69", scene_always(build, ACTION_ALERT), &any_terms);
	id = scene_always(build, ACTION_ALERT);
	assert_int_equal(build_add_name(build, slice_text("watch.example"), id, &any_terms), 0);
	id = scene_indicator(build, ACTION_DROP, SCENE_TIME_NS + 100 * NS_PER_S,
	                     SCENE_TIME_NS + 200 * NS_PER_S);
	fixture_add_prefix(build, "192.0.2.70", id, &any_terms);
	fixture_add_prefix(build, "198.51.100.9", scene_always(build, ACTION_DROP), &any_terms);
	fixture_add_prefix(build, "192.0.2.9", scene_always(build, ACTION_DROP), &any_terms);
	fixture_add_prefix(veto, "192.0.2.68", scene_always(veto, ACTION_DROP), &any_terms);
	build_set_veto(build, veto);
	return fixture_open(build);
}

static inline struct database *scene_empty_database(void)
{
	AUTO(build) build = NULL;

	assert_int_equal(build_create(&build), 0);
	return fixture_open(build);
}

static inline void scene_publish(struct scene *scene, struct database *database)
{
	assert_int_equal(publisher_publish(scene->publisher, database, &scene->generation), 0);
}

static inline bool scene_is_abandoned(void *context)
{
	(void)context;
	return true;
}

static inline void scene_open_with(struct scene *scene, const struct scene_options *given)
{
	struct pipeline_live live = given->live;
	struct pipeline_options options = {
		.live = &live,
		.is_abandoned = scene_is_abandoned,
		.flow_budget_bytes = given->flow_budget_bytes != 0 ? given->flow_budget_bytes
	                                                           : 1024 * 1024,
		.stream_budget_bytes = 8 * 1024 * 1024,
	};

	memset(scene, 0, sizeof(*scene));
	assert_int_equal(ring_create(SCENE_RING_BYTES, &scene->ring), 0);
	assert_int_equal(publisher_create(1, &scene->ring, &scene->publisher), 0);
	live.publisher = scene->publisher;
	options.ring = scene->ring;
	assert_int_equal(pipeline_create(&options, &scene->pipeline), 0);
	for (unsigned i = 0; i < 2; i++)
		scene->ports[i] = fake_port_new();
	for (unsigned i = 0; i < 2; i++) {
		scene->paths[i] = (struct pipeline_path){.port = &scene->ports[i]->port,
		                                         .capture_id = i};
		if (given->is_tap)
			continue;
		scene->paths[i].peer = &scene->ports[!i]->port;
		scene->ports[i]->peer = scene->ports[!i];
	}
}

static inline void scene_open(struct scene *scene)
{
	scene_open_with(scene, &(struct scene_options){0});
	scene_publish(scene, scene_database());
}

static inline void scene_close(struct scene *scene)
{
	pipeline_end(scene->pipeline);
	pipeline_free(scene->pipeline);
	for (unsigned i = 0; i < 2; i++)
		free(scene->ports[i]);
	publisher_free(scene->publisher);
	ring_free(scene->ring);
	buffer_close(&scene->told);
}

// For cmocka: a scene of its own for each test.
static inline int scene_setup(void **state)
{
	struct scene *scene = malloc(sizeof(*scene));

	scene_open(scene);
	*state = scene;
	return 0;
}

// Likewise, one that answers what it drops, with its database in force.
static inline int scene_setup_answering(void **state)
{
	const struct scene_options options = {.live = {.has_resets = true, .has_nxdomain = true}};
	struct scene *scene = malloc(sizeof(*scene));

	scene_open_with(scene, &options);
	scene_publish(scene, scene_database());
	*state = scene;
	return 0;
}

static inline int scene_teardown(void **state)
{
	scene_close(*state);
	free(*state);
	return 0;
}

static inline const char *scene_outcome(enum hit_outcome outcome)
{
	return outcome == OUTCOME_DROPPED ? "dropped"
	       : outcome == OUTCOME_NONE  ? "passed"
	                                  : "would be dropped";
}

// Takes the hits out of the ring, as lines.
static inline const char *scene_hits(struct scene *scene)
{
	struct slice record;

	scene->told.size = 0;
	while (ring_peek(scene->ring, &record)) {
		struct hit hit;

		hit_read(record, &hit);
		buffer_format(&scene->told, "%u %s %s\n", hit.indicator_id,
		              observable_where_name(hit.observable.where),
		              scene_outcome(hit.outcome));
		scene->hits++;
		ring_release(scene->ring);
	}
	buffer_append(&scene->told, "", 1);
	return (const char *)scene->told.data;
}

static inline void scene_add_bytes(struct scene *scene, unsigned port, const void *bytes,
                                   size_t size, int64_t time_ns)
{
	fake_port_add(scene->ports[port], bytes, (uint32_t)size, time_ns);
}

// Puts a packet before the port on whose side its sender is. Returns that.
static inline unsigned scene_add(struct scene *scene, const struct live_packet *packet)
{
	unsigned port = packet->src >= SERVERS;

	live_write(packet, &scene->frame);
	scene_add_bytes(scene, port, scene->frame.bytes, scene->frame.size,
	                SCENE_TIME_NS + packet->time_ns);
	return port;
}

static inline void scene_forget(struct scene *scene)
{
	for (unsigned i = 0; i < 2; i++) {
		struct fake_port *port = scene->ports[i];

		port->frame_count = port->taken = port->left_count = port->dropped = 0;
	}
}

static inline void scene_run(struct scene *scene)
{
	for (unsigned i = 0; i < 2; i++)
		while (pipeline_run_live(scene->pipeline, &scene->paths[i], scene->is_dry_run) > 0)
			continue;
}

// Does the packet, alone, come out at the other side, as it was?
static inline bool scene_passes(struct scene *scene, const struct live_packet *packet)
{
	unsigned port, passed = 0;

	scene_forget(scene);
	port = scene_add(scene, packet);
	scene_run(scene);
	for (unsigned i = 0; i < scene->ports[!port]->left_count; i++) {
		const struct fake_frame *left = &scene->ports[!port]->left[i];

		if (scene->ports[!port]->is_own[i])
			continue;
		assert_int_equal(left->size, scene->frame.size);
		assert_memory_equal(left->bytes, scene->frame.bytes, left->size);
		passed++;
	}
	assert_int_equal(passed + scene->ports[port]->dropped, 1);
	return passed == 1;
}

static inline struct sensor_figures scene_figures(const struct scene *scene)
{
	struct sensor_figures figures = {0};

	pipeline_figures(scene->pipeline, &figures);
	return figures;
}

// A segment from client `client` to `server`, or back.
static inline struct live_packet scene_segment(uint8_t client, uint8_t server, bool is_back,
                                               uint32_t sequence, struct slice payload)
{
	return (struct live_packet){
		.src = is_back ? server : client,
		.dst = is_back ? client : server,
		.src_port = is_back ? 443 : 40000,
		.dst_port = is_back ? 40000 : 443,
		.protocol = IP_TCP,
		.flags = TCP_ACK,
		.sequence = sequence,
		.acknowledged = is_back ? 1 : 5001,
		.payload = payload,
	};
}

static inline struct live_packet scene_syn(uint8_t client, uint8_t server)
{
	struct live_packet packet = scene_segment(client, server, false, 0, (struct slice){0});

	packet.flags = TCP_SYN;
	packet.acknowledged = 0;
	return packet;
}

static inline struct live_packet scene_datagram(uint8_t src, uint8_t dst, struct slice payload)
{
	return (struct live_packet){
		.src = src,
		.dst = dst,
		.src_port = src >= SERVERS ? 53 : 5353,
		.dst_port = src >= SERVERS ? 5353 : 53,
		.protocol = IP_UDP,
		.payload = payload,
	};
}
