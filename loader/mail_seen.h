// loader/mail_seen.h — which messages of a source were read: bounded, kept with the source's notes.
//
// A message is known by all of it, not by its Message-ID: that could be used up by somebody else's
// message. When the newest
// MAIL_SEEN_MAX do not suffice, an older one is read again, which changes nothing in the store.
#pragma once

#include "base/buffer.h"
#include "loader/fetch.h"
#include "loader/value_set.h"

enum { MAIL_SEEN_MAX = 8192 };

// All zero is a valid, empty one.
struct mail_seen {
	uint64_t seed; // the store's, which nobody knows who writes mails
	struct value_set known;
	struct buffer text; // a hash in hex and a space each, the oldest first
};

// What is noted of the source; nothing in a run that reads everything anew. Returns 0 or an error.
int mail_seen_load(struct mail_seen *seen, struct fetch *fetch);

// Returns 1 when it is new, and is known from now on, 0 when it was seen, or -ENOMEM.
int mail_seen_add(struct mail_seen *seen, struct slice message);

// Notes it, as part of the delivery under way. Returns 0 or an error.
int mail_seen_save(struct mail_seen *seen, struct fetch *fetch);

void mail_seen_close(struct mail_seen *seen);
