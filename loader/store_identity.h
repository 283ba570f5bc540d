// loader/store_identity.h — who is who: hashes by which votes and posters are known.
//
// For store*.c only. All are keyed with the store's own seed, so that no feed can be crafted to
// collide. An identity is 96 bits; a poster 32, which is enough to count them.
#pragma once

#include "base/hash.h"
#include "loader/store_internal.h"
#include "loader/store_members.h"

static inline uint32_t store_identity_fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

// 0 for no creator.
static inline uint32_t store_identity_poster(const struct store *store, struct slice created_by)
{
	if (created_by.size == 0)
		return 0;
	uint32_t poster_id =
		store_identity_fold(hash_bytes(store->seed + 1, created_by.data, created_by.size));
	return poster_id != 0 ? poster_id : 1;
}

static inline struct store_identity store_identity_of_object(const struct store *store,
                                                             struct slice id, uint32_t poster_id)
{
	return (struct store_identity){hash_bytes(store->seed + 2, id.data, id.size), poster_id};
}

// `values`: by value_code_append(), the first has `value_hash`.
static inline struct store_identity
store_identity_of_values(const struct store *store, uint64_t value_hash, struct slice values)
{
	return (struct store_identity){
		value_hash,
		store_identity_fold(hash_bytes(store->seed + 3, values.data, values.size)),
	};
}
