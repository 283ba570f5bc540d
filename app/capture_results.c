#include "app/capture_results.h"

#include <string.h>

#include "app/problems.h"
#include "base/log.h"

unsigned capture_results_log(const struct capture_list *captures,
                             const struct capture_result results[])
{
	unsigned unreadable_count = 0;

	for (uint32_t i = 0; i < captures->count; i++) {
		const char *path = captures->paths[i];

		if (results[i].error < 0) {
			const struct report *report = &results[i].report;

			unreadable_count++;
			if (report->reason_count == 0)
				log_error("%s: %s", path, strerror(-results[i].error));
			else
				problems_error(path, report);
		} else {
			problems_warn(path, &results[i].report);
		}
	}
	return unreadable_count;
}
