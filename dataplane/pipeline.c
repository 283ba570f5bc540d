#include "dataplane/pipeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timestamp.h"
#include "dataplane/extract.h"
#include "dataplane/pipeline_parts.h"

enum {
	WATCH_BUDGET_BYTES = 64 * 1024 * 1024,
	// Live, all of them are written at once when the database changes.
	WATCH_BUDGET_LIVE_BYTES = 16 * 1024 * 1024,
};

static void end_flow(void *context, struct flow *flow)
{
	struct pipeline *pipeline = context;

	if ((flow->content_id | flow->watch_id) == 0) // most
		return;
	pipeline->batch.position = MATCH_NO_PACKET;
	content_end(&pipeline->content, flow);
	watch_end(&pipeline->watches, flow);
}

static enum hit_outcome judge_content(void *context, const struct match *match,
                                      const struct observable *observable, unsigned position)
{
	struct pipeline *pipeline = context;

	return verdicts_content(&pipeline->verdicts, match, observable, position);
}

void pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	fragment_table_close(&pipeline->fragments);
	flow_table_close(&pipeline->flows);
	content_close(&pipeline->content);
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
		error = content_open(&pipeline->content, options->stream_budget_bytes,
		                     &pipeline->batch);
	if (error == 0)
		error = watch_table_open(&pipeline->watches, options->live != NULL
		                                                     ? WATCH_BUDGET_LIVE_BYTES
		                                                     : WATCH_BUDGET_BYTES);
	if (error == 0 && options->database != NULL)
		error = match_context_create(options->database, &pipeline->match_context);
	return error;
}

void pipeline_begin(struct pipeline *pipeline, uint32_t capture_id)
{
	fragment_table_clear(&pipeline->fragments);
	pipeline->has_clock = false;
	pipeline->packet_count = 0;
	pipeline->wire_bytes_before = pipeline->counters.bytes;
	pipeline->unknown_links_before = pipeline->counters.packets_unknown_link;
	pipeline->unknown_link_packet = 0;
	pipeline->first_time_ns = TIMESTAMP_MAX;
	pipeline->last_time_ns = TIMESTAMP_MIN;
	pipeline->batch.capture_id = capture_id;
	pipeline->watches.capture_id = capture_id;
}

static void wire_live(struct pipeline *pipeline, const struct pipeline_live *live)
{
	pipeline->live = *live;
	pipeline->options.live = &pipeline->live;
	pipeline->emitter.is_live = true;
	pipeline->batch.judge = judge_content;
	pipeline->batch.judge_context = pipeline;
	pipeline->judge.verdicts = &pipeline->verdicts;
	judge_turn(&pipeline->judge);
	pipeline->verdicts.flows = &pipeline->flows;
	pipeline->verdicts.content = &pipeline->content;
	pipeline->verdicts.fragments = &pipeline->fragments;
	pipeline->verdicts.frames = pipeline->frames;
	pipeline->verdicts.packets = pipeline->packets;
	pipeline->verdicts.has_resets = live->has_resets;
	pipeline->verdicts.has_nxdomain = live->has_nxdomain;
	pipeline_begin(pipeline, 0);
}

// Who observes is told all kinds; live the publication says.
static uint8_t hashes_wanted(const struct pipeline_options *options)
{
	if (options->database != NULL)
		return database_hash_algorithms(options->database);
	return options->live == NULL ? (1 << HASH_ALGORITHM_COUNT) - 1 : 0;
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
	pipeline->content.has_local_dns = options->traffic.has_local_dns;
	pipeline->decoder = (struct decoder){
		.fragments = &pipeline->fragments,
		.counters = &pipeline->counters,
		.must_check_sums = options->traffic.must_check_sums,
	};
	pipeline->flows.on_end = end_flow;
	pipeline->flows.context = pipeline;
	pipeline->emitter.ring = options->ring;
	pipeline->emitter.is_abandoned = options->is_abandoned;
	pipeline->emitter.context = options->context;
	pipeline->watches.emitter = &pipeline->emitter;
	pipeline->batch.emitter = &pipeline->emitter;
	pipeline->batch.context = pipeline->match_context;
	pipeline->batch.observe = options->observe;
	pipeline->batch.observe_file = options->observe_file;
	pipeline->batch.observe_context = options->observe_context;
	pipeline->batch.output.hashes_wanted = hashes_wanted(options);
	pipeline->batch.packets = pipeline->packets;
	pipeline->batch.packets_bytes = sizeof(pipeline->packets);
	match_batch_init(&pipeline->batch);
	pipeline->judge.flows = &pipeline->flows;
	pipeline->judge.watches = &pipeline->watches;
	pipeline->judge.batch = &pipeline->batch;
	pipeline->judge.turn_at_ns = TIMESTAMP_MAX;
	if (options->live != NULL)
		wire_live(pipeline, options->live);
	*ret_pipeline = TAKE(pipeline);
	return 0;
}

