#include "loader/store_members.h"

enum { SLOTS_MIN = 1024 };

static size_t slot_count(const struct store_members *members)
{
	return members->slots.size / sizeof(struct store_member);
}

static struct store_member *slots_of(const struct store_members *members)
{
	return (struct store_member *)members->slots.data;
}

// The slot of the identity, or the empty one where it would be. Keys are hashes already: their
// first bits say where, so that what comes in the order of keys is put where the last one was.
static struct store_member *find_slot(const struct store_members *members, uint64_t key,
                                      uint32_t owner)
{
	struct store_member *slots = slots_of(members);
	size_t mask = slot_count(members) - 1;
	size_t first = (size_t)((unsigned __int128)key * slot_count(members) >> 64);

	for (size_t i = first;; i = (i + 1) & mask)
		if (slots[i].vote_id == 0 || (slots[i].key == key && slots[i].owner == owner))
			return &slots[i];
}

struct store_member *store_members_find(const struct store_members *members,
                                        const struct store_identity *identity)
{
	if (members->count == 0)
		return NULL;
	struct store_member *slot = find_slot(members, identity->key, identity->owner);
	return slot->vote_id != 0 ? slot : NULL;
}

static bool grow(struct store_members *members, size_t slots)
{
	size_t count = slot_count(members);
	struct store_members grown = {.count = members->count};

	if (block_extend(&grown.slots, slots * sizeof(struct store_member)) == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct store_member *member = &slots_of(members)[i];

		if (member->vote_id != 0)
			*find_slot(&grown, member->key, member->owner) = *member;
	}
	block_close(&members->slots);
	*members = grown;
	return true;
}

bool store_members_reserve(struct store_members *members, size_t count)
{
	size_t slots = slot_count(members) > 0 ? slot_count(members) : SLOTS_MIN;

	while (4 * (members->count + count) > 3 * slots)
		slots *= 2;
	return slots == slot_count(members) || grow(members, slots);
}

struct store_member *store_members_add(struct store_members *members,
                                       const struct store_member *member)
{
	if (!store_members_reserve(members, 1))
		return NULL;
	struct store_member *slot = find_slot(members, member->key, member->owner);
	*slot = *member;
	members->count++;
	return slot;
}

struct store_member *store_members_next(const struct store_members *members, size_t *cursor)
{
	while (*cursor < slot_count(members)) {
		struct store_member *member = &slots_of(members)[(*cursor)++];

		if (member->vote_id != 0)
			return member;
	}
	return NULL;
}

void store_members_close(struct store_members *members)
{
	block_close(&members->slots);
	*members = (struct store_members){};
}
