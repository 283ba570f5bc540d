// The program on an interface: attached, taken over, replaced, removed. In a network namespace of
// the test's own, with a pair of veths, over packets that cross it.
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <xdp/libxdp.h>

#include "tests/bpf/program.h"

static const char PINS[] = "/sys/fs/bpf/test";

static struct xdp_open_options on_device(void)
{
	return (struct xdp_open_options){
		.device = "veth0", .pin_path = PINS, .purpose = XDP_FILTER, .flow_slots = 1 << 12};
}

static int setup(void **state)
{
	(void)state;
	return system("ip link add veth0 type veth peer name veth1 && "
	              "ip link set veth0 up && ip link set veth1 up");
}

static int teardown(void **state)
{
	struct report report = {0};

	(void)state;
	xdp_unload("veth0", PINS, &report);
	report_clear(&report);
	return system("ip link del veth0");
}

static void open_program(struct program *program, const struct xdp_open_options *options)
{
	struct report report = {.each = say_problem};

	memset(program, 0, sizeof(*program));
	assert_int_equal(xdp_open(options, &report, &program->xdp), 0);
	report_clear(&report);
}

static uint32_t attached_id(void)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	assert_int_equal(bpf_xdp_query((int)if_nametoindex("veth0"), 0, &query), 0);
	return query.prog_id;
}

static int open_socket(const char *device, bool is_blocking)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
	                         .sll_protocol = htons(ETH_P_ALL),
	                         .sll_ifindex = (int)if_nametoindex(device)};
	struct timeval patience = {.tv_usec = is_blocking ? 300000 : 1};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

// Does a UDP packet from `source` come through from veth1 to veth0's side of the kernel?
static bool does_pass(const char *source)
{
	struct frame_plan plan = {.source = source,
	                          .destination = "198.51.100.1",
	                          .protocol = 17,
	                          .source_port = 1,
	                          .destination_port = 4242,
	                          .payload_bytes = 60};
	uint8_t frame[FRAME_BYTES_MAX], got[FRAME_BYTES_MAX];
	size_t size = frame_build(&plan, frame);
	int out = open_socket("veth1", false), in = open_socket("veth0", true);
	bool has_come = false;
	ssize_t received;

	assert_int_equal(send(out, frame, size, 0), size);
	while (!has_come && (received = recv(in, got, sizeof(got), 0)) > 0)
		has_come = (size_t)received == size && memcmp(frame, got, size) == 0;
	close(in);
	close(out);
	return has_come;
}

static void it_drops_what_crosses_the_interface_and_goes_without_a_trace(void **state)
{
	struct program program;
	struct report report = {0};
	struct stat info;

	(void)state;
	assert_int_equal(attached_id(), 0);
	open_program(&program, &(struct xdp_open_options){.device = "veth0", .pin_path = PINS});
	assert_true(xdp_is_native(program.xdp));
	assert_true(does_pass("192.0.2.1"));
	program_list(&program, "192.0.2.1");
	program_publish(&program, 1);
	assert_false(does_pass("192.0.2.1"));
	assert_true(does_pass("192.0.2.2"));
	program_close(&program);
	assert_int_equal(xdp_unload("veth0", PINS, &report), 0);
	assert_int_equal(attached_id(), 0);
	assert_true(does_pass("192.0.2.1"));
	assert_int_equal(stat(PINS, &info), -1);
	assert_int_equal(xdp_unload("veth0", PINS, &report), -ENOENT);
	report_clear(&report);
}

// kill -9 leaves what the kernel has.
static void what_a_killed_process_left_stays_in_force_and_is_taken_over(void **state)
{
	struct xdp_open_options options = on_device();
	struct program program;
	uint32_t id;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		open_program(&program, &options);
		program_list(&program, "192.0.2.1");
		program_publish(&program, 9);
		kill(getpid(), SIGKILL);
	}
	waitpid(child, NULL, 0);
	id = attached_id();
	assert_true(id != 0);
	assert_false(does_pass("192.0.2.1"));
	open_program(&program, &options);
	assert_int_equal(attached_id(), id); // the same program, untouched
	assert_int_equal(program.xdp->maps.config->live >> 32, 9);
	assert_false(does_pass("192.0.2.1"));
	program_publish(&program, 10); // nothing listed
	assert_true(does_pass("192.0.2.1"));
	program_close(&program);
}

