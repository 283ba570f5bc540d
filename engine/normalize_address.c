#include "engine/normalize.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/address.h"
#include "base/ascii.h"

enum {
	ADDRESS_BITS = 128,
	IPV4_BITS = 32,
	IPV6_GROUPS = 8,
	IPV6_NIBBLES = 32,
	OCTETS_IPV4 = 4,
};

// A decimal number of at most `max`, without leading zeros, at `*offset`, which moves behind it.
static bool read_decimal(struct slice text, size_t *offset, unsigned max, unsigned *ret_value)
{
	size_t start = *offset;
	unsigned value = 0;

	while (*offset < text.size && ascii_is_digit(text.data[*offset]) && *offset - start < 4)
		value = value * 10 + (text.data[(*offset)++] - '0');
	if (*offset == start || value > max || (text.data[start] == '0' && *offset - start > 1))
		return false;
	*ret_value = value;
	return true;
}

static int parse_ipv4(struct slice text, struct address *ret_address)
{
	uint8_t octets[OCTETS_IPV4];
	size_t offset = 0;

	for (unsigned i = 0; i < OCTETS_IPV4; i++) {
		unsigned value;

		if (i > 0 && (offset == text.size || text.data[offset++] != '.'))
			return -EINVAL;
		if (!read_decimal(text, &offset, UINT8_MAX, &value))
			return -EINVAL;
		octets[i] = (uint8_t)value;
	}
	if (offset != text.size)
		return -EINVAL;
	*ret_address = address_from_ipv4(octets);
	return 0;
}

// inet_pton() takes exactly RFC 4291's text forms, and no zone.
static int parse_ipv6(struct slice text, struct address *ret_address)
{
	char copy[INET6_ADDRSTRLEN];
	struct address address;

	if (text.size >= sizeof(copy) || memchr(text.data, '\0', text.size) != NULL)
		return -EINVAL;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	if (inet_pton(AF_INET6, copy, address.octets) != 1)
		return -EINVAL;
	*ret_address = address;
	return 0;
}

int normalize_address(struct slice text, struct address *ret_address)
{
	if (text.size == 0)
		return -EINVAL;
	if (slice_find(text, ':') < text.size)
		return parse_ipv6(text, ret_address);
	return parse_ipv4(text, ret_address);
}

static bool clear_host_bits(struct prefix *prefix)
{
	bool had_host_bits = false;

	for (unsigned i = 0; i < sizeof(prefix->address.octets); i++) {
		unsigned first_bit = i * 8;
		unsigned kept = prefix->length <= first_bit       ? 0
		                : prefix->length >= first_bit + 8 ? 8
		                                                  : prefix->length - first_bit;
		uint8_t mask = (uint8_t)(0xff00 >> kept);

		had_host_bits |= (prefix->address.octets[i] & ~mask) != 0;
		prefix->address.octets[i] &= mask;
	}
	return had_host_bits;
}

int normalize_prefix(struct slice text, struct prefix *ret_prefix, bool *ret_had_host_bits)
{
	size_t slash = slice_find(text, '/');
	struct prefix prefix = {.length = ADDRESS_BITS};

	if (normalize_address(slice_first(text, slash), &prefix.address) < 0)
		return -EINVAL;
	if (slash < text.size) {
		// Written as IPv4, not as ::ffff:a.b.c.d, whose lengths count from the left of 128.
		bool is_ipv4 = slice_find(slice_first(text, slash), ':') == slash;
		unsigned bits = is_ipv4 ? IPV4_BITS : ADDRESS_BITS;
		size_t offset = slash + 1;
		unsigned length;

		if (!read_decimal(text, &offset, bits, &length) || offset != text.size)
			return -EINVAL;
		prefix.length = (uint8_t)(is_ipv4 ? length + IPV4_PREFIX_BITS : length);
	}
	*ret_had_host_bits = clear_host_bits(&prefix);
	*ret_prefix = prefix;
	return 0;
}

struct zero_run {
	unsigned start;
	unsigned size;
};

// The first of the longest runs of two or more zero groups (RFC 5952, section 4.2).
static struct zero_run longest_zero_run(const uint16_t groups[IPV6_GROUPS])
{
	struct zero_run longest = {IPV6_GROUPS, 1};
	struct zero_run run = {0, 0};

