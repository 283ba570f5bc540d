// The port of what the XDP program copied; the ring of copies is played by the test.
#include "tests/unit/unit_test.h"

#include <errno.h>

#include "dataplane/port.h"
#include "ebpf/ebpf.h"

struct xdp {
	unsigned waiting;
	bool has_dropped; // every second one
	uint32_t captured_bytes, wire_bytes;
	uint8_t data[20000]; // taken back after each call, as the kernel's ring does
};

static struct xdp ring;
static struct report report;

unsigned xdp_copies(struct xdp *xdp, unsigned count_max,
                    void (*take)(void *context, const uint8_t *data, uint32_t captured_bytes,
                                 uint32_t wire_bytes, int64_t time_ns, bool is_dropped),
                    void *context)
{
	unsigned count = xdp->waiting < count_max ? xdp->waiting : count_max;

	for (unsigned i = 0; i < count; i++) {
		memset(xdp->data, (int)i, sizeof(xdp->data));
		take(context, xdp->data, xdp->captured_bytes, xdp->wire_bytes, 1000 + i,
		     xdp->has_dropped && i % 2 == 1);
	}
	memset(xdp->data, 0xee, sizeof(xdp->data));
	xdp->waiting -= count;
	return count;
}

int xdp_copies_fd(const struct xdp *xdp)
{
	(void)xdp;
	return 77;
}

static struct port *open_port(void)
{
	const struct port_device device = {
		.name = "lo", .queue_count = 1, .xdp = &ring, .report = &report};
	struct port *port = NULL;

	assert_int_equal(port_xdp_copy.open_device(&device, &port), 0);
	return port;
}

static int teardown(void **state)
{
	(void)state;
	report_clear(&report);
	return 0;
}

static void copies_stay_as_they_were_until_release(void **state)
{
	(void)state;
	struct frame frames[PORT_BURST_MAX];
	struct port_counters counters;
	struct port *port = open_port();

	ring = (struct xdp){.waiting = PORT_BURST_MAX + 6, .captured_bytes = 80, .wire_bytes = 90};
	assert_int_equal(port->ops->receive(port, frames), PORT_BURST_MAX);
	for (unsigned i = 0; i < PORT_BURST_MAX; i++) {
		assert_int_equal(frames[i].data[0], i);
		assert_int_equal(frames[i].data[79], i);
		assert_int_equal(frames[i].captured_bytes, 80);
		assert_int_equal(frames[i].wire_bytes, 90);
		assert_int_equal(frames[i].time_ns, 1000 + i);
		assert_int_equal(frames[i].link, LINK_ETHERNET);
	}
	port->ops->release(port, NULL);
	assert_int_equal(port->ops->receive(port, frames), 6);
	assert_int_equal(port->ops->receive(port, frames), 0);
	assert_int_equal(port->ops->wait_fd(port), 77);
	port->ops->counters(port, &counters);
	assert_int_equal(counters.received, PORT_BURST_MAX + 6);
	port->ops->close(port);
}

static void what_the_kernel_dropped_is_left_out(void **state)
{
	(void)state;
	struct frame frames[PORT_BURST_MAX];
	struct port *port = open_port();

	ring = (struct xdp){
		.waiting = 10, .has_dropped = true, .captured_bytes = 80, .wire_bytes = 80};
	assert_int_equal(port->ops->receive(port, frames), 5);
	assert_int_equal(frames[1].data[0], 2);
	port->ops->close(port);
}

static void a_long_copy_is_cut_to_its_room(void **state)
{
	(void)state;
	struct frame frames[PORT_BURST_MAX];
	struct port *port = open_port();

	ring = (struct xdp){.waiting = 2, .captured_bytes = 20000, .wire_bytes = 20000};
	assert_int_equal(port->ops->receive(port, frames), 2);
	assert_int_equal(frames[0].captured_bytes, 16384);
	assert_int_equal(frames[0].data[2047], 0);
	assert_int_equal(frames[1].data[0], 1);
	port->ops->close(port);
}

static void refused(const struct port_device *device, int error, const char *words)
{
	struct port *port = NULL;

	assert_int_equal(port_xdp_copy.open_device(device, &port), error);
	assert_null(port);
	assert_string_equal(report.reasons[0].examples[0].detail, words);
	report_clear(&report);
}

static void what_it_cannot_open_it_says(void **state)
{
	(void)state;
	refused(&(struct port_device){.name = "lo", .queue_count = 1, .report = &report}, -EINVAL,
	        "no XDP program is loaded");
	refused(
		&(struct port_device){
			.name = "lo", .queue_count = 2, .xdp = &ring, .report = &report},
		-EINVAL, "its copies come by one queue: set workers to 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(copies_stay_as_they_were_until_release, teardown),
		cmocka_unit_test_teardown(what_the_kernel_dropped_is_left_out, teardown),
		cmocka_unit_test_teardown(a_long_copy_is_cut_to_its_room, teardown),
		cmocka_unit_test_teardown(what_it_cannot_open_it_says, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
