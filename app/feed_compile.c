#include "app/feed_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/clock.h"
#include "app/problems.h"
#include "app/progress.h"
#include "app/stop.h"
#include "base/log.h"

static bool show_progress(void *context, uint64_t file_bytes)
{
	progress_update(context, file_bytes);
	return stop_signal() == 0;
}

static uint64_t file_size(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
		return 0;
	return (uint64_t)status.st_size;
}

static int read_feed(struct loader *loader, const struct feed_options *feed,
                     const struct feed_compile_options *options, struct feed_outcome *ret_outcome)
{
	struct feed_summary *summary = &ret_outcome->summary;
	struct progress progress;

	if (options->explanation != NULL)
		summary->report.each = problems_print_each;
	summary->report.each_context = options->explanation;
	summary->report.input = feed->path;

	progress_start(&progress, feed->path, file_size(feed->path),
	               options->is_quiet || options->explanation != NULL);
	ret_outcome->error = loader_read_feed(loader, feed, show_progress, &progress, summary);
	progress_end(&progress);

	if (ret_outcome->error == -EBADMSG) {
		log_warning("%s: %s", feed->path,
		            feed->format == FEED_AUTO ? "not a feed of a known format"
		                                      : "not a feed of this format");
		return 0;
	}
	if (ret_outcome->error < 0 && ret_outcome->error != -ECANCELED)
		log_error("%s: %s", feed->path, strerror(-ret_outcome->error));
	return ret_outcome->error;
}

static int read_feeds(const struct feed_list *list, const struct feed_compile_options *options,
                      struct build *build, struct feed_compile_result *result)
{
	AUTO(loader) loader = NULL;
	int error = loader_create(build, &loader);

	for (size_t i = 0; i < list->count && error == 0; i++) {
		result->feed_count = i + 1;
		error = read_feed(loader, &list->feeds[i], options, &result->feeds[i]);
	}
	if (error < 0)
		return error;
	if (options->explanation != NULL)
		result->report.each = problems_print_each;
	result->report.each_context = options->explanation;
	return loader_finish(loader, &result->report);
}

static bool has_indicators(const struct feed_compile_result *result)
{
	for (size_t i = 0; i < result->feed_count; i++)
		if (result->feeds[i].summary.indicators > 0)
			return true;
	return false;
}

static int write_database(struct build *build, int fd, const char *sign_key_path,
                          struct feed_compile_result *result)
{
	int error = build_write(build, fd, sign_key_path, &result->report, &result->figures);

	if (error == -EKEYREJECTED)
		problems_error("--sign", &result->report);
	else if (error < 0 && error != -ENOMEM)
		log_error("writing the database: %s", strerror(-error));
	return error;
}

int feed_compile(const struct feed_list *list, const struct feed_compile_options *options, int fd,
                 struct feed_compile_result *ret_result)
{
	int64_t start_ns = clock_now_ns();
	AUTO(build) build = NULL;
	int error;

	*ret_result = (struct feed_compile_result){0};
	ret_result->feeds = calloc(list->count, sizeof(*ret_result->feeds));
	error = ret_result->feeds != NULL ? build_create(&build) : -ENOMEM;
	if (error == 0)
		error = read_feeds(list, options, build, ret_result);
	if (error == 0 && !has_indicators(ret_result))
		return -ENODATA;
	if (error == 0)
		error = write_database(build, fd, options->sign_key_path, ret_result);
	if (error == -ENOMEM)
		log_error("compiling the feeds: out of memory");
	ret_result->duration_ns = clock_now_ns() - start_ns;
	return error;
}

bool feed_compile_gave_something(const struct feed_outcome *feed)
{
	return feed->error == 0 && (feed->summary.indicators > 0 || feed->summary.known_benign > 0);
}

void feed_compile_close(struct feed_compile_result *result)
{
	for (size_t i = 0; i < result->feed_count; i++)
		report_clear(&result->feeds[i].summary.report);
	free(result->feeds);
	report_clear(&result->report);
	*result = (struct feed_compile_result){0};
}
