// What becomes of what is not dropped, by purpose and heartbeat.
#include <sys/socket.h>

#include "tests/bpf/program.h"

// Of <linux/if_xdp.h>, whose struct xdp_open_options is another.
enum { RX_RING = 2 };

enum { ACK = 0x10 };

static struct program *begin(const struct xdp_open_options *options)
{
	struct program *program = malloc(sizeof(*program));

	program_open(program, options);
	program_list(program, "192.0.2.1");
	program_publish(program, 1);
	xdp_beat(program->xdp);
	return program;
}

static void end(struct program *program)
{
	program_close(program);
	free(program);
}

// The loopback interface stands in for the peer: test runs do not carry redirects out.
static const struct xdp_open_options inline_open = {
	.purpose = XDP_HAND_OVER, .peer = "lo", .has_heartbeat = true, .stale_ms = 1000};
static const struct xdp_open_options inline_closed = {.purpose = XDP_HAND_OVER,
                                                      .peer = "lo",
                                                      .has_heartbeat = true,
                                                      .stale_ms = 1000,
                                                      .is_fail_closed = true};

static struct frame_plan tcp(const char *destination)
{
	return (struct frame_plan){.source = "10.0.0.1",
	                           .destination = destination,
	                           .protocol = 6,
	                           .source_port = 40000,
	                           .destination_port = 443,
	                           .tcp_flags = ACK,
	                           .payload_bytes = 40};
}

// A socket with a ring is all that the map asks for.
static int put_socket(const struct program *program)
{
	int fd = socket(AF_XDP, SOCK_RAW, 0), entries = 64;
	uint32_t queue = 0;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_XDP, RX_RING, &entries, sizeof(entries)), 0);
	assert_int_equal(bpf_map_update_elem(xdp_sockets_fd(program->xdp), &queue, &fd, BPF_ANY),
	                 0);
	return fd;
}

static void grow_stale(const struct program *program)
{
	program->xdp->maps.config->beat_ns -= 2000000000;
}

static int run(const struct program *program, const char *destination)
{
	struct frame_plan plan = tcp(destination);

	return program_run(program, &plan);
}

static void a_fresh_sensor_is_handed_everything_but_what_is_listed(void **state)
{
	struct program *program = begin(&inline_open);
	int fd = put_socket(program);

	(void)state;
	assert_int_equal(run(program, "198.51.100.1"), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_HANDED_OVER), 1);
	assert_int_equal(run(program, "192.0.2.1"), XDP_DROP);
	assert_int_equal(program_run(program, &(struct frame_plan){.ether_type = 0x0806}),
	                 XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_HANDED_OVER), 2);
	assert_int_equal(program_counted(program, XDP_NOT_IP), 1);
	close(fd);
	end(program);
}

static void flows_that_are_done_go_to_the_peer_until_a_new_one_begins(void **state)
{
	struct program *program = begin(&inline_open);
	struct frame_plan plan = tcp("198.51.100.1");
	struct xdp_flow_key key = {.low_port = 40000, .high_port = 443, .protocol = 6};
	int fd = put_socket(program);

	(void)state;
	normalize_address(slice_text(plan.source), &key.low);
	normalize_address(slice_text(plan.destination), &key.high);
	xdp_flow_set(program->xdp, &key, XDP_FLOW_DONE, 0);
	assert_int_equal(program_run(program, &plan), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_FORWARDED), 1);
	plan.tcp_flags = 2;
	assert_int_equal(program_run(program, &plan), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_HANDED_OVER), 1);
	close(fd);
	end(program);
}

// The number before the packet as user space finds it; 0: none.
static uint32_t run_numbered(const struct program *program, const struct frame_plan *plan,
                             const struct xdp_flow_key *key)
{
	uint8_t frame[FRAME_BYTES_MAX], out[FRAME_BYTES_MAX + XDP_NUMBER_BYTES];
	size_t size = frame_build(plan, frame);

	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)size,
	            .data_out = out, .data_size_out = sizeof(out), .repeat = 1);
	assert_int_equal(bpf_prog_test_run_opts(program->xdp->program_fd, &run), 0);
	if (run.data_size_out == size)
		return 0;
	assert_int_equal(run.data_size_out, size + XDP_NUMBER_BYTES);
	assert_memory_equal(out + XDP_NUMBER_BYTES, frame, size);
	return xdp_flow_done(program->xdp, key, out);
}

