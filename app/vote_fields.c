#include "app/vote_fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "base/timestamp.h"
#include "engine/normalize.h"

enum { SHOWN_BYTES = 1024, NUMBER_BYTES = 16, TIME_DIGITS = 3 };

// A field whose texts are still to be copied.
static struct vote_field text_field(const char *name, struct slice text)
{
	return (struct vote_field){.name = name, .text = text};
}

static struct vote_field time_field(const char *name, int64_t time_ns,
                                    char text[TIMESTAMP_TEXT_BYTES])
{
	if (time_ns == TIMESTAMP_MIN || time_ns == TIMESTAMP_MAX)
		return (struct vote_field){.name = name};
	timestamp_format(time_ns, TIME_DIGITS, text);
	return text_field(name, slice_text(text));
}

// Lists come joined by line ends.
static struct slice copy_joined(struct arena *arena, struct slice text)
{
	size_t joints = 0;
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++)
		joints += text.data[i] == '\n';
	if (text.size == 0)
		return text;
	uint8_t *joined = arena_allocate(arena, text.size + joints);
	for (size_t i = 0; joined != NULL && i < text.size; i++) {
		joined[size++] = text.data[i] == '\n' ? ',' : text.data[i];
		if (text.data[i] == '\n')
			joined[size++] = ' ';
	}
	return slice_of(joined, size);
}

int vote_fields_read(const struct vote *vote, struct arena *arena,
                     struct vote_field ret_fields[VOTE_FIELD_COUNT])
{
	const struct indicator *record = &vote->record;
	char times[4][TIMESTAMP_TEXT_BYTES];
	char confidence[NUMBER_BYTES] = "";

	if (record->confidence != CONFIDENCE_NONE)
		(void)snprintf(confidence, sizeof(confidence), "%u", record->confidence);
	const struct vote_field fields[VOTE_FIELD_COUNT] = {
		{"value", record->value, true},
		{"name", record->name, true},
		text_field("threat_types", record->threat_types),
		text_field("labels", record->labels),
		text_field("confidence", slice_text(confidence)),
		text_field("tlp", slice_text(record->tlp < TLP_COUNT ? tlp_name(record->tlp) : "")),
		text_field("markings", record->markings),
		text_field("created_by", record->created_by),
		time_field("created", record->created_ns, times[0]),
		time_field("modified", record->modified_ns, times[1]),
		time_field("valid_from", record->valid_from_ns, times[2]),
		time_field("valid_until", record->valid_until_ns, times[3]),
	};
	for (unsigned i = 0; i < VOTE_FIELD_COUNT; i++) {
		ret_fields[i] = fields[i];
		ret_fields[i].text = copy_joined(arena, fields[i].text);
		if (fields[i].text.size > 0 && ret_fields[i].text.data == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void print_defanged(struct slice text)
{
	char shown[SHOWN_BYTES];

	normalize_defang(text, shown, sizeof(shown));
	(void)fputs(shown, stdout);
}

void vote_fields_print(const struct vote_field *field)
{
	char printable[PROBLEM_TEXT_BYTES];

	if (field->text.size == 0) {
		(void)putchar('-');
	} else if (field->is_value) {
		print_defanged(field->text);
	} else {
		report_printable(field->text, printable);
		(void)fputs(printable, stdout);
	}
}

void vote_fields_print_subject(const struct vote *vote)
{
	char printable[PROBLEM_TEXT_BYTES];

	if (vote->record.id.size == 0) {
		print_defanged(vote->record.value);
		return;
	}
	report_printable(vote->record.id, printable);
	(void)printf("%s ", printable);
	print_defanged(vote->record.value);
}

void vote_fields_append_subject(struct buffer *json, const struct vote *vote)
{
	buffer_format(json, "\"vote\":%" PRIu64, vote->vote_id);
	if (vote->record.id.size > 0) {
		buffer_append_text(json, ",\"id\":");
		json_text_append(json, vote->record.id);
	}
	buffer_append_text(json, ",\"value\":");
	json_text_append(json, vote->record.value);
	buffer_append_text(json, ",\"source\":");
	json_text_append(json, vote->record.source);
}

void vote_fields_append_time(struct buffer *json, int64_t time_ns)
{
	char text[TIMESTAMP_TEXT_BYTES];

	if (time_ns == TIMESTAMP_MIN || time_ns == TIMESTAMP_MAX) {
		buffer_append_text(json, "null");
		return;
	}
	timestamp_format(time_ns, TIME_DIGITS, text);
	buffer_format(json, "\"%s\"", text);
}
