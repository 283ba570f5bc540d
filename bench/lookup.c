// bench/lookup.c — what building, opening and looking up cost, by type and number of entries.
//
// usage: bench_lookup [ENTRIES_MAX [TYPE [OVERLAY]]]   prints one JSON object a line; OVERLAY: how
// many entries lie in an overlay beside the database, with a state file.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "bench/lookup_database.h"
#include "engine/match.h"
#include "engine/overlay.h"

enum { QUERIES = 1 << 16, MISS_ROUNDS = 16, HIT_ROUNDS = 8 };

struct queries {
	struct observable observables[QUERIES];
	uint8_t texts[QUERIES][LOOKUP_VALUE_BYTES];
};

struct batch {
	struct observable observables[MATCH_BATCH_MAX];
	uint8_t texts[MATCH_BATCH_MAX][LOOKUP_VALUE_BYTES];
};

struct measured {
	double build_s; // adding and writing
	double open_ms;
	double overlay_ms; // adding and writing the overlay
	double miss_ns;
	double hit_ns;
	uint64_t false_hits; // must be 0
	uint64_t found;      // of QUERIES
};

// Brings a batch to where the extractor of a packet leaves it: the first cache.
static void load_batch(const struct queries *queries, size_t first, struct batch *batch)
{
	memcpy(batch->observables, &queries->observables[first], sizeof(batch->observables));
	memcpy(batch->texts, &queries->texts[first], sizeof(batch->texts));
	for (size_t i = 0; i < MATCH_BATCH_MAX; i++)
		batch->observables[i].text.data = batch->texts[i];
}

static int compare_times(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return a < b ? -1 : a > b;
}

// Nanoseconds a look-up: the median of all batches, which a busy machine disturbs least, less
// what looking at the clock takes. *ret_matches of one pass.
static double time_queries(struct match_context *context, const struct queries *queries,
                           unsigned rounds, uint64_t *ret_matches)
{
	static double times[QUERIES / MATCH_BATCH_MAX * MISS_ROUNDS];
	static double clocks[QUERIES / MATCH_BATCH_MAX * MISS_ROUNDS];
	const struct match *matches;
	struct batch batch;
	size_t count = 0;

	for (unsigned round = 0; round < rounds; round++) {
		*ret_matches = 0;
		for (size_t i = 0; i < QUERIES; i += MATCH_BATCH_MAX) {
			double before;
			double start;

			load_batch(queries, i, &batch);
			before = lookup_now_s();
			start = lookup_now_s();
			*ret_matches += match_find(context, batch.observables, MATCH_BATCH_MAX,
			                           &matches);
			times[count] = lookup_now_s() - start;
			clocks[count++] = start - before;
		}
	}
	qsort(times, count, sizeof(times[0]), compare_times);
	qsort(clocks, count, sizeof(clocks[0]), compare_times);
	return (times[count / 2] - clocks[count / 2]) / MATCH_BATCH_MAX * 1e9;
}

// Values that meet nothing: among 1,000,000 names of the generator there are parents of 3 % of
// those that are not entries.
static void make_misses(enum lookup_values_kind kind, struct match_context *context,
                        struct queries *queries)
{
	uint64_t number = LOOKUP_MISS_BEGIN;

	for (uint64_t i = 0; i < QUERIES; number++) {
		const struct match *matches;

		lookup_values_make(kind, number, queries->texts[i], &queries->observables[i]);
		i += match_find(context, &queries->observables[i], 1, &matches) == 0;
	}
}

// What is measured.
struct subject {
	enum lookup_values_kind kind;
	uint64_t count;
	uint64_t overlay_count;
};

