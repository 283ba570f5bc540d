// One value:
//
//   byte     type (2 bits), is_pattern, is_range, has_host, has_terms, algorithm or syntax (2 bits)
//   terms    kinds, schemes, protocol, action, port (2 bytes): only with has_terms
//   address  form (4 or 6), its octets, and the prefix length or the octets of the last
//   text     size as a varint, bytes
//   host     size as a varint; it is where the text begins (a URL key begins with its host)
#include "loader/value_code.h"

#include <assert.h>
#include <errno.h>

#include "base/hash.h"
#include "base/varint.h"
#include "engine/address.h"

enum {
	CODE_TYPE = 0x03,
	CODE_IS_PATTERN = 1 << 2,
	CODE_IS_RANGE = 1 << 3,
	CODE_HAS_HOST = 1 << 4,
	CODE_HAS_TERMS = 1 << 5,
	CODE_DETAIL_SHIFT = 6,
	CODE_TERMS_BYTES = 6,
	CODE_IPV4 = 4,
	CODE_IPV6 = 6,
};
static_assert(OBSERVABLE_TYPE_COUNT <= 4, "fits CODE_TYPE");
static_assert(HASH_ALGORITHM_COUNT <= 4, "fits two bits");

static bool has_terms(const struct entry_terms *terms)
{
	return terms->kinds != 0 || terms->schemes != 0 || terms->protocol != 0 ||
	       terms->port != 0 || terms->action != ACTION_IGNORE;
}

static uint8_t first_byte(const struct intake_value *value)
{
	unsigned detail = value->is_pattern                ? (unsigned)value->syntax
	                  : value->type == OBSERVABLE_HASH ? (unsigned)value->algorithm
	                                                   : 0;

	return (uint8_t)((unsigned)value->type | (value->is_pattern ? CODE_IS_PATTERN : 0u) |
	                 (value->is_range ? CODE_IS_RANGE : 0u) |
	                 (value->host.size > 0 ? CODE_HAS_HOST : 0u) |
	                 (has_terms(&value->terms) ? CODE_HAS_TERMS : 0u) |
	                 detail << CODE_DETAIL_SHIFT);
}

static bool is_address(const struct intake_value *value)
{
	return value->type == OBSERVABLE_ADDRESS && !value->is_pattern;
}

static void append_terms(struct buffer *buffer, const struct entry_terms *terms)
{
	const uint8_t bytes[CODE_TERMS_BYTES] = {
		terms->kinds,
		terms->schemes,
		terms->protocol,
		(uint8_t)terms->action,
		(uint8_t)(terms->port >> 8),
		(uint8_t)terms->port,
	};

	buffer_append(buffer, bytes, sizeof(bytes));
}

static void append_address(struct buffer *buffer, const struct intake_value *value)
{
	const struct address *first = value->is_range ? &value->range.first
	                                              : &value->prefix.address;
	const struct address *last = &value->range.last;
	bool is_short = address_is_ipv4(first) &&
	                (value->is_range ? address_is_ipv4(last)
	                                 : value->prefix.length >= IPV4_PREFIX_BITS);
	size_t skipped = is_short ? sizeof(first->octets) - 4 : 0;

	buffer_append_byte(buffer, is_short ? CODE_IPV4 : CODE_IPV6);
	buffer_append(buffer, first->octets + skipped, sizeof(first->octets) - skipped);
	if (value->is_range)
		buffer_append(buffer, last->octets + skipped, sizeof(last->octets) - skipped);
	else
		buffer_append_byte(buffer, value->prefix.length);
}

void value_code_append(struct buffer *buffer, const struct intake_value *value)
{
	uint8_t first = first_byte(value);

	assert(value->host.size <= value->text.size &&
	       slice_equal(slice_first(value->text, value->host.size), value->host));
	buffer_append_byte(buffer, first);
	if ((first & CODE_HAS_TERMS) != 0)
		append_terms(buffer, &value->terms);
	if (is_address(value)) {
		append_address(buffer, value);
		return;
	}
	varint_append(buffer, value->text.size);
	buffer_append_slice(buffer, value->text);
	if ((first & CODE_HAS_HOST) != 0)
		varint_append(buffer, value->host.size);
}

static bool take_bytes(struct slice *rest, void *ret_bytes, size_t size)
{
	if (rest->size < size)
		return false;
	memcpy(ret_bytes, rest->data, size);
	*rest = slice_from(*rest, size);
	return true;
}

