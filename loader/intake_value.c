#include "loader/intake_value.h"

#include <ctype.h>
#include <errno.h>

#include "engine/address.h"
#include "engine/normalize.h"
#include "loader/reader.h"
#include "loader/screen.h"
#include "loader/screening.h"
#include "loader/value.h"
#include "loader/wildcard.h"

// A candidate on its way through.
struct passage {
	struct intake *intake;
	const struct feed_options *options;
	struct report *report;
	const struct candidate *candidate;
	struct slice text; // what is left of the candidate's
};

static void tell(const struct passage *passage, const char *reason, const char *consequence)
{
	const struct candidate *candidate = passage->candidate;
	bool has_id = candidate->object.size > 0;
	struct problem problem = {
		.reason = reason,
		.consequence = consequence,
		.object = has_id ? candidate->object : candidate->text,
		.detail = has_id ? candidate->text : slice_of(NULL, 0),
		.line = candidate->line,
	};

	report_add(passage->report, &problem);
}

static int refuse(const struct passage *passage, const char *reason)
{
	tell(passage, reason, NULL);
	return 0;
}

static void remark(const struct passage *passage, const char *text)
{
	if (text != NULL)
		tell(passage, text, "kept");
}

// What is no threat is not screened, and a person may have accepted what the screen refuses.
// `reason` NULL: it does not. Returns 1 or 0.
static int pass_screen(const struct passage *passage, const char *reason)
{
	if (reason == NULL || passage->options->is_known_benign)
		return 1;
	if (!screening_passes(passage->options->screening, passage->candidate->text, reason))
		return refuse(passage, reason);
	remark(passage, "refused by the screen, accepted by a person");
	return 1;
}

// One's own: nobody's list should name it. A prefix that only covers it is none.
static const char *own_prefix(const struct passage *passage, const struct prefix *prefix)
{
	const struct screening *screening = passage->options->screening;

	return screening != NULL ? screening_own_prefix(screening, prefix) : NULL;
}

static const char *own_name(const struct passage *passage, struct slice name)
{
	const struct screening *screening = passage->options->screening;

	return screening != NULL ? screening_own_name(screening, name) : NULL;
}

// Lists of URLs have lines like "192.0.2.16/8", which is a path: nobody means 16 million addresses
// by that.
static bool is_large(const struct prefix *prefix)
{
	bool is_ipv4 = address_is_ipv4(&prefix->address);

	return prefix->length < (is_ipv4 ? IPV4_PREFIX_BITS + 24 : 48);
}

static int prepare_address(struct passage *passage, struct intake_value *value)
{
	bool had_host_bits;
	const char *about;

	if (normalize_prefix(passage->text, &value->prefix, &had_host_bits) < 0)
		return refuse(passage, "not an address or network");
	const char *reason = screen_prefix(&value->prefix, &about);
	if (reason == NULL)
		reason = own_prefix(passage, &value->prefix);
	if (pass_screen(passage, reason) == 0)
		return 0;

	if (had_host_bits && passage->candidate->kind == VALUE_ANY && is_large(&value->prefix))
		return refuse(passage, "large network with host bits: perhaps a URL");

	value->type = OBSERVABLE_ADDRESS;
	remark(passage, about);
	if (had_host_bits)
		remark(passage, "network with host bits, taken without them");
	if (value->prefix.length < 128)
		remark(passage, passage->candidate->network_remark);
	return 1;
}

// As wide as a network may be, whatever the networks are that it is made of.
static bool is_range_too_wide(const struct address_range *range)
{
	return address_range_is_wider(range, address_is_ipv4(&range->first) ? SCREEN_IPV4_BITS_MIN
	                                                                    : SCREEN_IPV6_BITS_MIN);
}

static int prepare_range(struct passage *passage, struct intake_value *value)
{
	struct address_range rest;
	const char *about = NULL;
	struct prefix prefix;

	if (!address_range_parse(passage->text, &rest))
		return refuse(passage, "not a range of addresses");
	if (is_range_too_wide(&rest) && pass_screen(passage, "range too wide") == 0)
		return 0;
	value->range = rest;
	while (address_range_next(&rest, &prefix)) {
		const char *reason = screen_prefix(&prefix, &about);

		if (reason == NULL)
			reason = own_prefix(passage, &prefix);
		if (pass_screen(passage, reason) == 0)
			return 0;
		value->is_range = !rest.is_empty || value->is_range;
	}
	value->type = OBSERVABLE_ADDRESS;
	value->prefix = prefix;
	remark(passage, about);
	return 1;
}

static int prepare_pattern(struct passage *passage, enum pattern_syntax syntax,
                           struct intake_value *value)
{
	if (passage->intake->pattern.failed)
		return -ENOMEM;
	value->is_pattern = true;
	value->syntax = syntax;
	value->text = buffer_slice(&passage->intake->pattern);
	return 1;
}

