#include "sightings/stix_pattern.h"

#include <errno.h>

#include "engine/address.h"
#include "engine/address_range.h"
#include "engine/normalize.h"
#include "sightings/observable_text.h"

static const char *const hash_names[HASH_ALGORITHM_COUNT] = {
	[HASH_MD5] = "MD5",
	[HASH_SHA1] = "'SHA-1'",
	[HASH_SHA256] = "'SHA-256'",
	[HASH_SHA512] = "'SHA-512'",
};

// The inside of a string literal (section 9.4): backslash and quote are escaped.
static void append_literal(struct buffer *pattern, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '\'' || text.data[i] == '\\')
			buffer_append_byte(pattern, '\\');
		buffer_append_byte(pattern, text.data[i]);
	}
}

// `text` as a regular expression that matches just that, inside a string literal.
static void append_expression(struct buffer *pattern, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] != '\0' && strchr("\\^$.|?*+()[]{}", text.data[i]) != NULL)
			append_literal(pattern, slice_text("\\"));
		append_literal(pattern, slice_of(text.data + i, 1));
	}
}

// LIKE knows no escape for its wildcards: a value that has them needs MATCHES.
static bool has_wildcards(struct slice text)
{
	return slice_find(text, '%') < text.size || slice_find(text, '_') < text.size;
}

static void append_comparison(struct buffer *pattern, const char *comparison, struct slice value,
                              const char *behind)
{
	buffer_append_text(pattern, comparison);
	append_literal(pattern, value);
	buffer_append_text(pattern, behind);
}

static const char *address_type(const struct address *address)
{
	return address_is_ipv4(address) ? "ipv4-addr" : "ipv6-addr";
}

static bool append_prefix(struct buffer *pattern, struct slice entry)
{
	struct prefix prefix;
	char text[ADDRESS_TEXT_BYTES];
	bool had_host_bits;

	if (normalize_prefix(entry, &prefix, &had_host_bits) < 0)
		return false;
	normalize_format_prefix(&prefix, text);
	buffer_format(pattern, "[%s:value %s '%s']", address_type(&prefix.address),
	              prefix.length == 128 ? "=" : "ISSUBSET", text);
	return true;
}

static bool append_range(struct buffer *pattern, struct slice entry)
{
	struct address_range rest;
	char text[ADDRESS_TEXT_BYTES];
	const char *before = "[";
	struct prefix prefix;

	if (!address_range_parse(entry, &rest))
		return false;
	while (address_range_next(&rest, &prefix)) {
		normalize_format_prefix(&prefix, text);
		buffer_format(pattern, "%s%s:value %s '%s'", before, address_type(&prefix.address),
		              prefix.length == 128 ? "=" : "ISSUBSET", text);
		before = " OR ";
	}
	buffer_append_byte(pattern, ']');
	return true;
}

// "192.0.2.1:443", "[2001:db8::1]:443"
static bool append_address_and_port(struct buffer *pattern, struct slice entry)
{
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	size_t colon = entry.size; // behind it, in fact
	unsigned port = 0;

	while (colon > 0 && entry.data[colon - 1] >= '0' && entry.data[colon - 1] <= '9')
		colon--;
	if (colon == 0 || entry.data[colon - 1] != ':' || colon == entry.size ||
	    entry.size - colon > 5)
		return false;
	for (size_t i = colon; i < entry.size; i++)
		port = port * 10 + (entry.data[i] - '0');

	struct slice host = slice_first(entry, colon - 1);
	if (slice_starts_with(host, "[") && slice_ends_with(host, "]"))
		host = slice_of(host.data + 1, host.size - 2);
	if (port > UINT16_MAX || normalize_address(host, &address) < 0)
		return false;
	normalize_format_address(&address, text);
	buffer_format(pattern,
	              "[(network-traffic:dst_ref.value = '%s' AND network-traffic:dst_port = %u)"
	              " OR (network-traffic:src_ref.value = '%s' AND network-traffic:src_port = "
	              "%u)]",
	              text, port, text, port);
	return true;
}

static bool append_hash(struct buffer *pattern, struct slice entry)
{
	struct observable observable = {.type = OBSERVABLE_HASH};
	struct observable_text hex;
	uint8_t digest[HASH_BYTES_MAX];
	int size = normalize_hash(entry, digest, &observable.algorithm);

	if (size < 0)
		return false;
	observable.text = slice_of(digest, (size_t)size);
	buffer_format(pattern, "[file:hashes.%s = ", hash_names[observable.algorithm]);
	append_comparison(pattern, "'", observable_text(&observable, &hex), "']");
	return true;
}

