#include "app/metrics_read.h"

#include <stdio.h>

#include "app/metrics_parse.h"
#include "base/report.h"

// Of which metric a sample is, and which part of a histogram.
enum part { PART_VALUE, PART_BUCKET, PART_SUM, PART_COUNT };

static bool is_part(struct slice name, const struct metric *metric, const char *suffix)
{
	return slice_is(slice_from(name, strlen(metric->name)), suffix);
}

static const struct metric *find_metric(struct slice name, enum part *ret_part)
{
	for (unsigned i = 0; i < metrics_count; i++) {
		const struct metric *metric = &metrics[i];

		if (!slice_starts_with(name, metric->name))
			continue;
		*ret_part = PART_VALUE;
		if (metric->type != METRIC_HISTOGRAM && is_part(name, metric, ""))
			return metric;
		if (metric->type != METRIC_HISTOGRAM)
			continue;
		*ret_part = is_part(name, metric, "_bucket") ? PART_BUCKET
		            : is_part(name, metric, "_sum")  ? PART_SUM
		                                             : PART_COUNT;
		if (*ret_part != PART_COUNT || is_part(name, metric, "_count"))
			return metric;
	}
	return NULL;
}

// Without the escapes of a label's value.
static void copy_text(struct slice value, char ret_text[METRICS_TEXT_BYTES])
{
	uint8_t bytes[METRICS_TEXT_BYTES];
	char printable[PROBLEM_TEXT_BYTES];
	size_t size = 0;

	for (size_t i = 0; i < value.size && size < sizeof(bytes); i++) {
		if (value.data[i] == '\\' && i + 1 < value.size)
			i++;
		bytes[size++] = value.data[i];
	}
	report_printable(slice_of(bytes, size), printable);
	(void)snprintf(ret_text, METRICS_TEXT_BYTES, "%.*s", METRICS_TEXT_BYTES - 1, printable);
}

static void copy_build_id(struct slice value, struct database_info *info)
{
	static const char digits[] = "0123456789abcdef";

	if (value.size != 2 * sizeof(info->build_id))
		return;
	for (size_t i = 0; i < value.size; i++) {
		const char *digit = memchr(digits, value.data[i], sizeof(digits) - 1);
		unsigned half = digit != NULL ? (unsigned)(digit - digits) : 0;

		info->build_id[i / 2] = (uint8_t)(info->build_id[i / 2] << 4 | half);
	}
}

static char *worker_object(struct metrics_reading *reading, struct slice label)
{
	unsigned worker = 0;

	if (label.size == 0 || label.size > 3)
		return NULL;
	for (size_t i = 0; i < label.size; i++) {
		if (label.data[i] < '0' || label.data[i] > '9')
			return NULL;
		worker = worker * 10 + (unsigned)(label.data[i] - '0');
	}
	if (worker >= SENSOR_WORKERS_MAX)
		return NULL;
	if (reading->figures.worker_count <= worker)
		reading->figures.worker_count = worker + 1;
	return (char *)&reading->figures.workers[worker];
}

// So that the offset of link_is_up leads to that of the device.
static char *link_object(struct metrics_reading *reading, struct slice label)
{
	struct daemon_figures *figures = &reading->figures;
	char name[METRICS_TEXT_BYTES];
	unsigned i;

	copy_text(label, name);
	for (i = 0; i < figures->link_count; i++)
		if (strcmp(reading->link_names[i], name) == 0)
			return (char *)figures + i * sizeof(figures->link_is_up[0]);
	if (i == 2 * DAEMON_LINKS_MAX)
		return NULL;
	memcpy(reading->link_names[i], name, sizeof(name));
	figures->link_names[i] = reading->link_names[i];
	figures->link_count++;
	return (char *)figures + i * sizeof(figures->link_is_up[0]);
}

static char *xdp_object(struct metrics_reading *reading, struct slice label)
{
	struct daemon_figures *figures = &reading->figures;
	char name[METRICS_TEXT_BYTES];
	struct xdp_status *xdp;

	copy_text(label, name);
	name[sizeof(xdp->device) - 1] = '\0';
	for (unsigned i = 0; i < figures->xdp_count; i++)
		if (strcmp(figures->xdp[i].device, name) == 0)
			return (char *)&figures->xdp[i];
	if (figures->xdp_count == 2 * DAEMON_LINKS_MAX)
		return NULL;
	xdp = &figures->xdp[figures->xdp_count++];
	memcpy(xdp->device, name, sizeof(xdp->device));
	return (char *)xdp;
}

static char *find_object(struct metrics_reading *reading, const struct metric *metric,
                         const struct metric_sample *sample)
{
	switch (metric->of) {
	case METRIC_OF_WORKER:
		return worker_object(reading, metrics_parse_label(sample, "worker"));
	case METRIC_OF_LINK:
		return link_object(reading, metrics_parse_label(sample, "device"));
	case METRIC_OF_XDP:
		return xdp_object(reading, metrics_parse_label(sample, "device"));
	default:
		return (char *)&reading->figures;
	}
}

