#include "loader/value_set.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

enum {
	UNIT_BYTES = 8,
	CHUNK_BYTES = 1024 * 1024,
	CHUNK_UNITS = CHUNK_BYTES / UNIT_BYTES,
	CHUNKS_MAX = 1 << 15, // 32 GB
	SLOTS_MIN = 1024,
	SIZE_BYTES = 2,
};

// Its hash tells nearly all other values apart and is all that growing needs: a value is looked
// at when it is most likely the one.
struct value_slot {
	uint32_t hash;
	uint32_t place; // chunk and offset, in units of UNIT_BYTES, plus 1; 0: the slot is free
};
_Static_assert(VALUE_SET_KEY_BYTES_MAX < 1 << 16, "a size has 16 bits");

static struct slice value_at(const struct value_set *set, const struct value_slot *slot)
{
	uint32_t unit = slot->place - 1;
	const uint8_t *bytes = set->chunks[unit / CHUNK_UNITS] +
	                       (size_t)(unit % CHUNK_UNITS) * UNIT_BYTES;
	uint16_t size;

	memcpy(&size, bytes, sizeof(size));
	return slice_of(bytes + SIZE_BYTES, size);
}

static int grow(struct value_set *set)
{
	size_t count = set->slot_count > 0 ? 2 * set->slot_count : SLOTS_MIN;
	struct value_slot *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < set->slot_count; i++) {
		if (set->slots[i].place == 0)
			continue;
		size_t home = set->slots[i].hash & (count - 1);

		while (slots[home].place != 0)
			home = (home + 1) & (count - 1);
		slots[home] = set->slots[i];
	}
	free(set->slots);
	set->slots = slots;
	set->slot_count = count;
	return 0;
}

static int add_chunk(struct value_set *set)
{
	uint8_t **chunks = realloc(set->chunks, (set->chunk_count + 1) * sizeof(*set->chunks));

	if (chunks == NULL)
		return -ENOMEM;
	set->chunks = chunks;
	set->chunks[set->chunk_count] = malloc(CHUNK_BYTES);
	if (set->chunks[set->chunk_count] == NULL)
		return -ENOMEM;
	set->chunk_count++;
	set->chunk_used = 0;
	return 0;
}

static int keep(struct value_set *set, struct slice key, uint32_t *ret_place)
{
	size_t size = (SIZE_BYTES + key.size + UNIT_BYTES - 1) & ~(size_t)(UNIT_BYTES - 1);
	uint16_t key_size = (uint16_t)key.size;

	if (set->chunk_count == 0 || CHUNK_BYTES - set->chunk_used < size) {
		int error = set->chunk_count < CHUNKS_MAX ? add_chunk(set) : -ENOMEM;
		if (error < 0)
			return error;
	}

	uint8_t *bytes = set->chunks[set->chunk_count - 1] + set->chunk_used;
	memcpy(bytes, &key_size, sizeof(key_size));
	if (key.size > 0)
		memcpy(bytes + SIZE_BYTES, key.data, key.size);
	*ret_place =
		(uint32_t)((set->chunk_count - 1) * CHUNK_UNITS + set->chunk_used / UNIT_BYTES + 1);
	set->chunk_used += size;
	return 0;
}

int value_set_add(struct value_set *set, struct slice key)
{
	assert(key.size <= VALUE_SET_KEY_BYTES_MAX);

	if (set->slot_count == 0 && getrandom(&set->seed, sizeof(set->seed), 0) < 0)
		set->seed = (uint64_t)(uintptr_t)set;
	if (set->value_count + set->value_count / 2 >= set->slot_count) {
		int error = grow(set);
		if (error < 0)
			return error;
	}

	uint32_t hash = (uint32_t)hash_bytes(set->seed, key.data, key.size);
	size_t i = hash & (set->slot_count - 1);
	uint32_t place;

	for (; set->slots[i].place != 0; i = (i + 1) & (set->slot_count - 1))
		if (set->slots[i].hash == hash && slice_equal(value_at(set, &set->slots[i]), key))
			return 0;

	int error = keep(set, key, &place);
	if (error < 0)
		return error;
	set->slots[i] = (struct value_slot){.hash = hash, .place = place};
	set->value_count++;
	return 1;
}

void value_set_close(struct value_set *set)
{
	for (size_t i = 0; i < set->chunk_count; i++)
		free(set->chunks[i]);
	free(set->chunks);
	free(set->slots);
	*set = (struct value_set){0};
}
