#include "loader/taxii2_note.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/timestamp.h"

// What the store remembers of the source.
static const char note_cursor[] = "taxii2-cursor";     // date and the collection's URL
static const char note_full[] = "taxii2-full";         // when everything was fetched last
static const char note_settings[] = "taxii2-settings"; // how it was read: loader/fetch_digest.h

static int read_note(struct fetch *fetch, const char *name, struct buffer *text)
{
	int error = store_source_noted(fetch->store, fetch->source_id, name, text);

	buffer_append_byte(text, '\0');
	return text->failed ? -ENOMEM : error;
}

// A cursor of another collection says nothing of this one, which is read from the beginning, and
// whole: what the other one had is not there any more.
static int read_cursor(struct taxii2_run *run)
{
	struct buffer text = {0};
	int error = read_note(run->fetch, note_cursor, &text);

	if (error == 0 && text.size > 1) {
		struct slice noted = slice_of(text.data, text.size - 1);
		struct slice date = slice_first(noted, slice_find(noted, ' '));

		run->has_begun = true;
		if (!slice_is(slice_from(noted, date.size + 1), run->collection->url))
			run->is_complete = true;
		else
			(void)timestamp_parse(date, &run->settled_ns); // "-": still none
	}
	buffer_close(&text);
	return error;
}

static int read_schedule(struct taxii2_run *run)
{
	int64_t interval_ns = (int64_t)run->fetch->source->full_resync_s * NS_PER_S;
	struct buffer text = {0};
	int64_t full_ns;
	int error = read_note(run->fetch, note_full, &text);

	if (error == 0 && interval_ns > 0 && text.size > 1 &&
	    timestamp_parse(slice_of(text.data, text.size - 1), &full_ns) == 0 &&
	    run->fetch->now_ns - full_ns >= interval_ns)
		run->is_complete = true;
	buffer_close(&text);
	return error;
}

// What was read under other settings, or before a person accepted something, is read again.
static int read_settings(struct taxii2_run *run)
{
	AUTO(fetch_digest) digest = NULL;
	int is_same = fetch_digest_create(run->fetch, &digest);

	if (is_same < 0)
		return is_same;
	fetch_digest_text(digest, run->settings);
	is_same = fetch_digest_is_noted(run->fetch, note_settings, run->settings);
	if (is_same == 0 && run->has_begun)
		run->is_complete = true;
	return is_same < 0 ? is_same : 0;
}

int taxii2_note_read(struct taxii2_run *run)
{
	int error = read_cursor(run);

	if (error == 0)
		error = read_schedule(run);
	return error == 0 ? read_settings(run) : error;
}

int taxii2_note_progress(struct taxii2_run *run)
{
	char date[TIMESTAMP_TEXT_BYTES] = "-";
	struct buffer text = {0};
	int error = -ENOMEM;

	if (run->settled_ns != TIMESTAMP_MIN)
		timestamp_format(run->settled_ns, 9, date);
	buffer_format(&text, "%s %s", date, run->collection->url);
	buffer_append_byte(&text, '\0');
	if (!text.failed)
		error = store_source_note(run->fetch->store, run->fetch->source_id, note_cursor,
		                          (const char *)text.data);
	buffer_close(&text);
	if (error == 0)
		error = store_source_note(run->fetch->store, run->fetch->source_id, note_settings,
		                          run->settings);
	return error;
}

// When nothing is known of when all was fetched, all has been, run by run. A complete run that
// ended early is not begun again at once: it would never come further.
int taxii2_note_end(struct taxii2_run *run)
{
	char now[TIMESTAMP_TEXT_BYTES];
	struct buffer known = {0};
	int error = read_note(run->fetch, note_full, &known);

	timestamp_format(run->fetch->now_ns, 0, now);
	bool is_due = known.size <= 1 || (run->is_complete && !run->is_partial) ||
	              run->has_ended_early;
	if (error == 0 && is_due)
		error = store_source_note(run->fetch->store, run->fetch->source_id, note_full, now);
	buffer_close(&known);
	return error;
}
