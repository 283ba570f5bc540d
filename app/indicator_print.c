#include "app/indicator_print.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/report.h"
#include "base/timestamp.h"
#include "engine/normalize.h"

enum { TEXT_VALUE_BYTES = 2048, TIME_DIGITS = 3 };
static_assert((int)TEXT_VALUE_BYTES >= (int)PROBLEM_TEXT_BYTES, "report_printable() writes to it");

// What a record says in text, in the order of printing.
struct text_field {
	const char *key;
	struct slice value;
	bool is_list;
	bool is_defanged;
};

enum { TEXT_FIELD_COUNT = 11 };

static void list_text_fields(const struct indicator *indicator,
                             struct text_field ret_fields[TEXT_FIELD_COUNT])
{
	const struct slice nothing = {0};
	const struct text_field fields[TEXT_FIELD_COUNT] = {
		{"id", indicator->id, false, false},
		{"name", indicator->name, false, true},
		{"value", indicator->value, false, true},
		{"threat_types", indicator->threat_types, true, false},
		{"labels", indicator->labels, true, false},
		{"tags", indicator->tags, true, false},
		{"reports", indicator->report_names, true, true},
		{"source", indicator->is_source_hidden ? nothing : indicator->source, false, false},
		{"group", indicator->group, false, false},
		{"created_by", indicator->is_source_hidden ? nothing : indicator->created_by, false,
	         false},
		{"markings", indicator->markings, true, false},
	};

	memcpy(ret_fields, fields, sizeof(fields));
}

struct time_field {
	const char *key;
	int64_t time_ns;
};

enum { TIME_FIELD_COUNT = 4 };

static void list_time_fields(const struct indicator *indicator,
                             struct time_field ret_fields[TIME_FIELD_COUNT])
{
	const struct time_field fields[TIME_FIELD_COUNT] = {
		{"created", indicator->created_ns},
		{"modified", indicator->modified_ns},
		{"valid_from", indicator->valid_from_ns},
		{"valid_until", indicator->valid_until_ns},
	};

	memcpy(ret_fields, fields, sizeof(fields));
}

static bool is_known(int64_t time_ns)
{
	return time_ns != TIMESTAMP_MIN && time_ns != TIMESTAMP_MAX;
}

static void print_text_field(FILE *file, const struct text_field *field)
{
	char text[TEXT_VALUE_BYTES];
	struct slice rest = field->value;

	(void)fprintf(file, "  %s:", field->key);
	do {
		size_t size = field->is_list ? slice_find(rest, '\n') : rest.size;

		if (field->is_defanged)
			normalize_defang(slice_first(rest, size), text, sizeof(text));
		else
			report_printable(slice_first(rest, size),
			                 text); // cuts at PROBLEM_TEXT_BYTES
		(void)fprintf(file, "%s %s", rest.data != field->value.data ? "," : "", text);
		rest = slice_from(rest, size + 1);
	} while (rest.size > 0);
	(void)fputc('\n', file);
}

void indicator_print_text(FILE *file, const struct indicator *indicator)
{
	struct text_field texts[TEXT_FIELD_COUNT];
	struct time_field times[TIME_FIELD_COUNT];
	char time_text[TIMESTAMP_TEXT_BYTES];

	list_text_fields(indicator, texts);
	for (unsigned i = 0; i < TEXT_FIELD_COUNT; i++)
		if (texts[i].value.size > 0)
			print_text_field(file, &texts[i]);
	if (indicator->line > 0)
		(void)fprintf(file, "  line: %" PRIu64 "\n", indicator->line);
	if (indicator->tlp != TLP_NONE && indicator->tlp < TLP_COUNT)
		(void)fprintf(file, "  tlp: %s\n", tlp_name(indicator->tlp));
	if (indicator->confidence != CONFIDENCE_NONE)
		(void)fprintf(file, "  confidence: %u\n", indicator->confidence);
	list_time_fields(indicator, times);
	for (unsigned i = 0; i < TIME_FIELD_COUNT; i++) {
		if (!is_known(times[i].time_ns))
			continue;
		timestamp_format(times[i].time_ns, TIME_DIGITS, time_text);
		(void)fprintf(file, "  %s: %s\n", times[i].key, time_text);
	}
}

static void append_list(struct buffer *json, struct slice list)
{
	const char *separator = "[";

	while (list.size > 0) {
		size_t size = slice_find(list, '\n');

		buffer_append_text(json, separator);
		json_text_append(json, slice_first(list, size));
		list = slice_from(list, size + 1);
		separator = ",";
	}
	buffer_append_text(json, "]");
}

void indicator_append_json(struct buffer *json, const struct indicator *indicator)
{
	struct text_field texts[TEXT_FIELD_COUNT];
	struct time_field times[TIME_FIELD_COUNT];
	char time_text[TIMESTAMP_TEXT_BYTES];

	list_text_fields(indicator, texts);
	for (unsigned i = 0; i < TEXT_FIELD_COUNT; i++) {
		if (texts[i].value.size == 0)
			continue;
		buffer_format(json, ",\"%s\":", texts[i].key);
		if (texts[i].is_list)
			append_list(json, texts[i].value);
		else
			json_text_append(json, texts[i].value);
	}
	if (indicator->line > 0)
		buffer_format(json, ",\"line\":%" PRIu64, indicator->line);
	if (indicator->tlp != TLP_NONE && indicator->tlp < TLP_COUNT)
		buffer_format(json, ",\"tlp\":\"%s\"", tlp_name(indicator->tlp));
	if (indicator->confidence != CONFIDENCE_NONE)
		buffer_format(json, ",\"confidence\":%u", indicator->confidence);
	list_time_fields(indicator, times);
	for (unsigned i = 0; i < TIME_FIELD_COUNT; i++) {
		if (!is_known(times[i].time_ns))
			continue;
		timestamp_format(times[i].time_ns, TIME_DIGITS, time_text);
		buffer_format(json, ",\"%s\":\"%s\"", times[i].key, time_text);
	}
}
