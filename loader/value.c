#include "loader/value.h"

#include <errno.h>

#include "engine/address_range.h"
#include "engine/normalize.h"
#include "loader/loader.h"

// Which bytes a value consists of: one look at each.
enum {
	HAS_COLON = 1 << 0,
	HAS_SLASH = 1 << 1, // or '?': a path or a query
	HAS_AT = 1 << 2,
	HAS_DOT = 1 << 3,
	HAS_HYPHEN = 1 << 4,
	HAS_DIGIT = 1 << 5,
	HAS_HEX_LETTER = 1 << 6,
	HAS_OTHER = 1 << 7,
};

// 0 is HAS_OTHER.
static const uint8_t byte_classes[256] = {
	['0' ... '9'] = HAS_DIGIT,
	['a' ... 'f'] = HAS_HEX_LETTER,
	['A' ... 'F'] = HAS_HEX_LETTER,
	[':'] = HAS_COLON,
	['/'] = HAS_SLASH,
	['?'] = HAS_SLASH,
	['@'] = HAS_AT,
	['.'] = HAS_DOT,
	['-'] = HAS_HYPHEN,
};

static unsigned classify(struct slice text)
{
	unsigned classes = 0;

	for (size_t i = 0; i < text.size; i++)
		classes |= byte_classes[text.data[i]] != 0 ? byte_classes[text.data[i]] : HAS_OTHER;
	return classes;
}

static bool is_of(unsigned classes, unsigned allowed)
{
	return (classes & ~allowed) == 0;
}

static bool has_hash_size(struct slice text)
{
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++)
		if (text.size == 2 * (size_t)hash_algorithm_bytes[i])
			return true;
	return false;
}

static bool has_scheme(struct slice text)
{
	const uint8_t *found = memmem(text.data, text.size, "://", 3);
	size_t size = found != NULL ? (size_t)(found - text.data) : 0;

	if (size == 0 || (text.data[0] | 0x20) < 'a' || (text.data[0] | 0x20) > 'z')
		return false;
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = text.data[i];
		bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
		bool is_digit = byte >= '0' && byte <= '9';

		if (!is_letter && !is_digit && byte != '+' && byte != '-' && byte != '.')
			return false;
	}
	return true;
}

