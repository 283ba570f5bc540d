#include "sightings/sightings.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "sightings/hit_order.h"
#include "sightings/state.h"

static int compare_records(struct slice a, struct slice b)
{
	struct hit first;
	struct hit second;

	hit_read(a, &first);
	hit_read(b, &second);
	return hit_order_by_time(&first, &second);
}

int sightings_create(const struct sightings_options *options, struct sightings **ret_sightings)
{
	AUTO(sightings) sightings = calloc(1, sizeof(*sightings));

	if (sightings == NULL)
		return -ENOMEM;
	sightings->options = *options;
	sightings->capture_starts_ns = calloc((size_t)options->capture_count + 1, sizeof(int64_t));
	sightings->is_left_out = calloc((size_t)options->capture_count + 1, sizeof(bool));
	if (sightings->capture_starts_ns == NULL || sightings->is_left_out == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < options->capture_count; i++)
		sightings->capture_starts_ns[i] = TIMESTAMP_MAX;

	int error = sorter_create(options->memory_bytes, compare_records, &sightings->hits);
	if (error < 0)
		return error;
	*ret_sightings = TAKE(sightings);
	return 0;
}

void sightings_free(struct sightings *sightings)
{
	if (sightings == NULL)
		return;
	sorter_free(sightings->hits);
	free(sightings->hit_indicators);
	free(sightings->capture_starts_ns);
	free(sightings->is_left_out);
	free(sightings);
}

// Remembers that the indicator was hit; counts it when it is the first time.
static int mark_indicator(struct sightings *sightings, uint32_t indicator_id)
{
	size_t word = indicator_id / 64;
	uint64_t bit = UINT64_C(1) << indicator_id % 64;

	if (word >= sightings->hit_indicators_words) {
		size_t words = word + word / 2 + 1024;
		uint64_t *bits = reallocarray(sightings->hit_indicators, words, sizeof(*bits));

		if (bits == NULL)
			return -ENOMEM;
		memset(bits + sightings->hit_indicators_words, 0,
		       (words - sightings->hit_indicators_words) * sizeof(*bits));
		sightings->hit_indicators = bits;
		sightings->hit_indicators_words = words;
	}
	sightings->summary.indicators += (sightings->hit_indicators[word] & bit) == 0;
	sightings->hit_indicators[word] |= bit;
	return 0;
}

// Captures hold packets whose times go backwards: a flow's first packet may be later than its last.
// What happened, happened between the two.
static int add_mended(struct sightings *sightings, const struct hit *hit)
{
	struct hit mended = *hit;
	struct buffer record = {0};

	mended.origin.time_ns = hit->origin.last_time_ns;
	mended.origin.last_time_ns = hit->origin.time_ns;
	buffer_append(&record, &mended, sizeof(mended));
	buffer_append_slice(&record, hit->observable.text);

	int error = record.failed ? -ENOMEM : sorter_add(sightings->hits, buffer_slice(&record));
	buffer_close(&record);
	return error;
}

static void count_hit(struct sightings *sightings, const struct hit *hit, enum validity validity)
{
	sightings->summary.hits++;
	sightings->summary.by_type[hit->observable.type]++;
	if (validity != VALIDITY_VALID)
		sightings->summary.hits_outside_validity++;
}

int sightings_add(struct sightings *sightings, struct slice record)
{
	struct indicator indicator;
	struct hit hit;

	hit_read(record, &hit);
	// A damaged database: what it says nothing about cannot be reported.
	if (!database_indicator(sightings->options.database, hit.indicator_id, &indicator))
		return 0;

	int error = mark_indicator(sightings, hit.indicator_id);
	if (error == 0)
		error = hit.origin.last_time_ns < hit.origin.time_ns
		                ? add_mended(sightings, &hit)
		                : sorter_add(sightings->hits, record);
	if (error < 0)
		return error;
	count_hit(sightings, &hit, state_validity(&indicator, hit.origin.time_ns));
	return 0;
}