// "*.example.com" and ".example.com" are the name and all below it; other wildcards patterns.
static int prepare_name(struct passage *passage, struct intake_value *value)
{
	const struct candidate *candidate = passage->candidate;
	uint8_t kinds = candidate->name_kinds;
	const char *about;

	value->type = OBSERVABLE_NAME;
	value->terms.kinds = kinds != 0 ? kinds : ENTRY_EXACT | ENTRY_PARENT;
	if (candidate->has_wildcards) {
		if (slice_starts_with(passage->text, "*."))
			passage->text = slice_from(passage->text, 2);
		else if (slice_starts_with(passage->text, "."))
			passage->text = slice_from(passage->text, 1);
		if (slice_find(passage->text, '*') < passage->text.size) {
			if (!wildcard_name(passage->text, &passage->intake->pattern))
				return refuse(passage, "wildcard too wide, or not a name");
			return prepare_pattern(passage, PATTERN_MATCHES, value);
		}
	}

	int size = normalize_name(passage->text, passage->intake->text);
	if (size < 0)
		return size == -ENOMEM ? size : refuse(passage, "not a name");
	value->text = slice_of(passage->intake->text, (size_t)size);

	kinds = value->terms.kinds;
	const char *reason = screen_name(passage->intake->suffixes, value->text,
	                                 &value->terms.kinds, &about);
	if (reason == NULL)
		reason = own_name(passage, value->text);
	if (pass_screen(passage, reason) == 0)
		return 0;
	if (reason != NULL || passage->options->is_known_benign ||
	    (about != NULL &&
	     screening_passes(passage->options->screening, passage->candidate->text, about)))
		value->terms.kinds = kinds; // what the screen took away comes back
	else
		remark(passage, about);
	return 1;
}

// The host of a URL: an address must be one that may be listed; the name of an https URL is all
// that TLS shows of it.
static int prepare_host(struct passage *passage, const struct url_parts *parts,
                        struct intake_value *value)
{
	struct prefix prefix;
	bool had_host_bits;
	const char *about;

	if (!parts->is_host_name) {
		if (normalize_prefix(parts->host, &prefix, &had_host_bits) < 0)
			return refuse(passage, "not a URL");
		const char *reason = screen_prefix(&prefix, &about);
		return pass_screen(passage, reason != NULL ? reason : own_prefix(passage, &prefix));
	}
	if (pass_screen(passage, own_name(passage, parts->host)) == 0)
		return 0;

	uint8_t kinds = ENTRY_EXACT;
	if (parts->has_scheme && parts->schemes == URL_SCHEME_HTTPS && !value->is_pattern &&
	    screen_name(passage->intake->suffixes, parts->host, &kinds, &about) == NULL)
		value->host = parts->host;
	return 1;
}

// "…*" behind a URL that was normalised without it. A prefix must end at a cut ('/' or '?') to be
// in the exact table; "http://host*" became "http://host/": no name goes on behind the host.
static bool ends_at_cut(struct slice url)
{
	return slice_ends_with(url, "/") || slice_ends_with(url, "?");
}

static int prepare_url(struct passage *passage, struct intake_value *value)
{
	struct intake *intake = passage->intake;
	struct slice text = passage->text;
	bool is_open = false;
	struct url_parts parts;

	while (passage->candidate->has_wildcards && slice_ends_with(text, "*")) {
		is_open = true;
		text.size--;
	}
	bool has_wildcard = passage->candidate->has_wildcards && slice_find(text, '*') < text.size;
	int size = normalize_url(text, intake->text, URL_BYTES_MAX, &parts);

	if (size == -ENOMEM)
		return size;
	if (size < 0 && size != -EMSGSIZE && has_wildcard)
		return refuse(passage, "wildcard in the host of a URL: not matchable yet");
	if (size < 0)
		return refuse(passage, size == -EMSGSIZE ? "URL too long" : "not a URL");

	if (parts.schemes == 0)
		return refuse(passage, "URL of a scheme other than HTTP's: not matchable yet");

	struct slice url = slice_of(intake->text, (size_t)size);
	value->type = OBSERVABLE_URL;
	value->terms.kinds = is_open ? ENTRY_PREFIX : ENTRY_EXACT;
	value->terms.schemes = parts.schemes;
	value->text = slice_from(url, parts.key_offset);
	if (has_wildcard || (is_open && !ends_at_cut(url))) {
		wildcard_url(url, is_open, parts.has_scheme, &intake->pattern);
		int result = prepare_pattern(passage, PATTERN_MATCHES, value);
		if (result < 0)
			return result;
	}
	return prepare_host(passage, &parts, value);
}