static bool parse_port(struct slice digits, uint16_t *ret_port)
{
	unsigned port = 0;

	if (digits.size == 0 || digits.size > 5)
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		port = port * 10 + (unsigned)(digits.data[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

bool value_split_port(struct slice text, struct slice *ret_address, uint16_t *ret_port)
{
	bool is_bracketed = slice_starts_with(text, "[");
	size_t end = slice_find(text, is_bracketed ? ']' : ':');
	struct slice rest = slice_from(text, end + (is_bracketed ? 1 : 0));

	if (rest.size == 0 || rest.data[0] != ':' || !parse_port(slice_from(rest, 1), ret_port))
		return false;
	*ret_address = is_bracketed ? slice_first(slice_from(text, 1), end - 1)
	                            : slice_first(text, end);
	return true;
}

static bool is_address(struct slice text)
{
	struct address address;

	return normalize_address(text, &address) == 0;
}

// Letters behind 'f' are in most names, and not in an address: a cheap way to say no.
static bool is_range(struct slice text, unsigned classes)
{
	struct address_range range;

	return (classes & HAS_HYPHEN) != 0 &&
	       ((classes & HAS_OTHER) == 0 || slice_find(text, ' ') < text.size) &&
	       address_range_parse(text, &range);
}

// Digits, dots, colons, perhaps a length or a port: an address in one of its forms, or what was
// meant to be one.
static bool guess_address(struct slice text, unsigned classes, struct value_guess *guess)
{
	enum { NUMERIC = HAS_DIGIT | HAS_DOT | HAS_COLON | HAS_SLASH | HAS_HEX_LETTER };
	struct prefix prefix;
	bool had_host_bits;
	struct slice address;
	uint16_t port;

	if (slice_starts_with(text, "[")) {
		if (slice_ends_with(text, "]"))
			address = slice_first(slice_from(text, 1), text.size - 2);
		else if (!value_split_port(text, &address, &guess->port))
			return false;
		guess->text = address;
		return is_address(address);
	}
	if (!is_of(classes, NUMERIC) || (classes & (HAS_DOT | HAS_COLON)) == 0)
		return false;
	if (normalize_prefix(text, &prefix, &had_host_bits) == 0)
		return true;
	if ((classes & HAS_COLON) == 0 || !value_split_port(text, &address, &port) ||
	    !is_address(address))
		return false;
	guess->text = address;
	guess->port = port;
	return true;
}

struct value_guess value_guess(struct slice text)
{
	struct value_guess guess = {.shape = SHAPE_NAME, .text = text};
	unsigned classes = classify(text);

	if (is_of(classes, HAS_DIGIT | HAS_HEX_LETTER) && has_hash_size(text)) {
		guess.shape = SHAPE_HASH;
	} else if ((classes & HAS_DIGIT) != 0 && guess_address(text, classes, &guess)) {
		guess.shape = SHAPE_ADDRESS;
	} else if ((classes & HAS_COLON) != 0 && has_scheme(text)) {
		guess.shape = SHAPE_URL;
	} else if ((classes & (HAS_AT | HAS_SLASH)) == HAS_AT) {
		guess.shape = SHAPE_UNMATCHED;
		guess.reason = "e-mail address: not matchable yet";
	} else if (is_range(text, classes)) {
		guess.shape = SHAPE_RANGE;
	} else if ((classes & (HAS_SLASH | HAS_COLON)) != 0) {
		bool is_numeric = is_of(classes, HAS_DIGIT | HAS_DOT | HAS_SLASH);

		guess.shape = is_numeric ? SHAPE_ADDRESS : SHAPE_URL;
	}
	return guess;
}

static unsigned give_address(const struct value_guess *guess, struct observable *observable)
{
	struct prefix prefix;
	bool had_host_bits;

	if (normalize_prefix(guess->text, &prefix, &had_host_bits) < 0)
		return 0;
	observable->type = OBSERVABLE_ADDRESS;
	observable->address = prefix.address;
	observable->port = guess->port;
	return 1;
}

// A reversed address name is the address as well, as it is in traffic.
static unsigned give_name(struct slice name, char *text, struct observable observables[2])
{
	int size = normalize_name(name, text);

	if (size < 0)
		return 0;
	observables[0].type = OBSERVABLE_NAME;
	observables[0].text = slice_of(text, (size_t)size);
	if (normalize_reverse_name(observables[0].text, &observables[1].address) < 0)
		return 1;
	observables[1].type = OBSERVABLE_ADDRESS;
	return 2;
}

static unsigned give_hash(struct slice hash, char *text, struct observable *observable)
{
	int size = normalize_hash(hash, (uint8_t *)text, &observable->algorithm);

	if (size < 0)
		return 0;
	observable->type = OBSERVABLE_HASH;
	observable->text = slice_of(text, (size_t)size);
	return 1;
}

static unsigned give_url(struct slice scheme, struct slice url, char *text,
                         struct observable *observable)
{
	char spelled[URL_BYTES_MAX];
	struct url_parts parts;

	if (scheme.size + url.size > sizeof(spelled))
		return 0;
	memcpy(spelled, scheme.data, scheme.size);
	memcpy(spelled + scheme.size, url.data, url.size);

	int size = normalize_url(slice_of(spelled, scheme.size + url.size), text, URL_BYTES_MAX,
	                         &parts);
	if (size < 0)
		return 0;
	observable->type = OBSERVABLE_URL;
	observable->text = slice_of(text, (size_t)size);
	return 1;
}

// Traffic always has a scheme. When a person leaves it out, it can be either.
static unsigned give_urls(struct slice url, char *text, struct observable observables[2])
{
	unsigned count;

	if (has_scheme(url))
		return give_url(slice_text(""), url, text, observables);
	count = give_url(slice_text("http://"), url, text, observables);
	return count + give_url(slice_text("https://"), url, text + (size_t)count * URL_BYTES_MAX,
	                        observables + count);
}

int loader_value_observables(struct slice value, char ret_text[2 * URL_BYTES_MAX],
                             struct observable ret_observables[2])
{
	char refanged[URL_BYTES_MAX];
	unsigned count = 0;

	value = slice_trim(value);
	if (value.size > sizeof(refanged))
		return -EINVAL;
	value = slice_trim(slice_of(refanged, normalize_refang(value, refanged)));

	struct value_guess guess = value_guess(value);
	memset(ret_observables, 0, 2 * sizeof(*ret_observables));
	if (guess.shape == SHAPE_ADDRESS)
		count = give_address(&guess, &ret_observables[0]);
	else if (guess.shape == SHAPE_HASH)
		count = give_hash(guess.text, ret_text, &ret_observables[0]);
	else if (guess.shape == SHAPE_NAME)
		count = give_name(guess.text, ret_text, ret_observables);
	else if (guess.shape == SHAPE_URL)
		count = give_urls(guess.text, ret_text, ret_observables);
	return count > 0 ? (int)count : -EINVAL;
}
