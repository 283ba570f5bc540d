// MISP warninglists (github.com/MISP/misp-warninglists, schema.json): values known to be benign.
// They are counted, and nothing of them is compiled.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "loader/json_reader.h"
#include "loader/reader.h"

enum { WARNINGLIST_BYTES_MAX = 64 * 1024 * 1024 };

// What is needed of a warninglist; the members of a wrong type stay unset.
struct warninglist {
	struct slice name;
	uint64_t entry_count;
	bool has_list;
};

static struct warninglist read_members(struct json_value root)
{
	struct json_walk walk = json_reader_walk(root);
	struct warninglist list = {0};
	struct json_value value;
	struct json_value entry;
	struct slice key;

	while (json_reader_next_member(&walk, &key, &value)) {
		if (slice_is(key, "name") && json_reader_type(value) == JSON_STRING)
			list.name = json_reader_string(value);
		if (!slice_is(key, "list") || json_reader_type(value) != JSON_ARRAY)
			continue;

		struct json_walk entries = json_reader_walk(value);
		list.has_list = true;
		while (json_reader_next_item(&entries, &entry))
			list.entry_count++;
	}
	return list;
}

static int note_list(struct feed *feed, struct json_value root)
{
	struct report *report = &feed->summary->report;
	struct warninglist list = {0};
	char detail[64];

	if (json_reader_type(root) == JSON_OBJECT)
		list = read_members(root);
	if (!list.has_list) {
		report_note(report, "not a MISP warninglist", slice_text(""), "no list");
		return -EBADMSG;
	}
	feed->summary->objects += list.entry_count;
	feed->summary->known_benign += list.entry_count;
	(void)snprintf(detail, sizeof(detail), "%" PRIu64 " values", list.entry_count);
	report_add(report, &(struct problem){
				   .reason = "list of known-benign values",
				   .consequence = "noted, never compiled",
				   .object = list.name,
				   .detail = slice_text(detail),
			   });
	return 0;
}

static int warninglist_read(struct feed *feed)
{
	AUTO(json_reader) json = NULL;
	struct report *report = &feed->summary->report;
	struct json_value root;
	struct slice text;
	const char *reason;

	int error = json_reader_create(&json);
	if (error == 0)
		error = feed_input_peek(feed->input, WARNINGLIST_BYTES_MAX + 1, &text);
	if (error != 0)
		return error;
	if (text.size > WARNINGLIST_BYTES_MAX) {
		report_note(report, "warninglist larger than 64 MB", slice_text(""), "%s", "");
		return -EBADMSG;
	}
	error = json_reader_parse(json, text, &root, &reason);
	feed_input_skip(feed->input, text.size);
	if (error == -EBADMSG)
		report_note(report, "broken JSON", slice_text(""), "%s", reason);
	return error != 0 ? error : note_list(feed, root);
}

static bool contains(struct slice head, const char *text)
{
	return head.size > 0 && memmem(head.data, head.size, text, strlen(text)) != NULL;
}

static bool warninglist_recognises(struct slice head)
{
	struct slice text = slice_trim(head);

	// Long lists may stand before or behind the other members: half of them must be seen.
	if (!slice_starts_with(text, "{"))
		return false;
	return contains(text, "\"list\"") &&
	       (contains(text, "\"matching_attributes\"") || contains(text, "\"description\"") ||
	        (contains(text, "\"name\"") && contains(text, "\"version\"")) ||
	        (contains(text, "\"name\"") && contains(text, "\"type\"")));
}

const struct reader_ops read_warninglist = {
	.format = FEED_WARNINGLIST,
	.name = "MISP warninglist",
	.is_unmistakable = true,
	.recognises = warninglist_recognises,
	.read = warninglist_read,
};