static void options_of_the_next_start_hold(void **state)
{
	struct xdp_open_options options = on_device();
	struct program program;

	(void)state;
	open_program(&program, &options);
	program_list(&program, "192.0.2.1");
	program_publish(&program, 1);
	program_close(&program);
	options.is_dry_run = true;
	options.flow_slots = 1 << 13; // another size: a new map, and a new program over it
	open_program(&program, &options);
	assert_int_equal(program.xdp->maps.flow_mask, (1 << 13) / XDP_FLOW_WAYS - 1);
	assert_true(does_pass("192.0.2.1"));
	assert_int_equal(program_counted(&program, XDP_WOULD_DROP), 1);
	program_close(&program);
}

static void maps_of_another_layout_are_replaced(void **state)
{
	struct xdp_open_options options = on_device();
	struct program program;

	(void)state;
	open_program(&program, &options);
	program_list(&program, "192.0.2.1");
	program_publish(&program, 1);
	program.xdp->maps.config->layout = XDP_LAYOUT + 1;
	program_close(&program);
	open_program(&program, &options);
	assert_int_equal(program.xdp->maps.config->live, 0);
	assert_true(does_pass("192.0.2.1"));
	program_close(&program);
}

static bool has_reason(const struct report *report, const char *reason)
{
	for (size_t i = 0; i < report->reason_count; i++)
		if (strcmp(report->reasons[i].reason, reason) == 0)
			return true;
	return false;
}

static void a_start_that_was_cut_short_is_told_as_that(void **state)
{
	struct xdp_open_options options = on_device();
	char path[XDP_PATH_BYTES];
	struct report report = {0};
	struct program program;
	struct xdp *xdp = NULL;

	(void)state;
	open_program(&program, &options);
	program.xdp->maps.config->layout = 0;
	program_close(&program);
	bpf_xdp_detach((int)if_nametoindex("veth0"), 0, NULL);
	(void)snprintf(path, sizeof(path), "%s/program", PINS);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(xdp_open(&options, &report, &xdp), 0);
	assert_true(has_reason(&report, "left by a start that was cut short"));
	assert_false(has_reason(&report, "maps of another version"));
	assert_false(has_reason(&report, "nothing to unload"));
	report_clear(&report);
	xdp_close(xdp);
}

static void one_process_at_a_time_works_with_the_maps(void **state)
{
	struct xdp_open_options options = on_device();
	struct report report = {0};
	struct program program;
	struct xdp *xdp = NULL;

	(void)state;
	assert_false(xdp_is_in_use("veth0", PINS));
	open_program(&program, &options);
	assert_true(xdp_is_in_use("veth0", PINS));
	assert_int_equal(xdp_open(&options, &report, &xdp), -EBUSY);
	assert_null(xdp);
	assert_true(has_reason(&report, "another process works with its maps"));
	report_clear(&report);
	program_close(&program);
	assert_false(xdp_is_in_use("veth0", PINS));
}

static void anothers_program_is_left_alone(void **state)
{
	struct xdp_open_options options = on_device();
	struct report report = {0};
	struct xdp *xdp = NULL;
	struct program alien;
	struct stat info;
	uint32_t id;

	(void)state;
	program_open(&alien, &(struct xdp_open_options){0});
	assert_int_equal(
		bpf_xdp_attach((int)if_nametoindex("veth0"), alien.xdp->program_fd, 0, NULL), 0);
	id = attached_id();
	assert_int_equal(xdp_open(&options, &report, &xdp), -EBUSY);
	assert_null(xdp);
	assert_true(report.count > 0);
	assert_int_equal(attached_id(), id);
	assert_int_equal(stat(PINS, &info), -1); // nothing is left of the attempt
	report_clear(&report);
	bpf_xdp_detach((int)if_nametoindex("veth0"), 0, NULL);
	program_close(&alien);
}

static void generic_mode_does_the_same(void **state)
{
	struct xdp_open_options options = on_device();
	struct program program;

	(void)state;
	options.is_generic = true;
	open_program(&program, &options);
	assert_false(xdp_is_native(program.xdp));
	program_list(&program, "192.0.2.1");
	program_publish(&program, 1);
	assert_false(does_pass("192.0.2.1"));
	assert_true(does_pass("192.0.2.2"));
	program_close(&program);
}

// Attaches a second program, with maps of its own, as another tool would by libxdp: one that takes
// no frames above a page.
static struct xdp_program *attach_beside(const struct program *program,
                                         struct bpf_object **ret_object)
{
	struct bpf_object *object = xdp_load_again(program->xdp);
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = object, .prog_name = "xdp_filter");
	struct xdp_program *other = xdp_program__create(&options);

	assert_int_equal(libxdp_get_error(other), 0);
	assert_int_equal(
		xdp_program__attach(other, (int)if_nametoindex("veth0"), XDP_MODE_NATIVE, 0), 0);
	*ret_object = object;
	return other;
}