static void append_names_below(struct buffer *pattern, struct slice name)
{
	if (!has_wildcards(name)) {
		append_comparison(pattern, "domain-name:value LIKE '%.", name, "'");
		return;
	}
	buffer_append_text(pattern, "domain-name:value MATCHES '\\\\.");
	append_expression(pattern, name);
	buffer_append_text(pattern, "$'");
}

// What it claims is what is matched: a private suffix does not stand for the names below it.
static bool append_name(struct buffer *pattern, const struct database *database, struct slice entry,
                        uint32_t indicator_id)
{
	char name[NAME_BYTES_MAX + 1];

	if (slice_starts_with(entry, "*."))
		entry = slice_from(entry, 2);
	else if (slice_starts_with(entry, "."))
		entry = slice_from(entry, 1);

	int size = normalize_name(entry, name);
	if (size < 0)
		return false;
	entry = slice_of(name, (size_t)size);

	uint8_t kinds = database_name_kinds(database, entry, indicator_id);
	if (kinds & ENTRY_PARENT && (kinds & ENTRY_EXACT) == 0) {
		buffer_append_byte(pattern, '[');
	} else {
		append_comparison(pattern, "[domain-name:value = '", entry, "'");
		buffer_append_text(pattern, kinds & ENTRY_PARENT ? " OR " : "");
	}
	if (kinds & ENTRY_PARENT)
		append_names_below(pattern, entry);
	buffer_append_byte(pattern, ']');
	return true;
}

static void append_url_prefix(struct buffer *pattern, struct slice url, bool has_scheme)
{
	if (has_scheme && !has_wildcards(url)) {
		append_comparison(pattern, "[url:value LIKE '", url, "%']");
		return;
	}
	buffer_append_text(pattern, "[url:value MATCHES '^");
	if (!has_scheme)
		buffer_append_text(pattern, "https?://");
	append_expression(pattern, url);
	buffer_append_text(pattern, "']");
}

// Without a scheme, both http and https are meant.
static void append_url_value(struct buffer *pattern, struct slice url, bool has_scheme)
{
	if (has_scheme) {
		append_comparison(pattern, "[url:value = '", url, "']");
		return;
	}
	append_comparison(pattern, "[url:value IN ('http://", url, "', ");
	append_comparison(pattern, "'https://", url, "')]");
}

static bool append_url(struct buffer *pattern, struct slice entry)
{
	bool is_prefix = slice_ends_with(entry, "*");
	struct url_parts parts;
	char url[URL_BYTES_MAX];

	if (slice_find(entry, '/') == entry.size)
		return false;
	entry.size -= is_prefix;

	int size = normalize_url(entry, url, sizeof(url), &parts);
	if (size < 0)
		return false;
	if (is_prefix)
		append_url_prefix(pattern, slice_of(url, (size_t)size), parts.has_scheme);
	else
		append_url_value(pattern, slice_of(url, (size_t)size), parts.has_scheme);
	return true;
}

static void append_observed(struct buffer *pattern, const struct observable *observed)
{
	struct observable_text room;

	if (observed->type == OBSERVABLE_HASH)
		buffer_format(pattern, "[file:hashes.%s", hash_names[observed->algorithm]);
	else
		buffer_format(pattern, "[%s:value", observable_type_name(observed));
	append_comparison(pattern, " = '", observable_text(observed, &room), "']");
}

void stix_pattern_append(struct buffer *pattern, const struct database *database,
                         struct slice entry, const struct hit *hit)
{
	struct buffer refanged = {0};

	entry = slice_trim(entry);
	if (!buffer_reserve(&refanged, entry.size + 1)) {
		pattern->failed = true;
		return;
	}
	refanged.size = normalize_refang(entry, (char *)refanged.data);
	entry = buffer_slice(&refanged);
	if (!append_hash(pattern, entry) && !append_prefix(pattern, entry) &&
	    !append_range(pattern, entry) && !append_address_and_port(pattern, entry) &&
	    !append_url(pattern, entry) &&
	    !append_name(pattern, database, entry, hit->indicator_id))
		append_observed(pattern, &hit->observable);
	buffer_close(&refanged);
}
