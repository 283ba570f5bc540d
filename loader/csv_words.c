// What people call columns and types: the two tables that a new feed may need a line in.
#include "loader/csv_columns.h"

#include <ctype.h>

enum { WORD_BYTES_MAX = 32 };

static const char yet[] = "not matchable yet";
static const char hidden[] = "not visible on a network";

// In lower case, letters and digits only, of one form for each word.
static struct slice fold(struct slice text, char ret_word[WORD_BYTES_MAX])
{
	size_t size = 0;

	for (size_t i = 0; i < text.size && size < WORD_BYTES_MAX; i++)
		if (isalnum(text.data[i]))
			ret_word[size++] = (char)tolower(text.data[i]);
	return slice_of(ret_word, size);
}

static const struct {
	const char *word;
	enum csv_role role;
} header_words[] = {
	{"value", CSV_VALUE},
	{"indicator", CSV_VALUE},
	{"indicatorvalue", CSV_VALUE},
	{"ioc", CSV_VALUE},
	{"iocvalue", CSV_VALUE},
	{"observable", CSV_VALUE},
	{"artifact", CSV_VALUE},
	{"ip", CSV_ADDRESS},
	{"ipaddress", CSV_ADDRESS},
	{"ipaddr", CSV_ADDRESS},
	{"ipv4", CSV_ADDRESS},
	{"ipv6", CSV_ADDRESS},
	{"address", CSV_ADDRESS},
	{"cidr", CSV_ADDRESS},
	{"network", CSV_ADDRESS},
	{"sourceip", CSV_ADDRESS},
	{"srcip", CSV_ADDRESS},
	{"dstip", CSV_ADDRESS},
	{"destip", CSV_ADDRESS},
	{"destinationip", CSV_ADDRESS},
	{"domain", CSV_NAME},
	{"domainname", CSV_NAME},
	{"fqdn", CSV_NAME},
	{"host", CSV_NAME},
	{"hostname", CSV_NAME},
	{"start", CSV_RANGE_FIRST},
	{"startip", CSV_RANGE_FIRST},
	{"startaddress", CSV_RANGE_FIRST},
	{"rangestart", CSV_RANGE_FIRST},
	{"firstip", CSV_RANGE_FIRST},
	{"ipfrom", CSV_RANGE_FIRST},
	{"end", CSV_RANGE_LAST},
	{"endip", CSV_RANGE_LAST},
	{"endaddress", CSV_RANGE_LAST},
	{"rangeend", CSV_RANGE_LAST},
	{"lastip", CSV_RANGE_LAST},
	{"ipto", CSV_RANGE_LAST},
	{"url", CSV_URL},
	{"uri", CSV_URL},
	{"sourceurl", CSV_URL},
	{"associatedurl", CSV_URL},
	{"hash", CSV_HASH},
	{"md5", CSV_HASH},
	{"sha1", CSV_HASH},
	{"sha256", CSV_HASH},
	{"sha512", CSV_HASH},
	{"md5hash", CSV_HASH},
	{"sha1hash", CSV_HASH},
	{"sha256hash", CSV_HASH},
	{"sha512hash", CSV_HASH},
	{"port", CSV_PORT},
	{"dstport", CSV_PORT},
	{"destport", CSV_PORT},
	{"destinationport", CSV_PORT},
	{"type", CSV_TYPE},
	{"ioctype", CSV_TYPE},
	{"entitytype", CSV_TYPE},
	{"indicatortype", CSV_TYPE},
	{"threat", CSV_THREAT_TYPE},
	{"threattype", CSV_THREAT_TYPE},
	{"malware", CSV_THREAT_TYPE},
	{"malwarefamily", CSV_THREAT_TYPE},
	{"malwareprintable", CSV_THREAT_TYPE},
	{"family", CSV_THREAT_TYPE},
	{"category", CSV_THREAT_TYPE},
	{"classification", CSV_THREAT_TYPE},
	{"tag", CSV_LABEL},
	{"tags", CSV_LABEL},
	{"label", CSV_LABEL},
	{"labels", CSV_LABEL},
	{"app", CSV_LABEL},
	{"source", CSV_LABEL},
	{"metasource", CSV_LABEL},
	{"confidence", CSV_CONFIDENCE},
	{"confidencelevel", CSV_CONFIDENCE},
	{"tlp", CSV_TLP},
	{"date", CSV_CREATED},
	{"dateadded", CSV_CREATED},
	{"firstseen", CSV_CREATED},
	{"firstseenutc", CSV_CREATED},
	{"created", CSV_CREATED},
	{"timestamp", CSV_CREATED},
	{"validfrom", CSV_VALID_FROM},
	{"validuntil", CSV_VALID_UNTIL},
	{"expires", CSV_VALID_UNTIL},
	{"expiration", CSV_VALID_UNTIL},
	{"expiry", CSV_VALID_UNTIL},
	{"description", CSV_DESCRIPTION},
	{"name", CSV_DESCRIPTION},
	{"note", CSV_DESCRIPTION},
	{"notes", CSV_DESCRIPTION},
	{"comment", CSV_DESCRIPTION},
	{"metadesc", CSV_DESCRIPTION},
	{"reference", CSV_REPORT},
	{"report", CSV_REPORT},
	{"operation", CSV_OPERATION},
	{"op", CSV_OPERATION},
	{"adddel", CSV_OPERATION},
};

