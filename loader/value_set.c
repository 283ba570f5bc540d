#include "loader/value_set.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

#include "base/hash.h"

enum { UNIT_BYTES = 8, SLOTS_MIN = 1024, SIZE_BYTES = 2 };

// Its hash tells nearly all other values apart and is all that growing needs: a value is looked
// at when it is most likely the one.
struct value_slot {
	uint32_t hash;
	uint32_t place; // offset in units of UNIT_BYTES, plus 1; 0: the slot is free
};
_Static_assert(VALUE_SET_KEY_BYTES_MAX < 1 << 16, "a size has 16 bits");

static size_t slot_count(const struct value_set *set)
{
	return set->slots.size / sizeof(struct value_slot);
}

static struct slice value_at(const struct value_set *set, const struct value_slot *slot)
{
	const uint8_t *bytes = set->values.data + (size_t)(slot->place - 1) * UNIT_BYTES;
	uint16_t size;

	memcpy(&size, bytes, sizeof(size));
	return slice_of(bytes + SIZE_BYTES, size);
}

static int grow(struct value_set *set)
{
	const struct value_slot *old = (const struct value_slot *)set->slots.data;
	size_t count = set->slots.size > 0 ? 2 * slot_count(set) : SLOTS_MIN;
	struct block grown = {};
	struct value_slot *slots = block_extend(&grown, count * sizeof(*slots));

	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < slot_count(set); i++) {
		if (old[i].place == 0)
			continue;
		size_t home = old[i].hash & (count - 1);

		while (slots[home].place != 0)
			home = (home + 1) & (count - 1);
		slots[home] = old[i];
	}
	block_close(&set->slots);
	set->slots = grown;
	return 0;
}

static int keep(struct value_set *set, struct slice key, uint32_t *ret_place)
{
	size_t size = (SIZE_BYTES + key.size + UNIT_BYTES - 1) & ~(size_t)(UNIT_BYTES - 1);
	uint16_t key_size = (uint16_t)key.size;
	size_t place = set->values.size / UNIT_BYTES + 1;
	uint8_t *bytes = place < UINT32_MAX ? block_extend(&set->values, size) : NULL;

	if (bytes == NULL)
		return -ENOMEM;
	memcpy(bytes, &key_size, sizeof(key_size));
	if (key.size > 0)
		memcpy(bytes + SIZE_BYTES, key.data, key.size);
	*ret_place = (uint32_t)place;
	return 0;
}

int value_set_add(struct value_set *set, struct slice key)
{
	assert(key.size <= VALUE_SET_KEY_BYTES_MAX);

	if (set->slots.size == 0 && getrandom(&set->seed, sizeof(set->seed), 0) < 0)
		set->seed = (uint64_t)(uintptr_t)set;
	if (set->value_count + set->value_count / 2 >= slot_count(set)) {
		int error = grow(set);
		if (error < 0)
			return error;
	}

	struct value_slot *slots = (struct value_slot *)set->slots.data;
	size_t mask = slot_count(set) - 1;
	uint32_t hash = (uint32_t)hash_bytes(set->seed, key.data, key.size);
	size_t i = hash & mask;

	for (; slots[i].place != 0; i = (i + 1) & mask)
		if (slots[i].hash == hash && slice_equal(value_at(set, &slots[i]), key))
			return 0;

	int error = keep(set, key, &slots[i].place);
	if (error < 0)
		return error;
	slots[i].hash = hash;
	set->value_count++;
	return 1;
}

bool value_set_has(const struct value_set *set, struct slice key)
{
	const struct value_slot *slots = (const struct value_slot *)set->slots.data;

	if (set->value_count == 0 || key.size > VALUE_SET_KEY_BYTES_MAX)
		return false;

	size_t mask = slot_count(set) - 1;
	uint32_t hash = (uint32_t)hash_bytes(set->seed, key.data, key.size);
	for (size_t i = hash & mask; slots[i].place != 0; i = (i + 1) & mask)
		if (slots[i].hash == hash && slice_equal(value_at(set, &slots[i]), key))
			return true;
	return false;
}

void value_set_close(struct value_set *set)
{
	block_close(&set->values);
	block_close(&set->slots);
	*set = (struct value_set){0};
}
