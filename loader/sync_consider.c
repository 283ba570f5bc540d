#include "loader/sync_consider.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buffer.h"
#include "loader/judge.h"
#include "loader/store_review.h"
#include "loader/value_code.h"

// "since until vote": changes after `since` are looked at, vote by vote, up to `vote` so far; when
// all are, those after `until` are next. Only "since" when nothing is left of them.
static const char change_note[] = "consider.change";

// One source at work.
struct considering {
	struct store *store;
	struct judge *judge;
	const struct config *config;
	uint32_t source_id;
	int64_t now_ns;
	uint64_t since, until; // as noted
	uint64_t after_vote_id;
	uint64_t vote_ids[SYNC_CONSIDER_VOTES_MAX]; // that changed, the first of them
	unsigned vote_count;
	uint64_t further; // not among those
	uint64_t room;    // in the queue
	struct buffer text;
	struct buffer values; // of the vote that was withdrawn
	bool is_listed;       // by a list of members, still
	bool is_dropped;      // for the sake of another source
};

static bool is_applied_by_members(const char *group)
{
	return group != NULL && strcasecmp(group, "BLOCKLIST") == 0;
}

static int note_changed(void *context, uint64_t vote_id)
{
	struct considering *work = context;

	if (work->vote_count < SYNC_CONSIDER_VOTES_MAX)
		work->vote_ids[work->vote_count++] = vote_id;
	else
		work->further++;
	return 0;
}

static int add_review(struct considering *work, enum review_kind kind, uint64_t vote_id,
                      const struct judged_value *judged, const char *reason)
{
	enum review_state state = REVIEW_OPEN;

	buffer_clear(&work->text);
	judge_value_text(judged, &work->text);
	buffer_append_byte(&work->text, 0);
	if (work->text.failed)
		return -ENOMEM;
	int error = store_review_add(work->store,
	                             &(struct review){
					     .kind = kind,
					     .source_id = work->source_id,
					     .vote_id = vote_id,
					     .subject = (const char *)work->text.data,
					     .reason = reason,
					     .time_ns = work->now_ns,
				     },
	                             &state);
	if (error == 0 && state == REVIEW_OPEN && work->room > 0)
		work->room--;
	return error;
}

static int consider_live(struct considering *work, const struct vote *vote)
{
	struct judgement judgement;
	char reason[96];
	int error = judge_vote_settled(work->judge, vote, &judgement);

	if (error < 0 || judgement.outcome != JUDGED)
		return error;
	for (size_t i = 0; i < judgement.value_count && error == 0; i++) {
		enum action action = judgement.values[i].decision.action;

		if (action == ACTION_DROP)
			continue;
		(void)snprintf(reason, sizeof(reason), "members apply it; here the action is %s",
		               action_name(action));
		error = add_review(work, REVIEW_CONSIDER, vote->vote_id, &judgement.values[i],
		                   reason);
	}
	return error;
}

// Another live vote for a value that was withdrawn.
static int look_at_other(void *context, const struct vote *vote)
{
	struct considering *work = context;
	struct judgement judgement;

	for (unsigned i = 0; i < work->config->source_count; i++) {
		const struct source_config *source = &work->config->sources[i];

		if (is_applied_by_members(source->group) &&
		    slice_is(vote->record.source, source->name))
			work->is_listed = true;
	}
	int error = judge_vote_settled(work->judge, vote, &judgement);
	if (error == 0 && judgement.outcome == JUDGED && judgement.action == ACTION_DROP)
		work->is_dropped = true;
	return error;
}

static int consider_value(struct considering *work, uint64_t vote_id,
                          const struct intake_value *value)
{
	const struct judged_value judged = {.value = value};

	work->is_listed = work->is_dropped = false;
	int error = store_vote_of_value(work->store,
	                                value_code_hash(store_value_seed(work->store), value),
	                                look_at_other, work);
	if (error < 0 || work->is_listed || !work->is_dropped)
		return error;
	return add_review(work, REVIEW_WITHDRAWN, vote_id, &judged,
	                  "members withdrew it; here it is dropped for another source");
}

static int consider_withdrawn(struct considering *work, const struct vote *vote)
{
	struct intake_value value;
	size_t cursor = 0;
	uint64_t vote_id = vote->vote_id;
	int error = 0;
	int result = 0;

	buffer_clear(&work->values); // the vote is gone once another one is read
	buffer_append_slice(&work->values, vote->values);
	if (work->values.failed)
		return -ENOMEM;
	while (error == 0 &&
	       (result = value_code_next(buffer_slice(&work->values), &cursor, &value)) == 1)
		error = consider_value(work, vote_id, &value);
	return error < 0 ? error : result;
}

