// loader/taxii1.h — TAXII 1.1 as a client speaks it, over one http_client.
//
// TAXII 1.1 Services, XML Message Binding and HTTP Protocol Binding. Requests are in
// taxii1_request.c, answers in taxii1_message.c, looking for a collection in taxii1_target.c. One
// owner, one thread. Problems go to the report that it was created with.
#pragma once

#include "base/cleanup.h"
#include "base/report.h"
#include "loader/fetch.h"
#include "loader/http_client.h"
#include "loader/taxii1_message.h"

struct buffer;

// What to poll.
struct taxii1_target {
	struct arena arena; // of the texts, which end in NUL
	const char *url;
	const char *collection;
};

struct taxii1 {
	struct fetch *fetch;
	struct http_client *http;
	struct report *report;
};

// Posts `request` (taken: emptied) and reads the answer; RETRY is waited for and asked again, as
// often as the source allows. Any other status than SUCCESS and PENDING is told and an error:
// -EACCES, -ENOENT, -EBADMSG, or -EAGAIN (a part or result that the server does not know). Gives
// the answer too when `ret_answer` is not NULL (http_answer_close).
int taxii1_ask(struct taxii1 *taxii, const char *url, struct buffer *request,
               struct taxii1_message *ret_message, struct http_answer *ret_answer);

// Finds the source's collection from its address: of a discovery service, a collection management
// service, or a poll service (then the collection must be given). What there is goes to `text`, for
// people, when it is not NULL. Returns 0 (taxii1_target_close() when done), or an error as above.
int taxii1_target_find(struct taxii1 *taxii, struct buffer *text, struct taxii1_target *ret_target);
void taxii1_target_close(struct taxii1_target *target);

// taxii1_request.c: each appends one message to `request`.
void taxii1_request_discovery(struct buffer *request);
void taxii1_request_collections(struct buffer *request);
// `begin_ns`: what is labelled later than that; TIMESTAMP_MIN: from the beginning.
void taxii1_request_poll(const char *collection, int64_t begin_ns, struct buffer *request);
void taxii1_request_part(const char *collection, const char *result_id, uint64_t part,
                         struct buffer *request);
