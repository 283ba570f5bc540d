// Response policy zones (draft-vixie-dnsop-dns-rpz): DNS zones whose names say what is listed.
//
// A name is listed alone, "*.name" with all below it (and itself, as such zones list both); an
// address of an answer as "32.1.2.0.192.rpz-ip". What a resolver is to answer is a label; names
// that it is to let pass are told as known-benign.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/list_value.h"
#include "loader/zone_record.h"

enum { HEAD_LINES_MAX = 64, LABELS_MAX = 12 };

struct rpz_reader {
	struct feed *feed;
	struct zone_name apex; // of the zone; relative: not told
	uint64_t record_count;
	struct zone_reader zone;
	struct zone_record record;
};

static void tell(const struct rpz_reader *reader, const char *reason, const char *consequence,
                 struct slice object, struct slice detail)
{
	report_add(&reader->feed->summary->report, &(struct problem){
							   .reason = reason,
							   .consequence = consequence,
							   .object = object,
							   .detail = detail,
							   .line = reader->record.line,
						   });
}

// Of the zone itself, and of DNSSEC.
static bool is_own_type(struct slice type)
{
	static const char *const types[] = {"SOA",    "NS",      "RRSIG", "NSEC",       "NSEC3",
	                                    "DNSKEY", "CDNSKEY", "CDS",   "NSEC3PARAM", "DS"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (zone_word_is(type, types[i]))
			return true;
	return false;
}

static struct slice name_slice(const struct zone_name *name)
{
	return slice_of(name->text, name->size);
}

static bool ends_with_word(struct slice text, struct slice end)
{
	struct slice tail = slice_from(text, text.size - end.size);

	return text.size >= end.size &&
	       strncasecmp((const char *)tail.data, (const char *)end.data, end.size) == 0;
}

// The owner without the zone's own name; `ret_trigger` is empty for the zone's name itself. False:
// it lies outside the zone.
static bool trigger_of(const struct rpz_reader *reader, struct slice *ret_trigger)
{
	const struct zone_name *owner = &reader->record.owner;
	struct slice name = name_slice(owner);
	struct slice apex = name_slice(&reader->apex);

	if (owner->is_absolute && apex.size > 0) {
		if (!ends_with_word(name, apex))
			return false;
		name.size -= apex.size;
		if (name.size > 0 && name.data[--name.size] != '.')
			return false;
	}
	*ret_trigger = name;
	return true;
}

// The zone's name: that of its SOA record, or else of its first "$ORIGIN".
static void learn_apex(struct rpz_reader *reader)
{
	if (zone_word_is(reader->record.type, "SOA"))
		reader->apex = reader->record.owner;
	else if (!reader->apex.is_absolute && reader->zone.origin.size > 0)
		reader->apex = reader->zone.origin;
}

// "1.2.0.192" or "57.zz.2.2001", reversed, with the prefix length in front. Returns its size, or 0.
static int decode_prefix(struct slice encoded, char *text, size_t room)
{
	struct slice labels[LABELS_MAX];
	unsigned count = 0;
	int size = 0;

	while (encoded.size > 0 && count < LABELS_MAX) {
		size_t end = slice_find(encoded, '.');

		labels[count++] = slice_first(encoded, end);
		encoded = slice_from(encoded, end + 1);
	}
	if (count < 2 || encoded.size > 0)
		return 0;

	bool is_ipv6 = count != 5;
	for (unsigned i = 1; i < count; i++)
		is_ipv6 |= zone_word_is(labels[i], "zz") || labels[i].size > 3;
	for (unsigned i = count - 1; i > 0; i--) {
		bool is_gap = is_ipv6 && zone_word_is(labels[i], "zz");
		bool is_parted = i < count - 1 && !(size > 0 && text[size - 1] == ':');
		struct slice label = is_gap ? slice_text(is_parted       ? ""
		                                         : i < count - 1 ? ""
		                                                         : ":")
		                            : labels[i];

		size += snprintf(text + size, room - (size_t)size, "%s%.*s%s",
		                 is_parted ? (is_ipv6 ? ":" : ".") : "",
		                 SLICE_FORMAT(slice_first(label, 4)), is_gap ? ":" : "");
	}
	return size + snprintf(text + size, room - (size_t)size, "/%.*s",
	                       SLICE_FORMAT(slice_first(labels[0], 4)));
}

// What the resolver is to do, as a label; NULL: let it pass.
static const char *policy_of(const struct rpz_reader *reader, struct slice trigger)
{
	static const struct {
		const char *target;
		const char *policy;
	} targets[] = {
		{".", "rpz:nxdomain"},
		{"*.", "rpz:nodata"},
		{"rpz-passthru.", NULL},
		{"rpz-drop.", "rpz:drop"},
		{"rpz-tcp-only.", "rpz:tcp-only"},
	};
	const struct zone_record *record = &reader->record;

	if (!zone_word_is(record->type, "CNAME") || record->data_count == 0)
		return "rpz:local-data";
	struct slice target = record->data[0];
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (zone_word_is(target, targets[i].target))
			return targets[i].policy;
	// As zones before "rpz-passthru." said it: an alias of itself.
	if (slice_ends_with(target, ".") && target.size == trigger.size + 1 &&
	    ends_with_word(slice_first(target, trigger.size), trigger))
		return NULL;
	return "rpz:local-data";
}

static int add(struct rpz_reader *reader, struct slice trigger, const char *policy,
               const struct candidate *candidate)
{
	struct indicator indicator = reader_new_indicator(reader->feed);
	const struct intake_value *value;

	indicator.labels = slice_text(policy);
	int result = intake_check(reader->feed, candidate, &value);
	return result != 1 ? result
	                   : list_value_take(reader->feed, &indicator, value, trigger,
	                                     reader->record.line);
}

static int add_address(struct rpz_reader *reader, struct slice trigger, const char *policy)
{
	char text[128];
	struct slice encoded = slice_first(trigger, trigger.size - strlen(".rpz-ip"));
	int size = decode_prefix(encoded, text, sizeof(text));
	const struct candidate candidate = {
		.kind = VALUE_ADDRESS,
		.text = slice_of(text, (size_t)size),
		.line = reader->record.line,
	};

	if (size == 0) {
		tell(reader, "not an encoded network", NULL, trigger, slice_of(NULL, 0));
		return 0;
	}
	return add(reader, slice_trim(candidate.text), policy, &candidate);
}

static int add_name(struct rpz_reader *reader, struct slice trigger, const char *policy)
{
	bool is_wildcard = slice_starts_with(trigger, "*.");
	const struct candidate candidate = {
		.kind = VALUE_NAME,
		.text = trigger,
		.name_kinds = is_wildcard ? ENTRY_EXACT | ENTRY_PARENT : ENTRY_EXACT,
		.has_wildcards = is_wildcard,
		.line = reader->record.line,
	};

	return add(reader, trigger, policy, &candidate);
}

static int add_trigger(struct rpz_reader *reader, struct slice trigger, const char *policy)
{
	static const struct {
		const char *end;
		const char *reason;
	} others[] = {
		{".rpz-nsdname", "rpz-nsdname: names of name servers are not matched"},
		{".rpz-nsip", "rpz-nsip: addresses of name servers are not matched"},
		{".rpz-client-ip", "rpz-client-ip: clients are not matched"},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!ends_with_word(trigger, slice_text(others[i].end)))
			continue;
		tell(reader, others[i].reason, NULL, trigger, slice_of(NULL, 0));
		return 0;
	}
	if (ends_with_word(trigger, slice_text(".rpz-ip")))
		return add_address(reader, trigger, policy);
	return add_name(reader, trigger, policy);
}

