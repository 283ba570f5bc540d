#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/daemon_state.h"
#include "app/metrics.h"
#include "base/log.h"

static void append_time(struct buffer *answer, const char *name, int64_t time_ns)
{
	char text[TIMESTAMP_TEXT_BYTES];

	timestamp_format(time_ns, 0, text);
	buffer_format(answer, "%s: %s\n", name, text);
}

static void append_database(const struct daemon_figures *figures, const char *path,
                            struct buffer *answer)
{
	buffer_format(answer, "database: %s\n", path);
	if (!figures->has_database) {
		buffer_append_text(answer, "indicators: none, there is no database in force\n");
		return;
	}
	buffer_format(answer, "indicators: %" PRIu64 "\ngeneration: %" PRIu32 "\n",
	              figures->database.indicators, figures->generation);
	append_time(answer, "in force since", figures->reloaded_ns);
	buffer_format(answer, "reloads: %" PRIu64 ", failed %" PRIu64 "\n", figures->reloads,
	              figures->reload_failures);
}

static void append_traffic(const struct daemon_figures *figures, struct buffer *answer)
{
	struct sensor_figures sum = {0};
	uint64_t drops = 0;

	for (unsigned i = 0; i < figures->worker_count; i++)
		sensor_figures_add(&sum, &figures->workers[i]);
	for (unsigned i = 0; i < DROP_CAUSE_COUNT; i++)
		drops += sum.drops[i];
	buffer_format(answer,
	              "packets: %" PRIu64 ", missed %" PRIu64 ", dropped %" PRIu64 "\n"
	              "hits: %" PRIu64 ", written %" PRIu64 ", not written %" PRIu64 "\n"
	              "sightings: %" PRIu64 "\n",
	              sum.counters.packets, sum.missed, drops, sum.counters.hits,
	              figures->hits_written, figures->outputs_failed + sum.hits_lost,
	              figures->sightings_written);
}

static int answer_status(const struct daemon *daemon, struct buffer *answer)
{
	struct daemon_figures *figures = malloc(sizeof(*figures));

	if (figures == NULL)
		return -ENOMEM;
	daemon_take_figures(daemon, figures);
	buffer_format(answer, "sensor: %s\nversion: %s\nmode: %s by %s%s%s\n",
	              daemon->first->sensor->name, figures->version, figures->mode,
	              figures->backend, figures->is_dry_run ? ", dry run" : "",
	              figures->is_fail_closed ? ", fail closed" : "");
	append_time(answer, "started", figures->started_ns);
	append_database(figures, daemon_config(daemon)->database_path, answer);
	for (unsigned i = 0; i < figures->link_count; i++)
		buffer_format(answer, "link %s: %s\n", figures->link_names[i],
		              figures->link_is_up[i] ? "up" : "down");
	for (unsigned i = 0; i < figures->xdp_count; i++)
		buffer_format(answer, "XDP on %s: %s\n", figures->xdp[i].device,
		              figures->xdp[i].is_attached ? "attached" : "OFF");
	append_traffic(figures, answer);
	free(figures);
	return answer->failed ? -ENOMEM : 0;
}

void daemon_render_metrics(void *context, struct buffer *text)
{
	struct daemon_figures *figures = malloc(sizeof(*figures));

	if (figures == NULL) {
		text->failed = true;
		return;
	}
	daemon_take_figures(context, figures);
	metrics_render(figures, text);
	free(figures);
}

static int refuse(struct report *report, int error, const char *text)
{
	report_add(report, &(struct problem){.reason = text});
	return error;
}

static int reload(struct daemon *daemon, uint64_t request_id, struct report *report)
{
	int error = daemon_reload(daemon, request_id);

	if (error == -EINVAL)
		return refuse(report, error, "the configuration has mistakes: see the log");
	return error < 0 ? refuse(report, error, strerror(-error)) : -EINPROGRESS;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat status_a;
	struct stat status_b;

	return stat(a, &status_a) == 0 && stat(b, &status_b) == 0 &&
	       status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
}

// Whoever pushes may have come there by another way: a link, another folder's "..".
static bool is_ours(const char *path, const char *database_path)
{
	static const char *const suffixes[] = {"", ".overlay", ".state"};
	char own[PATH_MAX];

	for (unsigned i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		(void)snprintf(own, sizeof(own), "%s%s", database_path, suffixes[i]);
		if (strcmp(path, own) == 0 || is_same_file(path, own))
			return true;
	}
	return false;
}

// The loader has written there; what this sensor reads is for its configuration to say.
static int push(struct daemon *daemon, uint64_t request_id, const char *path, struct report *report)
{
	const struct config *config = daemon_config(daemon);

	if (!is_ours(path, config->database_path)) {
		report_note(report, "this sensor reads another database",
		            slice_text(config->database_path), "%s", config->database_path);
		return -EINVAL;
	}
	int error = daemon_publish_ask(daemon->publish, config->database_path,
	                               daemon->first->sensor->public_key_path, request_id);
	return error < 0 ? refuse(report, error, strerror(-error)) : -EINPROGRESS;
}

static int set_dry_run(struct daemon *daemon, const char *word, struct report *report)
{
	if (daemon->first->sensor->mode == SENSOR_TAP)
		return refuse(report, -EINVAL, "a tap never drops anything");
	if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
		return refuse(report, -EINVAL, "dry-run on, or dry-run off");
	daemon_set_dry_run(daemon, strcmp(word, "on") == 0);
	return 0;
}

int daemon_answer(void *context, uint64_t request_id, const char *request, struct buffer *answer,
                  struct report *report)
{
	struct daemon *daemon = context;

	if (strcmp(request, "status") == 0)
		return answer_status(daemon, answer);
	if (strcmp(request, "metrics") == 0) {
		daemon_render_metrics(daemon, answer);
		return answer->failed ? -ENOMEM : 0;
	}
	if (strcmp(request, "reload") == 0)
		return reload(daemon, request_id, report);
	if (strncmp(request, "push ", 5) == 0)
		return push(daemon, request_id, request + 5, report);
	if (strncmp(request, "dry-run ", 8) == 0)
		return set_dry_run(daemon, request + 8, report);
	if (strcmp(request, "stop") == 0) {
		daemon->is_stopping = true;
		return 0;
	}
	return refuse(report, -EINVAL,
	              "status, metrics, reload, push PATH, dry-run on|off, or stop");
}
