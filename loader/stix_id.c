#include "loader/stix_id.h"

#include <stddef.h>

enum { NO_DIGIT = 0x10 };

// The digit's value, or a number with the bit NO_DIGIT.
static unsigned digit_value(uint8_t byte)
{
	unsigned folded = byte | 0x20u;

	if (folded - 'a' < 6)
		return folded - 'a' + 10;
	return (unsigned)byte - '0' < 10 ? (unsigned)byte - '0' : NO_DIGIT;
}

static bool parse_uuid(struct slice text, struct uuid *ret_uuid)
{
	static const uint8_t places[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
	struct uuid uuid;
	unsigned wrong = 0;

	if (text.size != UUID_TEXT_BYTES - 1 || text.data[8] != '-' || text.data[13] != '-' ||
	    text.data[18] != '-' || text.data[23] != '-')
		return false;
	for (size_t i = 0; i < sizeof(places); i++) {
		unsigned high = digit_value(text.data[places[i]]);
		unsigned low = digit_value(text.data[places[i] + 1]);

		wrong |= high | low;
		uuid.octets[i] = (uint8_t)(high << 4 | low);
	}
	if ((wrong & NO_DIGIT) != 0)
		return false;
	*ret_uuid = uuid;
	return true;
}

bool stix_id_parse(struct slice id, const char *type, struct uuid *ret_uuid)
{
	size_t type_size = strlen(type);

	if (!slice_starts_with(id, type))
		return false;
	id = slice_from(id, type_size);
	return slice_starts_with(id, "--") && parse_uuid(slice_from(id, 2), ret_uuid);
}

bool stix_id_is(struct slice id, const char *type)
{
	struct uuid uuid;

	return stix_id_parse(id, type, &uuid);
}
