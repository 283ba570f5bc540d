// The smallest XDP program that hands every packet to the AF_XDP socket of its queue, for tests of
// ports: what it is to struct port_device is the same as sekisho's own.
#pragma once

#include <stdbool.h>

#include "base/report.h"
#include "dataplane/port.h"

struct hand_over;
struct xdp;

int hand_over_load(const char *device, bool is_generic, struct report *report,
                   struct hand_over **ret_hand_over);
struct xdp *hand_over_xdp(struct hand_over *hand_over); // NULL of NULL
int hand_over_open_port(const char *backend, const struct port_device *device,
                        struct port **ret_port);
void hand_over_unload(struct hand_over *hand_over); // accepts NULL
