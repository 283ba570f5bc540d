// TAXII 1.1: what was added to a collection since the last run, part by part.
//
// Each part is one delivery, committed with the place where the result goes on, so that a run that
// breaks off is taken up there while the server still knows the result, and from the cursor else.
// The cursor moves when all parts have come: to the end of the time span that the server told, or
// to the newest label. The next run overlaps by a second.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "loader/http_wait.h"
#include "loader/taxii1.h"

enum {
	EMPTY_PARTS_MAX = 10, // in a row
	PENDING_MAX = 10,     // times that a result is asked for
	HEAD_BYTES = 64,
	NOTE_BYTES = TAXII1_TEXT_BYTES + 128,
};

// What the store remembers of the source.
static const char note_cursor[] = "taxii1-cursor"; // date and collection
static const char note_place[] = "taxii1-place";   // part, newest label, result
static const char note_full[] = "taxii1-full";     // when everything was fetched last

struct poll {
	struct fetch *fetch;
	struct taxii1 taxii;
	struct taxii1_target target;
	bool is_complete;  // all there is, in one delivery
	int64_t cursor_ns; // TIMESTAMP_MIN: from the beginning
	int64_t end_ns;    // of the time span that the server told
	int64_t newest_ns; // label
	char result_id[TAXII1_TEXT_BYTES];
	uint64_t part; // that came last; 0: none yet
	unsigned empty_parts, pending_count;
};

static struct report *report_of(const struct poll *poll)
{
	return &poll->fetch->outcome->feed.report;
}

// ---- notes -----------------------------------------------------------------------------------

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

static int write_note(struct poll *poll, const char *name, const char *text)
{
	return store_source_note(poll->fetch->store, poll->fetch->source_id, name, text);
}

// Which collection a note is about: of another one it says nothing.
static int target_text(const struct poll *poll, struct buffer *text)
{
	buffer_format(text, "%s %s", poll->target.url, poll->target.collection);
	return text->failed ? -ENOMEM : 0;
}

