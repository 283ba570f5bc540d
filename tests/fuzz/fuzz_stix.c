// A feed of the input as it is, read twice, settled and built: no object is lost without a word.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/intake.h"
#include "loader/markings.h"
#include "loader/public_suffix.h"
#include "loader/reader.h"
#include "loader/report_index.h"
#include "loader/sink.h"
#include "loader/versions.h"

enum { BUILD_ONE_IN = 16 }; // writing costs more than reading

// What a loader has, except that the list of public suffixes, which is costly to load, serves all
// inputs.
static void create_parts(struct feed *feed, struct build **ret_build)
{
	static struct public_suffixes *suffixes;

	if (suffixes == NULL)
		FUZZ_ASSERT(public_suffixes_load(NULL, &suffixes) == 0);
	FUZZ_ASSERT(intake_create(suffixes, &feed->intake) == 0);
	FUZZ_ASSERT(build_create(ret_build) == 0);
	FUZZ_ASSERT(sink_build_create(*ret_build, &feed->sink) == 0);
	FUZZ_ASSERT(versions_create(&feed->versions) == 0);
	FUZZ_ASSERT(markings_create(&feed->markings) == 0);
	FUZZ_ASSERT(report_index_create(&feed->report_index) == 0);
}

static void free_parts(struct feed *feed)
{
	report_index_free(feed->report_index);
	markings_free(feed->markings);
	versions_free(feed->versions);
	sink_build_free(feed->sink);
	intake_free(feed->intake);
}

static void read_bytes(struct feed *feed, const uint8_t *data, size_t size)
{
	struct feed_summary summary = {0};
	char path[64];
	int fd = memfd_create("fuzz", 0);

	FUZZ_ASSERT(fd >= 0);
	FUZZ_ASSERT(write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	feed->summary = &summary;
	FUZZ_ASSERT(feed_input_open(path, NULL, NULL, &feed->input) == 0);
	(void)read_stix2.read(feed);
	FUZZ_ASSERT(summary.indicators + summary.duplicates <= summary.objects);
	feed_input_close(feed->input);
	report_clear(&summary.report);
	close(fd);
}

static void write_database(struct build *build)
{
	struct build_figures figures;
	struct report report = {0};
	int fd = memfd_create("database", 0);

	FUZZ_ASSERT(fd >= 0);
	FUZZ_ASSERT(build_write(build, fd, NULL, &report, &figures) == 0);
	report_clear(&report);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct feed_options options = {.path = "fuzz", .format = FEED_STIX};
	struct feed feed = {.options = &options, .source = slice_text("fuzz")};
	struct report report = {0};
	struct build *build;

	create_parts(&feed, &build);
	read_bytes(&feed, data, size);
	read_bytes(&feed, data, size / 2);
	markings_settle(feed.markings, build, &report);
	FUZZ_ASSERT(report_index_settle(feed.report_index, feed.versions, build) == 0);
	if (size % BUILD_ONE_IN == 0)
		write_database(build);
	report_clear(&report);
	free_parts(&feed);
	build_free(build);
	return 0;
}
