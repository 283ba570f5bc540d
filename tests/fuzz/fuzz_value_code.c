// Whatever a damaged store holds as a vote's values: what can be decoded can be compiled, and what
// was compiled opened.
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "engine/build.h"
#include "engine/database.h"
#include "loader/build_value.h"
#include "loader/value_code.h"

static void add_values(struct build *build, uint32_t id, struct slice bytes)
{
	struct intake_value value;
	size_t cursor = 0;

	while (value_code_next(bytes, &cursor, &value) == 1) {
		const char *reason = "";
		size_t again_cursor = 0;
		struct buffer again = {0};
		struct intake_value same;

		FUZZ_ASSERT(cursor <= bytes.size);
		(void)build_value_add(build, id, &value, &reason);
		value_code_append(&again, &value);
		FUZZ_ASSERT(value_code_next(buffer_slice(&again), &again_cursor, &same) == 1);
		FUZZ_ASSERT(value_code_hash(1, &value) == value_code_hash(1, &same));
		buffer_close(&again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct indicator record = {.confidence = CONFIDENCE_NONE, .action = ACTION_LOG};
	struct build_figures figures;
	struct database *database;
	struct build *build;
	uint32_t id;
	int fd = memfd_create("database", MFD_CLOEXEC);

	FUZZ_ASSERT(fd >= 0 && build_create(&build) == 0);
	FUZZ_ASSERT(build_add_indicator(build, &record, &id) == 0);
	add_values(build, id, slice_of(data, size));
	if (build_write(build, fd, NULL, NULL, &figures) == 0) {
		FUZZ_ASSERT(database_open_fd(fd, "fuzz", NULL, &database) == 0);
		database_close(database);
	}
	build_free(build);
	close(fd);
	return 0;
}
