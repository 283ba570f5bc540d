// dataplane/verdicts.h — what happens to the packets of a batch, and to their flows.
//
// Live only. Matches say what of a packet is to be dropped while flows and messages are judged
// (verdicts_address(), verdicts_content()); when all matches of some packets are known,
// verdicts_settle() goes through them in order: flows are condemned, what follows in them is
// dropped. A frame is dropped when one of its packets is. What only listens drops nothing; a dry
// run counts what it would have.
#pragma once

#include "dataplane/flow.h"
#include "dataplane/fragment.h"
#include "dataplane/kernel_flow.h"
#include "dataplane/pipeline.h"
#include "dataplane/reply.h"
#include "dataplane/content.h"

enum { VERDICTS_REPLIES_MAX = 2 * PORT_BURST_MAX };

// A frame of our own. It is written before the batch is released, and sent after: a reset must not
// overtake what went before it.
struct queued_reply {
	struct port *port;
	uint64_t *sent_count;
	size_t size;
	uint8_t bytes[REPLY_BYTES_MAX];
};

struct verdicts {
	struct flow_table *flows; // all borrowed
	struct content *content;
	struct fragment_table *fragments;
	bool has_resets;
	bool has_nxdomain;

	// Of this batch:
	const struct database *database;
	const struct pipeline_path *path;
	const struct frame *frames;
	const struct packet *packets;
	bool is_dry_run;
	uint8_t causes[DECODE_PACKETS_MAX];         // 1 + enum drop_cause; 0: pass
	uint32_t indicator_ids[DECODE_PACKETS_MAX]; // on whose account, where there is a cause
	bool is_counted[PORT_BURST_MAX];       // the frame as dropped, or as it would have been
	enum verdict verdicts[PORT_BURST_MAX]; // of the frame: its packets' strongest

	uint64_t drops[DROP_CAUSE_COUNT];
	uint64_t would_drops[DROP_CAUSE_COUNT];
	uint64_t bytes_dropped;
	uint64_t resets_sent;
	uint64_t nxdomains_sent;

	struct kernel_flow_departures departures;
	unsigned reply_count;
	struct queued_reply replies[VERDICTS_REPLIES_MAX];
};

// HOT. A batch of `count` frames begins: all pass.
void verdicts_begin(struct verdicts *verdicts, const struct pipeline_path *path, unsigned count);

// Can anything be dropped at all?
static inline bool verdicts_has_force(const struct verdicts *verdicts)
{
	return verdicts->path->peer != NULL || verdicts->path->xdp != NULL;
}

// HOT. A match of an address of the packet at `position`: its flow is dropped from it on, if the
// indicator is one to drop, and valid at the packet's time. *turn_at_ns is lowered to when that
// changes.
enum hit_outcome verdicts_address(struct verdicts *verdicts, const struct match *match,
                                  unsigned position, int64_t *turn_at_ns);

// HOT. All address matches of the flow of the packet at `position` have been told: it may be that
// it is listed no more.
void verdicts_judged(struct verdicts *verdicts, unsigned position);

// HOT. A match of what the packet at `position` completed (MATCH_NO_PACKET: it is gone).
enum hit_outcome verdicts_content(struct verdicts *verdicts, const struct match *match,
                                  const struct observable *observable, unsigned position);

// HOT. The packets from `position` on, `count` of them, have been judged.
void verdicts_settle(struct verdicts *verdicts, unsigned position, unsigned count);

// HOT. The batch has been released: what answers it is sent, and the kernel told of what has left.
void verdicts_released(struct verdicts *verdicts);

// HOT. There is no database: all `count` frames pass, or none.
void verdicts_without_database(struct verdicts *verdicts, unsigned count, bool is_fail_closed);
