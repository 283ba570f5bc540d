// MISP JSON (MISP core format, draft-dulaunoy-misp-core-format): events alone, as a feed has them,
// as the API gives them ("response"), one behind the other or in a list; attributes and objects
// without events.
//
// An event says things of all its attributes, before them or behind: they wait in a spool until it
// has ended.
#include <errno.h>

#include "base/uuid.h"
#include "base/utf8.h"
#include "loader/json_split.h"
#include "loader/misp.h"

static const struct json_split_rules rules = {
	.lists = {"Attribute", "Object"},
	.container = "response",
	.depth_max = 2,
	.gives_parts = true,
};

static void report_piece(struct misp_reader *reader, const struct json_piece *piece,
                         const char *reason, const char *consequence, const char *detail)
{
	report_add(&reader->feed->summary->report,
	           &(struct problem){
			   .reason = reason,
			   .consequence = consequence,
			   .object = slice_first(piece->bytes, JSON_STRAY_BYTES),
			   .detail = slice_text(detail),
			   .offset = piece->offset,
			   .has_offset = true,
		   });
}

// Returns 1 with *ret_root, 0 when it is broken (reported), or -ENOMEM.
static int parse(struct misp_reader *reader, const struct json_piece *piece,
                 struct json_value *ret_root)
{
	const char *reason;
	int error = json_reader_parse(reader->json, piece->bytes, ret_root, &reason);

	if (error == -EBADMSG)
		report_piece(reader, piece, "broken JSON", "skipped", reason);
	if (error == -EBADMSG)
		return 0;
	return error == 0 ? 1 : error;
}

static int read_waiting(struct misp_reader *reader)
{
	struct json_piece piece = {.kind = JSON_PIECE_OBJECT};
	int result = piece_spool_rewind(&reader->spool);

	while (result >= 0 && piece_spool_next(&reader->spool, &piece.bytes, &piece.offset)) {
		struct json_value root;

		result = parse(reader, &piece, &root);
		if (result == 0)
			reader->feed->summary->objects++;
		if (result == 1)
			result = misp_object_read(reader, root);
	}
	piece_spool_clear(&reader->spool);
	return result < 0 ? result : 0;
}

// Reads what the event says of itself, and then what waited for that. Without it, or with a part of
// it that sets no TLP, nobody knows who may see it.
static int settle_event(struct misp_reader *reader, bool is_whole)
{
	struct json_piece shell = {.bytes = buffer_slice(&reader->shell)};
	struct json_value root;
	int result = 0;

	misp_event_reset(&reader->event);
	if (!buffer_reserve(&reader->shell, FEED_PADDING_BYTES))
		return -ENOMEM;
	shell.bytes.data = reader->shell.data;
	if (!reader->is_shell_lost)
		result = parse(reader, &shell, &root);
	if (result < 0)
		return result;
	if (result == 1)
		misp_event_read(reader, root);
	if ((result == 0 || !is_whole) && reader->event.tags.tlp == TLP_NONE) {
		report_piece(reader, &shell, "event that is not whole", "kept as TLP:RED", "");
		reader->event.tags.tlp = TLP_RED;
	}
	reader->event_count++;
	buffer_clear(&reader->shell);
	reader->is_shell_lost = false;
	return read_waiting(reader);
}

static bool is_waiting(const struct misp_reader *reader)
{
	return reader->shell.size > 0 || reader->is_shell_lost;
}

// An event has no end: the brackets that it lacks are put behind what there is of it.
static int settle_cut_event(struct misp_reader *reader)
{
	static const char *const ends[] = {"]}", "]}}"};
	size_t size = reader->shell.size;
	struct json_value root;
	const char *reason;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !reader->is_shell_lost; i++) {
		reader->shell.size = size;
		buffer_append_text(&reader->shell, ends[i]);
		if (!buffer_reserve(&reader->shell, FEED_PADDING_BYTES))
			return -ENOMEM;
		if (json_reader_parse(reader->json, buffer_slice(&reader->shell), &root, &reason) ==
		    0)
			break;
	}
	return settle_event(reader, false);
}

// An object without lists: an event that has no attributes, or an attribute alone.
static int read_whole(struct misp_reader *reader, const struct json_piece *piece)
{
	struct json_walk walk;
	struct json_value root;
	struct json_value value;
	struct slice key;
	bool is_attribute = false;
	int result = parse(reader, piece, &root);

	if (result != 1)
		return result;
	walk = json_reader_walk(root);
	while (json_reader_next_member(&walk, &key, &value))
		is_attribute |= slice_is(key, "Attribute") || slice_is(key, "category");
	misp_event_reset(&reader->event);
	reader->event_count++;
	if (is_attribute)
		return misp_object_read(reader, root);
	misp_event_read(reader, root);
	return 0;
}

