#include "loader/guard.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/timestamp.h"
#include "loader/store_review.h"

// What is noted of a delivery that is held: "absent added live subject".
static const char *note_name(bool is_complete)
{
	return is_complete ? "guard.held" : "guard.held-pages";
}

enum { SUBJECT_BYTES = 64 };

struct held {
	uint64_t lost, added, live;
	char subject[SUBJECT_BYTES];
};

static bool exceeds(uint64_t part, uint64_t whole, uint64_t percent)
{
	return (__uint128_t)part * 100 > (__uint128_t)whole * percent;
}

static uint64_t lost_of(const struct delivery_counts *counts)
{
	return counts->absent + counts->removed;
}

static unsigned percent_of(uint64_t part, uint64_t whole)
{
	return (unsigned)((__uint128_t)part * 100 / whole);
}

void guard_judge(const struct guard_config *guards, const struct delivery_counts *counts,
                 bool is_complete, struct guard_verdict *ret_verdict)
{
	uint64_t before = counts->live_before;
	uint64_t lost = lost_of(counts);
	bool loses = before > 0 && guards->loss_percent_max < 100 && lost >= guards->change_min &&
	             exceeds(lost, before, guards->loss_percent_max);
	bool is_empty = before > 0 && is_complete && counts->seen == 0 &&
	                guards->loss_percent_max < 100;
	bool gains = before > 0 && is_complete && guards->gain_percent_max > 0 &&
	             counts->added >= guards->change_min &&
	             exceeds(counts->added, before, guards->gain_percent_max);

	*ret_verdict = (struct guard_verdict){
		.is_held = loses || is_empty || gains,
		.is_complete = is_complete,
	};
	char *reason = ret_verdict->reason;
	if (is_empty)
		(void)snprintf(reason, GUARD_TEXT_BYTES, "is empty, and had %" PRIu64, before);
	else if (loses)
		(void)snprintf(reason, GUARD_TEXT_BYTES,
		               "loses %" PRIu64 " of %" PRIu64 " (%u %%; %u %% at most)", lost,
		               before, percent_of(lost, before), guards->loss_percent_max);
	else if (gains)
		(void)snprintf(reason, GUARD_TEXT_BYTES,
		               "gains %" PRIu64 " on %" PRIu64 " (%u %%; %" PRIu32 " %% at most)",
		               counts->added, before, percent_of(counts->added, before),
		               guards->gain_percent_max);
}

// Returns 1 when something is noted, 0 when not, or the store's error.
static int read_held(struct store *store, uint32_t source_id, bool is_complete,
                     struct held *ret_held)
{
	struct buffer note = {0};
	int error = store_source_noted(store, source_id, note_name(is_complete), &note);
	int count = 0;

	buffer_append_byte(&note, 0);
	if (error == 0 && !note.failed)
		count = sscanf((const char *)note.data,
		               "%" SCNu64 " %" SCNu64 " %" SCNu64 " %63[^\n]", &ret_held->lost,
		               &ret_held->added, &ret_held->live, ret_held->subject);
	buffer_close(&note);
	return error < 0 ? error : count == 4;
}

// Some more may have gone or come meanwhile; as much as a tenth.
static bool loses_no_more(const struct held *held, const struct delivery_counts *counts)
{
	return lost_of(counts) <= held->lost + held->lost / 10;
}

static bool is_no_worse(const struct held *held, const struct delivery_counts *counts)
{
	return loses_no_more(held, counts) && counts->added <= held->added + held->added / 10;
}

int guard_is_permitted(struct store *store, uint32_t source_id, bool is_complete,
                       const struct delivery_counts *counts)
{
	enum review_state state = REVIEW_OPEN;
	struct held held;
	int result = read_held(store, source_id, is_complete, &held);

	if (result <= 0)
		return result;
	int error = store_review_state(store, REVIEW_DELIVERY, source_id, held.subject, &state);
	if (error < 0)
		return error;
	if (state != REVIEW_ACCEPTED || !loses_no_more(&held, counts))
		return 0;
	if (!is_complete)
		return 1;
	if (!is_no_worse(&held, counts))
		return 0;
	error = guard_settle(store, source_id, true);
	return error < 0 ? error : 1;
}

static int note_held(struct store *store, uint32_t source_id, bool is_complete,
                     const struct held *held)
{
	char note[3 * 24 + SUBJECT_BYTES];

	(void)snprintf(note, sizeof(note), "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s", held->lost,
	               held->added, held->live, held->subject);
	return store_source_note(store, source_id, note_name(is_complete), note);
}

int guard_ask(struct store *store, uint32_t source_id, const struct delivery_counts *counts,
              const struct guard_verdict *verdict, int64_t now_ns)
{
	struct held held;
	char time_text[TIMESTAMP_TEXT_BYTES];
	enum review_state state;
	int result = read_held(store, source_id, verdict->is_complete, &held);

	if (result < 0)
		return result;
	if (result == 0 || !is_no_worse(&held, counts)) {
		held = (struct held){lost_of(counts), counts->added, counts->live_before, ""};
		timestamp_format(now_ns, 3, time_text);
		(void)snprintf(held.subject, sizeof(held.subject), "delivery of %s", time_text);
		int error = note_held(store, source_id, verdict->is_complete, &held);
		if (error < 0)
			return error;
	}
	return store_review_add(store,
	                        &(struct review){
					.kind = REVIEW_DELIVERY,
					.source_id = source_id,
					.subject = held.subject,
					.reason = verdict->reason,
					.time_ns = now_ns,
				},
	                        &state);
}

int guard_settle(struct store *store, uint32_t source_id, bool is_complete)
{
	return store_source_note(store, source_id, note_name(is_complete), NULL);
}
