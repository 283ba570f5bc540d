// base/ascii.h — small questions about ASCII, whatever the locale.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

static inline bool ascii_is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static inline bool ascii_is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static inline uint8_t ascii_lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

// Whether `text` begins with `prefix`, which is in lower case, in any case. Most texts differ in
// the first letters: no call.
static inline bool ascii_begins_with(struct slice text, const char *prefix)
{
	for (size_t i = 0; prefix[i] != '\0'; i++)
		if (i == text.size || ascii_lower(text.data[i]) != (uint8_t)prefix[i])
			return false;
	return true;
}

// 0-15, or -1 when it is no hex digit.
static inline int ascii_hex_value(uint8_t byte)
{
	if (ascii_is_digit(byte))
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// RFC 3986, section 2.3: never needs percent-encoding.
static inline bool ascii_is_unreserved(uint8_t byte)
{
	return ascii_is_letter(byte) || ascii_is_digit(byte) || byte == '-' || byte == '.' ||
	       byte == '_' || byte == '~';
}

// The byte that a "%xx" at the start of `text` stands for (RFC 3986, section 2.1), or -1 when
// it begins with none.
static inline int ascii_percent_decode(struct slice text)
{
	if (text.size < 3 || text.data[0] != '%')
		return -1;

	int high = ascii_hex_value(text.data[1]);
	int low = ascii_hex_value(text.data[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}
