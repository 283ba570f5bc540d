#include "app/daemon_output.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/clock.h"
#include "app/daemon_windows.h"
#include "app/line_file.h"
#include "base/buffer.h"
#include "base/log.h"
#include "sightings/sightings.h"

enum {
	ROUND_HITS_MAX = 512, // of a ring, before the others have their turn
	PENDING_BYTES_MAX = 8 * 1024 * 1024,
};
#define PAUSE_NS (2 * NS_PER_MS)
#define TICK_NS  (200 * NS_PER_MS) // between looks at windows
#define TELL_NS  (60 * NS_PER_S)   // between two complaints about the same

struct complaint {
	int64_t told_ns;
	bool was_told;
};

struct daemon_output {
	struct daemon_output_options options;
	pthread_t thread;
	bool is_started;

	// The thread's own.
	struct line_file *hits;
	struct daemon_windows *windows; // NULL: none
	char *hits_path, *sightings_path;
	struct buffer line;
	int64_t ticked_ns;
	uint64_t unknown;                       // hits whose generation is gone
	uint64_t sightings_before, lost_before; // of folders before
	struct complaint of_hits, of_windows;

	// Held while hits of a generation are read and its database is looked at, and while old
	// generations are retired.
	pthread_mutex_t reading;
	uint32_t borrowed_generation; // the lowest
	unsigned publications;        // that were left when it was looked last

	// Never held while anything is written.
	pthread_mutex_t state;
	struct daemon_output_figures figures;
	bool is_stopping;
	bool is_to_reopen;
	struct daemon_output_paths wanted; // owned texts
	uint32_t window_s;                 // the thread's own
};

// Is it time to say it (again)?
static bool complain(struct complaint *complaint)
{
	int64_t now_ns = clock_now_ns();

	if (complaint->was_told && now_ns - complaint->told_ns < TELL_NS)
		return false;
	*complaint = (struct complaint){now_ns, true};
	return true;
}

static const char *device_of(const struct daemon_output *output, const struct hit *hit)
{
	uint32_t device = hit->origin.capture_id;

	return device < output->options.device_count ? output->options.devices[device] : "";
}

static void take_hit(struct daemon_output *output, const struct publication *publication,
                     struct slice record)
{
	struct hit hit;

	hit_read(record, &hit);
	const struct sensor_hit seen = {
		.hit = &hit,
		.database = publication->database,
		.sensor = output->options.sensor,
		.device = device_of(output, &hit),
	};
	buffer_clear(&output->line);
	if (!sightings_append_hit(&output->line, &seen) || output->line.failed) {
		output->line.failed = false;
		output->unknown++;
		return;
	}
	line_file_add(output->hits, buffer_slice(&output->line));
	if (output->windows == NULL)
		return;
	int error = daemon_windows_add(output->windows, publication, record, clock_wall_ns());
	if (error < 0 && complain(&output->of_windows))
		log_error("keeping a hit for the sightings: %s", strerror(-error));
	uint32_t oldest = daemon_windows_oldest(output->windows);
	if (oldest < output->borrowed_generation)
		output->borrowed_generation = oldest;
}

// Returns how many hits there were.
static unsigned drain_ring(struct daemon_output *output, struct ring *ring)
{
	struct publisher *publisher = output->options.publisher;
	struct slice record;
	unsigned count = 0;

	while (count < ROUND_HITS_MAX && ring_peek(ring, &record)) {
		struct hit hit;

		hit_read(record, &hit);
		// The kernel's maps are exchanged just before the database is published.
		bool is_awaited = publisher_is_reserved(publisher, hit.generation);
		const struct publication *publication = publisher_of(publisher, hit.generation);
		if (publication == NULL && is_awaited)
			break;
		if (publication != NULL)
			take_hit(output, publication, record);
		else
			output->unknown++;
		ring_release(ring);
		count++;
	}
	return count;
}

static unsigned drain(struct daemon_output *output)
{
	unsigned count = 0;

	(void)pthread_mutex_lock(&output->reading);
	for (unsigned i = 0; i < output->options.ring_count; i++)
		count += drain_ring(output, output->options.rings[i]);
	(void)pthread_mutex_unlock(&output->reading);
	return count;
}

