// Opens a device, or two as a bump in the wire, through dataplane/port.h, and takes and hands on
// what comes until SIGTERM; then prints the ports' counters as JSON.
//
//   forward_ports [-q QUEUES] [-d N] [-o FILE] [-c] [-g] [-b BYTES] BACKEND DEVICE [PEER]
//
// -q  queues of each device, a thread for each
// -d  every Nth packet is dropped
// -o  packets that came, each behind its length (4 bytes, little-endian)
// -c  copy mode
// -g  generic XDP
// -b  buffer bytes a queue
// SIGUSR1: every port sends a frame of its own, broadcast and of type 0x88b6.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/port.h"
#include "hand_over.h"

enum { QUEUES_MAX = 8, OWN_FRAME_BYTES = 64 };

struct options {
	const char *backend;
	const char *devices[2];
	unsigned device_count;
	unsigned queue_count;
	unsigned drop_every;
	size_t buffer_bytes;
	bool must_copy;
	bool is_generic;
	FILE *out;
};

struct lane { // one queue
	pthread_t thread;
	const struct options *options;
	struct port *ports[2];
	uint64_t packet_count;
	uint64_t dropped[2];
	unsigned sent_signals;
};

static atomic_bool is_stopped;
static atomic_uint send_signals;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		(void)atomic_fetch_add(&send_signals, 1);
	else
		atomic_store(&is_stopped, true);
}

static void write_frame(FILE *out, const struct frame *frame)
{
	const uint8_t size[4] = {(uint8_t)frame->captured_bytes,
	                         (uint8_t)(frame->captured_bytes >> 8),
	                         (uint8_t)(frame->captured_bytes >> 16)};

	if (out == NULL)
		return;
	flockfile(out);
	(void)fwrite(size, 1, sizeof(size), out);
	(void)fwrite(frame->data, 1, frame->captured_bytes, out);
	funlockfile(out);
}

static unsigned run_port(struct lane *lane, unsigned side)
{
	struct port *port = lane->ports[side];
	struct frame frames[PORT_BURST_MAX];
	enum verdict verdicts[PORT_BURST_MAX];
	unsigned count = port->ops->receive(port, frames);

	for (unsigned i = 0; i < count; i++) {
		const unsigned every = lane->options->drop_every;
		const bool drops = every > 0 && ++lane->packet_count % every == 0;

		verdicts[i] = drops ? VERDICT_DROP : VERDICT_PASS;
		lane->dropped[side] += drops;
		write_frame(lane->options->out, &frames[i]);
	}
	if (count > 0)
		port->ops->release(port, lane->options->drop_every > 0 ? verdicts : NULL);
	return count;
}

static void send_own(struct lane *lane)
{
	uint8_t frame[OWN_FRAME_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
	                                  0,    0,    0,    0,    9,    0x88, 0xb6};

	for (unsigned side = 0; side < lane->options->device_count; side++) {
		frame[14] = (uint8_t)side;
		if (lane->ports[side]->ops->send != NULL)
			(void)lane->ports[side]->ops->send(lane->ports[side],
			                                   slice_of(frame, sizeof(frame)));
	}
	lane->sent_signals++;
}

static bool all_ended(const struct lane *lane)
{
	for (unsigned side = 0; side < lane->options->device_count; side++)
		if (!lane->ports[side]->ops->is_ended(lane->ports[side]))
			return false;
	return true;
}

static void *run_lane(void *context)
{
	struct lane *lane = context;
	struct pollfd waits[2];

	while (!atomic_load(&is_stopped) && !all_ended(lane)) {
		unsigned count = 0;

		for (unsigned side = 0; side < lane->options->device_count; side++)
			count += run_port(lane, side);
		if (lane->sent_signals != atomic_load(&send_signals))
			send_own(lane);
		if (count > 0)
			continue;
		for (unsigned side = 0; side < lane->options->device_count; side++) {
			waits[side].fd = lane->ports[side]->ops->wait_fd(lane->ports[side]);
			waits[side].events = POLLIN;
		}
		(void)poll(waits, lane->options->device_count, 50);
	}
	return NULL;
}

static void print_reasons(const struct report *report)
{
	for (unsigned i = 0; i < report->reason_count; i++)
		fprintf(stderr, "%s: %s: %s (%s)\n", report->reasons[i].reason,
		        report->reasons[i].examples[0].object,
		        report->reasons[i].examples[0].detail, report->reasons[i].consequence);
}

static int open_lane(const struct options *options, struct hand_over *const hand_overs[2],
                     struct report *report, struct lane *lane)
{
	const unsigned queue = lane->sent_signals; // until it runs
	int error = 0;

