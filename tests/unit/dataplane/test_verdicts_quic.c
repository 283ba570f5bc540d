// QUIC inline: a client that asks for a listed name is dropped, and its flow condemned.
#include "dataplane/verdicts.h"

#include "tests/unit/dataplane/live_scene.h"
#include "tests/unit/dataplane/quic_writer.h"

enum { CLIENT = 1, SERVER = 60, HELLO_BYTES = 1500, CUT = 900, QUIC_PORT = 443 };

// Bytes [begin, end) of a hello for `name` in a datagram of its own.
static bool part_passes(struct scene *scene, const char *name, uint32_t begin, uint32_t end)
{
	static const uint8_t id[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct quic_text hello;
	struct quic_text frames = {.size = 0};
	struct quic_text datagram = {.size = 0};
	struct live_packet packet;

	quic_write_hello(&hello, name, HELLO_BYTES);
	quic_put_crypto(&frames, begin, slice_of(hello.bytes + begin, end - begin));
	quic_write_initial(&datagram, 1, slice_of(id, sizeof(id)), 0,
	                   slice_of(frames.bytes, frames.size));
	packet = scene_datagram(CLIENT, SERVER, slice_of(datagram.bytes, datagram.size));
	packet.dst_port = QUIC_PORT;
	return scene_passes(scene, &packet);
}

static struct live_packet bulk(bool is_back)
{
	struct live_packet packet = scene_datagram(
		is_back ? SERVER : CLIENT, is_back ? CLIENT : SERVER, slice_text("@ short header"));

	if (is_back)
		packet.src_port = QUIC_PORT;
	else
		packet.dst_port = QUIC_PORT;
	return packet;
}

static void the_datagram_that_completes_a_listed_hello_condemns_its_flow(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet;

	assert_true(part_passes(scene, "www.bad.example", CUT, HELLO_BYTES));
	assert_false(part_passes(scene, "www.bad.example", 0, CUT));
	assert_false(part_passes(scene, "www.bad.example", 0, CUT)); // sent again
	packet = bulk(false);
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(scene_figures(scene).drops[DROP_TLS], 1);
	assert_int_equal(scene_figures(scene).drops[DROP_CONDEMNED], 2);
	assert_string_equal(scene_hits(scene), "3 tls.sni dropped\n");
}

static void another_hello_passes_and_its_flow_is_done(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet;

	assert_true(part_passes(scene, "good.example", 0, HELLO_BYTES / 2));
	assert_true(part_passes(scene, "good.example", HELLO_BYTES / 2, HELLO_BYTES));
	packet = bulk(false);
	assert_true(scene_passes(scene, &packet));
	// What follows the hello is nobody's name.
	assert_true(part_passes(scene, "www.bad.example", 0, HELLO_BYTES));
	assert_int_equal(scene_figures(scene).counters.observables[OBSERVABLE_NAME], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_datagram_that_completes_a_listed_hello_condemns_its_flow, scene_setup,
			scene_teardown),
		cmocka_unit_test_setup_teardown(another_hello_passes_and_its_flow_is_done,
	                                        scene_setup, scene_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
