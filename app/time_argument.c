#include "app/time_argument.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/timestamp.h"

static const struct {
	char unit;
	int64_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};

enum { AGE_DIGITS_MAX = 9, DATE_BYTES = 10 };

static int parse_age(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > AGE_DIGITS_MAX || strlen(text) != digits + 1)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t age_ns;

		if (text[digits] != units[i].unit)
			continue;
		if (__builtin_mul_overflow(strtoll(text, NULL, 10), units[i].seconds * NS_PER_S,
		                           &age_ns) ||
		    __builtin_sub_overflow(now_ns, age_ns, ret_ns))
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

int time_argument_parse(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	char whole_day[DATE_BYTES + sizeof("T00:00:00Z")];
	int64_t time_ns;

	if (parse_age(text, now_ns, &time_ns) == 0) {
		*ret_ns = time_ns;
		return 0;
	}
	if (strlen(text) != DATE_BYTES)
		return timestamp_parse(slice_text(text), ret_ns);
	(void)snprintf(whole_day, sizeof(whole_day), "%sT00:00:00Z", text);
	return timestamp_parse(slice_text(whole_day), ret_ns);
}

int64_t time_argument_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}
