// CSV files of indicators: a header names the columns, or the columns speak for themselves.
#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "loader/csv_columns.h"
#include "loader/csv_field.h"
#include "loader/csv_header.h"
#include "loader/csv_map.h"
#include "loader/csv_record.h"
#include "loader/list_value.h"
#include "loader/reader.h"
#include "loader/sink.h"

enum { WINDOW_BYTES = 4 * CSV_RECORD_BYTES_MAX };

struct csv_reader {
	struct feed *feed;
	struct csv_columns columns;
	struct csv_record record;
	struct buffer labels;
	struct buffer range;
	uint64_t line;                // of the record
	enum csv_operation operation; // of the record
	int64_t operation_ns;
	bool is_difference; // there is a column of operations
	bool is_in_cut_line;
};

static bool recognises(struct slice head)
{
	struct csv_columns columns;
	size_t data;

	return csv_header_find(head, &columns, &data) &&
	       slice_find(slice_first(head, data), '\0') >= data &&
	       (!columns.is_by_content || slice_find(head, '\0') == head.size);
}

static void tell(const struct csv_reader *reader, const char *reason, struct slice object,
                 struct slice detail, const char *consequence)
{
	const struct problem problem = {
		.reason = reason,
		.consequence = consequence,
		.object = object,
		.detail = detail,
		.line = reader->line,
	};

	report_add(&reader->feed->summary->report, &problem);
}

static struct slice field_of(const struct csv_reader *reader, enum csv_role role)
{
	for (unsigned i = 0; i < reader->record.field_count; i++)
		if (reader->columns.roles[i] == role)
			return reader->record.fields[i];
	return slice_of(NULL, 0);
}

static void add_label(struct buffer *labels, struct slice label)
{
	label = slice_trim(label);
	while (label.size > 0 && label.data[0] == '#')
		label = slice_from(label, 1);
	if (label.size == 0)
		return;
	if (labels->size > 0)
		buffer_append_byte(labels, '\n');
	for (size_t i = 0; i < label.size; i++)
		buffer_append_byte(labels, label.data[i] == '\n' ? ' ' : label.data[i]);
}

// "#phishing #scam", "phishing, scam" and "phishing" are lists of labels.
static void gather_labels(struct csv_reader *reader)
{
	buffer_clear(&reader->labels);
	for (unsigned i = 0; i < reader->record.field_count; i++) {
		struct slice field = reader->record.fields[i];
		bool has_marks = field.size > 0 && field.data[0] == '#';

		if (reader->columns.roles[i] != CSV_LABEL)
			continue;
		while (field.size > 0) {
			size_t end = has_marks ? slice_find(field, ' ') : slice_find(field, ',');

			add_label(&reader->labels, slice_first(field, end));
			field = slice_from(field, end + 1);
		}
	}
}

static void read_time(const struct csv_reader *reader, enum csv_role role, int64_t *time_ns)
{
	struct slice field = field_of(reader, role);

	if (field.size > 0 && !csv_field_time(field, time_ns))
		tell(reader, "time not understood", field, slice_of(NULL, 0), "kept without it");
}

static struct indicator read_record(struct csv_reader *reader)
{
	struct indicator indicator = reader_new_indicator(reader->feed);
	struct slice confidence = field_of(reader, CSV_CONFIDENCE);
	struct slice tlp = field_of(reader, CSV_TLP);

