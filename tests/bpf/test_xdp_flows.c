// What user space says of flows, what it is shown of them, and what is dropped of them.
#include "tests/bpf/program.h"

enum { FIN = 1, SYN = 2, RST = 4, PUSH_ACK = 0x18, ACK = 0x10 };

static int setup(void **state)
{
	struct program *program = malloc(sizeof(*program));

	program_open(program, &(struct xdp_open_options){.has_heartbeat = true, .stale_ms = 60000});
	program_publish(program, 3);
	*state = program;
	return 0;
}

static int teardown(void **state)
{
	program_close(*state);
	free(*state);
	return 0;
}

static struct frame_plan tcp(uint8_t flags, unsigned payload_bytes)
{
	return (struct frame_plan){.source = "10.0.0.1",
	                           .destination = "198.51.100.1",
	                           .protocol = 6,
	                           .source_port = 40000,
	                           .destination_port = 443,
	                           .tcp_flags = flags,
	                           .payload_bytes = payload_bytes};
}

static struct frame_plan answer(struct frame_plan plan)
{
	struct frame_plan other = plan;

	other.source = plan.destination;
	other.destination = plan.source;
	other.source_port = plan.destination_port;
	other.destination_port = plan.source_port;
	return other;
}

// The key of a plan's flow, whichever direction it has.
static struct xdp_flow_key key_of(const struct frame_plan *plan)
{
	struct xdp_flow_key key = {.low_port = plan->source_port,
	                           .high_port = plan->destination_port,
	                           .protocol = plan->protocol};

	normalize_address(slice_text(plan->source), &key.low);
	normalize_address(slice_text(plan->destination), &key.high);
	return key;
}

static void set_flow(const struct program *program, struct frame_plan plan,
                     enum xdp_flow_state state)
{
	struct xdp_flow_key key = key_of(&plan);

	xdp_flow_set(program->xdp, &key, state, 42);
}

// Copies since the last call.
struct copies {
	unsigned count;
	uint32_t captured_bytes, wire_bytes; // of the last
	int64_t time_ns;
	uint8_t data[XDP_COPY_BYTES_MAX];
};

static void take_copy(void *context, const uint8_t *data, uint32_t captured_bytes,
                      uint32_t wire_bytes, int64_t time_ns, bool is_dropped)
{
	struct copies *copies = context;

	assert_false(is_dropped);
	copies->count++;
	copies->captured_bytes = captured_bytes;
	copies->wire_bytes = wire_bytes;
	copies->time_ns = time_ns;
	memcpy(copies->data, data, captured_bytes);
}

static unsigned copied(const struct program *program)
{
	struct copies copies = {0};
	unsigned count = xdp_copies(program->xdp, 1000, take_copy, &copies);

	assert_int_equal(count, copies.count);
	return count;
}

static unsigned copies_of(const struct program *program, struct frame_plan plan)
{
	copied(program);
	assert_int_equal(program_run(program, &plan), XDP_PASS);
	return copied(program);
}

static void a_condemned_flow_is_dropped_in_both_directions(void **state)
{
	struct frame_plan plan = tcp(PUSH_ACK, 100), other = tcp(PUSH_ACK, 100);

	set_flow(*state, plan, XDP_FLOW_CONDEMNED);
	assert_int_equal(program_run(*state, &plan), XDP_DROP);
	plan = answer(plan);
	assert_int_equal(program_run(*state, &plan), XDP_DROP);
	other.source_port++;
	assert_int_equal(program_run(*state, &other), XDP_PASS);
	assert_int_equal(program_counted(*state, XDP_DROP_CONDEMNED), 2);
}

static void a_condemned_flow_of_ipv6_and_udp_is_dropped_too(void **state)
{
	struct frame_plan plan = {.source = "2001:db8::9",
	                          .destination = "2001:db8:1::1",
	                          .protocol = 17,
	                          .source_port = 5000,
	                          .destination_port = 443,
	                          .payload_bytes = 50};

	set_flow(*state, answer(plan), XDP_FLOW_CONDEMNED);
	assert_int_equal(program_run(*state, &plan), XDP_DROP);
}

