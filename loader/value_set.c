#include "loader/value_set.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

enum { CHUNK_BYTES = 1024 * 1024, SLOTS_MIN = 1024, SIZE_BYTES = 2 };

// Where a value lies, and bits of its hash, so that few others are looked at.
struct value_slot {
	uint32_t chunk; // 1 …; 0: the slot is free
	uint32_t offset : 20;
	uint32_t tag : 12;
};
_Static_assert(CHUNK_BYTES == 1 << 20, "an offset has 20 bits");
_Static_assert(VALUE_SET_KEY_BYTES_MAX < 1 << 16, "a size has 16 bits");

static struct slice value_at(const struct value_set *set, const struct value_slot *slot)
{
	const uint8_t *bytes = set->chunks[slot->chunk - 1] + slot->offset;
	uint16_t size;

	memcpy(&size, bytes, sizeof(size));
	return slice_of(bytes + SIZE_BYTES, size);
}

static uint64_t hash_of(const struct value_set *set, struct slice key)
{
	return hash_bytes(set->seed, key.data, key.size);
}

static int grow(struct value_set *set)
{
	size_t count = set->slot_count > 0 ? 2 * set->slot_count : SLOTS_MIN;
	struct value_slot *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < set->slot_count; i++) {
		if (set->slots[i].chunk == 0)
			continue;
		size_t home = hash_of(set, value_at(set, &set->slots[i])) & (count - 1);

		while (slots[home].chunk != 0)
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

static int keep(struct value_set *set, struct slice key, struct value_slot *ret_slot)
{
	size_t size = SIZE_BYTES + key.size;
	uint16_t key_size = (uint16_t)key.size;

	if (set->chunk_count == 0 || CHUNK_BYTES - set->chunk_used < size) {
		int error = add_chunk(set);
		if (error < 0)
			return error;
	}

	uint8_t *bytes = set->chunks[set->chunk_count - 1] + set->chunk_used;
	memcpy(bytes, &key_size, sizeof(key_size));
	if (key.size > 0)
		memcpy(bytes + SIZE_BYTES, key.data, key.size);
	ret_slot->chunk = (uint32_t)set->chunk_count;
	ret_slot->offset = (uint32_t)set->chunk_used & (CHUNK_BYTES - 1);
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

	uint64_t hash = hash_of(set, key);
	uint32_t tag = (uint32_t)(hash >> 52);
	size_t i = hash & (set->slot_count - 1);

	for (; set->slots[i].chunk != 0; i = (i + 1) & (set->slot_count - 1))
		if (set->slots[i].tag == tag && slice_equal(value_at(set, &set->slots[i]), key))
			return 0;

	int error = keep(set, key, &set->slots[i]);
	if (error < 0)
		return error;
	set->slots[i].tag = tag;
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
