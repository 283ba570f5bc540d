// Opens queues of a device by the backend's name, one thread each, and writes what they receive:
//
//   port_dump [option=value ...] backend=NAME device=NAME output=FILE
//
//   queues=N       of the device, all opened; queue i writes to FILE.i when N > 1
//   seconds=N      at most so long (10)
//   packets=N      until so many packets have come to all queues together (0: no matter)
//   buffer=BYTES   promiscuous=0|1   rate=PACKETS-A-SECOND   frame=BYTES
//   peer=NAME      what passes the device leaves by this one, and the reverse
//   drop=N         every Nth packet that a port gives is dropped (with peer)
//   program=hand-over|copies   what an XDP program on the devices is for; generic=0|1
//   copy=0|1       AF_XDP in copy mode
//   pause=MS       sleeps so long after each burst
//   busy=1         never waits
//   eal=ARGUMENT   of DPDK, in order
//
// It says "ready" on standard output when all are open, then at the end one line of JSON a queue
// and port. SIGTERM ends it before its time, once nothing more comes for a moment; at SIGUSR1 every
// port sends a frame of its own, broadcast and of type 0x88b6. Exit: 0, or 1 with what the report
// says on standard error.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "dataplane/dpdk.h"
#include "dataplane/port.h"
#include "tests/helpers/port_program.h"

enum { QUEUES_MAX = 16, EAL_ARGUMENTS_MAX = 16, WAIT_MS = 20, OWN_FRAME_BYTES = 64 };
// What was on its way when it was told to end is still taken, however slow the machine is.
enum { QUIET_MS = 200, REST_MS_MAX = 3000 };

static volatile sig_atomic_t is_interrupted;
static volatile sig_atomic_t own_frames_asked;

static void interrupt(int number)
{
	(void)number;
	is_interrupted = 1;
}

static void ask_for_own_frame(int number)
{
	(void)number;
	own_frames_asked++;
}

struct settings {
	const char *backend;
	const char *output;
	const char *peer;
	struct port_device device;
	unsigned queue_count;
	const char *eal_arguments[EAL_ARGUMENTS_MAX];
	unsigned eal_argument_count;
	uint64_t seconds, packets, drop, pause_ms, is_busy;
	struct port_program program;
	_Atomic uint64_t taken;   // by all queues
	_Atomic bool is_stopping; // set by main
};

struct queue {
	struct settings *settings;
	struct report report;
	struct port *ports[2];         // the device, and its peer or NULL
	uint64_t given[2], dropped[2]; // by each of them
	int own_frames_sent;
	FILE *output;
	uint64_t first_bytes; // of all frames added up: who listens reads at least that
	uint64_t cpu_ns;      // that the thread used from the first packet on
	pthread_t thread;
	bool has_header;
};

static void write_header(struct queue *queue, enum link_type link)
{
	uint32_t header[6] = {0xa1b23c4d, 4 << 16 | 2, 0, 0, 512 * 1024, (uint32_t)link};

	if (!queue->has_header)
		(void)fwrite(header, 1, sizeof(header), queue->output);
	queue->has_header = true;
}

static void write_frame(struct queue *queue, const struct frame *frame)
{
	uint32_t header[4] = {(uint32_t)(frame->time_ns / NS_PER_S),
	                      (uint32_t)(frame->time_ns % NS_PER_S), frame->captured_bytes,
	                      frame->wire_bytes};

	if (queue->output == NULL)
		return;
	write_header(queue, frame->link);
	(void)fwrite(header, 1, sizeof(header), queue->output);
	(void)fwrite(frame->data, 1, frame->captured_bytes, queue->output);
}

static unsigned run_port(struct queue *queue, unsigned side)
{
	struct port *port = queue->ports[side];
	const uint64_t drop = queue->settings->drop;
	struct frame frames[PORT_BURST_MAX];
	enum verdict verdicts[PORT_BURST_MAX] = {0};
	unsigned count = port->ops->receive(port, frames);

	if (count == 0)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		queue->first_bytes += frames[i].captured_bytes > 0 ? frames[i].data[0] : 0;
		write_frame(queue, &frames[i]);
		if (drop > 0 && ++queue->given[side] % drop == 0) {
			verdicts[i] = VERDICT_DROP;
			queue->dropped[side]++;
		}
	}
	port->ops->release(port, drop > 0 ? verdicts : NULL);
	if (queue->settings->pause_ms > 0)
		(void)usleep((useconds_t)queue->settings->pause_ms * 1000);
	return count;
}

// Its last octets say by which port of a queue it was sent.
static void send_own_frames(struct queue *queue)
{
	uint8_t frame[OWN_FRAME_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
	                                  0,    0,    0,    0,    9,    0x88, 0xb6};

	for (unsigned side = 0; side < 2 && queue->ports[side] != NULL; side++) {
		frame[14] = (uint8_t)side;
		if (queue->ports[side]->ops->send != NULL)
			(void)queue->ports[side]->ops->send(queue->ports[side],
			                                    slice_of(frame, sizeof(frame)));
	}
	queue->own_frames_sent++;
}