static const struct {
	const char *word;
	enum csv_operation operation;
} operation_words[] = {
	{"add", CSV_ADD},        {"added", CSV_ADD},      {"create", CSV_ADD},
	{"created", CSV_ADD},    {"insert", CSV_ADD},     {"new", CSV_ADD},
	{"update", CSV_ADD},     {"updated", CSV_ADD},    {"modify", CSV_ADD},
	{"del", CSV_REMOVE},     {"delete", CSV_REMOVE},  {"deleted", CSV_REMOVE},
	{"remove", CSV_REMOVE},  {"removed", CSV_REMOVE}, {"revoke", CSV_REMOVE},
	{"revoked", CSV_REMOVE}, {"expired", CSV_REMOVE}, {"withdrawn", CSV_REMOVE},
};

static const struct {
	const char *word;
	enum value_kind kind;
	const char *reason;
} type_words[] = {
	{"ip", VALUE_ADDRESS, NULL},
	{"ipaddress", VALUE_ADDRESS, NULL},
	{"ipaddr", VALUE_ADDRESS, NULL},
	{"ipv4", VALUE_ADDRESS, NULL},
	{"ipv6", VALUE_ADDRESS, NULL},
	{"ipv4addr", VALUE_ADDRESS, NULL},
	{"ipv6addr", VALUE_ADDRESS, NULL},
	{"ipdst", VALUE_ADDRESS, NULL},
	{"ipsrc", VALUE_ADDRESS, NULL},
	{"ipport", VALUE_ADDRESS, NULL},
	{"cidr", VALUE_ADDRESS, NULL},
	{"inteladdr", VALUE_ADDRESS, NULL},
	{"intelsubnet", VALUE_ADDRESS, NULL},
	{"domain", VALUE_NAME, NULL},
	{"domainname", VALUE_NAME, NULL},
	{"fqdn", VALUE_NAME, NULL},
	{"host", VALUE_NAME, NULL},
	{"hostname", VALUE_NAME, NULL},
	{"inteldomain", VALUE_NAME, NULL},
	{"url", VALUE_URL, NULL},
	{"uri", VALUE_URL, NULL},
	{"intelurl", VALUE_URL, NULL},
	{"hash", VALUE_HASH, NULL},
	{"file", VALUE_HASH, NULL},
	{"filehash", VALUE_HASH, NULL},
	{"md5", VALUE_HASH, NULL},
	{"sha1", VALUE_HASH, NULL},
	{"sha256", VALUE_HASH, NULL},
	{"sha512", VALUE_HASH, NULL},
	{"md5hash", VALUE_HASH, NULL},
	{"sha1hash", VALUE_HASH, NULL},
	{"sha256hash", VALUE_HASH, NULL},
	{"filehashmd5", VALUE_HASH, NULL},
	{"filehashsha1", VALUE_HASH, NULL},
	{"filehashsha256", VALUE_HASH, NULL},
	{"intelfilehash", VALUE_HASH, NULL},
	{"email", VALUE_ANY, yet},
	{"emailaddr", VALUE_ANY, yet},
	{"emailaddress", VALUE_ANY, yet},
	{"emailsender", VALUE_ANY, yet},
	{"intelemail", VALUE_ANY, yet},
	{"intelsoftware", VALUE_ANY, yet},
	{"intelfilename", VALUE_ANY, yet},
	{"intelcerthash", VALUE_HASH, NULL},
	{"useragent", VALUE_ANY, yet},
	{"filename", VALUE_ANY, yet},
	{"filepath", VALUE_ANY, hidden},
	{"mutex", VALUE_ANY, hidden},
	{"regkey", VALUE_ANY, hidden},
	{"registrykey", VALUE_ANY, hidden},
	{"ja3", VALUE_ANY, yet},
	{"ja3hash", VALUE_ANY, yet},
	{"asn", VALUE_ANY, yet},
	{"cve", VALUE_ANY, hidden},
	{"yara", VALUE_ANY, hidden},
};

enum csv_role csv_role_by_name(struct slice name)
{
	char word[WORD_BYTES_MAX];
	struct slice folded = fold(name, word);

	for (size_t i = 0; i < sizeof(header_words) / sizeof(header_words[0]); i++)
		if (slice_is(folded, header_words[i].word))
			return header_words[i].role;
	return CSV_IGNORED;
}

struct csv_type csv_type_by_name(struct slice name)
{
	char word[WORD_BYTES_MAX];
	struct slice folded = fold(name, word);

	for (size_t i = 0; i < sizeof(type_words) / sizeof(type_words[0]); i++)
		if (slice_is(folded, type_words[i].word))
			return (struct csv_type){
				.is_known = true,
				.kind = type_words[i].kind,
				.reason = type_words[i].reason,
			};
	return (struct csv_type){.kind = VALUE_ANY};
}

enum csv_operation csv_operation_by_name(struct slice name)
{
	char word[WORD_BYTES_MAX];
	struct slice folded = fold(name, word);

	if (slice_is(name, "+"))
		return CSV_ADD;
	if (slice_is(name, "-"))
		return CSV_REMOVE;
	for (size_t i = 0; i < sizeof(operation_words) / sizeof(operation_words[0]); i++)
		if (slice_is(folded, operation_words[i].word))
			return operation_words[i].operation;
	return CSV_OPERATION_UNKNOWN;
}
