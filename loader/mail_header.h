// loader/mail_header.h — the fields of a mail or of a part of it (RFC 5322, RFC 2045).
//
// Fields are borrowed from the message, folded as they are: CR and LF in them are white space.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

enum {
	MAIL_VALUE_BYTES_MAX = 256, // of a parameter; longer ones are cut
	MAIL_HEADER_BYTES_MAX = 256 * 1024,
};

struct mail_header {
	struct slice message_id;
	struct slice content_type; // empty: text/plain (RFC 2045, section 5.2)
	struct slice transfer_encoding;
	struct slice disposition;
	unsigned field_count;
};

// Reads the header that `message` begins with. Returns where the body begins.
size_t mail_header_read(struct slice message, struct mail_header *ret_header);

// "text/plain" of "text/plain; charset=x": `type` in lower case, with "/*" at its end for any
// subtype.
bool mail_header_is(struct slice field, const char *type);

// The parameter `name` (lower case) of a field, unquoted; percent-decoded where RFC 2231 has it
// so. Returns its size in `ret_value`, which is terminated, or 0 when there is none.
size_t mail_header_parameter(struct slice field, const char *name,
                             char ret_value[MAIL_VALUE_BYTES_MAX]);

// Does `head` begin as a mail does: fields, of which some say so?
bool mail_header_is_mail(struct slice head);