// The overlay of the database at `path`, which holds the values behind those of the base.
static int add_overlay(const char *path, const struct subject *subject)
{
	AUTO(build) additions = NULL;
	AUTO(database) base = NULL;
	struct build_figures figures;
	int error = build_create(&additions);

	if (error == 0)
		error = lookup_database_add(additions, subject->kind, subject->count,
		                            subject->overlay_count);
	if (error == 0)
		error = database_open(path, NULL, &base);
	return error != 0 ? error : overlay_write(path, base, additions, NULL, 0, NULL, &figures);
}

static int make_database(const char *path, int fd, const struct subject *subject,
                         struct build_figures *figures, struct measured *measured)
{
	int error = lookup_database_build(subject->kind, subject->count, fd, figures,
	                                  &measured->build_s);
	double start = lookup_now_s();

	if (error == 0 && subject->overlay_count > 0)
		error = add_overlay(path, subject);
	measured->overlay_ms = (lookup_now_s() - start) * 1e3;
	return error;
}

static int measure(const struct subject *subject, struct queries *queries,
                   struct build_figures *figures, struct measured *ret_measured)
{
	enum lookup_values_kind kind = subject->kind;
	uint64_t count = subject->count;
	char path[] = "/tmp/sekisho-lookup-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	AUTO(database) database = NULL;
	AUTO(match_context) context = NULL;
	double start;
	int error = make_database(path, fd, subject, figures, ret_measured);

	start = lookup_now_s();
	if (error == 0)
		error = database_open(path, NULL, &database);
	ret_measured->open_ms = (lookup_now_s() - start) * 1e3;
	close(fd);
	(void)unlink(path);
	(void)overlay_remove(path);
	if (error == 0)
		error = match_context_create(database, &context);
	if (error != 0)
		return error;
	make_misses(kind, context, queries);
	ret_measured->miss_ns = time_queries(context, queries, MISS_ROUNDS,
	                                     &ret_measured->false_hits);
	for (uint64_t i = 0; i < QUERIES; i++)
		lookup_values_make(kind, i * 2654435761u % count, queries->texts[i],
		                   &queries->observables[i]);
	ret_measured->hit_ns = time_queries(context, queries, HIT_ROUNDS, &ret_measured->found);
	return 0;
}

static int measure_and_print(const struct subject *subject, struct queries *queries)
{
	uint64_t count = subject->count;
	struct build_figures figures = {};
	struct measured measured = {};
	struct rusage usage;
	int error = measure(subject, queries, &figures, &measured);

	if (error != 0)
		return error;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"type\": \"%s\", \"entries\": %lu, \"miss_ns\": %.2f, \"hit_ns\": %.1f, "
	       "\"build_s\": %.3f, \"open_ms\": %.3f, \"overlay_ms\": %.3f, "
	       "\"hot_bytes_per_entry\": %.1f, "
	       "\"file_bytes_per_entry\": %.1f, \"peak_rss_bytes\": %lu, "
	       "\"false_matches\": %lu, \"found\": %lu}\n",
	       lookup_values_kind_name(subject->kind), count, measured.miss_ns, measured.hit_ns,
	       measured.build_s, measured.open_ms, measured.overlay_ms,
	       (double)figures.hot_bytes / (double)count,
	       (double)figures.file_bytes / (double)count, (uint64_t)usage.ru_maxrss * 1024,
	       measured.false_hits, measured.found);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t entries_max = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	const char *only = argc > 2 ? argv[2] : NULL;
	uint64_t overlay_count = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	struct queries *queries = calloc(1, sizeof(*queries));
	int error = queries != NULL ? 0 : -1;

	for (unsigned kind = 0; kind < VALUES_KIND_COUNT && error == 0; kind++) {
		if (only != NULL && strcmp(only, lookup_values_kind_name(kind)) != 0)
			continue;
		for (uint64_t count = 1000; count <= entries_max && error == 0; count *= 10)
			error = measure_and_print(&(struct subject){kind, count, overlay_count},
			                          queries);
	}
	free(queries);
	if (error != 0)
		log_error("bench_lookup: %s", strerror(-error));
	return error == 0 ? 0 : 1;
}
