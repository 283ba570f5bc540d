// The sink that readers fill: an indicator and its values come in pieces and are settled together.
#include <errno.h>

#include "engine/build.h"
#include "loader/store_context.h"
#include "loader/store_identity.h"
#include "loader/store_record.h"
#include "loader/value_code.h"

static struct store_delivery *delivery_of(struct sink *sink)
{
	return (struct store_delivery *)sink;
}

// The indicator added last is complete.
static int finish(struct store_delivery *delivery)
{
	struct store_pending *pending = store_batch_pending(&delivery->batches);

	if (!pending->is_there || pending->hashes.size == 0)
		return 0;
	if (pending->record.failed || pending->hashes.failed || pending->object.failed)
		return -ENOMEM;
	if (!pending->has_id) {
		uint64_t value_hash;

		memcpy(&value_hash, pending->hashes.data, sizeof(value_hash));
		pending->identity = store_identity_of_values(
			delivery->store, value_hash,
			slice_from(buffer_slice(&pending->record), pending->values_offset));
	}
	return store_batch_push(delivery);
}

int store_sink_settle(struct store_delivery *delivery)
{
	int error = finish(delivery);

	store_batch_pending(&delivery->batches)->is_there = false;
	return error == 0 ? store_batch_wait(delivery) : error;
}

static int64_t time_of(const struct indicator *indicator)
{
	return indicator->modified_ns != TIMESTAMP_MIN ? indicator->modified_ns
	                                               : indicator->created_ns;
}

static int add_indicator(struct sink *sink, const struct indicator *indicator,
                         uint32_t *ret_indicator_id)
{
	struct store_delivery *delivery = delivery_of(sink);
	int error = finish(delivery);

	if (error < 0)
		return error;
	if (delivery->indicator_count == UINT32_MAX)
		return -EOVERFLOW;
	struct store_pending *pending = store_batch_pending(&delivery->batches);
	buffer_clear(&pending->record);
	buffer_clear(&pending->hashes);
	buffer_clear(&pending->object);
	store_record_append(&pending->record, indicator);

	pending->values_offset = pending->record.size;
	pending->has_id = indicator->id.size > 0;
	pending->poster_id = store_identity_poster(delivery->store, indicator->created_by);
	pending->identity = store_identity_of_object(delivery->store, indicator->id,
	                                             pending->poster_id);
	pending->modified_ns = indicator->modified_ns;
	pending->time_ns = time_of(indicator);
	pending->line = indicator->line;
	pending->indicator_id = ++delivery->indicator_count;
	pending->is_there = true;
	*ret_indicator_id = pending->indicator_id;
	return 0;
}

static int add_value(struct sink *sink, uint32_t indicator_id, const struct intake_value *value,
                     const char **ret_reason)
{
	struct store_delivery *delivery = delivery_of(sink);
	struct store_pending *pending = store_batch_pending(&delivery->batches);
	uint64_t value_hash = value_code_hash(delivery->store->seed, value);

	if (!pending->is_there || indicator_id != pending->indicator_id)
		return -EINVAL;
	if (value->is_pattern) {
		int error = build_check_pattern(value->type, value->syntax, value->text,
		                                ret_reason);

		if (error < 0)
			return error == -EINVAL ? 0 : error;
	}
	value_code_append(&pending->record, value);
	buffer_append(&pending->hashes, &value_hash, sizeof(value_hash));
	return pending->record.failed || pending->hashes.failed ? -ENOMEM : 1;
}

