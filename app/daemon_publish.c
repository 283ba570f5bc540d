#include "app/daemon_publish.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/daemon_load.h"
#include "base/log.h"

#define ROUND_NS  (250 * NS_PER_MS)
#define STATUS_NS NS_PER_S
#define LOOK_NS   (5 * NS_PER_S) // at the files, in case nobody told of a change

struct request {
	uint64_t id;
	int error;
	char text[DAEMON_PUBLISH_TEXT_BYTES];
};

struct daemon_publish {
	struct publisher *publisher;
	struct daemon_output *output;
	pthread_t thread;
	bool is_started;
	int done_fd;

	// The thread's own.
	struct daemon_kernel kernel;
	struct xdp_status statuses[DAEMON_HELPER_DEVICES_MAX];
	char *path, *public_key_path;
	struct daemon_load_stamp stamp; // of the files that were opened last
	int64_t next_change_ns;
	int64_t status_ns, looked_ns; // when it was done last
	bool was_told_missing;

	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool is_stopping, is_to_load, is_to_look;
	char *wanted_path, *wanted_key_path; // NULL: as before
	struct request waiting[DAEMON_PUBLISH_REQUESTS_MAX];
	unsigned waiting_count;
	struct request done[DAEMON_PUBLISH_REQUESTS_MAX];
	unsigned done_count;
	struct daemon_publish_figures figures;
};

int daemon_publish_create(const struct daemon_publish_options *options,
                          struct daemon_publish **ret_publish)
{
	AUTO(daemon_publish) publish = calloc(1, sizeof(*publish));
	pthread_condattr_t attributes;