static int consider_vote(void *context, const struct vote *vote)
{
	struct considering *work = context;

	if (vote->source_id != work->source_id)
		return 0;
	return vote->end == VOTE_LIVE ? consider_live(work, vote) : consider_withdrawn(work, vote);
}

static int read_place(struct considering *work)
{
	struct buffer note = {0};
	int error = store_source_noted(work->store, work->source_id, change_note, &note);

	buffer_append_byte(&note, 0);
	if (note.failed)
		error = -ENOMEM;
	if (error == 0)
		(void)sscanf((const char *)note.data, "%" SCNu64 " %" SCNu64 " %" SCNu64,
		             &work->since, &work->until, &work->after_vote_id);
	buffer_close(&note);
	return error;
}

static int note_place(struct considering *work)
{
	char note[3 * 24];

	if (work->further > 0)
		(void)snprintf(note, sizeof(note), "%" PRIu64 " %" PRIu64 " %" PRIu64, work->since,
		               work->until, work->after_vote_id);
	else
		(void)snprintf(note, sizeof(note), "%" PRIu64, work->until);
	int error = store_review_further(work->store, REVIEW_CONSIDER, work->source_id,
	                                 work->further, work->now_ns);
	return error < 0 ? error
	                 : store_source_note(work->store, work->source_id, change_note, note);
}

static int find_room(struct considering *work)
{
	uint64_t consider;
	uint64_t withdrawn;
	int error = store_review_open_count(work->store, REVIEW_CONSIDER, work->source_id,
	                                    &consider);

	if (error == 0)
		error = store_review_open_count(work->store, REVIEW_WITHDRAWN, work->source_id,
		                                &withdrawn);
	if (error == 0)
		work->room = consider + withdrawn < REVIEW_OPEN_MAX
		                     ? REVIEW_OPEN_MAX - consider - withdrawn
		                     : 0;
	return error;
}

// Vote by vote as long as there is room; a vote's values go together.
static int consider_votes(struct considering *work)
{
	unsigned done = 0;
	int error = 0;

	while (done < work->vote_count && work->room > 0 && error == 0) {
		error = store_vote_get(work->store, work->vote_ids[done], consider_vote, work);
		if (error == -ENOENT)
			error = 0;
		if (error == 0)
			work->after_vote_id = work->vote_ids[done++];
	}
	work->further += work->vote_count - done;
	return error;
}

static int consider_source(struct considering *work, struct report *report)
{
	const struct judge_options options = {
		.store = work->store,
		.config = work->config,
		.now_ns = work->now_ns,
		.is_single = true,
	};
	int error = read_place(work);

	if (error == 0 && work->until == 0)
		work->until = store_change_last(work->store);
	if (error < 0 || work->since == work->until)
		return error;
	const struct store_change_range range = {work->source_id, work->since, work->after_vote_id};
	error = store_change_of_source(work->store, &range, note_changed, work);
	if (error == 0)
		error = find_room(work);
	if (error == 0 && work->room > 0 && work->vote_count > 0)
		error = judge_create(&options, report, &work->judge);
	if (error == 0)
		error = consider_votes(work);
	judge_free(work->judge);
	work->judge = NULL;
	return error < 0 ? error : note_place(work);
}

int sync_consider(struct store *store, const struct config *config, int64_t now_ns,
                  struct report *report)
{
	struct considering *work = calloc(1, sizeof(*work));
	int error = work == NULL ? -ENOMEM : 0;

	for (unsigned i = 0; i < config->source_count && error == 0; i++) {
		struct store_source row;

		if (!is_applied_by_members(config->sources[i].group))
			continue;
		*work = (struct considering){
			.store = store,
			.config = config,
			.now_ns = now_ns,
			.text = work->text,
			.values = work->values,
		};
		error = store_source_get(store, config->sources[i].name, &row);
		if (error == -ENOENT) {
			error = 0;
			continue;
		}
		work->source_id = row.source_id;
		if (error == 0)
			error = consider_source(work, report);
	}
	if (work != NULL) {
		buffer_close(&work->text);
		buffer_close(&work->values);
	}
	free(work);
	return error;
}