	gather_labels(reader);
	indicator.labels = buffer_slice(&reader->labels);
	indicator.name = field_of(reader, CSV_DESCRIPTION);
	indicator.threat_types = field_of(reader, CSV_THREAT_TYPE);
	indicator.report_names = field_of(reader, CSV_REPORT);
	read_time(reader, CSV_CREATED, &indicator.created_ns);
	read_time(reader, CSV_VALID_FROM, &indicator.valid_from_ns);
	read_time(reader, CSV_VALID_UNTIL, &indicator.valid_until_ns);
	if (confidence.size > 0 && !csv_field_confidence(confidence, &indicator.confidence))
		tell(reader, "confidence not understood", confidence, slice_of(NULL, 0),
		     "kept without it");
	// Whoever marked a row did so for a reason: a marking we cannot read is the strictest.
	if (tlp.size > 0 && !csv_field_tlp(tlp, &indicator.tlp)) {
		indicator.tlp = TLP_RED;
		tell(reader, "TLP not understood", tlp, slice_of(NULL, 0), "kept as TLP:RED");
	}
	if (reader->is_difference)
		indicator.modified_ns = indicator.created_ns;
	return indicator;
}

static int remove_value(struct csv_reader *reader, const struct intake_value *value,
                        struct slice spelled)
{
	struct feed *feed = reader->feed;

	if (feed->sink->ops->remove_value == NULL)
		return 0;
	int result = feed->sink->ops->remove_value(feed->sink, feed->source, value,
	                                           reader->operation_ns);
	if (result == 1)
		feed->summary->removed++;
	if (result == 0)
		tell(reader, "removal of what is not listed", spelled, slice_of(NULL, 0), "noted");
	return result;
}

// Of a difference list: a value may come again, and go again.
static int apply(struct csv_reader *reader, const struct indicator *indicator,
                 const struct candidate *candidate)
{
	const struct intake_value *value;
	int result = intake_prepare(reader->feed, candidate, &value);

	if (result != 1)
		return result;
	if (reader->operation == CSV_REMOVE)
		return remove_value(reader, value, candidate->text);
	return list_value_take(reader->feed, indicator, value, slice_trim(candidate->text),
	                       candidate->line);
}

static int add_value(struct csv_reader *reader, const struct indicator *indicator,
                     struct slice value, enum value_kind kind)
{
	struct candidate candidate = list_value_candidate(value, reader->line);
	enum value_shape shape = csv_field_shape(value);
	uint64_t port = 0;
	struct slice digits = field_of(reader, CSV_PORT);

	// What is obvious by its form is taken as that, whatever the column says: "url" columns
	// hold "192.0.2.1:443", "domain" columns addresses. A URL column's bare host is a URL.
	if (kind == VALUE_URL && shape == SHAPE_NAME)
		candidate.kind = VALUE_URL;
	if (kind == VALUE_HASH)
		candidate.kind = VALUE_HASH;
	for (size_t i = 0; i < digits.size && port <= UINT16_MAX; i++)
		port = digits.data[i] >= '0' && digits.data[i] <= '9'
		               ? port * 10 + (uint64_t)(digits.data[i] - '0')
		               : UINT16_MAX + 1;
	if (kind == VALUE_ADDRESS && shape == SHAPE_ADDRESS && port <= UINT16_MAX)
		candidate.port = (uint16_t)port;
	reader->feed->summary->objects++;
	return reader->is_difference ? apply(reader, indicator, &candidate)
	                             : list_value_add(reader->feed, indicator, &candidate);
}

// A field with several hashes of one file is as many values.
static int add_field(struct csv_reader *reader, const struct indicator *indicator,
                     struct slice field, enum value_kind kind)
{
	int result = 0;

	if (kind != VALUE_HASH)
		return field.size > 0 ? add_value(reader, indicator, field, kind) : 0;
	while (field.size > 0 && result >= 0) {
		size_t end = 0;

		while (end < field.size && strchr(", ;\n\t|", field.data[end]) == NULL)
			end++;
		if (end > 0)
			result = add_value(reader, indicator, slice_first(field, end), kind);
		field = slice_from(field, end + 1);
	}
	return result;
}

static int add_of_type(struct csv_reader *reader, const struct indicator *indicator,
                       struct slice field)
{
	struct slice name = field_of(reader, CSV_TYPE);
	struct csv_type type = csv_type_by_name(name);