static void flush_hits(struct daemon_output *output)
{
	int error = line_file_flush(output->hits);

	if (error < 0 && complain(&output->of_hits))
		log_error("writing hits to %s: %s (%" PRIu64 " hits lost so far)",
		          output->hits_path, strerror(-error), line_file_lost(output->hits));
}

static void write_windows(struct daemon_output *output, uint32_t generation, int64_t now_ns)
{
	if (output->windows == NULL)
		return;

	int error = daemon_windows_write(output->windows, generation, now_ns);
	if (error < 0 && complain(&output->of_windows))
		log_error("writing sightings to %s: %s", output->sightings_path, strerror(-error));
	(void)pthread_mutex_lock(&output->reading);
	output->borrowed_generation = daemon_windows_oldest(output->windows);
	(void)pthread_mutex_unlock(&output->reading);
}

static int open_windows(const struct daemon_output *output, const char *folder,
                        struct daemon_windows **ret_windows)
{
	const struct daemon_windows_options options = {
		.folder = folder,
		.sensor = output->options.sensor,
		.devices = output->options.devices,
		.device_count = output->options.device_count,
		.window_s = output->window_s,
	};

	return daemon_windows_open(&options, ret_windows);
}

static void reopen_hits(struct daemon_output *output, char *path)
{
	int error = line_file_reopen(output->hits, path);

	if (error < 0) {
		log_error("opening %s: %s; hits go where they went before", path, strerror(-error));
		free(path);
		return;
	}
	free(output->hits_path);
	output->hits_path = path;
	output->of_hits.was_told = false;
}

// What is in the windows goes to the folder before.
static void reopen_windows(struct daemon_output *output, char *folder)
{
	struct daemon_windows *windows = NULL;
	int error = folder != NULL ? open_windows(output, folder, &windows) : 0;

	if (error < 0) {
		log_error("%s: %s; sightings go where they went before", folder, strerror(-error));
		free(folder);
		return;
	}
	write_windows(output, UINT32_MAX, TIMESTAMP_MAX);
	if (output->windows != NULL) {
		output->sightings_before += daemon_windows_sightings(output->windows);
		output->lost_before += daemon_windows_lost(output->windows);
	}
	(void)pthread_mutex_lock(&output->reading);
	daemon_windows_free(output->windows);
	output->windows = windows;
	output->borrowed_generation = UINT32_MAX;
	(void)pthread_mutex_unlock(&output->reading);
	free(output->sightings_path);
	output->sightings_path = folder;
}

static void reopen_if_asked(struct daemon_output *output)
{
	struct daemon_output_paths wanted;

	(void)pthread_mutex_lock(&output->state);
	bool is_to_reopen = output->is_to_reopen;
	wanted = output->wanted;
	output->wanted = (struct daemon_output_paths){0};
	output->is_to_reopen = false;
	(void)pthread_mutex_unlock(&output->state);
	if (!is_to_reopen)
		return;
	output->window_s = wanted.window_s;
	reopen_hits(output, (char *)wanted.hits);
	reopen_windows(output, (char *)wanted.sightings);
}

// Says what was done so far, that the thread lives, and hears whether it is to stop.
static bool report_in(struct daemon_output *output)
{
	struct daemon_output_figures figures = {
		.beat_ns = clock_now_ns(),
		.hits_written = line_file_written(output->hits),
		.sightings_written = output->sightings_before,
		.failed = output->unknown + output->lost_before + line_file_lost(output->hits),
	};

	if (output->windows != NULL) {
		figures.sightings_written += daemon_windows_sightings(output->windows);
		figures.failed += daemon_windows_lost(output->windows);
	}
	(void)pthread_mutex_lock(&output->state);
	output->figures = figures;
	bool is_stopping = output->is_stopping;
	(void)pthread_mutex_unlock(&output->state);
	return is_stopping;
}

static void *run(void *context)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct daemon_output *output = context;

	for (;;) {
		// Asked before the last look, so that nothing is pushed behind it.
		bool is_stopping = report_in(output);
		unsigned count = drain(output);
		int64_t now_ns = clock_now_ns();

		flush_hits(output);
		if (now_ns - output->ticked_ns >= TICK_NS) {
			output->ticked_ns = now_ns;
			reopen_if_asked(output);
			write_windows(output, publisher_generation(output->options.publisher),
			              clock_wall_ns());
		}
		if (count == 0 && is_stopping)
			break;
		if (count == 0)
			(void)nanosleep(&pause, NULL);
	}
	write_windows(output, UINT32_MAX, TIMESTAMP_MAX);
	(void)report_in(output);
	return NULL;
}

