// loader/misp_attribute.h — one attribute of a MISP event.
//
// Borrows from the JSON reader: gone with the next piece.
#pragma once

#include "base/uuid.h"
#include "loader/misp.h"
#include "loader/misp_type.h"

enum { ID_BYTES = sizeof("indicator--") + UUID_TEXT_BYTES };

struct misp_attribute {
	char id_text[ID_BYTES];
	struct slice id; // "indicator--<uuid>", as MISP's own STIX export names it; empty: no uuid
	struct slice value;
	struct slice category;
	struct slice comment;
	const struct misp_type *type;
	struct slice type_name;
	bool is_for_detection; // to_ids
	bool is_deleted;
	bool is_decayed;
	int64_t timestamp_ns;
	int64_t first_seen_ns;
	int64_t last_seen_ns;
};

// Reports something about the attribute.
void misp_attribute_tell(const struct misp_reader *reader, const struct misp_attribute *attribute,
                         const char *reason, const char *consequence);

// Hands the attribute's values to the intake. Returns 1 when one of them was taken, 0 when none was
// (reported), or an error.
int misp_value_add(struct misp_reader *reader, const struct misp_attribute *attribute,
                   uint32_t indicator_id);
