#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/sensor_parts.h"

#define FLOW_BUDGET_DEFAULT   ((size_t)640 * 1024 * 1024) // 10,485,760 flows
#define STREAM_BUDGET_DEFAULT ((size_t)256 * 1024 * 1024)

static void report_error(struct report *report, const char *reason, const char *device,
                         const char *detail)
{
	report_add(report, &(struct problem){
				   .reason = reason,
				   .object = slice_text(device),
				   .detail = slice_text(detail),
			   });
}

static int open_port(const struct sensor_worker *worker, const char *name, struct xdp *xdp,
                     struct port **ret_port)
{
	const struct sensor_options *options = &worker->sensor->options;
	const struct port_device device = {
		.name = name,
		.queue = worker->index,
		.queue_count = options->worker_count,
		.is_promiscuous = options->is_promiscuous,
		.buffer_bytes = options->buffer_bytes,
		.packets_per_s = options->packets_per_s,
		.xdp = xdp,
		.must_copy = options->must_copy,
		.report = options->report,
	};

	return port_open_device(options->backend, &device, ret_port);
}

static int connect_ports(const struct sensor_worker *worker, const struct sensor_link *link,
                         struct port *port, struct port *peer)
{
	if (port->ops->connect == NULL) {
		report_error(worker->sensor->options.report,
		             "this backend only listens, and cannot forward packets", link->device,
		             worker->sensor->options.backend);
		return -ENOTSUP;
	}
	return port->ops->connect(port, peer);
}

static int open_link(struct sensor_worker *worker, unsigned number)
{
	const struct sensor_link *link = &worker->sensor->options.links[number];
	struct pipeline_path *path = &worker->paths[worker->path_count];
	int error;

	path[0] = (struct pipeline_path){.capture_id = 2 * number, .xdp = link->xdp};
	error = open_port(worker, link->device, link->xdp, &path[0].port);
	if (error < 0)
		return error;
	worker->path_count++;
	if (link->peer == NULL) { // the kernel forwards: what leaves here may come in by any
		path[0].xdps = worker->xdps;
		path[0].xdp_count = 2 * worker->sensor->options.link_count;
		return 0;
	}
	path[1] = (struct pipeline_path){.capture_id = 2 * number + 1, .peer = path[0].port};
	error = open_port(worker, link->peer, link->peer_xdp, &path[1].port);
	if (error < 0)
		return error;
	worker->path_count++;
	path[0].peer = path[1].port;
	path[0].peer_xdp = path[1].peer_xdp = link->peer_xdp;
	path[1].xdp = link->xdp;
	path[0].xdps = path[1].xdps = &worker->xdps[2 * number];
	path[0].xdp_count = path[1].xdp_count = 2;
	return connect_ports(worker, link, path[0].port, path[1].port);
}

static bool is_abandoned(void *context)
{
	struct sensor *sensor = context;

	// Relaxed: nothing else is read on its account.
	return atomic_load_explicit(&sensor->is_abandoned, memory_order_relaxed);
}

static int open_worker(struct sensor *sensor, unsigned index)
{
	const struct sensor_options *options = &sensor->options;
	struct sensor_worker *worker = &sensor->workers[index];
	const struct pipeline_live live = {
		.publisher = options->publisher,
		.reader = index,
		.is_fail_closed = options->is_fail_closed,
		.has_resets = options->has_resets,
		.has_nxdomain = options->has_nxdomain,
	};
	const struct pipeline_options pipeline_options = {
		.live = &live,
		.ring = options->rings[index],
		.is_abandoned = is_abandoned,
		.context = sensor,
		.flow_budget_bytes = options->flow_budget_bytes != 0 ? options->flow_budget_bytes
	                                                             : FLOW_BUDGET_DEFAULT,
		.stream_budget_bytes = options->stream_budget_bytes != 0
	                                       ? options->stream_budget_bytes
	                                       : STREAM_BUDGET_DEFAULT,
		.traffic = options->traffic,
	};
	int error = 0;

	worker->sensor = sensor;
	worker->index = index;
	worker->paths = calloc(2 * options->link_count, sizeof(worker->paths[0]));
	worker->xdps = calloc(2 * options->link_count, sizeof(struct xdp *));
	if (worker->paths == NULL || worker->xdps == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < options->link_count; i++) {
		worker->xdps[2 * i] = options->links[i].xdp;
		worker->xdps[2 * i + 1] = options->links[i].peer_xdp;
	}
	for (unsigned i = 0; i < options->link_count && error == 0; i++)
		error = open_link(worker, i);
	return error < 0 ? error : pipeline_create(&pipeline_options, &worker->pipeline);
}

