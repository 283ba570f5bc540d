// loader/http_wait.h — how long to wait before a request is made again, and the waiting.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	// Whoever asks for a longer pause is left alone until the next run.
	HTTP_RETRY_AFTER_MAX_S = 300,
};

// What Retry-After says (RFC 9110, section 10.2.3: seconds, or a date), in seconds from `now_s`
// (Unix time) on; 0 for what is past; -1 when it is empty or says nothing that can be understood.
int64_t http_wait_asked_s(const char *retry_after, int64_t now_s);

// Before attempt 1, 2, 3 …: between half and all of 0.5 s, 1 s, 2 s … at most 60 s. The share is
// at random, so that a fleet of sensors does not come back at the same moment.
int64_t http_wait_backoff_ms(unsigned attempt);

// Returns 0, or -ECANCELED at most 0.1 s after `is_stopped` (may be NULL) says so.
int http_wait(int64_t wait_ms, bool (*is_stopped)(void *context), void *context);

// Milliseconds of a clock that never goes back.
int64_t http_wait_clock_ms(void);
