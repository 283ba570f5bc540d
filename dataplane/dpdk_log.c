#include "dataplane/dpdk_log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <rte_log.h>

#include "base/log.h"
#include "base/timestamp.h"

#define REPEAT_NS (60 * NS_PER_S)

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void keep(struct dpdk_log *log, const char *text, size_t size)
{
	size_t room = sizeof(log->text) - log->size;
	size_t kept = size < room ? size : room;

	memcpy(log->text + log->size, text, kept);
	log->size += kept;
}

// Drivers say what is wrong each time they are asked: the same once a minute is enough.
static void pass_on(struct dpdk_log *log, const char *text, size_t size)
{
	int64_t now = now_ns();

	if (size == log->size && memcmp(text, log->text, size) == 0 &&
	    now - log->told_ns < REPEAT_NS)
		return;
	log->told_ns = now;
	log->size = 0;
	keep(log, text, size);
	log_error("DPDK: %.*s", (int)(size > 0 && text[size - 1] == '\n' ? size - 1 : size), text);
}

// A line or several, as DPDK flushes them. Serialised by the stream's own lock.
static ssize_t take(void *cookie, const char *text, size_t size)
{
	struct dpdk_log *log = cookie;

	if (log->is_started)
		pass_on(log, text, size);
	else
		keep(log, text, size);
	return (ssize_t)size;
}

int dpdk_log_open(struct dpdk_log *log)
{
	log->stream = fopencookie(log, "w", (cookie_io_functions_t){.write = take});
	if (log->stream == NULL)
		return -ENOMEM;
	(void)setvbuf(log->stream, NULL, _IOLBF, BUFSIZ);
	rte_log_set_global_level(RTE_LOG_ERR);
	return rte_openlog_stream(log->stream) == 0 ? 0 : -ENOMEM;
}

void dpdk_log_end_start(struct dpdk_log *log, bool is_started)
{
	(void)fflush(log->stream);
	log->is_started = is_started;
}

void dpdk_log_tell(const struct dpdk_log *log, const struct problem *problem, struct report *report)
{
	struct problem told = *problem;
	char said[PROBLEM_TEXT_BYTES];
	size_t size = log->size < sizeof(said) - 1 ? log->size : sizeof(said) - 1;

	memcpy(said, log->text, size);
	said[size] = '\0';
	for (char *end = strchr(said, '\n'); end != NULL; end = strchr(end, '\n'))
		*end = end[1] != '\0' ? ';' : '\0';
	told.detail = slice_text(said);
	report_add(report, &told);
}

void dpdk_log_close(struct dpdk_log *log)
{
	(void)rte_openlog_stream(NULL);
	if (log->stream != NULL)
		(void)fclose(log->stream);
}
