#include "loader/loader.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loader/foreign.h"
#include "loader/intake.h"
#include "loader/markings.h"
#include "loader/nested.h"
#include "loader/public_suffix.h"
#include "loader/reader.h"
#include "loader/report_index.h"
#include "loader/sink.h"
#include "loader/sink_terms.h"
#include "loader/versions.h"

static const char *const format_names[] = {
	[FEED_AUTO] = "auto",
	[FEED_STIX] = "stix",
	[FEED_TEXT] = "text",
	[FEED_HOSTS] = "hosts",
	[FEED_CSV] = "csv",
	[FEED_STIX1] = "stix1",
	[FEED_OPENIOC] = "openioc",
	[FEED_WARNINGLIST] = "misp-warninglist",
	[FEED_PROSE] = "prose",
	[FEED_ZIP] = "zip",
	[FEED_MISP] = "misp",
	[FEED_ZEEK] = "zeek",
	[FEED_MAIL] = "mail",
	[FEED_RPZ] = "rpz",
	[FEED_DATASET] = "suricata-dataset",
	[FEED_IPREP] = "suricata-iprep",
};
static_assert(sizeof(format_names) / sizeof(format_names[0]) == FEED_FORMAT_COUNT, "all named");

const struct reader_ops *const readers[] = {
	&read_stix2, &read_stix1, &read_openioc, &read_misp,    &read_warninglist, &read_zip,
	&read_mail,  &read_zeek,  &read_rpz,     &read_dataset, &read_iprep,       &read_csv,
	&read_hosts, &read_text,  &read_prose,   NULL,
};
static_assert(sizeof(readers) / sizeof(readers[0]) == FEED_FORMAT_COUNT, "one a format, and NULL");

struct loader {
	struct build *build;              // borrowed; NULL: the sink is the caller's
	struct sink *sink;                // own with `build`, else borrowed
	struct public_suffixes *suffixes; // NULL: borrowed ones
	struct intake *intake;
	struct versions *versions;
	struct markings *markings;
	struct report_index *report_index;
	uint32_t feed_count;
};

const char *feed_format_name(enum feed_format format)
{
	return format_names[format];
}

int loader_create_into(struct sink *sink, const struct public_suffixes *suffixes,
                       struct loader **ret_loader)
{
	AUTO(loader) loader = calloc(1, sizeof(*loader));

	if (loader == NULL)
		return -ENOMEM;
	loader->sink = sink;

	int error = intake_create(suffixes, &loader->intake);
	if (error == 0)
		error = versions_create(&loader->versions);
	if (error == 0)
		error = markings_create(&loader->markings);
	if (error == 0)
		error = report_index_create(&loader->report_index);
	if (error == 0)
		*ret_loader = TAKE(loader);
	return error;
}

int loader_create_with(struct build *build, const struct public_suffixes *suffixes,
                       struct loader **ret_loader)
{
	struct sink *sink;
	int error = sink_build_create(build, &sink);

	if (error < 0)
		return error;
	error = loader_create_into(sink, suffixes, ret_loader);
	if (error < 0)
		sink_build_free(sink);
	else
		(*ret_loader)->build = build;
	return error;
}

int loader_create(struct build *build, struct loader **ret_loader)
{
	AUTO(public_suffixes) suffixes = NULL;
	struct loader *loader;
	int error = public_suffixes_load(NULL, &suffixes);

	if (error == 0)
		error = loader_create_with(build, suffixes, &loader);
	if (error < 0)
		return error;
	loader->suffixes = TAKE(suffixes);
	*ret_loader = loader;
	return 0;
}

void loader_free(struct loader *loader)
{
	if (loader == NULL)
		return;
	intake_free(loader->intake);
	public_suffixes_free(loader->suffixes);
	versions_free(loader->versions);
	markings_free(loader->markings);
	report_index_free(loader->report_index);
	if (loader->build != NULL)
		sink_build_free(loader->sink);
	free(loader);
}

struct indicator reader_new_indicator(const struct feed *feed)
{
	return (struct indicator){
		.source = feed->source,
		.labels = slice_text(feed->label),
		.group = slice_text(feed->options->group),
		.created_ns = TIMESTAMP_MIN,
		.modified_ns = TIMESTAMP_MIN,
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
		.tlp = feed->options->tlp,
		.action = ACTION_ALERT,
		.confidence = CONFIDENCE_NONE,
		.is_source_hidden = feed->options->is_source_hidden,
	};
}

static struct slice source_of(const struct feed_options *options)
{
	const char *slash = strrchr(options->path, '/');

	if (options->source != NULL)
		return slice_text(options->source);
	return slice_text(slash != NULL ? slash + 1 : options->path);
}

