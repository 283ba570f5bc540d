// dataplane/dataplane.h — packets in, hits out. The folder's only public header.
//
// app opens captures, starts workers over them, and drains the workers' rings into the
// sightings side.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/ring.h"
#include "engine/hit.h"
#include "engine/match.h"

// Why a file has no hash.
enum file_loss {
	FILE_LOSS_GAP,    // bytes never came, or its end was not seen
	FILE_LOSS_PART,   // only a part of it was asked for
	FILE_LOSS_CODING, // its coding is unknown, or damaged; or there are too many
	FILE_LOSS_BOMB,   // it grows beyond the bounds
	FILE_LOSS_ROOM,   // the budget was used up
	FILE_LOSS_COUNT,
};

// "gap", "part", "coding", "bomb", "room"
const char *file_loss_name(enum file_loss loss);

// Files that ended, where somebody asked for hashes.
struct file_counters {
	uint64_t files;
	uint64_t hashed; // of them
	uint64_t lost[FILE_LOSS_COUNT];
};

// What one worker, or several added up, has seen and done.
struct dataplane_counters {
	uint64_t packets;
	uint64_t bytes;                // on the wire
	uint64_t packets_cut;          // snaplen: fewer bytes captured than were on the wire
	uint64_t packets_not_ip;       // ARP, STP …
	uint64_t packets_unknown_link; // of a link type we do not decode
	uint64_t packets_malformed;    // IP or transport headers that cannot be
	uint64_t checksums_wrong;      // struct traffic_settings: carry nothing
	uint64_t fragments;            // of packets, but the first
	uint64_t datagrams_reassembled;
	uint64_t datagrams_given_up;  // never whole: a fragment missing, no room: payload not seen
	uint64_t datagrams_discarded; // for overlaps (IPv6) or lengths that cannot be
	uint64_t fragments_overlapping;
	uint64_t packets_inner;   // in tunnels; not among `packets`
	uint64_t layers_too_deep; // frames with more of them than are looked into
	uint64_t flows;
	uint64_t flows_evicted;        // the flow table's budget was full
	uint64_t stream_gaps;          // holes in TCP streams: bytes that never came
	uint64_t stream_bytes_dropped; // the reassembly budget was full
	uint64_t messages_malformed;   // DNS, TLS, HTTP that began well and ended badly
	struct file_counters files;
	uint64_t observables[OBSERVABLE_TYPE_COUNT];
	uint64_t hits;
	uint64_t matches_left_out;  // struct match_limits
	uint64_t patterns_given_up; // likewise
};

void dataplane_counters_add(struct dataplane_counters *sum,
                            const struct dataplane_counters *counters);

// How packets are taken, where there is a choice.
struct traffic_settings {
	bool must_check_sums; // what a receiver would drop for its checksum carries nothing
	bool has_local_dns;   // mDNS and LLMNR are DNS, too
};

// How reading one capture went.
struct capture_result {
	int error; // 0, or why it could not be read at all (-errno)
	uint64_t packets;
	uint64_t bytes;        // on the wire
	int64_t first_time_ns; // TIMESTAMP_MAX when there was no packet
	int64_t last_time_ns;
	bool is_cut_short;    // stopped, or damaged: `report` says where
	bool is_stopped;      // by workers_stop(), before its end; also when it was not begun
	struct report report; // warnings; report_clear() when done
};

struct workers_options {
	const struct database *database; // NULL with `observe`
	const char *const *captures;     // paths, "-" is standard input; index = capture_id
	uint32_t capture_count;
	unsigned worker_count;      // 1-256
	struct ring *const *rings;  // worker_count rings for hits, borrowed; NULL with `observe`
	size_t flow_budget_bytes;   // per worker, 0: 640 MB (used only as flows need it)
	size_t stream_budget_bytes; // per worker, 0: 256 MB
	// When set, called for each observable instead of matching, on the worker's thread;
	// worker_count must be 1. `origin` and `observable` are borrowed for the call.
	void (*observe)(void *context, const struct origin *origin,
	                const struct observable *observable);
	void (*observe_file)(void *context, const struct origin *origin,
	                     const struct file_seen *file);
	void *observe_context;
	struct traffic_settings traffic;
};

struct workers;

// How many cores this process may use, 1 at least: the number of workers that makes sense.
unsigned workers_cores(void);

// Starts the threads. Large captures are read by all of them together, the others by one each:
// hits, counters and results are the same whatever their number, as long as no table was full
// (flows_evicted, stream_bytes_dropped). One more thread reads ahead where there is a core for it,
// and one decompresses for each compressed capture. `options` and what
// it points to must outlive the workers. Returns 0 and gives the workers to the caller
// (workers_free), -EINVAL, -ENOMEM, or why no thread could be started.
int workers_start(const struct workers_options *options, struct workers **ret_workers);

// True when every worker has ended: what is in the rings then is the rest.
bool workers_are_done(const struct workers *workers);

// Packets taken and bytes of the captures' files read so far, for a progress bar.
void workers_progress(const struct workers *workers, uint64_t *ret_packets,
                      uint64_t *ret_file_bytes);

// Asks the workers to end after their current batch: flows are written as they are. The rings have
// to be emptied until the workers are done. Async-signal-safe.
void workers_stop(struct workers *workers);

// After workers_are_done(). Waits for the threads. The results belong to `workers`.
void workers_join(struct workers *workers, struct dataplane_counters *ret_counters,
                  const struct capture_result **ret_results);

// Stops and joins what still runs; hits that find no room in their ring are lost. Accepts NULL.
void workers_free(struct workers *workers);
DEFINE_AUTO(workers, workers_free)