static void a_new_syn_ends_the_condemnation_and_an_answer_to_one_does_not(void **state)
{
	struct frame_plan plan = tcp(PUSH_ACK, 100), syn = tcp(SYN, 0);
	struct frame_plan syn_ack = answer(tcp(SYN | ACK, 0));

	set_flow(*state, plan, XDP_FLOW_CONDEMNED);
	assert_int_equal(program_run(*state, &syn_ack), XDP_DROP);
	assert_int_equal(program_run(*state, &plan), XDP_DROP);
	assert_int_equal(program_run(*state, &syn), XDP_PASS);
	assert_int_equal(program_run(*state, &plan), XDP_PASS);
}

static struct xdp_flow *find_flow(const struct program *program, uint32_t state)
{
	const struct xdp_maps *maps = &program->xdp->maps;

	for (uint32_t i = 0; i <= maps->flow_mask; i++)
		for (int way = 0; way < XDP_FLOW_WAYS; way++)
			if ((maps->flows[i].ways[way].tag & XDP_STATE_MASK) == state)
				return &maps->flows[i].ways[way];
	return NULL;
}

static uint32_t ticks(uint32_t seconds)
{
	return (uint32_t)(seconds * UINT64_C(1000000000) >> XDP_TICK_SHIFT);
}

static void a_condemned_flow_is_free_120_s_after_its_last_packet(void **state)
{
	struct program *program = *state;
	struct frame_plan plan = tcp(PUSH_ACK, 100);

	set_flow(program, plan, XDP_FLOW_CONDEMNED);
	struct xdp_flow *flow = find_flow(program, XDP_STATE_CONDEMNED);

	assert_non_null(flow);
	flow->tick -= ticks(119);
	assert_int_equal(program_run(program, &plan), XDP_DROP); // and begins again
	flow->tick -= ticks(119);
	assert_int_equal(program_run(program, &plan), XDP_DROP);
	flow->tick -= ticks(121);
	assert_int_equal(program_run(program, &plan), XDP_PASS);
	assert_int_equal(program_run(program, &plan), XDP_PASS);
}

static void later_fragments_of_a_condemned_flow_follow_the_first(void **state)
{
	struct frame_plan plan = {.source = "10.0.0.1",
	                          .destination = "198.51.100.1",
	                          .protocol = 17,
	                          .source_port = 40000,
	                          .destination_port = 443,
	                          .payload_bytes = 80,
	                          .fragment_id = 5,
	                          .has_more_fragments = true};
	struct frame_plan later = plan;

	later.fragment_offset = 11;
	assert_int_equal(program_run(*state, &later), XDP_PASS);
	set_flow(*state, plan, XDP_FLOW_CONDEMNED);
	assert_int_equal(program_run(*state, &plan), XDP_DROP);
	assert_int_equal(program_run(*state, &later), XDP_DROP);
	later.fragment_id = 6;
	assert_int_equal(program_run(*state, &later), XDP_PASS);
}

static void what_is_dropped_of_condemned_flows_is_counted_by_indicator(void **state)
{
	const struct program *program = *state;
	struct frame_plan plan = tcp(PUSH_ACK, 100);
	struct xdp_condemned_key key = {.generation = 3, .indicator_id = 42};
	struct xdp_count count;

	set_flow(program, plan, XDP_FLOW_CONDEMNED);
	for (int i = 0; i < 4; i++)
		program_run(program, &plan);
	assert_int_equal(
		bpf_map_lookup_elem(program->xdp->maps.fds[XDP_MAP_CONDEMNED], &key, &count), 0);
	assert_int_equal(count.packets, 4);
	assert_int_equal(count.bytes, 4 * (14 + 20 + 20 + 100));
}

static void a_dry_run_drops_nothing_of_condemned_flows(void **state)
{
	struct program *program = *state;
	struct frame_plan plan = tcp(PUSH_ACK, 100);

	program->xdp->maps.config->flags |= XDP_CONFIG_DRY_RUN;
	set_flow(program, plan, XDP_FLOW_CONDEMNED);
	assert_int_equal(program_run(program, &plan), XDP_PASS);
	assert_int_equal(program_counted(program, XDP_WOULD_DROP), 1);
}

