// loader/http_client.h — requests over HTTP and HTTPS (libcurl), with the source's credentials.
//
// One client a source, one thread. Connections are kept open between requests. TLS is always
// verified. Redirects are followed (5) on the same scheme or from http to https only, and
// credentials stay with the host they are for. Bodies go to an unlinked temporary file, so memory
// is bounded; compressed ones are bounded as they come out. An answer may take timeout_s, and a
// second more for each 32 KB that came; less than 1 KB in a quarter of that (at most 30 s) is a
// stall. A request that fails for a reason that may pass (no connection, 408, 425, 429, 5xx, a
// cut body) is made again, after Retry-After (at most 5 minutes: whoever asks for more is left
// alone) or an exponential back-off with jitter; a stop ends the waiting.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/slice.h"

struct source_config;
struct http_client;

enum { HTTP_HEADERS_MAX = 16, HTTP_VALUE_BYTES = 1024 };

struct http_request {
	const char *url;
	const char *accept;                    // NULL: anything
	const char *content_type;              // with a body
	struct slice body;                     // empty and no content_type: GET; else POST
	const char *headers[HTTP_HEADERS_MAX]; // further ones, "Name: value"; NULL behind the last
	const char *if_none_match;             // NULL
	const char *if_modified_since;         // NULL
	bool is_once; // made again only if the server did not take it: a lost answer is -EAGAIN
};

// Texts are "" where the answer has none.
struct http_answer {
	long status;
	int body_fd; // at its start; closed by http_answer_close(); -1: no body
	uint64_t body_bytes;
	char content_type[HTTP_VALUE_BYTES];
	char etag[HTTP_VALUE_BYTES];
	char last_modified[HTTP_VALUE_BYTES];
	char content_range[HTTP_VALUE_BYTES];
	char date_added_first[HTTP_VALUE_BYTES]; // X-TAXII-Date-Added-First
	char date_added_last[HTTP_VALUE_BYTES];
	char url[HTTP_VALUE_BYTES]; // after redirects
};

// `is_stopped` (may be NULL) is asked now and then; true ends what is under way with -ECANCELED.
// Credentials and files are read now. Returns 0 and gives it to the caller (http_client_free), or
// -EACCES, -ENOENT (a secret or certificate: `report` says), -ENOMEM.
int http_client_create(const struct source_config *source, bool (*is_stopped)(void *context),
                       void *context, struct report *report, struct http_client **ret_client);

// Accepts NULL.
void http_client_free(struct http_client *client);
DEFINE_AUTO(http_client, http_client_free)

// Returns 0 with an answer of status 2xx or 304 (http_answer_close), or
//   -EACCES    401, 403
//   -ENOENT    404, 410
//   -ERANGE    416: the range asked for lies beyond the end
//   -EBADMSG   another status that will not pass, too many redirects
//   -EFBIG     the body is larger than the source allows
//   -ECANCELED
//   -EAGAIN    with is_once: the answer was lost
//   -EIO       it failed for a reason that may pass, as often as was allowed
//   -ENOMEM
// `report` says what, with the URL (without credentials) and the server's first words.
int http_client_request(struct http_client *client, const struct http_request *request,
                        struct report *report, struct http_answer *ret_answer);

void http_answer_close(struct http_answer *answer);

// All of a body, at most `max_bytes`: -EFBIG.
struct buffer;
int http_answer_body(const struct http_answer *answer, uint64_t max_bytes, struct buffer *ret_body);
