#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "ebpf/xdp.h"

enum { PATIENCE_ROUNDS = 100 };
#define ROUND_NS (20 * NS_PER_MS)

static int try_lock(const char *folder, int operation)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, operation | LOCK_NB) < 0) {
		int error = errno == EWOULDBLOCK ? -EBUSY : -errno;

		(void)close(fd);
		return error;
	}
	return fd;
}

// Or did somebody remove it, and make another one?
static bool is_folder(int fd, const char *folder)
{
	struct stat held, there;

	return fstat(fd, &held) == 0 && stat(folder, &there) == 0 && held.st_dev == there.st_dev &&
	       held.st_ino == there.st_ino;
}

int xdp_lock(const char *folder)
{
	const struct timespec pause = {.tv_nsec = ROUND_NS};
	int fd = -EBUSY;

	for (unsigned i = 0; fd == -EBUSY && i < PATIENCE_ROUNDS; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		fd = try_lock(folder, LOCK_EX);
	}
	if (fd >= 0 && !is_folder(fd, folder)) {
		(void)close(fd);
		return -EBUSY;
	}
	return fd;
}

bool xdp_is_in_use(const char *device, const char *pin_path)
{
	char folder[XDP_PATH_BYTES];
	int fd = xdp_pin_folder(device, pin_path, folder);

	if (fd == 0)
		fd = try_lock(folder, LOCK_SH);
	if (fd >= 0)
		(void)close(fd);
	return fd == -EBUSY;
}
