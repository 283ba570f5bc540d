#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/daemon_state.h"
#include "app/problems.h"
#include "base/log.h"

#define STOP_NS  (10 * NS_PER_S)
#define PAUSE_NS (5 * NS_PER_MS)

static int wait_for_workers(const struct daemon *daemon)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int64_t until_ns = clock_now_ns() + STOP_NS;

	while (!sensor_is_done(daemon->sensor)) {
		if (clock_now_ns() > until_ns)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static void unload(struct daemon *daemon)
{
	struct report report = {0};

	if (daemon->helper == NULL)
		return;
	int error = daemon_helper_unload(daemon->helper, &report);
	if (error < 0)
		log_error("the XDP program is still attached ('sekisho xdp unload' takes it away): "
		          "%s",
		          report.reason_count > 0 && report.reasons[0].example_count > 0
		                  ? report.reasons[0].examples[0].detail
		                  : strerror(-error));
	report_clear(&report);
}

void daemon_undo_devices(struct daemon *daemon)
{
	const struct daemon_devices *devices = &daemon->devices;

	if (devices->has_taken_over)
		return;
	if (daemon->helper != NULL) {
		unload(daemon);
		return;
	}
	for (unsigned i = 0; i < devices->xdp_count; i++)
		(void)xdp_unload(devices->xdp_names[i], devices->pin_paths[i], NULL);
}

int daemon_stop(struct daemon *daemon)
{
	notify_send(&daemon->notify, "STOPPING=1");
	sensor_stop(daemon->sensor);
	int error = wait_for_workers(daemon);
	if (error < 0)
		log_error("a worker does not end");
	daemon_publish_stop(daemon->publish);
	daemon_output_stop(daemon->output);
	// What is left fails as after a crash, and is taken over by the next start.
	if (!daemon->is_device_gone)
		unload(daemon);
	return error;
}

void daemon_close(struct daemon *daemon)
{
	sensor_free(daemon->sensor);
	problems_warn("devices", &daemon->port_report);
	report_clear(&daemon->port_report);
	metrics_http_close(daemon->metrics);
	control_server_close(daemon->control);
	daemon_watch_free(daemon->watch);
	daemon_publish_free(daemon->publish);
	daemon_output_free(daemon->output);
	daemon_helper_free(daemon->helper);
	daemon_devices_close(&daemon->devices);
	publisher_free(daemon->publisher);
	for (unsigned i = 0; i < daemon->ring_count; i++)
		ring_free(daemon->rings[i]);
	if (daemon->signal_fd >= 0)
		(void)close(daemon->signal_fd);
	notify_close(&daemon->notify);
	config_free(daemon->newest);
}
