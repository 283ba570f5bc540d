// The EAL starts once in a process: so do all devices of these tests, each opened by one of them.
#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "base/timestamp.h"
#include "dataplane/dpdk.h"
#include "dataplane/port.h"

enum { FRAMES = 400, ARGUMENTS_MAX = 20, PCAP_HEADER_BYTES = 24 };

#define FIRST_TIME_NS (INT64_C(1700000000) * NS_PER_S)

static char folder[64];
static struct dpdk *dpdk;
static struct report report;
static struct buffer frames[FRAMES]; // of the capture that every device gives

// Sizes of everything, some beyond one buffer; types of IP, VLAN, QinQ and nothing known.
static void make_frames(void)
{
	static const uint16_t types[] = {0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806, 0x1234, 0x05dc};
	static const uint32_t sizes[] = {60, 61, 1514, 1518, 2048, 2049, 4096, 9014, 14};

	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t size = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];

		for (uint32_t k = 0; k < size; k++) {
			uint8_t byte = (uint8_t)hash_word(i, k);

			buffer_append(&frames[i], &byte, 1);
		}
		frames[i].data[12] = (uint8_t)(types[i % 7] >> 8);
		frames[i].data[13] = (uint8_t)types[i % 7];
	}
}

static void write_u32(FILE *file, uint32_t value)
{
	(void)fwrite(&value, sizeof(value), 1, file);
}

static void write_capture(const char *path)
{
	FILE *file = fopen(path, "w");
	const uint32_t header[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};

	assert_non_null(file);
	for (unsigned i = 0; i < 6; i++)
		write_u32(file, header[i]);
	for (unsigned i = 0; i < FRAMES; i++) {
		write_u32(file, (uint32_t)(FIRST_TIME_NS / NS_PER_S));
		write_u32(file, i);
		write_u32(file, (uint32_t)frames[i].size);
		write_u32(file, (uint32_t)frames[i].size);
		(void)fwrite(frames[i].data, 1, frames[i].size, file);
	}
	(void)fclose(file);
}

// "--vdev=net_pcap<name>,…": gives the capture, and writes what leaves to <name>.pcap.
static void make_device(char *ret_argument, size_t size, const char *name)
{
	(void)snprintf(ret_argument, size,
	               "--vdev=net_pcap%s,rx_pcap=%s/in.pcap,tx_pcap=%s/%s.pcap", name, folder,
	               folder, name);
}

