// dataplane/http_request.h — what a request tells: who is asked, and for what.
//
// The target's authority (absolute form, CONNECT) goes before the Host field; a Host that
// differs from it is told as well. Without either there is no URL: the server's address is not
// known here. `*` and targets that begin with anything but `/` or http:// have none either, nor has
// CONNECT, behind which another protocol may follow. A path is decoded once, as normalisation has
// it (engine/normalize.h): what was encoded twice stays encoded once.
#pragma once

#include "dataplane/extract.h"
#include "dataplane/http_head.h"

enum {
	HTTP_FIELDS_TOLD_MAX = 64,   // of a head
	HTTP_FIELD_BYTES_MAX = 1024, // "Name: value"; the rest is cut
};

// HOT.
void http_request_tell(struct extract_output *output, const struct http_head *head);

// HOT. The last segment of the target's path, as it stands.
struct slice http_request_target_name(const struct http_head *head);

// HOT. A hash of what is asked for, never 0.
uint64_t http_request_target_key(const struct http_head *head);
