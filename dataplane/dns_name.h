// dataplane/dns_name.h — a name in a DNS message, to text (RFC 1035, sections 3.1 and 4.1.4).
//
// Lower case, without the root dot. A label's odd bytes (outside printable ASCII, a space, a dot,
// a backslash) are written "\DDD" (RFC 1035, section 5.1), or, where that would not fit, each
// as '?'. No indicator has them, but the names above such a label can still match as parents.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "engine/indicator.h"

enum { DNS_HEADER_BYTES = 12 }; // of a message; no name begins before its end

struct dns_name {
	bool is_malformed;
	uint16_t size;                  // 0: the root, or malformed
	char bytes[NAME_BYTES_MAX + 3]; // not terminated; whole words
};

// HOT. Reads the name at *offset of `message` and moves *offset behind it. Compression pointers
// lead to ever lower offsets. *work_left, the bytes of names that the message may still expand
// to, is lowered by what this one takes. False when the name has no end: *offset is then as it
// was. A name that has one may still be malformed, or too much work.
bool dns_name_read(struct slice message, size_t *offset, size_t *work_left,
                   struct dns_name *ret_name);

// HOT. Moves *offset behind the name there, whatever it points to. False when it has no end.
bool dns_name_pass(struct slice message, size_t *offset);

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
