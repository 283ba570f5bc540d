// Databases are exchanged while flows are open: each packet is judged by the one that is in force.
#include "dataplane/judge.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/dataplane/live_scene.h"

enum { CLIENT = 1, EXCHANGES = 3000, CONNECTIONS = 400, EXCHANGES_BESIDE = 400 };

// Whatever it is, server 60 + n and n.example are listed in the first database when n has bit 0, in
// the second when n has bit 1.
enum { VALUES = 4 };

static struct database *database_of(unsigned which)
{
	AUTO(build) build = NULL;

	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < VALUES; i++) {
		char address[32], name[32];

		if ((i >> which & 1) == 0)
			continue;
		(void)snprintf(address, sizeof(address), "192.0.2.%u", 60 + i);
		(void)snprintf(name, sizeof(name), "%u.example", i);
		fixture_add_prefix(build, address, scene_always(build, ACTION_DROP), &any_terms);
		assert_int_equal(build_add_name(build, slice_text(name),
		                                scene_always(build, ACTION_DROP), &any_terms),
		                 0);
	}
	return fixture_open(build);
}

static const char *name_of(unsigned value)
{
	static const char *const names[VALUES] = {"0.example", "1.example", "2.example",
	                                          "3.example"};

	return names[value];
}

// One connection or exchange of datagrams, as the model sees it.
struct connection {
	unsigned server, name;
	uint16_t port;
	unsigned packets;
	bool is_tcp;
	bool is_condemned;
};

struct model {
	struct scene *scene;
	struct connection connections[CONNECTIONS];
	uint16_t next_port;
	unsigned database;                // in force
	uint8_t databases[EXCHANGES + 2]; // by generation
	int64_t time_ns;
	struct live_frame sent[PORT_BURST_MAX]; // that must come out, in order
	unsigned sent_count;
	unsigned dropped;
};

static void begin_connection(struct model *model, struct connection *connection)
{
	*connection = (struct connection){.server = (unsigned)rand() % VALUES,
	                                  .name = (unsigned)rand() % VALUES,
	                                  .port = model->next_port++,
	                                  .is_tcp = rand() % 2 == 0};
	if (model->next_port == 0)
		model->next_port = 1024;
}

static bool is_listed(const struct model *model, unsigned value)
{
	return (value >> model->database & 1) != 0;
}

// The next packet of a connection: TCP a SYN, a ClientHello and data, UDP queries.
static struct live_packet next_packet(struct connection *connection, struct live_frame *message)
{
	unsigned number = connection->packets++;
	uint8_t server = (uint8_t)(60 + connection->server);
	struct live_packet packet;

	if (!connection->is_tcp)
		packet = scene_datagram(CLIENT, server,
		                        live_query(message, name_of(connection->name)));
	else if (number == 0)
		packet = scene_syn(CLIENT, server);
	else if (number == 1)
		packet = scene_segment(CLIENT, server, false, 1,
		                       live_hello(message, name_of(connection->name)));
	else
		packet = scene_segment(CLIENT, server, false, 1000 + number, slice_text("data"));
	packet.src_port = connection->port;
	return packet;
}

// What design.md says of it.
static bool must_pass(struct model *model, struct connection *connection)
{
	bool says_name = !connection->is_tcp || connection->packets == 2;

	if (connection->is_condemned || is_listed(model, connection->server))
		return false;
	if (!says_name || !is_listed(model, connection->name))
		return true;
	connection->is_condemned = connection->is_tcp;
	return false;
}

static void send_batch(struct model *model)
{
	unsigned count = 1 + (unsigned)rand() % PORT_BURST_MAX;

	scene_forget(model->scene);
	model->sent_count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct connection *connection = &model->connections[rand() % CONNECTIONS];
		struct live_packet packet;
		struct live_frame message;

		if (connection->port == 0 || connection->packets > 6)
			begin_connection(model, connection);
		packet = next_packet(connection, &message);
		packet.time_ns = model->time_ns;
		(void)scene_add(model->scene, &packet);
		if (must_pass(model, connection))
			model->sent[model->sent_count++] = model->scene->frame;
		else
			model->dropped++;
	}
	model->time_ns += NS_PER_MS;
	scene_run(model->scene);
}

