// What the parser makes of frames: whatever their shape, a listed address is found.
#include "tests/bpf/program.h"

static int setup(void **state)
{
	struct program *program = malloc(sizeof(*program));

	program_open(program, &(struct xdp_open_options){.has_heartbeat = true, .stale_ms = 60000});
	program_list(program, "192.0.2.1");
	program_list(program, "2001:db8::1");
	program_list(program, "192.0.2.2")->port = 7777;
	program_list(program, "2001:db8::2")->port = 7777;
	program_publish(program, 1);
	*state = program;
	return 0;
}

static int teardown(void **state)
{
	program_close(*state);
	free(*state);
	return 0;
}

static struct frame_plan udp4(const char *destination)
{
	return (struct frame_plan){.source = "198.51.100.1",
	                           .destination = destination,
	                           .protocol = 17,
	                           .source_port = 1000,
	                           .destination_port = 7777,
	                           .payload_bytes = 30};
}

static struct frame_plan udp6(const char *destination)
{
	struct frame_plan plan = udp4(destination);

	plan.source = "2001:db8:5::1";
	return plan;
}

static void up_to_two_vlan_tags_are_passed_over(void **state)
{
	for (unsigned tags = 0; tags <= 2; tags++) {
		struct frame_plan four = udp4("192.0.2.1"), six = udp6("2001:db8::1");
		struct frame_plan other = udp4("192.0.2.9");

		four.tags = six.tags = other.tags = tags;
		assert_int_equal(program_run(*state, &four), XDP_DROP);
		assert_int_equal(program_run(*state, &six), XDP_DROP);
		assert_int_equal(program_run(*state, &other), XDP_PASS);
	}
	struct frame_plan three = udp4("192.0.2.1");

	three.tags = 3; // no IP packet to us
	assert_int_equal(program_run(*state, &three), XDP_PASS);
	assert_int_equal(program_counted(*state, XDP_NOT_IP), 1);
}

static void ports_are_found_behind_ipv4_options(void **state)
{
	for (unsigned words = 0; words <= 10; words++) {
		struct frame_plan plan = udp4("192.0.2.2");

		plan.option_words = words;
		assert_int_equal(program_run(*state, &plan), XDP_DROP);
		plan.destination_port = 7778;
		assert_int_equal(program_run(*state, &plan), XDP_PASS);
	}
}

static void ports_are_found_behind_ipv6_extension_headers(void **state)
{
	static const uint8_t chains[][EXTENSIONS_MAX] = {
		{0}, {60}, {0, 60, 43, 60}, {51}, {0, 43, 44, 51, 60}, {44}};
	static const unsigned counts[] = {1, 1, 4, 1, 5, 1};

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct frame_plan plan = udp6("2001:db8::2");

		memcpy(plan.extensions, chains[i], sizeof(chains[i]));
		plan.extension_count = counts[i];
		assert_int_equal(program_run(*state, &plan), XDP_DROP);
		plan.destination_port = 7778;
		assert_int_equal(program_run(*state, &plan), XDP_PASS);
	}
}

static void more_extension_headers_than_are_looked_at_hide_the_ports_only(void **state)
{
	struct frame_plan plan = udp6("2001:db8::2");

	plan.extension_count = EXTENSIONS_MAX;
	memset(plan.extensions, 60, sizeof(plan.extensions));
	assert_int_equal(program_run(*state, &plan), XDP_PASS);
	plan.destination = "2001:db8::1";
	assert_int_equal(program_run(*state, &plan), XDP_DROP);
}

static void every_fragment_is_judged_by_its_addresses(void **state)
{
	struct frame_plan four = udp4("192.0.2.1"), six = udp6("2001:db8::1");

	four.fragment_offset = six.fragment_offset = 100;
	six.extensions[0] = 44;
	six.extension_count = 1;
	assert_int_equal(program_run(*state, &four), XDP_DROP);
	assert_int_equal(program_run(*state, &six), XDP_DROP);
	four.destination = "192.0.2.9";
	six.destination = "2001:db8::9";
	assert_int_equal(program_run(*state, &four), XDP_PASS);
	assert_int_equal(program_run(*state, &six), XDP_PASS);
}

static void later_fragments_have_no_ports_but_follow_their_first_one(void **state)
{
	struct frame_plan first = udp4("192.0.2.2"), later = udp4("192.0.2.2");

	later.fragment_offset = 5;
	later.fragment_id = 77;
	later.payload_first = 0x1e; // what would be port 7777 lies elsewhere
	assert_int_equal(program_run(*state, &later), XDP_PASS);
	first.fragment_id = 77;
	first.has_more_fragments = true;
	assert_int_equal(program_run(*state, &first), XDP_DROP);
	assert_int_equal(program_run(*state, &later), XDP_DROP);
	later.fragment_id = 78;
	assert_int_equal(program_run(*state, &later), XDP_PASS);
}

