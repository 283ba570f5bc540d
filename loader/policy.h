// loader/policy.h — what is done with a value: an ordered decision table, and what beats it.
//
// A row that fits decides; the first one does. No row: log. Whatever the table says, a *drop* needs
// that nothing of the veto set covers the value: policy_decide() ends with that, and is the only
// way to a drop. Immutable after it was made; any thread may ask.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "engine/indicator.h"
#include "loader/store.h"

enum { POLICY_ROWS_MAX = 1000, POLICY_WORDS_MAX = 64 };

// One row. A list that is empty, or a bound at its default, fits everything. Words are compared
// without case; '*' at a word's end stands for any rest.
struct policy_row {
	const char *name;
	uint32_t line; // of the configuration, 0: built in
	const char *const *groups;
	unsigned group_count;
	const char *const *sources;
	unsigned source_count;
	const char *const *threat_types; // any of the indicator's
	unsigned threat_type_count;
	uint32_t observable_types; // bits by enum observable_type; 0: any
	uint32_t tlps;             // bits by enum tlp; 0: any
	uint8_t reliability_min, reliability_max;
	uint8_t confidence_min, confidence_max; // one that is not told fits only 0-100
	uint32_t age_max_days;                  // since modified, or else collected; 0: any
	uint32_t sources_min;                   // that name the value, 0: any
	uint32_t posters_min;
	int8_t known_benign; // 1: must be, 0: must not be, -1: whatever
	int8_t promoted;     // likewise
	enum action action;
	const char *const *tags;
	unsigned tag_count;
};

struct policy {
	const struct policy_row *rows;
	unsigned row_count;
};

// Alert; drop only for reliable, analysed groups. Static.
const struct policy *policy_built_in(void);

// What is known of one value of one vote when it is decided.
struct policy_facts {
	struct slice group, source;
	struct slice threat_types; // list
	enum observable_type type;
	enum tlp tlp;
	uint8_t reliability;
	uint8_t confidence; // or CONFIDENCE_NONE
	int64_t age_ns;
	uint32_t source_count, poster_count; // whose live votes name the value
	bool is_known_benign;                // a list of such holds it
	bool is_vetoed;                      // the veto set covers it
	bool is_promoted;
	bool is_prose;         // found in free text: at most alert
	enum source_role role; // of the source
};

struct policy_decision {
	const struct policy_row *row; // NULL: none fitted
	enum action action;
	const char *lowered_by; // why a drop became less: "veto set" …; NULL
};

// The columns of a row, in the order of its fields.
enum policy_column {
	POLICY_GROUPS,
	POLICY_SOURCES,
	POLICY_THREAT_TYPES,
	POLICY_OBSERVABLE_TYPES,
	POLICY_TLPS,
	POLICY_RELIABILITY,
	POLICY_CONFIDENCE,
	POLICY_AGE,
	POLICY_SOURCE_COUNT,
	POLICY_POSTER_COUNT,
	POLICY_KNOWN_BENIGN,
	POLICY_PROMOTED,
	POLICY_COLUMN_COUNT,
};

// "groups", "sources", "threat-types" …: as people are told.
const char *policy_column_name(enum policy_column column);

// Does `row` fit whatever `other` fits? False where it would take both together with a third.
bool policy_row_covers(const struct policy_row *row, const struct policy_row *other);

// Which columns of the row do not fit: bits by enum policy_column, 0: the row fits.
uint32_t policy_row_misfits(const struct policy_row *row, const struct policy_facts *facts);

// Does any row look at this column? What no row looks at need not be found out.
bool policy_looks_at(const struct policy *policy, enum policy_column column);

// The role that counts: a source of group BKMW_ATTK, the sites under attack, is SOURCE_ATTACKED
// whatever it is set to.
enum source_role policy_role(enum source_role role, struct slice group);

// Why the value may not be dropped, whatever a row says; NULL: it may. Static.
const char *policy_why_no_drop(const struct policy_facts *facts);

// Cannot fail.
void policy_decide(const struct policy *policy, const struct policy_facts *facts,
                   struct policy_decision *ret_decision);