// The attributes of a thread that runs on `cpu` alone.
static int pin(pthread_attr_t *attributes, unsigned cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	return pthread_attr_setaffinity_np(attributes, sizeof(cpus), &cpus);
}

static int start_worker(struct sensor *sensor, unsigned index)
{
	const uint16_t *cpus = sensor->options.cpus;
	struct sensor_worker *worker = &sensor->workers[index];
	pthread_attr_t attributes;
	char cpu[32];
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return -error;
	if (cpus != NULL)
		error = cpus[index] < CPU_SETSIZE ? pin(&attributes, cpus[index]) : EINVAL;
	atomic_fetch_add_explicit(&sensor->running, 1, memory_order_relaxed);
	// Until its thread runs, which may take a while: it is no worker that hangs.
	sensor_worker_beat(worker);
	if (error == 0)
		error = pthread_create(&worker->thread, &attributes, sensor_worker_run, worker);
	(void)pthread_attr_destroy(&attributes);
	if (error == 0) {
		worker->has_thread = true;
		return 0;
	}
	atomic_fetch_sub_explicit(&sensor->running, 1, memory_order_relaxed);
	if (cpus != NULL) {
		(void)snprintf(cpu, sizeof(cpu), "CPU %u", cpus[index]);
		report_error(sensor->options.report, "a worker cannot run on its CPU", cpu,
		             strerror(error));
	}
	return -error;
}

static bool are_valid(const struct sensor_options *options)
{
	return options->worker_count >= 1 && options->worker_count <= SENSOR_WORKERS_MAX &&
	       options->link_count >= 1 && options->link_count <= SENSOR_LINKS_MAX;
}

static int create(const struct sensor_options *options, struct sensor **ret_sensor)
{
	size_t bytes = sizeof(struct sensor) + options->worker_count * sizeof(struct sensor_worker);
	struct sensor *sensor = aligned_alloc(CACHE_LINE_BYTES, bytes);

	if (sensor == NULL)
		return -ENOMEM;
	memset(sensor, 0, bytes);
	sensor->options = *options;
	atomic_init(&sensor->is_dry_run, options->is_dry_run);
	*ret_sensor = sensor;
	return 0;
}

int sensor_start(const struct sensor_options *options, struct sensor **ret_sensor)
{
	AUTO(sensor) sensor = NULL;
	int error;

	if (!are_valid(options))
		return -EINVAL;
	error = create(options, &sensor);
	for (unsigned i = 0; i < options->worker_count && error == 0; i++)
		error = open_worker(sensor, i);
	if (error == 0 && options->opened != NULL)
		error = options->opened(options->opened_context);
	for (unsigned i = 0; i < options->worker_count && error == 0; i++)
		error = start_worker(sensor, i);
	if (error < 0)
		return error;
	*ret_sensor = TAKE(sensor);
	return 0;
}

void sensor_set_dry_run(struct sensor *sensor, bool is_dry_run)
{
	// Relaxed, here and below: nothing else is read on its account.
	atomic_store_explicit(&sensor->is_dry_run, is_dry_run, memory_order_relaxed);
}

uint64_t sensor_links_down(const struct sensor *sensor)
{
	uint64_t links = 0;

	for (unsigned i = 0; i < sensor->options.worker_count; i++)
		links |= atomic_load_explicit(&sensor->workers[i].links_down, memory_order_relaxed);
	return links;
}

bool sensor_is_done(const struct sensor *sensor)
{
	// Acquire: pairs with the workers' release.
	return atomic_load_explicit(&sensor->running, memory_order_acquire) == 0;
}

void sensor_stop(struct sensor *sensor)
{
	atomic_store_explicit(&sensor->is_stopping, true, memory_order_relaxed);
}

static void worker_close(struct sensor_worker *worker)
{
	pipeline_free(worker->pipeline);
	for (unsigned i = 0; i < worker->path_count; i++)
		port_close(worker->paths[i].port);
	free(worker->paths);
	free(worker->xdps);
}

void sensor_free(struct sensor *sensor)
{
	if (sensor == NULL)
		return;
	sensor_stop(sensor);
	atomic_store_explicit(&sensor->is_abandoned, true, memory_order_relaxed);
	for (unsigned i = 0; i < sensor->options.worker_count; i++)
		if (sensor->workers[i].has_thread)
			(void)pthread_join(sensor->workers[i].thread, NULL);
	for (unsigned i = 0; i < sensor->options.worker_count; i++)
		worker_close(&sensor->workers[i]);
	free(sensor);
}
