// loader/compile_objects.h — what the store's objects say about its indicators: markings, reports.
//
// Read before the votes, given to their records after them: with the readers of feeds, and with the
// same result.
#pragma once

#include "base/cleanup.h"
#include "base/report.h"
#include "engine/build.h"
#include "loader/judge.h"
#include "loader/store.h"

struct compile_objects;

// Reads all of them; identities and markings are kept in `build`, which is borrowed. Returns 0 and
// gives them to the caller (compile_objects_free), -ENOMEM, or the error of the store or of the
// file that keeps objects.
int compile_objects_read(struct store *store, const struct judge *judge, struct build *build,
                         struct compile_objects **ret_objects);

// Accepts NULL.
void compile_objects_free(struct compile_objects *objects);
DEFINE_AUTO(compile_objects, compile_objects_free)

// The record's TLP, or that of its markings when it is stricter.
enum tlp compile_objects_tlp(const struct compile_objects *objects, const struct indicator *record);

// An indicator of the build was made of the record: its markings and reports are settled later.
// Returns 0 or -ENOMEM.
int compile_objects_refer(struct compile_objects *objects, const struct indicator *record,
                          uint32_t indicator_id);

// Names reports in the records; `report` is told of markings that nothing defines. Returns 0 or
// -ENOMEM.
int compile_objects_settle(struct compile_objects *objects, struct report *report);
