// What a delivered indicator means to the votes that are known.
#include <errno.h>

#include "base/hash.h"
#include "loader/store_delivery_internal.h"
#include "loader/store_identity.h"
#include "loader/store_record.h"
#include "loader/value_code.h"

int store_apply_read(struct store_delivery *delivery, uint32_t vote_id, struct vote *ret_vote,
                     int64_t *ret_bar_ns)
{
	struct store_query *query = &delivery->get_vote;

	store_query_reset(query);
	store_query_number(query, 1, vote_id);
	int result = store_query_step(query);
	if (result <= 0)
		return result < 0 ? result : -EBADMSG;
	*ret_bar_ns = store_row_bar_ns(query);
	return store_row_read(query, &delivery->sources, ret_vote);
}

// ---- values ----

static int note_values(struct store_delivery *delivery, const struct store_pending *pending,
                       uint32_t vote_id)
{
	int error = 0;

	for (size_t at = 0; at < pending->hashes.size && error == 0; at += sizeof(uint64_t)) {
		uint64_t value_hash;

		memcpy(&value_hash, pending->hashes.data + at, sizeof(value_hash));
		error = store_flush_note_value(delivery, value_hash, vote_id, pending->poster_id,
		                               true);
	}
	return error;
}

static int note_values_past(struct store_delivery *delivery, const struct vote *vote)
{
	struct intake_value value;
	size_t cursor = 0;
	int result;

	while ((result = value_code_next(vote->values, &cursor, &value)) == 1) {
		result = store_flush_note_value(delivery,
		                                value_code_hash(delivery->store->seed, &value),
		                                (uint32_t)vote->vote_id, 0, false);
		if (result < 0)
			break;
	}
	return result;
}

// ---- votes ----

static int64_t flags_of(const struct store_delivery *delivery)
{
	return delivery->options.is_known_benign ? STORE_VOTE_IS_KNOWN_BENIGN : 0;
}

static uint64_t content_of(const struct store_delivery *delivery,
                           const struct store_pending *pending)
{
	struct slice record = buffer_slice(&pending->record);
	uint64_t hash = hash_bytes(delivery->store->seed + (uint64_t)flags_of(delivery),
	                           record.data, record.size);

	return hash >> (64 - STORE_CONTENT_BITS);
}

static int keep_object(struct store_delivery *delivery, const struct store_pending *pending,
                       uint64_t *ret_place)
{
	*ret_place = 0;
	if (pending->object.size == 0)
		return 0;
	return store_objects_add(&delivery->objects, buffer_slice(&pending->object), ret_place);
}

// `place`: of its object.
static int insert(struct store_delivery *delivery, enum vote_end end, struct slice record,
                  uint64_t line, uint64_t place)
{
	struct store_query *query = &delivery->insert_vote;

	if (delivery->last_vote_id == UINT32_MAX)
		return -EOVERFLOW;
	store_query_number(query, 1, ++delivery->last_vote_id);
	store_query_number(query, 2, delivery->options.source_id);
	store_query_number(query, 3, delivery->options.time_ns);
	store_query_number(query, 4, end);
	store_query_number(query, 5, flags_of(delivery));
	store_query_number(query, 6, (int64_t)line);
	store_query_number(query, 7, (int64_t)place);
	store_query_bytes(query, 8, record);
	if (end == VOTE_LIVE)
		store_query_null(query, 9);
	else
		store_query_number(query, 9, delivery->options.time_ns);
	return store_query_run(query);
}

static int add_vote(struct store_delivery *delivery, const struct store_pending *pending,
                    uint64_t content)
{
	struct store_member *member;
	uint64_t place;
	int error = keep_object(delivery, pending, &place);

	if (error == 0)
		error = insert(delivery, VOTE_LIVE, buffer_slice(&pending->record), pending->line,
		               place);
	if (error == 0)
		error = store_known_add(delivery,
		                        &(struct store_member){
						.key = pending->identity.key,
						.owner = pending->identity.owner,
						.vote_id = delivery->last_vote_id,
						.content = content,
						.end = VOTE_LIVE,
						.is_seen = true,
					},
		                        &member);
	if (error == 0)
		error = store_flush_note_member(delivery, member);
	if (error == 0)
		error = note_values(delivery, pending, delivery->last_vote_id);
	if (error == 0)
		error = store_flush_note_change(delivery, delivery->last_vote_id);
	delivery->counts.added++;
	delivery->counts.live_after++;
	return error;
}

int store_apply_tombstone(struct store_delivery *delivery, const struct store_identity *identity,
                          const struct indicator *record)
{
	struct store_member *member;
	AUTO_BUFFER bytes = {};

	store_record_append(&bytes, record);
	if (bytes.failed)
		return -ENOMEM;
	int error = insert(delivery, VOTE_REVOKED, buffer_slice(&bytes), 0, 0);
	if (error == 0)
		error = store_known_add(delivery,
		                        &(struct store_member){
						.key = identity->key,
						.owner = identity->owner,
						.vote_id = delivery->last_vote_id,
						.end = VOTE_REVOKED,
					},
		                        &member);
	return error == 0 ? store_flush_note_member(delivery, member) : error;
}

static int put_version(struct store_delivery *delivery, uint32_t vote_id)
{
	struct store_query *query = &delivery->put_version;

	store_query_number(query, 1, vote_id);
	store_query_number(query, 2, delivery->options.time_ns);
	store_query_number(query, 3, VOTE_REPLACED);
	return store_query_run(query);
}

