// loader/intake.h — normalise → screen → add: the way of one value into the build.
//
// Readers hand over values as the feed spells them; what is taken goes to the build, what is not
// goes to the feed's report with the reason.
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"
#include "engine/build.h"

struct feed;
struct intake;
struct public_suffixes;

// What a value is said to be.
enum value_kind {
	VALUE_ANY,     // find out: URL, address, network, IP:port, hash, name
	VALUE_ADDRESS, // address or network
	VALUE_NAME,
	VALUE_URL,
	VALUE_HASH,
	VALUE_LIKE,    // pattern; `pattern_type` says over what
	VALUE_MATCHES, // likewise
};

struct candidate {
	enum value_kind kind;
	struct slice text;                  // not necessarily normalised or refanged
	bool is_defanged;                   // may be defanged: refang first (lists; never STIX)
	uint8_t name_kinds;                 // enum entry_kind for a name; 0: exact and parent
	uint8_t protocol;                   // addresses: 0 any
	uint16_t port;                      // addresses: 0 any
	enum observable_type pattern_type;  // VALUE_LIKE, VALUE_MATCHES: NAME or URL
	enum hash_algorithm hash_algorithm; // VALUE_HASH with is_hash_algorithm_known
	bool is_hash_algorithm_known;
	bool has_wildcards; // '*' stands for anything, a leading dot for "all below" (lists)
	const char *network_remark; // static: reported, as kept, of a network taken; NULL: nothing
	struct slice object;        // for the report: the STIX id, or empty (then the value itself)
	uint64_t line;              // for the report, 0 for none
};

// `suffixes` is borrowed until intake_free(). Returns 0 and gives it to the caller, or -ENOMEM.
int intake_create(const struct public_suffixes *suffixes, struct intake **ret_intake);

// Accepts NULL.
void intake_free(struct intake *intake);
DEFINE_AUTO(intake, intake_free)

// Normalises, screens and adds one value; counts it in the feed's summary. Returns 1 when it was
// taken, 0 when it was refused (the report says why), or -ENOMEM.
int intake_add(struct feed *feed, uint32_t indicator_id, const struct candidate *candidate);

// For readers that make one indicator of each value, so that nothing is added for a value that is
// refused: the same in two steps. intake_check() returns 1 and sets *ret_value when the value
// would be taken, 0 when refused (reported), or -ENOMEM; the value is valid until the next check.
// intake_check() takes each value once in a feed: again, it is counted as a duplicate and gives 0.
struct intake_value;
int intake_check(struct feed *feed, const struct candidate *candidate,
                 const struct intake_value **ret_value);
// The same in three, for two threads: the first does intake_prepare(), the other the rest, with a
// set of its own. A prepared value and its texts are valid until the next one is prepared.
struct value_set;
int intake_prepare(struct feed *feed, const struct candidate *candidate,
                   const struct intake_value **ret_value);
int intake_is_new(struct feed *feed, struct value_set *had, const struct intake_value *value);
int intake_take(struct feed *feed, uint32_t indicator_id, const struct intake_value *value);

// The feed is read: forgets which values it had, and gives their memory back.
void intake_end_feed(struct feed *feed);
