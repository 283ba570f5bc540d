// loader/markings.h — what the markings of an object say about sharing it (TLP 1 and 2).
//
// A feed may define a marking after what refers to it, or in another file: TLP is settled when
// all feeds are read. Where definitions of one marking differ, the strictest counts.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/slice.h"
#include "engine/build.h"

struct markings;

// Returns 0 and gives the markings to the caller (markings_free), or -ENOMEM.
int markings_create(struct markings **ret_markings);

// Accepts NULL.
void markings_free(struct markings *markings);
DEFINE_AUTO(markings, markings_free)

// The level by the name that a marking gives it: "white", "TLP:AMBER+STRICT" … TLP_NONE for others.
enum tlp markings_tlp_by_name(struct slice name);

// The markings that the standards define by their ids (STIX 2.0, section 4.1.4; STIX Extension
// for TLP 2.0). TLP_NONE for others.
enum tlp markings_tlp_by_id(struct slice id);

// A feed defines marking `id`: a level, or TLP_NONE (a statement or other terms). What is no
// marking's id is passed over. Returns 0 or -ENOMEM.
int markings_define(struct markings *markings, struct slice id, enum tlp tlp);

// The indicator refers to marking `id`, one not known by its id. Returns 0 or -ENOMEM.
int markings_apply(struct markings *markings, struct slice id, uint32_t indicator_id);

// The level of marking `id`, known by its id or defined so far; TLP_NONE when it has none.
enum tlp markings_find_tlp(const struct markings *markings, struct slice id);

// Raises the TLP of all indicators by their markings. Markings that no feed defines are reported.
void markings_settle(const struct markings *markings, struct build *build, struct report *report);