static int update(struct store_delivery *delivery, const struct store_pending *pending,
                  uint32_t vote_id, uint32_t version, uint64_t place)
{
	struct store_query *query = &delivery->update_vote;

	store_query_number(query, 1, vote_id);
	store_query_number(query, 2, version);
	store_query_number(query, 3, delivery->options.time_ns);
	store_query_number(query, 4, flags_of(delivery));
	store_query_number(query, 5, (int64_t)pending->line);
	store_query_number(query, 6, (int64_t)place);
	store_query_bytes(query, 7, buffer_slice(&pending->record));
	return store_query_run(query);
}

// The pending version takes the place of `old`, which was read last.
static int replace_vote(struct store_delivery *delivery, const struct store_pending *pending,
                        struct store_member *member, const struct vote *old, uint64_t content)
{
	uint32_t version = old->version + 1;
	uint64_t place;
	int error = old->end == VOTE_LIVE ? note_values_past(delivery, old) : 0;

	store_query_reset(&delivery->get_vote); // `old` is gone
	if (error == 0)
		error = note_values(delivery, pending, member->vote_id);
	if (error == 0)
		error = put_version(delivery, member->vote_id);
	if (error == 0)
		error = keep_object(delivery, pending, &place);
	if (error == 0)
		error = update(delivery, pending, member->vote_id, version, place);
	if (error == 0)
		error = store_flush_note_change(delivery, member->vote_id);

	delivery->counts.changed += member->end == VOTE_LIVE;
	delivery->counts.added += member->end != VOTE_LIVE;
	delivery->counts.live_after += member->end != VOTE_LIVE;
	member->content = content;
	member->end = VOTE_LIVE;
	return error == 0 ? store_flush_note_member(delivery, member) : error;
}

// Is the pending version older than what is known, or barred? A STIX version counts by `modified`
// (STIX 2.1, section 3.6).
static bool is_outdated(const struct store_pending *pending, const struct vote *known,
                        int64_t bar_ns)
{
	if (known->end == VOTE_REJECTED)
		return true;
	if (pending->has_id)
		return pending->modified_ns != TIMESTAMP_MIN &&
		       (pending->modified_ns < known->record.modified_ns ||
		        (known->end == VOTE_REPLACED && pending->modified_ns <= bar_ns));
	return known->end == VOTE_DELETED && pending->time_ns != TIMESTAMP_MIN &&
	       pending->time_ns < bar_ns;
}

static int judge(struct store_delivery *delivery, const struct store_pending *pending,
                 struct store_member *member, uint64_t content)
{
	struct vote known;
	int64_t bar_ns;

	if (member->end == VOTE_REVOKED) { // for ever (STIX 2.1, section 3.2)
		delivery->counts.outdated++;
		return 0;
	}
	int error = store_apply_read(delivery, member->vote_id, &known, &bar_ns);
	if (error < 0)
		return error;
	if (!is_outdated(pending, &known, bar_ns))
		return replace_vote(delivery, pending, member, &known, content);
	store_query_reset(&delivery->get_vote);
	delivery->counts.outdated++;
	return 0;
}

int store_apply_pending(struct store_delivery *delivery, const struct store_pending *pending)
{
	uint64_t content = content_of(delivery, pending);
	struct store_member *member;
	int error = store_known_find(delivery, &pending->identity, &member);

	if (error < 0)
		return error;
	delivery->counts.seen += member == NULL || !member->is_seen;
	if (member == NULL)
		return add_vote(delivery, pending, content);

	bool was_seen = member->is_seen;
	member->is_seen = true;
	if (member->end != VOTE_LIVE || member->content != content)
		return judge(delivery, pending, member, content);
	delivery->counts.unchanged += !was_seen;
	return 0;
}

int store_apply_end(struct store_delivery *delivery, struct store_member *member, enum vote_end end,
                    int64_t bar_ns)
{
	struct store_query *query = &delivery->end_vote;
	int64_t now_ns = delivery->options.time_ns;
	struct vote vote;
	int64_t old_bar_ns;
	int error = store_apply_read(delivery, member->vote_id, &vote, &old_bar_ns);

	if (error == 0)
		error = note_values_past(delivery, &vote);
	store_query_reset(&delivery->get_vote);
	if (error < 0)
		return error;

	store_query_number(query, 1, member->vote_id);
	store_query_number(query, 2, end);
	store_query_number(query, 3, now_ns);
	store_query_number(query, 4, vote.last_seen_ns);
	if (bar_ns != TIMESTAMP_MIN)
		store_query_number(query, 5, bar_ns);
	else
		store_query_null(query, 5);
	error = store_query_run(query);
	if (error == 0)
		error = store_flush_note_change(delivery, member->vote_id);
	member->end = end;
	delivery->counts.live_after--;
	return error == 0 ? store_flush_note_member(delivery, member) : error;
}

int store_apply_bar(struct store_delivery *delivery, struct store_member *member, enum vote_end end,
                    int64_t bar_ns)
{
	struct store_query *query = &delivery->bar_vote;

	store_query_number(query, 1, member->vote_id);
	store_query_number(query, 2, end);
	store_query_number(query, 3, bar_ns);
	int error = store_query_run(query);
	member->end = end;
	return error == 0 ? store_flush_note_member(delivery, member) : error;
}