// Where the kernel has freplace: libxdp's dispatcher runs both.
static void it_stands_beside_anothers_program(void **state)
{
	struct xdp_open_options options = on_device();
	struct program ours, theirs;
	struct report report = {0};
	struct xdp_program *other;
	struct bpf_object *object;

	(void)state;
	open_program(&ours, &options);
	if (!ours.xdp->is_dispatched) {
		program_close(&ours);
		skip();
	}
	program_list(&ours, "192.0.2.1");
	program_publish(&ours, 1);
	program_open(&theirs, &(struct xdp_open_options){0});
	program_list(&theirs, "192.0.2.2");
	program_publish(&theirs, 1);
	other = attach_beside(&theirs, &object);
	assert_false(does_pass("192.0.2.1"));
	assert_false(does_pass("192.0.2.2"));
	assert_true(does_pass("192.0.2.3"));
	program_close(&ours);
	open_program(&ours, &options); // taken over where it is
	assert_true(ours.xdp->is_dispatched);
	program_close(&ours);
	assert_int_equal(xdp_unload("veth0", PINS, &report), 0);
	assert_true(does_pass("192.0.2.1"));
	assert_false(does_pass("192.0.2.2"));
	assert_int_equal(
		xdp_program__detach(other, (int)if_nametoindex("veth0"), XDP_MODE_NATIVE, 0), 0);
	xdp_program__close(other);
	bpf_object__close(object);
	program_close(&theirs);
	assert_int_equal(attached_id(), 0);
}

static void it_joins_what_libxdp_has_put_there(void **state)
{
	struct xdp_open_options options = on_device();
	struct program ours, theirs;
	struct report report = {0};
	struct xdp_program *other;
	struct bpf_object *object;

	(void)state;
	program_open(&theirs, &(struct xdp_open_options){0});
	program_list(&theirs, "192.0.2.2");
	program_publish(&theirs, 1);
	other = attach_beside(&theirs, &object);
	if (xdp_open(&options, &report, &ours.xdp) == -EBUSY) {
		print_message("no dispatcher here\n");
		assert_true(report.count > 0);
	} else {
		ours.listed_count = ours.filter_words = 0;
		assert_true(ours.xdp->is_dispatched);
		program_list(&ours, "192.0.2.1");
		program_publish(&ours, 1);
		assert_false(does_pass("192.0.2.1"));
		assert_false(does_pass("192.0.2.2"));
		assert_true(does_pass("192.0.2.3"));
		program_close(&ours);
	}
	report_clear(&report);
	assert_int_equal(
		xdp_program__detach(other, (int)if_nametoindex("veth0"), XDP_MODE_NATIVE, 0), 0);
	xdp_program__close(other);
	bpf_object__close(object);
	program_close(&theirs);
}

static void frames_above_a_page_are_judged(void **state)
{
	struct xdp_open_options options = on_device();
	struct program program;

	(void)state;
	assert_int_equal(system("ip link set veth0 mtu 9000 && ip link set veth1 mtu 9000"), 0);
	open_program(&program, &options);
	assert_true(xdp_is_native(program.xdp));
	program_list(&program, "192.0.2.1");
	program_publish(&program, 1);
	assert_false(does_pass("192.0.2.1"));
	assert_true(does_pass("192.0.2.2"));
	program_close(&program);
}

static void no_interface_is_said_in_words(void **state)
{
	struct xdp_open_options options = on_device();
	struct report report = {0};
	struct xdp *xdp = NULL;

	(void)state;
	options.device = "veth9";
	assert_int_equal(xdp_open(&options, &report, &xdp), -ENODEV);
	assert_int_equal(report.count, 1);
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		EACH(it_drops_what_crosses_the_interface_and_goes_without_a_trace),
		EACH(what_a_killed_process_left_stays_in_force_and_is_taken_over),
		EACH(options_of_the_next_start_hold),
		EACH(maps_of_another_layout_are_replaced),
		EACH(a_start_that_was_cut_short_is_told_as_that),
		EACH(one_process_at_a_time_works_with_the_maps),
		EACH(anothers_program_is_left_alone),
		EACH(generic_mode_does_the_same),
		EACH(it_stands_beside_anothers_program),
		EACH(it_joins_what_libxdp_has_put_there),
		EACH(frames_above_a_page_are_judged),
		EACH(no_interface_is_said_in_words),
	};

	if (geteuid() != 0) {
		puts("loading an XDP program needs root");
		return 77;
	}
	// Of its own: links, and a bpffs, both gone with the process.
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0) {
		puts("no namespaces here");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
