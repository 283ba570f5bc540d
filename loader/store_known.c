// What a delivery knows of the source's votes: some of them, looked up one by one, or all.
#include <errno.h>

#include "loader/store_delivery_internal.h"

enum {
	LOOK_UPS_FREE = 4000,    // one by one, before all members are loaded at once
	LOOK_UPS_SHARE = 1 << 5, // … and one in so many live votes
};

int store_known_add(struct store_delivery *delivery, const struct store_member *member,
                    struct store_member **ret_member)
{
	struct store_member *added = store_members_add(&delivery->members, member);

	if (added == NULL)
		return -ENOMEM;
	*ret_member = added;
	return 0;
}

static int read_members(struct store_delivery *delivery, struct block *rows)
{
	struct store_query *query = &delivery->each_member;
	int result;

	store_query_number(query, 1, delivery->options.source_id);
	while ((result = store_query_step(query)) == 1) {
		struct store_member *row = block_extend(rows, sizeof(*row));

		if (row == NULL) {
			result = -ENOMEM;
			break;
		}
		*row = (struct store_member){
			.key = (uint64_t)store_query_get_number(query, 0),
			.owner = (uint32_t)store_query_get_number(query, 1),
			.vote_id = (uint32_t)store_query_get_number(query, 2),
			.content = (uint64_t)store_query_get_number(query, 3),
			.end = (uint64_t)store_query_get_number(query, 4),
		};
	}
	store_query_reset(query);
	return result;
}

// Those that are there may have been seen.
static int add_members(struct store_members *members, const struct block *rows)
{
	const struct store_member *row = (const struct store_member *)rows->data;
	size_t count = rows->size / sizeof(*row);

	if (!store_members_reserve(members, count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct store_identity identity = {row[i].key, row[i].owner};

		if (store_members_find(members, &identity) == NULL &&
		    store_members_add(members, &row[i]) == NULL)
			return -ENOMEM;
	}
	return 0;
}

int store_known_load(struct store_delivery *delivery)
{
	struct block rows = {};
	int error = 0;

	if (delivery->has_all_members)
		return 0;
	error = read_members(delivery, &rows);
	if (error == 0)
		error = add_members(&delivery->members, &rows);
	block_close(&rows);
	delivery->has_all_members = error == 0;
	return error;
}

static int look_up(struct store_delivery *delivery, const struct store_identity *identity,
                   struct store_member **ret_member)
{
	struct store_query *query = &delivery->get_member;

	store_query_number(query, 1, delivery->options.source_id);
	store_query_number(query, 2, (int64_t)identity->key);
	store_query_number(query, 3, identity->owner);
	int result = store_query_step(query);
	const struct store_member member = {
		.key = identity->key,
		.owner = identity->owner,
		.vote_id = result == 1 ? (uint32_t)store_query_get_number(query, 0) : 0,
		.content = result == 1 ? (uint64_t)store_query_get_number(query, 1) : 0,
		.end = result == 1 ? (uint64_t)store_query_get_number(query, 2) : 0,
	};
	store_query_reset(query);
	if (member.vote_id != 0)
		return store_known_add(delivery, &member, ret_member);
	*ret_member = NULL;
	return result < 0 ? result : 0;
}

// A delivery that is complete will ask for all of them, unless it turns out not to be.
static uint64_t look_ups_max(const struct store_delivery *delivery)
{
	uint64_t share = delivery->counts.live_before / LOOK_UPS_SHARE;

	return LOOK_UPS_FREE + (delivery->options.is_complete ? 0 : share);
}

int store_known_find(struct store_delivery *delivery, const struct store_identity *identity,
                     struct store_member **ret_member)
{
	*ret_member = store_members_find(&delivery->members, identity);
	if (*ret_member != NULL || delivery->has_all_members)
		return 0;
	if (++delivery->looked_up < look_ups_max(delivery))
		return look_up(delivery, identity, ret_member);

	int error = store_known_load(delivery);
	if (error == 0)
		*ret_member = store_members_find(&delivery->members, identity);
	return error;
}
