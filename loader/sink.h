// loader/sink.h — where readers deliver what they found: a database being built, or the store.
//
// A reader calls add_indicator(), then add_value() for each of its values, then keep_object() when
// it has one; the next add_indicator() begins another. Whoever embeds a struct sink first in its
// own struct fills `ops`. One thread at a time; what is given is borrowed for the call only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/indicator.h"

struct sink;
struct intake_value; // loader/intake_value.h

enum sink_withdrawal {
	SINK_NOTHING_TAKEN, // none of its values was: the indicator added last is as if never seen
	SINK_REPLACED, // by a newer version, which was added before this call, if it has values
	SINK_REVOKED,
};

// Whose versions count against each other: the same source, creator and id (STIX 2.1, section 3.6).
struct sink_identity {
	struct slice id;
	struct slice created_by;
};

struct sink_ops {
	// Gives the run's own id, 1, 2, 3 … Returns 0 or an error that ends the feed.
	int (*add_indicator)(struct sink *sink, const struct indicator *indicator,
	                     uint32_t *ret_indicator_id);

	// A normalised and screened value of the indicator added last. Returns 1 when taken, 0 when
	// refused with *ret_reason (valid until the next call), or an error.
	int (*add_value)(struct sink *sink, uint32_t indicator_id, const struct intake_value *value,
	                 const char **ret_reason);

	// Takes an indicator of this run out again.
	void (*withdraw)(struct sink *sink, uint32_t indicator_id, enum sink_withdrawal why);

	// Whatever earlier runs know under this identity is out: revoked, or replaced by a version
	// that has nothing to look for. `modified_ns`: of the version that says so. NULL: nothing
	// to do. Returns 0 or an error.
	int (*retire)(struct sink *sink, const struct sink_identity *identity, int64_t modified_ns,
	              enum sink_withdrawal why);

	// A difference list of `source` says that this value is listed no more, as of `time_ns`
	// (TIMESTAMP_MIN: now); what the source listed later than that stays. Returns 1 when it was
	// listed by this source, 0 when not, or an error. NULL: the sink has no memory of values.
	int (*remove_value)(struct sink *sink, struct slice source,
	                    const struct intake_value *value, int64_t time_ns);

	// As build_keep_object() (engine/build.h).
	int (*keep_object)(struct sink *sink, uint32_t indicator_id, struct slice id,
	                   struct slice json);
};

struct sink {
	const struct sink_ops *ops;
	bool takes_known_benign; // lists of known-benign values are delivered too, else only
	                         // counted
	bool takes_reports;      // reports and groupings are kept too, as objects
};

// The one that adds to a struct build, borrowed until sink_build_free().
struct build;
int sink_build_create(struct build *build, struct sink **ret_sink);

// Accepts NULL.
void sink_build_free(struct sink *sink);
