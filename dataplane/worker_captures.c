#include "dataplane/worker_captures.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/timestamp.h"

// One that is read by all workers together.
struct common_capture {
	uint32_t capture_id;
	unsigned left; // workers that are through with it
	bool is_open;  // or could not be opened, then there is no share
	struct capture_share *share;
};

struct worker_captures {
	const struct workers_options *options;
	bool (*is_stopping)(void *context);
	void *context;
	bool has_helper; // there are more cores than workers

	pthread_mutex_t mutex; // for what follows
	struct capture_result *results;
	struct common_capture *together;
	uint32_t together_count;
	uint32_t *alone; // capture ids
	uint32_t alone_count;
	uint32_t next_alone;
};

unsigned workers_cores(void)
{
	cpu_set_t cores;

	if (sched_getaffinity(0, sizeof(cores), &cores) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&cores);
}

void worker_captures_free(struct worker_captures *captures)
{
	if (captures == NULL)
		return;
	for (uint32_t i = 0; captures->together != NULL && i < captures->together_count; i++)
		capture_share_close(captures->together[i].share);
	for (uint32_t i = 0; captures->results != NULL && i < captures->options->capture_count; i++)
		report_clear(&captures->results[i].report);
	free(captures->results);
	free(captures->together);
	free(captures->alone);
	pthread_mutex_destroy(&captures->mutex);
	free(captures);
}

static void sort_captures(struct worker_captures *captures)
{
	const struct workers_options *options = captures->options;

	for (uint32_t i = 0; i < options->capture_count; i++) {
		// Until a worker takes it; it stays so when the workers are stopped before.
		captures->results[i].is_cut_short = true;
		captures->results[i].is_stopped = true;
		captures->results[i].first_time_ns = TIMESTAMP_MAX;
		captures->results[i].last_time_ns = TIMESTAMP_MAX;
		captures->results[i].report.input = options->captures[i];
		captures->results[i].report.unit = "packet";
		if (capture_share_is_worthwhile(options->captures[i]))
			captures->together[captures->together_count++].capture_id = i;
		else
			captures->alone[captures->alone_count++] = i;
	}
}

int worker_captures_create(const struct workers_options *options,
                           bool (*is_stopping)(void *context), void *context,
                           struct worker_captures **ret_captures)
{
	const size_t count = (size_t)options->capture_count + 1;
	AUTO(worker_captures) captures = calloc(1, sizeof(*captures));

	if (captures == NULL)
		return -ENOMEM;
	captures->options = options;
	captures->is_stopping = is_stopping;
	captures->context = context;
	captures->has_helper = workers_cores() > options->worker_count;
	pthread_mutex_init(&captures->mutex, NULL);
	captures->results = calloc(count, sizeof(captures->results[0]));
	captures->together = calloc(count, sizeof(captures->together[0]));
	captures->alone = calloc(count, sizeof(captures->alone[0]));
	if (captures->results == NULL || captures->together == NULL || captures->alone == NULL)
		return -ENOMEM;
	sort_captures(captures);
	*ret_captures = TAKE(captures);
	return 0;
}

static struct capture_share *open_share(struct worker_captures *captures, uint32_t capture_id,
                                        bool is_together)
{
	struct capture_result *result = &captures->results[capture_id];
	const struct capture_share_options options = {
		.path = captures->options->captures[capture_id],
		.worker_count = is_together ? captures->options->worker_count : 1,
		.has_helper = is_together && captures->has_helper,
		.report = &result->report,
		.is_stopping = captures->is_stopping,
		.context = captures->context,
	};
	struct capture_share *share = NULL;

	result->error = capture_share_open(&options, &share);
	result->is_stopped = result->error == 0;
	return share;
}

// The mutex is held.
static void leave_common(struct worker_captures *captures, struct common_capture *common)
{
	struct capture_result *result = &captures->results[common->capture_id];

	if (++common->left < captures->options->worker_count || common->share == NULL)
		return;
	result->is_stopped = !capture_share_is_read(common->share);
	result->is_cut_short = result->is_stopped || capture_share_is_cut_short(common->share);
	capture_share_close(TAKE(common->share));
}

// Every worker comes by each of these: whoever is first opens it, whoever is last closes it.
static bool next_together(struct worker_captures *captures, unsigned index,
                          struct worker_part *part)
{
	while (part->together < captures->together_count) {
		struct common_capture *common = &captures->together[part->together++];

		pthread_mutex_lock(&captures->mutex);
		if (!common->is_open && !captures->is_stopping(captures->context)) {
			common->is_open = true;
			common->share = open_share(captures, common->capture_id, true);
		}
		part->share = common->share;
		part->capture_id = common->capture_id;
		part->index = index;
		part->is_together = true;
		if (part->share == NULL)
			leave_common(captures, common);
		pthread_mutex_unlock(&captures->mutex);
		if (part->share != NULL)
			return true;
	}
	return false;
}

static bool next_alone(struct worker_captures *captures, struct worker_part *part)
{
	while (!captures->is_stopping(captures->context)) {
		pthread_mutex_lock(&captures->mutex);
		uint32_t next = captures->next_alone;

		if (next < captures->alone_count)
			captures->next_alone++;
		pthread_mutex_unlock(&captures->mutex);
		if (next >= captures->alone_count)
			return false;
		part->capture_id = captures->alone[next];
		part->index = 0;
		part->is_together = false;
		part->share = open_share(captures, part->capture_id, false);
		if (part->share != NULL)
			return true;
	}
	return false;
}

bool worker_captures_next(struct worker_captures *captures, unsigned index,
                          struct worker_part *part)
{
	return next_together(captures, index, part) || next_alone(captures, part);
}

static void add_result(struct capture_result *sum, const struct pipeline *pipeline)
{
	struct capture_result part = {.report = sum->report};

	pipeline_capture_result(pipeline, &part);
	sum->report = part.report; // which may have been told of something
	sum->packets += part.packets;
	sum->bytes += part.bytes;
	if (part.packets == 0)
		return;
	if (sum->first_time_ns > part.first_time_ns)
		sum->first_time_ns = part.first_time_ns;
	if (sum->last_time_ns == TIMESTAMP_MAX || sum->last_time_ns < part.last_time_ns)
		sum->last_time_ns = part.last_time_ns;
}

static void leave_alone(struct worker_captures *captures, const struct worker_part *part)
{
	struct capture_result *result = &captures->results[part->capture_id];

	result->is_stopped = !capture_share_is_read(part->share);
	result->is_cut_short = result->is_stopped || capture_share_is_cut_short(part->share);
	capture_share_close(part->share);
}

void worker_captures_leave(struct worker_captures *captures, const struct worker_part *part,
                           const struct pipeline *pipeline)
{
	pthread_mutex_lock(&captures->mutex);
	add_result(&captures->results[part->capture_id], pipeline);
	if (part->is_together)
		leave_common(captures, &captures->together[part->together - 1]);
	else
		leave_alone(captures, part);
	pthread_mutex_unlock(&captures->mutex);
}

const struct capture_result *worker_captures_results(const struct worker_captures *captures)
{
	return captures->results;
}
