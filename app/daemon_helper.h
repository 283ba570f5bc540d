// app/daemon_helper.h — the process that keeps CAP_BPF and CAP_NET_ADMIN, and how it is asked.
//
// It is forked once the XDP programs are open and before any thread is started, so that it has them
// too. It does what is asked over a socket pair, one message of fixed size each, and nothing else;
// a database it opens and verifies itself. It ends when the daemon does, however that ends, and
// then leaves the programs attached: without a heartbeat they pass, or drop, by themselves.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/daemon_privileges.h"
#include "base/cleanup.h"
#include "base/report.h"
#include "ebpf/ebpf.h"

enum { DAEMON_HELPER_DEVICES_MAX = 32 };

// Copied into the helper by fork().
struct daemon_helper_options {
	struct xdp *const *xdps;
	const char *const *devices;
	const char *const *pin_paths; // NULL entries: the default
	unsigned count;
	const char *public_key_path; // NULL: databases need not be signed
	const struct daemon_identity *identity;
};

struct daemon_helper;

// Errors are logged. Returns 0 and gives the helper to the caller (daemon_helper_free), or an
// error.
int daemon_helper_start(const struct daemon_helper_options *options,
                        struct daemon_helper **ret_helper);

// All below: one thread. -EPIPE: it has ended; -ETIMEDOUT: it does not answer.

// Opens the database at `path`, which must be the one that `info` is of, verifies it, and makes it
// what all maps say; `path` NULL: the one before, whose validities may have changed. *ret_next_ns
// is when that will be so again. Returns 0; -ESTALE: another database is there meanwhile; or an
// error: `report` says. What was in force then stays in force.
int daemon_helper_mirror(struct daemon_helper *helper, const char *path,
                         const struct database_info *info, uint32_t generation,
                         struct report *report, int64_t *ret_next_ns);

// What xdp_keep_attached() said.
struct daemon_helper_guard {
	int32_t error;
	bool was_off;
};

// xdp_keep_attached() of a device by number, and xdp_status(); of a program that is not attached
// only which device that is.
int daemon_helper_status(struct daemon_helper *helper, unsigned device,
                         struct xdp_status *ret_status, struct daemon_helper_guard *ret_guard);

// xdp_hits() of a device: each goes to `take`, valid during the call. Returns how many, or an
// error.
int daemon_helper_hits(struct daemon_helper *helper, unsigned device,
                       void (*take)(void *context, const struct hit *hit), void *context);

// Detaches the programs, so that the interfaces are as they were. Returns 0 or the first error.
int daemon_helper_unload(struct daemon_helper *helper, struct report *report);

// Ends it and waits. Accepts NULL.
void daemon_helper_free(struct daemon_helper *helper);
DEFINE_AUTO(daemon_helper, daemon_helper_free)