	if (field.size == 0)
		return 0;
	if (type.reason != NULL) {
		reader->feed->summary->objects++;
		tell(reader, type.reason, field, name, NULL);
		return 0;
	}
	// Of a type we do not know, only what cannot be anything else: a file's name looks like
	// a host's.
	if (!type.is_known && name.size > 0 && csv_field_shape(field) == SHAPE_NAME) {
		reader->feed->summary->objects++;
		tell(reader, "type not known", field, name, NULL);
		return 0;
	}
	return add_field(reader, indicator, field, type.kind);
}

static int add_range(struct csv_reader *reader, const struct indicator *indicator,
                     struct slice first)
{
	struct slice last = field_of(reader, CSV_RANGE_LAST);

	if (first.size == 0 || last.size == 0)
		return add_field(reader, indicator, first.size > 0 ? first : last, VALUE_ADDRESS);
	buffer_clear(&reader->range);
	buffer_append_slice(&reader->range, first);
	buffer_append_byte(&reader->range, '-');
	buffer_append_slice(&reader->range, last);
	if (reader->range.failed)
		return -ENOMEM;
	return add_value(reader, indicator, buffer_slice(&reader->range), VALUE_ADDRESS);
}

// False when the row says what no list does; that is told.
static bool read_operation(struct csv_reader *reader, const struct indicator *indicator)
{
	struct slice word = field_of(reader, CSV_OPERATION);

	if (!reader->is_difference)
		return true;
	reader->operation = csv_operation_by_name(word);
	reader->operation_ns = indicator->created_ns;
	if (reader->operation != CSV_OPERATION_UNKNOWN)
		return true;
	reader->feed->summary->objects++;
	tell(reader, "operation not known", word, slice_of(NULL, 0), NULL);
	return false;
}

static int add_record(struct csv_reader *reader)
{
	static const enum value_kind kinds[] = {
		[CSV_ADDRESS] = VALUE_ADDRESS,
		[CSV_NAME] = VALUE_NAME,
		[CSV_URL] = VALUE_URL,
		[CSV_HASH] = VALUE_HASH,
	};
	struct indicator indicator = read_record(reader);
	int result = reader->labels.failed ? -ENOMEM : 0;

	if (!read_operation(reader, &indicator))
		return result;
	for (unsigned i = 0; i < reader->record.field_count && result >= 0; i++) {
		struct slice field = reader->record.fields[i];
		enum csv_role role = reader->columns.roles[i];

		if (role == CSV_VALUE)
			result = add_of_type(reader, &indicator, field);
		else if (role == CSV_RANGE_FIRST)
			result = add_range(reader, &indicator, field);
		else if (role >= CSV_ADDRESS && role <= CSV_HASH)
			result = add_field(reader, &indicator, field, kinds[role]);
	}
	return result;
}

static bool record_is_sound(const struct csv_reader *reader, struct slice text)
{
	const char *reason = NULL;

	if (reader->record.is_cut)
		reason = "line too long";
	else if (slice_find(text, '\0') < text.size)
		reason = "NUL byte in a line";
	else if (!utf8_is_valid(text))
		reason = "line is not valid UTF-8";
	if (reason != NULL)
		tell(reader, reason, slice_first(text, PROBLEM_TEXT_BYTES), slice_of(NULL, 0),
		     NULL);
	if (reason == NULL && reader->record.has_stray_quote)
		tell(reader, "quote that is not closed",
		     slice_trim(slice_first(text, PROBLEM_TEXT_BYTES)), slice_of(NULL, 0),
		     "read without it");
	return reason == NULL;
}

// Passes over what is left of a line that was too long.
static struct slice behind_cut_line(struct csv_reader *reader, struct slice rest)
{
	size_t end = slice_find(rest, '\n');

	if (!reader->is_in_cut_line)
		return rest;
	reader->is_in_cut_line = end == rest.size;
	return slice_from(rest, end + 1);
}

