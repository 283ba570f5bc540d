#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/daemon_seccomp.h"
#include "app/daemon_state.h"
#include "app/problems.h"
#include "base/log.h"

enum { RING_BYTES = 4 * 1024 * 1024 };

// Blocked before there is any thread, so that all of them leave signals to the main loop: DPDK's,
// too, which is started with the devices.
static int take_signals(struct daemon *daemon)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGHUP);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	daemon->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return daemon->signal_fd < 0 ? -errno : 0;
}

static bool needs_helper(const struct daemon *daemon)
{
	return daemon->devices.xdp_count > 0;
}

static int make_rings(struct daemon *daemon)
{
	unsigned count = daemon->first->sensor->worker_count + needs_helper(daemon);
	int error = 0;

	while (daemon->ring_count < count && error == 0) {
		error = ring_create(RING_BYTES, &daemon->rings[daemon->ring_count]);
		daemon->ring_count += error == 0;
	}
	if (error == 0)
		error = publisher_create(count, daemon->rings, &daemon->publisher);
	if (error < 0)
		log_error("memory for hits: %s", strerror(-error));
	return error;
}

static int open_devices(struct daemon *daemon)
{
	struct report report = {.input = "devices"};
	int error = daemon_devices_open(daemon->first->sensor, daemon->is_dry_run, &report,
	                                &daemon->devices);

	if (error < 0 && report.count == 0)
		log_error("opening the devices: %s", strerror(-error));
	else if (error < 0)
		problems_error("devices", &report);
	else
		problems_warn("devices", &report);
	report_clear(&report);
	return error;
}

static int start_helper(struct daemon *daemon)
{
	const struct daemon_devices *devices = &daemon->devices;
	const struct daemon_helper_options options = {
		.xdps = devices->xdps,
		.devices = devices->xdp_names,
		.pin_paths = (const char *const *)devices->pin_paths,
		.count = devices->xdp_count,
		.public_key_path = daemon->first->sensor->public_key_path,
		.identity = &daemon->identity,
	};

	return needs_helper(daemon) ? daemon_helper_start(&options, &daemon->helper) : 0;
}

static void tell_missing(const struct daemon *daemon)
{
	const struct sensor_config *sensor = daemon->first->sensor;

	if (sensor->mode == SENSOR_TAP)
		log_warning("nothing is looked for until there is a database");
	else
		log_warning("%s until there is a database",
		            sensor->is_fail_closed ? "NOTHING PASSES" : "EVERYTHING PASSES");
}

static int open_database(struct daemon *daemon)
{
	// What a tap hands over to AF_XDP is only looked at: its maps stay empty.
	bool mirrors = daemon->first->sensor->mode != SENSOR_TAP;
	const struct daemon_kernel kernel = {
		.helper = daemon->helper,
		.mirrors = mirrors,
		.devices = daemon->devices.xdp_numbers,
		.device_count = daemon->devices.xdp_count,
		.ring = needs_helper(daemon) ? daemon->rings[daemon->ring_count - 1] : NULL,
	};
	const struct daemon_publish_options options = {daemon->publisher, kernel};
	int error = daemon_publish_create(&options, &daemon->publish);

	if (error < 0) {
		log_error("the publishing thread: %s", strerror(-error));
		return error;
	}
	error = daemon_publish_first(daemon->publish, daemon->first->database_path,
	                             daemon->first->sensor->public_key_path);
	if (error < 0)
		tell_missing(daemon);
	return error == -ENOMEM ? error : 0;
}

// The group that may read the databases may ask the daemon, too.
static int open_control(struct daemon *daemon)
{
	const struct control_handler handler = {daemon_answer, daemon};
	const char *path = daemon->first->sensor->control_path;
	struct report report = {.input = path};
	int error = control_server_open(path, &handler, &report, &daemon->control);

	if (error < 0 && report.count > 0)
		problems_error(path, &report);
	else if (error < 0)
		log_error("the control socket %s: %s", path, strerror(-error));
	report_clear(&report);
	if (error == 0 && daemon->identity.gid != getegid() &&
	    lchown(path, (uid_t)-1, daemon->identity.gid) < 0)
		log_warning("the control socket %s stays with its group: %s", path,
		            strerror(errno));
	return error;
}

static int open_outputs(struct daemon *daemon)
{
	const struct sensor_config *sensor = daemon->first->sensor;
	const struct daemon_output_options options = {
		.sensor = sensor->name,
		.devices = daemon->devices.names,
		.device_count = daemon->devices.count,
		.publisher = daemon->publisher,
		.rings = daemon->rings,
		.ring_count = daemon->ring_count,
	};
	const struct daemon_output_paths paths = {
		.hits = sensor->hits_path,
		.sightings = sensor->sightings_path,
		.window_s = sensor->window_s,
	};

	return daemon_output_open(&options, &paths, &daemon->output);
}

// On a thread that DPDK has started before. Identity and groups are the process's.
static void give_up_capabilities(void *context)
{
	struct daemon *daemon = context;

	if (daemon->thread_error == 0)
		daemon->thread_error = daemon_privileges_become(&daemon->identity);
}

