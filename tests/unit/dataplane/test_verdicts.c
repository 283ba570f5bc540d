// What is dropped inline, and nothing else.
#include "dataplane/verdicts.h"

#include "tests/unit/dataplane/live_scene.h"

enum {
	CLIENT = 1,
	SERVER = 60,
	LISTED = 66,
	LISTED_WEB = 67,
	VETOED = 68,
	WATCHED = 69,
	SOON = 70
};

static const struct slice nothing = {0};

static void reopen(struct scene *scene, const struct scene_options *options)
{
	scene_close(scene);
	scene_open_with(scene, options);
	scene_publish(scene, scene_database());
}

static void a_listed_address_is_dropped_from_its_first_packet_on(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, LISTED);

	assert_false(scene_passes(scene, &packet));
	assert_false(scene_passes(scene, &packet)); // another SYN, too
	packet = scene_segment(CLIENT, LISTED, true, 0, nothing);
	assert_false(scene_passes(scene, &packet));
	packet = scene_segment(9, SERVER, false, 1, nothing); // a listed client
	assert_false(scene_passes(scene, &packet));
	packet = scene_datagram(CLIENT, LISTED, slice_text("x"));
	assert_false(scene_passes(scene, &packet));
	packet.is_ipv6 = true;
	packet.vlan_count = 2;
	assert_false(scene_passes(scene, &packet));
	packet.dst = SERVER;
	assert_true(scene_passes(scene, &packet));

	struct sensor_figures figures = scene_figures(scene);
	assert_int_equal(figures.drops[DROP_ADDRESS], 4);
	assert_int_equal(figures.drops[DROP_CONDEMNED], 2);
	pipeline_end(scene->pipeline);
	assert_string_equal(scene_hits(scene), "1 ip.dst dropped\n11 ip.src dropped\n"
	                                       "1 ip.dst dropped\n2 ip.dst dropped\n");
}

static void what_is_no_ip_or_malformed_passes_as_it_is(void **state)
{
	static const uint8_t ends[12] = {2, 0, 0, 0, 0, 60, 2, 0, 0, 0, 0, 1};
	static const uint16_t types[] = {0x0806, 0x88cc, 0x0026, 0x8100, 0x0800, 0x86dd, 0x8847};
	struct scene *scene = *state;
	uint8_t frame[100];

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (unsigned j = 0; j < sizeof(frame); j++)
			frame[j] = (uint8_t)(j * 7 + i);
		memcpy(frame, ends, sizeof(ends));
		frame[12] = (uint8_t)(types[i] >> 8);
		frame[13] = (uint8_t)types[i];
		scene_add_bytes(scene, 0, frame, 14 + i, SCENE_TIME_NS);
		scene_add_bytes(scene, 0, frame, sizeof(frame), SCENE_TIME_NS);
	}
	scene_run(scene);
	assert_int_equal(scene->ports[1]->left_count, scene->ports[0]->frame_count);
	for (unsigned i = 0; i < scene->ports[1]->left_count; i++) {
		const struct fake_frame *came = &scene->ports[0]->frames[i];

		assert_int_equal(scene->ports[1]->left[i].size, came->size);
		assert_memory_equal(scene->ports[1]->left[i].bytes, came->bytes, came->size);
	}
	assert_true(scene_figures(scene).counters.packets_malformed > 0);
	assert_true(scene_figures(scene).counters.packets_not_ip > 0);
}

static void what_is_not_listed_passes_byte_for_byte_with_its_tags_and_fragments(void **state)
{
	struct scene *scene = *state;
	uint8_t text[1400];

	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < 64; i++) {
		struct live_packet packet = scene_datagram(CLIENT, SERVER, slice_of(text, 20 * i));

		packet.vlan_count = i % 3;
		packet.is_ipv6 = i % 2 == 1;
		packet.dst_port = (uint16_t)(1000 + i);
		packet.protocol = i % 5 == 0 ? IP_UDP : IP_TCP;
		packet.fragment = packet.is_ipv6 || i % 4 != 0 ? 0 : i % 8 == 0 ? 0x2000 : 100;
		assert_true(scene_passes(scene, &packet));
	}
}

