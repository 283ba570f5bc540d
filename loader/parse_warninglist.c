// MISP warninglists (github.com/MISP/misp-warninglists, schema.json): values known to be benign.
// Nothing of them is looked for. A source whose role is known-benign delivers their values to the
// veto set, as far as they are values: strings, names and networks are; of sub-strings and regular
// expressions those that mean a name and all below it.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "loader/intake.h"
#include "loader/json_reader.h"
#include "loader/list_value.h"
#include "loader/reader.h"
#include "loader/sink.h"

enum { WARNINGLIST_BYTES_MAX = 64 * 1024 * 1024 };

enum list_type { LIST_STRING, LIST_SUBSTRING, LIST_HOSTNAME, LIST_CIDR, LIST_REGEX };

// What is needed of a warninglist; the members of a wrong type stay unset.
struct warninglist {
	struct slice name;
	enum list_type type;
	struct json_value entries;
	uint64_t entry_count;
	uint64_t unexpressed; // of those that were to be delivered
	bool has_list;
};

static enum list_type type_of(struct slice name)
{
	static const char *const names[] = {
		[LIST_STRING] = "string",     [LIST_SUBSTRING] = "substring",
		[LIST_HOSTNAME] = "hostname", [LIST_CIDR] = "cidr",
		[LIST_REGEX] = "regex",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_is(name, names[i]))
			return (enum list_type)i;
	return LIST_STRING;
}

static struct warninglist read_members(struct json_value root)
{
	struct json_walk walk = json_reader_walk(root);
	struct warninglist list = {0};
	struct json_value value;
	struct json_value entry;
	struct slice key;

	while (json_reader_next_member(&walk, &key, &value)) {
		bool is_text = json_reader_type(value) == JSON_STRING;

		if (slice_is(key, "name") && is_text)
			list.name = json_reader_string(value);
		if (slice_is(key, "type") && is_text)
			list.type = type_of(json_reader_string(value));
		if (!slice_is(key, "list") || json_reader_type(value) != JSON_ARRAY)
			continue;

		struct json_walk entries = json_reader_walk(value);
		list.has_list = true;
		list.entries = value;
		list.entry_count = 0;
		while (json_reader_next_item(&entries, &entry))
			list.entry_count++;
	}
	return list;
}

// "/^(.*\.)?example\.com$/i" and "/\.example\.com$/": the name, with all below it.
static bool read_regex(struct slice text, struct buffer *ret_name)
{
	static const char *const begins[] = {"^(.*\\.)?", "^(.+\\.)?", "^.*\\.", "(^|\\.)",
	                                     "(\\.|^)",   "\\.",       "^"};

	if (slice_starts_with(text, "/"))
		text = slice_from(text, 1);
	if (slice_ends_with(text, "/i"))
		text.size -= 2;
	else if (slice_ends_with(text, "/"))
		text.size--;
	if (!slice_ends_with(text, "$"))
		return false;
	text.size--;
	bool is_known = false;
	for (unsigned i = 0; i < sizeof(begins) / sizeof(begins[0]) && !is_known; i++) {
		is_known = slice_starts_with(text, begins[i]);
		if (is_known)
			text = slice_from(text, strlen(begins[i]));
	}
	buffer_clear(ret_name);
	for (size_t i = 0; i < text.size && is_known; i++) {
		bool is_dot = slice_starts_with(slice_from(text, i), "\\.");
		uint8_t byte = is_dot ? '.' : text.data[i];

		is_known = is_dot || byte == '-' || byte == '_' || (byte >= '0' && byte <= '9') ||
		           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
		buffer_append_byte(ret_name, byte);
		i += is_dot;
	}
	return is_known && ret_name->size > 0;
}

// What an entry means, as a value. False when it cannot be expressed as one.
static bool express(enum list_type type, struct slice entry, struct buffer *text,
                    struct candidate *ret_candidate)
{
	*ret_candidate = (struct candidate){
		.kind = type == LIST_CIDR       ? VALUE_ADDRESS
	                : type == LIST_HOSTNAME ? VALUE_NAME
	                                        : VALUE_ANY,
		.text = entry,
		.has_wildcards = type != LIST_CIDR, // a dot in front: all below
	};
	switch (type) {
	case LIST_STRING:
	case LIST_HOSTNAME:
	case LIST_CIDR:
		return true;
	case LIST_SUBSTRING: // ".example.com" anywhere means the names below, in practice
		ret_candidate->kind = VALUE_NAME;
		return slice_starts_with(entry, ".");
	case LIST_REGEX:
		if (!read_regex(entry, text))
			return false;
		ret_candidate->kind = VALUE_NAME;
		ret_candidate->text = buffer_slice(text);
		return true;
	}
	return false;
}

static int deliver(struct feed *feed, struct warninglist *list)
{
	struct indicator indicator = reader_new_indicator(feed);
	struct json_walk entries = json_reader_walk(list->entries);
	struct buffer text = {0};
	struct json_value entry;
	int result = 0;

	indicator.name = list->name;
	while (result >= 0 && json_reader_next_item(&entries, &entry)) {
		struct candidate candidate;

		if (json_reader_type(entry) == JSON_STRING &&
		    express(list->type, json_reader_string(entry), &text, &candidate))
			result = list_value_add(feed, &indicator, &candidate);
		else
			list->unexpressed++;
	}
	if (text.failed)
		result = -ENOMEM;
	buffer_close(&text);
	return result < 0 ? result : 0;
}

static void tell(struct feed *feed, const struct warninglist *list, const char *reason,
                 const char *consequence, uint64_t count)
{
	char detail[64];

	(void)snprintf(detail, sizeof(detail), "%" PRIu64 " values", count);
	report_add(&feed->summary->report, &(struct problem){
						   .reason = reason,
						   .consequence = consequence,
						   .object = list->name,
						   .detail = slice_text(detail),
					   });
}

static int take_list(struct feed *feed, struct json_value root)
{
	struct warninglist list = {0};

	if (json_reader_type(root) == JSON_OBJECT)
		list = read_members(root);
	if (!list.has_list) {
		report_note(&feed->summary->report, "not a MISP warninglist", slice_text(""),
		            "no list");
		return -EBADMSG;
	}
	feed->summary->objects += list.entry_count;
	if (!feed->options->is_known_benign || !feed->sink->takes_known_benign) {
		feed->summary->known_benign += list.entry_count;
		tell(feed, &list, "list of known-benign values", "noted, never compiled",
		     list.entry_count);
		return 0;
	}
	int error = deliver(feed, &list);
	if (list.unexpressed > 0)
		tell(feed, &list, "known-benign entry that is no value", "skipped",
		     list.unexpressed);
	return error;
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
	if (error == -EBADMSG)
		report_note(report, "broken JSON", slice_text(""), "%s", reason);
	else if (error == 0)
		error = take_list(feed, root);
	feed_input_skip(feed->input, text.size);
	intake_end_feed(feed);
	return error;
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