static int copy_paths(const struct daemon_output_paths *paths, struct daemon_output_paths *ret_copy)
{
	struct daemon_output_paths copy = {.window_s = paths->window_s};

	copy.hits = strdup(paths->hits);
	if (paths->sightings != NULL)
		copy.sightings = strdup(paths->sightings);
	if (copy.hits == NULL || (paths->sightings != NULL && copy.sightings == NULL)) {
		free((char *)copy.hits);
		free((char *)copy.sightings);
		return -ENOMEM;
	}
	*ret_copy = copy;
	return 0;
}

static int open_outputs(struct daemon_output *output)
{
	int error = line_file_open(output->hits_path, PENDING_BYTES_MAX, &output->hits);

	if (error < 0) {
		log_error("opening %s for the hits: %s", output->hits_path, strerror(-error));
		return error;
	}
	if (output->sightings_path == NULL)
		return 0;
	error = open_windows(output, output->sightings_path, &output->windows);
	if (error < 0)
		log_error("sightings are to be written into %s: %s", output->sightings_path,
		          strerror(-error));
	return error;
}

int daemon_output_open(const struct daemon_output_options *options,
                       const struct daemon_output_paths *paths, struct daemon_output **ret_output)
{
	AUTO(daemon_output) output = calloc(1, sizeof(*output));
	struct daemon_output_paths copy;

	if (output == NULL || copy_paths(paths, &copy) < 0) {
		log_error("the outputs: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	output->options = *options;
	output->hits_path = (char *)copy.hits;
	output->sightings_path = (char *)copy.sightings;
	output->window_s = copy.window_s;
	output->borrowed_generation = UINT32_MAX;
	(void)pthread_mutex_init(&output->reading, NULL);
	(void)pthread_mutex_init(&output->state, NULL);
	int error = open_outputs(output);
	if (error < 0)
		return error;
	*ret_output = TAKE(output);
	return 0;
}

int daemon_output_start(struct daemon_output *output)
{
	output->figures.beat_ns = clock_now_ns();
	int error = pthread_create(&output->thread, NULL, run, output);

	output->is_started = error == 0;
	return -error;
}

int daemon_output_reopen(struct daemon_output *output, const struct daemon_output_paths *paths)
{
	struct daemon_output_paths copy;
	int error = copy_paths(paths, &copy);

	if (error < 0)
		return error;
	(void)pthread_mutex_lock(&output->state);
	free((char *)output->wanted.hits);
	free((char *)output->wanted.sightings);
	output->wanted = copy;
	output->is_to_reopen = true;
	(void)pthread_mutex_unlock(&output->state);
	return 0;
}

unsigned daemon_output_retire(struct daemon_output *output)
{
	struct publisher *publisher = output->options.publisher;
	unsigned left;

	(void)pthread_mutex_lock(&output->reading);
	if (output->borrowed_generation >= publisher_generation(publisher))
		output->publications = publisher_retire(publisher);
	left = output->publications;
	(void)pthread_mutex_unlock(&output->reading);
	return left;
}

void daemon_output_figures(struct daemon_output *output, struct daemon_output_figures *ret_figures)
{
	(void)pthread_mutex_lock(&output->state);
	*ret_figures = output->figures;
	(void)pthread_mutex_unlock(&output->state);
}

void daemon_output_stop(struct daemon_output *output)
{
	if (!output->is_started)
		return;
	(void)pthread_mutex_lock(&output->state);
	output->is_stopping = true;
	(void)pthread_mutex_unlock(&output->state);
	(void)pthread_join(output->thread, NULL);
	output->is_started = false;
}

void daemon_output_free(struct daemon_output *output)
{
	if (output == NULL)
		return;
	daemon_output_stop(output);
	daemon_windows_free(output->windows);
	line_file_free(output->hits);
	(void)pthread_mutex_destroy(&output->reading);
	(void)pthread_mutex_destroy(&output->state);
	buffer_close(&output->line);
	free(output->hits_path);
	free(output->sightings_path);
	free((char *)output->wanted.hits);
	free((char *)output->wanted.sightings);
	free(output);
}
