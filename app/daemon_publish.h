// app/daemon_publish.h — the thread that opens databases, checks them, and puts them in force.
//
// A database is verified, mirrored into the XDP maps by the helper, then published to the workers;
// whatever goes wrong leaves in force what was there. The thread is the publishing one
// (engine/publish.h), and the only one that asks the helper while it runs.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/daemon_kernel.h"
#include "app/daemon_output.h"
#include "base/cleanup.h"

enum { DAEMON_PUBLISH_TEXT_BYTES = 512, DAEMON_PUBLISH_REQUESTS_MAX = 32 };

struct daemon_publish_options {
	struct publisher *publisher;
	struct daemon_kernel kernel; // copied
};

struct daemon_publish;

// Returns 0 and gives it to the caller (daemon_publish_free), or an error.
int daemon_publish_create(const struct daemon_publish_options *options,
                          struct daemon_publish **ret_publish);

// Before the thread runs: which database (both copied; `public_key_path` NULL: it need not be
// signed). Puts it in force, if it can be: why not is logged, and it is looked for from then on.
// Returns 0, or the error.
int daemon_publish_first(struct daemon_publish *publish, const char *path,
                         const char *public_key_path);

// `output` borrows from what is published, too.
int daemon_publish_start(struct daemon_publish *publish, struct daemon_output *output);

// Any thread: open the database anew, there or elsewhere (both copied). `request_id`, unless 0, is
// told by daemon_publish_done(). Returns 0, -EBUSY (too many wait), or -ENOMEM.
int daemon_publish_ask(struct daemon_publish *publish, const char *path,
                       const char *public_key_path, uint64_t request_id);

// Any thread: look whether its files have changed, and open it anew then.
void daemon_publish_look(struct daemon_publish *publish);

// For poll(2): readable when a request is done.
int daemon_publish_fd(const struct daemon_publish *publish);

// The next request that is done, with its error, and words for whoever asked. False: none.
bool daemon_publish_done(struct daemon_publish *publish, uint64_t *ret_request_id, int *ret_error,
                         char ret_text[DAEMON_PUBLISH_TEXT_BYTES]);

struct daemon_publish_figures {
	bool has_database;
	struct database_info database;
	unsigned publications;
	uint64_t reloads, reload_failures;
	int64_t reloaded_ns;
	int64_t reload_duration_ns;
	uint64_t hits_lost; // of the kernel: the ring was full
	unsigned xdp_count;
	struct xdp_status xdp[DAEMON_HELPER_DEVICES_MAX]; // as of a second ago
};
// Any thread.
void daemon_publish_figures(struct daemon_publish *publish,
                            struct daemon_publish_figures *ret_figures);
// Any thread, for the heartbeat.
bool daemon_publish_has_database(struct daemon_publish *publish);

// Ends the thread: the rest of the kernel's hits are in the ring then. The helper may be asked by
// the caller from then on.
void daemon_publish_stop(struct daemon_publish *publish);

// Stops what still runs. Accepts NULL.
void daemon_publish_free(struct daemon_publish *publish);
DEFINE_AUTO(daemon_publish, daemon_publish_free)