static void check_batch(const struct model *model)
{
	const struct fake_port *to = model->scene->ports[1];

	assert_int_equal(to->left_count, model->sent_count);
	for (unsigned i = 0; i < to->left_count; i++) {
		assert_int_equal(to->left[i].size, model->sent[i].size);
		assert_memory_equal(to->left[i].bytes, model->sent[i].bytes, model->sent[i].size);
	}
}

// Each hit's value is listed in the database of its generation.
static void check_hits(struct model *model)
{
	struct slice record;

	while (ring_peek(model->scene->ring, &record)) {
		unsigned value;
		struct hit hit;

		hit_read(record, &hit);
		assert_true(hit.generation >= 1 && hit.generation <= model->scene->generation);
		value = hit.observable.type == OBSERVABLE_ADDRESS
		                ? hit.observable.address.octets[15] - 60u
		                : hit.observable.text.data[0] - (unsigned)'0';
		assert_int_equal(value >> model->databases[hit.generation] & 1, 1);
		assert_int_equal(hit.outcome, OUTCOME_DROPPED);
		model->scene->hits++;
		ring_release(model->scene->ring);
	}
}

static void exchange(struct model *model)
{
	model->database = (unsigned)rand() % 2;
	scene_publish(model->scene, database_of(model->database));
	model->databases[model->scene->generation] = (uint8_t)model->database;
	(void)publisher_retire(model->scene->publisher);
}

static void in_thousands_of_exchanges_no_packet_is_judged_by_half_of_each(void **state)
{
	struct model *model = calloc(1, sizeof(*model));
	struct scene scene;

	(void)state;
	srand(7);
	scene_open_with(&scene, &(struct scene_options){0});
	model->scene = &scene;
	model->next_port = 1024;
	for (unsigned i = 0; i < EXCHANGES; i++) {
		exchange(model);
		send_batch(model);
		check_batch(model);
		check_hits(model);
	}
	assert_true(model->dropped > EXCHANGES);
	assert_true(scene.hits > EXCHANGES);
	assert_true(publisher_retire(scene.publisher) <= 2);
	scene_close(&scene);
	free(model);
}

static void a_flow_that_was_idle_for_any_number_of_exchanges_is_judged_again(void **state)
{
	static const unsigned counts[] = {1, 2, 127, 128, 129, 253, 254, 255, 256, 509, 510, 511};

	(void)state;
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct live_packet packet = scene_datagram(CLIENT, 63, slice_text("x"));
		struct live_packet other = scene_datagram(2, 60, slice_text("x"));
		struct scene scene;

		scene_open_with(&scene, &(struct scene_options){0});
		scene_publish(&scene, scene_empty_database());
		assert_true(scene_passes(&scene, &packet));
		for (unsigned j = 0; j < counts[i]; j++) {
			scene_publish(&scene,
			              j + 1 < counts[i] ? scene_empty_database() : database_of(0));
			assert_true(scene_passes(&scene, &other));
			(void)publisher_retire(scene.publisher);
		}
		assert_false(scene_passes(&scene, &packet));
		scene_publish(&scene, scene_empty_database());
		assert_true(scene_passes(&scene, &packet)); // and is released
		scene_close(&scene);
	}
}

