#include "loader/csv_record.h"

struct csv_parser {
	struct slice text;
	size_t offset;
	uint8_t separator;
	bool has_quotes;
	struct csv_record *record;
	size_t used; // of record->bytes
};

static bool at_end_of_line(const struct csv_parser *parser)
{
	return parser->offset >= parser->text.size || parser->text.data[parser->offset] == '\n';
}

// What follows the opening quote. False when the field is not closed within the bounds.
static bool parse_quoted(struct csv_parser *parser)
{
	struct csv_record *record = parser->record;

	for (;;) {
		if (parser->offset >= parser->text.size)
			return false;
		uint8_t byte = parser->text.data[parser->offset++];
		if (byte == '"') {
			bool is_doubled = parser->offset < parser->text.size &&
			                  parser->text.data[parser->offset] == '"';

			if (!is_doubled)
				return true;
			parser->offset++;
		}
		if (byte == '\n' && ++record->line_count > CSV_RECORD_LINES_MAX)
			return false;
		record->bytes[parser->used++] = byte;
	}
}

static void skip_blanks(struct csv_parser *parser)
{
	while (!at_end_of_line(parser) && parser->separator != parser->text.data[parser->offset] &&
	       (parser->text.data[parser->offset] == ' ' ||
	        parser->text.data[parser->offset] == '\t'))
		parser->offset++;
}

// A stray quote is left out.
static void append(struct csv_parser *parser, uint8_t byte)
{
	if (parser->has_quotes || byte != '"')
		parser->record->bytes[parser->used++] = byte;
}

static bool parse_field(struct csv_parser *parser)
{
	struct csv_record *record = parser->record;
	size_t start = parser->used;

	skip_blanks(parser);
	if (parser->has_quotes && !at_end_of_line(parser) &&
	    parser->text.data[parser->offset] == '"') {
		parser->offset++;
		if (!parse_quoted(parser))
			return false;
	}
	while (!at_end_of_line(parser) && parser->text.data[parser->offset] != parser->separator)
		append(parser, parser->text.data[parser->offset++]);
	if (record->field_count < CSV_FIELDS_MAX)
		record->fields[record->field_count++] =
			slice_trim(slice_of(record->bytes + start, parser->used - start));
	return true;
}

static bool parse(struct csv_parser *parser)
{
	parser->record->line_count = 1;
	do {
		if (!parse_field(parser))
			return false;
	} while (!at_end_of_line(parser) && parser->offset++ < parser->text.size);
	return true;
}

size_t csv_record_parse(struct slice text, uint8_t separator, struct csv_record *record)
{
	struct csv_parser parser = {
		.text = slice_first(text, CSV_RECORD_BYTES_MAX),
		.separator = separator,
		.has_quotes = true,
		.record = record,
	};

	record->field_count = 0;
	record->has_stray_quote = !parse(&parser);
	if (record->has_stray_quote) {
		record->field_count = 0;
		parser.offset = 0;
		parser.used = 0;
		parser.has_quotes = false;
		parse(&parser);
	}
	record->is_cut = parser.offset == CSV_RECORD_BYTES_MAX && text.size > CSV_RECORD_BYTES_MAX;
	if (parser.offset < parser.text.size)
		parser.offset++;
	return parser.offset;
}
