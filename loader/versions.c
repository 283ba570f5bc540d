#include "loader/versions.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/block.h"
#include "base/cpu.h"
#include "base/hash.h"
#include "base/timestamp.h"

// Many small tables grow one by one, so that growing never needs the whole twice.
enum { SHARD_BITS = 8, SHARDS = 1 << SHARD_BITS, FIRST_CAPACITY = 168 }; // a page

// Open addressing, linear probing; id_hash 0 is an empty slot.
struct shard {
	struct version *slots; // within the block: what grew out of it goes back to the kernel
	struct block block;
	uint32_t capacity;
	uint32_t count;
};

struct versions {
	uint64_t seed;
	struct shard shards[SHARDS];
};

int versions_create(struct versions **ret_versions)
{
	struct versions *versions = calloc(1, sizeof(*versions));

	if (versions == NULL)
		return -ENOMEM;
	// Without randomness (a kernel before 3.17) crafted ids could only make this slow.
	if (getrandom(&versions->seed, sizeof(versions->seed), GRND_NONBLOCK) < 0)
		versions->seed = HASH_SECRET_0;
	*ret_versions = versions;
	return 0;
}

void versions_free(struct versions *versions)
{
	if (versions == NULL)
		return;
	for (unsigned i = 0; i < SHARDS; i++)
		block_close(&versions->shards[i].block);
	free(versions);
}

uint64_t versions_id_hash(const struct versions *versions, struct slice id)
{
	uint64_t hash = hash_bytes(versions->seed, id.data, id.size);

	return hash != 0 ? hash : 1;
}

struct version_key versions_key(const struct versions *versions, struct slice id,
                                struct slice source, struct slice creator)
{
	uint64_t owner = hash_bytes(versions->seed ^ HASH_SECRET_1, source.data, source.size);

	return (struct version_key){
		.id_hash = versions_id_hash(versions, id),
		.owner_hash = (uint32_t)hash_bytes(owner, creator.data, creator.size),
	};
}

static uint64_t place_of(struct version_key key)
{
	return hash_word(key.id_hash, key.owner_hash);
}

static uint32_t home_slot(const struct shard *shard, struct version_key key)
{
	return (uint32_t)((place_of(key) & UINT32_MAX) * shard->capacity >> 32);
}

void versions_prefetch(const struct versions *versions, struct version_key key)
{
	const struct shard *shard = &versions->shards[place_of(key) >> (64 - SHARD_BITS)];

	if (shard->capacity > 0)
		prefetch_read(&shard->slots[home_slot(shard, key)]);
}

// The slot that holds `key`, or the empty one where it belongs. The shard has an empty slot.
static struct version *find_slot(const struct shard *shard, struct version_key key)
{
	uint32_t i = home_slot(shard, key);

	for (;; i = i + 1 < shard->capacity ? i + 1 : 0) {
		struct version *slot = &shard->slots[i];

		if (slot->id_hash == 0 ||
		    (slot->id_hash == key.id_hash && slot->owner_hash == key.owner_hash))
			return slot;
	}
}

static int grow_shard(struct shard *shard)
{
	uint32_t capacity = shard->capacity + shard->capacity / 4;

	if (capacity < FIRST_CAPACITY)
		capacity = FIRST_CAPACITY;

	struct shard grown = {.capacity = capacity, .count = shard->count};

	grown.slots = block_extend(&grown.block, capacity * sizeof(*grown.slots));
	if (grown.slots == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < shard->capacity; i++) {
		const struct version *old = &shard->slots[i];

		if (old->id_hash != 0)
			*find_slot(&grown,
			           (struct version_key){old->id_hash, old->owner_hash}) = *old;
	}
	block_close(&shard->block);
	*shard = grown;
	return 0;
}

enum version_news versions_judge(const struct versions *versions, struct version_key key,
                                 int64_t modified_ns, uint32_t *ret_holder)
{
	const struct shard *shard = &versions->shards[place_of(key) >> (64 - SHARD_BITS)];

	*ret_holder = 0;
	if (shard->count == 0)
		return VERSION_NEW;

	const struct version *known = find_slot(shard, key);
	if (known->id_hash == 0)
		return VERSION_NEW;
	*ret_holder = known->holder;
	if (known->modified_ns == TIMESTAMP_MAX)
		return VERSION_REVOKED;
	if (modified_ns == TIMESTAMP_MAX)
		modified_ns--; // as versions_set() keeps it
	if (modified_ns == known->modified_ns)
		return VERSION_SAME;
	return modified_ns > known->modified_ns ? VERSION_NEWER : VERSION_OLDER;
}

static int set_version(struct versions *versions, const struct version *version)
{
	struct version_key key = {version->id_hash, version->owner_hash};
	struct shard *shard = &versions->shards[place_of(key) >> (64 - SHARD_BITS)];

	if (shard->count >= shard->capacity - shard->capacity / 8 && grow_shard(shard) != 0)
		return -ENOMEM;

	struct version *slot = find_slot(shard, key);
	if (slot->id_hash == 0)
		shard->count++;
	*slot = *version;
	return 0;
}

int versions_set(struct versions *versions, struct version_key key, int64_t modified_ns,
                 uint32_t holder)
{
	return set_version(versions,
	                   &(struct version){
				   .id_hash = key.id_hash,
				   .owner_hash = key.owner_hash,
				   .modified_ns = modified_ns < TIMESTAMP_MAX ? modified_ns
	                                                                      : TIMESTAMP_MAX - 1,
				   .holder = holder,
			   });
}

// TIMESTAMP_MAX stands for revoked: no version is newer.
int versions_revoke(struct versions *versions, struct version_key key)
{
	return set_version(versions, &(struct version){
					     .id_hash = key.id_hash,
					     .owner_hash = key.owner_hash,
					     .modified_ns = TIMESTAMP_MAX,
				     });
}

// The cursor is the shard, and the slot within it.
const struct version *versions_next(const struct versions *versions, uint64_t *cursor)
{
	uint32_t shard_index = (uint32_t)(*cursor >> 32);
	uint32_t slot = (uint32_t)*cursor;

	for (; shard_index < SHARDS; shard_index++, slot = 0) {
		const struct shard *shard = &versions->shards[shard_index];

		for (; slot < shard->capacity; slot++) {
			if (shard->slots[slot].id_hash == 0)
				continue;
			*cursor = ((uint64_t)shard_index << 32 | slot) + 1;
			return &shard->slots[slot];
		}
	}
	return NULL;
}

size_t versions_memory_bytes(const struct versions *versions)
{
	size_t bytes = sizeof(*versions);

	for (unsigned i = 0; i < SHARDS; i++)
		bytes += versions->shards[i].capacity * sizeof(struct version);
	return bytes;
}
