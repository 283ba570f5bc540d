// STIX 2.0 and 2.1 JSON: bundles, TAXII envelopes, arrays, or objects one behind the other.
#include <errno.h>
#include <string.h>

#include "base/uuid.h"
#include "base/utf8.h"
#include "loader/json_split.h"
#include "loader/stix2.h"

enum {
	ID_SEARCH_BYTES = 4096,
	VALUE_SEARCH_BYTES = 256,
	STIX_ID_TAIL_BYTES = 2 + UUID_TEXT_BYTES - 1, // "--" and a UUID
};

// Everything of STIX 2.0 and 2.1 that is neither an indicator nor about one; read and counted.
static const char *const other_types[] = {
	"artifact",
	"attack-pattern",
	"autonomous-system",
	"bundle",
	"campaign",
	"course-of-action",
	"directory",
	"domain-name",
	"email-addr",
	"email-message",
	"extension-definition",
	"file",
	"incident",
	"infrastructure",
	"intrusion-set",
	"ipv4-addr",
	"ipv6-addr",
	"language-content",
	"location",
	"mac-addr",
	"malware",
	"malware-analysis",
	"mutex",
	"network-traffic",
	"note",
	"observed-data",
	"opinion",
	"process",
	"relationship",
	"sighting",
	"software",
	"threat-actor",
	"tool",
	"url",
	"user-account",
	"vulnerability",
	"windows-registry-key",
	"x509-certificate",
};

static const struct {
	const char *type;
	int (*read)(struct stix2_reader *reader, const struct stix2_object *object);
} object_readers[] = {
	{"indicator", stix2_indicator_read}, {"report", stix2_report_read},
	{"grouping", stix2_report_read},     {"marking-definition", stix2_marking_read},
	{"identity", stix2_identity_read},
};

// The id of an object that could not be parsed, when it stands in its first bytes.
static struct slice find_id(struct slice bytes)
{
	static const char key[] = "\"id\"";
	const uint8_t *found;

	bytes = slice_first(bytes, ID_SEARCH_BYTES);
	found = memmem(bytes.data, bytes.size, key, sizeof(key) - 1);
	if (found == NULL)
		return slice_text("");
	bytes = slice_from(bytes, (size_t)(found - bytes.data) + sizeof(key) - 1);
	bytes = slice_from(bytes, slice_find(bytes, '"') + 1);

	size_t size = slice_find(bytes, '"');
	return size < bytes.size && size < 128 ? slice_first(bytes, size) : slice_text("");
}

static void report_piece(struct report *report, const struct json_piece *piece, const char *reason,
                         const char *consequence, const char *detail)
{
	bool is_stray = piece->kind == JSON_PIECE_STRAY;

	report_add(report, &(struct problem){
				   .reason = reason,
				   .consequence = consequence,
				   .object = is_stray ? slice_first(piece->bytes, JSON_STRAY_BYTES)
	                                              : find_id(piece->bytes),
				   .detail = slice_text(detail),
				   .offset = piece->offset,
				   .has_offset = true,
			   });
}

// Custom objects are allowed to be anything (STIX 2.1, section 11.2).
static bool is_known_type(struct slice type)
{
	for (size_t i = 0; i < sizeof(other_types) / sizeof(other_types[0]); i++)
		if (slice_is(type, other_types[i]))
			return true;
	return slice_starts_with(type, "x-");
}

static int read_object(struct stix2_reader *reader, const struct stix2_object *object)
{
	for (size_t i = 0; i < sizeof(object_readers) / sizeof(object_readers[0]); i++) {
		if (!slice_is(object->type, object_readers[i].type))
			continue;
		reader->object_count++;
		return object_readers[i].read(reader, object);
	}
	if (slice_is(object->type,
	             "bundle")) // the splitter goes into those that are as they should
		stix2_object_problem(object, "bundle without a list of objects, or in another",
		                     "nothing of it is read", slice_text(""));
	if (is_known_type(object->type) || stix2_object_has(object, STIX2_EXTENSIONS))
		reader->object_count++;
	else
		stix2_object_problem(object, "unknown type of object", "skipped", object->type);
	return 0;
}

