// DNS inline: messages are dropped, their flows are not.
#include "dataplane/verdicts.h"

#include "tests/unit/dataplane/live_scene.h"

enum { CLIENT = 1, SERVER = 60 };

static void a_dns_query_for_a_listed_name_is_dropped_and_its_flow_goes_on(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet;

	for (unsigned i = 0; i < 3; i++) {
		packet = scene_datagram(CLIENT, SERVER, live_query(&message, "bad.example"));
		assert_false(scene_passes(scene, &packet));
		packet = scene_datagram(CLIENT, SERVER, live_query(&message, "www.bad.example"));
		assert_false(scene_passes(scene, &packet));
		packet = scene_datagram(CLIENT, SERVER, live_query(&message, "good.example"));
		assert_true(scene_passes(scene, &packet));
		packet = scene_datagram(CLIENT, SERVER, live_query(&message, "watch.example"));
		assert_true(scene_passes(scene, &packet));
	}
	assert_int_equal(scene_figures(scene).drops[DROP_DNS], 6);
	assert_int_equal(scene_figures(scene).counters.flows, 1);
}

static void an_answer_is_dropped_for_its_question_and_for_where_a_cname_leads(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_datagram(SERVER, CLIENT,
	                                           live_answer(&message, "bad.example", 1, NULL));

	assert_false(scene_passes(scene, &packet));
	packet.payload = live_answer(&message, "good.example", 5, "cdn.bad.example");
	assert_false(scene_passes(scene, &packet));
	packet.payload = live_answer(&message, "good.example", 15, "mx.bad.example");
	assert_true(scene_passes(scene, &packet));
	packet.payload = live_answer(&message, "good.example", 1, NULL); // a listed address
	assert_true(scene_passes(scene, &packet));
	assert_string_equal(scene_hits(scene),
	                    "3 dns.query dropped\n10 dns.answer.address passed\n"
	                    "3 dns.answer.name dropped\n3 dns.answer.name passed\n"
	                    "10 dns.answer.address passed\n");
}

static void of_several_queries_in_one_burst_only_the_listed_are_dropped(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;

	for (unsigned i = 0; i < 60; i++) {
		const char *name = i % 3 == 0 ? "bad.example" : "good.example";
		struct live_packet packet = scene_datagram(CLIENT, SERVER,
		                                           live_query(&message, name));

		scene_add(scene, &packet);
	}
	scene_run(scene);
	assert_int_equal(scene->ports[0]->dropped, 20);
	for (unsigned i = 0; i < 40; i++)
		assert_memory_equal(scene->ports[1]->left[i].bytes + 55, "good", 4);
}

static void dns_over_tcp_condemns_its_flow_so_that_nothing_sent_again_gets_through(void **state)
{
	struct scene *scene = *state;
	struct live_frame message, stream = {0};
	struct slice query = live_query(&message, "bad.example");
	struct live_packet packet = scene_syn(CLIENT, SERVER);

	live_put(&stream, query.size, 2);
	live_put_bytes(&stream, query.data, query.size);
	packet.dst_port = 53;
	assert_true(scene_passes(scene, &packet));
	packet = scene_segment(CLIENT, SERVER, false, 1, live_slice(&stream));
	packet.dst_port = 53;
	assert_false(scene_passes(scene, &packet));
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(scene_figures(scene).drops[DROP_DNS], 1);
}

static bool passes_on_port(struct scene *scene, uint16_t port, struct slice payload)
{
	struct live_packet packet = scene_datagram(CLIENT, SERVER, payload);

	packet.src_port = 40000;
	packet.dst_port = port;
	return scene_passes(scene, &packet);
}

static void on_another_port_messages_are_dropped_and_their_flow_goes_on(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;

	for (unsigned i = 0; i < 3; i++) {
		assert_false(passes_on_port(scene, 5300, live_query(&message, "bad.example")));
		assert_true(passes_on_port(scene, 5300, live_query(&message, "good.example")));
		assert_true(passes_on_port(scene, 5300, slice_text("something else")));
	}
	assert_int_equal(scene_figures(scene).drops[DROP_DNS], 3);
	assert_int_equal(scene_figures(scene).drops[DROP_CONDEMNED], 0);
}

static void what_a_flow_is_its_first_datagrams_tell(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;

	for (unsigned i = 0; i < 3; i++)
		assert_true(passes_on_port(scene, 5300, slice_text("something else")));
	assert_false(passes_on_port(scene, 5300, live_query(&message, "bad.example")));
	for (unsigned i = 0; i < 4; i++)
		assert_true(passes_on_port(scene, 5301, slice_text("something else")));
	assert_true(passes_on_port(scene, 5301, live_query(&message, "bad.example")));
	for (unsigned i = 0; i < 9; i++)
		assert_true(passes_on_port(scene, 53, slice_text("something else")));
	assert_false(passes_on_port(scene, 53, live_query(&message, "bad.example")));
}

static void messages_of_other_name_services_are_left_alone(void **state)
{
	static const uint16_t ports[] = {137, 5353, 5355};
	struct scene *scene = *state;
	struct live_frame message;

	for (unsigned i = 0; i < 3; i++)
		assert_true(passes_on_port(scene, ports[i], live_query(&message, "bad.example")));
	assert_int_equal(scene_figures(scene).counters.observables[OBSERVABLE_NAME], 0);
}

int main(void)
{
#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_dns_query_for_a_listed_name_is_dropped_and_its_flow_goes_on),
		SCENE_TEST(an_answer_is_dropped_for_its_question_and_for_where_a_cname_leads),
		SCENE_TEST(of_several_queries_in_one_burst_only_the_listed_are_dropped),
		SCENE_TEST(dns_over_tcp_condemns_its_flow_so_that_nothing_sent_again_gets_through),
		SCENE_TEST(on_another_port_messages_are_dropped_and_their_flow_goes_on),
		SCENE_TEST(what_a_flow_is_its_first_datagrams_tell),
		SCENE_TEST(messages_of_other_name_services_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