static const struct reader_ops *forced_reader(enum feed_format format)
{
	for (const struct reader_ops *const *reader = readers; *reader != NULL; reader++)
		if ((*reader)->format == format)
			return *reader;
	return NULL;
}

// The reader for a feed that begins with `head`; NULL, and a report, when there is none. What is
// foreign is told before the readers of lists are asked: they would take many things for a list.
static const struct reader_ops *recognise(struct slice head, struct report *report)
{
	const char *foreign = foreign_format(head);

	for (const struct reader_ops *const *reader = readers; *reader != NULL; reader++) {
		if ((foreign == NULL || (*reader)->is_unmistakable) && (*reader)->recognises(head))
			return *reader;
	}
	report_note(report, "format not read by this version", slice_text(""), "%s",
	            foreign != NULL ? foreign : "not one of those known");
	return NULL;
}

// What is packed is unpacked whatever format is asked for: that is of what is in it.
static const struct reader_ops *reader_for(const struct feed *feed, struct slice head)
{
	enum feed_format format = feed->options->format;

	if (read_zip.recognises(head))
		return &read_zip;
	return format != FEED_AUTO ? forced_reader(format)
	                           : recognise(head, &feed->summary->report);
}

// Damaged compression is told once; what was read before the damage stays.
static int settle_damage(const struct feed *feed, int error)
{
	struct feed_summary *summary = feed->summary;
	struct slice window;

	if (feed_input_peek(feed->input, 1, &window) != -EBADMSG)
		return error;
	summary->is_damaged = true;
	report_add(&summary->report, &(struct problem){
					     .reason = "compressed data is damaged or truncated",
					     .consequence = "what came before is kept",
					     .offset = feed_input_offset(feed->input),
					     .has_offset = true,
				     });
	return summary->objects > 0 && (error == 0 || error == -EBADMSG) ? 0 : -EBADMSG;
}

int reader_read_input(struct feed *feed)
{
	struct feed_summary *summary = feed->summary;
	struct slice head;

	int error = feed_input_peek(feed->input, READER_HEAD_BYTES, &head);
	if (error != 0)
		return error == -EBADMSG ? settle_damage(feed, error) : error;
	if (head.size == 0) {
		report_note(&summary->report, "empty", slice_text(feed->options->path), "%s", "");
		return 0;
	}

	const struct reader_ops *reader = reader_for(feed, slice_first(head, READER_HEAD_BYTES));

	if (reader == NULL)
		return -EBADMSG;
	summary->format = reader->format;
	error = reader->read(feed);
	return error == 0 || error == -EBADMSG ? settle_damage(feed, error) : error;
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

// Everything but what the caller set.
static void clear_summary(struct feed_summary *summary, const struct feed_options *options)
{
	struct report report = {
		.input = options->path,
		.each = summary->report.each,
		.each_context = summary->report.each_context,
	};

	*summary = (struct feed_summary){.format = options->format, .report = report};
}

int loader_read_feed(struct loader *loader, const struct feed_options *options,
                     bool (*progress)(void *context, uint64_t file_bytes), void *context,
                     struct feed_summary *ret_summary)
{
	AUTO(feed_input) input = NULL;
	int64_t start_ns = now_ns();
	struct nesting nesting = {0};

	clear_summary(ret_summary, options);
	int error = options->fd > 0 ? feed_input_open_fd(options->fd, progress, context, &input)
	                            : feed_input_open(options->path, progress, context, &input);
	if (error != 0)
		return error;

	struct feed feed = {
		.options = options,
		.source = source_of(options),
		.input = input,
		.sink = loader->sink,
		.intake = loader->intake,
		.versions = loader->versions,
		.markings = loader->markings,
		.report_index = loader->report_index,
		.summary = ret_summary,
		.nesting = &nesting,
		.progress = progress,
		.progress_context = context,
		.feed_id = loader->feed_count++,
	};
	struct sink_terms terms;
	bool has_terms = sink_terms_are_needed(options);
	if (has_terms) {
		sink_terms_open(&terms, options, loader->sink);
		feed.sink = &terms.sink;
	}
	error = reader_read_input(&feed);
	if (has_terms)
		sink_terms_close(&terms, ret_summary);
	ret_summary->bytes = feed_input_offset(input);
	ret_summary->duration_ns = now_ns() - start_ns;
	return error;
}

int loader_finish(struct loader *loader, struct report *report)
{
	if (loader->build == NULL)
		return 0;
	markings_settle(loader->markings, loader->build, report);
	return report_index_settle(loader->report_index, loader->versions, loader->build);
}
