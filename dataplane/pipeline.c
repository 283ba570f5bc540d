#include "dataplane/pipeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "dataplane/decode.h"
#include "dataplane/emit.h"
#include "dataplane/extract.h"
#include "dataplane/flow.h"
#include "dataplane/fragment.h"
#include "dataplane/match_batch.h"
#include "dataplane/stream.h"
#include "dataplane/watch.h"

enum {
	PORT_DNS = 53,
	WATCH_BUDGET_BYTES = 64 * 1024 * 1024,
};

struct pipeline {
	struct pipeline_options options;
	struct match_context *match_context; // NULL: observe
	struct fragment_table fragments;
	struct flow_table flows;
	struct stream_table streams;
	struct watch_table watches;
	struct emitter emitter;
	struct match_batch batch;
	struct dataplane_counters counters; // those that decode counts
	uint64_t packet_count;              // of this capture
	uint64_t wire_bytes_before;         // counters.bytes when it began
	uint64_t unknown_links_before;      // likewise, counters.packets_unknown_link
	uint64_t unknown_link_packet;       // the first of them in this capture, 0 for none
	enum link_type unknown_link;
	int64_t first_time_ns;
	int64_t last_time_ns;
	struct frame frames[PORT_BURST_MAX];
	struct packet packets[PORT_BURST_MAX];
};

static void end_flow(void *context, struct flow *flow)
{
	struct pipeline *pipeline = context;

	stream_end(&pipeline->streams, flow);
	watch_end(&pipeline->watches, flow);
}

void pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	fragment_table_close(&pipeline->fragments);
	flow_table_close(&pipeline->flows);
	stream_table_close(&pipeline->streams);
	watch_table_close(&pipeline->watches);
	match_context_free(pipeline->match_context);
	free(pipeline);
}

static int open_tables(struct pipeline *pipeline)
{
	const struct pipeline_options *options = &pipeline->options;
	int error = flow_table_open(&pipeline->flows, options->flow_budget_bytes);

	if (error == 0)
		error = fragment_table_open(&pipeline->fragments);
	if (error == 0)
		error = stream_table_open(&pipeline->streams, options->stream_budget_bytes);
	if (error == 0)
		error = watch_table_open(&pipeline->watches, WATCH_BUDGET_BYTES);
	if (error == 0 && options->database != NULL)
		error = match_context_create(options->database, &pipeline->match_context);
	return error;
}

int pipeline_create(const struct pipeline_options *options, struct pipeline **ret_pipeline)
{
	AUTO(pipeline) pipeline = calloc(1, sizeof(*pipeline));
	int error;

	if (pipeline == NULL)
		return -ENOMEM;
	pipeline->options = *options;
	error = open_tables(pipeline);
	if (error < 0)
		return error;
	pipeline->flows.on_end = end_flow;
	pipeline->flows.context = pipeline;
	pipeline->streams.batch = &pipeline->batch;
	pipeline->emitter.ring = options->ring;
	pipeline->emitter.is_abandoned = options->is_abandoned;
	pipeline->emitter.context = options->context;
	pipeline->watches.emitter = &pipeline->emitter;
	pipeline->batch.emitter = &pipeline->emitter;
	pipeline->batch.context = pipeline->match_context;
	pipeline->batch.observe = options->observe;
	pipeline->batch.observe_context = options->observe_context;
	match_batch_init(&pipeline->batch);
	*ret_pipeline = TAKE(pipeline);
	return 0;
}

void pipeline_begin(struct pipeline *pipeline, uint32_t capture_id)
{
	fragment_table_clear(&pipeline->fragments);
	pipeline->packet_count = 0;
	pipeline->wire_bytes_before = pipeline->counters.bytes;
	pipeline->unknown_links_before = pipeline->counters.packets_unknown_link;
	pipeline->unknown_link_packet = 0;
	pipeline->first_time_ns = TIMESTAMP_MAX;
	pipeline->last_time_ns = TIMESTAMP_MIN;
	pipeline->batch.capture_id = capture_id;
	pipeline->watches.capture_id = capture_id;
}