static void a_connections_syn_and_payload_are_copied_and_bare_acks_are_not(void **state)
{
	assert_int_equal(copies_of(*state, tcp(SYN, 0)), 1);
	assert_int_equal(copies_of(*state, answer(tcp(SYN | ACK, 0))), 1);
	assert_int_equal(copies_of(*state, tcp(ACK, 0)), 0);
	assert_int_equal(copies_of(*state, tcp(PUSH_ACK, 500)), 1);
	assert_int_equal(copies_of(*state, answer(tcp(PUSH_ACK, 1400))), 1);
	assert_int_equal(copies_of(*state, tcp(FIN | ACK, 0)), 1);
	assert_int_equal(copies_of(*state, tcp(RST, 0)), 1);
}

static void a_copy_is_the_packet_as_it_came(void **state)
{
	const struct program *program = *state;
	static const unsigned payloads[] = {1, 60, 100, 500, 700, 1400, 1980, 8000};

	for (unsigned i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		struct frame_plan plan = tcp(PUSH_ACK, payloads[i]);
		uint8_t frame[FRAME_BYTES_MAX];
		size_t size = frame_build(&plan, frame);
		struct copies copies = {0};
		size_t kept = size < XDP_COPY_BYTES_MAX ? size : XDP_COPY_BYTES_MAX;

		assert_int_equal(program_run_bytes(program, frame, size), XDP_PASS);
		assert_int_equal(xdp_copies(program->xdp, 1, take_copy, &copies), 1);
		assert_int_equal(copies.wire_bytes, size);
		assert_int_equal(copies.captured_bytes, kept);
		assert_memory_equal(copies.data, frame, kept);
		assert_true(copies.time_ns > INT64_C(1500000000) * 1000000000);
	}
}

static void nothing_is_copied_of_a_flow_that_is_done_until_a_new_one_begins(void **state)
{
	set_flow(*state, tcp(0, 0), XDP_FLOW_DONE);
	assert_int_equal(copies_of(*state, tcp(PUSH_ACK, 500)), 0);
	assert_int_equal(copies_of(*state, answer(tcp(PUSH_ACK, 500))), 0);
	assert_int_equal(copies_of(*state, tcp(SYN, 0)), 1);
	assert_int_equal(copies_of(*state, tcp(PUSH_ACK, 500)), 1);
}

static void the_bulk_of_a_flow_nobody_speaks_of_is_not_copied(void **state)
{
	unsigned sent = 0, seen = 0;

	for (; sent < 200; sent++)
		seen += copies_of(*state, tcp(PUSH_ACK, 1400));
	assert_int_equal(seen, (XDP_COPY_FLOW_BYTES + 1399) / 1400);
	assert_int_equal(copies_of(*state, answer(tcp(PUSH_ACK, 1400))), 1); // each way its own
}

static void every_packet_of_a_tunnel_is_copied(void **state)
{
	static const uint16_t ports[] = {1701, 2152, 3544, 4789, 4790, 6081, 8472};
	static const uint8_t protocols[] = {4, 41, 47, 115};
	struct frame_plan plan = tcp(0, 1400);

	for (unsigned i = 0; i < sizeof(protocols); i++) {
		plan.protocol = protocols[i];
		for (unsigned sent = 0; sent < 2 * XDP_COPY_FLOW_BYTES; sent += 1400)
			assert_int_equal(copies_of(*state, plan), 1);
	}
	plan.protocol = 17;
	for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		plan.destination_port = ports[i];
		for (unsigned sent = 0; sent < 2 * XDP_COPY_FLOW_BYTES; sent += 1400)
			assert_int_equal(copies_of(*state, plan), 1);
	}
}

static void every_dns_message_is_copied(void **state)
{
	struct frame_plan plan = {.source = "10.0.0.1",
	                          .destination = "10.0.0.53",
	                          .protocol = 17,
	                          .source_port = 3333,
	                          .destination_port = 53,
	                          .payload_bytes = 400};

	for (int i = 0; i < 300; i++) {
		assert_int_equal(copies_of(*state, plan), 1);
		assert_int_equal(copies_of(*state, answer(plan)), 1);
	}
}