// Those of before have their newer version, or are retired by their identity.
static void withdraw(struct sink *sink, uint32_t indicator_id, enum sink_withdrawal why)
{
	struct store_pending *pending = store_batch_pending(&delivery_of(sink)->batches);

	if (why == SINK_NOTHING_TAKEN && indicator_id == pending->indicator_id)
		pending->is_there = false;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int revoke(struct store_delivery *delivery, struct store_member *member)
{
	if (member->end == VOTE_REVOKED)
		return 0;
	if (member->end != VOTE_LIVE)
		return store_apply_bar(delivery, member, VOTE_REVOKED, TIMESTAMP_MAX);
	delivery->counts.removed++;
	return store_apply_end(delivery, member, VOTE_REVOKED, TIMESTAMP_MAX);
}

// By a version that has nothing to look for.
static int replace(struct store_delivery *delivery, struct store_member *member,
                   int64_t modified_ns)
{
	struct vote vote;
	int64_t bar_ns;

	if (member->end == VOTE_REVOKED || member->end == VOTE_REJECTED)
		return 0;
	int error = store_apply_read(delivery, member->vote_id, &vote, &bar_ns);
	store_query_reset(&delivery->get_vote);
	if (error < 0)
		return error;
	if (modified_ns != TIMESTAMP_MIN && modified_ns < vote.record.modified_ns) {
		delivery->counts.outdated++;
		return 0;
	}
	if (member->end != VOTE_LIVE)
		return store_apply_bar(delivery, member, VOTE_REPLACED, later(modified_ns, bar_ns));
	delivery->counts.removed++;
	return store_apply_end(delivery, member, VOTE_REPLACED, modified_ns);
}

static int retire(struct sink *sink, const struct sink_identity *identity, int64_t modified_ns,
                  enum sink_withdrawal why)
{
	struct store_delivery *delivery = delivery_of(sink);
	uint32_t poster_id = store_identity_poster(delivery->store, identity->created_by);
	struct store_identity key = store_identity_of_object(delivery->store, identity->id,
	                                                     poster_id);
	struct store_member *member;
	int error = store_sink_settle(delivery);

	if (error == 0)
		error = store_known_find(delivery, &key, &member);
	if (error < 0)
		return error;
	if (member != NULL)
		return why == SINK_REVOKED ? revoke(delivery, member)
		                           : replace(delivery, member, modified_ns);
	if (why != SINK_REVOKED)
		return 0;
	return store_apply_tombstone(delivery, &key,
	                             &(struct indicator){
					     .id = identity->id,
					     .created_by = identity->created_by,
					     .created_ns = TIMESTAMP_MIN,
					     .modified_ns = modified_ns,
					     .valid_from_ns = TIMESTAMP_MIN,
					     .valid_until_ns = TIMESTAMP_MAX,
					     .confidence = CONFIDENCE_NONE,
				     });
}

static int end_as_deleted(struct store_delivery *delivery, struct store_member *member,
                          int64_t time_ns)
{
	struct vote vote;
	int64_t bar_ns;
	int error = store_apply_read(delivery, member->vote_id, &vote, &bar_ns);

	store_query_reset(&delivery->get_vote);
	if (error < 0)
		return error;
	if (time_of(&vote.record) > time_ns) { // listed again since
		delivery->counts.outdated++;
		return 0;
	}
	if (member->end != VOTE_LIVE)
		return member->end == VOTE_DELETED
		               ? store_apply_bar(delivery, member, VOTE_DELETED, time_ns)
		               : 0;
	delivery->counts.removed++;
	error = store_apply_end(delivery, member, VOTE_DELETED, time_ns);
	return error < 0 ? error : 1;
}

// The source is the delivery's, whatever its feed calls itself.
static int remove_value(struct sink *sink, struct slice source, const struct intake_value *value,
                        int64_t time_ns)
{
	struct store_delivery *delivery = delivery_of(sink);
	struct store_member *member;
	AUTO_BUFFER code = {};
	int error = store_sink_settle(delivery);

	(void)source;
	value_code_append(&code, value);
	if (error == 0 && code.failed)
		error = -ENOMEM;
	if (error < 0)
		return error;

	struct store_identity identity = store_identity_of_values(
		delivery->store, value_code_hash(delivery->store->seed, value),
		buffer_slice(&code));
	error = store_known_find(delivery, &identity, &member);
	if (error < 0 || member == NULL)
		return error;
	return end_as_deleted(delivery, member,
	                      time_ns != TIMESTAMP_MIN ? time_ns : delivery->options.time_ns);
}

static int keep_object(struct sink *sink, uint32_t indicator_id, struct slice id, struct slice json)
{
	struct store_delivery *delivery = delivery_of(sink);
	struct store_pending *pending = store_batch_pending(&delivery->batches);

	if (indicator_id == NO_INDICATOR)
		return store_context_put(delivery, id, json);
	if (!pending->is_there || indicator_id != pending->indicator_id)
		return -EINVAL;
	buffer_clear(&pending->object);
	buffer_append_slice(&pending->object, json);
	return pending->object.failed ? -ENOMEM : 0;
}

const struct sink_ops store_sink_ops = {
	.add_indicator = add_indicator,
	.add_value = add_value,
	.withdraw = withdraw,
	.retire = retire,
	.remove_value = remove_value,
	.keep_object = keep_object,
};