static void an_entry_with_port_and_protocol_drops_only_what_goes_there(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, LISTED_WEB);

	assert_true(scene_passes(scene, &packet));
	packet.dst_port = 80;
	assert_false(scene_passes(scene, &packet));
	packet.protocol = IP_UDP;
	assert_true(scene_passes(scene, &packet));
}

static void the_veto_set_makes_an_alert_of_a_drop(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, VETOED);

	assert_true(scene_passes(scene, &packet));
	packet = scene_syn(CLIENT, WATCHED);
	assert_true(scene_passes(scene, &packet));
	pipeline_end(scene->pipeline);
	assert_string_equal(scene_hits(scene), "6 ip.dst passed\n7 ip.dst passed\n");
}

static void an_indicator_drops_only_while_it_is_valid_also_in_a_flow_that_goes_on(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_datagram(CLIENT, SOON, slice_text("x"));

	for (int64_t second = 50; second < 250; second += 10) {
		packet.time_ns = second * NS_PER_S;
		assert_int_equal(scene_passes(scene, &packet), second < 100 || second >= 200);
	}
	for (unsigned i = 0; i < 3; i++) { // a flow that begins at that time
		packet.src_port++;
		packet.time_ns = (i * 100 + 50) * NS_PER_S;
		assert_int_equal(scene_passes(scene, &packet), i != 1);
	}
}

// Opens a connection and says the first half of a ClientHello.
static struct slice begin_hello(struct scene *scene, struct live_frame *message, const char *name)
{
	struct slice hello = live_hello(message, name);
	struct live_packet packet = scene_syn(CLIENT, SERVER);

	assert_true(scene_passes(scene, &packet));
	packet = scene_segment(CLIENT, SERVER, false, 1, slice_first(hello, 20));
	assert_true(scene_passes(scene, &packet));
	return slice_from(hello, 20);
}

static void the_segment_that_completes_a_hello_is_dropped_and_all_that_follows(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct slice rest = begin_hello(scene, &message, "bad.example");
	struct live_packet last = scene_segment(CLIENT, SERVER, false, 21, rest);
	struct live_packet packet;

	assert_false(scene_passes(scene, &last));
	assert_string_equal(scene_hits(scene), "3 tls.sni dropped\n");
	assert_false(scene_passes(scene, &last)); // sent again
	packet = scene_segment(CLIENT, SERVER, false, 1, slice_first(live_slice(&message), 20));
	assert_false(scene_passes(scene, &packet)); // likewise what came before it
	packet = scene_segment(CLIENT, SERVER, true, 1, slice_text("x"));
	assert_false(scene_passes(scene, &packet)); // the other way
	packet = scene_segment(CLIENT, SERVER, false, 900, slice_text("x"));
	packet.flags |= TCP_FIN;
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(scene_figures(scene).drops[DROP_TLS], 1);
	assert_int_equal(scene_figures(scene).drops[DROP_CONDEMNED], 4);
	assert_int_equal(scene_figures(scene).condemned_now, 1);
}

static void a_condemned_flow_ends_with_a_new_syn(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_segment(CLIENT, SERVER, false, 21,
	                                          begin_hello(scene, &message, "bad.example"));

	assert_false(scene_passes(scene, &packet));
	packet.payload = begin_hello(scene, &message, "good.example");
	assert_true(scene_passes(scene, &packet));
	assert_int_equal(scene_figures(scene).condemned_now, 0);
}

static void a_condemned_flow_is_forgotten_after_120_idle_seconds(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_segment(CLIENT, SERVER, false, 21,
	                                          begin_hello(scene, &message, "bad.example"));

	assert_false(scene_passes(scene, &packet));
	packet.payload = slice_text("something else");
	packet.time_ns = 119 * NS_PER_S;
	assert_false(scene_passes(scene, &packet));
	packet.time_ns += 119 * NS_PER_S;
	assert_false(scene_passes(scene, &packet));
	packet.time_ns += 122 * NS_PER_S;
	assert_true(scene_passes(scene, &packet));
}

