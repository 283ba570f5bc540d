#include <string.h>

#include "app/clock.h"
#include "app/daemon_state.h"

static void take_published(const struct daemon *daemon, struct daemon_figures *figures)
{
	struct daemon_publish_figures published;

	daemon_publish_figures(daemon->publish, &published);
	figures->has_database = published.has_database;
	figures->database = published.database;
	figures->generation = publisher_generation(daemon->publisher);
	figures->publications = published.publications;
	figures->reloads = published.reloads;
	figures->reload_failures = published.reload_failures;
	figures->reloaded_ns = published.reloaded_ns;
	figures->reload_duration_ns = published.reload_duration_ns;
	figures->outputs_failed = published.hits_lost;
	figures->xdp_count = published.xdp_count;
	memcpy(figures->xdp, published.xdp, published.xdp_count * sizeof(published.xdp[0]));
}

static void take_outputs(const struct daemon *daemon, struct daemon_figures *figures)
{
	struct daemon_output_figures written;

	daemon_output_figures(daemon->output, &written);
	figures->hits_written = written.hits_written;
	figures->sightings_written = written.sightings_written;
	figures->outputs_failed += written.failed;
}

// A link is down when one of its devices is.
static void take_links(const struct daemon *daemon, struct daemon_figures *figures)
{
	uint64_t down = sensor_links_down(daemon->sensor);

	for (unsigned i = 0; i < daemon->devices.count; i++) {
		if (daemon->devices.names[i][0] == '\0')
			continue;
		figures->link_names[figures->link_count] = daemon->devices.names[i];
		figures->link_is_up[figures->link_count] = (down >> (i / 2) & 1) == 0;
		figures->link_count++;
	}
}

void daemon_take_figures(const struct daemon *daemon, struct daemon_figures *ret_figures)
{
	const struct sensor_config *sensor = daemon->first->sensor;

	*ret_figures = (struct daemon_figures){
		.version = SEKISHO_VERSION,
		.mode = sensor_mode_name(sensor->mode),
		.backend = sensor->backend,
		.is_dry_run = daemon->is_dry_run,
		.is_fail_closed = sensor->is_fail_closed,
		.started_ns = daemon->started_ns,
		.now_ns = clock_wall_ns(),
		.monotonic_ns = clock_now_ns(),
		.worker_count = sensor->worker_count,
	};
	take_published(daemon, ret_figures);
	take_outputs(daemon, ret_figures);
	take_links(daemon, ret_figures);
	for (unsigned i = 0; i < sensor->worker_count; i++)
		sensor_figures(daemon->sensor, i, &ret_figures->workers[i]);
}
