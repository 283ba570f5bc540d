#include "loader/store_review.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "loader/store_history.h"
#include "loader/store_internal.h"

static const char *const kind_names[] = {
	[REVIEW_DELIVERY] = "delivery", [REVIEW_VALUE] = "value",
	[REVIEW_CONSIDER] = "consider", [REVIEW_WITHDRAWN] = "withdrawn",
	[REVIEW_PATTERN] = "pattern",   [REVIEW_VETOED] = "vetoed",
};
static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == REVIEW_VETOED + 1, "all named");

const char *review_kind_name(enum review_kind kind)
{
	return kind_names[kind];
}

int store_review_add(struct store *store, const struct review *review, enum review_state *ret_state)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_REVIEW_PUT, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, review->kind);
	store_query_number(&query, 2, review->source_id);
	store_query_number(&query, 3, (int64_t)review->vote_id);
	store_query_text(&query, 4, slice_text(review->subject));
	store_query_text(&query, 5, slice_text(review->reason));
	store_query_number(&query, 6, review->time_ns);
	result = store_query_step(&query);
	if (result < 0)
		return result;
	enum review_state state = (enum review_state)store_query_get_number(&query, 0);
	result = store_query_run(&query);
	if (result == 0)
		*ret_state = state;
	return result;
}

// How the one item is named that stands for those outside the queue.
static const char further_subject[] = "further ones";

int store_review_further(struct store *store, enum review_kind kind, uint32_t source_id,
                         uint64_t count, int64_t time_ns)
{
	AUTO_QUERY query = {};
	char reason[96];
	int error = store_query_begin(store, count > 0 ? SQL_REVIEW_FURTHER : SQL_REVIEW_NO_FURTHER,
	                              &query);

	if (error < 0)
		return error;
	(void)snprintf(reason, sizeof(reason),
	               "%" PRIu64 " more come when there is room in the queue", count);
	store_query_number(&query, 1, kind);
	store_query_number(&query, 2, source_id);
	store_query_text(&query, 3, slice_text(further_subject));
	if (count > 0) {
		store_query_text(&query, 4, slice_text(reason));
		store_query_number(&query, 5, time_ns);
		store_query_number(&query, 6, (int64_t)count);
	}
	return store_query_run(&query);
}

int store_review_open_count(struct store *store, enum review_kind kind, uint32_t source_id,
                            uint64_t *ret_count)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_REVIEW_OPEN, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, kind);
	store_query_number(&query, 2, source_id);
	store_query_text(&query, 3, slice_text(further_subject));
	result = store_query_step(&query);
	if (result == 1)
		*ret_count = (uint64_t)store_query_get_number(&query, 0);
	return result < 0 ? result : 0;
}

int store_review_each(struct store *store, enum review_state state,
                      int (*visit)(void *context, const struct review *review), void *context)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_REVIEW_EACH, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, state);
	while ((result = store_query_step(&query)) == 1) {
		const struct review review = {
			.review_id = (uint64_t)store_query_get_number(&query, 0),
			.kind = (enum review_kind)store_query_get_number(&query, 1),
			.state = (enum review_state)store_query_get_number(&query, 2),
			.source_id = (uint32_t)store_query_get_number(&query, 3),
			.vote_id = (uint64_t)store_query_get_number(&query, 4),
			.subject = store_query_get_text(&query, 5),
			.reason = store_query_get_text(&query, 6),
			.time_ns = store_query_get_number(&query, 7),
			.count = (uint64_t)store_query_get_number(&query, 8),
			.decided_by = store_query_get_text(&query, 9),
			.decided_ns = store_query_get_number(&query, 10),
		};

		result = visit(context, &review);
		if (result < 0)
			return result;
	}
	return result;
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

// What members apply is applied here, too, once a person accepts that. A vote that is gone by now
// is no hindrance.
static int apply(struct store *store, uint64_t vote_id, const char *who)
{
	int error = store_promote_within(store, vote_id, true, who, "accepted in review");

	return error == -ENOENT ? 0 : error;
}

// Marks an open one as decided, with its event.
static int decide(struct store *store, uint64_t review_id, enum review_state state, const char *who)
{
	AUTO_QUERY query = {};
	int64_t time_ns = now_ns();
	int result = store_query_begin(store, SQL_REVIEW_DECIDE, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, (int64_t)review_id);
	store_query_number(&query, 2, state);
	store_query_text(&query, 3, slice_text(who));
	store_query_number(&query, 4, time_ns);
	result = store_query_step(&query);
	if (result <= 0)
		return result < 0 ? result : -EALREADY;

	const struct store_event event = {
		.time_ns = time_ns,
		.who = who,
		.what = state == REVIEW_ACCEPTED ? "accepted" : "rejected",
		.source_id = (uint32_t)store_query_get_number(&query, 0),
		.vote_id = (uint64_t)store_query_get_number(&query, 1),
		.why = store_query_get_text(&query, 2),
	};
	bool is_applied = store_query_get_number(&query, 3) == REVIEW_CONSIDER &&
	                  state == REVIEW_ACCEPTED;
	result = store_event_add(store, &event);
	return result == 0 && is_applied ? apply(store, event.vote_id, who) : result;
}

static int is_there(struct store *store, uint64_t review_id)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_REVIEW_GET, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, (int64_t)review_id);
	result = store_query_step(&query);
	return result == 0 ? -ENOENT : result;
}

int store_review_decide(struct store *store, uint64_t review_id, enum review_state state,
                        const char *who)
{
	int result = store_begin(store);

	if (result < 0)
		return result;
	result = is_there(store, review_id);
	if (result > 0)
		result = decide(store, review_id, state, who);
	return store_end(store, result);
}

// Returns 1 with *ret_state, 0 when it is not there, or an error.
static int find(struct store *store, enum review_kind kind, uint32_t source_id, const char *subject,
                enum review_state *ret_state)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_REVIEW_STATE, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, kind);
	store_query_number(&query, 2, source_id);
	store_query_text(&query, 3, slice_text(subject));
	result = store_query_step(&query);
	if (result == 1)
		*ret_state = (enum review_state)store_query_get_number(&query, 0);
	return result;
}

int store_review_has(struct store *store, enum review_kind kind, uint32_t source_id,
                     const char *subject)
{
	enum review_state ignored;

	return find(store, kind, source_id, subject, &ignored);
}

int store_review_state(struct store *store, enum review_kind kind, uint32_t source_id,
                       const char *subject, enum review_state *ret_state)
{
	enum review_state state = REVIEW_OPEN;
	int result = find(store, kind, source_id, subject, &state);

	if (result >= 0)
		*ret_state = state;
	return result < 0 ? result : 0;
}