static int give_up_of_threads(struct daemon *daemon)
{
	int error = dpdk_each_thread(daemon->devices.dpdk, give_up_capabilities, daemon);

	return error < 0 ? error : daemon->thread_error;
}

// The devices are open, and there is no thread of ours yet: the outputs are opened by who will
// write them, so that what they may not do is known at once.
static int give_up_privileges(void *context)
{
	struct daemon *daemon = context;

	int error = daemon_privileges_drop(&daemon->identity);

	// What the workers find later is told at the end: until then the report is theirs.
	problems_warn("devices", &daemon->port_report);
	report_clear(&daemon->port_report);
	if (error == 0)
		error = give_up_of_threads(daemon);
	if (error < 0) {
		log_error("giving up privileges (user %s): %s",
		          daemon->identity.user != NULL ? daemon->identity.user : "unchanged",
		          strerror(-error));
		return error;
	}
	error = open_outputs(daemon);
	if (error < 0)
		return error;
	if (access(daemon->first->database_path, R_OK) < 0 && errno == EACCES)
		log_warning("%s cannot be read by the sensor's user: no reload will succeed",
		            daemon->first->database_path);
	if (daemon->devices.dpdk != NULL && daemon->identity.uid == 0)
		log_warning("without sensor.user DPDK's own threads keep root's rights");
	error = daemon_seccomp_daemon();
	if (error < 0)
		log_error("the filter of system calls: %s", strerror(-error));
	return error;
}

static void set_sensor_options(struct daemon *daemon)
{
	const struct sensor_config *sensor = daemon->first->sensor;

	daemon->sensor_options = (struct sensor_options){
		.backend = sensor->backend,
		.links = daemon->devices.links,
		.link_count = daemon->devices.link_count,
		.worker_count = sensor->worker_count,
		.cpus = sensor->cpus,
		.publisher = daemon->publisher,
		.rings = daemon->rings,
		.flow_budget_bytes = sensor->flow_budget_bytes,
		.stream_budget_bytes = sensor->stream_budget_bytes,
		.buffer_bytes = sensor->buffer_bytes,
		.packets_per_s = sensor->packets_per_s,
		.must_copy = sensor->must_copy,
		.is_promiscuous = sensor->is_promiscuous,
		.is_busy = sensor->is_busy,
		.is_dry_run = daemon->is_dry_run,
		.has_resets = sensor->has_resets,
		.has_nxdomain = sensor->has_nxdomain,
		.is_fail_closed = sensor->is_fail_closed,
		.traffic = {.must_check_sums = sensor->must_check_sums,
	                    .has_local_dns = sensor->has_local_dns},
		.report = &daemon->port_report,
		.opened = give_up_privileges,
		.opened_context = daemon,
	};
}

static int start_sensor(struct daemon *daemon)
{
	set_sensor_options(daemon);
	int error = sensor_start(&daemon->sensor_options, &daemon->sensor);

	if (error < 0 && daemon->port_report.count > 0)
		problems_error("devices", &daemon->port_report);
	else if (error < 0)
		log_error("starting the sensor: %s", strerror(-error));
	if (error < 0)
		report_clear(&daemon->port_report);
	return error;
}

static int start_threads(struct daemon *daemon)
{
	int error = daemon_output_start(daemon->output);

	if (error == 0)
		error = daemon_publish_start(daemon->publish, daemon->output);
	if (error < 0)
		log_error("starting threads: %s", strerror(-error));
	return error;
}

// A sensor goes on without its metrics: the port may be another's.
static void open_metrics(struct daemon *daemon)
{
	const struct metrics_http_source source = {daemon_render_metrics, daemon};
	const char *address = daemon->first->sensor->metrics_address;
	struct report report = {.input = address};

	if (address == NULL)
		return;
	int error = metrics_http_open(address, &source, &report, &daemon->metrics);
	if (error < 0 && report.count == 0)
		log_warning("metrics at %s: %s", address, strerror(-error));
	problems_warn("metrics", &report);
	report_clear(&report);
}

int daemon_start(struct daemon *daemon)
{
	static int (*const steps[])(struct daemon *) = {
		take_signals,  open_devices, make_rings,   start_helper,
		open_database, open_control, start_sensor, start_threads,
	};
	const char *user = daemon->first->sensor->user;
	int error = daemon_identity_find(user, &daemon->identity);

	daemon->signal_fd = -1;
	daemon->started_ns = clock_wall_ns();
	if (error < 0) {
		log_error("sensor.user %s: %s", user,
		          error == -ENOENT ? "there is no such user" : strerror(-error));
		return error;
	}
	notify_open(&daemon->notify);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && error == 0; i++)
		error = steps[i](daemon);
	if (error < 0) {
		daemon_undo_devices(daemon);
		return error;
	}
	open_metrics(daemon);
	daemon_watch_database(daemon);
	return 0;
}
