#include "app/config_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/problems.h"
#include "base/log.h"

static const char default_path[] = "/etc/sekisho/sekisho.yaml";

static const char *path_or_default(const char *path)
{
	if (path == NULL)
		path = getenv("SEKISHO_CONFIG");
	return path != NULL && path[0] != '\0' ? path : default_path;
}

struct telling {
	const char *path;
	bool has_remarks;
};

// As compilers do, so that editors find the place.
static void tell(void *context, const struct report *report, const struct problem *problem)
{
	const struct telling *telling = context;
	char object[PROBLEM_TEXT_BYTES];
	char detail[PROBLEM_TEXT_BYTES];
	bool is_remark = problem->consequence != NULL && strcmp(problem->consequence, "noted") == 0;

	(void)report;
	if (is_remark && !telling->has_remarks)
		return;
	report_printable(problem->object, object);
	report_printable(problem->detail, detail);
	(void)fprintf(stderr, "%s:%" PRIu64 ": %s%s%s%s\n", telling->path, problem->line,
	              is_remark ? "warning: " : "", object, object[0] != '\0' ? ": " : "", detail);
}

int config_source_check(const char *path, bool has_remarks, struct config **ret_config)
{
	struct telling telling = {path_or_default(path), has_remarks};
	struct report report = {.each = tell, .each_context = &telling};
	int error = config_read(telling.path, &report, ret_config);

	if (error < 0 && report.count == 0)
		log_error("%s: %s", telling.path, strerror(-error));
	report_clear(&report);
	return error;
}

int config_source_check_text(struct slice text, const char *path, struct config **ret_config)
{
	struct telling telling = {path, true};
	struct report report = {.each = tell, .each_context = &telling};
	int error = config_read_text(text, path, &report, ret_config);

	report_clear(&report);
	return error;
}

int config_source_read(const char *path, struct config **ret_config)
{
	return config_source_check(path, false, ret_config);
}
