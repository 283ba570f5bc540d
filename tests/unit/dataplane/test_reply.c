// Frames of our own: resets and NXDOMAIN, read back and checked.
#include "dataplane/reply.h"

#include "tests/unit/dataplane/live_scene.h"

enum { CLIENT = 1, SERVER = 60, LISTED = 66 };

static const struct slice nothing = {0};

// The own frame number `index` that left by `port`, decoded; its size counts as the packet's.
static struct packet own_packet(const struct scene *scene, unsigned port, unsigned index,
                                const uint8_t **ret_bytes)
{
	const struct fake_port *from = scene->ports[port];
	struct dataplane_counters counters = {0};
	struct packet packet;

	for (unsigned i = 0; i < from->left_count; i++) {
		struct frame frame = {.data = from->left[i].bytes,
		                      .captured_bytes = from->left[i].size,
		                      .wire_bytes = from->left[i].size,
		                      .link = LINK_ETHERNET};

		if (!from->is_own[i] || index-- > 0)
			continue;
		assert_true(from->left[i].size >= 60);
		decode_batch(&frame, 1, 1, &packet, &counters);
		assert_int_equal(counters.packets_malformed, 0);
		assert_true(packet.is_ip);
		*ret_bytes = from->left[i].bytes;
		return packet;
	}
	fail_msg("no such frame");
	abort();
}

static unsigned own_count(const struct scene *scene, unsigned port)
{
	unsigned count = 0;

	for (unsigned i = 0; i < scene->ports[port]->left_count; i++)
		count += scene->ports[port]->is_own[i];
	return count;
}

// IPv4's own and that of TCP or UDP, over what the IP header says is there.
static void check_sums(const uint8_t *bytes, const struct packet *packet)
{
	const uint8_t *ip = bytes + packet->ip_offset;
	bool is_ipv4 = ip[0] >> 4 == 4;
	size_t size = packet->ip_bytes - (is_ipv4 ? 20 : 40);
	uint32_t sum = live_words(ip + (is_ipv4 ? 12 : 8), is_ipv4 ? 8 : 32);

	if (is_ipv4)
		assert_int_equal(live_checksum(ip, 20, 0), 0);
	sum += packet->protocol + (uint32_t)size;
	assert_int_equal(live_checksum(bytes + packet->transport_offset, size, sum), 0);
}

// Is the frame the answer to scene->frame, as far as its addresses and tags are concerned?
static void check_way_back(const struct scene *scene, const uint8_t *bytes,
                           const struct packet *packet)
{
	const uint8_t *asked = scene->frame.bytes;

	assert_memory_equal(bytes, asked + 6, 6);
	assert_memory_equal(bytes + 6, asked, 6);
	assert_memory_equal(bytes + 12, asked + 12, packet->ip_offset - 12);
	check_sums(bytes, packet);
}

static void a_dropped_query_is_answered_nxdomain_in_both_families_with_its_tags(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;

	for (unsigned i = 0; i < 6; i++) {
		struct live_packet packet = scene_datagram(CLIENT, SERVER,
		                                           live_query(&message, "www.Bad.example"));
		struct packet answer;
		const uint8_t *bytes;

		packet.is_ipv6 = i % 2 == 1;
		packet.vlan_count = (uint8_t)(i / 2);
		assert_false(scene_passes(scene, &packet));
		assert_int_equal(own_count(scene, 0), 1);
		assert_int_equal(own_count(scene, 1), 0);
		answer = own_packet(scene, 0, 0, &bytes);
		check_way_back(scene, bytes, &answer);
		assert_int_equal(answer.src_port, 53);
		assert_int_equal(answer.dst_port, 5353);
		assert_int_equal(answer.payload_bytes, message.size);
		assert_memory_equal(answer.payload, "\xbe\xef\x81\x83\0\1\0\0\0\0\0\0", 12);
		assert_memory_equal(answer.payload + 12, message.bytes + 12, message.size - 12);
	}
	assert_int_equal(scene_figures(scene).nxdomains_sent, 6);
}

