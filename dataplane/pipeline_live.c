// The pipeline of a sensor: a database that is exchanged, packets that wait for their verdict.

#include "dataplane/pipeline_parts.h"

#include "base/timestamp.h"

// What was matched with the database so far belongs to it: it is written before it is left.
static void leave_database(struct pipeline *pipeline)
{
	struct match_limits limits;

	watch_end_all(&pipeline->watches, &pipeline->flows);
	if (pipeline->batch.context == NULL)
		return;
	match_context_limits(pipeline->batch.context, &limits);
	pipeline->limits_before.matches_left_out += limits.matches_left_out;
	pipeline->limits_before.patterns_given_up += limits.patterns_given_up;
	pipeline->batch.context = NULL;
	pipeline->batch.output.hashes_wanted = 0;
}

void pipeline_live_leave(struct pipeline *pipeline)
{
	leave_database(pipeline);
	pipeline->publication = NULL;
	publisher_leave(pipeline->live.publisher, pipeline->live.reader);
}

// Between two batches. A publication is only asked for when there is another: until then the one
// in use is held, so that nothing of it is written after it was left.
static void take_publication(struct pipeline *pipeline)
{
	const struct pipeline_live *live = &pipeline->live;
	const struct publication *publication;

	if (pipeline->publication != NULL &&
	    publisher_generation(live->publisher) == pipeline->publication->generation)
		return;
	leave_database(pipeline);
	publication = publisher_read(live->publisher, live->reader);
	pipeline->publication = publication;
	if (publication == NULL)
		return;
	pipeline->batch.context = publication->contexts[live->reader];
	pipeline->batch.output.hashes_wanted = database_hash_algorithms(publication->database);
	pipeline->emitter.generation = publication->generation;
	pipeline->verdicts.database = publication->database;
	judge_turn(&pipeline->judge);
}

// Without a database packets are only counted.
static void run_without_database(struct pipeline *pipeline, unsigned count)
{
	decode_batch(pipeline->frames, count, pipeline->packet_count + 1, pipeline->packets,
	             &pipeline->counters);
	stages_mark(&pipeline->stages, STAGE_DECODE);
	verdicts_without_database(&pipeline->verdicts, count, pipeline->live.is_fail_closed);
	pipeline->packet_count += count;
}

static void run_with_database(struct pipeline *pipeline, unsigned count)
{
	pipeline_stations(pipeline, count);
	fragment_expire(&pipeline->fragments, pipeline->last_time_ns);
	watch_expire(&pipeline->watches, &pipeline->flows, pipeline->last_time_ns);
}

unsigned pipeline_run_live(struct pipeline *pipeline, const struct pipeline_path *path,
                           bool is_dry_run)
{
	struct port *port = path->port;
	unsigned count;

	take_publication(pipeline);
	stages_begin(&pipeline->stages);
	count = port->ops->receive(port, pipeline->frames);
	if (count == 0)
		return 0;
	stages_mark(&pipeline->stages, STAGE_RECEIVE);
	pipeline->batch.capture_id = path->capture_id;
	pipeline->watches.capture_id = path->capture_id;
	pipeline->verdicts.is_dry_run = is_dry_run;
	verdicts_begin(&pipeline->verdicts, path, count);
	// The XDP program copies no later fragments.
	pipeline->fragments.has_first_only = path->xdp != NULL && path->peer == NULL;
	if (pipeline->publication != NULL)
		run_with_database(pipeline, count);
	else
		run_without_database(pipeline, count);
	port->ops->release(port, path->peer != NULL ? pipeline->verdicts.verdicts : NULL);
	verdicts_released(&pipeline->verdicts);
	stages_mark(&pipeline->stages, STAGE_RELEASE);
	pipeline->stages.packets += pipeline->stages.is_sampled ? count : 0;
	return count;
}

void pipeline_idle(struct pipeline *pipeline, int64_t time_ns)
{
	take_publication(pipeline);
	if (pipeline->publication == NULL)
		return;
	flow_expire(&pipeline->flows, time_ns);
	fragment_expire(&pipeline->fragments, time_ns);
	match_batch_run(&pipeline->batch);
	watch_expire(&pipeline->watches, &pipeline->flows, time_ns);
}

int64_t pipeline_last_time_ns(const struct pipeline *pipeline)
{
	return pipeline->last_time_ns;
}

void pipeline_figures(const struct pipeline *pipeline, struct sensor_figures *figures)
{
	const struct verdicts *verdicts = &pipeline->verdicts;

	pipeline_counters(pipeline, &figures->counters);
	for (unsigned i = 0; i < DROP_CAUSE_COUNT; i++) {
		figures->drops[i] = verdicts->drops[i];
		figures->would_drops[i] = verdicts->would_drops[i];
	}
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		figures->stage_cycles[i] = pipeline->stages.cycles[i];
	figures->stage_packets = pipeline->stages.packets;
	figures->bytes_dropped = verdicts->bytes_dropped;
	figures->resets_sent = verdicts->resets_sent;
	figures->nxdomains_sent = verdicts->nxdomains_sent;
	figures->hits_lost = pipeline->emitter.hits_lost;
	figures->flows_now = pipeline->flows.flows.used;
	figures->flows_max = pipeline->flows.flows.capacity;
	figures->streams_now = pipeline->content.streams.streams.used;
	figures->streams_max = pipeline->content.streams.streams.capacity;
	figures->condemned_now = pipeline->flows.lists[FLOW_CONDEMNED].count;
	figures->generation = pipeline->publication != NULL ? pipeline->publication->generation : 0;
}