	if (publish == NULL)
		return -ENOMEM;
	publish->publisher = options->publisher;
	publish->kernel = options->kernel;
	publish->next_change_ns = TIMESTAMP_MAX;
	(void)pthread_mutex_init(&publish->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&publish->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	publish->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (publish->done_fd < 0)
		return -errno;
	*ret_publish = TAKE(publish);
	return 0;
}

static void take_hits(void *context)
{
	struct daemon_publish *publish = context;

	daemon_kernel_take_hits(&publish->kernel);
	(void)pthread_mutex_lock(&publish->mutex);
	publish->figures.hits_lost = publish->kernel.hits_lost;
	(void)pthread_mutex_unlock(&publish->mutex);
}

static void take_statuses(struct daemon_publish *publish)
{
	unsigned count = publish->kernel.device_count;

	if (daemon_kernel_status(&publish->kernel, publish->statuses) < count)
		return;
	(void)pthread_mutex_lock(&publish->mutex);
	memcpy(publish->figures.xdp, publish->statuses, count * sizeof(publish->statuses[0]));
	publish->figures.xdp_count = count;
	(void)pthread_mutex_unlock(&publish->mutex);
}

static void note_success(struct daemon_publish *publish, const struct database_info *info,
                         int64_t duration_ns)
{
	uint32_t generation = publisher_generation(publish->publisher);

	log_info("%s is in force: %" PRIu64 " indicators, generation %" PRIu32 ", after %.1f ms",
	         publish->path, info->indicators, generation, (double)duration_ns / NS_PER_MS);
	(void)pthread_mutex_lock(&publish->mutex);
	struct daemon_publish_figures *figures = &publish->figures;
	figures->reloads += figures->has_database; // the first is none
	figures->has_database = true;
	figures->database = *info;
	figures->reloaded_ns = clock_wall_ns();
	figures->reload_duration_ns = duration_ns;
	(void)pthread_mutex_unlock(&publish->mutex);
}

static void format_problem(const struct daemon_publish *publish, int error,
                           const struct report *report, char text[DAEMON_PUBLISH_TEXT_BYTES])
{
	const struct report_reason *reason = report->reasons;
	const char *detail = "";

	if (report->reason_count > 0 && reason->example_count > 0)
		detail = reason->examples[0].detail;
	(void)snprintf(text, DAEMON_PUBLISH_TEXT_BYTES, "%s: %s%s%s", publish->path,
	               report->reason_count > 0 ? reason->reason : strerror(-error),
	               detail[0] != '\0' ? ": " : "", detail);
}

static void note_failure(struct daemon_publish *publish, int error, const char *text)
{
	(void)pthread_mutex_lock(&publish->mutex);
	bool has_database = publish->figures.has_database;
	publish->figures.reload_failures += has_database;
	(void)pthread_mutex_unlock(&publish->mutex);
	if (has_database)
		log_error("%s: what was in force stays in force", text);
	else if (error != -ENOENT || !publish->was_told_missing)
		log_error("%s: there is no database in force", text);
	publish->was_told_missing = error == -ENOENT;
}

// May it go better with the same files?
static bool may_pass(int error)
{
	return error == -ENOMEM || error == -ESTALE || error == -EBUSY || error == -EAGAIN ||
	       error == -EIO || error == -EMFILE || error == -ENFILE;
}

// `text` is for whoever asked.
static int load(struct daemon_publish *publish, char text[DAEMON_PUBLISH_TEXT_BYTES])
{
	const struct daemon_load how = {
		.path = publish->path,
		.public_key_path = publish->public_key_path,
		.publisher = publish->publisher,
		.helper = publish->kernel.mirrors ? publish->kernel.helper : NULL,
		.mirrored = take_hits,
		.context = publish,
	};
	struct report report = {.input = publish->path};
	struct database_info info;
	int64_t start_ns = clock_now_ns();

	daemon_load_stamp(publish->path, &publish->stamp);
	int error = daemon_load(&how, &report, &info, &publish->next_change_ns);
	if (error == 0) {
		note_success(publish, &info, clock_now_ns() - start_ns);
		(void)snprintf(text, DAEMON_PUBLISH_TEXT_BYTES,
		               "%s: %" PRIu64 " indicators, generation %" PRIu32 "\n",
		               publish->path, info.indicators,
		               publisher_generation(publish->publisher));
	} else {
		format_problem(publish, error, &report, text);
		note_failure(publish, error, text);
		if (may_pass(error)) // the next look finds them changed
			memset(&publish->stamp, 0xff, sizeof(publish->stamp));
	}
	report_clear(&report);
	return error;
}

static char *copy_or_null(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

int daemon_publish_first(struct daemon_publish *publish, const char *path,
                         const char *public_key_path)
{
	char text[DAEMON_PUBLISH_TEXT_BYTES];

	publish->path = copy_or_null(path);
	publish->public_key_path = copy_or_null(public_key_path);
	if (publish->path == NULL || (public_key_path != NULL && publish->public_key_path == NULL))
		return -ENOMEM;
	return load(publish, text);
}

static void look_at_files(struct daemon_publish *publish)
{
	char text[DAEMON_PUBLISH_TEXT_BYTES];
	struct daemon_load_stamp stamp;

	daemon_load_stamp(publish->path, &stamp);
	if (memcmp(&stamp, &publish->stamp, sizeof(stamp)) != 0)
		(void)load(publish, text);
}

// What has to be done now and then.
static void do_round(struct daemon_publish *publish, bool is_to_look)
{
	int64_t now_ns = clock_now_ns();

	take_hits(publish);
	if (clock_wall_ns() >= publish->next_change_ns)
		publish->next_change_ns = daemon_kernel_mirror_again(
			&publish->kernel, publisher_generation(publish->publisher));
	if (now_ns - publish->status_ns >= STATUS_NS) {
		publish->status_ns = now_ns;
		take_statuses(publish);
	}
	if (is_to_look || now_ns - publish->looked_ns >= LOOK_NS) {
		publish->looked_ns = now_ns;
		look_at_files(publish);
	}
	unsigned publications = daemon_output_retire(publish->output);
	(void)pthread_mutex_lock(&publish->mutex);
	publish->figures.publications = publications;
	(void)pthread_mutex_unlock(&publish->mutex);
}

// With the mutex held. The requests that the next load answers.
static unsigned take_requests(struct daemon_publish *publish,
                              struct request requests[DAEMON_PUBLISH_REQUESTS_MAX])
{
	unsigned count = publish->waiting_count;

	if (publish->wanted_path != NULL) {
		free(publish->path);
		free(publish->public_key_path);
		publish->path = TAKE(publish->wanted_path);
		publish->public_key_path = TAKE(publish->wanted_key_path);
	}
	memcpy(requests, publish->waiting, count * sizeof(requests[0]));
	publish->waiting_count = 0;
	publish->is_to_load = false;
	return count;
}

static void answer_requests(struct daemon_publish *publish, const struct request requests[],
                            unsigned count, int error, const char *text)
{
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&publish->mutex);
	for (unsigned i = 0; i < count && publish->done_count < DAEMON_PUBLISH_REQUESTS_MAX; i++) {
		struct request *done = &publish->done[publish->done_count++];

		*done = (struct request){.id = requests[i].id, .error = error};
		(void)snprintf(done->text, sizeof(done->text), "%s", text);
	}
	(void)pthread_mutex_unlock(&publish->mutex);
	if (count > 0)
		(void)!write(publish->done_fd, &one, sizeof(one));
}

static void rest(struct daemon_publish *publish)
{
	int64_t until_ns = clock_now_ns() + ROUND_NS;
	struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};

	if (!publish->is_stopping && !publish->is_to_load && !publish->is_to_look)
		(void)pthread_cond_timedwait(&publish->wake, &publish->mutex, &until);
}

