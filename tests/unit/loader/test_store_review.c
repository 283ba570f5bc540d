#include "tests/unit/loader/store_fixture.h"

#include <errno.h>

#include "loader/store_review.h"

static int take_review(void *context, const struct review *review)
{
	uint64_t *counts = context;

	assert_string_equal(review->subject, "0.0.0.0/0");
	assert_string_equal(review->reason, "too wide");
	counts[0]++;
	counts[1] = review->count;
	counts[2] = review->review_id;
	return 0;
}

static int count_event(void *context, const struct store_event *event)
{
	assert_string_equal(event->who, "hanako");
	assert_string_equal(event->what, "rejected");
	assert_string_equal(event->why, "0.0.0.0/0");
	++*(int *)context;
	return 0;
}

static void what_was_decided_of_a_subject_stays_decided(void **state)
{
	struct store_fixture fixture;
	const struct review review = {
		.kind = REVIEW_VALUE,
		.source_id = 1,
		.subject = "0.0.0.0/0",
		.reason = "too wide",
		.time_ns = DAY_NS,
	};
	enum review_state decided = REVIEW_ACCEPTED;
	uint64_t counts[3] = {};
	int events = 0;

	(void)state;
	store_fixture_open(&fixture);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_review_add(fixture.store, &review, &decided), 0);
		assert_int_equal(decided, REVIEW_OPEN);
	}
	assert_int_equal(store_review_each(fixture.store, REVIEW_OPEN, take_review, counts), 0);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 3);

	assert_int_equal(store_review_decide(fixture.store, counts[2], REVIEW_REJECTED, "hanako"),
	                 0);
	assert_int_equal(store_review_decide(fixture.store, counts[2], REVIEW_ACCEPTED, "taro"),
	                 -EALREADY);
	assert_int_equal(store_review_decide(fixture.store, counts[2] + 1, REVIEW_ACCEPTED, "taro"),
	                 -ENOENT);
	store_fixture_reopen(&fixture);
	assert_int_equal(store_review_add(fixture.store, &review, &decided), 0);
	assert_int_equal(decided, REVIEW_REJECTED);
	assert_int_equal(store_review_state(fixture.store, REVIEW_VALUE, 1, "0.0.0.0/0", &decided),
	                 0);
	assert_int_equal(decided, REVIEW_REJECTED);
	assert_int_equal(store_review_state(fixture.store, REVIEW_VALUE, 2, "0.0.0.0/0", &decided),
	                 0);
	assert_int_equal(decided, REVIEW_OPEN);
	assert_int_equal(store_event_each(fixture.store, TIMESTAMP_MIN, 0, count_event, &events),
	                 0);
	assert_int_equal(events, 1);
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_decided_of_a_subject_stays_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
