#include "engine/string_pool.h"

#include <errno.h>

#include "base/hash.h"

enum { INTERN_SLOTS_MIN = 1024, RECENT_SLOTS = 1 << 15 };

// The hash tells a text that was shared lately from all others without looking at either.
struct recent_text {
	uint32_t hash;
	uint32_t reference; // 0: none
};

int string_pool_add(struct string_pool *pool, struct slice text, uint32_t *ret_reference)
{
	size_t offset = pool->bytes.size;
	uint8_t head[10];
	size_t head_size = 0;
	size_t rest = text.size;
	uint8_t *out;

	if (text.size == 0 && offset > 0) {
		*ret_reference = 0;
		return 0;
	}
	if (offset == 0 && block_extend(&pool->bytes, 1) == NULL) // the empty text
		return -ENOMEM;
	offset = pool->bytes.size;
	if (text.size == 0) {
		*ret_reference = 0;
		return 0;
	}
	if (text.size > UINT32_MAX || offset + text.size > UINT32_MAX)
		return -EOVERFLOW;
	for (; rest >= 0x80; rest >>= 7)
		head[head_size++] = (uint8_t)(rest | 0x80);
	head[head_size++] = (uint8_t)rest;
	out = block_extend(&pool->bytes, head_size + text.size);
	if (out == NULL)
		return -ENOMEM;
	memcpy(out, head, head_size);
	memcpy(out + head_size, text.data, text.size);
	*ret_reference = (uint32_t)offset;
	return 0;
}

// The slot of `text`: its reference, or 0 where it belongs.
static uint32_t *string_pool_slot(const struct string_pool *pool, struct slice text)
{
	uint32_t *slots = (uint32_t *)pool->slots.data;
	size_t mask = pool->slots.size / sizeof(*slots) - 1;
	size_t i = hash_bytes(HASH_SECRET_0, text.data, text.size) & mask;

	while (slots[i] != 0 &&
	       !slice_equal(string_pool_get(block_slice(&pool->bytes), slots[i]), text))
		i = (i + 1) & mask;
	return &slots[i];
}

static int string_pool_grow_slots(struct string_pool *pool)
{
	struct block old = pool->slots;
	const uint32_t *references = (const uint32_t *)old.data;
	size_t old_count = old.size / sizeof(*references);
	size_t count = old_count > 0 ? old_count * 2 : INTERN_SLOTS_MIN;

	pool->slots = (struct block){};
	if (block_extend(&pool->slots, count * sizeof(*references)) == NULL) {
		pool->slots = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < old_count; i++) {
		if (references[i] != 0)
			*string_pool_slot(pool, string_pool_get(block_slice(&pool->bytes),
			                                        references[i])) = references[i];
	}
	block_close(&old);
	return 0;
}

int string_pool_intern(struct string_pool *pool, struct slice text, uint32_t *ret_reference)
{
	uint32_t *slot;
	int error;

	if (text.size == 0)
		return string_pool_add(pool, text, ret_reference);
	if (pool->interned_count * 2 >= pool->slots.size / sizeof(*slot)) {
		error = string_pool_grow_slots(pool);
		if (error != 0)
			return error;
	}
	slot = string_pool_slot(pool, text);
	if (*slot == 0) {
		error = string_pool_add(pool, text, slot);
		if (error != 0)
			return error;
		pool->interned_count++;
	}
	*ret_reference = *slot;
	return 0;
}

int string_pool_share(struct string_pool *pool, struct slice text, uint32_t *ret_reference)
{
	uint64_t hash = hash_bytes(HASH_SECRET_0, text.data, text.size);
	struct recent_text *recent;
	int error;

	if (text.size == 0)
		return string_pool_add(pool, text, ret_reference);
	if (pool->recent.size == 0 &&
	    block_extend(&pool->recent, RECENT_SLOTS * sizeof(*recent)) == NULL)
		return -ENOMEM;
	recent = (struct recent_text *)pool->recent.data + hash % RECENT_SLOTS;
	if (recent->reference != 0 && recent->hash == hash >> 32 &&
	    slice_equal(string_pool_get(block_slice(&pool->bytes), recent->reference), text)) {
		*ret_reference = recent->reference;
		return 0;
	}
	error = string_pool_add(pool, text, ret_reference);
	if (error == 0)
		*recent = (struct recent_text){(uint32_t)(hash >> 32), *ret_reference};
	return error;
}

void string_pool_close_index(struct string_pool *pool)
{
	block_close(&pool->slots);
	block_close(&pool->recent);
	pool->interned_count = 0;
}

void string_pool_close(struct string_pool *pool)
{
	string_pool_close_index(pool);
	block_close(&pool->bytes);
}
