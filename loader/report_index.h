// loader/report_index.h — which reports and groupings name which indicators.
//
// A report may be read before the indicators it refers to, or come in another file: names are
// given out when all feeds are read. Bounded: references beyond REPORT_REFERENCES_MAX are
// refused, so that no feed can fill the memory with them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/slice.h"
#include "engine/build.h"
#include "loader/versions.h"

enum {
	REPORT_REFERENCES_MAX = 4 * 1024 * 1024,
	REPORT_NAME_BYTES_MAX = 256,     // longer names are cut
	REPORT_NAMES_PER_INDICATOR = 16, // further ones are left out
};

struct report_index;

// Returns 0 and gives the names to the caller (report_index_free), or -ENOMEM.
int report_index_create(struct report_index **ret_index);

// Accepts NULL.
void report_index_free(struct report_index *index);
DEFINE_AUTO(report_index, report_index_free)

// Copies the name of a report and gives its id (1, 2, 3 …). Returns 0 or -ENOMEM.
int report_index_add(struct report_index *index, struct slice name, uint32_t *ret_name_id);

// A newer version takes the place of this one: it names nothing any more.
void report_index_withdraw(struct report_index *index, uint32_t name_id);

// The report names the indicator with this versions_id_hash(). Returns 1, 0 when there are too
// many already, or -ENOMEM.
int report_index_refer(struct report_index *index, uint32_t name_id, uint64_t indicator_hash);

// Names the indicators that `versions` holds. Returns 0 or -ENOMEM.
int report_index_settle(struct report_index *index, const struct versions *versions,
                        struct build *build);
