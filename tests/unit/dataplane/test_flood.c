// More flows, fragments and names than there is room for: memory stays bounded, verdicts stay
// right.
#include "dataplane/verdicts.h"

#include <malloc.h>

#include "tests/unit/dataplane/live_scene.h"

enum { CLIENT = 1, SERVER = 60, LISTED = 66, SMALL_BYTES = 32 * 1024, ROUNDS = 600 };

static void scene_open_small(struct scene *scene)
{
	scene_open_with(scene, &(struct scene_options){.flow_budget_bytes = SMALL_BYTES});
	scene_publish(scene, scene_database());
}

static void check_bounds(const struct scene *scene)
{
	struct sensor_figures figures = scene_figures(scene);

	assert_true(figures.flows_now <= figures.flows_max);
	assert_true(figures.flows_max <= SMALL_BYTES / sizeof(struct flow));
	assert_true(figures.streams_now <= figures.streams_max);
}

// One packet of one of many more flows than there is room for. Returns whether it must pass.
static bool random_packet(struct live_packet *packet, struct live_frame *message)
{
	static const char *const names[] = {"good.example", "bad.example", "www.bad.example"};
	static const uint8_t servers[] = {SERVER, SERVER + 1, SERVER + 2, LISTED};
	const char *name = names[rand() % 3];
	uint8_t server = servers[rand() % 4];

	if (rand() % 2 == 0)
		*packet = scene_datagram(CLIENT, server, live_query(message, name));
	else
		*packet = scene_segment(CLIENT, server, false, 1, live_hello(message, name));
	return server != LISTED && name == names[0];
}

static void a_verdict_is_never_of_another_flow_that_took_the_place(void **state)
{
	struct live_frame *expected = calloc(PORT_BURST_MAX, sizeof(*expected));
	uint32_t number = 0;
	struct scene scene;

	(void)state;
	srand(3);
	scene_open_small(&scene);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned expected_count = 0;

		scene_forget(&scene);
		for (unsigned i = 0; i < PORT_BURST_MAX; i++) {
			struct live_packet packet;
			struct live_frame message;
			bool must_pass = random_packet(&packet, &message);

			packet.src_port = (uint16_t)(1024 + number++ % 60000);
			packet.time_ns = (int64_t)round * NS_PER_MS;
			(void)scene_add(&scene, &packet);
			if (must_pass)
				expected[expected_count++] = scene.frame;
		}
		scene_run(&scene);
		(void)scene_hits(&scene);
		assert_int_equal(scene.ports[1]->left_count, expected_count);
		for (unsigned i = 0; i < expected_count; i++)
			assert_memory_equal(scene.ports[1]->left[i].bytes, expected[i].bytes,
			                    expected[i].size);
	}
	assert_true(scene_figures(&scene).counters.flows_evicted > 10000);
	check_bounds(&scene);
	scene_close(&scene);
	free(expected);
}

static void run_flood(struct scene *scene, unsigned packets,
                      void (*make)(unsigned number, struct live_packet *packet,
                                   struct live_frame *message))
{
	for (unsigned i = 0; i < packets;) {
		scene_forget(scene);
		for (unsigned j = 0; j < 1000; j++, i++) {
			struct live_packet packet;
			struct live_frame message;

			make(i, &packet, &message);
			(void)scene_add(scene, &packet);
		}
		scene_run(scene);
		(void)scene_hits(scene);
	}
}

static void syn(unsigned number, struct live_packet *packet, struct live_frame *message)
{
	(void)message;
	*packet = scene_syn((uint8_t)(10 + number % 30), (uint8_t)(SERVER + number % 7));
	packet->src_port = (uint16_t)number;
	packet->dst_port = (uint16_t)(number >> 8);
}

static void fragment(unsigned number, struct live_packet *packet, struct live_frame *message)
{
	(void)message;
	*packet = scene_datagram((uint8_t)(10 + number % 30), SERVER, slice_text("fragment"));
	packet->id = (uint16_t)number;
	packet->fragment = number % 2 == 0 ? 0x2000 : (uint16_t)(1 + number % 8000);
}

static void name(unsigned number, struct live_packet *packet, struct live_frame *message)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%x.%x.bad.example", number * 2654435761u, number);
	*packet = scene_datagram((uint8_t)(10 + number % 30), SERVER, live_query(message, text));
	packet->src_port = (uint16_t)number;
}

static void floods_of_syns_fragments_and_names_take_no_memory_and_stop_no_verdict(void **state)
{
	struct live_packet listed = scene_datagram(CLIENT, LISTED, slice_text("x"));
	struct live_packet other = scene_datagram(CLIENT, SERVER, slice_text("x"));
	struct scene scene;
	size_t before;

	(void)state;
	scene_open_small(&scene);
	run_flood(&scene, 2000, name);
	before = mallinfo2().uordblks;
	run_flood(&scene, 20000, syn);
	run_flood(&scene, 20000, fragment);
	run_flood(&scene, 20000, name);
	assert_int_equal(mallinfo2().uordblks, before);
	check_bounds(&scene);
	assert_true(scene_figures(&scene).drops[DROP_DNS] >= 22000);
	assert_false(scene_passes(&scene, &listed));
	assert_true(scene_passes(&scene, &other));
	scene_close(&scene);
}

static void condemn(struct scene *scene, uint16_t port)
{
	struct live_frame message;
	struct live_packet packet = scene_segment(CLIENT, SERVER, false, 1,
	                                          live_hello(&message, "bad.example"));

	packet.src_port = port;
	assert_false(scene_passes(scene, &packet));
}

static bool is_condemned(struct scene *scene, uint16_t port)
{
	struct live_packet packet = scene_segment(CLIENT, SERVER, false, 999, slice_text("data"));

	packet.src_port = port;
	return !scene_passes(scene, &packet);
}

static void a_condemned_flow_outlives_a_flood_of_others(void **state)
{
	struct scene scene;

	(void)state;
	scene_open_small(&scene);
	condemn(&scene, 7);
	run_flood(&scene, 10000, syn);
	assert_true(scene_figures(&scene).counters.flows_evicted > 5000);
	assert_true(is_condemned(&scene, 7));
	scene_close(&scene);
}

static void condemned_flows_take_half_of_the_table_and_the_oldest_is_forgotten_first(void **state)
{
	struct scene scene;
	uint32_t half;

	(void)state;
	scene_open_small(&scene);
	half = (uint32_t)scene_figures(&scene).flows_max / 2;
	for (unsigned i = 0; i < 4 * half; i++)
		condemn(&scene, (uint16_t)(1000 + i));
	run_flood(&scene, 4000, syn);
	assert_true(scene_figures(&scene).condemned_now <= half + 1);
	assert_true(scene_figures(&scene).condemned_now >= half - 1);
	assert_true(is_condemned(&scene, (uint16_t)(1000 + 4 * half - 1)));
	assert_false(is_condemned(&scene, 1000));
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_is_never_of_another_flow_that_took_the_place),
		cmocka_unit_test(
			floods_of_syns_fragments_and_names_take_no_memory_and_stop_no_verdict),
		cmocka_unit_test(a_condemned_flow_outlives_a_flood_of_others),
		cmocka_unit_test(
			condemned_flows_take_half_of_the_table_and_the_oldest_is_forgotten_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
