// What the sets say of a packet's addresses.
#include "tests/bpf/program.h"

static int setup(void **state)
{
	struct program *program = malloc(sizeof(*program));

	program_open(program, &(struct xdp_open_options){.purpose = XDP_FILTER});
	*state = program;
	return 0;
}

static int teardown(void **state)
{
	program_close(*state);
	free(*state);
	return 0;
}

static int run_udp(const struct program *program, const char *source, const char *destination)
{
	return program_run(program, &(struct frame_plan){.source = source,
	                                                 .destination = destination,
	                                                 .protocol = 17,
	                                                 .source_port = 1000,
	                                                 .destination_port = 2000,
	                                                 .payload_bytes = 20});
}

static void nothing_is_dropped_before_a_set_is_in_force(void **state)
{
	struct program *program = *state;

	program_list(program, "192.0.2.1");
	assert_int_equal(run_udp(program, "192.0.2.1", "198.51.100.1"), XDP_PASS);
	program_publish(program, 1);
	assert_int_equal(run_udp(program, "192.0.2.1", "198.51.100.1"), XDP_DROP);
}

static void a_listed_host_is_dropped_in_either_direction(void **state)
{
	struct program *program = *state;

	program_list(program, "192.0.2.1");
	program_list(program, "2001:db8::1");
	program_publish(program, 1);
	assert_int_equal(run_udp(program, "192.0.2.1", "198.51.100.1"), XDP_DROP);
	assert_int_equal(run_udp(program, "198.51.100.1", "192.0.2.1"), XDP_DROP);
	assert_int_equal(run_udp(program, "2001:db8::1", "2001:db8:1::2"), XDP_DROP);
	assert_int_equal(run_udp(program, "2001:db8:1::2", "2001:db8::1"), XDP_DROP);
	assert_int_equal(run_udp(program, "192.0.2.2", "198.51.100.1"), XDP_PASS);
	assert_int_equal(run_udp(program, "2001:db8::2", "2001:db8:1::2"), XDP_PASS);
	assert_int_equal(program_counted(program, XDP_DROP_ADDRESS), 4);
}

static void a_network_of_every_length_is_dropped(void **state)
{
	static const struct {
		const char *network, *inside, *outside;
	} cases[] = {
		{"203.0.0.0/16", "203.0.255.9", "203.1.0.9"},
		{"198.18.4.0/23", "198.18.5.255", "198.18.6.0"},
		{"198.51.100.0/24", "198.51.100.77", "198.51.101.77"},
		{"192.0.2.128/25", "192.0.2.129", "192.0.2.127"},
		{"192.0.3.4/31", "192.0.3.5", "192.0.3.6"},
		{"2a00:1400::/24", "2a00:14ff::1", "2a00:1500::1"},
		{"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"},
		{"2400:1:2000::/36", "2400:1:2fff::1", "2400:1:3000::1"},
		{"2400:2:3::/48", "2400:2:3:4::1", "2400:2:4::1"},
		{"2400:3:4:5600::/56", "2400:3:4:56ff::1", "2400:3:4:5700::1"},
		{"2400:4:5:6::/64", "2400:4:5:6:7::1", "2400:4:5:7::1"},
		{"2400:5:6:7::8:0/112", "2400:5:6:7::8:9", "2400:5:6:7::9:9"},
		{"2400:6:7:8::9:a/127", "2400:6:7:8::9:b", "2400:6:7:8::9:c"},
	};
	struct program *program = *state;
	unsigned count = sizeof(cases) / sizeof(cases[0]);

	for (unsigned i = 0; i < count; i++)
		program_list(program, cases[i].network);
	program_publish(program, 1);
	for (unsigned i = 0; i < count; i++) {
		const char *other = strchr(cases[i].inside, ':') ? "fd00::1" : "10.0.0.1";

		assert_int_equal(run_udp(program, cases[i].inside, other), XDP_DROP);
		assert_int_equal(run_udp(program, other, cases[i].inside), XDP_DROP);
		assert_int_equal(run_udp(program, cases[i].outside, other), XDP_PASS);
	}
}

static void filters_of_every_size_are_read(void **state)
{
	static const uint32_t sizes[] = {0, XDP_FILTER_SMALL + 1, XDP_FILTER_MEDIUM + 1, 0,
	                                 XDP_FILTER_MEDIUM};
	struct program *program = *state;

	program_list(program, "192.0.2.1");
	program_list(program, "2001:db8:1::/48");
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		program->filter_words = sizes[i];
		program_publish(program, i + 1);
		assert_int_equal(run_udp(program, "192.0.2.1", "10.0.0.1"), XDP_DROP);
		assert_int_equal(run_udp(program, "2001:db8:1:2::1", "fd00::1"), XDP_DROP);
		assert_int_equal(run_udp(program, "192.0.2.2", "10.0.0.1"), XDP_PASS);
	}
}

