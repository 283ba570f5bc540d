#include "loader/compile_vetoed.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "loader/store_review.h"

static int keep_text(struct store_compile_result *result, struct buffer *text,
                     const char **ret_text)
{
	struct slice copy = arena_copy(&result->arena, buffer_slice(text));

	if (text->failed || copy.data == NULL)
		return -ENOMEM;
	*ret_text = (const char *)copy.data;
	return 0;
}

static void describe(const struct indicator *veto, struct buffer *reason)
{
	buffer_format(reason, "a drop, vetoed: %.*s is %.*s", SLICE_FORMAT(veto->value),
	              SLICE_FORMAT(veto->labels));
	if (veto->is_source_hidden)
		buffer_append_text(reason, ", says a source that is not shown");
	else if (veto->source.size > 0)
		buffer_format(reason, ", says %.*s", SLICE_FORMAT(veto->source));
}

int compile_vetoed_note(struct store_compile_result *result, const struct vote *vote,
                        const struct judged_value *judged)
{
	struct buffer text = {0};
	struct store_compile_vetoed *vetoed;

	if (judged->facts.role == SOURCE_ATTACKED)
		return 0;
	if (result->vetoed_drop_count == STORE_COMPILE_VETOED_MAX) {
		result->vetoed_further++;
		return 0;
	}
	if (result->vetoed_drops == NULL)
		result->vetoed_drops = calloc(STORE_COMPILE_VETOED_MAX, sizeof(*vetoed));
	if (result->vetoed_drops == NULL)
		return -ENOMEM;
	vetoed = &result->vetoed_drops[result->vetoed_drop_count];
	vetoed->source_id = vote->source_id;
	vetoed->vote_id = vote->vote_id;
	judge_value_text(judged, &text);
	int error = keep_text(result, &text, &vetoed->subject);
	buffer_clear(&text);
	describe(&judged->veto, &text);
	if (error == 0)
		error = keep_text(result, &text, &vetoed->reason);
	buffer_close(&text);
	result->vetoed_drop_count += error == 0;
	return error;
}

struct queue {
	struct store *store;
	uint32_t source_id; // whose room is known
	uint64_t room;
	uint64_t further;
};

static int find_room(struct queue *queue, uint32_t source_id)
{
	uint64_t open_count;

	if (source_id == queue->source_id)
		return 0;
	int error = store_review_open_count(queue->store, REVIEW_VETOED, source_id, &open_count);
	if (error < 0)
		return error;
	queue->source_id = source_id;
	queue->room = open_count < REVIEW_OPEN_MAX ? REVIEW_OPEN_MAX - open_count : 0;
	return 0;
}

static int queue_one(struct queue *queue, const struct store_compile_vetoed *vetoed, int64_t now_ns)
{
	enum review_state state;
	int error = find_room(queue, vetoed->source_id);

	if (error < 0)
		return error;
	int is_there = store_review_has(queue->store, REVIEW_VETOED, vetoed->source_id,
	                                vetoed->subject);
	if (is_there < 0)
		return is_there;
	if (is_there == 0 && queue->room == 0) {
		queue->further++;
		return 0;
	}
	queue->room -= is_there == 0;
	return store_review_add(queue->store,
	                        &(struct review){
					.kind = REVIEW_VETOED,
					.source_id = vetoed->source_id,
					.vote_id = vetoed->vote_id,
					.subject = vetoed->subject,
					.reason = vetoed->reason,
					.time_ns = now_ns,
				},
	                        &state);
}

int store_compile_queue_vetoed(struct store *store, const struct store_compile_result *result,
                               int64_t now_ns)
{
	struct queue queue = {.store = store, .further = result->vetoed_further};
	int error = 0;

	for (unsigned i = 0; i < result->vetoed_drop_count && error == 0; i++)
		error = queue_one(&queue, &result->vetoed_drops[i], now_ns);
	// An overlay is of few votes: what was counted of the others stays.
	bool is_counted = !result->is_unchanged && (!result->is_overlay || queue.further > 0);
	if (error == 0 && is_counted)
		error = store_review_further(store, REVIEW_VETOED, 0, queue.further, now_ns);
	return error;
}
