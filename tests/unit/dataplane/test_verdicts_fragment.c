// Fragments inline: the one that completes a packet is dropped for what the packet says.
#include "dataplane/verdicts.h"

#include "tests/unit/dataplane/fragment_frames.h"
#include "tests/unit/dataplane/live_scene.h"
#include "tests/unit/dataplane/tunnel_frames.h"

enum { CLIENT = 1, SERVER = 60, LISTED = 66 };

static void add(struct scene *scene, const struct live_frame *frame)
{
	scene_add_bytes(scene, 0, frame->bytes, frame->size, SCENE_TIME_NS);
}

// Gives fragment number `index`, of 24 bytes, of the packet alone; does it pass?
static bool passes(struct scene *scene, const struct live_packet *packet, uint32_t id,
                   unsigned index)
{
	struct live_frame whole, frame;

	live_write(packet, &whole);
	fragment_cut(&whole, id, index * 24, 24, &frame);
	scene_forget(scene);
	add(scene, &frame);
	scene_run(scene);
	return scene->ports[1]->left_count == 1;
}

static void a_query_in_two_fragments_is_never_complete(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_datagram(CLIENT, SERVER,
	                                           live_query(&message, "bad.example"));

	for (unsigned i = 0; i < 4; i++) { // in both families and orders
		unsigned first = i / 2;

		packet.is_ipv6 = i % 2;
		assert_true(passes(scene, &packet, 7 + i, first));
		assert_false(passes(scene, &packet, 7 + i, !first));
		assert_false(passes(scene, &packet, 7 + i, !first)); // sent again
		assert_false(passes(scene, &packet, 7 + i, first));
		packet.payload = live_query(&message, "bad.example");
	}
	packet.payload = live_query(&message, "www.good.example");
	assert_true(passes(scene, &packet, 17, 0));
	assert_true(passes(scene, &packet, 17, 1));
	assert_int_equal(scene_figures(scene).nxdomains_sent, 0);
	assert_int_equal(scene_figures(scene).counters.datagrams_reassembled, 2 * 4 + 1);
}

static void fragments_of_one_burst_are_put_together(void **state)
{
	struct scene *scene = *state;
	struct live_frame message, whole, frame;
	struct live_packet packet = scene_datagram(CLIENT, SERVER,
	                                           live_query(&message, "www.bad.example"));

	live_write(&packet, &whole);
	scene_forget(scene);
	for (unsigned at = 0; at < whole.size - 34; at += 8) {
		fragment_cut(&whole, 7, at, 8, &frame);
		add(scene, &frame);
	}
	scene_run(scene);
	assert_int_equal(scene->ports[0]->dropped, 1); // the last
	assert_int_equal(scene->ports[1]->left_count, scene->ports[0]->frame_count - 1);
	assert_string_equal(scene_hits(scene), "3 dns.query dropped\n");
}

static void a_hello_in_fragments_condemns_its_flow(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_segment(CLIENT, SERVER, false, 1,
	                                          live_hello(&message, "bad.example"));
	unsigned last = (unsigned)(20 + packet.payload.size - 1) / 24;

	for (unsigned i = 0; i < last; i++)
		assert_true(passes(scene, &packet, 7, i));
	assert_false(passes(scene, &packet, 7, last));
	packet.payload = (struct slice){0};
	packet.sequence = 900;
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(scene_figures(scene).drops[DROP_TLS], 1);
}

static void the_later_fragments_of_a_condemned_flow_follow_the_first(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_segment(CLIENT, SERVER, false, 1,
	                                          live_hello(&message, "bad.example"));

	assert_false(scene_passes(scene, &packet));
	packet.sequence = 900;
	for (unsigned i = 0; i < 3; i++)
		assert_false(passes(scene, &packet, 7, i));
	assert_true(passes(scene, &packet, 8, 2)); // of which nobody knows whose it is
	assert_false(passes(scene, &packet, 8, 0));
	assert_false(passes(scene, &packet, 8, 2));
}

static void a_tunnel_in_fragments_is_looked_into(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, LISTED);
	struct live_frame whole, frame;

	tunnel_write(&tunnel_vxlan, &packet, &whole);
	scene_forget(scene);
	for (unsigned at = 0; at < whole.size - 34; at += 32) {
		fragment_cut(&whole, 7, at, 32, &frame);
		add(scene, &frame);
	}
	scene_run(scene);
	assert_int_equal(scene->ports[0]->dropped, 1);
	assert_int_equal(scene_figures(scene).drops[DROP_ADDRESS], 1);
	assert_string_equal(scene_hits(scene), "");
	pipeline_end(scene->pipeline);
	assert_string_equal(scene_hits(scene), "1 ip.dst dropped\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_query_in_two_fragments_is_never_complete,
	                                        scene_setup_answering, scene_teardown),
		cmocka_unit_test_setup_teardown(fragments_of_one_burst_are_put_together,
	                                        scene_setup_answering, scene_teardown),
		cmocka_unit_test_setup_teardown(a_hello_in_fragments_condemns_its_flow,
	                                        scene_setup_answering, scene_teardown),
		cmocka_unit_test_setup_teardown(
			the_later_fragments_of_a_condemned_flow_follow_the_first,
			scene_setup_answering, scene_teardown),
		cmocka_unit_test_setup_teardown(a_tunnel_in_fragments_is_looked_into,
	                                        scene_setup_answering, scene_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