// Remembers the capture's first packet of a link type that is not decoded, for its report.
static void note_unknown_link(struct pipeline *pipeline, unsigned count)
{
	for (unsigned i = 0; i < count && pipeline->unknown_link_packet == 0; i++) {
		if (decode_knows_link(pipeline->frames[i].link))
			continue;
		pipeline->unknown_link_packet = pipeline->packet_count + 1 + i;
		pipeline->unknown_link = pipeline->frames[i].link;
	}
}

// The earliest time of the batch: of several clocks the slowest decides what is idle.
static int64_t take_times(struct pipeline *pipeline, unsigned count)
{
	int64_t earliest_ns = TIMESTAMP_MAX;

	for (unsigned i = 0; i < count; i++) {
		int64_t time_ns = pipeline->frames[i].time_ns;

		if (time_ns < earliest_ns)
			earliest_ns = time_ns;
		if (time_ns > pipeline->last_time_ns)
			pipeline->last_time_ns = time_ns;
	}
	if (earliest_ns < pipeline->first_time_ns)
		pipeline->first_time_ns = earliest_ns;
	return earliest_ns;
}

// Asks for both addresses of at most half a batch of flows' first packets.
static void judge_flows(struct pipeline *pipeline, const struct packet *const firsts[],
                        unsigned count)
{
	struct observable observables[MATCH_BATCH_MAX];
	const struct match *matches;
	unsigned match_count;

	for (unsigned i = 0; i < count; i++) {
		observables[2 * i] = watch_observable(firsts[i], false);
		observables[2 * i + 1] = watch_observable(firsts[i], true);
	}
	match_count = match_find(pipeline->match_context, observables, 2 * count, &matches);
	for (unsigned i = 0; i < match_count; i++) {
		const struct packet *first = firsts[matches[i].observable / 2];

		watch_add(&pipeline->watches, flow_at(&pipeline->flows, first->flow_id), first,
		          &matches[i], matches[i].observable % 2 == 1);
	}
	pipeline->batch.observable_count[OBSERVABLE_ADDRESS] += 2 * count;
}

// Addresses are judged once per flow, before its first packet is counted.
static void match_addresses(struct pipeline *pipeline, const struct packet packets[],
                            unsigned count)
{
	const struct packet *firsts[MATCH_BATCH_MAX / 2];
	unsigned first_count = 0;

	if (pipeline->match_context == NULL)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (!packets[i].is_ip || !packets[i].is_flow_first)
			continue;
		firsts[first_count++] = &packets[i];
		if (first_count == MATCH_BATCH_MAX / 2) {
			judge_flows(pipeline, firsts, first_count);
			first_count = 0;
		}
	}
	if (first_count > 0)
		judge_flows(pipeline, firsts, first_count);
}

static void observe_addresses(struct pipeline *pipeline, const struct packet *packet)
{
	struct observable src = watch_observable(packet, false);
	struct observable dst = watch_observable(packet, true);

	match_batch_add(&pipeline->batch, &src);
	match_batch_add(&pipeline->batch, &dst);
}

// The addresses of the packet that an ICMP error is about, once per error.
static void extract_quote(struct pipeline *pipeline, const struct packet *packet)
{
	struct packet quoted;
	struct observable src, dst;

	if (!decode_quote(packet, &quoted))
		return;
	src = watch_observable(&quoted, false);
	dst = watch_observable(&quoted, true);
	src.where = WHERE_ICMP_SRC;
	dst.where = WHERE_ICMP_DST;
	match_batch_add(&pipeline->batch, &src);
	match_batch_add(&pipeline->batch, &dst);
}

static void extract_packet(struct pipeline *pipeline, const struct packet *packet)
{
	struct flow *flow = flow_at(&pipeline->flows, packet->flow_id);

	pipeline->batch.packet = packet;
	if (pipeline->match_context == NULL && packet->is_flow_first)
		observe_addresses(pipeline, packet);
	if (flow->watch_id != 0)
		watch_packet(&pipeline->watches, flow, packet);
	if (packet->fragment == FRAGMENT_LATER)
		return;
	if (packet->protocol == IP_TCP) {
		if (stream_is_wanted(flow, packet))
			stream_packet(&pipeline->streams, flow, packet);
	} else if (packet->protocol == IP_UDP) {
		if (packet->payload_bytes > 0 &&
		    (packet->src_port == PORT_DNS || packet->dst_port == PORT_DNS))
			extract_dns_message(slice_of(packet->payload, packet->payload_bytes),
			                    &pipeline->batch.output);
	} else if (packet->is_icmp_error) {
		extract_quote(pipeline, packet);
	}
}

