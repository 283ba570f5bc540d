// loader/loader.h — feeds in, indicators out. The folder's public header.
//
// A loader reads feeds one after another into a struct build, and settles at the end what needs
// all of them: newest versions, revocations, the reports that name an indicator.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "engine/build.h"
#include "engine/hit.h"
#include "engine/indicator.h"

enum feed_format {
	FEED_AUTO, // by content
	FEED_STIX, // STIX 2.0 and 2.1 JSON: a bundle, or one object a line
	FEED_TEXT, // one value a line
	FEED_HOSTS,
	FEED_CSV,         // with a header line
	FEED_STIX1,       // STIX 1.0 to 1.2 XML, also in TAXII 1.1 messages
	FEED_OPENIOC,     // OpenIOC 1.0 and 1.1
	FEED_WARNINGLIST, // MISP warninglist: known-benign, never compiled
	FEED_PROSE,       // running text: only what is clearly an indicator
	FEED_ZIP,         // an archive: each entry a feed of its own
	FEED_MISP,        // MISP events in JSON
	FEED_ZEEK,        // Zeek intelligence file
	FEED_MAIL,        // a message or an mbox: each attachment a feed of its own
	FEED_RPZ,         // response policy zone
	FEED_DATASET,     // Suricata dataset, or datarep
	FEED_IPREP,       // Suricata IP reputation
	FEED_FORMAT_COUNT,
};

// "auto", "stix", "text", "hosts", "csv", "misp-warninglist", "prose", "zip" …
const char *feed_format_name(enum feed_format format);

struct feed_options {
	const char *path; // "-": standard input. gzip and zstd are recognised by content
	int fd; // > 0: read this from its position on, `path` is for messages only; borrowed
	enum feed_format format;
	const char *source; // NULL: the file's name without its folders
	const char *group;  // NULL: none
	enum tlp tlp;       // for what carries none itself
	bool is_source_hidden;
	bool has_plain_names;      // FEED_PROSE: names that are not defanged, too
	bool is_mail_text_skipped; // FEED_MAIL: only the attachments
	bool is_known_benign;    // whatever its format, its values are no threats: none is screened
	const char *csv_columns; // FEED_CSV: a column map, see loader/csv_map.h; NULL: by header

	// A source's own terms (loader/sink_terms.h).
	const char *(*types)[2]; // words for threat types: theirs, ours
	unsigned types_count;
	int64_t time_ns; // now; and the time after which none is believed, 0: all are
	int64_t latest_ns;
	struct screening *screening; // NULL: nothing of ours is known, and nobody accepts values
};

struct feed_summary {
	enum feed_format format;
	uint64_t bytes;                         // read, after decompression
	uint64_t objects;                       // STIX objects, or lines with a value
	uint64_t indicators;                    // taken
	uint64_t values[OBSERVABLE_TYPE_COUNT]; // taken, by type
	uint64_t patterns;                      // taken: those for Hyperscan
	uint64_t duplicates;                    // the same value or object again, within this feed
	uint64_t removed;                       // values that a difference list took back
	uint64_t known_benign;                  // values of lists that are no threats
	bool is_damaged;                        // not all that was there could be read
	bool is_difference;                     // it adds and removes: nothing is absent from it
	int64_t duration_ns;
	struct report report; // what was skipped or changed, and why; report_clear() when done
};

struct loader;

// `build` is borrowed until loader_finish(). Returns 0 and gives the loader to the caller
// (loader_free), or -ENOMEM.
int loader_create(struct build *build, struct loader **ret_loader);

// The same with a list of public suffixes (loader/public_suffix.h), which is borrowed likewise:
// loading one takes 10 ms, which counts for whoever creates many loaders.
struct public_suffixes;
int loader_create_with(struct build *build, const struct public_suffixes *suffixes,
                       struct loader **ret_loader);

// The same into another sink (loader/sink.h), borrowed until loader_free(), which settles by itself
// what needs all feeds.
struct sink;
int loader_create_into(struct sink *sink, const struct public_suffixes *suffixes,
                       struct loader **ret_loader);

// Accepts NULL.
void loader_free(struct loader *loader);
DEFINE_AUTO(loader, loader_free)

// Reads one feed. `progress` (may be NULL) is told the bytes of the file read so far, now and
// then; when it returns false, reading stops and the call returns -ECANCELED.
// *ret_summary is always set; its report.each and each_context are kept as the caller set them.
// Returns 0 (also when everything in it was skipped), or why the feed could not be read at all:
// the file's error, -EBADMSG (not of the format asked, or of none known), -ENOMEM.
int loader_read_feed(struct loader *loader, const struct feed_options *options,
                     bool (*progress)(void *context, uint64_t file_bytes), void *context,
                     struct feed_summary *ret_summary);

// Settles markings and report names across all feeds. `report` is told of markings that no feed
// defines; what was revoked or replaced is in the report of the feed that did so.
// Returns 0 or -ENOMEM.
int loader_finish(struct loader *loader, struct report *report);

// One value as a person types it, for `lookup`: defanged, a URL, a name, an address, a network,
// a hash. Gives the observables that it can be (two: a URL without a scheme, a reversed address
// name); their text lies in ret_text. Returns how many, or -EINVAL with none.
int loader_value_observables(struct slice value, char ret_text[2 * URL_BYTES_MAX],
                             struct observable ret_observables[2]);
