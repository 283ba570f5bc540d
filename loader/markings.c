#include "loader/markings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/hash.h"
#include "loader/stix_id.h"

enum { FIRST_SLOTS = 128 };

// Feeds mark indicators in long rows: the row that is still growing is kept here.
struct marking {
	struct uuid uuid;
	uint32_t first_id; // NO_INDICATOR: none refers to it
	uint32_t last_id;
	uint8_t tlp; // enum tlp
	bool is_defined;
};

// Indicators first_id to last_id refer to the marking.
struct marked_row {
	uint32_t marking; // index
	uint32_t first_id;
	uint32_t last_id;
};

struct markings {
	uint64_t seed;
	struct marking *markings; // in order of first appearance
	size_t count;
	size_t capacity;
	uint32_t *slots;   // index into markings + 1, 0 free; open addressing by UUID
	size_t slot_count; // a power of two
	struct marked_row *rows;
	size_t row_count;
	size_t row_capacity;
};

int markings_create(struct markings **ret_markings)
{
	AUTO(markings) markings = calloc(1, sizeof(*markings));

	if (markings == NULL)
		return -ENOMEM;
	markings->slots = calloc(FIRST_SLOTS, sizeof(*markings->slots));
	if (markings->slots == NULL)
		return -ENOMEM;
	markings->slot_count = FIRST_SLOTS;
	// Without randomness crafted ids could only make this slow.
	if (getrandom(&markings->seed, sizeof(markings->seed), GRND_NONBLOCK) < 0)
		markings->seed = HASH_SECRET_0;
	*ret_markings = TAKE(markings);
	return 0;
}

void markings_free(struct markings *markings)
{
	if (markings == NULL)
		return;
	free(markings->markings);
	free(markings->slots);
	free(markings->rows);
	free(markings);
}

enum tlp markings_tlp_by_name(struct slice name)
{
	static const struct {
		const char *name;
		enum tlp tlp;
	} names[] = {
		{"white", TLP_CLEAR},
		{"clear", TLP_CLEAR},
		{"green", TLP_GREEN},
		{"amber", TLP_AMBER},
		{"amber+strict", TLP_AMBER_STRICT},
		{"amber-strict", TLP_AMBER_STRICT},
		{"red", TLP_RED},
	};

	if (name.size > 4 && strncasecmp((const char *)name.data, "tlp:", 4) == 0)
		name = slice_from(name, 4);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name.size == strlen(names[i].name) &&
		    strncasecmp((const char *)name.data, names[i].name, name.size) == 0)
			return names[i].tlp;
	return TLP_NONE;
}

