// In place of metrics_http.c where libmicrohttpd is not.
#include <errno.h>

#include "app/metrics_http.h"

int metrics_http_open(const char *address, const struct metrics_http_source *source,
                      struct report *report, struct metrics_http **ret_http)
{
	(void)source;
	(void)ret_http;
	report_note(report, "no /metrics", slice_text(address),
	            "this build has no libmicrohttpd; 'sekisho ctl metrics' tells the same");
	return -ENOTSUP;
}

void metrics_http_close(struct metrics_http *http)
{
	(void)http;
}

int metrics_http_fd(const struct metrics_http *http)
{
	(void)http;
	return -1;
}

void metrics_http_serve(struct metrics_http *http)
{
	(void)http;
}