// Remembers the capture's first packet of a link type that is not decoded, for its report.
static void note_unknown_link(struct pipeline *pipeline, unsigned count)
{
	for (unsigned i = 0; i < count && pipeline->unknown_link_packet == 0; i++) {
		if (decode_knows_link(pipeline->frames[i].link))
			continue;
		pipeline->unknown_link_packet = pipeline->frames[i].number;
		if (pipeline->unknown_link_packet == 0)
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

static void extract_packet(struct pipeline *pipeline, unsigned position)
{
	const struct packet *packet = &pipeline->packets[position];
	struct flow *flow = flow_at(&pipeline->flows, packet->flow_id);

	pipeline->batch.packet = packet;
	pipeline->batch.position = (uint16_t)position;
	if (pipeline->batch.context == NULL && packet->is_flow_first)
		observe_addresses(pipeline, packet);
	if (flow->watch_id != 0)
		watch_packet(&pipeline->watches, flow, packet);
	if (packet->is_carrier || (flow_is_dropped(flow) && !pipeline->verdicts.is_dry_run))
		return;
	if (packet->protocol == IP_TCP || packet->protocol == IP_UDP)
		content_packet(&pipeline->content, flow, packet);
	else if (packet->is_icmp_error)
		extract_quote(pipeline, packet);
}

// Of most packets there is nothing to be done: their flows are.
static bool is_wanted(const struct pipeline *pipeline, const struct packet *packet,
                      const struct flow *flow)
{
	return content_is_wanted(&pipeline->content, flow, packet) || flow->watch_id != 0 ||
	       (pipeline->batch.context == NULL && packet->is_flow_first);
}

// Packets of the batch, by position.
struct chosen {
	uint16_t positions[PORT_BURST_MAX];
	unsigned count;
};

// What these will need is on its way from then on. Behind judge_addresses(), which may want a flow
// again that was done.
static void choose_wanted(const struct pipeline *pipeline, unsigned position, unsigned count,
                          struct chosen *ret_chosen)
{
	const struct packet *packets = pipeline->packets;
	unsigned chosen_count = 0;

	for (unsigned i = position; i < position + count; i++) {
		const struct flow *flow;

		if (!packets[i].is_ip)
			continue;
		flow = flow_at(&pipeline->flows, packets[i].flow_id);
		if (!is_wanted(pipeline, &packets[i], flow))
			continue;
		content_prefetch(&pipeline->content, flow, &packets[i]);
		ret_chosen->positions[chosen_count++] = (uint16_t)i;
	}
	ret_chosen->count = chosen_count;
}

// What of the batch can be judged together: its flows stay what they are until then.
static unsigned run_part(struct pipeline *pipeline, unsigned position, unsigned count)
{
	struct packet *packets = pipeline->packets + position;
	// All of them, unless a flow has to end in the middle.
	unsigned taken = flow_batch(&pipeline->flows, packets, count);
	struct chosen wanted;

	stages_mark(&pipeline->stages, STAGE_FLOW);
	if (pipeline->batch.context != NULL)
		judge_addresses(&pipeline->judge, pipeline->packets, position, taken);
	stages_mark(&pipeline->stages, STAGE_MATCH);
	choose_wanted(pipeline, position, taken, &wanted);
	for (unsigned i = 0; i < wanted.count; i++)
		extract_packet(pipeline, wanted.positions[i]);
	stages_mark(&pipeline->stages, STAGE_EXTRACT);
	if (pipeline->options.live != NULL) {
		match_batch_run(&pipeline->batch);
		verdicts_settle(&pipeline->verdicts, position, taken);
		stages_mark(&pipeline->stages, STAGE_MATCH);
	}
	return taken;
}

// The stations of a packet, in order. Hits are emitted where they are found: by match_batch.c
// at the latest in match_batch_run(), by watch.c when their flow's counts are known. What a match
// does to a packet is known before flows can end, and before the packets are released.
void pipeline_stations(struct pipeline *pipeline, unsigned count)
{
	struct packet *packets = pipeline->packets;
	unsigned packet_count = count;
	uint64_t has_more;
	int64_t earliest_ns;

	has_more = decode_batch(pipeline->frames, count, pipeline->packet_count + 1, packets,
	                        &pipeline->counters);
	if (has_more != 0 || pipeline->decoder.must_check_sums)
		packet_count = decode_layers(&pipeline->decoder, pipeline->frames, count, has_more,
		                             packets);
	stages_mark(&pipeline->stages, STAGE_DECODE);
	if (pipeline->counters.packets_unknown_link > pipeline->unknown_links_before)
		note_unknown_link(pipeline, count);
	earliest_ns = take_times(pipeline, count);
	if (!pipeline->has_clock)
		flow_expire(&pipeline->flows, earliest_ns);
	if (pipeline->last_time_ns >= pipeline->judge.turn_at_ns)
		judge_turn(&pipeline->judge);
	for (unsigned done = 0; done < packet_count;)
		done += run_part(pipeline, done,
		                 packet_count - done < PORT_BURST_MAX ? packet_count - done
		                                                      : PORT_BURST_MAX);
	match_batch_run(&pipeline->batch);
	pipeline->packet_count += count;
}

void pipeline_advance(struct pipeline *pipeline, int64_t time_ns)
{
	pipeline->has_clock = true;
	flow_expire(&pipeline->flows, time_ns);
}

unsigned pipeline_run(struct pipeline *pipeline, struct port *port)
{
	unsigned count = port->ops->receive(port, pipeline->frames);

	if (count == 0)
		return 0;
	pipeline_stations(pipeline, count);
	port->ops->release(port, NULL);
	return count;
}

void pipeline_end(struct pipeline *pipeline)
{
	pipeline->emitter.is_live = false; // no packet waits any more
	flow_end_all(&pipeline->flows);
	fragment_table_clear(&pipeline->fragments);
	if (pipeline->batch.context != NULL)
		match_batch_run(&pipeline->batch);
	if (pipeline->options.live != NULL)
		pipeline_live_leave(pipeline);
}

void pipeline_counters(const struct pipeline *pipeline, struct dataplane_counters *ret_counters)
{
	struct dataplane_counters counters = pipeline->counters;
	const struct match_limits *before = &pipeline->limits_before;
	struct match_limits limits = {0};

	counters.datagrams_reassembled = pipeline->fragments.whole_count;
	counters.datagrams_given_up = pipeline->fragments.given_up;
	counters.datagrams_discarded = pipeline->fragments.discarded;
	counters.fragments_overlapping = pipeline->fragments.overlapping;
	counters.flows = pipeline->flows.created;
	counters.flows_evicted = pipeline->flows.evicted;
	counters.stream_gaps = pipeline->content.streams.gaps;
	counters.stream_bytes_dropped = pipeline->content.streams.bytes_dropped;
	file_table_counters(pipeline->content.files, &counters.files);
	counters.messages_malformed = pipeline->batch.output.messages_malformed;
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		counters.observables[i] = pipeline->batch.observable_count[i];
	counters.hits = pipeline->emitter.hits;
	if (pipeline->batch.context != NULL)
		match_context_limits(pipeline->batch.context, &limits);
	counters.matches_left_out = before->matches_left_out + limits.matches_left_out;
	counters.patterns_given_up = before->patterns_given_up + limits.patterns_given_up;
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
