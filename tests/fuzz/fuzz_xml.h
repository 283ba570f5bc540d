// tests/fuzz/fuzz_xml.h — a feed of the input as it is, read by one reader into a build.
#pragma once

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
#include "tests/fuzz/fuzz.h"

static inline void fuzz_xml_create(struct feed *feed, struct build **ret_build)
{
	static struct public_suffixes *suffixes; // costly to load: serves all inputs

	if (suffixes == NULL)
		FUZZ_ASSERT(public_suffixes_load(NULL, &suffixes) == 0);
	FUZZ_ASSERT(intake_create(suffixes, &feed->intake) == 0);
	FUZZ_ASSERT(build_create(ret_build) == 0);
	FUZZ_ASSERT(sink_build_create(*ret_build, &feed->sink) == 0);
	FUZZ_ASSERT(versions_create(&feed->versions) == 0);
	FUZZ_ASSERT(markings_create(&feed->markings) == 0);
	FUZZ_ASSERT(report_index_create(&feed->report_index) == 0);
}

static inline void fuzz_xml_free(struct feed *feed, struct build *build)
{
	report_index_free(feed->report_index);
	markings_free(feed->markings);
	versions_free(feed->versions);
	sink_build_free(feed->sink);
	intake_free(feed->intake);
	build_free(build);
}

static inline int fuzz_xml_file(const uint8_t *data, size_t size)
{
	int file = memfd_create("fuzz", 0);

	FUZZ_ASSERT(file >= 0);
	FUZZ_ASSERT(write(file, data, size) == (ssize_t)size);
	FUZZ_ASSERT(lseek(file, 0, SEEK_SET) == 0);
	return file;
}

static inline void fuzz_xml_read(struct feed *feed, const struct reader_ops *reader,
                                 const uint8_t *data, size_t size)
{
	struct feed_summary summary = {0};
	int file = fuzz_xml_file(data, size);

	feed->summary = &summary;
	FUZZ_ASSERT(feed_input_open_fd(file, NULL, NULL, &feed->input) == 0);
	(void)reader->read(feed);
	FUZZ_ASSERT(summary.indicators + summary.duplicates <= summary.objects);
	feed_input_close(feed->input);
	report_clear(&summary.report);
	close(file);
}

// Reads it twice, the second time half of it.
static inline void fuzz_xml_run(const struct reader_ops *reader, const uint8_t *data, size_t size)
{
	const struct feed_options options = {.path = "fuzz", .format = reader->format};
	struct feed feed = {.options = &options, .source = slice_text("fuzz")};
	struct build *build;

	fuzz_xml_create(&feed, &build);
	fuzz_xml_read(&feed, reader, data, size);
	fuzz_xml_read(&feed, reader, data, size / 2);
	fuzz_xml_free(&feed, build);
}