static bool take_terms(struct slice *rest, struct entry_terms *ret_terms)
{
	uint8_t bytes[CODE_TERMS_BYTES];

	if (!take_bytes(rest, bytes, sizeof(bytes)) || bytes[3] >= ACTION_COUNT)
		return false;
	ret_terms->kinds = bytes[0];
	ret_terms->schemes = bytes[1];
	ret_terms->protocol = bytes[2];
	ret_terms->action = bytes[3];
	ret_terms->port = (uint16_t)(bytes[4] << 8 | bytes[5]);
	return true;
}

static bool take_octets(struct slice *rest, bool is_short, struct address *ret_address)
{
	uint8_t octets[4];

	if (!is_short)
		return take_bytes(rest, ret_address->octets, sizeof(ret_address->octets));
	if (!take_bytes(rest, octets, sizeof(octets)))
		return false;
	*ret_address = address_from_ipv4(octets);
	return true;
}

static bool take_address(struct slice *rest, struct intake_value *value)
{
	uint8_t form;
	struct address first;

	if (!take_bytes(rest, &form, 1) || (form != CODE_IPV4 && form != CODE_IPV6) ||
	    !take_octets(rest, form == CODE_IPV4, &first))
		return false;
	if (value->is_range) {
		value->range.first = first;
		return take_octets(rest, form == CODE_IPV4, &value->range.last) &&
		       memcmp(first.octets, value->range.last.octets, sizeof(first.octets)) <= 0;
	}
	value->prefix.address = first;
	return take_bytes(rest, &value->prefix.length, 1) && value->prefix.length <= 128;
}

static bool take_text(struct slice *rest, bool has_host, struct intake_value *value)
{
	uint64_t size;

	if (!varint_take(rest, &size) || size == 0 || size > rest->size)
		return false;
	value->text = slice_first(*rest, (size_t)size);
	*rest = slice_from(*rest, (size_t)size);
	if (!has_host)
		return true;
	if (!varint_take(rest, &size) || size > value->text.size)
		return false;
	value->host = slice_first(value->text, (size_t)size);
	return true;
}

static bool is_digest(const struct intake_value *value)
{
	return value->is_pattern || value->type != OBSERVABLE_HASH ||
	       value->text.size == hash_algorithm_bytes[value->algorithm];
}

static bool take_value(struct slice *rest, struct intake_value *value)
{
	uint8_t first;

	if (!take_bytes(rest, &first, 1))
		return false;
	value->type = first & CODE_TYPE;
	value->is_pattern = (first & CODE_IS_PATTERN) != 0;
	value->is_range = (first & CODE_IS_RANGE) != 0;
	if (value->is_pattern)
		value->syntax = first >> CODE_DETAIL_SHIFT == PATTERN_LIKE ? PATTERN_LIKE
		                                                           : PATTERN_MATCHES;
	else
		value->algorithm = first >> CODE_DETAIL_SHIFT;
	if ((first & CODE_HAS_TERMS) != 0 && !take_terms(rest, &value->terms))
		return false;
	if (is_address(value))
		return take_address(rest, value);
	return !value->is_range && take_text(rest, (first & CODE_HAS_HOST) != 0, value) &&
	       is_digest(value);
}

int value_code_next(struct slice bytes, size_t *cursor, struct intake_value *ret_value)
{
	struct slice rest = slice_from(bytes, *cursor);
	struct intake_value value = {};

	if (rest.size == 0)
		return 0;
	if (!take_value(&rest, &value))
		return -EBADMSG;
	*cursor = bytes.size - rest.size;
	*ret_value = value;
	return 1;
}

uint64_t value_code_hash(uint64_t seed, const struct intake_value *value)
{
	uint64_t tag = first_byte(value) & ~(unsigned)(CODE_HAS_HOST | CODE_HAS_TERMS);
	uint64_t hash;
	uint8_t octets[2 * sizeof(struct address)];

	if (!is_address(value)) {
		hash = hash_bytes(hash_word(seed, tag), value->text.data, value->text.size);
	} else if (value->is_range) {
		memcpy(octets, value->range.first.octets, sizeof(struct address));
		memcpy(octets + sizeof(struct address), value->range.last.octets,
		       sizeof(struct address));
		hash = hash_bytes(hash_word(seed, tag), octets, sizeof(octets));
	} else {
		tag |= (uint64_t)value->prefix.length << 8;
		hash = hash_bytes(hash_word(seed, tag), value->prefix.address.octets,
		                  sizeof(struct address));
	}
	return hash != 0 ? hash : 1;
}
