// app/notify.h — what the service manager is told (sd_notify(3), one datagram each).
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct notify {
	int fd;              // -1: nobody wants to know
	int64_t watchdog_ns; // between two signs of life; 0: none is wanted
	int64_t told_ns;     // monotonic
};

// By NOTIFY_SOCKET and WATCHDOG_USEC of the environment.
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

// "READY=1", "STATUS=…", "STOPPING=1": lines. Nothing happens when nobody wants to know.
void notify_send(const struct notify *notify, const char *text);

// "WATCHDOG=1", as often as is wanted. May be called as often as one likes.
void notify_alive(struct notify *notify);
