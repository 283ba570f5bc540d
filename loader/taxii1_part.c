#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "loader/taxii1_poll.h"

enum {
	EMPTY_PARTS_MAX = 10, // in a row
	HEAD_BYTES = 64,
};

// By its first byte: bindings are told wrongly, or not at all.
static enum feed_format format_of(int file)
{
	char bytes[HEAD_BYTES];
	ssize_t size = pread(file, bytes, sizeof(bytes), 0);
	struct slice head = slice_of(bytes, size > 0 ? (size_t)size : 0);

	head = utf8_skip_mark(head);
	head = slice_trim(head);
	if (slice_starts_with(head, "<"))
		return FEED_STIX1;
	return slice_starts_with(head, "{") || slice_starts_with(head, "[") ? FEED_STIX : FEED_AUTO;
}

// What one block holds that cannot be read was told, and does not stop the others.
static int read_body(struct taxii1_poll *poll, int file, enum feed_format format)
{
	int error = fetch_read_body(poll->fetch, poll->target.url, file, format);

	return error == -EBADMSG ? 0 : error;
}

static int read_text(void *context, int file, struct slice binding)
{
	enum feed_format format = format_of(file);
	struct taxii1_poll *poll = context;

	if (format != FEED_AUTO)
		return read_body(poll, file, format);
	report_note(taxii1_poll_report(poll), "content block of no known format", binding, "%s",
	            "neither JSON nor XML");
	return 0;
}

static int read_blocks(struct taxii1_poll *poll, const struct taxii1_message *message, int body)
{
	const struct taxii1_visitor visitor = {.text = read_text, .context = poll};
	int error = 0;

	if (message->text_count > 0) {
		struct taxii1_message again;

		error = taxii1_message_read(body, &visitor, NULL, &again);
		if (error == 0)
			taxii1_message_close(&again);
	}
	if (error != 0 || message->package_count == 0)
		return error;
	if (lseek(body, 0, SEEK_SET) < 0)
		return -errno;
	return read_body(poll, body, FEED_STIX1);
}

// A time of the future would hide all that is added until then.
static void take_time(struct taxii1_poll *poll, int64_t time_ns, int64_t *ret_time_ns)
{
	int64_t ahead_ns = (int64_t)poll->fetch->guards->clock_ahead_s * NS_PER_S;
	char text[TIMESTAMP_TEXT_BYTES];

	if (time_ns <= poll->fetch->now_ns + ahead_ns) {
		if (time_ns > *ret_time_ns)
			*ret_time_ns = time_ns;
		return;
	}
	timestamp_format(time_ns, 0, text);
	report_add(taxii1_poll_report(poll), &(struct problem){
						     .reason = "date of addition in the future",
						     .consequence = "noted, it does not count",
						     .detail = slice_text(text),
					     });
}

static int tell(struct taxii1_poll *poll, const char *reason, const char *what, int error)
{
	report_add(taxii1_poll_report(poll), &(struct problem){
						     .reason = reason,
						     .consequence = "kept what came before",
						     .object = slice_text(poll->target.collection),
						     .detail = slice_text(what),
					     });
	return error;
}

// What it counted as parts is worth nothing: the next run begins again at the cursor.
static int tell_circle(struct taxii1_poll *poll, const char *what)
{
	int error = tell(poll, "the server goes round in a circle", what, -ELOOP);
	int noted = taxii1_note_no_place(poll);

	return noted < 0 ? noted : error;
}

static int check_progress(struct taxii1_poll *poll, const struct taxii1_message *message)
{
	if (message->has_part && message->part != poll->part + 1)
		return tell(poll, "not the part asked for", "it has another number", -EBADMSG);
	poll->empty_parts = message->block_count > 0 ? 0 : poll->empty_parts + 1;
	if (!message->is_more)
		return 0;
	if (poll->empty_parts > EMPTY_PARTS_MAX)
		return tell_circle(poll, "more than 10 empty parts in a row, and always more");
	if (message->block_count > 0 && circle_is_closed(&poll->circle, message->digest))
		return tell_circle(poll, "a part came again, and always more to come");
	return 0;
}

// What came is kept, but no place and no end is noted.
static int end_without_way(struct taxii1_poll *poll, bool has_delivery)
{
	int error = has_delivery && !poll->is_complete ? fetch_commit(poll->fetch) : 0;

	return error != 0 ? error
	                  : tell(poll, "no way to the next part",
	                         "there is more, but no result to ask for", -EBADMSG);
}

// Notes how far it came and commits what is due.
static int settle(struct taxii1_poll *poll, const struct taxii1_message *message, bool has_delivery)
{
	bool is_enough = message->is_more && fetch_has_enough(poll->fetch, poll->target.collection);
	bool is_due = has_delivery && (!poll->is_complete || !message->is_more || is_enough);
	int error = 0;

	if (!message->is_more) {
		error = taxii1_note_end(poll);
	} else if (!poll->is_complete) {
		error = taxii1_note_progress(poll);
	} else if (is_enough) {
		fetch_is_partial(poll->fetch);
		error = taxii1_note_early_end(poll);
	}
	if (error == 0 && is_due)
		error = fetch_commit(poll->fetch);
	return error == 0 && is_enough ? 1 : error;
}

int taxii1_part_take(struct taxii1_poll *poll, const struct taxii1_message *message, int body)
{
	bool has_delivery = poll->is_complete || message->block_count > 0;
	int error = check_progress(poll, message);

	if (error == 0 && has_delivery)
		error = fetch_begin(poll->fetch, poll->is_complete);
	if (error == 0 && message->block_count > 0)
		error = read_blocks(poll, message, body);
	if (error != 0)
		return error;
	if (message->is_more && message->result_id[0] == '\0')
		return end_without_way(poll, has_delivery);
	take_time(poll, message->end_ns, &poll->end_ns);
	take_time(poll, message->newest_label_ns, &poll->newest_ns);
	memcpy(poll->result_id, message->result_id, sizeof(poll->result_id));
	poll->part++;
	return settle(poll, message, has_delivery);
}
