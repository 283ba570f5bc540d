#include "loader/openioc_item.h"

#include <strings.h>

#include "loader/screening.h"
#include "loader/text_condition.h"

// What terms are about. Documents write them in any case.
static const struct {
	const char *search;
	enum value_kind kind;
} terms[] = {
	{"CookieHistoryItem/HostName", VALUE_NAME},
	{"DnsEntryItem/Host", VALUE_NAME},
	{"DnsEntryItem/RecordData/Host", VALUE_NAME},
	{"DnsEntryItem/RecordData/IPv4Address", VALUE_ADDRESS},
	{"DnsEntryItem/RecordName", VALUE_NAME},
	{"Email/ReceivedFromHost", VALUE_NAME},
	{"Email/ReceivedFromIP", VALUE_ADDRESS},
	{"FileDownloadHistoryItem/SourceURL", VALUE_URL},
	{"FormHistoryItem/HostName", VALUE_NAME},
	{"Network/DNS", VALUE_NAME},
	{"Network/HTTP_Referr", VALUE_URL},
	{"Network/IP", VALUE_ADDRESS},
	{"Network/RemoteIP", VALUE_ADDRESS},
	{"Network/URI", VALUE_URL},
	{"PortItem/remoteIP", VALUE_ADDRESS},
	{"ProcessItem/PortList/PortItem/remoteIP", VALUE_ADDRESS},
	{"RouteEntryItem/Destination", VALUE_ADDRESS},
	{"UrlHistoryItem/HostName", VALUE_NAME},
	{"UrlHistoryItem/URL", VALUE_URL},
};

// Seen by a sensor, but not looked for yet.
static const char *const not_yet[] = {
	"Email/",
	"Network/",
	"PortItem/",
	"FileItem/FileName",
};

static bool is_text(struct slice text, const char *other)
{
	return text.size == strlen(other) &&
	       strncasecmp((const char *)text.data, other, text.size) == 0;
}

static bool ends_with(struct slice text, const char *end)
{
	size_t size = strlen(end);

	return text.size >= size && is_text(slice_from(text, text.size - size), end);
}

// The digest of a file, whichever item of a host it was found at.
static bool read_hash_term(struct slice search, struct candidate *value)
{
	static const char *const ends[HASH_ALGORITHM_COUNT] = {
		[HASH_MD5] = "md5sum",
		[HASH_SHA1] = "sha1sum",
		[HASH_SHA256] = "sha256sum",
		[HASH_SHA512] = "sha512sum",
	};

	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		if (!ends_with(search, ends[i]))
			continue;
		value->kind = VALUE_HASH;
		value->is_hash_algorithm_known = true;
		value->hash_algorithm = i;
		return true;
	}
	return false;
}

// NULL when the term is one that is looked for.
static const char *read_term(struct slice search, struct candidate *value)
{
	if (read_hash_term(search, value))
		return NULL;
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		if (!is_text(search, terms[i].search))
			continue;
		value->kind = terms[i].kind;
		if (value->kind == VALUE_NAME)
			value->name_kinds = ENTRY_EXACT | ENTRY_PARENT;
		return NULL;
	}
	for (size_t i = 0; i < sizeof(not_yet) / sizeof(not_yet[0]); i++)
		if (slice_starts_with(search, not_yet[i]))
			return "not matchable yet";
	return search.size > 0 ? "not visible on a network" : "item without a term";
}

static const char *read_condition(const struct xml_node *item, enum text_condition *ret_condition)
{
	static const struct {
		const char *name;
		enum text_condition condition;
	} names[] = {
		{"is", TEXT_EQUALS},      {"contains", TEXT_CONTAINS}, {"starts-with", TEXT_STARTS},
		{"ends-with", TEXT_ENDS}, {"matches", TEXT_FITS},
	};
	struct slice name = xml_tree_attribute(item, "condition");

	if (is_text(xml_tree_attribute(item, "negate"), "true") || is_text(name, "isnot") ||
	    is_text(name, "containsnot"))
		return "negative condition: " SCREENING_HELD;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!is_text(name, names[i].name))
			continue;
		*ret_condition = names[i].condition;
		return NULL;
	}
	return "condition not matchable on such a property";
}

int openioc_item_read(const struct xml_node *item, struct slice search, struct arena *arena,
                      struct candidate *value, const char **ret_reason)
{
	enum text_condition condition = TEXT_EQUALS;
	const char *reason = read_term(search, value);

	if (reason == NULL)
		reason = read_condition(item, &condition);
	if (reason == NULL && value->text.size == 0)
		reason = "item without content";
	// People write it of whole addresses; what is less than one the intake refuses.
	if (value->kind == VALUE_ADDRESS && condition == TEXT_CONTAINS)
		condition = TEXT_EQUALS;
	if (reason == NULL && !text_condition_fits(condition, value))
		reason = "condition not matchable on such a property";
	// A path alone is where any server may have something.
	if (reason == NULL && value->kind == VALUE_URL && condition == TEXT_EQUALS &&
	    slice_starts_with(value->text, "/"))
		reason = "path without a host: not matchable yet";
	if (reason != NULL) {
		*ret_reason = reason;
		return 0;
	}

	int error = text_condition_apply(condition, arena, value);
	return error < 0 ? error : 1;
}
