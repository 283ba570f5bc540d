// Whatever comes in as a text list, a hosts file or CSV (the first byte says which): it is read
// to its end, and the summary adds up.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/build.h"
#include "loader/loader.h"
#include "loader/public_suffix.h"

static const enum feed_format formats[] = {FEED_TEXT, FEED_HOSTS, FEED_CSV, FEED_AUTO};

static void check(const struct feed_summary *summary)
{
	uint64_t values = summary->patterns;

	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		values += summary->values[i];
	FUZZ_ASSERT(summary->indicators == values);
	FUZZ_ASSERT(summary->indicators + summary->duplicates <= summary->objects);
}

// Loaded once: it takes a hundred times as long as a run.
static const struct public_suffixes *suffixes(void)
{
	static struct public_suffixes *loaded;

	if (loaded == NULL)
		FUZZ_ASSERT(public_suffixes_load(NULL, &loaded) == 0);
	return loaded;
}

static void read_feed(const char *path, enum feed_format format)
{
	const struct feed_options options = {.path = path, .format = format};
	struct feed_summary summary = {0};
	struct loader *loader;
	struct build *build;

	FUZZ_ASSERT(build_create(&build) == 0);
	FUZZ_ASSERT(loader_create_with(build, suffixes(), &loader) == 0);
	loader_read_feed(loader, &options, NULL, NULL, &summary);
	if (summary.format != FEED_STIX)
		check(&summary);
	report_clear(&summary.report);
	loader_free(loader);
	build_free(build);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd;

	if (size == 0)
		return 0;
	fd = memfd_create("feed", MFD_CLOEXEC);
	FUZZ_ASSERT(fd >= 0);
	FUZZ_ASSERT(write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_feed(path, formats[data[0] % (sizeof(formats) / sizeof(formats[0]))]);
	close(fd);
	return 0;
}
