#include "app/database_source.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/feed_compile.h"
#include "app/problems.h"
#include "app/text.h"
#include "base/log.h"

static void log_open_error(const char *path, int error, const struct report *report)
{
	if (report->reason_count == 0) {
		log_error("%s: %s", path, strerror(-error));
		return;
	}

	const struct report_reason *reason = &report->reasons[0];
	const char *detail = reason->example_count > 0 ? reason->examples[0].detail : "";
	log_error("%s: %s%s%s", path, reason->reason, detail[0] != '\0' ? ": " : "", detail);
}

// What lies beside a database and does not belong to it: the database is used without.
static void warn_of_parts(const struct report *report)
{
	for (unsigned i = 0; i < report->reason_count; i++) {
		const struct report_reason *reason = &report->reasons[i];
		const char *detail = reason->example_count > 0 ? reason->examples[0].detail : "";

		log_warning("%s: %s%s%s", report->input, reason->reason,
		            detail[0] != '\0' ? ": " : "", detail);
	}
}

int database_source_open(const char *path, struct database **ret_database)
{
	struct report report = {.input = path};
	int error = database_open(path, &report, ret_database);

	if (error < 0)
		log_open_error(path, error, &report);
	else
		warn_of_parts(&report);
	report_clear(&report);
	return error;
}

static void warn_of_feeds(const struct feed_list *feeds, const struct feed_compile_result *result)
{
	for (size_t i = 0; i < result->feed_count; i++) {
		const struct feed_outcome *feed = &result->feeds[i];

		uint64_t skipped = problems_skipped(&feed->summary.report);

		if (feed->error == 0 && skipped > 0)
			log_warning("%s: %s indicators, %s skipped ('sekisho compile' says why)",
			            feeds->feeds[i].path, text_count(feed->summary.indicators).text,
			            text_count(skipped).text);
		else if (feed->error == 0 && !feed_compile_gave_something(feed))
			log_warning("%s: no indicators", feeds->feeds[i].path);
	}
}

int database_source_compile(const struct feed_list *feeds, bool is_quiet,
                            struct database **ret_database)
{
	const struct feed_compile_options options = {.is_quiet = is_quiet};
	struct feed_compile_result result;
	struct report report = {0};
	int fd = memfd_create("sekisho", MFD_CLOEXEC);
	int error;

	if (fd < 0) {
		error = -errno;
		log_error("memory for the feeds: %s", strerror(-error));
		return error;
	}
	error = feed_compile(feeds, &options, fd, &result);
	if (!is_quiet)
		warn_of_feeds(feeds, &result);
	if (error == -ENODATA)
		log_error("no indicator in any feed");
	feed_compile_close(&result);
	if (error == 0) {
		error = database_open_fd(fd, "the compiled feeds", &report, ret_database);
		if (error < 0)
			log_open_error("the compiled feeds", error, &report);
	}
	report_clear(&report);
	(void)close(fd);
	return error;
}
