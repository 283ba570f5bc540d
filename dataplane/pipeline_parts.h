// dataplane/pipeline_parts.h — what a pipeline consists of: for pipeline.c and pipeline_live.c
// alone.
#pragma once

#include "dataplane/content.h"
#include "dataplane/decode.h"
#include "dataplane/emit.h"
#include "dataplane/flow.h"
#include "dataplane/fragment.h"
#include "dataplane/judge.h"
#include "dataplane/match_batch.h"
#include "dataplane/pipeline.h"
#include "dataplane/stages.h"
#include "dataplane/verdicts.h"
#include "dataplane/watch.h"
#include "engine/publish.h"

struct pipeline {
	struct pipeline_options options;
	struct match_context *match_context; // own; NULL: observe, or live
	struct fragment_table fragments;
	struct decoder decoder;
	struct flow_table flows;
	struct content content;
	struct watch_table watches;
	struct emitter emitter;
	struct match_batch batch;
	struct judge judge;

	// Live:
	struct pipeline_live live;
	const struct publication *publication; // NULL: none yet
	struct verdicts verdicts;
	struct stages stages;
	struct match_limits limits_before; // of contexts that were used before

	struct dataplane_counters counters; // those that decode counts
	bool has_clock;                     // pipeline_advance() tells the time
	uint64_t packet_count;              // of this capture
	uint64_t wire_bytes_before;         // counters.bytes when it began
	uint64_t unknown_links_before;      // likewise, counters.packets_unknown_link
	uint64_t unknown_link_packet;       // the first of them in this capture, 0 for none
	enum link_type unknown_link;
	int64_t first_time_ns;
	int64_t last_time_ns;
	struct frame frames[PORT_BURST_MAX];
	struct packet packets[DECODE_PACKETS_MAX];
};

// HOT. The stations from decode to match, of `count` frames that were received.
void pipeline_stations(struct pipeline *pipeline, unsigned count);

// No more is asked of the publisher: it may be that the worker ends.
void pipeline_live_leave(struct pipeline *pipeline);
