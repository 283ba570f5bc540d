// loader/http_url.h — URLs of requests: whose they are, where a redirect may lead, how they are
// told.
//
// Parsed by libcurl's URL parser, so that what is judged is what is asked.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/report.h"

enum { HTTP_URL_BYTES_MAX = 8192 };

// Who answers: requests to the same origin get the same credentials (RFC 6454, section 4).
struct http_origin {
	bool is_secure;
	char host[256]; // lower case
	char port[8];
};

// Returns 0, or -EINVAL: no URL of http or https, one with a name or password in it, or too long.
int http_url_origin(const char *url, struct http_origin *ret_origin);

// May what is for `mine` go to `other`? The same host and port, or from http to https on the
// schemes' own ports.
bool http_url_is_within(const struct http_origin *mine, const struct http_origin *other);

// May an answer of `from` send the client to `to`? Never from https to http.
bool http_url_may_redirect(const struct http_origin *from, const struct http_origin *to);

// Appends the URL without name, password, query and fragment: those may be secrets.
void http_url_tell(const char *url, struct buffer *text);

// Notes a problem with what stands at `url`, which is told as above.
void http_url_note(struct report *report, const char *reason, const char *url, const char *detail);

// Appends `reference`, which stands at `base`, as a whole URL (RFC 3986, section 5). -EINVAL when
// it is none of http or https.
int http_url_join(const char *base, const char *reference, struct buffer *ret_url);
