// dataplane/dpdk.h — DPDK's environment (EAL), and the network cards it could have. Public, beside
// dataplane.h.
//
// The EAL belongs to the process: it is started once, before the first port of the backend "dpdk"
// is opened, and cannot be started again. Its command line is the operator's (doc.dpdk.org, "EAL
// parameters"); what it does not say is set here: one lcore, where this thread may run (workers are
// pinned by the sensor), no files that a killed process would leave behind, no telemetry socket.
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/report.h"

struct dpdk;

// Copies `arguments`. What the EAL logs goes to our log, errors only, until dpdk_stop(). The
// calling thread may run where it could before. Returns 0 and gives it to the caller (dpdk_stop),
// or an error with the reason in `report`:
//   -EALREADY  it was started before in this process
//   -ENOTSUP   DPDK is not in this build
//   -ENOMEM, or another error of the EAL
int dpdk_start(const char *const arguments[], unsigned count, struct report *report,
               struct dpdk **ret_dpdk);

// Calls `call` once on each thread of the EAL, which are not the caller's: what a thread has of
// privileges is its own. Returns 0 when all calls have returned, or -ETIME. Accepts NULL.
int dpdk_each_thread(struct dpdk *dpdk, void (*call)(void *context), void *context);

// After the last port is closed. Lets go of devices and memory. Accepts NULL.
void dpdk_stop(struct dpdk *dpdk);
DEFINE_AUTO(dpdk, dpdk_stop)

// One network card on the PCI bus, whether or not DPDK is in this build.
struct dpdk_card {
	const char *address; // "0000:3b:00.1": the device's name for port_open_device()
	const char *driver;  // of the kernel; "": none
	bool is_ready;       // the driver leaves the card to DPDK
};

// Visits the cards below `path`, "/sys/bus/pci/devices", in order of address. Returns 0, -ENOMEM,
// or why it could not be read; -ENOENT: there is no PCI bus.
int dpdk_cards_each(const char *path, void (*visit)(void *context, const struct dpdk_card *card),
                    void *context);
