// The loop of a sensor's worker.

#include <poll.h>
#include <time.h>

#include "base/timestamp.h"
#include "dataplane/sensor_parts.h"

enum {
	IDLE_ROUNDS = 8, // without a packet, before the worker sleeps
	SLEEP_MS = 50,   // at most: a beat is due, another database, the end
	PORTS_MAX = 2 * SENSOR_LINKS_MAX,
};

#define PUBLISH_NS   (100 * NS_PER_MS)
#define BLIND_NAP_NS (50 * NS_PER_US) // of ports that nobody can wait for

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool is_stopping(const struct sensor_worker *worker)
{
	// Relaxed: nothing else is read on its account.
	return atomic_load_explicit(&worker->sensor->is_stopping, memory_order_relaxed);
}

static void beat(struct sensor_worker *worker, int64_t time_ns)
{
	// Relaxed: a time, and nothing else is read on its account.
	atomic_store_explicit(&worker->beat_ns, time_ns, memory_order_relaxed);
}

void sensor_worker_beat(struct sensor_worker *worker)
{
	beat(worker, now_ns());
}

// 0, then one bucket for each power of two.
static unsigned bucket_of(uint64_t value, unsigned bucket_count)
{
	unsigned bucket = value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);

	return bucket < bucket_count ? bucket : bucket_count - 1;
}

static void count_batch(struct sensor_figures *figures, unsigned count, int64_t taken_ns)
{
	// The first bucket ends at 64 ns.
	unsigned bucket = bucket_of((uint64_t)taken_ns >> 6, SENSOR_LATENCY_BUCKETS);

	figures->batches[bucket_of(count, SENSOR_BATCH_BUCKETS)]++;
	if (count == 0)
		return;
	figures->latency[bucket] += count;
	figures->latency_sum_ns += count * (uint64_t)taken_ns;
}

static void add_counters(const struct port *port, struct sensor_figures *figures)
{
	struct port_counters counters = {0};

	port->ops->counters(port, &counters);
	figures->received += counters.received;
	figures->missed += counters.missed;
	figures->sent += counters.sent;
	figures->unsent += counters.unsent;
	figures->refused += counters.refused;
}

static bool is_down(const struct port *port)
{
	struct port_link link = {.is_up = true};

	if (port->ops->link != NULL)
		port->ops->link(port, &link);
	return !link.is_up;
}

static void publish(struct sensor_worker *worker, int64_t time_ns)
{
	struct sensor_figures *figures = &worker->figures;
	uint64_t links_down = 0;

	worker->published_ns = time_ns;
	figures->received = figures->missed = figures->sent = 0;
	figures->unsent = figures->refused = 0;
	for (unsigned i = 0; i < worker->path_count; i++) {
		const struct pipeline_path *path = &worker->paths[i];

		add_counters(path->port, figures);
		if (is_down(path->port))
			links_down |= UINT64_C(1) << path->capture_id / 2;
	}
	pipeline_figures(worker->pipeline, figures);
	sensor_board_write(&worker->board, figures);
	// Relaxed: nothing else is read on its account.
	atomic_store_explicit(&worker->links_down, links_down, memory_order_relaxed);
}

// Every path has its turn. Returns how many packets there were.
static unsigned run_paths(struct sensor_worker *worker, int64_t *now)
{
	bool is_dry_run = atomic_load_explicit(&worker->sensor->is_dry_run, memory_order_relaxed);
	unsigned sum = 0;

	for (unsigned i = 0; i < worker->path_count; i++) {
		unsigned count = pipeline_run_live(worker->pipeline, &worker->paths[i], is_dry_run);
		int64_t done_ns = count > 0 ? now_ns() : *now;

		count_batch(&worker->figures, count, done_ns - *now);
		*now = done_ns;
		sum += count;
	}
	if (sum > 0) {
		worker->packet_time_ns = pipeline_last_time_ns(worker->pipeline);
		worker->packet_at_ns = *now;
	}
	return sum;
}

static bool is_port_ended(const struct port *port)
{
	return port->ops->is_ended != NULL && port->ops->is_ended(port);
}

static bool is_ended(const struct sensor_worker *worker)
{
	for (unsigned i = 0; i < worker->path_count; i++)
		if (!is_port_ended(worker->paths[i].port))
			return false;
	return true;
}

// Until there is something to receive, or SLEEP_MS are over.
static void wait_for_ports(struct sensor_worker *worker)
{
	const struct timespec nap = {.tv_nsec = BLIND_NAP_NS};
	struct pollfd fds[PORTS_MAX];

	for (unsigned i = 0; i < worker->path_count; i++) {
		const struct port *port = worker->paths[i].port;
		int fd = port->ops->wait_fd != NULL ? port->ops->wait_fd(port) : -1;

		if (fd < 0 && !is_port_ended(port)) {
			(void)nanosleep(&nap, NULL);
			return;
		}
		// Of what has ended poll(2) would say at once that there is something.
		fds[i] = (struct pollfd){.fd = is_port_ended(port) ? -1 : fd, .events = POLLIN};
	}
	(void)poll(fds, worker->path_count, SLEEP_MS);
}

// No packet came: by the packets' clock time goes on all the same.
static void idle(struct sensor_worker *worker, int64_t now)
{
	if (worker->packet_at_ns != 0)
		pipeline_idle(worker->pipeline,
		              worker->packet_time_ns + (now - worker->packet_at_ns));
}

static void run_loop(struct sensor_worker *worker)
{
	int64_t now = now_ns();
	unsigned idle_rounds = 0;

	while (!is_stopping(worker) && !(idle_rounds > 0 && is_ended(worker))) {
		beat(worker, now);
		idle_rounds = run_paths(worker, &now) > 0 ? 0 : idle_rounds + 1;
		if (idle_rounds > 0) {
			idle(worker, now);
			if (!worker->sensor->options.is_busy && idle_rounds >= IDLE_ROUNDS)
				wait_for_ports(worker);
			now = now_ns();
		}
		if (now - worker->published_ns >= PUBLISH_NS)
			publish(worker, now);
	}
}

void *sensor_worker_run(void *context)
{
	struct sensor_worker *worker = context;

	run_loop(worker);
	publish(worker, now_ns());
	pipeline_end(worker->pipeline);
	publish(worker, now_ns());
	// Release: whoever sees the worker ended also sees what it pushed.
	atomic_fetch_sub_explicit(&worker->sensor->running, 1, memory_order_release);
	return NULL;
}
