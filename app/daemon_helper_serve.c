#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "app/clock.h"
#include "app/daemon_helper_messages.h"
#include "base/timestamp.h"
#include "engine/match.h"

struct serving {
	const struct daemon_helper_options *options;
	int fd;
	struct database *database; // that the maps say; NULL: none yet
	uint32_t generation;       // its
	struct helper_answer answer;
};

// The first problem of `report` as the answer's text.
static void tell(struct serving *serving, const struct report *report)
{
	const struct report_reason *reason = report->reasons;

	if (report->reason_count == 0)
		return;
	const char *detail = reason->example_count > 0 ? reason->examples[0].detail : "";
	(void)snprintf(serving->answer.text, sizeof(serving->answer.text), "%s%s%s", reason->reason,
	               detail[0] != '\0' ? ": " : "", detail);
}

static bool is_expected(const struct helper_request *request, const struct database *database)
{
	struct database_info info;

	database_info(database, &info);
	if (memcmp(info.build_id, request->build_id, sizeof(info.build_id)) != 0 ||
	    info.has_overlay != (request->has_overlay != 0))
		return false;
	return !info.has_overlay ||
	       memcmp(info.overlay_build_id, request->overlay_build_id, sizeof(info.build_id)) == 0;
}

static int open_database(const struct serving *serving, const struct helper_request *request,
                         struct report *report, struct database **ret_database)
{
	AUTO(database) database = NULL;
	int error = database_open(request->path, report, &database);

	if (error == 0)
		error = database_verify(database, serving->options->public_key_path, report);
	if (error == 0 && !is_expected(request, database))
		error = -ESTALE;
	if (error == 0)
		*ret_database = TAKE(database);
	return error;
}

static int mirror_all(struct serving *serving, const struct database *database, uint32_t generation,
                      struct report *report)
{
	struct xdp_mirror_figures figures;
	int64_t now_ns = clock_wall_ns();
	int error = 0;

	serving->answer.next_change_ns = TIMESTAMP_MAX;
	for (unsigned i = 0; i < serving->options->count && error == 0; i++) {
		error = xdp_mirror(serving->options->xdps[i], database, generation, now_ns, report,
		                   &figures);
		if (error == 0 && figures.next_change_ns < serving->answer.next_change_ns)
			serving->answer.next_change_ns = figures.next_change_ns;
	}
	return error;
}

// Some devices may have the new database by now: what they tell of has to be of the one in force.
static void put_back(struct serving *serving)
{
	struct report report = {0};

	if (serving->database != NULL)
		(void)mirror_all(serving, serving->database, serving->generation, &report);
	report_clear(&report);
}

static int mirror(struct serving *serving, const struct helper_request *request,
                  struct report *report)
{
	AUTO(database) fresh = NULL;
	int error;

	if (request->path[0] == '\0')
		return serving->database != NULL
		               ? mirror_all(serving, serving->database, request->generation, report)
		               : -ENODATA;
	error = open_database(serving, request, report, &fresh);
	if (error < 0)
		return error;
	error = mirror_all(serving, fresh, request->generation, report);
	if (error < 0) {
		put_back(serving);
		return error;
	}
	database_close(serving->database);
	serving->database = TAKE(fresh);
	serving->generation = request->generation;
	return 0;
}

static void send_answer(struct serving *serving)
{
	(void)send(serving->fd, &serving->answer, sizeof(serving->answer), MSG_NOSIGNAL);
}

static void take_hit(void *context, const struct hit *hit)
{
	struct serving *serving = context;
	struct helper_answer *answer = &serving->answer;

	if (answer->hit_count == HELPER_HITS) {
		send_answer(serving);
		answer->hit_count = 0;
	}
	answer->hits[answer->hit_count++] = *hit;
}

static int unload(struct serving *serving, struct report *report)
{
	const struct daemon_helper_options *options = serving->options;
	int result = 0;

	for (unsigned i = 0; i < options->count; i++) {
		int error = xdp_unload(options->devices[i], options->pin_paths[i], report);

		if (result == 0 && error != -ENOENT)
			result = error;
	}
	return result;
}

static int status(struct serving *serving, uint32_t device, struct report *report)
{
	const struct daemon_helper_options *options = serving->options;
	struct daemon_helper_guard *guard = &serving->answer.guard;
	struct xdp_status *status = &serving->answer.status;

	if (device >= options->count)
		return -EINVAL;
	guard->error = xdp_keep_attached(options->xdps[device], &guard->was_off);
	if (guard->error == 0)
		return xdp_status(options->devices[device], options->pin_paths[device], report,
		                  status);
	(void)snprintf(status->device, sizeof(status->device), "%s", options->devices[device]);
	return 0;
}

static int answer(struct serving *serving, const struct helper_request *request,
                  struct report *report)
{
	const struct daemon_helper_options *options = serving->options;

	switch (request->verb) {
	case HELPER_MIRROR:
		return mirror(serving, request, report);
	case HELPER_STATUS:
		return status(serving, request->device, report);
	case HELPER_HITS_TAKEN:
		return request->device < options->count
		               ? xdp_hits(options->xdps[request->device], take_hit, serving)
		               : -EINVAL;
	case HELPER_UNLOAD:
		return unload(serving, report);
	}
	return -EINVAL;
}

void daemon_helper_serve(int fd, const struct daemon_helper_options *options)
{
	struct serving serving = {.options = options, .fd = fd};
	struct helper_request request;
	ssize_t size;

	while ((size = recv(fd, &request, sizeof(request), 0)) != 0) {
		struct report report = {0};

		if (size != sizeof(request)) {
			if (size < 0 && errno != EINTR)
				break;
			continue;
		}
		request.path[sizeof(request.path) - 1] = '\0';
		serving.answer = (struct helper_answer){0};
		serving.answer.error = answer(&serving, &request, &report);
		serving.answer.is_last = true;
		tell(&serving, &report);
		send_answer(&serving);
		report_clear(&report);
	}
	database_close(serving.database);
}
