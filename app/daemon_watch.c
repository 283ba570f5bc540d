#include "app/daemon_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/timestamp.h"

#define QUIET_NS (200 * NS_PER_MS)
#define LATE_NS  (2 * NS_PER_S) // whoever writes without a pause is not waited for longer

struct daemon_watch {
	int fd;
	char *path;
	const char *name;          // in its folder
	int64_t first_ns, last_ns; // of the events that were not told yet; 0: none
};

static int watch_folder(struct daemon_watch *watch)
{
	char *slash = strrchr(watch->path, '/');
	char folder[PATH_MAX] = ".";

	watch->name = slash != NULL ? slash + 1 : watch->path;
	if (slash != NULL) {
		size_t size = slash == watch->path ? 1 : (size_t)(slash - watch->path);

		if (size >= sizeof(folder))
			return -ENAMETOOLONG;
		memcpy(folder, watch->path, size);
		folder[size] = '\0';
	}
	int added = inotify_add_watch(watch->fd, folder,
	                              IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR);
	return added < 0 ? -errno : 0;
}

int daemon_watch_open(const char *path, struct daemon_watch **ret_watch)
{
	AUTO(daemon_watch) watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return -ENOMEM;
	watch->path = strdup(path);
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->path == NULL || watch->fd < 0)
		return watch->path == NULL ? -ENOMEM : -errno;
	int error = watch_folder(watch);
	if (error < 0)
		return error;
	*ret_watch = TAKE(watch);
	return 0;
}

void daemon_watch_free(struct daemon_watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->fd >= 0)
		(void)close(watch->fd);
	free(watch->path);
	free(watch);
}

int daemon_watch_fd(const struct daemon_watch *watch)
{
	return watch->fd;
}

static bool is_of_database(const struct daemon_watch *watch, const char *name)
{
	size_t size = strlen(watch->name);

	if (strncmp(name, watch->name, size) != 0)
		return false;
	return name[size] == '\0' || strcmp(name + size, ".overlay") == 0 ||
	       strcmp(name + size, ".state") == 0;
}

static bool read_events(struct daemon_watch *watch)
{
	_Alignas(struct inotify_event) char events[4096];
	bool is_ours = false;
	ssize_t size;

	while ((size = read(watch->fd, events, sizeof(events))) > 0) {
		for (const char *at = events; at < events + size;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			// Too many at once: some are lost, it may be any.
			is_ours |= (event->mask & IN_Q_OVERFLOW) != 0 ||
			           (event->len > 0 && is_of_database(watch, event->name));
			at += sizeof(*event) + event->len;
		}
	}
	return is_ours;
}

bool daemon_watch_is_due(struct daemon_watch *watch, int64_t now_ns, int *ret_wait_ms)
{
	*ret_wait_ms = -1;
	if (read_events(watch)) {
		if (watch->first_ns == 0)
			watch->first_ns = now_ns;
		watch->last_ns = now_ns;
	}
	if (watch->first_ns == 0)
		return false;
	if (now_ns - watch->last_ns >= QUIET_NS || now_ns - watch->first_ns >= LATE_NS) {
		watch->first_ns = 0;
		return true;
	}
	*ret_wait_ms = (int)((QUIET_NS - (now_ns - watch->last_ns)) / NS_PER_MS) + 1;
	return false;
}
