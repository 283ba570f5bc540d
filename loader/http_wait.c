#include "loader/http_wait.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include <curl/curl.h>

enum {
	FIRST_BACKOFF_MS = 500,
	BACKOFF_MAX_MS = 60 * 1000,
	SLICE_MS = 100,
};

int64_t http_wait_asked_s(const char *retry_after, int64_t now_s)
{
	if (isdigit((unsigned char)retry_after[0])) {
		char *end;
		long long seconds = strtoll(retry_after, &end, 10); // saturates

		while (*end == ' ' || *end == '\t')
			end++;
		if (*end == '\0')
			return seconds;
	}
	// An HTTP date begins with the day's name; curl_getdate() alone would take "12" for one.
	if (!isalpha((unsigned char)retry_after[0]))
		return -1;

	time_t date = curl_getdate(retry_after, NULL);
	if (date == -1)
		return -1;
	return date > now_s ? (int64_t)date - now_s : 0;
}

int64_t http_wait_backoff_ms(unsigned attempt)
{
	int64_t most = FIRST_BACKOFF_MS;
	uint32_t share = 0;

	for (unsigned i = 1; i < attempt && most < BACKOFF_MAX_MS; i++)
		most *= 2;
	if (most > BACKOFF_MAX_MS)
		most = BACKOFF_MAX_MS;
	(void)getrandom(&share, sizeof(share), GRND_NONBLOCK);
	return most / 2 + (int64_t)(share % (uint32_t)(most / 2));
}

int64_t http_wait_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int http_wait(int64_t wait_ms, bool (*is_stopped)(void *context), void *context)
{
	int64_t end_ms = http_wait_clock_ms() + wait_ms;

	for (;;) {
		int64_t left_ms = end_ms - http_wait_clock_ms();

		if (is_stopped != NULL && is_stopped(context))
			return -ECANCELED;
		if (left_ms <= 0)
			return 0;
		if (left_ms > SLICE_MS)
			left_ms = SLICE_MS;
		(void)nanosleep(&(struct timespec){.tv_nsec = left_ms * 1000000}, NULL);
	}
}