static int prepare_hash(struct passage *passage, struct intake_value *value)
{
	const struct candidate *candidate = passage->candidate;
	int size = normalize_hash(passage->text, passage->intake->digest, &value->algorithm);

	if (size < 0)
		return refuse(passage, "not a hash");
	if (candidate->is_hash_algorithm_known && candidate->hash_algorithm != value->algorithm)
		return refuse(passage, "hash of the wrong length");
	value->type = OBSERVABLE_HASH;
	value->text = slice_of(passage->intake->digest, (size_t)size);

	const char *reason = screen_hash(value->algorithm, value->text);
	return pass_screen(passage, reason);
}

// Names are compared in lower case, and the scheme and host of a URL are.
static size_t folded_size(const struct candidate *candidate)
{
	struct slice text = candidate->text;
	size_t scheme = slice_starts_with(text, "https://") ? 8 : 7;

	if (candidate->pattern_type == OBSERVABLE_NAME)
		return text.size;
	if (!slice_starts_with(text, "http://") && !slice_starts_with(text, "https://"))
		return 0;
	return scheme + slice_find(slice_from(text, scheme), '/');
}

static int prepare_like(struct passage *passage, struct intake_value *value)
{
	size_t folded = folded_size(passage->candidate);

	for (size_t i = 0; i < passage->text.size; i++) {
		uint8_t byte = passage->text.data[i];

		if (byte >= 0x80 && passage->candidate->pattern_type == OBSERVABLE_NAME)
			return refuse(passage, "LIKE with a non-ASCII name: not matchable yet");
		buffer_append_byte(&passage->intake->pattern,
		                   i < folded ? (uint8_t)tolower(byte) : byte);
	}
	value->type = passage->candidate->pattern_type;
	return prepare_pattern(passage, PATTERN_LIKE, value);
}

static int prepare_matches(struct passage *passage, struct intake_value *value)
{
	value->type = passage->candidate->pattern_type;
	if (value->type == OBSERVABLE_NAME)
		buffer_append_text(&passage->intake->pattern, "(?i)");
	buffer_append_slice(&passage->intake->pattern, passage->text);
	return prepare_pattern(passage, PATTERN_MATCHES, value);
}

static int prepare_any(struct passage *passage, struct intake_value *value)
{
	struct value_guess guess = value_guess(passage->text);

	passage->text = guess.text;
	switch (guess.shape) {
	case SHAPE_ADDRESS:
		if (guess.port != 0)
			value->terms.port = guess.port;
		return prepare_address(passage, value);
	case SHAPE_NAME:
		return prepare_name(passage, value);
	case SHAPE_URL:
		return prepare_url(passage, value);
	case SHAPE_HASH:
		return prepare_hash(passage, value);
	case SHAPE_RANGE:
		return prepare_range(passage, value);
	case SHAPE_UNMATCHED:
		break;
	}
	return refuse(passage, guess.reason);
}

// The candidate's text without what surrounds it, in intake->refanged if it had to be mended.
static int clean(struct passage *passage)
{
	struct buffer *refanged = &passage->intake->refanged;

	passage->text = slice_trim(passage->candidate->text);
	if (!passage->candidate->is_defanged || passage->text.size == 0)
		return 0;
	buffer_clear(refanged);
	if (!buffer_reserve(refanged, passage->text.size))
		return -ENOMEM;
	refanged->size = normalize_refang(passage->text, (char *)refanged->data);
	passage->text = slice_trim(buffer_slice(refanged));
	return 0;
}

int intake_value_prepare(struct feed *feed, const struct candidate *candidate)
{
	struct intake *intake = feed->intake;
	struct intake_value *value = &intake->value;
	struct passage passage = {
		.intake = intake,
		.options = feed->options,
		.report = &feed->summary->report,
		.candidate = candidate,
	};
	static int (*const ways[])(struct passage * passage, struct intake_value * value) = {
		[VALUE_ANY] = prepare_any,         [VALUE_ADDRESS] = prepare_address,
		[VALUE_NAME] = prepare_name,       [VALUE_URL] = prepare_url,
		[VALUE_HASH] = prepare_hash,       [VALUE_LIKE] = prepare_like,
		[VALUE_MATCHES] = prepare_matches,
	};
	int result = clean(&passage);

	if (result < 0)
		return result;
	if (passage.text.size == 0)
		return refuse(&passage, "empty value");
	buffer_clear(&intake->pattern);
	*value = (struct intake_value){
		.spelled = candidate->text,
		.object = candidate->object,
		.line = candidate->line,
		.terms = {.port = candidate->port,
	                  .protocol = candidate->protocol,
	                  .action = ACTION_DROP},
	};
	return ways[candidate->kind](&passage, value);
}