static void what_is_done_is_handed_over_until_the_latest_packet_has_left(void **state)
{
	struct program *program = begin(&inline_open);
	struct frame_plan plan = tcp("198.51.100.1");
	struct xdp_flow_key key = {.low_port = 40000, .high_port = 443, .protocol = 6};
	int fd = put_socket(program);
	uint32_t first, second;

	(void)state;
	normalize_address(slice_text(plan.source), &key.low);
	normalize_address(slice_text(plan.destination), &key.high);
	assert_int_equal(run_numbered(program, &plan, &key), 0);
	assert_int_equal(xdp_flow_done(program->xdp, &key, NULL), 0);
	first = run_numbered(program, &plan, &key);
	second = run_numbered(program, &plan, &key);
	assert_int_not_equal(first, 0);
	assert_int_equal(second, first + 1);
	xdp_flow_left(program->xdp, &key, first); // the second is on its way
	assert_int_equal(run_numbered(program, &plan, &key), second + 1);
	assert_int_equal(program_counted(program, XDP_FORWARDED), 0);
	assert_int_equal(program_counted(program, XDP_HANDED_OVER), 4);
	xdp_flow_left(program->xdp, &key, second + 1);
	assert_int_equal(run_numbered(program, &plan, &key), 0);
	assert_int_equal(program_counted(program, XDP_FORWARDED), 1);
	close(fd);
	end(program);
}

static void bytes_before_a_packet_are_no_number_unless_the_program_wrote_them(void **state)
{
	struct program *program = begin(&inline_open);
	struct xdp_flow_key key = {.low_port = 1, .high_port = 2, .protocol = 17};
	const struct xdp_number forged = {.flow_hash = 0x1234, .number = 7};

	(void)state;
	(void)xdp_flow_done(program->xdp, &key, NULL);
	assert_int_equal(xdp_flow_done(program->xdp, &key, (const uint8_t *)&forged), 0);
	end(program);
}

static void a_queue_without_a_socket_is_as_if_nobody_were_there(void **state)
{
	struct program *open_ = begin(&inline_open), *closed = begin(&inline_closed);

	(void)state;
	assert_int_equal(run(open_, "198.51.100.1"), XDP_REDIRECT);
	assert_int_equal(program_counted(open_, XDP_FORWARDED), 1);
	assert_int_equal(run(closed, "198.51.100.1"), XDP_DROP);
	assert_int_equal(program_counted(closed, XDP_DROP_STALE), 1);
	end(open_);
	end(closed);
}

static void a_stale_sensor_that_fails_open_is_passed_by(void **state)
{
	struct program *program = begin(&inline_open);
	int fd = put_socket(program);

	(void)state;
	grow_stale(program);
	assert_int_equal(run(program, "198.51.100.1"), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_FORWARDED), 1);
	assert_int_equal(run(program, "192.0.2.1"), XDP_REDIRECT); // nobody could lift it
	assert_int_equal(program_counted(program, XDP_FORWARDED), 2);
	xdp_beat(program->xdp);
	assert_int_equal(run(program, "192.0.2.1"), XDP_DROP);
	assert_int_equal(run(program, "198.51.100.1"), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_HANDED_OVER), 1);
	close(fd);
	end(program);
}

static void a_stale_sensor_that_fails_closed_lets_nothing_pass(void **state)
{
	struct program *program = begin(&inline_closed);
	int fd = put_socket(program);

	(void)state;
	assert_int_equal(run(program, "198.51.100.1"), XDP_REDIRECT);
	grow_stale(program);
	assert_int_equal(run(program, "198.51.100.1"), XDP_DROP);
	assert_int_equal(program_run(program, &(struct frame_plan){.ether_type = 0x0806}),
	                 XDP_DROP);
	assert_int_equal(program_counted(program, XDP_DROP_STALE), 2);
	close(fd);
	end(program);
}

static void a_tap_is_handed_everything_and_passes_when_stale(void **state)
{
	struct xdp_open_options options = inline_open;
	struct program *program;
	int fd;

	(void)state;
	options.peer = NULL;
	program = begin(&options);
	fd = put_socket(program);
	assert_int_equal(run(program, "198.51.100.1"), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_HANDED_OVER), 1);
	grow_stale(program);
	assert_int_equal(run(program, "198.51.100.1"), XDP_PASS);
	close(fd);
	end(program);
}

