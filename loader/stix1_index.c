#include "loader/stix1_index.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

enum { FIRST_SLOTS = 256 };

// The slot that holds `id`, or the free one where it belongs.
static uint32_t *find_slot(const struct stix1_index *index, struct slice id)
{
	size_t mask = index->slot_count - 1;
	size_t i = hash_bytes(index->seed, id.data, id.size) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t held = index->slots[i];

		if (held == 0 || slice_equal(index->entries[held - 1].id, id))
			return &index->slots[i];
	}
}

static bool grow_slots(struct stix1_index *index)
{
	size_t slot_count = index->slot_count > 0 ? index->slot_count * 2 : FIRST_SLOTS;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (slots == NULL)
		return false;
	// Without randomness crafted ids could only make this slow.
	if (index->seed == 0 && getrandom(&index->seed, sizeof(index->seed), GRND_NONBLOCK) < 0)
		index->seed = HASH_SECRET_0;
	free(index->slots);
	index->slots = slots;
	index->slot_count = slot_count;
	for (size_t i = 0; i < index->count; i++)
		*find_slot(index, index->entries[i].id) = (uint32_t)i + 1;
	return true;
}

struct stix1_entry *stix1_index_define(struct stix1_index *index, struct slice id)
{
	if (index->count >= index->slot_count / 2 && !grow_slots(index))
		return NULL;

	uint32_t *slot = find_slot(index, id);
	if (*slot != 0)
		return &index->entries[*slot - 1];
	if (index->count == index->capacity) {
		size_t capacity = index->capacity > 0 ? index->capacity * 2 : 64;
		struct stix1_entry *grown = reallocarray(index->entries, capacity, sizeof(*grown));

		if (grown == NULL)
			return NULL;
		index->entries = grown;
		index->capacity = capacity;
	}
	index->entries[index->count++] = (struct stix1_entry){.id = id};
	*slot = (uint32_t)index->count;
	return &index->entries[index->count - 1];
}

struct stix1_entry *stix1_index_find(const struct stix1_index *index, struct slice id)
{
	uint32_t held = index->slot_count > 0 ? *find_slot(index, id) : 0;

	return held != 0 ? &index->entries[held - 1] : NULL;
}

void stix1_index_close(struct stix1_index *index)
{
	free(index->entries);
	free(index->slots);
	*index = (struct stix1_index){0};
}
