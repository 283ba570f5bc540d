// bench/patterns.c — what patterns cost to compile and to scan.
//
// usage: bench_patterns COUNT like|matches
//
// Makes COUNT patterns over names and URLs in the shapes that feeds have, compiles them, and
// scans four usual values that none of them matches. Prints one line of JSON.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "engine/pattern_builder.h"
#include "engine/pattern_set.h"

enum { SCANS = 200000, PATTERN_TEXT_BYTES = 128, SEED = 1 };

static double now_s(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Processor time of this process and its children.
static double cpu_s(void)
{
	double sum = 0;

	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		struct rusage usage;

		(void)getrusage(who, &usage);
		sum += (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
	}
	return sum;
}

static enum observable_type write_like(unsigned number, unsigned long random_part,
                                       char ret_text[PATTERN_TEXT_BYTES])
{
	switch (number % 4) {
	case 0:
		(void)snprintf(ret_text, PATTERN_TEXT_BYTES, "evil%lx-%%.bad.example", random_part);
		return OBSERVABLE_NAME;
	case 1:
		(void)snprintf(ret_text, PATTERN_TEXT_BYTES, "%%.c%lx.%%.example", random_part);
		return OBSERVABLE_NAME;
	case 2:
		(void)snprintf(ret_text, PATTERN_TEXT_BYTES, "%%/gate%lx.php?id=%%", random_part);
		return OBSERVABLE_URL;
	default:
		(void)snprintf(ret_text, PATTERN_TEXT_BYTES, "http://%%/wp-content/%%/x%lx.exe",
		               random_part);
		return OBSERVABLE_URL;
	}
}

static enum observable_type write_matches(unsigned number, unsigned long random_part,
                                          char ret_text[PATTERN_TEXT_BYTES])
{
	static const char *const forms[] = {
		"^https?://[a-z]+%lx\\.com/[0-9]{1,5}/",
		"/[a-f0-9]{8}/gate%lx\\.php$",
		"^http://[^/]+/wp-[a-z]+/%lx/",
	};
	const char *form = forms[number % 3];
	const char *mark = strchr(form, '%');

	(void)snprintf(ret_text, PATTERN_TEXT_BYTES, "%.*s%lx%s", (int)(mark - form), form,
	               random_part, mark + 3);
	return OBSERVABLE_URL;
}

static void note_refused(void *context, uint32_t pattern_id, const char *reason)
{
	(void)context;
	(void)fprintf(stderr, "pattern %u %s\n", pattern_id, reason);
}

static void count_found(void *context, uint32_t pattern_id)
{
	unsigned long *count = context;

	(void)pattern_id;
	++*count;
}

static int add_patterns(struct pattern_builder *builder, unsigned count, enum pattern_syntax syntax)
{
	srandom(SEED);
	for (unsigned i = 0; i < count; i++) {
		char text[PATTERN_TEXT_BYTES];
		unsigned long random_part = (unsigned long)random();
		const char *reason = "no memory";
		enum observable_type type = syntax == PATTERN_LIKE
		                                    ? write_like(i, random_part, text)
		                                    : write_matches(i, random_part, text);
		int error = pattern_builder_add(builder, type, syntax, slice_text(text), i,
		                                &reason);

		if (error < 0) {
			(void)fprintf(stderr, "%s: %s\n", text, reason);
			return error;
		}
	}
	return 0;
}

static void print_scans(const struct pattern_set *set, struct pattern_scratch *scratch)
{
	static const char *const values[] = {
		"www.example.com",
		"a.very.long.name.in.some.cloud.provider.region-1.compute.example.co.jp",
		"http://a.example.net/",
		"http://www.example.com/wp-content/plugins/a/b.php?id=12345&name=foo%20bar",
	};

	for (unsigned i = 0; i < 4; i++) {
		enum observable_type type = i < 2 ? OBSERVABLE_NAME : OBSERVABLE_URL;
		struct slice value = slice_text(values[i]);
		unsigned long found = 0;
		double start = now_s();

		for (unsigned scan = 0; scan < SCANS; scan++)
			pattern_set_scan(set, scratch, type, value, count_found, &found);
		(void)printf(", \"scan_%s_%zu_bytes_ns\": %.0f", i < 2 ? "name" : "url", value.size,
		             (now_s() - start) / SCANS * 1e9);
	}
}

static int measure(struct pattern_builder *builder)
{
	AUTO(pattern_set) set = NULL;
	AUTO(pattern_scratch) scratch = NULL;
	struct buffer patterns = {0};
	struct buffer shards = {0};
	double start_cpu = cpu_s();
	int error = pattern_builder_finish(builder, note_refused, NULL, &patterns, &shards);
	double compile_cpu = cpu_s() - start_cpu;
	double start = now_s();

	if (error == 0)
		error = pattern_set_open(buffer_slice(&patterns), buffer_slice(&shards), &set);
	double open_s = now_s() - start;
	if (error == 0)
		error = pattern_scratch_create(set, &scratch);
	if (error == 0) {
		(void)printf("{\"patterns\": %zu, \"compile_cpu_s\": %.2f, \"open_ms\": %.1f, "
		             "\"shard_bytes\": %zu",
		             pattern_set_count(set), compile_cpu, open_s * 1e3, shards.size);
		print_scans(set, scratch);
		(void)printf("}\n");
	}
	buffer_close(&patterns);
	buffer_close(&shards);
	return error;
}

int main(int argc, char *argv[])
{
	AUTO(pattern_builder) builder = NULL;
	unsigned long count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;

	if (count == 0 || count > 1000000) {
		(void)fprintf(stderr, "usage: bench_patterns COUNT like|matches\n");
		return EXIT_FAILURE;
	}
	enum pattern_syntax syntax = strcmp(argv[2], "like") == 0 ? PATTERN_LIKE : PATTERN_MATCHES;
	if (pattern_builder_create(&builder) < 0 ||
	    add_patterns(builder, (unsigned)count, syntax) < 0 || measure(builder) < 0) {
		(void)fprintf(stderr, "bench_patterns: could not be measured\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
