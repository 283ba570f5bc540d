// dataplane/der.h — the distinguished encoding of ASN.1 (ITU-T X.690), item by item.
//
// Strict: what DER does not allow (sizes without end, sizes not in their shortest form) is no
// item. Tags above 30 are none, either: certificates have no such. All of it is HOT, and borrows.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_OCTET_STRING = 0x04,
	DER_OBJECT_ID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_NUMERIC_STRING = 0x12,
	DER_PRINTABLE_STRING = 0x13,
	DER_T61_STRING = 0x14,
	DER_IA5_STRING = 0x16,
	DER_VISIBLE_STRING = 0x1a,
	DER_UNIVERSAL_STRING = 0x1c,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,        // + number: what it stands for is said by where it stands
	DER_CONTEXT_WITHIN = 0xa0, // + number: likewise, with items in it
};

struct der_item {
	uint8_t tag;
	struct slice content;
	struct slice whole; // with tag and size
};

// Takes the item that *rest begins with, and moves *rest behind it. False when there is none.
bool der_next(struct slice *rest, struct der_item *ret_item);

// Likewise, of the one tag: else it is not taken.
bool der_take(struct slice *rest, unsigned tag, struct slice *ret_content);
