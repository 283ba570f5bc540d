// Tunnels inline: a frame is dropped for what is in it.
#include "dataplane/verdicts.h"

#include "tests/unit/dataplane/live_scene.h"
#include "tests/unit/dataplane/tunnel_frames.h"

enum { CLIENT = 1, SERVER = 60, LISTED = 66 };

// Gives a frame with each of `packets` in VXLAN; returns how many left.
static unsigned give(struct scene *scene, const struct live_packet packets[], unsigned count)
{
	scene_forget(scene);
	for (unsigned i = 0; i < count; i++) {
		tunnel_write(&tunnel_vxlan, &packets[i], &scene->frame);
		scene_add_bytes(scene, 0, scene->frame.bytes, scene->frame.size, SCENE_TIME_NS);
	}
	scene_run(scene);
	return scene->ports[1]->left_count;
}

static void a_listed_address_in_a_tunnel_drops_its_frames_alone(void **state)
{
	struct scene *scene = *state;
	const struct live_packet packets[] = {
		scene_syn(CLIENT, SERVER),
		scene_syn(CLIENT, LISTED),
		scene_syn(2, SERVER),
		scene_syn(2, LISTED),
	};

	assert_int_equal(give(scene, packets, 4), 2);
	assert_int_equal(give(scene, packets, 4), 2);
	assert_int_equal(scene_figures(scene).drops[DROP_ADDRESS], 2);
	assert_int_equal(scene_figures(scene).drops[DROP_CONDEMNED], 2);
	assert_int_equal(scene_figures(scene).bytes_dropped, 4 * (uint64_t)scene->frame.size);
	pipeline_end(scene->pipeline);
	assert_string_equal(scene_hits(scene), "1 ip.dst dropped\n1 ip.dst dropped\n");
}

static void what_is_said_in_a_tunnel_condemns_the_inner_flow(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_segment(CLIENT, SERVER, false, 1,
	                                          live_hello(&message, "bad.example"));

	assert_int_equal(give(scene, &packet, 1), 0);
	packet.payload = (struct slice){0};
	packet.sequence = 500;
	assert_int_equal(give(scene, &packet, 1), 0);
	packet.src = 2; // another flow in the same tunnel
	assert_int_equal(give(scene, &packet, 1), 1);
	assert_int_equal(scene_figures(scene).drops[DROP_TLS], 1);
}

static void a_full_burst_of_tunnelled_queries_loses_the_listed_ones(void **state)
{
	struct scene *scene = *state;
	struct live_packet packets[PORT_BURST_MAX];
	struct live_frame messages[2];
	const struct slice queries[] = {live_query(&messages[0], "good.example"),
	                                live_query(&messages[1], "bad.example")};

	for (unsigned i = 0; i < PORT_BURST_MAX; i++)
		packets[i] = scene_datagram(CLIENT, SERVER, queries[i % 4 == 3]);
	assert_int_equal(give(scene, packets, PORT_BURST_MAX), PORT_BURST_MAX * 3 / 4);
	assert_int_equal(scene_figures(scene).drops[DROP_DNS], PORT_BURST_MAX / 4);
}

static void nobody_in_a_tunnel_is_sent_a_reset(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_segment(CLIENT, LISTED, false, 1, (struct slice){0});

	scene_close(scene);
	scene_open_with(scene, &(struct scene_options){.live = {.has_resets = true}});
	scene_publish(scene, scene_database());
	assert_int_equal(give(scene, &packet, 1), 0);
	assert_int_equal(scene_figures(scene).resets_sent, 0);
	scene_passes(scene, &packet);
	assert_true(scene_figures(scene).resets_sent > 0);
}

static void a_dry_run_counts_a_frame_once(void **state)
{
	struct scene *scene = *state;
	const struct live_packet packet = scene_syn(9, LISTED); // both are listed

	scene->is_dry_run = true;
	assert_int_equal(give(scene, &packet, 1), 1);
	assert_int_equal(scene_figures(scene).would_drops[DROP_ADDRESS], 1);
}

static void the_ends_of_a_tunnel_are_told_as_such(void **state)
{
	struct scene *scene = *state;
	AUTO(build) build = NULL;
	const struct live_packet packet = scene_syn(CLIENT, SERVER);

	assert_int_equal(build_create(&build), 0);
	fixture_add_prefix(build, "203.0.113.2", scene_always(build, ACTION_DROP), &any_terms);
	scene_publish(scene, fixture_open(build));
	assert_int_equal(give(scene, &packet, 1), 0);
	assert_int_equal(give(scene, &packet, 1), 0);
	pipeline_end(scene->pipeline);
	assert_string_equal(scene_hits(scene), "1 tunnel.dst dropped\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_listed_address_in_a_tunnel_drops_its_frames_alone,
	                                        scene_setup, scene_teardown),
		cmocka_unit_test_setup_teardown(what_is_said_in_a_tunnel_condemns_the_inner_flow,
	                                        scene_setup, scene_teardown),
		cmocka_unit_test_setup_teardown(
			a_full_burst_of_tunnelled_queries_loses_the_listed_ones, scene_setup,
			scene_teardown),
		cmocka_unit_test_setup_teardown(nobody_in_a_tunnel_is_sent_a_reset, scene_setup,
	                                        scene_teardown),
		cmocka_unit_test_setup_teardown(a_dry_run_counts_a_frame_once, scene_setup,
	                                        scene_teardown),
		cmocka_unit_test_setup_teardown(the_ends_of_a_tunnel_are_told_as_such, scene_setup,
	                                        scene_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
