// loader/mail_part.h — the parts of a mail (MIME, RFC 2045 and 2046), bounded in depth and number.
#pragma once

#include <stdbool.h>

#include "base/report.h"
#include "base/slice.h"
#include "loader/mail_header.h"

enum { MAIL_DEPTH_MAX = 16, MAIL_PARTS_MAX = 1000 };

// A part that holds no other parts. All of it is borrowed from the message.
struct mail_part {
	struct mail_header header;
	struct slice body; // as it is transferred
	unsigned number;   // 1, 2, 3 … in the message
	bool has_plain;    // the same content is there as text/plain, in an earlier part
	bool is_cut;       // the message ends before the part does
};

// Returns 0, or an error that ends the walk.
typedef int mail_part_fn(void *context, const struct mail_part *part);

// Calls `visit` for each of them. What is broken goes to `report`, as of the mail `name`. Returns 0
// or the visit's error.
int mail_part_each(struct slice message, struct slice name, struct report *report,
                   mail_part_fn *visit, void *context);