	for (unsigned i = 0; i < IPV6_GROUPS; i++) {
		run = groups[i] != 0  ? (struct zero_run){0, 0}
		      : run.size == 0 ? (struct zero_run){i, 1}
		                      : (struct zero_run){run.start, run.size + 1};
		if (run.size > longest.size)
			longest = run;
	}
	return longest;
}

static void format_ipv6(const struct address *address, char ret_text[ADDRESS_TEXT_BYTES])
{
	uint16_t groups[IPV6_GROUPS];
	size_t used = 0;

	for (unsigned i = 0; i < IPV6_GROUPS; i++)
		groups[i] = (uint16_t)(address->octets[2 * i] << 8 | address->octets[2 * i + 1]);

	struct zero_run run = longest_zero_run(groups);
	for (unsigned i = 0; i < IPV6_GROUPS; i++) {
		if (i == run.start) {
			used += (size_t)snprintf(ret_text + used, ADDRESS_TEXT_BYTES - used, "::");
			i += run.size - 1;
			continue;
		}
		bool needs_colon = i > 0 && i != run.start + run.size;
		used += (size_t)snprintf(ret_text + used, ADDRESS_TEXT_BYTES - used, "%s%x",
		                         needs_colon ? ":" : "", groups[i]);
	}
}

void normalize_format_address(const struct address *address, char ret_text[ADDRESS_TEXT_BYTES])
{
	const uint8_t *octets = address->octets + 12;

	if (address_is_ipv4(address))
		(void)snprintf(ret_text, ADDRESS_TEXT_BYTES, "%u.%u.%u.%u", octets[0], octets[1],
		               octets[2], octets[3]);
	else
		format_ipv6(address, ret_text);
}

void normalize_format_prefix(const struct prefix *prefix, char ret_text[ADDRESS_TEXT_BYTES])
{
	bool is_ipv4 = address_is_ipv4(&prefix->address) && prefix->length >= IPV4_PREFIX_BITS;

	if (is_ipv4)
		normalize_format_address(&prefix->address, ret_text);
	else
		format_ipv6(&prefix->address, ret_text);
	if (prefix->length == ADDRESS_BITS)
		return;

	size_t used = strlen(ret_text);
	(void)snprintf(ret_text + used, ADDRESS_TEXT_BYTES - used, "/%d",
	               is_ipv4 ? prefix->length - IPV4_PREFIX_BITS : prefix->length);
}

static int reverse_ipv4(struct slice labels, struct address *ret_address)
{
	struct address backwards;

	if (parse_ipv4(labels, &backwards) < 0)
		return -EINVAL;

	const uint8_t *octets = backwards.octets + 12;
	*ret_address = address_from_ipv4((uint8_t[]){octets[3], octets[2], octets[1], octets[0]});
	return 0;
}

static int reverse_ipv6(struct slice labels, struct address *ret_address)
{
	struct address address = {0};

	if (labels.size != 2 * IPV6_NIBBLES - 1)
		return -EINVAL;
	for (unsigned i = 0; i < IPV6_NIBBLES; i++) {
		uint8_t byte = labels.data[2 * i];
		bool is_letter = byte >= 'a' && byte <= 'f';

		if ((!ascii_is_digit(byte) && !is_letter) ||
		    (i + 1 < IPV6_NIBBLES && labels.data[2 * i + 1] != '.'))
			return -EINVAL;

		unsigned nibble = is_letter ? byte - 'a' + 10u : byte - '0' + 0u;
		unsigned from_left = IPV6_NIBBLES - 1 - i;
		address.octets[from_left / 2] |= (uint8_t)(from_left % 2 == 0 ? nibble << 4
		                                                              : nibble);
	}
	*ret_address = address;
	return 0;
}

int normalize_reverse_name(struct slice name, struct address *ret_address)
{
	static const char ipv4_zone[] = ".in-addr.arpa";
	static const char ipv6_zone[] = ".ip6.arpa";

	if (slice_ends_with(name, ipv4_zone))
		return reverse_ipv4(slice_first(name, name.size - strlen(ipv4_zone)), ret_address);
	if (slice_ends_with(name, ipv6_zone))
		return reverse_ipv6(slice_first(name, name.size - strlen(ipv6_zone)), ret_address);
	return -EINVAL;
}