static void a_query_with_edns_is_answered_with_edns(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet;
	struct packet answer;
	const uint8_t *bytes;
	size_t question;

	live_query(&message, "bad.example");
	question = message.size;
	message.bytes[11] = 1;
	live_put_bytes(&message, "\0\0\x29\x10\0\0\0\x80\0\0\4\0\x0a\0\0", 15);
	packet = scene_datagram(CLIENT, SERVER, live_slice(&message));
	assert_false(scene_passes(scene, &packet));
	answer = own_packet(scene, 0, 0, &bytes);
	check_way_back(scene, bytes, &answer);
	assert_int_equal(answer.payload_bytes, question + 11);
	assert_int_equal(answer.payload[11], 1);
	assert_memory_equal(answer.payload + question, "\0\0\x29\4\xd0\0\0\x80\0\0\0", 11);
}

static void what_is_no_plain_query_of_one_question_is_dropped_without_an_answer(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet packet = scene_datagram(SERVER, CLIENT,
	                                           live_answer(&message, "bad.example", 1, NULL));

	assert_false(scene_passes(scene, &packet)); // an answer
	packet = scene_datagram(CLIENT, SERVER, live_query(&message, "bad.example"));
	message.bytes[2] = 0x20; // an opcode of its own
	message.bytes[5] = 2;    // two questions, the second the same
	live_put_name(&message, "bad.example");
	live_put(&message, 0x00010001, 4);
	packet.payload = live_slice(&message);
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(scene_figures(scene).nxdomains_sent, 0);
}

static void a_damaged_query_is_never_answered_with_what_it_did_not_ask(void **state)
{
	uint8_t bytes[REPLY_BYTES_MAX];
	struct live_frame message, frame;
	unsigned answered = 0;

	(void)state;
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		struct live_packet query = scene_datagram(CLIENT, SERVER,
		                                          live_query(&message, "www.bad.example"));
		struct dataplane_counters counters = {0};
		struct packet packet;

		for (unsigned j = 0; j < 3; j++)
			message.bytes[(unsigned)rand() % message.size] = (uint8_t)rand();
		query.payload = slice_first(live_slice(&message),
		                            (unsigned)rand() % (message.size + 1));
		live_write(&query, &frame);
		uint8_t *copy = malloc(frame.size); // so that a sanitizer sees its end
		memcpy(copy, frame.bytes, frame.size);
		struct frame one = {.data = copy,
		                    .captured_bytes = (uint32_t)frame.size,
		                    .wire_bytes = (uint32_t)frame.size,
		                    .link = LINK_ETHERNET};
		decode_batch(&one, 1, 1, &packet, &counters);
		if (reply_nxdomain(&one, &packet, bytes) > 0) {
			size_t question = wire_be16(bytes + 16) - 40u - 11u * bytes[53];

			assert_true(question + 12 <= packet.payload_bytes);
			assert_memory_equal(bytes + 54, message.bytes + 12, question);
			answered++;
		}
		free(copy);
	}
	assert_true(answered > 100 && answered < 19000);
}

static void a_syn_to_a_listed_address_is_refused_at_once(void **state)
{
	struct scene *scene = *state;

	for (unsigned i = 0; i < 6; i++) {
		struct live_packet packet = scene_syn(CLIENT, LISTED);
		const uint8_t *bytes;
		struct packet reset;

		packet.is_ipv6 = i % 2 == 1;
		packet.vlan_count = (uint8_t)(i / 2);
		packet.sequence = 0xffffffff;
		assert_false(scene_passes(scene, &packet));
		assert_int_equal(own_count(scene, 1), 0); // it has not heard of it
		assert_int_equal(own_count(scene, 0), 1);
		reset = own_packet(scene, 0, 0, &bytes);
		check_way_back(scene, bytes, &reset);
		assert_int_equal(reset.tcp_flags, TCP_RST | TCP_ACK);
		assert_int_equal(reset.sequence, 0);
		assert_int_equal(wire_be32(bytes + reset.transport_offset + 8), 0);
		assert_int_equal(reset.src_port, 443);
	}
	assert_int_equal(scene_figures(scene).resets_sent, 6);
}

