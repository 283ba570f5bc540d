// One feed of a format, read from its bytes: what is left adds up.
#pragma once

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/build.h"
#include "loader/loader.h"
#include "loader/public_suffix.h"

// Loaded once: it takes a hundred times as long as a run.
static inline const struct public_suffixes *fuzz_feed_suffixes(void)
{
	static struct public_suffixes *loaded;

	if (loaded == NULL)
		FUZZ_ASSERT(public_suffixes_load(NULL, &loaded) == 0);
	return loaded;
}

// `options`: everything but where it is. The summary's report is the caller's to clear.
static inline void fuzz_feed_read(const uint8_t *data, size_t size,
                                  const struct feed_options *options,
                                  struct feed_summary *ret_summary)
{
	struct feed_options feed = *options;
	struct loader *loader;
	struct build *build;
	int fd = memfd_create("feed", MFD_CLOEXEC);

	FUZZ_ASSERT(fd >= 0);
	FUZZ_ASSERT(write(fd, data, size) == (ssize_t)size);
	FUZZ_ASSERT(lseek(fd, 0, SEEK_SET) == 0);
	feed.path = "fuzz";
	feed.fd = fd;
	FUZZ_ASSERT(build_create(&build) == 0);
	FUZZ_ASSERT(loader_create_with(build, fuzz_feed_suffixes(), &loader) == 0);
	loader_read_feed(loader, &feed, NULL, NULL, ret_summary);
	loader_free(loader);
	build_free(build);
	close(fd);
}

static inline uint64_t fuzz_feed_values(const struct feed_summary *summary)
{
	uint64_t values = summary->patterns;

	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		values += summary->values[i];
	return values;
}
