// dataplane/http_connection.h — what both directions of an HTTP connection know together: which
// requests wait for their response, and the bodies on their way.
//
// Found by extract_output.shared. There is one only where somebody wants files; when the budget is
// used up requests are told all the same, and bodies passed over (counted as files without room).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/extract.h"
#include "dataplane/http_body.h"

enum {
	HTTP_PIPELINE_MAX = 8, // requests that wait; what is known of further ones is that they are
	HTTP_TARGET_NAME_BYTES_MAX = 199,
};

enum http_request_kind {
	HTTP_REQUEST_UNKNOWN, // it was not seen
	HTTP_REQUEST_HEAD,
	HTTP_REQUEST_CONNECT,
	HTTP_REQUEST_OTHER,
};

// A request whose response has not come.
struct http_request {
	uint64_t target_key;
	uint8_t kind; // enum http_request_kind
	uint8_t name_bytes;
	uint8_t name[HTTP_TARGET_NAME_BYTES_MAX]; // the last segment of its path
};

struct http_connection {
	struct http_body request_body;
	struct http_body response_body;
	struct http_request requests[HTTP_PIPELINE_MAX];
	uint8_t first;
	uint8_t count;
	uint32_t unnamed_count;  // further requests that wait, behind those
	uint32_t answered_count; // responses that came before their requests
};

// Returns 0 and gives the table to the caller (http_table_free), or -ENOMEM.
int http_table_create(size_t budget_bytes, struct http_table **ret_table);

// Accepts NULL.
void http_table_free(struct http_table *table);

// Is no connection kept?
bool http_table_is_empty(const struct http_table *table);

// HOT. A block for a multipart body; NULL when the budget is used up.
struct http_multipart *http_table_take_multipart(struct http_table *table);

// HOT.
void http_table_give_multipart(struct http_table *table, struct http_multipart *multipart);

// HOT. The connection at hand; NULL when there is none.
struct http_connection *http_connection_find(const struct extract_output *output);

// HOT. Likewise; it is made when there is none and somebody wants files, or NULL.
struct http_connection *http_connection_take(struct extract_output *output);

// HOT. Nothing of the connection at hand is wanted any more.
void http_connection_give(struct extract_output *output);

// HOT. A request was seen. `name` is that of its target.
void http_connection_ask(struct http_connection *connection, const struct http_request *request,
                         struct slice name);

// HOT. A response was seen: *ret_request is what it answers. `ret_name` points into `connection`
// until the next call.
void http_connection_answer(struct http_connection *connection, struct http_request *ret_request,
                            struct slice *ret_name);

// HOT. It is not known any more which response answers which request.
void http_connection_forget(struct http_connection *connection);