static int read_record(struct rpz_reader *reader)
{
	struct feed_summary *summary = reader->feed->summary;
	struct slice trigger;

	learn_apex(reader);
	if (slice_starts_with(reader->record.type, "$")) {
		tell(reader, "directive that is not followed", NULL, reader->record.type,
		     reader->record.data_count > 0 ? reader->record.data[0] : slice_of(NULL, 0));
		return 0;
	}
	reader->record_count++;
	if (is_own_type(reader->record.type))
		return 0;
	summary->objects++;
	if (!trigger_of(reader, &trigger)) {
		tell(reader, "name outside the zone", NULL, name_slice(&reader->record.owner),
		     reader->record.type);
		return 0;
	}
	if (trigger.size == 0) {
		tell(reader, "record of the zone itself", NULL, name_slice(&reader->record.owner),
		     reader->record.type);
		return 0;
	}
	const char *policy = policy_of(reader, trigger);
	if (policy == NULL) {
		summary->known_benign++;
		tell(reader, "known-benign exception (passthru)", "noted, never compiled", trigger,
		     slice_of(NULL, 0));
		return 0;
	}
	return add_trigger(reader, trigger, policy);
}

static int read_all(struct rpz_reader *reader)
{
	int result;

	while ((result = zone_record_next(&reader->zone, &reader->record)) > 0) {
		int error = 0;

		if (result == ZONE_BROKEN)
			tell(reader, "broken record", NULL, reader->record.type, slice_of(NULL, 0));
		else
			error = read_record(reader);
		if (error < 0)
			return error;
	}
	return result;
}

static int read(struct feed *feed)
{
	struct rpz_reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (reader == NULL)
		return -ENOMEM;
	reader->feed = feed;
	reader->zone.input = feed->input;
	error = read_all(reader);
	if (error == 0 && reader->record_count == 0)
		error = -EBADMSG;
	free(reader);
	intake_end_feed(feed);
	return error;
}

static bool has_word(struct slice line, const char *word)
{
	while (line.size > 0) {
		size_t end = 0;

		while (end < line.size && !slice_is_blank(line.data[end]))
			end++;
		if (zone_word_is(slice_first(line, end), word))
			return true;
		line = slice_from(line, end + 1);
	}
	return false;
}

// A zone has an SOA record near its beginning; one of policies has the root or names of its own as
// targets.
static bool recognises(struct slice head)
{
	bool has_soa = false;
	bool has_policy = false;

	if (slice_find(head, '\0') < head.size)
		return false;
	for (unsigned i = 0; head.size > 0 && (i < HEAD_LINES_MAX || (has_soa && !has_policy));
	     i++) {
		struct slice line = slice_first(head, slice_find(head, '\n'));

		head = slice_from(head, line.size + 1);
		line = slice_first(line, slice_find(line, ';'));
		has_soa |= has_word(line, "SOA") && line.data[0] != '#';
		has_policy |= has_word(line, "CNAME") &&
		              (has_word(line, ".") || has_word(line, "*.") ||
		               memmem(line.data, line.size, "rpz-", 4) != NULL);
		has_policy |= memmem(line.data, line.size, ".rpz-ip", 7) != NULL;
	}
	return has_soa && has_policy;
}

const struct reader_ops read_rpz = {
	.format = FEED_RPZ,
	.name = "response policy zone",
	.recognises = recognises,
	.read = read,
};
