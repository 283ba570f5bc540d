#include "loader/zone_record.h"

#include <string.h>
#include <strings.h>

// Where the tokenizer is within a record.
struct scan {
	unsigned depth; // of parentheses
	bool is_in_quotes;
	bool is_too_long;
	bool is_token_open;
	size_t begin; // of the token, in reader->text
};

bool zone_word_is(struct slice word, const char *text)
{
	return word.size == strlen(text) &&
	       strncasecmp((const char *)word.data, text, word.size) == 0;
}

static void put_byte(struct zone_reader *reader, struct scan *scan, uint8_t byte)
{
	if (!scan->is_token_open)
		scan->begin = reader->used;
	scan->is_token_open = true;
	if (reader->used < sizeof(reader->text))
		reader->text[reader->used++] = (char)byte;
	else
		scan->is_too_long = true;
}

static void end_token(struct zone_reader *reader, struct scan *scan)
{
	if (scan->is_token_open && reader->token_count < ZONE_TOKENS_MAX)
		reader->tokens[reader->token_count++] = slice_of(reader->text + scan->begin,
		                                                 reader->used - scan->begin);
	scan->is_token_open = false;
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

// "\." is a dot that parts nothing, "\065" an A: kept as they stand in names, where they mean that
// it is none that we look for. Returns the bytes taken.
static size_t put_escape(struct zone_reader *reader, struct scan *scan, struct slice rest)
{
	bool is_code = rest.size >= 4 && is_digit(rest.data[1]) && is_digit(rest.data[2]) &&
	               is_digit(rest.data[3]);
	size_t size = is_code ? 4 : rest.size < 2 ? rest.size : 2;

	for (size_t i = 0; i < size; i++)
		put_byte(reader, scan, rest.data[i]);
	return size;
}

static void open_quotes(struct zone_reader *reader, struct scan *scan)
{
	scan->begin = reader->used;
	scan->is_token_open = true; // also of an empty text
	scan->is_in_quotes = true;
}

static size_t scan_byte(struct zone_reader *reader, struct scan *scan, struct slice rest)
{
	uint8_t byte = rest.data[0];

	if (byte == '\\')
		return put_escape(reader, scan, rest);
	if (byte == '"') {
		bool was_in_quotes = scan->is_in_quotes;

		end_token(reader, scan);
		scan->is_in_quotes = false;
		if (!was_in_quotes)
			open_quotes(reader, scan);
		return 1;
	}
	if (scan->is_in_quotes) {
		put_byte(reader, scan, byte);
		return 1;
	}
	switch (byte) {
	case ' ':
	case '\t':
	case '\r':
		end_token(reader, scan);
		return 1;
	case '(':
		end_token(reader, scan);
		scan->depth++;
		return 1;
	case ')':
		end_token(reader, scan);
		scan->depth -= scan->depth > 0;
		return 1;
	case ';':
		end_token(reader, scan);
		return rest.size;
	}
	put_byte(reader, scan, byte);
	return 1;
}

static void scan_line(struct zone_reader *reader, struct scan *scan, struct slice line)
{
	while (line.size > 0)
		line = slice_from(line, scan_byte(reader, scan, line));
	end_token(reader, scan);
	scan->is_in_quotes = false; // no text goes on behind a line's end
}

// The tokens of the next record; *ret_line: where it begins. Returns as zone_record_next().
static int read_tokens(struct zone_reader *reader, struct zone_record *record)
{
	struct scan scan = {0};
	struct slice line;
	bool is_cut;
	int result;

	reader->token_count = 0;
	reader->used = 0;
	while ((result = feed_input_line(reader->input, &line, &is_cut)) == 1) {
		if (reader->token_count == 0 && scan.depth == 0) {
			record->line = feed_input_line_number(reader->input);
			reader->is_owner_left_out = line.size > 0 &&
			                            (line.data[0] == ' ' || line.data[0] == '\t');
		}
		scan.is_too_long |= is_cut;
		scan_line(reader, &scan, line);
		if (scan.depth == 0 && (reader->token_count > 0 || scan.is_too_long))
			break;
	}
	if (result < 0)
		return result;
	if (scan.is_too_long || scan.depth > 0) {
		record->type = slice_text(scan.is_too_long ? "record too long"
		                                           : "parenthesis that is not closed");
		return ZONE_BROKEN;
	}
	return reader->token_count > 0 ? ZONE_RECORD : ZONE_END;
}

bool zone_name_complete(const struct zone_reader *reader, struct slice text,
                        struct zone_name *ret_name)
{
	const struct zone_name *origin = &reader->origin;
	bool is_whole = slice_ends_with(text, ".") && !slice_ends_with(text, "\\.");
	struct zone_name name = {.is_absolute = is_whole || origin->is_absolute};

	if (slice_is(text, "@")) {
		*ret_name = *origin;
		return true;
	}
	if (is_whole)
		text.size--;
	bool is_joined = !is_whole && origin->size > 0;
	size_t size = text.size + (is_joined ? 1 + (size_t)origin->size : 0);
	if (size > ZONE_NAME_BYTES_MAX)
		return false;
	memcpy(name.text, text.data, text.size);
	if (is_joined) {
		name.text[text.size] = '.';
		memcpy(name.text + text.size + 1, origin->text, origin->size);
	}
	name.size = (unsigned)size;
	*ret_name = name;
	return true;
}

static bool is_ttl_or_class(struct slice token)
{
	return (token.size > 0 && is_digit(token.data[0])) || zone_word_is(token, "IN") ||
	       zone_word_is(token, "CH") || zone_word_is(token, "HS") || zone_word_is(token, "CS");
}

static int broken(struct zone_record *record, const char *what)
{
	record->type = slice_text(what);
	return ZONE_BROKEN;
}

// "$TTL" and "$ORIGIN": nothing to give. Returns as zone_record_next(), ZONE_END for these.
static int read_directive(struct zone_reader *reader, struct zone_record *record)
{
	struct slice word = reader->tokens[0];

	if (zone_word_is(word, "$TTL"))
		return ZONE_END;
	if (!zone_word_is(word, "$ORIGIN")) {
		record->type = word;
		record->data_count = 0;
		for (unsigned i = 1; i < reader->token_count; i++)
			record->data[record->data_count++] = reader->tokens[i];
		return ZONE_RECORD;
	}
	struct zone_name origin;
	if (reader->token_count < 2 || !zone_name_complete(reader, reader->tokens[1], &origin))
		return broken(record, "$ORIGIN without a name");
	reader->origin = origin;
	return ZONE_END;
}

static int read_record(struct zone_reader *reader, struct zone_record *record)
{
	unsigned next = 0;

	if (!reader->is_owner_left_out) {
		if (!zone_name_complete(reader, reader->tokens[next++], &reader->owner)) {
			reader->has_owner = false;
			return broken(record, "name too long");
		}
		reader->has_owner = true;
	}
	if (!reader->has_owner)
		return broken(record, "record without an owner");
	while (next < reader->token_count && is_ttl_or_class(reader->tokens[next]))
		next++;
	if (next == reader->token_count)
		return broken(record, "record without a type");
	record->owner = reader->owner;
	record->type = reader->tokens[next++];
	record->data_count = 0;
	while (next < reader->token_count)
		record->data[record->data_count++] = reader->tokens[next++];
	return ZONE_RECORD;
}

int zone_record_next(struct zone_reader *reader, struct zone_record *ret_record)
{
	for (;;) {
		int result = read_tokens(reader, ret_record);

		if (result != ZONE_RECORD)
			return result;
		if (reader->tokens[0].size == 0 || reader->tokens[0].data[0] != '$')
			return read_record(reader, ret_record);
		result = read_directive(reader, ret_record);
		if (result != ZONE_END)
			return result;
	}
}