enum tlp markings_tlp_by_id(struct slice id)
{
	static const char type[] = "marking-definition--";
	static const struct {
		const char *uuid;
		enum tlp tlp;
	} known[] = {
		{"613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR},
		{"34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN},
		{"f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER},
		{"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED},
		{"94868c89-83c2-464b-929b-a1a8aa3c8487", TLP_CLEAR},
		{"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", TLP_GREEN},
		{"55d920b0-5e8b-4f79-9ee9-91f868d9b421", TLP_AMBER},
		{"939a9414-2ddd-4d32-a0cd-375ea402b003", TLP_AMBER_STRICT},
		{"e828b379-4e03-4974-9ac4-e53a884c97c1", TLP_RED},
	};

	if (id.size != sizeof(type) - 1 + UUID_TEXT_BYTES - 1 ||
	    memcmp(id.data, type, sizeof(type) - 1) != 0)
		return TLP_NONE;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (memcmp(id.data + sizeof(type) - 1, known[i].uuid, UUID_TEXT_BYTES - 1) == 0)
			return known[i].tlp;
	return TLP_NONE;
}

// The slot that holds `uuid`, or the free one where it belongs.
static uint32_t *find_slot(const struct markings *markings, const struct uuid *uuid)
{
	size_t mask = markings->slot_count - 1;
	size_t i = hash_bytes(markings->seed, uuid, sizeof(*uuid)) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t index = markings->slots[i];

		if (index == 0 ||
		    memcmp(&markings->markings[index - 1].uuid, uuid, sizeof(*uuid)) == 0)
			return &markings->slots[i];
	}
}

static int grow_slots(struct markings *markings)
{
	size_t slot_count = markings->slot_count * 2;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	free(markings->slots);
	markings->slots = slots;
	markings->slot_count = slot_count;
	for (size_t i = 0; i < markings->count; i++)
		*find_slot(markings, &markings->markings[i].uuid) = (uint32_t)i + 1;
	return 0;
}

// Makes room for one more element behind `count`. NULL, and nothing changed, without memory.
static void *grow(void *elements, size_t count, size_t *capacity, size_t element_bytes)
{
	if (count < *capacity)
		return elements;

	size_t wanted = *capacity > 0 ? *capacity * 2 : 64;
	void *grown = reallocarray(elements, wanted, element_bytes);
	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

// NULL when there is no memory.
static struct marking *find_or_add(struct markings *markings, const struct uuid *uuid)
{
	if (markings->count >= markings->slot_count / 2 && grow_slots(markings) != 0)
		return NULL;

	uint32_t *slot = find_slot(markings, uuid);
	if (*slot != 0)
		return &markings->markings[*slot - 1];

	struct marking *grown = grow(markings->markings, markings->count, &markings->capacity,
	                             sizeof(*markings->markings));
	if (grown == NULL)
		return NULL;
	markings->markings = grown;
	grown[markings->count++] = (struct marking){.uuid = *uuid};
	*slot = (uint32_t)markings->count;
	return &grown[markings->count - 1];
}

int markings_define(struct markings *markings, struct slice id, enum tlp tlp)
{
	struct uuid uuid;

	if (!stix_id_parse(id, "marking-definition", &uuid))
		return 0;

	struct marking *marking = find_or_add(markings, &uuid);
	if (marking == NULL)
		return -ENOMEM;
	marking->is_defined = true;
	if (tlp > marking->tlp)
		marking->tlp = (uint8_t)tlp;
	return 0;
}

enum tlp markings_find_tlp(const struct markings *markings, struct slice id)
{
	enum tlp tlp = markings_tlp_by_id(id);
	struct uuid uuid;

	if (tlp != TLP_NONE || !stix_id_parse(id, "marking-definition", &uuid))
		return tlp;

	uint32_t index = *find_slot(markings, &uuid);
	return index != 0 ? (enum tlp)markings->markings[index - 1].tlp : TLP_NONE;
}

static int add_row(struct markings *markings, const struct marking *marking)
{
	struct marked_row *grown = grow(markings->rows, markings->row_count,
	                                &markings->row_capacity, sizeof(*markings->rows));

	if (grown == NULL)
		return -ENOMEM;
	markings->rows = grown;
	grown[markings->row_count++] = (struct marked_row){
		.marking = (uint32_t)(marking - markings->markings),
		.first_id = marking->first_id,
		.last_id = marking->last_id,
	};
	return 0;
}

int markings_apply(struct markings *markings, struct slice id, uint32_t indicator_id)
{
	struct uuid uuid;

	if (!stix_id_parse(id, "marking-definition", &uuid))
		return 0;

	struct marking *marking = find_or_add(markings, &uuid);
	if (marking == NULL)
		return -ENOMEM;

	bool has_row = marking->first_id != NO_INDICATOR;
	bool is_next = has_row && indicator_id - marking->last_id <= 1;
	if (has_row && !is_next && add_row(markings, marking) != 0)
		return -ENOMEM;
	if (!is_next)
		marking->first_id = indicator_id;
	marking->last_id = indicator_id;
	return 0;
}

static void raise_row(struct build *build, uint32_t first_id, uint32_t last_id, enum tlp tlp)
{
	if (tlp == TLP_NONE)
		return;
	for (uint64_t id = first_id; id <= last_id; id++)
		build_raise_tlp(build, (uint32_t)id, tlp);
}

static void report_undefined(const struct marking *marking, struct report *report)
{
	char uuid[UUID_TEXT_BYTES];
	char id[UUID_TEXT_BYTES + 32];

	uuid_format(&marking->uuid, uuid);
	(void)snprintf(id, sizeof(id), "marking-definition--%s", uuid);
	report_add(report, &(struct problem){
				   .reason = "marking defined in no feed",
				   .consequence = "kept, with the marking's id",
				   .object = slice_text(id),
			   });
}

void markings_settle(const struct markings *markings, struct build *build, struct report *report)
{
	for (size_t i = 0; i < markings->row_count; i++) {
		const struct marked_row *row = &markings->rows[i];

		raise_row(build, row->first_id, row->last_id, markings->markings[row->marking].tlp);
	}
	for (size_t i = 0; i < markings->count; i++) {
		const struct marking *marking = &markings->markings[i];

		if (marking->first_id == NO_INDICATOR)
			continue;
		raise_row(build, marking->first_id, marking->last_id, marking->tlp);
		if (!marking->is_defined)
			report_undefined(marking, report);
	}
}