static void in_one_burst_what_came_before_the_completing_segment_passes_alone(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct slice hello = live_hello(&message, "bad.example");
	struct live_packet packets[] = {
		scene_syn(CLIENT, SERVER),
		scene_segment(CLIENT, SERVER, false, 1, slice_first(hello, 20)),
		scene_segment(CLIENT, SERVER, false, 21, slice_from(hello, 20)),
		scene_segment(CLIENT, SERVER, false, 21, slice_from(hello, 20)),
		scene_segment(CLIENT, SERVER, false, 1, slice_first(hello, 20)),
		scene_segment(CLIENT, SERVER, false, 500, slice_text("more")),
		scene_segment(2, SERVER, false, 500, slice_text("another's")),
	};

	for (unsigned i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		scene_add(scene, &packets[i]);
	scene_run(scene);
	assert_int_equal(scene->ports[0]->dropped, 4);
	assert_int_equal(scene->ports[1]->left_count, 3);
}

static void a_hello_whose_beginning_came_last_is_dropped_with_that(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct slice hello = live_hello(&message, "bad.example");
	struct live_packet packet = scene_syn(CLIENT, SERVER);

	assert_true(scene_passes(scene, &packet));
	packet = scene_segment(CLIENT, SERVER, false, 21, slice_from(hello, 20));
	assert_true(scene_passes(scene, &packet));
	packet = scene_segment(CLIENT, SERVER, false, 1, slice_first(hello, 20));
	assert_false(scene_passes(scene, &packet));
	assert_false(scene_passes(scene, &packet));
}

static void a_syn_in_the_burst_that_condemns_its_flow_has_to_be_sent_again(void **state)
{
	struct scene *scene = *state;
	struct live_frame bad, good;
	struct slice listed = live_hello(&bad, "bad.example");
	struct slice other = live_hello(&good, "good.example");
	struct live_packet packets[] = {
		scene_syn(CLIENT, SERVER),
		scene_segment(CLIENT, SERVER, false, 1, listed),
		scene_syn(CLIENT, SERVER),
		scene_segment(CLIENT, SERVER, false, 1, other),
	};

	for (unsigned i = 0; i < 4; i++)
		scene_add(scene, &packets[i]);
	scene_run(scene);
	assert_int_equal(scene->ports[0]->dropped, 3);
	assert_true(scene_passes(scene, &packets[2]));
	assert_true(scene_passes(scene, &packets[3]));
}

static void an_http_request_is_dropped_for_its_host_and_for_its_url(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\nHost: bad.example\r\n\r\n",
		"GET /evil HTTP/1.1\r\nHost: ok.example\r\n\r\n",
		"GET /good HTTP/1.1\r\nHost: ok.example\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: watch.example\r\n\r\n",
		"CONNECT bad.example:443 HTTP/1.1\r\nHost: bad.example\r\n\r\n", // to a proxy
		"GET http://ok.example/evil HTTP/1.1\r\nHost: ok.example\r\n\r\n",
	};
	struct scene *scene = *state;

	for (unsigned i = 0; i < 6; i++) {
		struct live_packet packet = scene_syn((uint8_t)(1 + i), SERVER);

		assert_true(scene_passes(scene, &packet));
		packet = scene_segment((uint8_t)(1 + i), SERVER, false, 1, slice_text(requests[i]));
		assert_int_equal(scene_passes(scene, &packet), i >= 2);
	}
	assert_int_equal(scene_figures(scene).drops[DROP_HTTP], 2);
}