void sightings_set_capture_start(struct sightings *sightings, uint32_t capture_id,
                                 int64_t first_time_ns)
{
	if (capture_id < sightings->options.capture_count)
		sightings->capture_starts_ns[capture_id] = first_time_ns;
}

int hit_reader_open(struct sightings *sightings, struct hit_reader *ret_reader)
{
	*ret_reader = (struct hit_reader){.sightings = sightings};
	return sorter_read(sightings->hits, &ret_reader->cursor);
}

void hit_reader_close(struct hit_reader *reader)
{
	sorter_cursor_free(reader->cursor);
	reader->cursor = NULL;
}

static bool is_left_out(const struct sightings *sightings, const struct hit *hit)
{
	return hit->origin.capture_id < sightings->options.capture_count &&
	       sightings->is_left_out[hit->origin.capture_id];
}

int hit_reader_next(struct hit_reader *reader)
{
	do {
		int got = sorter_next(reader->cursor, &reader->record);

		if (got <= 0)
			return got;
		hit_read(reader->record, &reader->hit);
	} while (is_left_out(reader->sightings, &reader->hit));
	reader->indicator = (struct indicator){0};
	(void)database_indicator(reader->sightings->options.database, reader->hit.indicator_id,
	                         &reader->indicator); // sightings_add() has seen it
	reader->validity = state_validity(&reader->indicator, reader->hit.origin.time_ns);
	return 1;
}

void sightings_leave_out(struct sightings *sightings, uint32_t capture_id)
{
	if (capture_id >= sightings->options.capture_count)
		return;
	sightings->is_left_out[capture_id] = true;
	sightings->has_left_out = true;
}

// Counts again, without what is left out.
static int count_again(struct sightings *sightings)
{
	struct hit_reader reader;
	int status = hit_reader_open(sightings, &reader);

	sightings->summary = (struct sightings_summary){0};
	memset(sightings->hit_indicators, 0,
	       sightings->hit_indicators_words * sizeof(sightings->hit_indicators[0]));
	while (status >= 0 && (status = hit_reader_next(&reader)) > 0) {
		status = mark_indicator(sightings, reader.hit.indicator_id);
		count_hit(sightings, &reader.hit, reader.validity);
	}
	hit_reader_close(&reader);
	return status;
}

int sightings_finish(struct sightings *sightings, struct sightings_summary *ret_summary)
{
	// Sorts now, so that a writer's time is its own.
	AUTO(sorter_cursor) cursor = NULL;
	int error = sorter_read(sightings->hits, &cursor);

	if (error == 0 && sightings->has_left_out && sightings->summary.hits > 0)
		error = count_again(sightings);
	if (error < 0)
		return error;
	*ret_summary = sightings->summary;
	return 0;
}

const char *state_validity_name(enum validity validity)
{
	static const char *const names[] = {
		[VALIDITY_VALID] = "valid",
		[VALIDITY_EARLY] = "early",
		[VALIDITY_EXPIRED] = "expired",
	};

	return names[validity];
}

enum validity state_validity(const struct indicator *indicator, int64_t time_ns)
{
	if (time_ns < indicator->valid_from_ns)
		return VALIDITY_EARLY;
	return time_ns < indicator->valid_until_ns ? VALIDITY_VALID : VALIDITY_EXPIRED;
}

const char *state_capture(const struct sightings *sightings, uint32_t capture_id)
{
	if (capture_id >= sightings->options.capture_count)
		return "";
	return sightings->options.captures[capture_id];
}

int64_t state_capture_start_ns(const struct sightings *sightings, uint32_t capture_id)
{
	if (capture_id >= sightings->options.capture_count)
		return TIMESTAMP_MAX;
	return sightings->capture_starts_ns[capture_id];
}

unsigned state_time_digits(int64_t time_ns)
{
	return time_ns % NS_PER_US != 0 ? 9 : 6;
}

int state_flush(struct buffer *buffer, FILE *file)
{
	if (buffer->failed)
		return -ENOMEM;
	if (buffer->size > 0 && fwrite(buffer->data, 1, buffer->size, file) != buffer->size)
		return errno != 0 ? -errno : -EIO;
	buffer_clear(buffer);
	return 0;
}
