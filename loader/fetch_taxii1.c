// TAXII 1.1: what was added to a collection since the last run, part by part.
//
// Each part is one delivery, committed with the place where the result goes on, so that a run that
// breaks off is taken up there while the server still knows the result, and from the cursor else.
// The cursor moves when all parts have come: to the end of the time span that the server told, or
// to the newest label. The next run overlaps by a second.
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "loader/http_url.h"
#include "loader/http_wait.h"
#include "loader/taxii1_poll.h"

enum { PENDING_MAX = 10 }; // times that a result is asked for

static int begin(struct taxii1_poll *poll, struct fetch *fetch)
{
	*poll = (struct taxii1_poll){
		.fetch = fetch,
		.taxii = {.fetch = fetch, .report = &fetch->outcome->feed.report},
		.is_complete = fetch->is_full,
		.cursor_ns = TIMESTAMP_MIN,
		.end_ns = TIMESTAMP_MIN,
		.newest_ns = TIMESTAMP_MIN,
	};
	int error = fetch_http_client(fetch, &poll->taxii.http);
	if (error == 0)
		error = taxii1_target_find(&poll->taxii, NULL, &poll->target);
	return error == 0 ? taxii1_note_read(poll) : error;
}

static int ask(struct taxii1_poll *poll, struct taxii1_message *ret_message,
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
static int begin_anew(struct taxii1_poll *poll)
{
	poll->result_id[0] = '\0';
	poll->part = 0;
	poll->end_ns = poll->newest_ns = TIMESTAMP_MIN;
	poll->circle = (struct circle){0};
	return taxii1_note_no_place(poll);
}

// The answer is not ready: it comes under this result, after a while.
static int wait_for_result(struct taxii1_poll *poll, const struct taxii1_message *message)
{
	const struct fetch *fetch = poll->fetch;
	int64_t wait_s = message->wait_s >= 0 ? message->wait_s : 1;

	if (message->result_id[0] == '\0' || ++poll->pending_count > PENDING_MAX ||
	    wait_s > HTTP_RETRY_AFTER_MAX_S) {
		report_note(taxii1_poll_report(poll), "the result is not ready",
		            slice_text(poll->target.collection), "%s", message->text);
		return -EIO;
	}
	memcpy(poll->result_id, message->result_id, sizeof(poll->result_id));
	poll->part = 0;
	return http_wait(wait_s * 1000, fetch->is_stopped, fetch->context);
}

// Returns 1 when there is more to ask for, 0 at the end (or when a guard holds it), or an error.
static int take(struct taxii1_poll *poll, const struct taxii1_message *message, int body)
{
	int error;

	if (message->kind == TAXII1_STATUS && strcmp(message->status, "PENDING") == 0) {
		error = wait_for_result(poll, message);
		return error == 0 ? 1 : error;
	}
	if (message->kind != TAXII1_POLL) {
		http_url_note(taxii1_poll_report(poll), "not the answer to a poll",
		              poll->target.url, message->status);
		return -EBADMSG;
	}
	error = taxii1_part_take(poll, message, body);
	if (error != 0)
		return error < 0 ? error : 0;
	return message->is_more;
}

static int run_parts(struct taxii1_poll *poll)
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
	struct taxii1_poll poll;
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
		error = taxii1_target_find(&taxii, ret_text, &target);
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