static void a_dry_run_drops_nothing_and_says_what_it_would_have(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_syn(CLIENT, LISTED);

	scene->is_dry_run = true;
	assert_true(scene_passes(scene, &packet));
	assert_true(scene_passes(scene, &packet));
	packet = scene_segment(CLIENT, SERVER, false, 21,
	                       begin_hello(scene, &message, "bad.example"));
	assert_true(scene_passes(scene, &packet));
	assert_true(scene_passes(scene, &packet));
	packet = scene_datagram(CLIENT, SERVER, live_query(&message, "bad.example"));
	assert_true(scene_passes(scene, &packet));
	pipeline_end(scene->pipeline);
	assert_string_equal(scene_hits(scene), "3 tls.sni would be dropped\n"
	                                       "3 dns.query would be dropped\n"
	                                       "1 ip.dst would be dropped\n");

	struct sensor_figures figures = scene_figures(scene);
	for (unsigned i = 0; i < DROP_CAUSE_COUNT; i++)
		assert_int_equal(figures.drops[i], 0);
	assert_int_equal(figures.would_drops[DROP_ADDRESS], 1);
	assert_int_equal(figures.would_drops[DROP_TLS], 1);
	assert_int_equal(figures.would_drops[DROP_DNS], 1);
	assert_int_equal(figures.would_drops[DROP_CONDEMNED], 2);
	assert_int_equal(figures.bytes_dropped, 0);
}

static void a_dry_run_that_ends_drops_what_was_condemned_in_it(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, LISTED);

	scene->is_dry_run = true;
	assert_true(scene_passes(scene, &packet));
	scene->is_dry_run = false;
	assert_false(scene_passes(scene, &packet));
}

static void a_tap_says_what_it_saw_and_has_no_verdicts(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, LISTED);

	reopen(scene, &(struct scene_options){.is_tap = true});
	scene_add(scene, &packet);
	scene_run(scene);
	assert_int_equal(scene->ports[0]->dropped, 0);
	assert_int_equal(scene->ports[1]->left_count, 0);
	pipeline_end(scene->pipeline);
	assert_string_equal(scene_hits(scene), "1 ip.dst passed\n");
}

static void without_a_database_all_pass_or_none(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, SERVER);

	for (unsigned i = 0; i < 2; i++) {
		scene_close(scene);
		scene_open_with(scene, &(struct scene_options){.live.is_fail_closed = i == 1});
		assert_int_equal(scene_passes(scene, &packet), i == 0);
		assert_int_equal(scene_figures(scene).drops[DROP_NO_DATABASE], i);
		scene_publish(scene, scene_database());
		assert_true(scene_passes(scene, &packet));
	}
}

static void a_full_ring_loses_hits_and_no_verdict(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_datagram(CLIENT, SERVER,
	                                           live_query(&message, "bad.example"));

	while (ring_push(scene->ring, slice_text("full"), slice_text("")))
		continue;
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(scene_figures(scene).hits_lost, 1);
	while (ring_peek(scene->ring, &(struct slice){0}))
		ring_release(scene->ring);
}

int main(void)
{
#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_listed_address_is_dropped_from_its_first_packet_on),
		SCENE_TEST(what_is_no_ip_or_malformed_passes_as_it_is),
		SCENE_TEST(what_is_not_listed_passes_byte_for_byte_with_its_tags_and_fragments),
		SCENE_TEST(an_entry_with_port_and_protocol_drops_only_what_goes_there),
		SCENE_TEST(the_veto_set_makes_an_alert_of_a_drop),
		SCENE_TEST(an_indicator_drops_only_while_it_is_valid_also_in_a_flow_that_goes_on),
		SCENE_TEST(the_segment_that_completes_a_hello_is_dropped_and_all_that_follows),
		SCENE_TEST(a_condemned_flow_ends_with_a_new_syn),
		SCENE_TEST(a_condemned_flow_is_forgotten_after_120_idle_seconds),
		SCENE_TEST(in_one_burst_what_came_before_the_completing_segment_passes_alone),
		SCENE_TEST(a_hello_whose_beginning_came_last_is_dropped_with_that),
		SCENE_TEST(a_syn_in_the_burst_that_condemns_its_flow_has_to_be_sent_again),
		SCENE_TEST(an_http_request_is_dropped_for_its_host_and_for_its_url),
		SCENE_TEST(a_dry_run_drops_nothing_and_says_what_it_would_have),
		SCENE_TEST(a_dry_run_that_ends_drops_what_was_condemned_in_it),
		SCENE_TEST(a_tap_says_what_it_saw_and_has_no_verdicts),
		SCENE_TEST(without_a_database_all_pass_or_none),
		SCENE_TEST(a_full_ring_loses_hits_and_no_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