static int parse_piece(struct stix2_reader *reader, const struct json_piece *piece)
{
	struct report *report = &reader->feed->summary->report;
	struct stix2_object object = {
		.json = piece->bytes,
		.offset = piece->offset,
		.report = report,
	};
	struct json_value root;
	const char *reason;

	int error = json_reader_parse(reader->json, piece->bytes, &root, &reason);
	if (error == -EBADMSG) {
		report_piece(report, piece, "broken JSON", "skipped", reason);
		return 0;
	}
	if (error != 0)
		return error;
	if (!stix2_object_read(root, &object))
		return 0;

	error = read_object(reader, &object);
	arena_reset(&reader->arena);
	return error;
}

int parse_stix2_object(struct stix2_reader *reader, struct slice json)
{
	const struct json_piece piece = {.kind = JSON_PIECE_OBJECT, .bytes = json};

	return parse_piece(reader, &piece);
}

static int read_piece(struct stix2_reader *reader, const struct json_piece *piece)
{
	struct report *report = &reader->feed->summary->report;

	if (piece->bytes.size > 0 && piece->kind != JSON_PIECE_STRAY)
		reader->feed->summary->objects++;
	switch (piece->kind) {
	case JSON_PIECE_OBJECT:
		return parse_piece(reader, piece);
	case JSON_PIECE_BROKEN:
		report_piece(report, piece, "broken JSON", "skipped", "an object without its end");
		break;
	case JSON_PIECE_TOO_LARGE:
		report_piece(report, piece, "object larger than 16 MB", "skipped", "");
		break;
	case JSON_PIECE_STRAY:
		report_piece(report, piece, "not an object", "skipped", "");
		break;
	case JSON_PIECE_COMMA:
		report_piece(report, piece, "comma missing or out of place", "read on", "");
		break;
	case JSON_PIECE_PART: // not asked for
	case JSON_PIECE_LAST_PART:
		break;
	case JSON_PIECE_CUT:
		report_piece(report, piece, "the JSON has no end",
		             "what came before is kept, the rest from there on is not",
		             "truncated, or brackets or quotes are broken");
		break;
	}
	return 0;
}

static int read_all(struct stix2_reader *reader)
{
	struct json_split split;
	struct json_piece piece;
	int result;

	json_split_start(&split, reader->feed->input, &json_split_stix);
	while ((result = json_split_next(&split, &piece)) > 0) {
		int error = read_piece(reader, &piece);

		if (error != 0)
			return error;
	}
	return result;
}

static int stix2_read(struct feed *feed)
{
	AUTO(json_reader) json = NULL;
	struct stix2_reader reader = {.feed = feed};

	int error = json_reader_create(&json);
	if (error != 0)
		return error;
	reader.json = json;
	error = read_all(&reader);
	arena_close(&reader.arena);

	bool is_foreign = reader.object_count == 0 && feed->summary->report.count > 0;
	return error == 0 && is_foreign ? -EBADMSG : error;
}

// Does `head` have the member `key` with a value that begins with `value`?
static bool has_member(struct slice head, const char *key, const char *value)
{
	const uint8_t *found;

	while ((found = memmem(head.data, head.size, key, strlen(key))) != NULL) {
		head = slice_from(head, (size_t)(found - head.data) + strlen(key));

		struct slice rest = slice_trim(slice_first(head, VALUE_SEARCH_BYTES));
		if (rest.size == 0 || rest.data[0] != ':')
			continue;
		if (slice_starts_with(slice_trim(slice_from(rest, 1)), value))
			return true;
	}
	return false;
}

// Does an object of `head` have an id of STIX's form?
static bool has_stix_id(struct slice head)
{
	static const char separator[] = "--";
	struct slice id = find_id(head);
	const uint8_t *found = memmem(id.data, id.size, separator, sizeof(separator) - 1);

	return found != NULL && id.data + id.size - found == STIX_ID_TAIL_BYTES;
}

static bool stix2_recognises(struct slice head)
{
	head = utf8_skip_mark(head);
	head = slice_trim(head);
	if (!slice_starts_with(head, "{") && !slice_starts_with(head, "["))
		return false;
	return has_member(head, "\"type\"", "\"bundle\"") ||
	       has_member(head, "\"type\"", "\"indicator\"") ||
	       has_member(head, "\"spec_version\"", "\"2.") ||
	       (has_stix_id(head) && has_member(head, "\"type\"", "\"")) ||
	       (has_member(head, "\"objects\"", "[") && has_member(head, "\"type\"", "\""));
}

const struct reader_ops read_stix2 = {
	.format = FEED_STIX,
	.name = "STIX 2",
	.is_unmistakable = true,
	.recognises = stix2_recognises,
	.read = stix2_read,
};
