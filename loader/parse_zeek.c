// Intelligence files of Zeek (docs.zeek.org, Intelligence Framework): a line "#fields" names the
// columns, tabs part them, "-" is nothing. Values match as they do in Zeek: a domain is that name
// alone, a URL has no scheme.
#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "loader/csv_field.h"
#include "loader/list_lines.h"
#include "loader/list_value.h"

enum { COLUMNS_MAX = 32 };

enum zeek_column {
	ZEEK_OTHER,
	ZEEK_INDICATOR,
	ZEEK_TYPE,
	ZEEK_SOURCE,
	ZEEK_DESCRIPTION,
	ZEEK_URL,
	ZEEK_IF_IN,
	ZEEK_CONFIDENCE,
	ZEEK_COLUMN_COUNT,
};

static const struct {
	const char *name;
	enum zeek_column column;
} column_names[] = {
	{"indicator", ZEEK_INDICATOR},
	{"indicator_type", ZEEK_TYPE},
	{"meta.source", ZEEK_SOURCE},
	{"meta.desc", ZEEK_DESCRIPTION},
	{"meta.url", ZEEK_URL},
	{"meta.if_in", ZEEK_IF_IN},
	{"meta.confidence", ZEEK_CONFIDENCE},
	{"meta.cif_confidence", ZEEK_CONFIDENCE},
};

static const struct zeek_type {
	const char *name;
	enum value_kind kind;
	const char *reason; // why such values are not matched; NULL: they are
} types[] = {
	{"Intel::ADDR", VALUE_ADDRESS, NULL},
	{"Intel::SUBNET", VALUE_ADDRESS, NULL},
	{"Intel::DOMAIN", VALUE_NAME, NULL},
	{"Intel::URL", VALUE_URL, NULL},
	{"Intel::FILE_HASH", VALUE_HASH, NULL},
	{"Intel::EMAIL", VALUE_ANY, "Intel::EMAIL: not matchable yet"},
	{"Intel::USER_NAME", VALUE_ANY, "Intel::USER_NAME: not matchable yet"},
	{"Intel::CERT_HASH", VALUE_HASH, NULL},
	{"Intel::PUBKEY_HASH", VALUE_ANY, "Intel::PUBKEY_HASH: not matchable yet"},
	{"Intel::SOFTWARE", VALUE_ANY, "Intel::SOFTWARE: not matchable yet"},
	{"Intel::FILE_NAME", VALUE_ANY, "Intel::FILE_NAME: not matchable yet"},
	{"Intel::JA3", VALUE_ANY, "Intel::JA3: not matchable yet"},
};

struct zeek_reader {
	struct feed *feed;
	enum zeek_column columns[COLUMNS_MAX];
	unsigned column_count;                  // 0: no "#fields" yet
	struct slice fields[ZEEK_COLUMN_COUNT]; // of the line at hand; empty: "-"
	struct buffer value;                    // with its escapes undone
};

static void tell(struct feed *feed, const char *reason, const char *consequence,
                 struct slice object, struct slice detail)
{
	report_add(&feed->summary->report, &(struct problem){
						   .reason = reason,
						   .consequence = consequence,
						   .object = object,
						   .detail = detail,
						   .line = feed_input_line_number(feed->input),
					   });
}

static struct slice next_field(struct slice *line)
{
	size_t end = slice_find(*line, '\t');
	struct slice field = slice_trim(slice_first(*line, end));

	*line = slice_from(*line, end + 1);
	return field;
}

// `line` is what follows "#fields".
static void read_columns(struct zeek_reader *reader, struct slice line)
{
	reader->column_count = 0;
	line = slice_trim(line);
	while (line.size > 0 && reader->column_count < COLUMNS_MAX) {
		struct slice name = next_field(&line);
		enum zeek_column column = ZEEK_OTHER;

		for (size_t i = 0; i < sizeof(column_names) / sizeof(column_names[0]); i++)
			if (slice_is(name, column_names[i].name))
				column = column_names[i].column;
		reader->columns[reader->column_count++] = column;
	}
}

static void read_fields(struct zeek_reader *reader, struct slice line)
{
	memset(reader->fields, 0, sizeof(reader->fields));
	for (unsigned i = 0; i < reader->column_count && line.size > 0; i++) {
		struct slice field = next_field(&line);

		if (!slice_is(field, "-"))
			reader->fields[reader->columns[i]] = field;
	}
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f' ? (byte | 0x20) - 'a' + 10 : -1;
}

