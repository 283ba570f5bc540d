// loader/http_exchange.h — one request over all its attempts and redirects, and how each is judged.
//
// http_client.c makes the attempts; http_exchange.c says what one came to.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "loader/http_client.h"
#include "loader/http_credentials.h"
#include "loader/http_transfer.h"
#include "loader/http_url.h"

enum { HTTP_REDIRECTS_MAX = 5 };

// One request over all its attempts and redirects.
struct http_exchange {
	const struct http_credentials *credentials;
	const struct http_request *request;
	struct report *report;
	struct buffer url; // the one asked now
	bool has_body;     // still: a redirect may have turned it into a GET
	unsigned redirects;
	char curl_text[CURL_ERROR_SIZE];
	struct http_transfer transfer;
	int64_t wait_s; // asked by the server, -1: not
};

enum http_judgement {
	HTTP_GOOD = 0,
	HTTP_AGAIN = 1,     // it may pass: later
	HTTP_ELSEWHERE = 2, // redirected: at once, at `url`
};

// What the attempt came to: an enum http_judgement, or an error that was told.
int http_exchange_judge(struct http_exchange *exchange);

// Did the server take the request, or may it have?
bool http_exchange_is_lost(const struct http_exchange *exchange);

// Why the attempts so far were in vain. Returns -EIO.
int http_exchange_give_up(struct http_exchange *exchange);

// Tells `detail` with the URL, without its secrets; returns `error`.
int http_exchange_tell(struct http_exchange *exchange, const char *reason, int error,
                       const char *detail);
