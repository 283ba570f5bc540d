// dataplane/capture_share.h — one capture for several workers: read ahead, and split.
//
// The workers themselves read the file, walk from record to record and deal out the packets,
// whoever has nothing of its own to do (docs/decisions/0021-capture-files.md). A capture comes in
// turns of up to some thousand packets, the same ones however many workers there are. Each worker
// goes through all turns, is told each one's time, and gets those of its packets that are its own
// (dataplane/capture_split.h). Packets that a worker has not seen yet hold a turn's memory: who is
// far ahead of the slowest waits.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "dataplane/port.h"

struct capture_share;

struct capture_share_options {
	const char *path; // "-": standard input
	unsigned worker_count;
	bool has_helper;       // a thread besides the workers that reads, walks and deals out
	struct report *report; // borrowed: a capture that is damaged somewhere is said there
	// Asked while waiting for others: is it all to end? With `context`, on any worker's thread.
	bool (*is_stopping)(void *context);
	void *context;
};

// Would several workers be done sooner? Not with what is small, nor with what has to be
// decompressed, which takes longer than all that follows.
bool capture_share_is_worthwhile(const char *path);

// Copies `options`. Returns 0 and gives it to the caller (capture_share_close), or an error as
// port_open().
int capture_share_open(const struct capture_share_options *options,
                       struct capture_share **ret_share);

// When no worker uses it any more. Accepts NULL.
void capture_share_close(struct capture_share *share);
DEFINE_AUTO(capture_share, capture_share_close)

// A worker's own packets of its current turn, numbered as in the capture: receive gives none at
// the turn's end. Valid until the next turn. Belongs to the share; the worker's own thread only.
struct port *capture_share_port(struct capture_share *share, unsigned worker);

// A worker has done with its turn and goes to the next, which it may have to wait for or to
// prepare. False at the capture's end, and when it is to stop; else sets the turn's time: the
// earliest of its packets'.
bool capture_share_next(struct capture_share *share, unsigned worker, int64_t *ret_time_ns);

// Any thread. Bytes of the file read so far.
uint64_t capture_share_file_bytes(const struct capture_share *share);

// When no worker uses it any more: have all gone through all of it? Was it damaged?
bool capture_share_is_read(struct capture_share *share);
bool capture_share_is_cut_short(const struct capture_share *share);