// "\x2c" is a comma, as Zeek writes what would part fields.
static struct slice unescape(struct buffer *buffer, struct slice text)
{
	if (slice_find(text, '\\') == text.size)
		return text;
	buffer_clear(buffer);
	while (text.size > 0) {
		bool is_escape = text.size >= 4 && text.data[0] == '\\' && text.data[1] == 'x' &&
		                 hex_digit(text.data[2]) >= 0 && hex_digit(text.data[3]) >= 0;

		buffer_append_byte(buffer, is_escape ? (uint8_t)(hex_digit(text.data[2]) << 4 |
		                                                 hex_digit(text.data[3]))
		                                     : text.data[0]);
		text = slice_from(text, is_escape ? 4 : 1);
	}
	return buffer_slice(buffer);
}

static const struct zeek_type *find_type(struct slice name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_is(name, types[i].name))
			return &types[i];
	return NULL;
}

static struct indicator fill_record(const struct zeek_reader *reader)
{
	struct indicator indicator = reader_new_indicator(reader->feed);
	const struct slice *fields = reader->fields;

	indicator.name = fields[ZEEK_DESCRIPTION];
	indicator.labels = fields[ZEEK_SOURCE];
	indicator.report_names = fields[ZEEK_URL];
	if (fields[ZEEK_CONFIDENCE].size > 0)
		(void)csv_field_confidence(fields[ZEEK_CONFIDENCE], &indicator.confidence);
	return indicator;
}

static int read_entry(struct zeek_reader *reader)
{
	struct feed *feed = reader->feed;
	struct slice spelled = reader->fields[ZEEK_INDICATOR];
	const struct zeek_type *type = find_type(reader->fields[ZEEK_TYPE]);

	feed->summary->objects++;
	if (spelled.size == 0 || type == NULL || type->reason != NULL) {
		tell(feed,
		     spelled.size == 0 ? "line without a value"
		     : type == NULL    ? "indicator type not known"
		                       : type->reason,
		     NULL, spelled, reader->fields[ZEEK_TYPE]);
		return 0;
	}
	if (reader->fields[ZEEK_IF_IN].size > 0)
		tell(feed, "meta.if_in", "kept, wherever it is seen", spelled,
		     reader->fields[ZEEK_IF_IN]);

	struct indicator indicator = fill_record(reader);
	struct slice value = unescape(&reader->value, spelled);
	const struct candidate candidate = {
		.kind = type->kind,
		.text = value,
		.is_defanged = true,
		.name_kinds = ENTRY_EXACT,
		.line = feed_input_line_number(feed->input),
	};
	return reader->value.failed ? -ENOMEM : list_value_add(feed, &indicator, &candidate);
}

static int read_line(struct feed *feed, struct slice line, void *context)
{
	struct zeek_reader *reader = context;

	if (slice_starts_with(line, "#fields")) {
		read_columns(reader, slice_from(line, strlen("#fields")));
		return 0;
	}
	if (slice_trim(line).size == 0 || line.data[0] == '#')
		return 0;
	if (reader->column_count == 0) {
		feed->summary->objects++;
		tell(feed, "line before \"#fields\"", NULL, line, slice_of(NULL, 0));
		return 0;
	}
	read_fields(reader, line);
	int result = read_entry(reader);
	return result < 0 ? result : 0;
}

static int read(struct feed *feed)
{
	struct zeek_reader reader = {.feed = feed};
	int error = list_lines_read(feed, read_line, &reader);

	buffer_close(&reader.value);
	intake_end_feed(feed);
	return error == 0 && reader.column_count == 0 ? -EBADMSG : error;
}

static bool recognises(struct slice head)
{
	static const char fields[] = "#fields\tindicator\t";
	const uint8_t *found;

	head = utf8_skip_mark(head);
	found = memmem(head.data, head.size, fields, sizeof(fields) - 1);
	return found != NULL && (found == head.data || found[-1] == '\n');
}

const struct reader_ops read_zeek = {
	.format = FEED_ZEEK,
	.name = "Zeek intelligence file",
	.recognises = recognises,
	.read = read,
};