static void of_quic_long_headers_are_copied_and_short_ones_are_not(void **state)
{
	struct frame_plan plan = {.source = "10.0.0.1",
	                          .destination = "198.51.100.1",
	                          .protocol = 17,
	                          .source_port = 3333,
	                          .destination_port = 443,
	                          .payload_bytes = 1200,
	                          .payload_first = 0xc3};

	assert_int_equal(copies_of(*state, plan), 1);
	assert_int_equal(copies_of(*state, answer(plan)), 1);
	plan.payload_first = 0x43;
	assert_int_equal(copies_of(*state, plan), 0);
}

static void of_any_other_flow_the_first_packet_is_copied(void **state)
{
	struct frame_plan plan = {.source = "10.0.0.1",
	                          .destination = "198.51.100.1",
	                          .protocol = 17,
	                          .source_port = 3333,
	                          .destination_port = 9999,
	                          .payload_bytes = 100};

	assert_int_equal(copies_of(*state, plan), 1);
	assert_int_equal(copies_of(*state, plan), 0);
	plan.protocol = 50;
	assert_int_equal(copies_of(*state, plan), 1);
	assert_int_equal(copies_of(*state, plan), 0);
}

static void a_full_ring_loses_copies_and_no_packets(void **state)
{
	const struct program *program = *state;
	struct frame_plan plan = tcp(PUSH_ACK, 1400);
	unsigned count = XDP_COPY_RING_BYTES / 2048 + 100;

	for (unsigned i = 0; i < count; i++) {
		plan.source_port = (uint16_t)(1 + i % 60000);
		assert_int_equal(program_run(program, &plan), XDP_PASS);
	}
	assert_true(program_counted(program, XDP_COPY_LOST) >= 100);
	assert_int_equal(program_counted(program, XDP_COPY_LOST) +
	                         program_counted(program, XDP_COPIED),
	                 count);
}

static void a_crowd_of_flows_does_not_free_a_condemned_one(void **state)
{
	struct frame_plan condemned = tcp(PUSH_ACK, 100), plan = tcp(PUSH_ACK, 100);

	set_flow(*state, condemned, XDP_FLOW_CONDEMNED);
	for (unsigned i = 0; i < 50000; i++) {
		plan.source_port = (uint16_t)(i == 40000 ? 1 : i);
		plan.destination_port = 8080;
		program_run(*state, &plan);
	}
	assert_int_equal(program_run(*state, &condemned), XDP_DROP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		EACH(a_condemned_flow_is_dropped_in_both_directions),
		EACH(a_condemned_flow_of_ipv6_and_udp_is_dropped_too),
		EACH(a_new_syn_ends_the_condemnation_and_an_answer_to_one_does_not),
		EACH(a_condemned_flow_is_free_120_s_after_its_last_packet),
		EACH(later_fragments_of_a_condemned_flow_follow_the_first),
		EACH(what_is_dropped_of_condemned_flows_is_counted_by_indicator),
		EACH(a_dry_run_drops_nothing_of_condemned_flows),
		EACH(a_connections_syn_and_payload_are_copied_and_bare_acks_are_not),
		EACH(a_copy_is_the_packet_as_it_came),
		EACH(nothing_is_copied_of_a_flow_that_is_done_until_a_new_one_begins),
		EACH(the_bulk_of_a_flow_nobody_speaks_of_is_not_copied),
		EACH(every_packet_of_a_tunnel_is_copied),
		EACH(every_dns_message_is_copied),
		EACH(of_quic_long_headers_are_copied_and_short_ones_are_not),
		EACH(of_any_other_flow_the_first_packet_is_copied),
		EACH(a_full_ring_loses_copies_and_no_packets),
		EACH(a_crowd_of_flows_does_not_free_a_condemned_one),
	};

	if (geteuid() != 0) {
		puts("loading an XDP program needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
