// app/metrics_http_address.h — where /metrics listens.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/report.h"

struct metrics_http_address {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
	socklen_t bytes;
};

// Reads "127.0.0.1:9477" or "[::1]:9477"; an address that is not loopback is a note in `report`.
// Returns 0, or -EINVAL (reported).
int metrics_http_address_parse(const char *text, struct report *report,
                               struct metrics_http_address *ret_address);
