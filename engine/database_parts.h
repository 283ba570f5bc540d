// engine/database_parts.h — what may lie beside a base: its overlay and its state (overlay.h).
#pragma once

#include "engine/database.h"

#define OVERLAY_SUFFIX ".overlay"

// Opens what lies beside `path` and belongs to `database`, which database_close() closes with it.
// What does not is reported and left aside. Returns 0 or -ENOMEM.
int database_parts_open(struct database *database, const char *path, struct report *report);

// Is `overlay` one of this base?
bool database_parts_belong(const struct database *base, const struct database *overlay);

// The ids of the base that an overlay takes the place of, ascending.
struct slice database_parts_replaced(const struct database *overlay);

// Is `indicator_id` among them?
bool database_parts_are_replaced(struct slice replaced, uint32_t indicator_id);

// What a state file of `base` must fit.
struct state_words_base database_parts_words_base(const struct database *base);

// The part that has an indicator, and the indicator's id there.
static inline const struct database *database_part(const struct database *database,
                                                   uint32_t indicator_id, uint32_t *ret_part_id)
{
	bool is_in_overlay = database->overlay != NULL &&
	                     indicator_id > database->overlay_id_offset;

	*ret_part_id = is_in_overlay ? indicator_id - database->overlay_id_offset : indicator_id;
	return is_in_overlay ? database->overlay : database;
}

// Withdrawn since the base was made, or in the overlay now.
static inline bool database_parts_is_silent(const struct database *base, uint32_t indicator_id)
{
	return state_words_is_silent(&base->words, indicator_id) ||
	       (base->replaced.size > 0 &&
	        database_parts_are_replaced(base->replaced, indicator_id));
}
