// Suricata's IP reputation lists (docs.suricata.io, reputation/ipreputation): "address,category,
// score". The score, 1 to 127, becomes the confidence; the category, when the file "categories.txt"
// lies beside the list, the threat type.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/csv_field.h"
#include "loader/list_lines.h"
#include "loader/list_value.h"
#include "loader/sink.h"

enum {
	FIELDS = 3,
	CATEGORIES_MAX = 60, // as Suricata
	NAME_BYTES = 64,
	SCORE_MAX = 127,
	PATH_BYTES = 4096,
};

struct iprep_reader {
	char categories[CATEGORIES_MAX + 1][NAME_BYTES]; // "": not known
};

static void take_apart(struct slice line, struct slice ret_fields[FIELDS])
{
	for (unsigned i = 0; i < FIELDS; i++) {
		size_t end = i + 1 < FIELDS ? slice_find(line, ',') : line.size;

		ret_fields[i] = slice_trim(slice_first(line, end));
		line = slice_from(line, end + 1);
	}
}

static void read_category(struct iprep_reader *reader, struct slice line)
{
	struct slice fields[FIELDS];
	unsigned number;

	take_apart(line, fields);
	if (csv_field_number(fields[0], CATEGORIES_MAX, &number) && fields[1].size < NAME_BYTES)
		(void)snprintf(reader->categories[number], NAME_BYTES, "%.*s",
		               SLICE_FORMAT(fields[1]));
}

// Of the list's folder. There need be none.
static void read_categories(struct iprep_reader *reader, const struct feed_options *options)
{
	AUTO(feed_input) input = NULL;
	const char *slash = strrchr(options->path, '/');
	size_t folder = slash != NULL ? (size_t)(slash - options->path) + 1 : 0;
	char path[PATH_BYTES];
	struct slice line;
	bool is_cut;

	if (options->fd > 0 || strcmp(options->path, "-") == 0 ||
	    snprintf(path, sizeof(path), "%.*scategories.txt", (int)folder, options->path) >=
	            PATH_BYTES ||
	    feed_input_open(path, NULL, NULL, &input) != 0)
		return;
	while (feed_input_line(input, &line, &is_cut) == 1)
		if (!is_cut)
			read_category(reader, line);
}

static void tell(struct feed *feed, const char *reason, struct slice line)
{
	report_add(&feed->summary->report, &(struct problem){
						   .reason = reason,
						   .object = line,
						   .line = feed_input_line_number(feed->input),
					   });
}

static struct indicator fill_record(struct feed *feed, const struct iprep_reader *reader,
                                    unsigned category, unsigned score)
{
	struct indicator indicator = reader_new_indicator(feed);

	indicator.threat_types = slice_text(reader->categories[category]);
	indicator.confidence = (uint8_t)(score * 100 / SCORE_MAX);
	indicator.line = feed_input_line_number(feed->input);
	return indicator;
}

// An address may stand in several categories: each is an indicator of its own.
static int add(struct feed *feed, struct indicator *indicator, struct slice address)
{
	struct sink *sink = feed->sink;
	const struct candidate candidate = {
		.kind = VALUE_ADDRESS,
		.text = address,
		.line = indicator->line,
	};
	uint32_t indicator_id;

	indicator->value = address;
	int result = sink->ops->add_indicator(sink, indicator, &indicator_id);
	if (result == 0)
		result = intake_add(feed, indicator_id, &candidate);
	if (result == 1)
		feed->summary->indicators++;
	else if (result == 0)
		sink->ops->withdraw(sink, indicator_id, SINK_NOTHING_TAKEN);
	return result < 0 ? result : 0;
}

static int read_line(struct feed *feed, struct slice line, void *context)
{
	const struct iprep_reader *reader = context;
	struct slice fields[FIELDS];
	unsigned category;
	unsigned score;

	line = slice_trim(line);
	if (line.size == 0 || line.data[0] == '#')
		return 0;
	feed->summary->objects++;
	take_apart(line, fields);
	if (!csv_field_number(fields[1], CATEGORIES_MAX, &category) ||
	    !csv_field_number(fields[2], SCORE_MAX, &score)) {
		tell(feed, "not \"address,category,score\"", line);
		return 0;
	}
	if (score == 0) {
		tell(feed, "score 0: no reputation", line);
		return 0;
	}
	struct indicator indicator = fill_record(feed, reader, category, score);
	return add(feed, &indicator, fields[0]);
}

static int read(struct feed *feed)
{
	struct iprep_reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (reader == NULL)
		return -ENOMEM;
	read_categories(reader, feed->options);
	error = list_lines_read(feed, read_line, reader);
	free(reader);
	return error;
}

// "198.51.100.1,22,100" may be anything: only who asks for it gets it.
static bool recognises(struct slice head)
{
	(void)head;
	return false;
}

const struct reader_ops read_iprep = {
	.format = FEED_IPREP,
	.name = "Suricata IP reputation",
	.recognises = recognises,
	.read = read,
};
