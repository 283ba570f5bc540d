// loader/store_delivery_internal.h — a delivery from within: what store_delivery.c, store_sink.c,
// store_known.c, store_apply.c, store_batch.c and store_flush.c share.
#pragma once

#include "loader/sink.h"
#include "loader/store_batch.h"
#include "loader/store_delivery.h"
#include "loader/store_internal.h"
#include "loader/store_members.h"
#include "loader/store_object.h"
#include "loader/store_row.h"

struct store_delivery {
	struct sink sink; // first: what readers are given
	struct store *store;
	struct delivery_options options;
	struct delivery_counts counts;
	bool is_settled;
	bool is_committed;
	uint32_t indicator_count; // of this run
	uint32_t last_vote_id;
	int64_t last_complete_ns; // of the source, before this delivery
	struct store_batches batches;
	struct store_members members;
	bool has_all_members; // else what it lacks must be looked up
	uint64_t looked_up;
	struct store_objects objects;

	// What indexes take at the commit, in the order of their keys (store_sort.h).
	struct block member_rows;
	struct block value_rows;
	struct block changes; // uint32_t vote ids; at most STORE_CHANGES_MAX
	uint64_t change_count;

	struct store_query insert_vote;
	struct store_query update_vote;
	struct store_query end_vote;
	struct store_query get_vote;
	struct store_query put_version;
	struct store_query get_member;
	struct store_query each_member;
	struct store_query bar_vote;
	struct store_row_sources sources;
};

// ---- store_known.c: the source's votes by identity ----

// The source's vote of that identity, or NULL in *ret_member.
int store_known_find(struct store_delivery *delivery, const struct store_identity *identity,
                     struct store_member **ret_member);
// One that is new. *ret_member is valid until the next one is added or looked for.
int store_known_add(struct store_delivery *delivery, const struct store_member *member,
                    struct store_member **ret_member);
// All of them.
int store_known_load(struct store_delivery *delivery);

// ---- store_apply.c: votes ----

// What the indicator means: a new vote, a new version, or nothing new. The helper's, as all that
// it calls: no query is begun here.
int store_apply_pending(struct store_delivery *delivery, const struct store_pending *pending);

// A vote that is known to be revoked before it was seen.
int store_apply_tombstone(struct store_delivery *delivery, const struct store_identity *identity,
                          const struct indicator *record);

// Ends a live vote. `bar_ns`: see store_schema.c; TIMESTAMP_MIN: none.
int store_apply_end(struct store_delivery *delivery, struct store_member *member, enum vote_end end,
                    int64_t bar_ns);
// One that lives no more: why it does not, and what would make it live again.
int store_apply_bar(struct store_delivery *delivery, struct store_member *member, enum vote_end end,
                    int64_t bar_ns);

// The row of a vote. Slices are valid until the next one is read, or written.
int store_apply_read(struct store_delivery *delivery, uint32_t vote_id, struct vote *ret_vote,
                     int64_t *ret_bar_ns);

// ---- store_flush.c: indexes ----

int store_flush_note_member(struct store_delivery *delivery, const struct store_member *member);
// `is_there`: the live vote names the value; else it did.
int store_flush_note_value(struct store_delivery *delivery, uint64_t value_hash, uint32_t vote_id,
                           uint32_t poster_id, bool is_there);
int store_flush_note_change(struct store_delivery *delivery, uint32_t vote_id);
// More changed than is told one by one.
void store_flush_note_all(struct store_delivery *delivery);
int store_flush(struct store_delivery *delivery);

// ---- store_sink.c ----

extern const struct sink_ops store_sink_ops;
// Nothing is pending afterwards, and the helper rests.
int store_sink_settle(struct store_delivery *delivery);
