#include "app/control_listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16 };

// The folder the socket is in; its parent has to be there.
static void make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *end = strrchr(path, '/');

	if (end == NULL || end == path)
		return;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(end - path), path);
	(void)mkdir(folder, 0755); // when it fails, bind() says so
}

// Removes a socket that nobody listens to. 0 when nothing is in the way.
static int clear_way(const struct sockaddr_un *address)
{
	struct stat status;
	int fd;
	int error;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : -errno;
	(void)close(fd);
	if (error != -ECONNREFUSED && error != -ENOENT)
		return -EADDRINUSE;
	return unlink(address->sun_path) == 0 || errno == ENOENT ? 0 : -errno;
}

static int bind_file(struct control_listener *listener)
{
	const struct sockaddr *address = (const struct sockaddr *)&listener->address;
	const char *path = listener->address.sun_path;
	struct stat status;
	int error;

	make_folder(path);
	error = clear_way(&listener->address);
	if (error < 0)
		return error;
	// Linux makes the file with the socket's own mode: nobody gets in before chmod().
	if (fchmod(listener->fd, 0600) < 0 ||
	    bind(listener->fd, address, sizeof(listener->address)) < 0)
		return -errno;
	listener->is_bound = true;
	if (chmod(path, 0660) < 0 || lstat(path, &status) < 0 || listen(listener->fd, BACKLOG) < 0)
		return -errno;
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	return 0;
}

int control_listener_open(const char *path, struct control_listener *ret_listener)
{
	*ret_listener = (struct control_listener){.fd = -1, .address.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(ret_listener->address.sun_path))
		return -ENAMETOOLONG;
	memcpy(ret_listener->address.sun_path, path, strlen(path));
	ret_listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return ret_listener->fd < 0 ? -errno : bind_file(ret_listener);
}

void control_listener_close(struct control_listener *listener)
{
	struct stat status;

	if (listener->is_bound && lstat(listener->address.sun_path, &status) == 0 &&
	    status.st_dev == listener->device && status.st_ino == listener->inode)
		(void)unlink(listener->address.sun_path);
	if (listener->fd >= 0)
		(void)close(listener->fd);
	listener->fd = -1;
	listener->is_bound = false;
}