static int add_part(struct misp_reader *reader, const struct json_piece *piece)
{
	if (!reader->is_shell_lost)
		buffer_append_slice(&reader->shell, piece->bytes);
	if (reader->shell.size > JSON_OBJECT_BYTES_MAX) {
		report_piece(reader, piece, "event larger than 16 MB without its attributes",
		             "kept without what it says", "");
		reader->is_shell_lost = true;
		buffer_clear(&reader->shell);
	}
	return reader->shell.failed ? -ENOMEM : 0;
}

static int read_too_large(struct misp_reader *reader, const struct json_piece *piece)
{
	report_piece(reader, piece, "object larger than 16 MB", "skipped", "");
	if (piece->is_element) {
		reader->feed->summary->objects++;
		return 0;
	}
	reader->is_shell_lost = true; // and nothing more of it will come
	reader->is_last_part_lost = true;
	return 0;
}

static int read_broken(struct misp_reader *reader, const struct json_piece *piece)
{
	report_piece(reader, piece, "broken JSON", "skipped", "an object without its end");
	if (piece->is_element)
		reader->feed->summary->objects++;
	return !piece->is_element && is_waiting(reader) ? settle_cut_event(reader) : 0;
}

static int read_cut(struct misp_reader *reader, const struct json_piece *piece)
{
	report_piece(reader, piece, "the JSON has no end",
	             "what came before is kept, the rest from there on is not",
	             "truncated, or brackets or quotes are broken");
	return is_waiting(reader) ? settle_cut_event(reader) : 0;
}

static int read_piece(struct misp_reader *reader, const struct json_piece *piece)
{
	int error = 0;

	if (reader->is_last_part_lost && !piece->is_element) {
		reader->is_last_part_lost = false;
		error = settle_event(reader, false);
	}
	if (error != 0)
		return error;
	switch (piece->kind) {
	case JSON_PIECE_OBJECT:
		return piece->is_element
		               ? piece_spool_add(&reader->spool, piece->bytes, piece->offset)
		               : read_whole(reader, piece);
	case JSON_PIECE_PART:
		return add_part(reader, piece);
	case JSON_PIECE_LAST_PART:
		error = add_part(reader, piece);
		return error != 0 ? error : settle_event(reader, true);
	case JSON_PIECE_TOO_LARGE:
		return read_too_large(reader, piece);
	case JSON_PIECE_BROKEN:
		return read_broken(reader, piece);
	case JSON_PIECE_CUT:
		return read_cut(reader, piece);
	case JSON_PIECE_STRAY:
		report_piece(reader, piece, "not an object", "skipped", "");
		break;
	case JSON_PIECE_COMMA:
		report_piece(reader, piece, "comma missing or out of place", "read on", "");
		break;
	}
	return 0;
}

static int read_all(struct misp_reader *reader)
{
	struct json_split split;
	struct json_piece piece;
	int result;

	json_split_start(&split, reader->feed->input, &rules);
	while ((result = json_split_next(&split, &piece)) > 0) {
		int error = read_piece(reader, &piece);

		if (error != 0)
			return error;
	}
	// Damaged input ends without a word: what was read before counts.
	if (is_waiting(reader) && result != -ENOMEM && result != -ECANCELED) {
		int error = settle_cut_event(reader);

		return error != 0 ? error : result;
	}
	return result;
}

static int misp_read(struct feed *feed)
{
	AUTO(json_reader) json = NULL;
	struct misp_reader reader = {.feed = feed, .versioned.feed = feed};
	int error = json_reader_create(&json);

	if (error != 0)
		return error;
	reader.json = json;
	misp_tags_open(&reader.event.tags);
	misp_tags_open(&reader.object.tags);
	misp_tags_open(&reader.tags);
	error = read_all(&reader);
	piece_spool_close(&reader.spool);
	buffer_close(&reader.shell);
	misp_event_close(&reader.event);
	misp_tags_close(&reader.object.tags);
	misp_tags_close(&reader.tags);
	return error == 0 && reader.event_count == 0 ? -EBADMSG : error;
}

static bool contains(struct slice head, const char *text)
{
	return memmem(head.data, head.size, text, strlen(text)) != NULL;
}

// A feed's list of events has an object for each, by its UUID; an event begins with its own words.
static bool is_manifest(struct slice head)
{
	struct slice key = slice_from(head, slice_find(head, '"') + 1);

	return slice_find(key, '"') == UUID_TEXT_BYTES - 1;
}

static bool misp_recognises(struct slice head)
{
	head = utf8_skip_mark(head);
	head = slice_trim(head);
	if (!slice_starts_with(head, "{") && !slice_starts_with(head, "["))
		return false;
	if (contains(head, "\"Event\"") &&
	    (contains(head, "\"info\"") || contains(head, "\"Attribute\"")))
		return true;
	return (contains(head, "\"Attribute\"") || contains(head, "\"info\"")) &&
	       (contains(head, "\"to_ids\"") || contains(head, "\"category\"") ||
	        contains(head, "\"threat_level_id\"")) &&
	       !is_manifest(head);
}

const struct reader_ops read_misp = {
	.format = FEED_MISP,
	.name = "MISP",
	.is_unmistakable = true,
	.recognises = misp_recognises,
	.read = misp_read,
};
