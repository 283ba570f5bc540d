// loader/http_credentials.h — what a source's requests prove themselves with, and whom they trust.
//
// Read once from the files and the environment that the configuration names, wiped when freed.
// Set on requests to the origin that they are for, and on no others.
#pragma once

#include <stdbool.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/report.h"

struct source_config;

// All zero: none.
struct http_credentials {
	const char *username; // of the configuration; NULL
	struct buffer password;
	struct buffer header; // "Name: token", or empty
	struct buffer token;
	struct buffer basic; // base64 of name and password, as it is sent
	struct buffer client_cert, client_key, ca;
};

// Returns 0, -EACCES, -ENOENT, the file's error, or -ENOMEM; `report` says of which file or
// variable. http_credentials_close() in any case.
int http_credentials_read(const struct source_config *source, struct report *report,
                          struct http_credentials *credentials);
void http_credentials_close(struct http_credentials *credentials);

// For a request to their origin: name, password and client certificate, and the header into
// `headers` (as curl_slist_append()). Returns 0 or -ENOMEM.
int http_credentials_use(const struct http_credentials *credentials, CURL *curl,
                         struct curl_slist **headers);

// Does `text` repeat a secret? What a server answers may.
bool http_credentials_are_in(const struct http_credentials *credentials, struct slice text);
