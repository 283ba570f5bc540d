#include "dataplane/decode_wifi.h"

#include "dataplane/wire.h"

enum {
	HEADER_BYTES = 24,
	ADDRESS_BYTES = 6,
	AMSDU_HEADER_BYTES = 14,
};

// Of the first byte: version, type and subtype (IEEE 802.11, 9.2.4.1).
enum { TYPE_MASK = 0x0f, TYPE_DATA = 0x08, SUBTYPE_EMPTY = 0x40, SUBTYPE_QOS = 0x80 };

// Of the second.
enum { DIRECTIONS = 0x03, IS_PROTECTED = 0x40, HAS_HT = 0x80 };

enum { RADIOTAP_TIME = 1 << 0, RADIOTAP_FLAGS = 1 << 1 };
enum { RADIOTAP_PADDED = 0x20, RADIOTAP_BAD = 0x40 };

static size_t header_bytes(const uint8_t *control)
{
	size_t size = HEADER_BYTES;

	if ((control[1] & DIRECTIONS) == DIRECTIONS) // both: a fourth address
		size += ADDRESS_BYTES;
	if (control[0] & SUBTYPE_QOS)
		size += control[1] & HAS_HT ? 6 : 2;
	return size;
}

enum link_content decode_wifi(struct slice *rest, bool is_padded)
{
	struct slice frame = *rest;
	bool is_aggregate = false;
	uint16_t type;
	size_t size;

	if (frame.size < HEADER_BYTES || (frame.data[0] & TYPE_MASK) != TYPE_DATA ||
	    (frame.data[0] & SUBTYPE_EMPTY) != 0 || (frame.data[1] & IS_PROTECTED) != 0 ||
	    (frame.data[22] & 0x0f) != 0)
		return CONTENT_OTHER;
	size = header_bytes(frame.data);
	if (frame.size < size)
		return CONTENT_OTHER;
	if (frame.data[0] & SUBTYPE_QOS)
		is_aggregate = frame.data[(frame.data[1] & DIRECTIONS) == DIRECTIONS
		                                  ? HEADER_BYTES + ADDRESS_BYTES
		                                  : HEADER_BYTES] &
		               0x80;
	if (is_padded)
		size = (size + 3) & ~(size_t)3;
	*rest = slice_from(frame, size + (is_aggregate ? AMSDU_HEADER_BYTES : 0));
	if (!decode_link_snap(rest, &type))
		return CONTENT_OTHER;
	return decode_link_typed(type, rest) == CONTENT_OTHER ? CONTENT_OTHER : CONTENT_SHIMMED_IP;
}

// The flags, which stand behind the words that say what is present and, if it is, the time.
static uint8_t radiotap_flags(struct slice header)
{
	uint32_t present = wire_le32(header.data + 4);
	size_t at = 8;

	for (uint32_t word = present; word >> 31 != 0; at += 4) {
		if (header.size < at + 4)
			return 0;
		word = wire_le32(header.data + at);
	}
	if (present & RADIOTAP_TIME)
		at = ((at + 7) & ~(size_t)7) + 8;
	return (present & RADIOTAP_FLAGS) != 0 && at < header.size ? header.data[at] : 0;
}

enum link_content decode_wifi_radiotap(struct slice *rest)
{
	size_t size;
	uint8_t flags;

	if (rest->size < 8 || rest->data[0] != 0)
		return CONTENT_OTHER;
	size = wire_le16(rest->data + 2);
	if (size < 8 || size > rest->size)
		return CONTENT_OTHER;
	flags = radiotap_flags(slice_first(*rest, size));
	*rest = slice_from(*rest, size);
	return flags & RADIOTAP_BAD ? CONTENT_OTHER : decode_wifi(rest, flags & RADIOTAP_PADDED);
}