	lane->options = options;
	for (unsigned side = 0; error == 0 && side < options->device_count; side++) {
		const struct port_device device = {
			.name = options->devices[side],
			.queue = queue,
			.queue_count = options->queue_count,
			.is_promiscuous = true,
			.buffer_bytes = options->buffer_bytes,
			.xdp = hand_over_xdp(hand_overs[side]),
			.must_copy = options->must_copy,
			.report = report,
		};

		error = hand_over_open_port(options->backend, &device, &lane->ports[side]);
	}
	lane->sent_signals = 0;
	if (error == 0 && options->device_count == 2)
		error = lane->ports[0]->ops->connect(lane->ports[0], lane->ports[1]);
	return error;
}

// Sums over queues, side by side.
static void print_counters(const struct options *options, const struct lane lanes[])
{
	for (unsigned side = 0; side < options->device_count; side++) {
		struct port_counters sum = {0};
		uint64_t dropped = 0;

		for (unsigned i = 0; i < options->queue_count; i++) {
			struct port_counters part = {0};
			struct port *port = lanes[i].ports[side];

			port->ops->counters(port, &part);
			sum.received += part.received;
			sum.missed += part.missed;
			sum.sent += part.sent;
			sum.unsent += part.unsent;
			sum.refused += part.refused;
			dropped += lanes[i].dropped[side];
		}
		printf("{\"device\": \"%s\", \"received\": %" PRIu64 ", \"missed\": %" PRIu64
		       ", \"sent\": %" PRIu64 ", \"unsent\": %" PRIu64 ", \"refused\": %" PRIu64
		       ", \"dropped\": %" PRIu64 ", \"queues\": [",
		       options->devices[side], sum.received, sum.missed, sum.sent, sum.unsent,
		       sum.refused, dropped);
		for (unsigned i = 0; i < options->queue_count; i++) {
			struct port_counters part = {0};

			lanes[i].ports[side]->ops->counters(lanes[i].ports[side], &part);
			printf("%s%" PRIu64, i > 0 ? ", " : "", part.received);
		}
		printf("]}\n");
	}
}

static int parse(int count, char *arguments[], struct options *ret_options)
{
	int letter;

	*ret_options = (struct options){.queue_count = 1};
	while ((letter = getopt(count, arguments, "q:d:o:cgb:")) != -1) {
		if (letter == 'q')
			ret_options->queue_count = (unsigned)atoi(optarg);
		else if (letter == 'd')
			ret_options->drop_every = (unsigned)atoi(optarg);
		else if (letter == 'o')
			ret_options->out = fopen(optarg, "wb");
		else if (letter == 'c')
			ret_options->must_copy = true;
		else if (letter == 'g')
			ret_options->is_generic = true;
		else if (letter == 'b')
			ret_options->buffer_bytes = (size_t)atoll(optarg);
		else
			return -EINVAL;
	}
	if (count - optind < 2 || count - optind > 3 || ret_options->queue_count < 1 ||
	    ret_options->queue_count > QUEUES_MAX)
		return -EINVAL;
	ret_options->backend = arguments[optind];
	for (int i = optind + 1; i < count; i++)
		ret_options->devices[ret_options->device_count++] = arguments[i];
	return 0;
}

static int run(const struct options *options, struct hand_over *hand_overs[2],
               struct report *report, struct lane lanes[QUEUES_MAX])
{
	int error = 0;

	for (unsigned side = 0; error == 0 && side < options->device_count; side++)
		error = hand_over_load(options->devices[side], options->is_generic, report,
		                       &hand_overs[side]);
	for (unsigned i = 0; error == 0 && i < options->queue_count; i++) {
		lanes[i].sent_signals = i;
		error = open_lane(options, hand_overs, report, &lanes[i]);
	}
	print_reasons(report);
	if (error < 0) {
		fprintf(stderr, "error: %s\n", strerror(-error));
		return 1;
	}
	for (unsigned i = 0; i < options->queue_count; i++)
		(void)pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]);
	printf("ready\n");
	(void)fflush(stdout);
	for (unsigned i = 0; i < options->queue_count; i++)
		(void)pthread_join(lanes[i].thread, NULL);
	print_counters(options, lanes);
	return 0;
}

int main(int count, char *arguments[])
{
	static struct lane lanes[QUEUES_MAX];
	struct hand_over *hand_overs[2] = {NULL, NULL};
	struct report report = {0};
	struct options options;
	int status;

	if (parse(count, arguments, &options) < 0) {
		fprintf(stderr, "usage: see forward_ports.c\n");
		return 2;
	}
	(void)signal(SIGTERM, on_signal);
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGUSR1, on_signal);
	status = run(&options, hand_overs, &report, lanes);
	for (unsigned i = 0; i < QUEUES_MAX; i++)
		for (unsigned side = 0; side < 2; side++)
			port_close(lanes[i].ports[side]);
	hand_over_unload(hand_overs[0]);
	hand_over_unload(hand_overs[1]);
	if (options.out != NULL)
		(void)fclose(options.out);
	report_clear(&report);
	return status;
}
