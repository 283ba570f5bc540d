#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/daemon_state.h"
#include "base/log.h"

enum {
	ROUND_MS_MAX = 250,
	ROUND_MS_MIN = 20,
	BEATS_IN_STALE = 4, // so that one that comes late does not count as death
	FDS_MAX = 5,
	STATUS_BYTES = 200,
};
#define LOOK_NS         NS_PER_S        // for devices
#define OUTPUT_STALE_NS (30 * NS_PER_S) // a disk may be slow, and packets do not wait for it

static int64_t oldest_beat_ns(const struct daemon *daemon)
{
	int64_t oldest_ns = INT64_MAX;

	for (unsigned i = 0; i < daemon->sensor_options.worker_count; i++) {
		struct sensor_figures figures;

		sensor_figures(daemon->sensor, i, &figures);
		if (figures.beat_ns < oldest_ns)
			oldest_ns = figures.beat_ns;
	}
	return oldest_ns;
}

static bool are_workers_alive(const struct daemon *daemon)
{
	int64_t stale_ns = daemon->first->sensor->stale_ms * NS_PER_MS;

	return clock_now_ns() - oldest_beat_ns(daemon) < stale_ns;
}

static bool is_output_alive(const struct daemon *daemon)
{
	struct daemon_output_figures figures;

	daemon_output_figures(daemon->output, &figures);
	return clock_now_ns() - figures.beat_ns < OUTPUT_STALE_NS;
}

// The XDP program hears of the workers alone, and only where there is something to judge by; the
// service manager of everything, so that what hangs is started anew.
static void tell_signs_of_life(struct daemon *daemon)
{
	bool is_alive = are_workers_alive(daemon);

	if (is_alive && daemon_publish_has_database(daemon->publish))
		daemon_devices_beat(&daemon->devices);
	if (is_alive != daemon->was_alive && is_alive)
		log_info("all workers move");
	else if (is_alive != daemon->was_alive)
		log_error("a worker has shown no sign of life for %u ms",
		          daemon->first->sensor->stale_ms);
	daemon->was_alive = is_alive;
	if (is_alive && is_output_alive(daemon))
		notify_alive(&daemon->notify);
}

static void tell_links(struct daemon *daemon)
{
	uint64_t down = sensor_links_down(daemon->sensor);
	// Not compared bit by bit: gcc 12.2 -O2 forgets one side of `a >> i & 1 == b >> i & 1`.
	uint64_t changed = down ^ daemon->links_down;

	for (unsigned i = 0; i < daemon->devices.link_count; i++) {
		const struct sensor_link *link = &daemon->devices.links[i];
		bool is_down = (down >> i & 1) != 0;

		if ((changed >> i & 1) == 0)
			continue;
		log_write(is_down ? LOG_WARNING : LOG_INFO, "link %s%s%s is %s", link->device,
		          link->peer != NULL ? " - " : "", link->peer != NULL ? link->peer : "",
		          is_down ? "down" : "up");
	}
	daemon->links_down = down;
}

static void take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo signal;

	while (read(daemon->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGHUP) {
			(void)daemon_reload(daemon, 0);
		} else {
			daemon->is_stopping = true;
			daemon->stop_signal = (int)signal.ssi_signo;
		}
	}
}

static void answer_requests(struct daemon *daemon)
{
	char text[DAEMON_PUBLISH_TEXT_BYTES];
	uint64_t request_id;
	int error;

	while (daemon_publish_done(daemon->publish, &request_id, &error, text))
		control_server_answer(daemon->control, request_id, error, slice_text(text));
}

// How long to wait for descriptors.
static int look_at_files(struct daemon *daemon)
{
	int round_ms = (int)(daemon->first->sensor->stale_ms / BEATS_IN_STALE);
	int wait_ms = -1;

	if (daemon->watch != NULL && daemon_watch_is_due(daemon->watch, clock_now_ns(), &wait_ms))
		daemon_publish_look(daemon->publish);
	if (round_ms > ROUND_MS_MAX)
		round_ms = ROUND_MS_MAX;
	if (wait_ms >= 0 && wait_ms < round_ms)
		round_ms = wait_ms;
	return round_ms < ROUND_MS_MIN ? ROUND_MS_MIN : round_ms;
}

static void wait_for_something(const struct daemon *daemon, int timeout_ms)
{
	struct pollfd fds[FDS_MAX] = {
		{.fd = daemon->signal_fd, .events = POLLIN},
		{.fd = control_server_fd(daemon->control), .events = POLLIN},
		{.fd = daemon_publish_fd(daemon->publish), .events = POLLIN},
		{.fd = daemon->watch != NULL ? daemon_watch_fd(daemon->watch) : -1,
	         .events = POLLIN},
		{.fd = daemon->metrics != NULL ? metrics_http_fd(daemon->metrics) : -1,
	         .events = POLLIN},
	};

	(void)poll(fds, FDS_MAX, timeout_ms);
}

static void tell_ready(struct daemon *daemon)
{
	const struct sensor_config *sensor = daemon->first->sensor;
	char status[STATUS_BYTES];

	(void)snprintf(status, sizeof(status), "READY=1\nSTATUS=%s, links: %u, workers: %u",
	               sensor_mode_name(sensor->mode), sensor->link_count, sensor->worker_count);
	notify_send(&daemon->notify, status);
	log_info("%s: mode %s by %s, links: %u, workers: %u%s", sensor->name,
	         sensor_mode_name(sensor->mode), sensor->backend, sensor->link_count,
	         sensor->worker_count, daemon->is_dry_run ? ", dry run" : "");
}

// What replaces an interface that was removed is another one, without program or sockets: only a
// new start guards it. A tap goes on with the others.
static void look_for_devices(struct daemon *daemon)
{
	int64_t now_ns = clock_now_ns();

	if (daemon->first->sensor->mode == SENSOR_TAP || daemon->is_device_gone ||
	    now_ns - daemon->looked_ns < LOOK_NS)
		return;
	daemon->looked_ns = now_ns;
	const char *name = daemon_devices_gone(&daemon->devices);
	if (name == NULL)
		return;
	daemon->is_device_gone = true;
	log_error("the interface %s is gone: ending, to be started again; until then the other "
	          "interfaces fail %s",
	          name, daemon->first->sensor->is_fail_closed ? "closed" : "open");
}

// A capture ends, devices do not: who watches over the sensor is to start it again.
static int look_for_end(struct daemon *daemon)
{
	daemon->looked_ns = 0;
	if (!daemon->is_stopping)
		look_for_devices(daemon);
	if (daemon->is_device_gone)
		return -ENODEV;
	if (daemon->is_stopping || strcmp(daemon->first->sensor->backend, "replay") == 0)
		return 0;
	log_error("%s: no device is left", daemon->first->sensor->name);
	return -ENODEV;
}

int daemon_loop(struct daemon *daemon)
{
	daemon->was_alive = true;
	// Opening the ports may have taken longer than `stale`; the workers have just been started.
	if (daemon_publish_has_database(daemon->publish))
		daemon_devices_beat(&daemon->devices);
	tell_ready(daemon);
	while (!daemon->is_stopping && !daemon->is_device_gone && !sensor_is_done(daemon->sensor)) {
		wait_for_something(daemon, look_at_files(daemon));
		take_signals(daemon);
		control_server_serve(daemon->control);
		answer_requests(daemon);
		if (daemon->metrics != NULL)
			metrics_http_serve(daemon->metrics);
		tell_signs_of_life(daemon);
		tell_links(daemon);
		look_for_devices(daemon);
	}
	return look_for_end(daemon);
}