static void hits_that_wait_are_written_before_their_database_is_left(void **state)
{
	struct live_packet packet = scene_datagram(CLIENT, 63, slice_text("x"));
	struct slice record;
	struct scene scene;
	struct hit hit;

	(void)state;
	scene_open_with(&scene, &(struct scene_options){0});
	scene_publish(&scene, database_of(0));
	assert_false(scene_passes(&scene, &packet));
	assert_false(scene_passes(&scene, &packet));
	assert_false(ring_peek(scene.ring, &record)); // its flow goes on
	scene_publish(&scene, scene_empty_database());
	pipeline_idle(scene.pipeline, SCENE_TIME_NS);
	assert_true(ring_peek(scene.ring, &record));
	hit_read(record, &hit);
	assert_int_equal(hit.generation, 1);
	assert_int_equal(hit.origin.packet_count, 2);
	assert_int_equal(publisher_retire(scene.publisher), 2); // it is in the ring
	ring_release(scene.ring);
	assert_int_equal(publisher_retire(scene.publisher), 1);
	scene_close(&scene);
}

static void a_hit_is_written_in_time_also_when_nothing_more_comes(void **state)
{
	struct live_packet packet = scene_datagram(CLIENT, 63, slice_text("x"));
	struct slice record;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		int64_t seconds = i == 0 ? 5 : 60;
		struct scene scene;

		scene_open_with(&scene, &(struct scene_options){0});
		scene_publish(&scene, database_of(0));
		scene.is_dry_run = i == 1;
		assert_int_equal(scene_passes(&scene, &packet), i == 1);
		pipeline_idle(scene.pipeline, SCENE_TIME_NS + seconds * NS_PER_S);
		assert_false(ring_peek(scene.ring, &record));
		pipeline_idle(scene.pipeline, SCENE_TIME_NS + (seconds + 1) * NS_PER_S);
		assert_true(ring_peek(scene.ring, &record));
		scene_close(&scene);
	}
}

struct runner {
	struct scene *scene;
	_Atomic bool is_stopping;
	_Atomic unsigned passed, batches;
};

// Server 61 is listed in the first database alone, 2.example in the second: no query passes, unless
// its address is judged by the one and its name by the other.
static void *run_queries(void *context)
{
	struct runner *runner = context;
	struct live_frame message;
	uint16_t port = 1024;

	while (!atomic_load(&runner->is_stopping)) {
		scene_forget(runner->scene);
		for (unsigned i = 0; i < PORT_BURST_MAX; i++) {
			struct live_packet packet =
				scene_datagram(CLIENT, 61, live_query(&message, "2.example"));

			packet.src_port = port++;
			(void)scene_add(runner->scene, &packet);
		}
		scene_run(runner->scene);
		atomic_fetch_add(&runner->passed, runner->scene->ports[1]->left_count);
		atomic_fetch_add(&runner->batches, 1);
	}
	return NULL;
}

static void a_database_that_is_exchanged_by_another_thread_lets_nothing_slip_through(void **state)
{
	struct runner runner = {0};
	struct scene scene;
	struct slice record;
	pthread_t thread;

	(void)state;
	scene_open_with(&scene, &(struct scene_options){0});
	scene_publish(&scene, database_of(0));
	runner.scene = &scene;
	assert_int_equal(pthread_create(&thread, NULL, run_queries, &runner), 0);
	for (unsigned i = 0; i < EXCHANGES_BESIDE; i++) {
		struct database *database = database_of(i % 2);
		uint32_t generation;

		assert_int_equal(publisher_publish(scene.publisher, database, &generation), 0);
		while (ring_peek(scene.ring, &record)) {
			struct hit hit;

			hit_read(record, &hit);
			assert_non_null(publisher_of(scene.publisher, hit.generation));
			ring_release(scene.ring);
		}
		(void)publisher_retire(scene.publisher);
	}
	while (atomic_load(&runner.batches) < 10)
		(void)usleep(100);
	atomic_store(&runner.is_stopping, true);
	(void)pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&runner.passed), 0);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_thousands_of_exchanges_no_packet_is_judged_by_half_of_each),
		cmocka_unit_test(a_flow_that_was_idle_for_any_number_of_exchanges_is_judged_again),
		cmocka_unit_test(hits_that_wait_are_written_before_their_database_is_left),
		cmocka_unit_test(a_hit_is_written_in_time_also_when_nothing_more_comes),
		cmocka_unit_test(
			a_database_that_is_exchanged_by_another_thread_lets_nothing_slip_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
