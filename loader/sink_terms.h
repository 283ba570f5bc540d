// loader/sink_terms.h — a source's own terms, put between its reader and the sink behind.
//
// Threat types in the source's own words become ours; times that no clock can mean are not
// believed. Values that are no threats are only counted when the sink behind does not take such.
#pragma once

#include "base/buffer.h"
#include "loader/loader.h"
#include "loader/sink.h"

// One feed's. The owner closes it when the feed is read.
struct sink_terms {
	struct sink sink; // first: what the reader sees
	struct sink *behind;
	const struct feed_options *options;
	struct buffer threat_types;
	uint32_t counted_id; // the last one, when values are only counted
	uint64_t known_benign;
	uint64_t clock_ahead; // times that were not believed
	uint64_t never_valid; // valid_until before valid_from
};

// Does a feed need it at all?
bool sink_terms_are_needed(const struct feed_options *options);

// Borrows both until sink_terms_close(), which tells `summary` what was counted.
void sink_terms_open(struct sink_terms *terms, const struct feed_options *options,
                     struct sink *behind);
void sink_terms_close(struct sink_terms *terms, struct feed_summary *summary);
