#include "loader/misp_manifest.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/json_reader.h"

enum { DIGITS_MAX = 12, COUNT_FIRST = 256 };

static bool parse_uuid(struct slice text, char ret_uuid[UUID_TEXT_BYTES])
{
	if (text.size != UUID_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_hyphen ? text.data[i] != '-' : !isxdigit(text.data[i]))
			return false;
		ret_uuid[i] = (char)tolower(text.data[i]);
	}
	ret_uuid[text.size] = '\0';
	return true;
}

static int64_t parse_seconds(struct slice digits)
{
	int64_t seconds = 0;

	if (digits.size > DIGITS_MAX)
		return 0;
	for (size_t i = 0; i < digits.size; i++) {
		if (!isdigit(digits.data[i]))
			return 0;
		seconds = seconds * 10 + (digits.data[i] - '0');
	}
	return seconds;
}

static int64_t timestamp_of(struct json_value event)
{
	struct json_walk walk = json_reader_walk(event);
	struct json_value value;
	struct slice key;
	int64_t seconds = 0;

	while (json_reader_next_member(&walk, &key, &value)) {
		if (!slice_is(key, "timestamp"))
			continue;
		if (json_reader_type(value) == JSON_STRING)
			seconds = parse_seconds(json_reader_string(value));
		else if (json_reader_type(value) == JSON_INTEGER && json_reader_integer(value) > 0)
			seconds = json_reader_integer(value);
	}
	return seconds;
}

static int add(struct misp_manifest *manifest, const struct misp_manifest_event *event)
{
	if (manifest->count == manifest->capacity) {
		size_t capacity = manifest->capacity > 0 ? 2 * manifest->capacity : COUNT_FIRST;
		struct misp_manifest_event *events = realloc(manifest->events,
		                                             capacity * sizeof(*events));

		if (events == NULL)
			return -ENOMEM;
		manifest->events = events;
		manifest->capacity = capacity;
	}
	manifest->events[manifest->count++] = *event;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct misp_manifest_event *first = a, *second = b;

	return strcmp(first->uuid, second->uuid);
}

static void sort(struct misp_manifest *manifest)
{
	if (manifest->count > 0)
		qsort(manifest->events, manifest->count, sizeof(*manifest->events), compare);
}

static int read_members(struct misp_manifest *manifest, struct json_value root,
                        struct report *report)
{
	struct json_walk walk = json_reader_walk(root);
	struct misp_manifest_event event;
	struct json_value value;
	struct slice key;
	int error = 0;

	while (error == 0 && json_reader_next_member(&walk, &key, &value)) {
		if (json_reader_type(value) != JSON_OBJECT || !parse_uuid(key, event.uuid)) {
			report_note(report, "not an event of a MISP feed", key, "%s", "");
			continue;
		}
		event.timestamp_s = timestamp_of(value);
		error = add(manifest, &event);
	}
	sort(manifest);
	return error;
}

int misp_manifest_read(struct misp_manifest *manifest, struct slice text, struct report *report)
{
	AUTO(json_reader) json = NULL;
	struct json_value root;
	const char *reason = "";
	int error = json_reader_create(&json);

	if (error == 0)
		error = json_reader_parse(json, text, &root, &reason);
	if (error == 0 && json_reader_type(root) != JSON_OBJECT)
		error = -EBADMSG;
	if (error == -EBADMSG)
		report_note(report, "not the manifest of a MISP feed", slice_text(""), "%s",
		            reason);
	return error != 0 ? error : read_members(manifest, root, report);
}

int misp_manifest_read_text(struct misp_manifest *manifest, struct slice text)
{
	int error = 0;

	while (text.size > 0 && error == 0) {
		struct slice line = slice_first(text, slice_find(text, '\n'));
		struct misp_manifest_event event;

		text = slice_from(text, line.size + 1);
		if (!parse_uuid(slice_first(line, UUID_TEXT_BYTES - 1), event.uuid))
			continue;
		event.timestamp_s = parse_seconds(slice_from(line, UUID_TEXT_BYTES));
		error = add(manifest, &event);
	}
	sort(manifest);
	return error;
}

void misp_manifest_write_text(const struct misp_manifest *manifest, struct buffer *text)
{
	for (size_t i = 0; i < manifest->count; i++)
		buffer_format(text, "%s %" PRId64 "\n", manifest->events[i].uuid,
		              manifest->events[i].timestamp_s);
}

const struct misp_manifest_event *misp_manifest_find(const struct misp_manifest *manifest,
                                                     const char *uuid)
{
	struct misp_manifest_event key;

	(void)snprintf(key.uuid, sizeof(key.uuid), "%s", uuid);
	return manifest->count > 0
	               ? bsearch(&key, manifest->events, manifest->count, sizeof(key), compare)
	               : NULL;
}

void misp_manifest_close(struct misp_manifest *manifest)
{
	free(manifest->events);
	*manifest = (struct misp_manifest){0};
}