// Is this the beginning of a line that damage cuts? It would be another value.
static bool is_damaged(const struct csv_reader *reader, struct slice rest)
{
	return feed_input_is_damaged(reader->feed->input) && slice_find(rest, '\n') == rest.size;
}

// All records of which the window surely holds the whole. Returns the bytes they took.
static int read_window(struct csv_reader *reader, struct slice window, size_t *ret_size)
{
	bool is_last = window.size < WINDOW_BYTES;
	struct slice rest = behind_cut_line(reader, window);
	int result = 0;

	while (rest.size > 0 && result >= 0 && (is_last || rest.size > CSV_RECORD_BYTES_MAX)) {
		struct slice line = slice_first(rest, slice_find(rest, '\n'));
		size_t size = line.size + 1;

		reader->record.line_count = 1;
		if (!csv_header_is_comment(line) && !(is_last && is_damaged(reader, rest))) {
			size = csv_record_parse(rest, reader->columns.separator, &reader->record);
			if (record_is_sound(reader, slice_first(rest, size)))
				result = add_record(reader);
		}
		reader->line += reader->record.line_count;
		reader->is_in_cut_line = reader->record.is_cut;
		reader->record.is_cut = false;
		rest = behind_cut_line(reader, slice_from(rest, size));
	}
	*ret_size = window.size - rest.size;
	return result;
}

static int read_records(struct csv_reader *reader)
{
	struct feed_input *input = reader->feed->input;

	for (;;) {
		struct slice window;
		size_t size;
		int error = feed_input_peek(input, WINDOW_BYTES, &window);

		if (error < 0 || window.size == 0)
			return error;
		error = read_window(reader, window, &size);
		if (error < 0)
			return error;
		feed_input_skip(input, size);
	}
}

// By the options' map, or else by the header or the content. False: told why not.
static bool settle_columns(struct csv_reader *reader, struct slice head, size_t *ret_data)
{
	const char *text = reader->feed->options->csv_columns;
	const char *wrong = NULL;
	struct slice where;
	struct csv_map map;

	if (text == NULL && csv_header_find(head, &reader->columns, ret_data))
		return true;
	if (text == NULL) {
		tell(reader, "no column of values",
		     slice_trim(slice_first(head, slice_find(head, '\n'))),
		     slice_text("a header needs at least two columns, one of them called value, "
		                "indicator, ioc, ip, domain, url, md5, sha1, sha256 or the like"),
		     NULL);
		return false;
	}
	if (csv_map_parse(slice_text(text), &map, &wrong, &where) &&
	    csv_map_columns(&map, head, &reader->columns, ret_data, &wrong, &where))
		return true;
	tell(reader, "column map", where, slice_text(wrong), "nothing is read");
	return false;
}

static int read_with(struct csv_reader *reader)
{
	struct slice head;
	size_t data = 0;
	int error = feed_input_peek(reader->feed->input, WINDOW_BYTES, &head);

	if (error < 0)
		return error;
	reader->line = 1;
	if (!settle_columns(reader, head, &data))
		return -EBADMSG;
	for (unsigned i = 0; i < CSV_FIELDS_MAX; i++)
		reader->is_difference |= reader->columns.roles[i] == CSV_OPERATION;
	reader->feed->summary->is_difference = reader->is_difference;
	for (size_t i = 0; i < data; i++)
		reader->line += head.data[i] == '\n';
	feed_input_skip(reader->feed->input, data);
	return read_records(reader);
}

static int read(struct feed *feed)
{
	struct csv_reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (reader == NULL)
		return -ENOMEM;
	reader->feed = feed;
	error = read_with(reader);
	buffer_close(&reader->labels);
	buffer_close(&reader->range);
	free(reader);
	intake_end_feed(feed);
	return error;
}

const struct reader_ops read_csv = {
	.format = FEED_CSV,
	.name = "CSV",
	.recognises = recognises,
	.read = read,
};