static int read_cursor(struct poll *poll)
{
	struct buffer target = {0};
	struct buffer noted = {0};
	int error = target_text(poll, &target);

	if (error == 0)
		error = store_source_noted(poll->fetch->store, poll->fetch->source_id, note_cursor,
		                           &noted);
	if (error == 0 && noted.size > 0) {
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
static int read_place(struct poll *poll)
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

static int read_schedule(struct poll *poll)
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

static int note_progress(struct poll *poll)
{
	char date[TIMESTAMP_TEXT_BYTES] = "-";
	char text[NOTE_BYTES];

	if (poll->newest_ns != TIMESTAMP_MIN)
		timestamp_format(poll->newest_ns, 9, date);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " %s %s", poll->part, date, poll->result_id);
	return write_note(poll, note_place, text);
}

static int note_cursor_at(struct poll *poll, int64_t cursor_ns)
{
	char date[TIMESTAMP_TEXT_BYTES];
	struct buffer text = {0};
	int error = -ENOMEM;

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
static int note_end(struct poll *poll)
{
	int64_t cursor_ns = poll->end_ns != TIMESTAMP_MIN ? poll->end_ns : poll->newest_ns;
	char now[TIMESTAMP_TEXT_BYTES];
	char known[NOTE_BYTES] = "";
	int error = write_note(poll, note_place, NULL);

	timestamp_format(poll->fetch->now_ns, 0, now);
	if (error == 0 && cursor_ns != TIMESTAMP_MIN)
		error = note_cursor_at(poll, cursor_ns);
	if (error == 0)
		error = read_note(poll->fetch, note_full, known);
	if (error == 0 && (known[0] == '\0' || poll->is_complete))
		error = write_note(poll, note_full, now);
	return error;
}

// ---- a part ----------------------------------------------------------------------------------

// By its first byte: bindings are told wrongly, or not at all.
static enum feed_format format_of(int file)
{
	char bytes[HEAD_BYTES];
	ssize_t size = pread(file, bytes, sizeof(bytes), 0);
	struct slice head = slice_of(bytes, size > 0 ? (size_t)size : 0);

	if (slice_starts_with(head, "\xef\xbb\xbf"))
		head = slice_from(head, 3);
	head = slice_trim(head);
	if (slice_starts_with(head, "<"))
		return FEED_STIX1;
	return slice_starts_with(head, "{") || slice_starts_with(head, "[") ? FEED_STIX : FEED_AUTO;
}

// What one block holds that cannot be read was told, and does not stop the others.
static int read_body(struct poll *poll, int file, enum feed_format format)
{
	int error = fetch_read_body(poll->fetch, poll->target.url, file, format);

	return error == -EBADMSG ? 0 : error;
}

static int read_text(void *context, int file, struct slice binding)
{
	enum feed_format format = format_of(file);
	struct poll *poll = context;

	if (format != FEED_AUTO)
		return read_body(poll, file, format);
	report_note(report_of(poll), "content block of no known format", binding, "%s",
	            "neither JSON nor XML");
	return 0;
}

static int read_blocks(struct poll *poll, const struct taxii1_message *message, int body)
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
static void take_time(struct poll *poll, int64_t time_ns, int64_t *ret_time_ns)
{
	int64_t ahead_ns = (int64_t)poll->fetch->guards->clock_ahead_s * NS_PER_S;
	char text[TIMESTAMP_TEXT_BYTES];

	if (time_ns <= poll->fetch->now_ns + ahead_ns) {
		if (time_ns > *ret_time_ns)
			*ret_time_ns = time_ns;
		return;
	}
	timestamp_format(time_ns, 0, text);
	report_add(report_of(poll), &(struct problem){
					    .reason = "date of addition in the future",
					    .consequence = "noted, it does not count",
					    .detail = slice_text(text),
				    });
}

static int check_progress(struct poll *poll, const struct taxii1_message *message)
{
	const char *what = NULL;

	poll->empty_parts = message->block_count > 0 ? 0 : poll->empty_parts + 1;
	if (!message->is_more)
		return 0;
	if (message->result_id[0] == '\0')
		what = "there is more, but no result to ask for";
	else if (poll->empty_parts > EMPTY_PARTS_MAX)
		what = "more than 10 empty parts in a row, and always more to come";
	if (what == NULL)
		return 0;
	report_add(report_of(poll), &(struct problem){
					    .reason = "no way to the next part",
					    .consequence = "kept what came before",
					    .object = slice_text(poll->target.collection),
					    .detail = slice_text(what),
				    });
	return poll->empty_parts > EMPTY_PARTS_MAX ? -ELOOP : -EBADMSG;
}

// One part, one transaction, with the place; of a complete run all parts are one. Returns 0, 1 when
// a guard holds it, or an error.
static int take_part(struct poll *poll, const struct taxii1_message *message, int body)
{
	bool has_delivery = poll->is_complete || message->block_count > 0;
	int error = check_progress(poll, message);

	if (error == 0 && has_delivery)
		error = fetch_begin(poll->fetch, poll->is_complete);
	if (error == 0 && message->block_count > 0)
		error = read_blocks(poll, message, body);
	if (error != 0)
		return error;
	take_time(poll, message->end_ns, &poll->end_ns);
	take_time(poll, message->newest_label_ns, &poll->newest_ns);
	memcpy(poll->result_id, message->result_id, sizeof(poll->result_id));
	poll->part++;
	if (!message->is_more)
		error = note_end(poll);
	else if (!poll->is_complete)
		error = note_progress(poll);
	bool is_due = has_delivery && (!poll->is_complete || !message->is_more);
	return error == 0 && is_due ? fetch_commit(poll->fetch) : error;
}

// ---- a run -----------------------------------------------------------------------------------

static int begin(struct poll *poll, struct fetch *fetch)
{
	*poll = (struct poll){
		.fetch = fetch,
		.taxii = {.fetch = fetch, .report = &fetch->outcome->feed.report},
		.is_complete = fetch->is_full,
		.cursor_ns = TIMESTAMP_MIN,
		.end_ns = TIMESTAMP_MIN,
		.newest_ns = TIMESTAMP_MIN,
	};
	int error = fetch_http_client(fetch, &poll->taxii.http);
	if (error == 0)
		error = taxii1_find(&poll->taxii, NULL, &poll->target);
	if (error == 0)
		error = read_cursor(poll);
	if (error == 0)
		error = read_schedule(poll);
	return error == 0 ? read_place(poll) : error;
}

static int ask(struct poll *poll, struct taxii1_message *ret_message,
               struct http_answer *ret_answer)
{
	int64_t begin_ns = poll->is_complete || poll->cursor_ns == TIMESTAMP_MIN
	                           ? TIMESTAMP_MIN
	                           : poll->cursor_ns - NS_PER_S;
	struct buffer request = {0};

	if (poll->result_id[0] != '\0')
		taxii1_request_part(poll->target.collection, poll->result_id, poll->part + 1,
		                    &request);
	else
		taxii1_request_poll(poll->target.collection, begin_ns, &request);
	return taxii1_ask(&poll->taxii, poll->target.url, &request, ret_message, ret_answer);
}

// The server does not know the result any more: all of it once more, from the cursor.
static int begin_anew(struct poll *poll)
{
	poll->result_id[0] = '\0';
	poll->part = 0;
	poll->end_ns = poll->newest_ns = TIMESTAMP_MIN;
	return write_note(poll, note_place, NULL);
}

// The answer is not ready: it comes under this result, after a while.
static int wait_for_result(struct poll *poll, const struct taxii1_message *message)
{
	const struct fetch *fetch = poll->fetch;
	int64_t wait_s = message->wait_s >= 0 ? message->wait_s : 1;

	if (message->result_id[0] == '\0' || ++poll->pending_count > PENDING_MAX ||
	    wait_s > HTTP_RETRY_AFTER_MAX_S) {
		report_note(report_of(poll), "the result is not ready",
		            slice_text(poll->target.collection), "%s", message->text);
		return -EIO;
	}
	memcpy(poll->result_id, message->result_id, sizeof(poll->result_id));
	poll->part = 0;
	return http_wait(wait_s * 1000, fetch->is_stopped, fetch->context);
}

// Returns 1 when there is more to ask for, 0 at the end (or when a guard holds it), or an error.
static int take(struct poll *poll, const struct taxii1_message *message, int body)
{
	int error;

	if (message->kind == TAXII1_STATUS && strcmp(message->status, "PENDING") == 0) {
		error = wait_for_result(poll, message);
		return error == 0 ? 1 : error;
	}
	if (message->kind != TAXII1_POLL) {
		report_note(report_of(poll), "not the answer to a poll",
		            slice_text(poll->target.url), "%s", message->status);
		return -EBADMSG;
	}
	error = take_part(poll, message, body);
	if (error != 0)
		return error < 0 ? error : 0;
	return message->is_more;
}

static int run_parts(struct poll *poll)
{
	bool is_taken_up = poll->result_id[0] != '\0';
	int result = 1;

	while (result > 0) {
		struct taxii1_message message;
		struct http_answer answer;
		int error = ask(poll, &message, &answer);

		if (is_taken_up && (error == -EAGAIN || error == -ENOENT || error == -EBADMSG)) {
			is_taken_up = false;
			error = begin_anew(poll);
			if (error == 0)
				continue;
		}
		if (error < 0)
			return error == -EAGAIN ? -EIO : error;
		is_taken_up = false;
		result = take(poll, &message, answer.body_fd);
		taxii1_message_close(&message);
		http_answer_close(&answer);
		if (result > 0 && poll->fetch->is_stopped != NULL &&
		    poll->fetch->is_stopped(poll->fetch->context))
			return -ECANCELED;
	}
	return result;
}

static int run(struct fetch *fetch)
{
	struct poll poll;
	int error = begin(&poll, fetch);

	if (error == 0)
		error = run_parts(&poll);
	taxii1_target_close(&poll.target);
	return error;
}

static int test(struct fetch *fetch, struct report *report, struct buffer *ret_text)
{
	struct taxii1 taxii = {.fetch = fetch, .report = report};
	struct taxii1_target target;
	int error = fetch_http_client(fetch, &taxii.http);

	if (error == 0)
		error = taxii1_find(&taxii, ret_text, &target);
	if (error < 0)
		return error;
	buffer_format(ret_text, "collection: %s\npoll service: %s\n", target.collection,
	              target.url);
	taxii1_target_close(&target);
	return 0;
}

const struct fetcher_ops fetch_taxii1 = {
	.kind = SOURCE_TAXII1,
	.run = run,
	.test = test,
};
