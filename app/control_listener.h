// app/control_listener.h — the socket file that the daemon listens at.
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>

struct control_listener {
	int fd; // -1: not open
	bool is_bound;
	struct sockaddr_un address;
	dev_t device; // of the file
	ino_t inode;
};

// Listens at `path`, with mode 0660, and makes the folder it is in when that is all that is
// missing. A socket that nobody listens to any more is replaced. Returns 0, -EADDRINUSE (somebody
// listens there), -EEXIST (what is there is no socket), -ENAMETOOLONG, or another error; the
// listener wants control_listener_close() in any case.
int control_listener_open(const char *path, struct control_listener *ret_listener);

// Stops listening, and removes the file if it is still this listener's.
void control_listener_close(struct control_listener *listener);
