// A capture file, of whatever format and compression it claims: read, decoded, put into flows
// and streams, and observed, within small budgets.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/pipeline.h"

static uint64_t observed;

static bool never(void *context)
{
	(void)context;
	return false;
}

static void observe(void *context, const struct origin *origin, const struct observable *observable)
{
	(void)context;
	(void)origin;
	FUZZ_ASSERT(observable->text.size <= URL_BYTES_MAX);
	for (size_t i = 0; i < observable->text.size; i++)
		observed += observable->text.data[i]; // every byte must be there
}

static void run(struct pipeline *pipeline, const char *path)
{
	struct capture_result result = {0};
	AUTO(port) port = NULL;

	pipeline_begin(pipeline, 0);
	if (port_open(path, &result.report, &port) == 0) {
		while (pipeline_run(pipeline, port) > 0)
			continue;
		pipeline_end(pipeline);
	}
	pipeline_capture_result(pipeline, &result);
	report_clear(&result.report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pipeline_options options = {
		.flow_budget_bytes = 64 * 8,
		.stream_budget_bytes = 1024 * 1024,
		.is_abandoned = never,
		.observe = observe,
	};
	AUTO(pipeline) pipeline = NULL;
	char path[64];
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	FUZZ_ASSERT(pipeline_create(&options, &pipeline) == 0);
	run(pipeline, path);
	(void)close(fd);
	return 0;
}