static void a_filter_passes_or_drops_everything_when_it_is_stale(void **state)
{
	struct xdp_open_options options = {
		.purpose = XDP_FILTER, .has_heartbeat = true, .stale_ms = 1000};
	struct program *program;

	(void)state;
	for (int is_closed = 0; is_closed < 2; is_closed++) {
		options.is_fail_closed = is_closed;
		program = begin(&options);
		assert_int_equal(run(program, "198.51.100.1"), XDP_PASS);
		grow_stale(program);
		assert_int_equal(run(program, "198.51.100.2"), is_closed ? XDP_DROP : XDP_PASS);
		assert_int_equal(run(program, "192.0.2.1"), is_closed ? XDP_DROP : XDP_PASS);
		assert_int_equal(program_counted(program, XDP_COPIED), 1); // while it was fresh
		end(program);
	}
}

static void nothing_passes_before_the_first_beat_failing_closed(void **state)
{
	struct xdp_open_options options = {.purpose = XDP_FILTER,
	                                   .has_heartbeat = true,
	                                   .stale_ms = 1000,
	                                   .is_fail_closed = true};
	struct program program;

	(void)state;
	program_open(&program, &options);
	assert_int_equal(run(&program, "198.51.100.1"), XDP_DROP);
	xdp_beat(program.xdp);
	assert_int_equal(run(&program, "198.51.100.1"), XDP_PASS);
	program_close(&program);
}

static void loaded_by_hand_it_never_becomes_stale(void **state)
{
	struct xdp_open_options options = {
		.purpose = XDP_FILTER, .stale_ms = 1000, .is_fail_closed = true};
	struct program *program = begin(&options);

	(void)state;
	grow_stale(program);
	assert_int_equal(run(program, "198.51.100.1"), XDP_PASS);
	end(program);
}

static void a_dry_run_drops_nothing_even_when_stale(void **state)
{
	struct xdp_open_options options = inline_closed;
	struct program *program;
	int fd;

	(void)state;
	options.is_dry_run = true;
	program = begin(&options);
	fd = put_socket(program);
	assert_int_equal(run(program, "192.0.2.1"), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_FORWARDED), 1); // not judged again
	grow_stale(program);
	assert_int_equal(run(program, "198.51.100.1"), XDP_REDIRECT);
	assert_int_equal(program_counted(program, XDP_WOULD_DROP), 2);
	assert_int_equal(program_counted(program, XDP_FORWARDED), 2);
	close(fd);
	end(program);
}

static void every_packet_has_exactly_one_fate(void **state)
{
	struct program *program = begin(&(struct xdp_open_options){.purpose = XDP_FILTER});
	uint64_t fates = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		run(program, "198.51.100.1");
		run(program, "192.0.2.1");
		program_run(program, &(struct frame_plan){.ether_type = 0x0806});
	}
	for (enum xdp_reason reason = XDP_PASSED; reason <= XDP_DROP_STALE; reason++)
		fates += program_counted(program, reason);
	assert_int_equal(fates, 30);
	end(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_sensor_is_handed_everything_but_what_is_listed),
		cmocka_unit_test(flows_that_are_done_go_to_the_peer_until_a_new_one_begins),
		cmocka_unit_test(what_is_done_is_handed_over_until_the_latest_packet_has_left),
		cmocka_unit_test(bytes_before_a_packet_are_no_number_unless_the_program_wrote_them),
		cmocka_unit_test(a_queue_without_a_socket_is_as_if_nobody_were_there),
		cmocka_unit_test(a_stale_sensor_that_fails_open_is_passed_by),
		cmocka_unit_test(a_stale_sensor_that_fails_closed_lets_nothing_pass),
		cmocka_unit_test(a_tap_is_handed_everything_and_passes_when_stale),
		cmocka_unit_test(a_filter_passes_or_drops_everything_when_it_is_stale),
		cmocka_unit_test(nothing_passes_before_the_first_beat_failing_closed),
		cmocka_unit_test(loaded_by_hand_it_never_becomes_stale),
		cmocka_unit_test(a_dry_run_drops_nothing_even_when_stale),
		cmocka_unit_test(every_packet_has_exactly_one_fate),
	};

	if (geteuid() != 0) {
		puts("loading an XDP program needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