static void write_field(char *field, enum metric_field kind, const struct metric_sample *sample)
{
	uint64_t count = metrics_parse_count(sample);
	uint32_t word = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
	uint64_t nano = metrics_parse_nano(sample);
	int64_t time_ns = nano > INT64_MAX ? INT64_MAX : (int64_t)nano;
	bool flag = count != 0;

	switch (kind) {
	case METRIC_U64:
		memcpy(field, &count, sizeof(count));
		break;
	case METRIC_U32:
	case METRIC_UNSIGNED:
		memcpy(field, &word, sizeof(word));
		break;
	case METRIC_BOOL:
		memcpy(field, &flag, sizeof(flag));
		break;
	case METRIC_NANOSECONDS:
		memcpy(field, &time_ns, sizeof(time_ns));
		break;
	case METRIC_BEAT: // monotonic_ns is 0
		time_ns = -time_ns;
		memcpy(field, &time_ns, sizeof(time_ns));
		break;
	case METRIC_TEXTS:
		break;
	}
}

// Which of a row; metric->count when it is none of them.
static unsigned find_index(const struct metric *metric, const struct metric_sample *sample)
{
	struct slice value = metrics_parse_label(sample, metric->label);
	unsigned i = 0;

	while (i < metric->count && !slice_is(value, metric->label_name(i)))
		i++;
	return i;
}

static unsigned find_bucket(const struct metric *metric, const struct metric_sample *sample)
{
	struct metric_sample bound = {.number = metrics_parse_label(sample, "le")};
	unsigned i = 0;
	uint64_t nano;

	if (bound.number.size > 32)
		return metric->count;
	if (slice_is(bound.number, "+Inf"))
		return metric->count - 1;
	nano = metrics_parse_nano(&bound);
	while (i < metric->count - 1 && metric->bound_nano(i) != nano)
		i++;
	return i < metric->count - 1 ? i : metric->count;
}

static void read_histogram(char *object, const struct metric *metric, enum part part,
                           const struct metric_sample *sample)
{
	uint64_t value = part == PART_SUM && metric->is_sum_nano ? metrics_parse_nano(sample)
	                                                         : metrics_parse_count(sample);
	unsigned i = part == PART_BUCKET ? find_bucket(metric, sample) : metric->count;

	if (part == PART_SUM)
		memcpy(object + metric->sum_offset, &value, sizeof(value));
	if (i < metric->count)
		memcpy(object + metric->offset + i * sizeof(value), &value, sizeof(value));
}

static void read_sample(struct metrics_reading *reading, const struct metric_sample *sample)
{
	enum part part;
	const struct metric *metric = find_metric(sample->name, &part);
	char *object = metric != NULL ? find_object(reading, metric, sample) : NULL;
	unsigned i;

	if (object == NULL)
		return;
	reading->known_samples++;
	reading->has[metric - metrics] = true;
	if (metric->type == METRIC_HISTOGRAM) {
		read_histogram(object, metric, part, sample);
		return;
	}
	i = metric->count > 0 ? find_index(metric, sample) : 0;
	if (metric->count == 0 || i < metric->count)
		write_field(object + metric->offset + i * sizeof(uint64_t), metric->field, sample);
	if (metric->field == METRIC_TEXTS && metric->of == METRIC_OF_DAEMON) {
		copy_text(metrics_parse_label(sample, "version"), reading->version);
		copy_text(metrics_parse_label(sample, "mode"), reading->mode);
		copy_text(metrics_parse_label(sample, "backend"), reading->backend);
	} else if (metric->field == METRIC_TEXTS) {
		copy_build_id(metrics_parse_label(sample, "build_id"), &reading->figures.database);
	}
}

// The buckets of the text count those before them, too; a text that says otherwise gives 0.
static void split_buckets(struct sensor_figures *figures, const struct metric *metric)
{
	char *buckets = (char *)figures + metric->offset;
	uint64_t before = 0;

	for (unsigned i = 0; i < metric->count; i++) {
		uint64_t total;
		uint64_t own;

		memcpy(&total, buckets + i * sizeof(total), sizeof(total));
		own = total > before ? total - before : 0;
		memcpy(buckets + i * sizeof(own), &own, sizeof(own));
		before = total > before ? total : before;
	}
}

void metrics_read(struct slice text, struct metrics_reading *reading)
{
	struct metric_sample sample;

	*reading = (struct metrics_reading){0};
	reading->figures.version = reading->version;
	reading->figures.mode = reading->mode;
	reading->figures.backend = reading->backend;
	while (metrics_parse_next(&text, &sample))
		read_sample(reading, &sample);
	for (unsigned i = 0; i < metrics_count; i++)
		for (unsigned j = 0; j < reading->figures.worker_count; j++)
			if (metrics[i].type == METRIC_HISTOGRAM)
				split_buckets(&reading->figures.workers[j], &metrics[i]);
}
