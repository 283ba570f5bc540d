#include "dataplane/certificate_name.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "dataplane/der.h"
#include "dataplane/wire.h"

// An attribute that has a name, by the bytes of its object id.
struct attribute_name {
	const char *name;
	const char *object_id;
	uint8_t object_id_bytes;
};

#define ATTRIBUTE(name, object_id)                      \
	{                                               \
		name, object_id, sizeof(object_id) - 1, \
	}

static const struct attribute_name attribute_names[] = {
	ATTRIBUTE("CN", "\x55\x04\x03"),
	ATTRIBUTE("C", "\x55\x04\x06"),
	ATTRIBUTE("O", "\x55\x04\x0a"),
	ATTRIBUTE("OU", "\x55\x04\x0b"),
	ATTRIBUTE("L", "\x55\x04\x07"),
	ATTRIBUTE("ST", "\x55\x04\x08"),
	ATTRIBUTE("emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),
	ATTRIBUTE("unstructuredName", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"),
	ATTRIBUTE("DC", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"),
	ATTRIBUTE("UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"),
	ATTRIBUTE("SN", "\x55\x04\x04"),
	ATTRIBUTE("serialNumber", "\x55\x04\x05"),
	ATTRIBUTE("street", "\x55\x04\x09"),
	ATTRIBUTE("title", "\x55\x04\x0c"),
	ATTRIBUTE("description", "\x55\x04\x0d"),
	ATTRIBUTE("businessCategory", "\x55\x04\x0f"),
	ATTRIBUTE("postalCode", "\x55\x04\x11"),
	ATTRIBUTE("postOfficeBox", "\x55\x04\x12"),
	ATTRIBUTE("telephoneNumber", "\x55\x04\x14"),
	ATTRIBUTE("name", "\x55\x04\x29"),
	ATTRIBUTE("GN", "\x55\x04\x2a"),
	ATTRIBUTE("initials", "\x55\x04\x2b"),
	ATTRIBUTE("generationQualifier", "\x55\x04\x2c"),
	ATTRIBUTE("dnQualifier", "\x55\x04\x2e"),
	ATTRIBUTE("pseudonym", "\x55\x04\x41"),
	ATTRIBUTE("organizationIdentifier", "\x55\x04\x61"),
	ATTRIBUTE("jurisdictionL", "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01"),
	ATTRIBUTE("jurisdictionST", "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02"),
	ATTRIBUTE("jurisdictionC", "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03"),
};

enum { ATTRIBUTE_COUNT = sizeof(attribute_names) / sizeof(attribute_names[0]) };

struct attribute {
	struct slice object_id;
	struct der_item value;
	bool is_joined; // to the one before it: both are one part of the name
};

struct attributes {
	struct attribute items[CERTIFICATE_NAME_ATTRIBUTES_MAX];
	unsigned count;
};

struct writer {
	char *text; // CERTIFICATE_NAME_BYTES_MAX
	size_t size;
	bool is_full; // nothing more is written, so that none of it is a part of a character
};

static void put(struct writer *writer, const char *bytes, size_t size)
{
	writer->is_full = writer->is_full || CERTIFICATE_NAME_BYTES_MAX - writer->size < size;
	if (writer->is_full)
		return;
	memcpy(writer->text + writer->size, bytes, size);
	writer->size += size;
}

static void put_hex(struct writer *writer, const char *before, uint8_t byte)
{
	const char digits[] = {"0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 0xf]};

	put(writer, before, strlen(before));
	put(writer, digits, sizeof(digits));
}

static void put_decimal(struct writer *writer, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	put(writer, digits + at, sizeof(digits) - at);
}

// "1.2.840.113549" (X.690, section 8.19). False when it is malformed, or has a number too large.
static bool put_object_id(struct writer *writer, struct slice object_id)
{
	uint64_t number = 0;
	bool is_first = true;

	if (object_id.size == 0 || (object_id.data[object_id.size - 1] & 0x80) != 0)
		return false;
	for (size_t i = 0; i < object_id.size; i++) {
		if (number > UINT64_MAX >> 7)
			return false;
		number = number << 7 | (object_id.data[i] & 0x7f);
		if ((object_id.data[i] & 0x80) != 0)
			continue;
		if (is_first) { // two numbers in one
			uint64_t root = number < 80 ? number / 40 : 2;

			put_decimal(writer, root);
			number -= root * 40;
			is_first = false;
		}
		put(writer, ".", 1);
		put_decimal(writer, number);
		number = 0;
	}
	return true;
}

// Bytes of a character of such a string; 0: it is no text.
static size_t unit_bytes(unsigned tag)
{
	switch (tag) {
	case DER_UTF8_STRING: // of which a character has one or more
	case DER_NUMERIC_STRING:
	case DER_PRINTABLE_STRING:
	case DER_T61_STRING: // Latin-1, whatever T.61 says: so is it used
	case DER_IA5_STRING:
	case DER_VISIBLE_STRING:
		return 1;
	case DER_BMP_STRING:
		return 2;
	case DER_UNIVERSAL_STRING:
		return 4;
	default:
		return 0;
	}
}

// UTF-8 of a character. Returns its size, or 0 of what is no character.
static size_t encode(uint32_t character, char ret_bytes[4])
{
	if (character < 0x80) {
		ret_bytes[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		ret_bytes[0] = (char)(0xc0 | character >> 6);
		ret_bytes[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		ret_bytes[0] = (char)(0xe0 | character >> 12);
		ret_bytes[1] = (char)(0x80 | (character >> 6 & 0x3f));
		ret_bytes[2] = (char)(0x80 | (character & 0x3f));
		return character >= 0xd800 && character < 0xe000 ? 0 : 3;
	}
	ret_bytes[0] = (char)(0xf0 | character >> 18);
	ret_bytes[1] = (char)(0x80 | (character >> 12 & 0x3f));
	ret_bytes[2] = (char)(0x80 | (character >> 6 & 0x3f));
	ret_bytes[3] = (char)(0x80 | (character & 0x3f));
	return character <= 0x10ffff ? 4 : 0;
}

// Takes the first character of *rest, as UTF-8. Returns its size, or 0 when there is none: then
// *ret_raw is what was taken instead.
static size_t take_character(unsigned tag, struct slice *rest, char ret_bytes[4],
                             struct slice *ret_raw)
{
	size_t unit = unit_bytes(tag);
	size_t size = 0;

	if (tag == DER_UTF8_STRING) {
		size = utf8_sequence_size(*rest);
		memcpy(ret_bytes, rest->data, size);
		unit = size > 0 ? size : 1;
	} else if (rest->size >= unit) {
		uint32_t character = unit == 1   ? rest->data[0]
		                     : unit == 2 ? wire_be16(rest->data)
		                                 : wire_be32(rest->data);

		size = encode(character, ret_bytes);
	}
	*ret_raw = slice_first(*rest, unit);
	*rest = slice_from(*rest, unit);
	return size;
}

static void put_raw(struct writer *writer, struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		put_hex(writer, "\\", bytes.data[i]);
}

// RFC 4514, section 2.4.
static bool is_escaped(char byte, bool is_first, bool is_last)
{
	if (byte == ' ')
		return is_first || is_last;
	if (byte == '#')
		return is_first;
	return memchr("\"+,;<>\\", byte, 7) != NULL;
}

static void put_text(struct writer *writer, const struct der_item *value)
{
	struct slice rest = value->content;

	while (rest.size > 0) {
		bool is_first = rest.data == value->content.data;
		struct slice raw;
		char bytes[4];
		size_t size = take_character(value->tag, &rest, bytes, &raw);

		if (size == 0) {
			put_raw(writer, raw);
		} else if (size == 1 && ((uint8_t)bytes[0] < 0x20 || bytes[0] == 0x7f)) {
			put_hex(writer, "\\", (uint8_t)bytes[0]);
		} else {
			if (size == 1 && is_escaped(bytes[0], is_first, rest.size == 0))
				put(writer, "\\", 1);
			put(writer, bytes, size);
		}
	}
}

static void put_encoded(struct writer *writer, struct slice whole)
{
	put(writer, "#", 1);
	for (size_t i = 0; i < whole.size; i++)
		put_hex(writer, "", whole.data[i]);
}

static const char *name_of(struct slice object_id)
{
	for (unsigned i = 0; i < ATTRIBUTE_COUNT; i++) {
		const struct attribute_name *known = &attribute_names[i];

		if (slice_equal(object_id, slice_of(known->object_id, known->object_id_bytes)))
			return known->name;
	}
	return NULL;
}

// AttributeTypeAndValue (RFC 5280, section 4.1.2.4).
static bool take_attribute(struct slice *rest, struct attribute *ret_attribute)
{
	struct slice pair;

	return der_take(rest, DER_SEQUENCE, &pair) &&
	       der_take(&pair, DER_OBJECT_ID, &ret_attribute->object_id) &&
	       der_next(&pair, &ret_attribute->value) && pair.size == 0;
}

static bool put_attribute(struct writer *writer, const struct attribute *attribute)
{
	const char *name = name_of(attribute->object_id);

	if (name != NULL)
		put(writer, name, strlen(name));
	else if (!put_object_id(writer, attribute->object_id))
		return false;
	put(writer, "=", 1);
	if (name != NULL && unit_bytes(attribute->value.tag) > 0)
		put_text(writer, &attribute->value);
	else
		put_encoded(writer, attribute->value.whole);
	return true;
}

// The attributes of a name in order. False when it is malformed.
static bool read_attributes(struct slice parts, struct attributes *ret_attributes)
{
	struct slice part;

	ret_attributes->count = 0;
	while (parts.size > 0) {
		bool is_joined = false;

		if (!der_take(&parts, DER_SET, &part))
			return false;
		do {
			struct attribute *attribute = &ret_attributes->items[ret_attributes->count];

			if (ret_attributes->count == CERTIFICATE_NAME_ATTRIBUTES_MAX ||
			    !take_attribute(&part, attribute))
				return false;
			attribute->is_joined = is_joined;
			ret_attributes->count++;
			is_joined = true;
		} while (part.size > 0);
	}
	return true;
}

int certificate_name_write(struct slice parts, char ret_text[CERTIFICATE_NAME_BYTES_MAX])
{
	struct writer writer = {.text = ret_text};
	struct attributes attributes;

	if (!read_attributes(parts, &attributes))
		return -EINVAL;
	for (unsigned i = attributes.count; i > 0; i--) {
		if (i < attributes.count)
			put(&writer, attributes.items[i].is_joined ? "+" : ",", 1);
		if (!put_attribute(&writer, &attributes.items[i - 1]))
			return -EINVAL;
	}
	return (int)writer.size;
}

// ASCII only. Returns its size, or 0.
static size_t write_plain(const struct der_item *value, char *ret_text, size_t text_bytes)
{
	struct slice rest = value->content;
	size_t size = 0;

	if (unit_bytes(value->tag) == 0)
		return 0;
	while (rest.size > 0) {
		struct slice raw;
		char bytes[4];

		if (take_character(value->tag, &rest, bytes, &raw) != 1 || size == text_bytes)
			return 0;
		ret_text[size++] = bytes[0];
	}
	return size;
}

size_t certificate_name_next_common(struct slice *rest, char *ret_text, size_t text_bytes)
{
	struct slice part;

	while (der_take(rest, DER_SET, &part)) {
		struct attribute attribute;
		size_t size;

		// More than one attribute in a part is rare; of those the first counts.
		if (!take_attribute(&part, &attribute) ||
		    !slice_equal(attribute.object_id, slice_of("\x55\x04\x03", 3)))
			continue;
		size = write_plain(&attribute.value, ret_text, text_bytes);
		if (size > 0)
			return size;
	}
	return 0;
}