static void addresses_of_both_families_in_one_packet_are_judged(void **state)
{
	struct program *program = *state;

	program_list(program, "192.0.2.0/24");
	program_list(program, "2001:db8:1::/48");
	program_publish(program, 1);
	assert_int_equal(run_udp(program, "fd00::1", "::ffff:192.0.2.7"), XDP_DROP);
	assert_int_equal(run_udp(program, "::ffff:192.0.2.7", "fd00::1"), XDP_DROP);
	assert_int_equal(run_udp(program, "::ffff:192.0.3.7", "2001:db8:1::7"), XDP_DROP);
	assert_int_equal(run_udp(program, "::ffff:192.0.3.7", "2001:db8:2::7"), XDP_PASS);
}

static void an_entry_with_a_port_drops_only_that_port_on_its_side(void **state)
{
	struct program *program = *state;
	struct frame_plan plan = {.source = "198.51.100.1",
	                          .destination = "192.0.2.1",
	                          .protocol = 6,
	                          .source_port = 4000,
	                          .destination_port = 8443,
	                          .tcp_flags = 0x10};
	struct listed *entry = program_list(program, "192.0.2.1");

	entry->port = 8443;
	entry->protocol = 6;
	program_publish(program, 1);
	assert_int_equal(program_run(program, &plan), XDP_DROP);
	plan.destination_port = 443;
	assert_int_equal(program_run(program, &plan), XDP_PASS);
	plan.source_port = 8443; // of the other side
	assert_int_equal(program_run(program, &plan), XDP_PASS);
	plan.destination_port = 8443;
	plan.protocol = 17;
	assert_int_equal(program_run(program, &plan), XDP_PASS);
}

static void a_port_of_any_protocol_and_a_protocol_of_any_port_are_found(void **state)
{
	struct program *program = *state;
	struct frame_plan plan = {.source = "198.51.100.1",
	                          .destination = "192.0.2.1",
	                          .protocol = 17,
	                          .source_port = 4000,
	                          .destination_port = 53};

	program_list(program, "192.0.2.1")->port = 53;
	program_list(program, "192.0.2.2")->protocol = 17;
	program_publish(program, 1);
	assert_int_equal(program_run(program, &plan), XDP_DROP);
	plan.protocol = 6;
	assert_int_equal(program_run(program, &plan), XDP_DROP);
	plan.destination = "192.0.2.2";
	assert_int_equal(program_run(program, &plan), XDP_PASS);
	plan.protocol = 17;
	assert_int_equal(program_run(program, &plan), XDP_DROP);
}

static void the_veto_is_asked_before_any_drop(void **state)
{
	struct program *program = *state;

	program_list(program, "192.0.2.0/24");
	program_list(program, "198.51.100.7");
	program_veto(program, "192.0.2.64/26");
	program_veto(program, "198.51.100.7/32");
	program_publish(program, 1);
	assert_int_equal(run_udp(program, "192.0.2.63", "10.0.0.1"), XDP_DROP);
	assert_int_equal(run_udp(program, "192.0.2.64", "10.0.0.1"), XDP_PASS);
	assert_int_equal(run_udp(program, "10.0.0.1", "198.51.100.7"), XDP_PASS);
	assert_int_equal(program_counted(program, XDP_VETOED), 2);
	// The other side's listing is not lifted by it.
	assert_int_equal(run_udp(program, "192.0.2.64", "192.0.2.1"), XDP_DROP);
}

static void a_dry_run_counts_and_drops_nothing(void **state)
{
	struct program *program = *state;

	program_list(program, "192.0.2.1");
	program_publish(program, 1);
	program->xdp->maps.config->flags |= XDP_CONFIG_DRY_RUN;
	assert_int_equal(run_udp(program, "192.0.2.1", "198.51.100.1"), XDP_PASS);
	assert_int_equal(program_counted(program, XDP_WOULD_DROP), 1);
	assert_int_equal(program_counted(program, XDP_DROP_ADDRESS), 0);
	assert_int_equal(program_counted(program, XDP_PASSED), 1);
}

static void a_set_takes_the_place_of_another_at_one_instant(void **state)
{
	struct program *program = *state;

	program_list(program, "192.0.2.1");
	program_publish(program, 1);
	program->listed_count = 0;
	program_list(program, "192.0.2.2");
	program_publish(program, 2);
	assert_int_equal(run_udp(program, "192.0.2.1", "198.51.100.1"), XDP_PASS);
	assert_int_equal(run_udp(program, "192.0.2.2", "198.51.100.1"), XDP_DROP);
	program->xdp->maps.config->live = xdp_live(1, 1); // back, in one store
	assert_int_equal(run_udp(program, "192.0.2.1", "198.51.100.1"), XDP_DROP);
	assert_int_equal(run_udp(program, "192.0.2.2", "198.51.100.1"), XDP_PASS);
}

