// dataplane/port_dpdk_setup.h — what is asked of an ethdev before it is started: its MTU, its
// queues, how it spreads packets over them, and the buffers that packets lie in. None of its
// offloads that change frames.
#pragma once

#include "dataplane/port_dpdk_device.h"

// Fills `device`, whose id and queue_count are set. Returns 0, or an error with the reason in
// asked->report; then the device has to be closed.
int port_dpdk_setup(const struct port_device *asked, struct dpdk_device *device);

// Reports why the device cannot be opened. Returns `error`, -EINVAL when it is 0.
int port_dpdk_setup_refuse(const struct port_device *asked, int error, const char *reason,
                           const char *detail);