static void extract_batch(struct pipeline *pipeline, const struct packet packets[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (packets[i].is_ip)
			stream_prefetch(&pipeline->streams,
			                flow_at(&pipeline->flows, packets[i].flow_id), &packets[i]);
	for (unsigned i = 0; i < count; i++)
		if (packets[i].is_ip)
			extract_packet(pipeline, &packets[i]);
}

// The stations of a packet, in order. Hits are emitted where they are found: by match_batch.c
// at the latest in match_batch_run(), by watch.c when their flow's counts are known.
unsigned pipeline_run(struct pipeline *pipeline, struct port *port)
{
	struct packet *packets = pipeline->packets;
	unsigned count = port->ops->receive(port, pipeline->frames);

	if (count == 0)
		return 0;
	decode_batch(pipeline->frames, count, pipeline->packet_count + 1, packets,
	             &pipeline->counters);
	fragment_batch(&pipeline->fragments, packets, count);
	if (pipeline->counters.packets_unknown_link > pipeline->unknown_links_before)
		note_unknown_link(pipeline, count);
	flow_expire(&pipeline->flows, take_times(pipeline, count));
	for (unsigned done = 0, taken; done < count; done += taken) {
		// All of them, unless a flow has to end in the middle.
		taken = flow_batch(&pipeline->flows, packets + done, count - done);
		match_addresses(pipeline, packets + done, taken);
		extract_batch(pipeline, packets + done, taken);
		flow_batch_end(&pipeline->flows, packets + done, taken);
	}
	match_batch_run(&pipeline->batch);
	port->ops->release(port, NULL);
	pipeline->packet_count += count;
	return count;
}

void pipeline_end(struct pipeline *pipeline)
{
	flow_end_all(&pipeline->flows);
	if (pipeline->match_context != NULL)
		match_batch_run(&pipeline->batch);
}

void pipeline_counters(const struct pipeline *pipeline, struct dataplane_counters *ret_counters)
{
	struct dataplane_counters counters = pipeline->counters;
	struct match_limits limits = {0};

	counters.flows = pipeline->flows.created;
	counters.flows_evicted = pipeline->flows.evicted;
	counters.stream_gaps = pipeline->streams.gaps;
	counters.stream_bytes_dropped = pipeline->streams.bytes_dropped;
	counters.messages_malformed = pipeline->batch.output.messages_malformed;
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		counters.observables[i] = pipeline->batch.observable_count[i];
	counters.hits = pipeline->emitter.hits;
	if (pipeline->match_context != NULL)
		match_context_limits(pipeline->match_context, &limits);
	counters.matches_left_out = limits.matches_left_out;
	counters.patterns_given_up = limits.patterns_given_up;
	*ret_counters = counters;
}

static void report_unknown_link(const struct pipeline *pipeline, struct report *report)
{
	char detail[64];
	uint64_t count = pipeline->counters.packets_unknown_link - pipeline->unknown_links_before;
	int size = snprintf(detail, sizeof(detail), "LINKTYPE %u, %" PRIu64 " packets",
	                    (unsigned)pipeline->unknown_link, count);

	report_add(report, &(struct problem){
				   .reason = "packets of a link type that is not decoded",
				   .detail = slice_of(detail, (size_t)size),
				   .line = pipeline->unknown_link_packet,
			   });
}

void pipeline_capture_result(const struct pipeline *pipeline, struct capture_result *ret_result)
{
	ret_result->packets = pipeline->packet_count;
	ret_result->bytes = pipeline->counters.bytes - pipeline->wire_bytes_before;
	ret_result->first_time_ns = pipeline->first_time_ns;
	ret_result->last_time_ns = pipeline->packet_count > 0 ? pipeline->last_time_ns
	                                                      : TIMESTAMP_MAX;
	if (pipeline->unknown_link_packet > 0)
		report_unknown_link(pipeline, &ret_result->report);
}
