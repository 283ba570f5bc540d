#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/metrics.h"
#include "base/slice.h"

enum { NANO = 1000000000, NUMBER_BYTES = 40 };

// What the values of one object of a metric need.
struct place {
	const struct metric *metric;
	const char *object;  // in it the field lies
	const char *label;   // of the object: worker, device; NULL
	const char *subject; // its value
	struct buffer *text;
};

// Escapes as the format wants: backslash, quote and newline. What is no UTF-8 becomes "?".
void metrics_append_label(struct buffer *text, const char *name, const char *value)
{
	char printable[PROBLEM_TEXT_BYTES];

	report_printable(slice_text(value), printable);
	buffer_format(text, "%s=\"", name);
	for (const char *byte = printable; *byte != '\0'; byte++) {
		if (*byte == '\\' || *byte == '"')
			buffer_append_byte(text, '\\');
		buffer_append_byte(text, (uint8_t)*byte);
	}
	buffer_append_byte(text, '"');
}

// Thousand-millionths, without zeros at the end.
static void format_nano(uint64_t nano, char ret_text[NUMBER_BYTES])
{
	uint64_t fraction = nano % NANO;
	int digits = 9;

	for (; fraction != 0 && fraction % 10 == 0; digits--)
		fraction /= 10;
	if (fraction == 0)
		(void)snprintf(ret_text, NUMBER_BYTES, "%" PRIu64, nano / NANO);
	else
		(void)snprintf(ret_text, NUMBER_BYTES, "%" PRIu64 ".%0*" PRIu64, nano / NANO,
		               digits, fraction);
}

static void append_field(struct buffer *text, enum metric_field kind, const char *field,
                         int64_t monotonic_ns)
{
	uint64_t number = 0;
	int64_t beat_ns;
	uint32_t word = 0;
	bool flag = false;
	char seconds[NUMBER_BYTES];

	switch (kind) {
	case METRIC_U64:
		memcpy(&number, field, sizeof(number));
		break;
	case METRIC_U32:
	case METRIC_UNSIGNED:
		memcpy(&word, field, sizeof(word));
		number = word;
		break;
	case METRIC_BOOL:
		memcpy(&flag, field, sizeof(flag));
		number = flag;
		break;
	case METRIC_NANOSECONDS: // not before 1970
		memcpy(&number, field, sizeof(number));
		format_nano(number, seconds);
		buffer_append_text(text, seconds);
		return;
	case METRIC_BEAT:
		memcpy(&beat_ns, field, sizeof(beat_ns));
		if (beat_ns < monotonic_ns) // else it beat since the figures were taken
			number = (uint64_t)(monotonic_ns - beat_ns);
		format_nano(number, seconds);
		buffer_append_text(text, seconds);
		return;
	case METRIC_TEXTS:
		number = 1;
		break;
	}
	buffer_format(text, "%" PRIu64, number);
}

// Name, suffix and labels; what stands in `extra_value` is one more.
static void append_name(const struct place *place, const char *suffix, const char *extra,
                        const char *extra_value)
{
	struct buffer *text = place->text;

	buffer_format(text, "%s%s", place->metric->name, suffix);
	if (place->label == NULL && extra == NULL)
		return;
	buffer_append_byte(text, '{');
	if (place->label != NULL)
		metrics_append_label(text, place->label, place->subject);
	if (place->label != NULL && extra != NULL)
		buffer_append_byte(text, ',');
	if (extra != NULL)
		metrics_append_label(text, extra, extra_value);
	buffer_append_byte(text, '}');
}

static void append_count(const struct place *place, uint64_t count)
{
	buffer_format(place->text, " %" PRIu64 "\n", count);
}

static void append_histogram(const struct place *place)
{
	const struct metric *metric = place->metric;
	char number[NUMBER_BYTES];
	uint64_t total = 0;
	uint64_t value;

	for (unsigned i = 0; i < metric->count; i++) {
		memcpy(&value, place->object + metric->offset + i * sizeof(value), sizeof(value));
		total += value;
		if (i < metric->count - 1)
			format_nano(metric->bound_nano(i), number);
		else
			(void)snprintf(number, sizeof(number), "+Inf");
		append_name(place, "_bucket", "le", number);
		append_count(place, total);
	}
	memcpy(&value, place->object + metric->sum_offset, sizeof(value));
	if (metric->is_sum_nano)
		format_nano(value, number);
	else
		(void)snprintf(number, sizeof(number), "%" PRIu64, value);
	append_name(place, "_sum", NULL, NULL);
	buffer_format(place->text, " %s\n", number);
	append_name(place, "_count", NULL, NULL);
	append_count(place, total);
}

static void append_object(const struct place *place, const struct daemon_figures *figures)
{
	const struct metric *metric = place->metric;
	const char *field = place->object + metric->offset;

	if (metric->type == METRIC_HISTOGRAM) {
		append_histogram(place);
		return;
	}
	for (unsigned i = 0; i < (metric->count > 0 ? metric->count : 1); i++) {
		const char *value = metric->count > 0 ? metric->label_name(i) : NULL;

		append_name(place, "", metric->label, value);
		if (metric->field == METRIC_TEXTS) {
			buffer_append_byte(place->text, '{');
			metric->append_texts(place->text, figures);
			buffer_append_byte(place->text, '}');
		}
		buffer_append_byte(place->text, ' ');
		append_field(place->text, metric->field, field + i * sizeof(uint64_t),
		             figures->monotonic_ns);
		buffer_append_byte(place->text, '\n');
	}
}

static unsigned object_count(const struct daemon_figures *figures, enum metric_of of)
{
	switch (of) {
	case METRIC_OF_RELOAD:
		return figures->reloaded_ns > 0;
	case METRIC_OF_DATABASE:
		return figures->has_database;
	case METRIC_OF_WORKER:
		return figures->worker_count;
	case METRIC_OF_LINK:
		return figures->link_count;
	case METRIC_OF_XDP:
		return figures->xdp_count;
	default:
		return 1;
	}
}

static void append_object_of(struct place place, const struct daemon_figures *figures,
                             unsigned index)
{
	char number[16];

	place.object = (const char *)figures;
	switch (place.metric->of) {
	case METRIC_OF_WORKER:
		(void)snprintf(number, sizeof(number), "%u", index);
		place.object = (const char *)&figures->workers[index];
		place.label = "worker";
		place.subject = number;
		break;
	case METRIC_OF_LINK:
		place.object += index * sizeof(figures->link_is_up[0]);
		place.label = "device";
		place.subject = figures->link_names[index];
		break;
	case METRIC_OF_XDP:
		place.object = (const char *)&figures->xdp[index];
		place.label = "device";
		place.subject = figures->xdp[index].device;
		break;
	default:
		break;
	}
	append_object(&place, figures);
}

void metrics_render(const struct daemon_figures *figures, struct buffer *text)
{
	for (unsigned i = 0; i < metrics_count; i++) {
		const struct metric *metric = &metrics[i];
		unsigned count = object_count(figures, metric->of);

		if (count == 0)
			continue;
		buffer_format(text, "# HELP %s %s.\n# TYPE %s %s\n", metric->name, metric->help,
		              metric->name, metric_type_name(metric->type));
		for (unsigned j = 0; j < count; j++)
			append_object_of((struct place){.metric = metric, .text = text}, figures,
			                 j);
	}
}
