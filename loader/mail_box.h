// loader/mail_box.h — the messages of a file: one (.eml), or many (mbox, RFC 4155).
#pragma once

#include <stdbool.h>

#include "base/report.h"
#include "loader/feed_input.h"

enum { MAIL_BYTES_MAX = 128 * 1024 * 1024 }; // of a message

struct mail_box {
	struct feed_input *input;
	bool is_mbox; // by its first line
	bool has_begun;
};

// Gives the next message without its "From " line, valid until the next call. Those larger than
// MAIL_BYTES_MAX are reported and passed over. Returns 1, 0 at the end, or the input's error.
int mail_box_next(struct mail_box *box, struct report *report, struct slice *ret_message);

// Does `head` begin an mbox?
bool mail_box_is_mbox(struct slice head);
