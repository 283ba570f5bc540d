#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "loader/taxii1_poll.h"

enum { NOTE_BYTES = TAXII1_TEXT_BYTES + 128 };

static const char note_cursor[] = "taxii1-cursor";     // date and collection
static const char note_place[] = "taxii1-place";       // part, newest label, result
static const char note_full[] = "taxii1-full";         // when everything was fetched last
static const char note_settings[] = "taxii1-settings"; // how it was read: loader/fetch_digest.h

static int read_note(struct fetch *fetch, const char *name, char ret_text[NOTE_BYTES])
{
	struct buffer text = {0};
	int error = store_source_noted(fetch->store, fetch->source_id, name, &text);

	if (text.failed)
		error = -ENOMEM;
	if (error == 0)
		(void)snprintf(ret_text, NOTE_BYTES, "%.*s", SLICE_FORMAT(buffer_slice(&text)));
	buffer_close(&text);
	return error;
}

static int write_note(struct taxii1_poll *poll, const char *name, const char *text)
{
	return store_source_note(poll->fetch->store, poll->fetch->source_id, name, text);
}

// Which collection a note is about: of another one it says nothing.
static int target_text(const struct taxii1_poll *poll, struct buffer *text)
{
	buffer_format(text, "%s %s", poll->target.url, poll->target.collection);
	return text->failed ? -ENOMEM : 0;
}

static int read_cursor(struct taxii1_poll *poll)
{
	struct buffer target = {0};
	struct buffer noted = {0};
	int error = target_text(poll, &target);

	if (error == 0)
		error = store_source_noted(poll->fetch->store, poll->fetch->source_id, note_cursor,
		                           &noted);
	if (error == 0 && noted.size > 0) {
		poll->has_begun = true;
		struct slice date = slice_first(buffer_slice(&noted),
		                                slice_find(buffer_slice(&noted), ' '));

		if (slice_equal(slice_from(buffer_slice(&noted), date.size + 1),
		                buffer_slice(&target)))
			(void)timestamp_parse(date, &poll->cursor_ns);
		else
			poll->is_complete = true; // what the other one had is not there any more
	}
	buffer_close(&target);
	buffer_close(&noted);
	return error;
}

// "3 2026-01-01T00:00:00Z result": the date is "-" where there is none.
static int read_place(struct taxii1_poll *poll)
{
	char text[NOTE_BYTES] = "";
	char date[TIMESTAMP_TEXT_BYTES];
	int id_at = 0;
	int error = read_note(poll->fetch, note_place, text);

	if (error < 0 || poll->is_complete ||
	    sscanf(text, "%" SCNu64 " %39s %n", &poll->part, date, &id_at) != 2)
		return error;
	(void)snprintf(poll->result_id, sizeof(poll->result_id), "%s", text + id_at);
	(void)timestamp_parse(slice_text(date), &poll->newest_ns);
	return 0;
}

static int read_schedule(struct taxii1_poll *poll)
{
	int64_t interval_ns = (int64_t)poll->fetch->source->full_resync_s * NS_PER_S;
	char text[NOTE_BYTES] = "";
	int64_t full_ns;
	int error = read_note(poll->fetch, note_full, text);

	if (error == 0 && interval_ns > 0 && timestamp_parse(slice_text(text), &full_ns) == 0 &&
	    poll->fetch->now_ns - full_ns >= interval_ns)
		poll->is_complete = true;
	return error;
}

// What was read under other settings, or before a person accepted something, is read again.
static int read_settings(struct taxii1_poll *poll)
{
	AUTO(fetch_digest) digest = NULL;
	int is_same = fetch_digest_create(poll->fetch, &digest);

	if (is_same < 0)
		return is_same;
	fetch_digest_text(digest, poll->settings);
	is_same = fetch_digest_is_noted(poll->fetch, note_settings, poll->settings);
	if (is_same == 0 && poll->has_begun)
		poll->is_complete = true;
	return is_same < 0 ? is_same : 0;
}

int taxii1_note_read(struct taxii1_poll *poll)
{
	int error = read_cursor(poll);

	if (error == 0)
		error = read_schedule(poll);
	if (error == 0)
		error = read_settings(poll);
	return error == 0 ? read_place(poll) : error;
}

int taxii1_note_no_place(struct taxii1_poll *poll)
{
	return write_note(poll, note_place, NULL);
}

int taxii1_note_progress(struct taxii1_poll *poll)
{
	char date[TIMESTAMP_TEXT_BYTES] = "-";
	char text[NOTE_BYTES];

	if (poll->newest_ns != TIMESTAMP_MIN)
		timestamp_format(poll->newest_ns, 9, date);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " %s %s", poll->part, date, poll->result_id);
	return write_note(poll, note_place, text);
}

static int note_cursor_at(struct taxii1_poll *poll, int64_t cursor_ns)
{
	char date[TIMESTAMP_TEXT_BYTES] = "-";
	struct buffer text = {0};
	int error = -ENOMEM;

	if (cursor_ns != TIMESTAMP_MIN)
		timestamp_format(cursor_ns, 9, date);
	buffer_format(&text, "%s ", date);
	(void)target_text(poll, &text);
	buffer_append_byte(&text, '\0');
	if (!text.failed)
		error = write_note(poll, note_cursor, (const char *)text.data);
	buffer_close(&text);
	return error;
}

// When nothing is known of when all was fetched, all has been, run by run.
int taxii1_note_end(struct taxii1_poll *poll)
{
	int64_t cursor_ns = poll->end_ns != TIMESTAMP_MIN ? poll->end_ns : poll->newest_ns;
	char now[TIMESTAMP_TEXT_BYTES];
	char known[NOTE_BYTES] = "";
	int error = taxii1_note_no_place(poll);

	timestamp_format(poll->fetch->now_ns, 0, now);
	if (error == 0 && cursor_ns != TIMESTAMP_MIN)
		error = note_cursor_at(poll, cursor_ns);
	if (error == 0)
		error = write_note(poll, note_settings, poll->settings);
	if (error == 0)
		error = read_note(poll->fetch, note_full, known);
	if (error == 0 && (known[0] == '\0' || poll->is_complete))
		error = write_note(poll, note_full, now);
	return error;
}

int taxii1_note_early_end(struct taxii1_poll *poll)
{
	char now[TIMESTAMP_TEXT_BYTES];
	int error = taxii1_note_progress(poll);

	timestamp_format(poll->fetch->now_ns, 0, now);
	if (error == 0)
		error = note_cursor_at(poll, TIMESTAMP_MIN);
	if (error == 0)
		error = write_note(poll, note_settings, poll->settings);
	return error == 0 ? write_note(poll, note_full, now) : error;
}
