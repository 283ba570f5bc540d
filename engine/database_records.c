// The records of a database and its overlay, which follow each other (engine/match.h).
#include <errno.h>

#include "engine/build.h"
#include "engine/database_parts.h"
#include "engine/name_table.h"

bool database_indicator(const struct database *database, uint32_t indicator_id,
                        struct indicator *ret_indicator)
{
	uint32_t id;
	const struct database *part = database_part(database, indicator_id, &id);

	return record_table_get(&part->records, id, ret_indicator);
}

bool database_indicator_is_silent(const struct database *database, uint32_t indicator_id)
{
	uint32_t id;

	return database_part(database, indicator_id, &id) == database &&
	       database_parts_is_silent(database, id);
}

bool database_indicator_is_in_overlay(const struct database *database, uint32_t indicator_id)
{
	uint32_t id;

	return database_part(database, indicator_id, &id) != database;
}

bool database_origin(const struct database *database, struct build_origin *ret_origin)
{
	const struct database *part = database->overlay != NULL ? database->overlay : database;
	struct slice bytes = part->sections[SECTION_ORIGIN];

	if (bytes.size != sizeof(*ret_origin))
		return false;
	memcpy(ret_origin, bytes.data, sizeof(*ret_origin));
	return true;
}

static uint32_t find_store_id(const struct database *part, uint64_t store_id)
{
	return record_table_find_store_id(&part->records, store_id,
	                                  part->meta.store_ids_ascend != 0);
}

uint32_t database_indicator_of_store(const struct database *database, uint64_t store_id)
{
	uint32_t id = database->overlay != NULL ? find_store_id(database->overlay, store_id)
	                                        : NO_INDICATOR;

	return id != NO_INDICATOR ? database->overlay_id_offset + id
	                          : find_store_id(database, store_id);
}

uint8_t database_name_kinds(const struct database *database, struct slice name,
                            uint32_t indicator_id)
{
	uint32_t id;
	const struct database *part = database_part(database, indicator_id, &id);
	uint32_t reference = name_table_posting(&part->names, name);
	struct posting single = {.terms = part->names.usual_terms};
	unsigned count;
	const struct posting *postings = postings_get(part->sections[SECTION_POSTINGS], reference,
	                                              &single, &count);
	uint8_t kinds = 0;

	for (unsigned i = 0; i < count; i++)
		if (postings[i].indicator_id == id && id != NO_INDICATOR)
			kinds |= postings[i].terms.kinds;
	return kinds;
}

void database_each_indicator(const struct database *database,
                             bool (*visit)(void *context, uint32_t indicator_id,
                                           const struct indicator *indicator),
                             void *context)
{
	struct indicator indicator;
	uint64_t end = database->records.states.size;

	if (database->overlay != NULL)
		end = (uint64_t)database->overlay_id_offset +
		      database->overlay->records.states.size;
	for (uint32_t id = 1; id < end; id++) {
		if (database_indicator(database, id, &indicator) &&
		    !database_indicator_is_silent(database, id) && !visit(context, id, &indicator))
			return;
	}
}

int database_indicator_object(const struct database *database, uint32_t indicator_id,
                              struct buffer *json)
{
	uint32_t id;
	const struct database *part = database_part(database, indicator_id, &id);

	return object_store_find_indicator(&part->objects, id, json);
}

int database_object(const struct database *database, struct slice id, struct buffer *json)
{
	int error = -ENOENT;

	if (database->overlay != NULL)
		error = object_store_find(&database->overlay->objects, id, json);
	return error == -ENOENT ? object_store_find(&database->objects, id, json) : error;
}