static void wait_for_packets(const struct queue *queue)
{
	struct pollfd fds[2];
	nfds_t count = 0;

	for (unsigned i = 0; i < 2 && queue->ports[i] != NULL; i++) {
		int fd = queue->ports[i]->ops->wait_fd(queue->ports[i]);

		if (fd < 0) {
			(void)usleep(200);
			return;
		}
		fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	(void)poll(fds, count, WAIT_MS);
}

static bool is_ended(const struct queue *queue)
{
	const struct settings *settings = queue->settings;

	for (unsigned i = 0; i < 2 && queue->ports[i] != NULL; i++)
		if (queue->ports[i]->ops->is_ended(queue->ports[i]))
			return true;
	return settings->is_stopping ||
	       (settings->packets > 0 && settings->taken >= settings->packets);
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec taken;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &taken);
	return (uint64_t)taken.tv_sec * NS_PER_S + (uint64_t)taken.tv_nsec;
}

static void *run_queue(void *context)
{
	struct queue *queue = context;
	bool has_begun = false;
	uint64_t idle_cpu_ns = 0;

	while (!is_ended(queue)) {
		unsigned count = run_port(queue, 0);

		if (queue->ports[1] != NULL)
			count += run_port(queue, 1);
		if (queue->own_frames_sent != own_frames_asked)
			send_own_frames(queue);
		queue->settings->taken += count;
		has_begun |= count > 0;
		if (!has_begun)
			idle_cpu_ns = thread_cpu_ns();
		if (count == 0 && !queue->settings->is_busy)
			wait_for_packets(queue);
	}
	queue->cpu_ns = thread_cpu_ns() - idle_cpu_ns;
	return NULL;
}

static void print_port(const struct queue *queue, unsigned number, unsigned side)
{
	const struct port *port = queue->ports[side];
	struct port_counters counters = {0};
	struct port_link link = {0};

	port->ops->counters(port, &counters);
	port->ops->link(port, &link);
	(void)printf("{\"queue\":%u,\"side\":%u,\"received\":%" PRIu64 ",\"missed\":%" PRIu64
	             ",\"sent\":%" PRIu64 ",\"unsent\":%" PRIu64 ",\"refused\":%" PRIu64
	             ",\"dropped\":%" PRIu64 ",\"first_bytes\":%" PRIu64 ",\"cpu_ns\":%" PRIu64
	             ",\"up\":%s,\"speed_mbps\":%u,\"mtu\":%u,\"ended\":%s}\n",
	             number, side, counters.received, counters.missed, counters.sent,
	             counters.unsent, counters.refused, queue->dropped[side], queue->first_bytes,
	             queue->cpu_ns, link.is_up ? "true" : "false", link.speed_mbps, link.mtu,
	             port->ops->is_ended(port) ? "true" : "false");
}

static void complain(void *context, const struct report *report, const struct problem *problem)
{
	(void)context;
	(void)report;
	(void)fprintf(stderr, "%s: %.*s: %.*s\n", problem->reason, SLICE_FORMAT(problem->object),
	              SLICE_FORMAT(problem->detail));
}

static bool open_output(struct queue *queue, unsigned number)
{
	const struct settings *settings = queue->settings;
	char path[4096];

	if (settings->output == NULL)
		return true;
	if (settings->queue_count > 1)
		(void)snprintf(path, sizeof(path), "%s.%u", settings->output, number);
	else
		(void)snprintf(path, sizeof(path), "%s", settings->output);
	queue->output = fopen(path, "w");
	return queue->output != NULL;
}

static int open_queue(struct settings *settings, unsigned number, struct queue *queue)
{
	struct port_device device = settings->device;
	int error;

	queue->settings = settings;
	queue->report.each = complain;
	device.queue = number;
	device.queue_count = settings->queue_count;
	device.xdp = settings->program.xdps[0];
	device.report = &queue->report;
	if (!open_output(queue, number))
		return -errno;
	error = port_open_device(settings->backend, &device, &queue->ports[0]);
	if (error < 0 || settings->peer == NULL)
		return error;
	device.name = settings->peer;
	device.xdp = settings->program.xdps[1];
	error = port_open_device(settings->backend, &device, &queue->ports[1]);
	if (error < 0)
		return error;
	if (queue->ports[0]->ops->connect == NULL)
		return -ENOTSUP;
	return queue->ports[0]->ops->connect(queue->ports[0], queue->ports[1]);
}

static void close_queue(struct queue *queue)
{
	port_close(queue->ports[0]);
	port_close(queue->ports[1]);
	if (queue->output != NULL) {
		write_header(queue, LINK_ETHERNET);
		(void)fclose(queue->output);
	}
	report_clear(&queue->report);
}

static bool is_done(const struct settings *settings, const struct queue queues[])
{
	for (unsigned i = 0; i < settings->queue_count; i++)
		if (!is_ended(&queues[i]))
			return false;
	return true;
}

