// Whatever comes in as MISP events, Zeek intelligence, a policy zone, or a list of Suricata's (the
// first byte says which): it is read to its end, and the summary adds up.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/build.h"
#include "loader/loader.h"
#include "loader/public_suffix.h"

static const struct {
	enum feed_format format;
	const char *csv_columns;
} kinds[] = {
	{FEED_MISP, NULL},    {FEED_ZEEK, NULL},  {FEED_RPZ, NULL},
	{FEED_DATASET, NULL}, {FEED_IPREP, NULL}, {FEED_CSV, "value=2,operation=1,created=3"},
};

// Loaded once: it takes a hundred times as long as a run.
static const struct public_suffixes *suffixes(void)
{
	static struct public_suffixes *loaded;

	if (loaded == NULL)
		FUZZ_ASSERT(public_suffixes_load(NULL, &loaded) == 0);
	return loaded;
}

static void read_feed(const char *path, unsigned kind)
{
	const struct feed_options options = {
		.path = path,
		.fd = 0,
		.format = kinds[kind].format,
		.csv_columns = kinds[kind].csv_columns,
	};
	struct feed_summary summary = {0};
	struct loader *loader;
	struct build *build;

	FUZZ_ASSERT(build_create(&build) == 0);
	FUZZ_ASSERT(loader_create_with(build, suffixes(), &loader) == 0);
	loader_read_feed(loader, &options, NULL, NULL, &summary);
	FUZZ_ASSERT(summary.indicators <= summary.objects);
	FUZZ_ASSERT(summary.indicators + summary.duplicates + summary.removed <= summary.objects);
	FUZZ_ASSERT(loader_finish(loader, NULL) == 0);
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
	read_feed(path, data[0] % (sizeof(kinds) / sizeof(kinds[0])));
	close(fd);
	return 0;
}