static void both_ends_of_a_condemned_flow_are_reset_with_the_very_next_number(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct slice hello = live_hello(&message, "bad.example");
	struct live_packet packets[] = {
		scene_syn(CLIENT, SERVER),
		scene_segment(CLIENT, SERVER, false, 1, slice_first(hello, 20)),
		scene_segment(CLIENT, SERVER, false, 21, slice_from(hello, 20)),
	};
	struct packet reset;
	const uint8_t *bytes;

	for (unsigned i = 0; i < 3; i++)
		scene_add(scene, &packets[i]);
	scene_run(scene);
	assert_int_equal(scene->ports[1]->left_count, 3);
	assert_true(scene->ports[1]->is_own[2]); // behind what it follows
	reset = own_packet(scene, 1, 0, &bytes);
	check_sums(bytes, &reset);
	assert_memory_equal(bytes, scene->frame.bytes, 12);
	assert_int_equal(reset.tcp_flags, TCP_RST | TCP_ACK);
	assert_int_equal(reset.sequence, 21);
	assert_int_equal(wire_be32(bytes + reset.transport_offset + 8), 5001);
	assert_int_equal(reset.dst_port, 443);

	reset = own_packet(scene, 0, 0, &bytes);
	check_way_back(scene, bytes, &reset);
	assert_int_equal(reset.tcp_flags, TCP_RST | TCP_ACK);
	assert_int_equal(reset.sequence, 5001);
	assert_int_equal(wire_be32(bytes + reset.transport_offset + 8), 1 + hello.size);
}

static void who_goes_on_sending_is_told_again_and_a_reset_is_not_answered(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_syn(CLIENT, LISTED);
	struct packet reset;
	const uint8_t *bytes;

	assert_false(scene_passes(scene, &packet));
	packet = scene_segment(CLIENT, LISTED, true, 77, slice_text("data"));
	packet.acknowledged = 1234;
	packet.flags |= TCP_FIN;
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(own_count(scene, 0), 0);
	reset = own_packet(scene, 1, 0, &bytes);
	assert_int_equal(reset.sequence, 1234);
	assert_int_equal(wire_be32(bytes + reset.transport_offset + 8), 77 + 5);
	packet.flags = TCP_RST | TCP_ACK;
	packet.payload = nothing;
	assert_false(scene_passes(scene, &packet));
	assert_int_equal(own_count(scene, 0) + own_count(scene, 1), 0);
}

static void a_dry_run_and_a_broadcast_answer_nothing(void **state)
{
	struct scene *scene = *state;
	struct live_frame message;
	struct live_packet query = scene_datagram(CLIENT, SERVER,
	                                          live_query(&message, "bad.example"));
	struct live_packet syn = scene_syn(CLIENT, LISTED);

	scene->is_dry_run = true;
	assert_true(scene_passes(scene, &query));
	assert_true(scene_passes(scene, &syn));
	scene->is_dry_run = false;
	scene_forget(scene);
	live_write(&query, &scene->frame);
	memset(scene->frame.bytes, 0xff, 6);
	scene_add_bytes(scene, 0, scene->frame.bytes, scene->frame.size, SCENE_TIME_NS);
	scene_run(scene);
	assert_int_equal(scene->ports[0]->dropped, 1);
	assert_int_equal(own_count(scene, 0) + own_count(scene, 1), 0);
}

int main(void)
{
#define SCENE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, scene_setup_answering, scene_teardown)
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_dropped_query_is_answered_nxdomain_in_both_families_with_its_tags),
		SCENE_TEST(a_query_with_edns_is_answered_with_edns),
		SCENE_TEST(what_is_no_plain_query_of_one_question_is_dropped_without_an_answer),
		cmocka_unit_test(a_damaged_query_is_never_answered_with_what_it_did_not_ask),
		SCENE_TEST(a_syn_to_a_listed_address_is_refused_at_once),
		SCENE_TEST(both_ends_of_a_condemned_flow_are_reset_with_the_very_next_number),
		SCENE_TEST(who_goes_on_sending_is_told_again_and_a_reset_is_not_answered),
		SCENE_TEST(a_dry_run_and_a_broadcast_answer_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
