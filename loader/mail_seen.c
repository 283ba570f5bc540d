#include "loader/mail_seen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"

enum { ENTRY_BYTES = 17 }; // 16 hex digits and a space

static const char seen_note[] = "mail.seen";

int mail_seen_load(struct mail_seen *seen, struct fetch *fetch)
{
	seen->seed = store_value_seed(fetch->store);
	if (fetch->is_full)
		return 0;

	int error = store_source_noted(fetch->store, fetch->source_id, seen_note, &seen->text);
	if (error < 0)
		return error;
	seen->text.size -= seen->text.size % ENTRY_BYTES;
	for (size_t at = 0; at < seen->text.size; at += ENTRY_BYTES) {
		struct slice entry = slice_of(seen->text.data + at, ENTRY_BYTES);

		if (value_set_add(&seen->known, entry) < 0)
			return -ENOMEM;
	}
	return 0;
}

int mail_seen_add(struct mail_seen *seen, struct slice message)
{
	char entry[ENTRY_BYTES + 1];

	(void)snprintf(entry, sizeof(entry), "%016" PRIx64 " ",
	               hash_bytes(seen->seed, message.data, message.size));

	int result = value_set_add(&seen->known, slice_of(entry, ENTRY_BYTES));
	if (result == 1)
		buffer_append(&seen->text, entry, ENTRY_BYTES);
	return seen->text.failed ? -ENOMEM : result;
}

int mail_seen_save(struct mail_seen *seen, struct fetch *fetch)
{
	size_t size = seen->text.size;
	size_t kept = (size_t)MAIL_SEEN_MAX * ENTRY_BYTES;
	size_t skipped = size > kept ? size - kept : 0;

	buffer_append_byte(&seen->text, '\0');
	if (seen->text.failed)
		return -ENOMEM;
	return store_source_note(fetch->store, fetch->source_id, seen_note,
	                         (const char *)seen->text.data + skipped);
}

void mail_seen_close(struct mail_seen *seen)
{
	value_set_close(&seen->known);
	buffer_close(&seen->text);
}