// Until nothing comes any more.
static void run_rest(const struct settings *settings, const struct queue queues[])
{
	uint64_t taken = settings->taken, quiet_ms = 0;

	for (uint64_t ms = 0; ms < REST_MS_MAX && quiet_ms < QUIET_MS; ms += WAIT_MS) {
		if (is_done(settings, queues))
			return;
		(void)usleep(WAIT_MS * 1000);
		quiet_ms = settings->taken == taken ? quiet_ms + WAIT_MS : 0;
		taken = settings->taken;
	}
}

static void run(struct settings *settings, struct queue queues[])
{
	(void)printf("ready\n");
	(void)fflush(stdout);
	for (unsigned i = 0; i < settings->queue_count; i++)
		(void)pthread_create(&queues[i].thread, NULL, run_queue, &queues[i]);
	for (uint64_t i = 0; i < settings->seconds * 1000 / WAIT_MS; i++) {
		if (is_interrupted || is_done(settings, queues))
			break;
		(void)usleep(WAIT_MS * 1000);
	}
	if (is_interrupted)
		run_rest(settings, queues);
	settings->is_stopping = true;
	for (unsigned i = 0; i < settings->queue_count; i++)
		(void)pthread_join(queues[i].thread, NULL);
}

static bool set_number(struct settings *settings, const char *name, uint64_t value)
{
	if (strcmp(name, "queues") == 0 && value >= 1 && value <= QUEUES_MAX)
		settings->queue_count = (unsigned)value;
	else if (strcmp(name, "seconds") == 0)
		settings->seconds = value;
	else if (strcmp(name, "packets") == 0)
		settings->packets = value;
	else if (strcmp(name, "buffer") == 0)
		settings->device.buffer_bytes = value;
	else if (strcmp(name, "promiscuous") == 0)
		settings->device.is_promiscuous = value != 0;
	else if (strcmp(name, "rate") == 0)
		settings->device.packets_per_s = value;
	else if (strcmp(name, "frame") == 0)
		settings->device.frame_bytes_max = (uint32_t)value;
	else if (strcmp(name, "drop") == 0)
		settings->drop = value;
	else if (strcmp(name, "pause") == 0)
		settings->pause_ms = value;
	else if (strcmp(name, "busy") == 0)
		settings->is_busy = value;
	else if (strcmp(name, "copy") == 0)
		settings->device.must_copy = value != 0;
	else if (strcmp(name, "generic") == 0)
		settings->program.is_generic = value != 0;
	else
		return false;
	return true;
}

static bool set(struct settings *settings, char *argument)
{
	char *value = strchr(argument, '=');

	if (value == NULL)
		return false;
	*value++ = '\0';
	if (strcmp(argument, "backend") == 0)
		settings->backend = value;
	else if (strcmp(argument, "device") == 0)
		settings->device.name = value;
	else if (strcmp(argument, "peer") == 0)
		settings->peer = value;
	else if (strcmp(argument, "output") == 0)
		settings->output = value;
	else if (strcmp(argument, "program") == 0)
		settings->program.purpose = value;
	else if (strcmp(argument, "eal") == 0 && settings->eal_argument_count < EAL_ARGUMENTS_MAX)
		settings->eal_arguments[settings->eal_argument_count++] = value;
	else
		return set_number(settings, argument, strtoull(value, NULL, 10));
	return true;
}

static int start_dpdk(const struct settings *settings, struct dpdk **ret_dpdk)
{
	struct report report = {.each = complain};
	int error = 0;

	if (strcmp(settings->backend, "dpdk") == 0)
		error = dpdk_start(settings->eal_arguments, settings->eal_argument_count, &report,
		                   ret_dpdk);
	report_clear(&report);
	return error;
}

int main(int argc, char **argv)
{
	static struct queue queues[QUEUES_MAX];
	AUTO(dpdk) dpdk = NULL; // let go of after the ports are closed
	struct settings settings = {.seconds = 10, .queue_count = 1};
	int error;

	(void)signal(SIGTERM, interrupt);
	(void)signal(SIGUSR1, ask_for_own_frame);
	for (int i = 1; i < argc; i++)
		if (!set(&settings, argv[i]))
			return 2;
	if (settings.backend == NULL || settings.device.name == NULL)
		return 2;
	error = start_dpdk(&settings, &dpdk);
	if (error == 0)
		error = port_program_open(&settings.program, settings.device.name, settings.peer);
	for (unsigned i = 0; i < settings.queue_count && error == 0; i++)
		error = open_queue(&settings, i, &queues[i]);
	if (error == 0)
		run(&settings, queues);
	else
		(void)fprintf(stderr, "%s\n", strerror(-error));
	for (unsigned i = 0; i < settings.queue_count; i++) {
		for (unsigned side = 0; error == 0 && side < 2 && queues[i].ports[side] != NULL;
		     side++)
			print_port(&queues[i], i, side);
		close_queue(&queues[i]);
	}
	port_program_close(&settings.program);
	return error != 0;
}