static int start(void **state)
{
	static const char *const common[] = {"--no-huge", "-m", "256", "--no-pci"};
	static const char *const devices[] = {"net_null0", "net_null1", "net_null2",
	                                      "net_null3", "net_ring0", "net_ring1"};
	static const char *const captures[] = {"A", "B", "C", "D", "E", "F"};
	static char vdevs[ARGUMENTS_MAX][256];
	const char *arguments[ARGUMENTS_MAX];
	char path[128];
	unsigned count = 0;

	(void)state;
	(void)strcpy(folder, "/tmp/sekisho-dpdk-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	make_frames();
	(void)snprintf(path, sizeof(path), "%s/in.pcap", folder);
	write_capture(path);
	for (unsigned i = 0; i < 4; i++)
		arguments[count++] = common[i];
	for (unsigned i = 0; i < 6; i++, count++) {
		(void)snprintf(vdevs[count], sizeof(vdevs[count]), "--vdev=%s", devices[i]);
		arguments[count] = vdevs[count];
	}
	for (unsigned i = 0; i < 6; i++, count++) {
		make_device(vdevs[count], sizeof(vdevs[count]), captures[i]);
		arguments[count] = vdevs[count];
	}
	return dpdk_start(arguments, count, &report, &dpdk);
}

static int stop(void **state)
{
	char command[128];

	(void)state;
	dpdk_stop(dpdk);
	report_clear(&report);
	for (unsigned i = 0; i < FRAMES; i++)
		buffer_close(&frames[i]);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct port *open_port_for(const char *name, uint32_t frame_bytes_max)
{
	struct port *port = NULL;
	const struct port_device device = {
		.name = name,
		.queue_count = 1,
		.frame_bytes_max = frame_bytes_max,
		.report = &report,
	};

	assert_int_equal(port_open_device("dpdk", &device, &port), 0);
	return port;
}

static struct port *open_port(const char *name)
{
	return open_port_for(name, 0);
}

static void assert_refused(const struct port_device *device, const char *reason)
{
	struct port *port = NULL;

	report_clear(&report);
	assert_true(port_open_device("dpdk", device, &port) < 0);
	assert_null(port);
	assert_true(report.reason_count >= 1);
	assert_string_equal(report.reasons[0].reason, reason);
	assert_string_equal(report.reasons[0].examples[0].object, device->name);
	report_clear(&report);
}

// Are these the frames of a capture that a device wrote, and nothing else?
static void assert_left(const char *name, const unsigned expected[], unsigned count)
{
	char path[128];
	uint32_t header[4];
	uint8_t data[65536];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s.pcap", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fseek(file, PCAP_HEADER_BYTES, SEEK_SET), 0);
	for (unsigned i = 0; i < count; i++) {
		const struct buffer *frame = &frames[expected[i]];

		assert_int_equal(fread(header, sizeof(header), 1, file), 1);
		assert_int_equal(header[2], frame->size);
		assert_int_equal(fread(data, 1, header[2], file), header[2]);
		assert_memory_equal(data, frame->data, frame->size);
	}
	assert_int_equal(fread(header, 1, 1, file), 0);
	(void)fclose(file);
}

static unsigned receive_and_check(struct port *port, unsigned first)
{
	struct frame burst[PORT_BURST_MAX];
	unsigned count = port->ops->receive(port, burst);

	for (unsigned i = 0; i < count; i++) {
		const struct buffer *frame = &frames[first + i];

		assert_int_equal(burst[i].wire_bytes, frame->size);
		assert_int_equal(burst[i].captured_bytes, frame->size);
		assert_int_equal(burst[i].link, LINK_ETHERNET);
		assert_int_equal(burst[i].time_ns, FIRST_TIME_NS + (first + i) * NS_PER_US);
		assert_memory_equal(burst[i].data, frame->data, frame->size);
	}
	return count;
}

static void what_passes_leaves_by_the_peer_bit_for_bit(void **state)
{
	struct port *port = open_port("net_pcapA");
	struct port *peer = open_port("net_pcapB");
	struct port_counters counters;
	unsigned all[FRAMES];
	unsigned first = 0;

	(void)state;
	assert_int_equal(port->ops->connect(port, peer), 0);
	for (unsigned count = 1; count > 0; first += count) {
		count = receive_and_check(port, first);
		port->ops->release(port, NULL);
	}
	assert_int_equal(first, FRAMES);
	port->ops->counters(port, &counters);
	assert_int_equal(counters.received, FRAMES);
	assert_int_equal(counters.sent, 0);
	peer->ops->counters(peer, &counters);
	assert_int_equal(counters.sent, FRAMES);
	assert_int_equal(counters.unsent + counters.refused + counters.missed, 0);
	port_close(port);
	port_close(peer);
	for (unsigned i = 0; i < FRAMES; i++)
		all[i] = i;
	assert_left("B", all, FRAMES);
	assert_left("A", all, 0);
}

static void what_is_dropped_does_not_leave(void **state)
{
	struct port *port = open_port("net_pcapC");
	struct port *peer = open_port("net_pcapD");
	struct frame burst[PORT_BURST_MAX];
	enum verdict verdicts[PORT_BURST_MAX];
	unsigned passed[FRAMES];
	unsigned passed_count = 0;
	unsigned first = 0;

	(void)state;
	assert_int_equal(port->ops->connect(port, peer), 0);
	for (unsigned count = 1; count > 0; first += count) {
		count = port->ops->receive(port, burst);
		for (unsigned i = 0; i < count; i++) {
			verdicts[i] = (first + i) % 3 == 0 ? VERDICT_DROP : VERDICT_PASS;
			if (verdicts[i] == VERDICT_PASS)
				passed[passed_count++] = first + i;
		}
		port->ops->release(port, verdicts);
	}
	// The one that others' packets leave by may be closed last, or first.
	port_close(peer);
	port_close(port);
	assert_left("D", passed, passed_count);
}

static void a_frame_of_our_own_leaves_by_its_port(void **state)
{
	struct port *port = open_port("net_pcapE");
	static const uint8_t too_long[16384];
	const unsigned second = 1;
	struct port_counters counters;

	(void)state;
	assert_true(port->ops->send(port, slice_of(frames[1].data, frames[1].size)));
	assert_false(port->ops->send(port, slice_of(too_long, sizeof(too_long))));
	port->ops->counters(port, &counters);
	assert_int_equal(counters.sent, 1);
	assert_int_equal(counters.refused, 1);
	port_close(port);
	assert_left("E", &second, 1);
}

static void a_tap_frees_what_it_was_given(void **state)
{
	struct port *port = open_port("net_null0");
	struct frame burst[PORT_BURST_MAX];
	struct port_link link;

	(void)state;
	// Far more than the pool has buffers.
	for (unsigned i = 0; i < 10000; i++) {
		assert_int_equal(port->ops->receive(port, burst), PORT_BURST_MAX);
		port->ops->release(port, NULL);
	}
	port->ops->link(port, &link);
	assert_true(link.is_up);
	assert_int_equal(link.mtu, 9000);
	assert_int_equal(port->ops->wait_fd(port), -1);
	assert_false(port->ops->is_ended(port));
	port_close(port);
}

static uint64_t drain(struct port *port)
{
	struct frame burst[PORT_BURST_MAX];
	uint64_t sum = 0;

	for (unsigned count = 1; count > 0; sum += count) {
		count = port->ops->receive(port, burst);
		port->ops->release(port, NULL);
	}
	return sum;
}

// Nobody takes what net_ring0 was given: until somebody does, it has no room for more.
static void what_finds_no_room_is_lost_and_counted(void **state)
{
	struct port *port = open_port("net_null2");
	struct port *peer = open_port_for("net_ring0", 1526);
	struct frame burst[PORT_BURST_MAX];
	struct port_counters counters;
	const unsigned bursts = 10000; // many more than there are buffers

	(void)state;
	assert_int_equal(port->ops->connect(port, peer), 0);
	for (unsigned i = 0; i < bursts; i++) {
		assert_int_equal(port->ops->receive(port, burst), PORT_BURST_MAX);
		port->ops->release(port, NULL);
	}
	peer->ops->counters(peer, &counters);
	assert_int_equal(counters.sent + counters.unsent, bursts * PORT_BURST_MAX);
	assert_true(counters.sent > 0 && counters.unsent > 0);
	assert_false(peer->ops->send(peer, slice_of(frames[0].data, frames[0].size)));
	assert_int_equal(drain(peer), counters.sent);
	port_close(port);
	port_close(peer);
}

static void every_worker_has_a_queue_of_its_own(void **state)
{
	struct frame burst[PORT_BURST_MAX];
	struct port *ports[2] = {NULL, NULL};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct port_device device = {
			.name = "net_null1",
			.queue = i,
			.queue_count = 2,
			.report = &report,
		};

		assert_int_equal(port_open_device("dpdk", &device, &ports[i]), 0);
	}
	assert_refused(
		&(struct port_device){
			.name = "net_null1", .queue = 2, .queue_count = 3, .report = &report},
		"the device was opened with fewer queues");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ports[i]->ops->receive(ports[i], burst), PORT_BURST_MAX);
		port_close(ports[i]);
	}
}

