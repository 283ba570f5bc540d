#include "app/sync_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "app/stop.h"
#include "base/timestamp.h"

static int lock(int fd, bool is_waiting)
{
	const struct timespec pause = {.tv_nsec = 200 * NS_PER_MS};

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (!is_waiting)
			return -EBUSY;
		if (stop_signal() != 0)
			return -EINTR;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int sync_lock_take(const char *store_path, bool is_waiting)
{
	char *path;

	if (asprintf(&path, "%s.lock", store_path) < 0)
		return -ENOMEM;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = fd < 0 ? -errno : lock(fd, is_waiting);
	free(path);
	if (error == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return error;
}