static void an_ipv4_mapped_ipv6_address_is_the_ipv4_address(void **state)
{
	struct frame_plan plan = udp6("::ffff:192.0.2.1");

	assert_int_equal(program_run(*state, &plan), XDP_DROP);
}

static void what_is_not_ip_passes_and_is_counted(void **state)
{
	assert_int_equal(program_run(*state, &(struct frame_plan){.ether_type = 0x0806}), XDP_PASS);
	assert_int_equal(program_counted(*state, XDP_NOT_IP), 1);
	assert_int_equal(program_counted(*state, XDP_PASSED), 1);
}

// Cut off behind the addresses, it is still dropped; before, it passes as malformed.
static void a_frame_cut_off_anywhere_does_no_harm(void **state)
{
	static const struct {
		struct frame_plan plan;
		size_t header_bytes; // with these, the addresses are there
	} cases[] = {
		{{.source = "198.51.100.1",
	          .destination = "192.0.2.1",
	          .protocol = 6,
	          .option_words = 3,
	          .payload_bytes = 40},
	         14 + 20},
		{{.source = "198.51.100.1",
	          .destination = "192.0.2.1",
	          .protocol = 17,
	          .tags = 2,
	          .payload_bytes = 40},
	         14 + 8 + 20},
		{{.source = "2001:db8:5::1",
	          .destination = "2001:db8::1",
	          .protocol = 6,
	          .extensions = {0, 43, 44, 51, 60},
	          .extension_count = 5,
	          .payload_bytes = 40},
	         14 + 40},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[FRAME_BYTES_MAX];
		size_t size = frame_build(&cases[i].plan, frame);

		for (size_t cut = 14; cut <= size; cut++)
			assert_int_equal(program_run_bytes(*state, frame, cut),
			                 cut < cases[i].header_bytes ? XDP_PASS : XDP_DROP);
	}
	assert_int_equal(program_counted(*state, XDP_NOT_IP), 0);
}

static void headers_that_lie_about_lengths_are_malformed(void **state)
{
	struct frame_plan plan = udp4("192.0.2.9");
	uint8_t frame[FRAME_BYTES_MAX];
	size_t size = frame_build(&plan, frame);

	frame[14] = 0x44; // a header of 16 bytes
	assert_int_equal(program_run_bytes(*state, frame, size), XDP_PASS);
	frame[14] = 0x45;
	put_be16(frame + 16, 19); // a packet of 19 bytes
	assert_int_equal(program_run_bytes(*state, frame, size), XDP_PASS);
	put_be16(frame + 16, 22); // ends within the ports
	assert_int_equal(program_run_bytes(*state, frame, size), XDP_PASS);
	frame[14] = 0x65; // not version 4
	assert_int_equal(program_run_bytes(*state, frame, size), XDP_PASS);
	assert_int_equal(program_counted(*state, XDP_MALFORMED), 4);
}

static void random_bytes_behind_an_ethertype_do_no_harm(void **state)
{
	uint32_t random = 12345;

	for (int round = 0; round < 20000; round++) {
		uint8_t frame[200];

		for (size_t i = 0; i < sizeof(frame); i++) {
			random = random * 1664525 + 1013904223;
			frame[i] = (uint8_t)(random >> 24);
		}
		put_be16(frame + 12, round & 1 ? 0x86dd : 0x0800);
		frame[14] = (uint8_t)((round & 1 ? 0x60 : 0x40) | (frame[14] & 15));
		frame[20] = round & 2 ? frame[20] : 44;
		assert_int_equal(program_run_bytes(*state, frame, 14 + random % 186), XDP_PASS);
	}
}

static void a_frame_larger_than_a_page_is_judged(void **state)
{
	struct frame_plan plan = udp4("192.0.2.1");

	plan.payload_bytes = 8900;
	assert_int_equal(program_run(*state, &plan), XDP_DROP);
	plan.destination = "192.0.2.9";
	assert_int_equal(program_run(*state, &plan), XDP_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		EACH(up_to_two_vlan_tags_are_passed_over),
		EACH(ports_are_found_behind_ipv4_options),
		EACH(ports_are_found_behind_ipv6_extension_headers),
		EACH(more_extension_headers_than_are_looked_at_hide_the_ports_only),
		EACH(every_fragment_is_judged_by_its_addresses),
		EACH(later_fragments_have_no_ports_but_follow_their_first_one),
		EACH(an_ipv4_mapped_ipv6_address_is_the_ipv4_address),
		EACH(what_is_not_ip_passes_and_is_counted),
		EACH(a_frame_cut_off_anywhere_does_no_harm),
		EACH(headers_that_lie_about_lengths_are_malformed),
		EACH(random_bytes_behind_an_ethertype_do_no_harm),
		EACH(a_frame_larger_than_a_page_is_judged),
	};

	if (geteuid() != 0) {
		puts("loading an XDP program needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
