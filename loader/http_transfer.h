// loader/http_transfer.h — one request, made once: what comes back, bounded.
//
// http_client.c prepares the handle and judges the outcome.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/decompress.h"
#include "loader/http_client.h"

enum {
	HTTP_WORDS_BYTES = 512,           // kept of an answer that is none of 2xx
	HTTP_HEAD_BYTES = 4,              // tell what a body is compressed with
	HTTP_HEADERS_BYTES_MAX = 1 << 18, // of an answer's headers, all of them
};

// How it went, besides what libcurl says.
enum http_flaw {
	HTTP_FLAWLESS,
	HTTP_BODY_TOO_LARGE,
	HTTP_HEADERS_TOO_LARGE,
	HTTP_ENCODING_UNKNOWN, // one that was not asked for
	HTTP_BODY_DAMAGED,     // compression damaged or cut
	HTTP_WORDS_ENOUGH,     // the rest of an error's body is not read
	HTTP_STALLED,          // too little came for too long
	HTTP_WRITE_FAILED,     // the temporary file: error
	HTTP_STOPPED,
};

struct http_transfer {
	struct http_answer *answer; // filled
	uint64_t body_bytes_max;
	int64_t timeout_ms;
	bool (*is_stopped)(void *context); // may be NULL
	void *context;

	// Results.
	CURLcode code;
	enum http_flaw flaw;
	int error; // with HTTP_WRITE_FAILED
	char retry_after[64];
	char location[HTTP_VALUE_BYTES * 8];
	uint8_t words[HTTP_WORDS_BYTES];
	size_t words_size;

	// http_transfer.c's own.
	long status;
	uint64_t received_bytes, header_bytes;
	char encoding[32];
	uint8_t head[HTTP_HEAD_BYTES];
	size_t head_size;
	struct decompress *decompress;
};

// `fd` takes the body; `curl` and `multi` are borrowed. Nothing to close afterwards.
void http_transfer_run(struct http_transfer *transfer, CURLM *multi, CURL *curl, int fd);
