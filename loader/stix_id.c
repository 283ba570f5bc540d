#include "loader/stix_id.h"

#include <stddef.h>

// -1 for what is no hexadecimal digit.
static int digit_value(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
		return (byte | 0x20) - 'a' + 10;
	return -1;
}

static bool parse_uuid(struct slice text, struct uuid *ret_uuid)
{
	struct uuid uuid;
	size_t used = 0;

	if (text.size != UUID_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < text.size; i += 2) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text.data[i] != '-')
				return false;
			i++;
		}
		int high = digit_value(text.data[i]);
		int low = digit_value(text.data[i + 1]);
		if (high < 0 || low < 0)
			return false;
		uuid.octets[used++] = (uint8_t)(high << 4 | low);
	}
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
