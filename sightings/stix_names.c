#include "sightings/stix_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "engine/indicator.h"
#include "engine/normalize.h"

enum { LABEL_BYTES_MAX = 63 };

// An A-label must be what its Unicode form is encoded to (RFC 5891, section 5.4).
static bool is_a_label(struct slice label)
{
	char text[LABEL_BYTES_MAX + 1];
	uint8_t *encoded = NULL;

	memcpy(text, label.data, label.size);
	text[label.size] = '\0';

	int result = idn2_lookup_u8((const uint8_t *)text, &encoded, IDN2_NONTRANSITIONAL);
	bool is_same = result == IDN2_OK && strcmp((const char *)encoded, text) == 0;
	idn2_free(encoded);
	return is_same;
}

static bool is_label(struct slice label)
{
	if (label.size == 0 || label.size > LABEL_BYTES_MAX || label.data[0] == '-' ||
	    label.data[label.size - 1] == '-')
		return false;
	for (size_t i = 0; i < label.size; i++)
		if (!islower(label.data[i]) && !isdigit(label.data[i]) && label.data[i] != '-')
			return false;
	if (label.size < 4 || label.data[2] != '-' || label.data[3] != '-')
		return true;
	return slice_starts_with(label, "xn--") && is_a_label(label);
}

bool stix_names_is_name(struct slice name)
{
	if (name.size == 0 || name.size > NAME_BYTES_MAX)
		return false;
	for (;;) {
		size_t size = slice_find(name, '.');

		if (!is_label(slice_first(name, size)))
			return false;
		if (size == name.size)
			return true;
		name = slice_from(name, size + 1);
	}
}

static bool is_escape(struct slice text)
{
	return text.size >= 3 && text.data[0] == '%' && isxdigit(text.data[1]) &&
	       isxdigit(text.data[2]);
}

// Appends `text`; only letters, digits, "-._~!$&'()*+,;=:@" and what is in `also` may stand.
static void append_part(struct buffer *to, struct slice text, const char *also)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];
		bool is_allowed = byte < 0x80 && byte != '\0' &&
		                  (isalnum(byte) || strchr("-._~!$&'()*+,;=:@", byte) != NULL ||
		                   strchr(also, byte) != NULL);

		if (is_allowed || is_escape(slice_from(text, i)))
			buffer_append_byte(to, byte);
		else
			buffer_format(to, "%%%02X", byte);
	}
}

// The authority: a port is digits, brackets stand only around an IPv6 address.
static void append_authority(struct buffer *to, struct slice authority)
{
	struct address address;
	size_t end = slice_find(authority, ']');
	struct slice inside = slice_first(slice_from(authority, 1), end > 0 ? end - 1 : 0);

	if (slice_starts_with(authority, "[") && end < authority.size &&
	    normalize_address(inside, &address) == 0) {
		buffer_append_slice(to, slice_first(authority, end + 1));
		authority = slice_from(authority, end + 1);
	}
	append_part(to, authority, "");
}

bool stix_names_append_url(struct buffer *to, struct slice url)
{
	size_t scheme_size = slice_starts_with(url, "http://")    ? 7
	                     : slice_starts_with(url, "https://") ? 8
	                                                          : 0;
	struct slice rest = slice_from(url, scheme_size);
	size_t authority_size = 0;

	while (authority_size < rest.size && rest.data[authority_size] != '/' &&
	       rest.data[authority_size] != '?')
		authority_size++;
	if (scheme_size == 0 || authority_size == 0)
		return false;
	buffer_append_slice(to, slice_first(url, scheme_size));
	append_authority(to, slice_first(rest, authority_size));
	append_part(to, slice_from(rest, authority_size), "/?");
	return true;
}