static void what_cannot_be_opened_is_said_in_words(void **state)
{
	(void)state;
	assert_refused(
		&(struct port_device){.name = "0000:ff:1f.7", .queue_count = 1, .report = &report},
		"DPDK has no such device");
	assert_refused(
		&(struct port_device){.name = "net_pcapF", .queue_count = 2, .report = &report},
		"the device has fewer queues than there are workers");
}

static void note_thread(void *context)
{
	*(pid_t *)context = gettid();
}

// net_ring gives what is large in several buffers; net_null does not say that it would send it.
static void what_comes_in_pieces_must_be_able_to_leave_so(void **state)
{
	struct port *port = open_port("net_ring1");
	struct port *peer = open_port("net_null3");

	(void)state;
	report_clear(&report);
	assert_int_equal(port->ops->connect(port, peer), -ENOTSUP);
	assert_string_equal(report.reasons[0].reason, "large frames cannot be forwarded");
	report_clear(&report);
	port_close(port);
	port_close(peer);
}

static void every_thread_of_dpdk_is_reached(void **state)
{
	pid_t seen = 0;

	(void)state;
	assert_int_equal(dpdk_each_thread(dpdk, note_thread, &seen), 0);
	assert_int_not_equal(seen, 0);
	assert_int_not_equal(seen, gettid());
	assert_int_equal(dpdk_each_thread(NULL, note_thread, NULL), 0);
}

static void dpdk_starts_once_in_a_process(void **state)
{
	struct dpdk *second = NULL;

	(void)state;
	assert_int_equal(dpdk_start(NULL, 0, &report, &second), -EALREADY);
	assert_null(second);
	assert_string_equal(report.reasons[0].reason, "DPDK does not start");
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_passes_leaves_by_the_peer_bit_for_bit),
		cmocka_unit_test(what_is_dropped_does_not_leave),
		cmocka_unit_test(a_frame_of_our_own_leaves_by_its_port),
		cmocka_unit_test(a_tap_frees_what_it_was_given),
		cmocka_unit_test(what_finds_no_room_is_lost_and_counted),
		cmocka_unit_test(every_worker_has_a_queue_of_its_own),
		cmocka_unit_test(what_cannot_be_opened_is_said_in_words),
		cmocka_unit_test(what_comes_in_pieces_must_be_able_to_leave_so),
		cmocka_unit_test(every_thread_of_dpdk_is_reached),
		cmocka_unit_test(dpdk_starts_once_in_a_process),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
