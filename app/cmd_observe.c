#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/capture_list.h"
#include "app/capture_results.h"
#include "app/command.h"
#include "app/options.h"
#include "app/output_file.h"
#include "app/progress.h"
#include "app/stop.h"
#include "base/buffer.h"
#include "base/log.h"
#include "dataplane/dataplane.h"
#include "sightings/sightings.h"

enum {
	FLUSH_BYTES = 256 * 1024,
	IDLE_NS = 20 * 1000 * 1000, // between looks at the worker
};

struct observe_values {
	struct capture_list captures;
	const char *output_path;
	struct traffic_settings traffic;
	bool is_quiet;
};

static int add_capture(void *context, const char *path)
{
	struct observe_values *values = context;

	return capture_list_take(&values->captures, path);
}

static const struct option observe_options[] = {
	{OPTION_TEXT, 'o', "output", "FILE", .offset = offsetof(struct observe_values, output_path),
         .help = "write to FILE instead of standard output"},
	{OPTION_FLAG, 'q', "quiet", .offset = offsetof(struct observe_values, is_quiet),
         .help = "no progress bar"},
	{OPTION_FLAG, 0, "checksums",
         .offset = offsetof(struct observe_values, traffic.must_check_sums),
         .help = "take nothing but addresses from packets with a wrong checksum"},
	{OPTION_FLAG, 0, "local-dns",
         .offset = offsetof(struct observe_values, traffic.has_local_dns),
         .help = "take multicast DNS and LLMNR for DNS"},
	{OPTION_END},
};

static const struct command_line observe_line = {
	"sekisho observe",
	"[options] CAPTURE...",
	"Prints every address, name, URL and file of captures that 'sekisho match' would look for, "
	"and what goes with them (pcap, pcapng and snoop; plain, gzip or zstd; folders with all "
	"their "
	"captures; - is standard input), one JSON object a line.",
	observe_options,
	add_capture,
};

// What the worker's thread writes with until it is joined.
struct writer {
	const struct capture_list *captures;
	FILE *stream; // its error flag is how the main thread learns of a failure
	int error;    // why; read when the worker has ended
	struct buffer json;
	uint64_t count;
};

static void write_out(struct writer *writer)
{
	if (writer->json.size > 0 && // else there may be no data to point to
	    fwrite(writer->json.data, 1, writer->json.size, writer->stream) < writer->json.size &&
	    writer->error == 0)
		writer->error = -errno;
	buffer_clear(&writer->json);
}

static void write_observable(void *context, const struct origin *origin,
                             const struct observable *observable)
{
	struct writer *writer = context;

	sightings_append_observable(&writer->json, writer->captures->paths[origin->capture_id],
	                            origin, observable);
	writer->count++;
	if (writer->json.size >= FLUSH_BYTES)
		write_out(writer);
}

static void write_file(void *context, const struct origin *origin, const struct file_seen *file)
{
	struct writer *writer = context;

	sightings_append_file(&writer->json, writer->captures->paths[origin->capture_id], origin,
	                      file);
	writer->count++;
	if (writer->json.size >= FLUSH_BYTES)
		write_out(writer);
}

static void wait_until_done(struct workers *workers, FILE *stream, struct progress *progress)
{
	const struct timespec pause = {.tv_nsec = IDLE_NS};
	uint64_t packets, file_bytes;

	while (!workers_are_done(workers)) {
		if (stop_signal() != 0 || ferror(stream))
			workers_stop(workers);
		(void)nanosleep(&pause, NULL);
		workers_progress(workers, &packets, &file_bytes);
		progress_update(progress, file_bytes);
	}
}

// Returns 0 and sets *ret_unreadable_count, or why it could not be started or written.
static int run_worker(const struct observe_values *values, struct writer *writer,
                      unsigned *ret_unreadable_count)
{
	const struct workers_options options = {
		.captures = (const char *const *)values->captures.paths,
		.capture_count = values->captures.count,
		.worker_count = 1,
		.observe = write_observable,
		.observe_file = write_file,
		.observe_context = writer,
		.traffic = values->traffic,
	};
	AUTO(workers) workers = NULL;
	const struct capture_result *results;
	struct dataplane_counters counters;
	struct progress progress;
	int error = workers_start(&options, &workers);

	if (error < 0)
		return error;
	progress_start(&progress, "observing", values->captures.total_bytes, values->is_quiet);
	wait_until_done(workers, writer->stream, &progress);
	progress_end(&progress);
	workers_join(workers, &counters, &results);
	write_out(writer);
	*ret_unreadable_count = capture_results_log(&values->captures, results);
	return writer->json.failed ? -ENOMEM : writer->error;
}

static int observe(const struct observe_values *values)
{
	struct writer writer = {.captures = &values->captures};
	AUTO(output_file) output = NULL;
	unsigned unreadable_count = 0;
	int error = output_file_open(values->output_path, &output);

	if (error == 0) {
		writer.stream = output_file_stream(output);
		if (values->captures.count > 0)
			error = run_worker(values, &writer, &unreadable_count);
		buffer_close(&writer.json);
	}
	if (error == 0)
		error = output_file_commit(output);
	if (error < 0)
		output_file_log_error("the observables", values->output_path, error);
	if (stop_signal() != 0)
		return EXIT_SIGNAL_BASE + stop_signal();
	if (error < 0)
		return EXIT_FAILED;
	if (unreadable_count > 0 || values->captures.has_unreadable)
		return EXIT_FAILED;
	return writer.count > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
	struct observe_values values = {.output_path = "-"};
	int status = EXIT_FAILED;

	switch (options_parse(&observe_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		status = EXIT_FOUND;
		break;
	case OPTIONS_READ:
		if (!values.captures.is_asked_for) {
			options_complain(&observe_line, "which captures?");
		} else {
			stop_install();
			status = observe(&values);
		}
		break;
	case OPTIONS_WRONG:
		break;
	}
	capture_list_close(&values.captures);
	return status;
}

const struct command command_observe = {
	.name = "observe",
	.summary = "print what captures hold that could match",
	.run = run,
};