static void *run(void *context)
{
	struct request requests[DAEMON_PUBLISH_REQUESTS_MAX];
	struct daemon_publish *publish = context;
	char text[DAEMON_PUBLISH_TEXT_BYTES];

	for (;;) {
		(void)pthread_mutex_lock(&publish->mutex);
		rest(publish);
		bool is_stopping = publish->is_stopping;
		bool is_to_look = publish->is_to_look;
		bool is_to_load = publish->is_to_load;
		unsigned count = is_to_load ? take_requests(publish, requests) : 0;
		publish->is_to_look = false;
		(void)pthread_mutex_unlock(&publish->mutex);
		if (is_stopping)
			break;
		if (is_to_load) {
			int error = load(publish, text);

			answer_requests(publish, requests, count, error, text);
		}
		do_round(publish, is_to_look);
	}
	take_hits(publish);
	return NULL;
}

int daemon_publish_start(struct daemon_publish *publish, struct daemon_output *output)
{
	publish->output = output;
	int error = pthread_create(&publish->thread, NULL, run, publish);

	publish->is_started = error == 0;
	return -error;
}

int daemon_publish_ask(struct daemon_publish *publish, const char *path,
                       const char *public_key_path, uint64_t request_id)
{
	char *path_copy = copy_or_null(path);
	char *key_copy = copy_or_null(public_key_path);
	int error = 0;

	if (path_copy == NULL || (public_key_path != NULL && key_copy == NULL))
		error = -ENOMEM;
	(void)pthread_mutex_lock(&publish->mutex);
	if (error == 0 && publish->waiting_count == DAEMON_PUBLISH_REQUESTS_MAX)
		error = -EBUSY;
	if (error == 0) {
		free(publish->wanted_path);
		free(publish->wanted_key_path);
		publish->wanted_path = TAKE(path_copy);
		publish->wanted_key_path = TAKE(key_copy);
		if (request_id != 0)
			publish->waiting[publish->waiting_count++].id = request_id;
		publish->is_to_load = true;
		(void)pthread_cond_signal(&publish->wake);
	}
	(void)pthread_mutex_unlock(&publish->mutex);
	free(path_copy);
	free(key_copy);
	return error;
}

void daemon_publish_look(struct daemon_publish *publish)
{
	(void)pthread_mutex_lock(&publish->mutex);
	publish->is_to_look = true;
	(void)pthread_cond_signal(&publish->wake);
	(void)pthread_mutex_unlock(&publish->mutex);
}

int daemon_publish_fd(const struct daemon_publish *publish)
{
	return publish->done_fd;
}

bool daemon_publish_done(struct daemon_publish *publish, uint64_t *ret_request_id, int *ret_error,
                         char ret_text[DAEMON_PUBLISH_TEXT_BYTES])
{
	uint64_t count;

	(void)!read(publish->done_fd, &count, sizeof(count));
	(void)pthread_mutex_lock(&publish->mutex);
	bool is_there = publish->done_count > 0;
	if (is_there) {
		const struct request *done = &publish->done[--publish->done_count];

		*ret_request_id = done->id;
		*ret_error = done->error;
		memcpy(ret_text, done->text, sizeof(done->text));
	}
	(void)pthread_mutex_unlock(&publish->mutex);
	return is_there;
}

void daemon_publish_figures(struct daemon_publish *publish,
                            struct daemon_publish_figures *ret_figures)
{
	(void)pthread_mutex_lock(&publish->mutex);
	*ret_figures = publish->figures;
	(void)pthread_mutex_unlock(&publish->mutex);
}

bool daemon_publish_has_database(struct daemon_publish *publish)
{
	(void)pthread_mutex_lock(&publish->mutex);
	bool has_database = publish->figures.has_database;
	(void)pthread_mutex_unlock(&publish->mutex);
	return has_database;
}

void daemon_publish_stop(struct daemon_publish *publish)
{
	if (!publish->is_started)
		return;
	(void)pthread_mutex_lock(&publish->mutex);
	publish->is_stopping = true;
	(void)pthread_cond_signal(&publish->wake);
	(void)pthread_mutex_unlock(&publish->mutex);
	(void)pthread_join(publish->thread, NULL);
	publish->is_started = false;
}

void daemon_publish_free(struct daemon_publish *publish)
{
	if (publish == NULL)
		return;
	daemon_publish_stop(publish);
	(void)pthread_mutex_destroy(&publish->mutex);
	(void)pthread_cond_destroy(&publish->wake);
	if (publish->done_fd >= 0)
		(void)close(publish->done_fd);
	free(publish->path);
	free(publish->public_key_path);
	free(publish->wanted_path);
	free(publish->wanted_key_path);
	free(publish);
}