struct told {
	struct xdp_drop event;
	unsigned count;
};

static int take_drop(void *context, void *data, size_t size)
{
	struct told *told = context;

	assert_int_equal(size, sizeof(told->event));
	memcpy(&told->event, data, sizeof(told->event));
	told->count++;
	return 0;
}

static void the_first_drop_of_a_flow_is_told_with_its_headers(void **state)
{
	struct program *program = *state;
	struct told told = {0};
	struct ring_buffer *ring = ring_buffer__new(program->xdp->maps.fds[XDP_MAP_DROPS],
	                                            take_drop, &told, NULL);
	struct address expected;

	program_list(program, "198.51.100.99");
	program_list(program, "192.0.2.1");
	program_publish(program, 7);
	for (int i = 0; i < 3; i++)
		run_udp(program, "198.51.100.1", "192.0.2.1");
	program_run(program, &(struct frame_plan){.source = "192.0.2.1", // its other direction
	                                          .destination = "198.51.100.1",
	                                          .protocol = 17,
	                                          .source_port = 2000,
	                                          .destination_port = 1000});
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.event.indicator_id, 2);
	assert_int_equal(told.event.slot, 2);
	assert_int_equal(told.event.generation, 7);
	assert_int_equal(told.event.source_port, 1000);
	assert_int_equal(told.event.destination_port, 2000);
	assert_int_equal(told.event.protocol, 17);
	assert_int_equal(told.event.is_destination, 1);
	assert_int_equal(told.event.reason, XDP_DROP_ADDRESS);
	assert_int_equal(told.event.wire_bytes, 14 + 20 + 8 + 20);
	normalize_address(slice_text("198.51.100.1"), &expected);
	assert_memory_equal(told.event.source, expected.octets, 16);
}

static void telling_is_rate_limited_and_counting_is_not(void **state)
{
	struct program *program = *state;
	struct told told = {0};
	struct ring_buffer *ring = ring_buffer__new(program->xdp->maps.fds[XDP_MAP_DROPS],
	                                            take_drop, &told, NULL);
	struct frame_plan plan = {.source = "192.0.2.1",
	                          .destination = "198.51.100.1",
	                          .protocol = 17,
	                          .source_port = 1000};

	program_list(program, "192.0.2.1");
	program_publish(program, 1);
	program->xdp->maps.config->tells_max = 0;
	for (int i = 0; i < 100; i++, plan.source_port++)
		program_run(program, &plan);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_int_equal(told.count, 0);
	assert_int_equal(program_counted(program, XDP_DROP_ADDRESS), 100);
}

static void drops_are_counted_on_the_indicators_account(void **state)
{
	struct program *program = *state;
	struct xdp_slot *slots;
	int fd;

	program_list(program, "192.0.2.1");
	program_list(program, "192.0.2.2");
	program_publish(program, 1);
	fd = bpf_map_get_fd_by_id(({
		uint32_t set = 1, id = 0;

		bpf_map_lookup_elem(program->xdp->maps.fds[XDP_MAP_SLOTS], &set, &id);
		id;
	}));
	assert_true(fd >= 0);
	slots = xdp_map_memory(fd, 1024 * sizeof(*slots));
	for (int i = 0; i < 5; i++)
		run_udp(program, "192.0.2.2", "198.51.100.1");
	assert_int_equal(slots[1].count.packets, 0);
	assert_int_equal(slots[2].count.packets, 5);
	assert_int_equal(slots[2].count.bytes, 5 * 62);
	xdp_map_release(slots, 1024 * sizeof(*slots));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		EACH(nothing_is_dropped_before_a_set_is_in_force),
		EACH(a_listed_host_is_dropped_in_either_direction),
		EACH(a_network_of_every_length_is_dropped),
		EACH(filters_of_every_size_are_read),
		EACH(addresses_of_both_families_in_one_packet_are_judged),
		EACH(an_entry_with_a_port_drops_only_that_port_on_its_side),
		EACH(a_port_of_any_protocol_and_a_protocol_of_any_port_are_found),
		EACH(the_veto_is_asked_before_any_drop),
		EACH(a_dry_run_counts_and_drops_nothing),
		EACH(a_set_takes_the_place_of_another_at_one_instant),
		EACH(the_first_drop_of_a_flow_is_told_with_its_headers),
		EACH(telling_is_rate_limited_and_counting_is_not),
		EACH(drops_are_counted_on_the_indicators_account),
	};

	if (geteuid() != 0) {
		puts("loading an XDP program needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
