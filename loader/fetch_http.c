// One URL, asked with what is known of it (RFC 9110, section 13).
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/fetch.h"
#include "loader/fetch_digest.h"
#include "loader/http_client.h"
#include "loader/http_url.h"

static const char settings_note[] = "http.settings";
static const char digest_note[] = "http.digest";
static const char etag_note[] = "http.etag";
static const char modified_note[] = "http.last-modified";

// What earlier runs noted; terminated, empty when there is nothing.
struct known {
	struct buffer etag, last_modified;
};

static void known_close(struct known *known)
{
	buffer_close(&known->etag);
	buffer_close(&known->last_modified);
}

static int read_known(struct fetch *fetch, struct known *ret_known)
{
	int error = store_source_noted(fetch->store, fetch->source_id, etag_note, &ret_known->etag);

	if (error == 0)
		error = store_source_noted(fetch->store, fetch->source_id, modified_note,
		                           &ret_known->last_modified);
	buffer_append_byte(&ret_known->etag, 0);
	buffer_append_byte(&ret_known->last_modified, 0);
	return ret_known->etag.failed || ret_known->last_modified.failed ? -ENOMEM : error;
}

// How a body is read has not changed since the last one was: then an answer of "not modified" will
// do. Returns 1, 0 or an error.
static int are_settings_known(struct fetch *fetch, char ret_text[FETCH_DIGEST_TEXT_BYTES])
{
	AUTO(fetch_digest) digest = NULL;
	int error = fetch_digest_create(fetch, &digest);

	if (error < 0)
		return error;
	fetch_digest_text(digest, ret_text);
	return fetch_digest_is_noted(fetch, settings_note, ret_text);
}

static int request(struct fetch *fetch, const struct known *known, struct http_answer *ret_answer)
{
	const char *etag = (const char *)known->etag.data;
	const char *last_modified = (const char *)known->last_modified.data;
	const struct http_request request = {
		.url = fetch->source->address,
		.if_none_match = etag != NULL && etag[0] != '\0' ? etag : NULL,
		.if_modified_since =
			last_modified != NULL && last_modified[0] != '\0' ? last_modified : NULL,
	};
	struct http_client *client;
	int error = fetch_http_client(fetch, &client);

	if (error == 0)
		error = http_client_request(client, &request, &fetch->outcome->feed.report,
		                            ret_answer);
	return error;
}

static int digest_body(struct fetch *fetch, int fd, char ret_text[FETCH_DIGEST_TEXT_BYTES])
{
	AUTO(fetch_digest) digest = NULL;
	int error = fetch_digest_create(fetch, &digest);

	if (error == 0)
		error = fetch_digest_add_file(digest, fd);
	if (error == 0)
		fetch_digest_text(digest, ret_text);
	return error;
}

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static int note_answer(struct fetch *fetch, const struct http_answer *answer, const char *settings,
                       const char *digest)
{
	const char *const notes[][2] = {
		{settings_note, settings},
		{digest_note, digest},
		{etag_note, text_or_null(answer->etag)},
		{modified_note, text_or_null(answer->last_modified)},
	};
	int error = 0;

	for (unsigned i = 0; i < sizeof(notes) / sizeof(notes[0]) && error == 0; i++)
		error = store_source_note(fetch->store, fetch->source_id, notes[i][0], notes[i][1]);
	return error;
}

static int read_body(struct fetch *fetch, const struct http_answer *answer, const char *settings,
                     const char *digest)
{
	int error = fetch_begin(fetch, fetch->source->is_snapshot);

	if (error == 0)
		error = fetch_read_body(fetch, answer->url, answer->body_fd, FEED_AUTO);
	// A damaged body is asked for again.
	if (error == 0 && !fetch->outcome->feed.is_damaged)
		error = note_answer(fetch, answer, settings, digest);
	if (error == 0)
		return fetch_commit(fetch);
	fetch_abandon(fetch);
	return error;
}

static int take_answer(struct fetch *fetch, const struct http_answer *answer, const char *settings)
{
	static const int not_modified = 304;
	char digest[FETCH_DIGEST_TEXT_BYTES];

	if (answer->status == not_modified) {
		fetch->outcome->state = SYNC_UNCHANGED;
		return 0;
	}
	if (answer->body_fd < 0) {
		http_url_note(&fetch->outcome->feed.report, "answer without a body",
		              fetch->source->address, "");
		return -EBADMSG;
	}
	int error = digest_body(fetch, answer->body_fd, digest);
	int is_same = error == 0 && !fetch->is_full
	                      ? fetch_digest_is_noted(fetch, digest_note, digest)
	                      : error;
	if (is_same < 0)
		return is_same;
	if (is_same == 1) {
		fetch->outcome->state = SYNC_UNCHANGED;
		return note_answer(fetch, answer, settings, digest);
	}
	return read_body(fetch, answer, settings, digest);
}

static int fetch_http_run(struct fetch *fetch)
{
	struct known known = {0};
	struct http_answer answer;
	char settings[FETCH_DIGEST_TEXT_BYTES];
	int result = are_settings_known(fetch, settings);

	if (result == 1 && !fetch->is_full)
		result = read_known(fetch, &known);
	int error = result < 0 ? result : request(fetch, &known, &answer);
	known_close(&known);
	if (error < 0)
		return error;
	error = take_answer(fetch, &answer, settings);
	http_answer_close(&answer);
	return error < 0 ? error : 0;
}

static int fetch_http_test(struct fetch *fetch, struct report *report, struct buffer *ret_text)
{
	const struct http_request request = {.url = fetch->source->address};
	struct http_client *client;
	struct http_answer answer;
	int error = fetch_http_client(fetch, &client);

	if (error == 0)
		error = http_client_request(client, &request, report, &answer);
	if (error < 0)
		return error;
	buffer_format(ret_text, "status %ld, %" PRIu64 " bytes%s%s%s%s\n", answer.status,
	              answer.body_bytes, answer.content_type[0] != '\0' ? ", " : "",
	              answer.content_type, answer.last_modified[0] != '\0' ? ", modified " : "",
	              answer.last_modified);
	http_answer_close(&answer);
	return ret_text->failed ? -ENOMEM : 0;
}

const struct fetcher_ops fetch_http = {
	.kind = SOURCE_HTTP,
	.run = fetch_http_run,
	.test = fetch_http_test,
};
