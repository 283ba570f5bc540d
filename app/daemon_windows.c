#include "app/daemon_windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/output_file.h"
#include "base/buffer.h"
#include "sightings/sightings.h"

enum { SORT_BYTES = 16 * 1024 * 1024 }; // before hits are spilled to a temporary file
#define GRACE_NS NS_PER_S               // for what is still on its way of the generation before
#define RETRY_NS (10 * NS_PER_S)
// One of a database that is not in force any more keeps it, and all after it, from being freed.
#define GIVE_UP_NS (30 * NS_PER_S)

struct window {
	struct sightings *sightings; // NULL: free
	uint32_t generation;
	int64_t start_ns, end_ns;
	int64_t retry_ns; // not before
	uint64_t hits;
	bool is_sorted; // it was tried to write it: no more hits
};

struct daemon_windows {
	struct daemon_windows_options options;
	char *folder;
	struct window windows[DAEMON_WINDOWS_MAX];
	uint64_t sightings_written;
	uint64_t hits_lost;
};

static void window_close(struct window *window)
{
	sightings_free(window->sightings);
	*window = (struct window){0};
}

int daemon_windows_open(const struct daemon_windows_options *options,
                        struct daemon_windows **ret_windows)
{
	AUTO(daemon_windows) windows = calloc(1, sizeof(*windows));

	if (windows == NULL)
		return -ENOMEM;
	windows->options = *options;
	windows->folder = strdup(options->folder);
	if (windows->folder == NULL)
		return -ENOMEM;
	if (access(windows->folder, W_OK | X_OK) < 0)
		return -errno;
	*ret_windows = TAKE(windows);
	return 0;
}

void daemon_windows_free(struct daemon_windows *windows)
{
	if (windows == NULL)
		return;
	for (unsigned i = 0; i < DAEMON_WINDOWS_MAX; i++)
		window_close(&windows->windows[i]);
	free(windows->folder);
	free(windows);
}

// The name is the window's own: its start is.
static void format_path(const struct daemon_windows *windows, const struct window *window,
                        struct buffer *path)
{
	char start[TIMESTAMP_TEXT_BYTES];

	timestamp_format(window->start_ns, 3, start);
	for (char *from = start, *to = start;; from++) {
		if (*from != '-' && *from != ':')
			*to++ = *from;
		if (*from == '\0')
			break;
	}
	buffer_format(path, "%s/sightings-%s-%u.json", windows->folder, start, window->generation);
	buffer_append_byte(path, 0);
}

static int write_bundle(struct daemon_windows *windows, const struct window *window,
                        const char *path)
{
	const struct stix_options options = {.sensor = windows->options.sensor};
	AUTO(output_file) output = NULL;
	struct stix_summary summary;
	int error = output_file_open(path, &output);

	if (error == 0)
		error = sightings_write_stix(window->sightings, output_file_stream(output),
		                             &options, &summary);
	if (error == 0 && summary.sightings == 0) // hits that are only logged
		return 0;
	if (error == 0)
		error = output_file_commit(output);
	if (error == 0)
		windows->sightings_written += summary.sightings;
	return error;
}

static int window_write(struct daemon_windows *windows, struct window *window)
{
	struct sightings_summary summary;
	AUTO_BUFFER path = {0};

	for (uint32_t i = 0; i < windows->options.device_count; i++)
		sightings_set_capture_start(window->sightings, i, window->start_ns);
	window->is_sorted = true;
	format_path(windows, window, &path);
	int error = path.failed ? -ENOMEM : sightings_finish(window->sightings, &summary);
	if (error == 0)
		error = write_bundle(windows, window, (const char *)path.data);
	if (error == 0)
		window_close(window);
	return error;
}

static bool is_over(const struct window *window, int64_t now_ns)
{
	return now_ns >= window->end_ns || window->hits >= DAEMON_WINDOW_HITS_MAX;
}

static void window_lose(struct daemon_windows *windows, struct window *window)
{
	windows->hits_lost += window->hits;
	window_close(window);
}

