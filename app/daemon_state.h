// app/daemon_state.h — what the files daemon*.c hold together. The main thread's, all of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/control_server.h"
#include "app/daemon.h"
#include "app/daemon_devices.h"
#include "app/daemon_helper.h"
#include "app/daemon_output.h"
#include "app/daemon_privileges.h"
#include "app/daemon_publish.h"
#include "app/daemon_watch.h"
#include "app/metrics_http.h"
#include "app/notify.h"
#include "engine/publish.h"
#include "loader/config.h"

enum { DAEMON_RINGS_MAX = SENSOR_WORKERS_MAX + 1 }; // and one for what the kernel dropped

struct daemon {
	const char *config_path;    // as the command line says
	const struct config *first; // of the start: what points into it is in use until the end
	struct config *newest;      // owned; NULL: the first one is
	struct daemon_identity identity;
	int thread_error; // of giving up privileges on a thread of DPDK's
	bool is_dry_run;
	int64_t started_ns;

	int signal_fd;
	struct notify notify;
	struct ring *rings[DAEMON_RINGS_MAX];
	unsigned ring_count;
	struct publisher *publisher;
	struct daemon_devices devices;
	struct daemon_helper *helper;
	struct daemon_publish *publish;
	struct daemon_output *output;
	struct daemon_watch *watch; // NULL: the folder could not be watched
	struct control_server *control;
	struct metrics_http *metrics; // NULL: none
	struct sensor_options sensor_options;
	struct report port_report;
	struct sensor *sensor;

	bool is_stopping;
	int stop_signal; // that asked for it; 0: the control socket did, or everything has ended
	uint64_t links_down;
	int64_t looked_ns;   // for devices that are gone
	bool is_device_gone; // inline: it ends, and the other devices' programs stay
	bool was_alive;
};

static inline const struct config *daemon_config(const struct daemon *daemon)
{
	return daemon->newest != NULL ? daemon->newest : daemon->first;
}

// daemon_start.c: everything up to the first packet. Errors are logged. Returns 0 or an error;
// daemon_close() in any case.
int daemon_start(struct daemon *daemon);
// daemon_stop.c: lets the workers end, writes what is left, leaves the interfaces as they were.
// Returns 0, or -ETIMEDOUT: a worker hangs, nothing may be freed.
int daemon_stop(struct daemon *daemon);
// Of a start that failed: the interfaces are as they were before it. What a crashed process had
// left there stays: it is what guards them.
void daemon_undo_devices(struct daemon *daemon);
void daemon_close(struct daemon *daemon);

// daemon_loop.c: until it is asked to stop, or nothing will come any more. Returns 0, or -ENODEV:
// every device is gone for good, or inline one is.
int daemon_loop(struct daemon *daemon);

// daemon_reload.c: the configuration is read again; what can change without a restart does, and the
// database is opened anew. `request_id`: daemon_publish_ask(). Returns 0, or an error that was
// logged: what was in effect stays in effect.
int daemon_reload(struct daemon *daemon, uint64_t request_id);
void daemon_set_dry_run(struct daemon *daemon, bool is_dry_run);
void daemon_watch_database(struct daemon *daemon); // the one that is configured

// daemon_control.c: struct control_handler.
int daemon_answer(void *context, uint64_t request_id, const char *request, struct buffer *answer,
                  struct report *report);

// daemon_figures.c
void daemon_take_figures(const struct daemon *daemon, struct daemon_figures *ret_figures);
void daemon_render_metrics(void *context, struct buffer *text); // of a struct daemon
