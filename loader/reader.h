// loader/reader.h — what all feed readers share.
//
// A reader knows one format: it takes bytes from a feed_input, adds indicators to the build, hands
// their values to the intake, and reports what it skipped. One file each, parse_<format>.c; the
// array `readers` names them all.
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "loader/feed_input.h"
#include "loader/loader.h"

enum { READER_HEAD_BYTES = 64 * 1024 }; // of a feed, by which its format is told

struct intake;        // loader/intake.h: normalise, screen, add
struct sink;          // loader/sink.h: where it goes
struct versions;      // loader/versions.h: newest version of each STIX object
struct markings;      // loader/markings.h: what they say about sharing
struct nesting;       // loader/nested.h: feeds within feeds
struct prose_context; // loader/prose_judge.h: what a report is known to be like
struct report_index;  // loader/report_index.h: of the reports that name an indicator

// One feed being read. loader.c owns it; readers fill `summary`.
struct feed {
	const struct feed_options *options;
	struct slice source; // options->source, or the file's name
	struct feed_input *input;
	struct sink *sink;
	struct intake *intake;
	struct versions *versions;
	struct markings *markings;
	struct report_index *report_index;
	struct feed_summary *summary;
	struct nesting *nesting;           // of feeds within the outermost one
	byte_source_progress_fn *progress; // for the input of a feed within; may be NULL
	void *progress_context;
	const char *label;           // static: of every record; NULL: none
	struct prose_context *prose; // parse_prose.c's own, while it reads
	uint32_t feed_id;            // 0, 1, 2 … in the order of reading
};

struct reader_ops {
	enum feed_format format;
	const char *name;

	// Does a feed that begins with `head` (READER_HEAD_BYTES, or all of it) look like this
	// format?
	bool (*recognises)(struct slice head);

	// Reads all of it. Returns 0, -ECANCELED, -ENOMEM, the input's error, or -EBADMSG when
	// nothing in it could be read as this format.
	int (*read)(struct feed *feed);

	// Its files cannot be mistaken: it is asked before the content is taken for a foreign
	// format, which the readers of lists would take for a list.
	bool is_unmistakable;
};

extern const struct reader_ops read_stix2;
extern const struct reader_ops read_stix1;
extern const struct reader_ops read_openioc;
extern const struct reader_ops read_warninglist;
extern const struct reader_ops read_misp;
extern const struct reader_ops read_zeek;
extern const struct reader_ops read_rpz;
extern const struct reader_ops read_dataset;
extern const struct reader_ops read_iprep;
extern const struct reader_ops read_csv;
extern const struct reader_ops read_hosts;
extern const struct reader_ops read_text;
extern const struct reader_ops read_prose;
extern const struct reader_ops read_zip;
extern const struct reader_ops read_mail;

// In the order in which they are asked, the least particular last; NULL behind it.
extern const struct reader_ops *const readers[];

// Finds the reader for feed->input, unless the options name it, and reads. Returns 0, or an error
// as loader_read_feed().
int reader_read_input(struct feed *feed);

// A record with the feed's source, group, TLP and hiding set, and everything else unknown.
struct indicator reader_new_indicator(const struct feed *feed);
