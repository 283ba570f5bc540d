#include "app/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/clock.h"

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(path);

	if (size == 0 || size >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, size);
	if (path[0] == '@') // an abstract name
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, address_size) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

void notify_open(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *watchdog = getenv("WATCHDOG_USEC");

	*notify = (struct notify){.fd = path != NULL ? connect_to(path) : -1};
	// Twice as often as is asked for, as systemd advises.
	if (watchdog != NULL)
		notify->watchdog_ns = strtoll(watchdog, NULL, 10) * NS_PER_US / 2;
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		(void)close(notify->fd);
	notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *text)
{
	if (notify->fd >= 0)
		(void)send(notify->fd, text, strlen(text), MSG_NOSIGNAL);
}

void notify_alive(struct notify *notify)
{
	int64_t now_ns = clock_now_ns();

	if (notify->watchdog_ns <= 0 || now_ns - notify->told_ns < notify->watchdog_ns)
		return;
	notify->told_ns = now_ns;
	notify_send(notify, "WATCHDOG=1");
}
