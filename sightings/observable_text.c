#include "sightings/observable_text.h"

#include <assert.h>

static_assert(sizeof(struct observable_text) >= ADDRESS_TEXT_BYTES, "an address fits");

struct slice observable_text(const struct observable *observable, struct observable_text *room)
{
	static const char digits[] = "0123456789abcdef";
	struct slice digest = slice_first(observable->text, HASH_BYTES_MAX);

	switch (observable->type) {
	case OBSERVABLE_ADDRESS:
		normalize_format_address(&observable->address, room->bytes);
		return slice_text(room->bytes);
	case OBSERVABLE_HASH:
		for (size_t i = 0; i < digest.size; i++) {
			room->bytes[2 * i] = digits[digest.data[i] >> 4];
			room->bytes[2 * i + 1] = digits[digest.data[i] & 0x0f];
		}
		return slice_of(room->bytes, 2 * digest.size);
	default:
		return observable->text;
	}
}
