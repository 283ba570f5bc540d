#include <errno.h>
#include <string.h>

#include "app/config_source.h"
#include "app/daemon_state.h"
#include "base/log.h"

void daemon_set_dry_run(struct daemon *daemon, bool is_dry_run)
{
	if (daemon->is_dry_run == is_dry_run)
		return;
	daemon->is_dry_run = is_dry_run;
	sensor_set_dry_run(daemon->sensor, is_dry_run);
	daemon_devices_set_dry_run(&daemon->devices, is_dry_run);
	log_warning("%s", is_dry_run ? "dry run: nothing is dropped from now on"
	                             : "no dry run: what is to be dropped is dropped from now on");
}

void daemon_watch_database(struct daemon *daemon)
{
	const char *path = daemon_config(daemon)->database_path;
	struct daemon_watch *watch;
	int error = daemon_watch_open(path, &watch);

	daemon_watch_free(daemon->watch);
	daemon->watch = NULL;
	if (error == 0)
		daemon->watch = watch;
	else
		log_warning("the folder of %s cannot be watched (%s): it is looked at every 5 s",
		            path, strerror(-error));
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool are_links_same(const struct sensor_config *a, const struct sensor_config *b)
{
	if (a->link_count != b->link_count)
		return false;
	for (unsigned i = 0; i < a->link_count; i++)
		if (!is_same(a->links[i].device, b->links[i].device) ||
		    !is_same(a->links[i].peer, b->links[i].peer))
			return false;
	return true;
}

static bool are_workers_same(const struct sensor_config *a, const struct sensor_config *b)
{
	if (a->worker_count != b->worker_count || (a->cpus == NULL) != (b->cpus == NULL))
		return false;
	return a->cpus == NULL ||
	       memcmp(a->cpus, b->cpus, a->worker_count * sizeof(a->cpus[0])) == 0;
}

static bool are_arguments_same(const struct sensor_config *a, const struct sensor_config *b)
{
	if (a->dpdk_argument_count != b->dpdk_argument_count)
		return false;
	for (unsigned i = 0; i < a->dpdk_argument_count; i++)
		if (!is_same(a->dpdk_arguments[i], b->dpdk_arguments[i]))
			return false;
	return true;
}

// What is in use since the start and cannot be exchanged while packets run.
static void warn_of_restart(const struct sensor_config *in_use, const struct sensor_config *fresh)
{
	const struct {
		const char *field;
		bool is_same;
	} fields[] = {
		{"name", is_same(in_use->name, fresh->name)},
		{"mode", in_use->mode == fresh->mode},
		{"backend", is_same(in_use->backend, fresh->backend)},
		{"links", are_links_same(in_use, fresh)},
		{"workers, cpus", are_workers_same(in_use, fresh)},
		{"fail", in_use->is_fail_closed == fresh->is_fail_closed},
		{"resets", in_use->has_resets == fresh->has_resets},
		{"nxdomain", in_use->has_nxdomain == fresh->has_nxdomain},
		{"checksums", in_use->must_check_sums == fresh->must_check_sums},
		{"local-dns", in_use->has_local_dns == fresh->has_local_dns},
		{"promiscuous", in_use->is_promiscuous == fresh->is_promiscuous},
		{"busy-poll", in_use->is_busy == fresh->is_busy},
		{"stale", in_use->stale_ms == fresh->stale_ms},
		{"flow-memory", in_use->flow_budget_bytes == fresh->flow_budget_bytes},
		{"stream-memory", in_use->stream_budget_bytes == fresh->stream_budget_bytes},
		{"buffer", in_use->buffer_bytes == fresh->buffer_bytes},
		{"rate", in_use->packets_per_s == fresh->packets_per_s},
		{"dpdk-arguments", are_arguments_same(in_use, fresh)},
		{"xdp-generic", in_use->is_xdp_generic == fresh->is_xdp_generic},
		{"xdp-copy", in_use->must_copy == fresh->must_copy},
		{"xdp-flow-slots", in_use->xdp_flow_slots == fresh->xdp_flow_slots},
		{"xdp-pins", is_same(in_use->pin_path, fresh->pin_path)},
		{"control", is_same(in_use->control_path, fresh->control_path)},
		{"metrics", is_same(in_use->metrics_address, fresh->metrics_address)},
		{"user", is_same(in_use->user, fresh->user)},
		{"public-key", is_same(in_use->public_key_path, fresh->public_key_path)},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!fields[i].is_same)
			log_warning("sensor.%s has changed: a restart is needed for it",
			            fields[i].field);
}

static int take_config(struct daemon *daemon)
{
	struct config *fresh;
	int error = config_source_check(daemon->config_path, false, &fresh);

	if (error < 0)
		return error;
	if (fresh->sensor->link_count == 0) {
		log_error("%s: there is no sensor in it any more", fresh->path);
		config_free(fresh);
		return -EINVAL;
	}
	warn_of_restart(daemon->first->sensor, fresh->sensor);
	bool has_moved = !is_same(daemon_config(daemon)->database_path, fresh->database_path);
	if (daemon_config(daemon)->sensor->is_dry_run != fresh->sensor->is_dry_run)
		daemon_set_dry_run(daemon, fresh->sensor->is_dry_run);
	config_free(daemon->newest);
	daemon->newest = fresh;
	if (has_moved || daemon->watch == NULL)
		daemon_watch_database(daemon);
	return 0;
}

static int reopen_outputs(struct daemon *daemon)
{
	const struct sensor_config *sensor = daemon_config(daemon)->sensor;
	const struct daemon_output_paths paths = {
		.hits = sensor->hits_path,
		.sightings = sensor->sightings_path,
		.window_s = sensor->window_s,
	};

	return daemon_output_reopen(daemon->output, &paths);
}

int daemon_reload(struct daemon *daemon, uint64_t request_id)
{
	notify_send(&daemon->notify, "RELOADING=1");
	int error = take_config(daemon);
	if (error < 0)
		log_warning("the configuration that was in effect stays in effect");
	// Also then: whoever moved the hits' file away waits for a new one.
	int reopened = reopen_outputs(daemon);
	if (error == 0)
		error = reopened;
	if (error == 0)
		error = daemon_publish_ask(daemon->publish, daemon_config(daemon)->database_path,
		                           daemon->first->sensor->public_key_path, request_id);
	notify_send(&daemon->notify, "READY=1");
	return error;
}