static void try_later(struct daemon_windows *windows, struct window *window, uint32_t generation,
                      int64_t now_ns)
{
	if (now_ns == TIMESTAMP_MAX ||
	    (window->generation < generation && now_ns >= window->end_ns + GIVE_UP_NS))
		window_lose(windows, window);
	else
		window->retry_ns = now_ns + RETRY_NS;
}

int daemon_windows_write(struct daemon_windows *windows, uint32_t generation, int64_t now_ns)
{
	int result = 0;

	for (unsigned i = 0; i < DAEMON_WINDOWS_MAX; i++) {
		struct window *window = &windows->windows[i];
		int64_t soon_ns = now_ns < TIMESTAMP_MAX ? now_ns + GRACE_NS : now_ns;

		if (window->sightings == NULL)
			continue;
		if (window->generation < generation && window->end_ns > soon_ns)
			window->end_ns = soon_ns; // a few hits are still on their way
		if (!is_over(window, now_ns) || now_ns < window->retry_ns)
			continue;
		int error = window_write(windows, window);
		if (error < 0)
			try_later(windows, window, generation, now_ns);
		if (result == 0)
			result = error;
	}
	return result;
}

static bool takes(const struct window *window, uint32_t generation, int64_t now_ns)
{
	return window->sightings != NULL && !window->is_sorted &&
	       window->generation == generation && !is_over(window, now_ns);
}

static int window_start(struct daemon_windows *windows, struct window *window,
                        const struct publication *publication, int64_t now_ns)
{
	const struct sightings_options options = {
		.database = publication->database,
		.captures = windows->options.devices,
		.capture_count = windows->options.device_count,
		.memory_bytes = SORT_BYTES,
	};
	int64_t length_ns = windows->options.window_s * NS_PER_S;
	int error = sightings_create(&options, &window->sightings);

	if (error < 0)
		return error;
	window->generation = publication->generation;
	window->start_ns = now_ns;
	window->end_ns = now_ns - now_ns % length_ns + length_ns; // at the full hour, minute …
	return 0;
}

// The one that takes it, or a free place; when there is none, the oldest, which could not be
// written, makes room.
static struct window *find_window(struct daemon_windows *windows, uint32_t generation,
                                  int64_t now_ns)
{
	struct window *oldest = &windows->windows[0];

	for (unsigned i = 0; i < DAEMON_WINDOWS_MAX; i++)
		if (takes(&windows->windows[i], generation, now_ns))
			return &windows->windows[i];
	for (unsigned i = 0; i < DAEMON_WINDOWS_MAX; i++) {
		if (windows->windows[i].sightings == NULL)
			return &windows->windows[i];
		if (windows->windows[i].start_ns < oldest->start_ns)
			oldest = &windows->windows[i];
	}
	if (window_write(windows, oldest) < 0)
		window_lose(windows, oldest);
	return oldest;
}

int daemon_windows_add(struct daemon_windows *windows, const struct publication *publication,
                       struct slice record, int64_t now_ns)
{
	struct window *window = find_window(windows, publication->generation, now_ns);
	int error = 0;

	if (window->sightings == NULL)
		error = window_start(windows, window, publication, now_ns);
	if (error == 0)
		error = sightings_add(window->sightings, record);
	if (error == 0)
		window->hits++;
	else
		windows->hits_lost++;
	return error;
}

uint32_t daemon_windows_oldest(const struct daemon_windows *windows)
{
	uint32_t oldest = UINT32_MAX;

	for (unsigned i = 0; i < DAEMON_WINDOWS_MAX; i++)
		if (windows->windows[i].sightings != NULL &&
		    windows->windows[i].generation < oldest)
			oldest = windows->windows[i].generation;
	return oldest;
}

uint64_t daemon_windows_sightings(const struct daemon_windows *windows)
{
	return windows->sightings_written;
}

uint64_t daemon_windows_lost(const struct daemon_windows *windows)
{
	return windows->hits_lost;
}
