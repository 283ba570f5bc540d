#include "loader/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loader/guard_run.h"
#include "loader/store_review.h"
#include "tests/unit/unit_test.h"

static const struct guard_config guards = {
	.loss_percent_max = 50, .gain_percent_max = 400, .change_min = 100};

static bool is_held(const struct guard_config *config, struct delivery_counts counts,
                    bool is_complete)
{
	struct guard_verdict verdict;

	guard_judge(config, &counts, is_complete, &verdict);
	assert_int_equal(verdict.is_held, verdict.reason[0] != '\0');
	return verdict.is_held;
}

static void a_first_delivery_is_never_held(void **state)
{
	(void)state;
	assert_false(is_held(&guards, (struct delivery_counts){.seen = 9, .added = 1000000}, true));
	assert_false(is_held(&guards, (struct delivery_counts){0}, true));
}

static void a_loss_is_held_above_its_share_only(void **state)
{
	struct delivery_counts counts = {.seen = 500, .absent = 500, .live_before = 1000};

	(void)state;
	assert_false(is_held(&guards, counts, true));
	counts.absent = 501;
	assert_true(is_held(&guards, counts, true));
	counts.absent = 300;
	counts.removed = 201; // what a source revokes counts, too
	assert_true(is_held(&guards, counts, false));
}

static void few_changes_are_never_held(void **state)
{
	struct delivery_counts counts = {.seen = 1, .absent = 99, .live_before = 100};

	(void)state;
	assert_false(is_held(&guards, counts, true));
	counts = (struct delivery_counts){.seen = 100, .added = 99, .live_before = 1};
	assert_false(is_held(&guards, counts, true));
}

static void an_empty_delivery_is_held_however_few_there_were(void **state)
{
	const struct delivery_counts counts = {.absent = 3, .live_before = 3};

	(void)state;
	assert_true(is_held(&guards, counts, true));
	assert_false(is_held(&guards, counts, false));
}

static void a_gain_is_held_when_the_delivery_is_complete(void **state)
{
	struct delivery_counts counts = {.seen = 5001, .added = 4001, .live_before = 1000};

	(void)state;
	assert_true(is_held(&guards, counts, true));
	assert_false(is_held(&guards, counts, false));
	counts.added = 4000;
	assert_false(is_held(&guards, counts, true));
}

static void guards_can_be_switched_off(void **state)
{
	const struct guard_config none = {.loss_percent_max = 100};

	(void)state;
	assert_false(is_held(&none, (struct delivery_counts){.absent = 9, .live_before = 9}, true));
	assert_false(is_held(
		&none, (struct delivery_counts){.seen = 9, .added = 9999, .live_before = 9}, true));
}

static void huge_counts_do_not_overflow(void **state)
{
	const uint64_t huge = UINT64_MAX / 2;

	(void)state;
	assert_true(is_held(
		&guards,
		(struct delivery_counts){.seen = 1, .absent = huge, .live_before = huge + 1},
		true));
}

// ---- with a store -----------------------------------------------------------------------------

struct fixture {
	char path[32];
	struct store *store;
	uint32_t source_id;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct report report = {0};

	(void)snprintf(fixture->path, sizeof(fixture->path), "/tmp/guard.XXXXXX");
	(void)close(mkstemp(fixture->path));
	(void)unlink(fixture->path);
	assert_int_equal(store_open(fixture->path, STORE_CREATE, &report, &fixture->store), 0);
	assert_int_equal(store_source_put(fixture->store,
	                                  &(struct store_source){
						  .name = "a", .kind = "file", .address = "x"},
	                                  &fixture->source_id),
	                 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char name[64];

	store_close(fixture->store);
	(void)unlink(fixture->path);
	(void)snprintf(name, sizeof(name), "%s-wal", fixture->path);
	(void)unlink(name);
	(void)snprintf(name, sizeof(name), "%s-shm", fixture->path);
	(void)unlink(name);
	free(fixture);
	return 0;
}

static int remember_last(void *context, const struct review *review)
{
	*(uint64_t *)context = review->review_id;
	return 0;
}

// How many are open, and the id of the last.
static void decide_open(struct fixture *fixture, enum review_state decision)
{
	uint64_t review_id = 0;

	assert_int_equal(store_review_each(fixture->store, REVIEW_OPEN, remember_last, &review_id),
	                 0);
	assert_int_not_equal(review_id, 0);
	assert_int_equal(store_review_decide(fixture->store, review_id, decision, "tester"), 0);
}

static void ask(struct fixture *fixture, const struct delivery_counts *counts, int64_t now_ns)
{
	struct guard_verdict verdict;

	guard_judge(&guards, counts, true, &verdict);
	assert_true(verdict.is_held);
	assert_int_equal(guard_ask(fixture->store, fixture->source_id, counts, &verdict, now_ns),
	                 0);
}

static int is_permitted(struct fixture *fixture, const struct delivery_counts *counts)
{
	return guard_is_permitted(fixture->store, fixture->source_id, true, counts);
}

static void what_is_accepted_passes_once(void **state)
{
	const struct delivery_counts counts = {.seen = 9, .absent = 600, .live_before = 1000};

	assert_int_equal(is_permitted(*state, &counts), 0);
	ask(*state, &counts, NS_PER_S);
	assert_int_equal(is_permitted(*state, &counts), 0);
	decide_open(*state, REVIEW_ACCEPTED);
	assert_int_equal(is_permitted(*state, &counts), 1);
	assert_int_equal(is_permitted(*state, &counts), 0);
}

static void pages_and_complete_deliveries_are_asked_about_each(void **state)
{
	struct fixture *fixture = *state;
	const struct delivery_counts counts = {.seen = 1, .added = 9000, .live_before = 1000};
	struct delivery_counts more = counts;

	ask(fixture, &counts, NS_PER_S);
	decide_open(fixture, REVIEW_ACCEPTED);
	assert_int_equal(guard_is_permitted(fixture->store, fixture->source_id, false, &counts), 0);
	assert_int_equal(guard_settle(fixture->store, fixture->source_id, false), 0);
	more.added = 90000; // than was accepted
	assert_int_equal(is_permitted(fixture, &more), 0);
	assert_int_equal(is_permitted(fixture, &counts), 1);
}

static void pages_count_together_until_a_run_ends_well(void **state)
{
	struct fixture *fixture = *state;
	const struct delivery_counts page = {.seen = 100, .added = 90, .removed = 5};
	struct delivery_counts since;

	assert_int_equal(guard_run_note(fixture->store, 1, &page), 0);
	assert_int_equal(guard_run_counts(fixture->store, 1, &page, &since), 0); // the first run
	assert_int_equal(guard_run_end(fixture->store, 1, 1000), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(guard_run_note(fixture->store, 1, &page), 0);
	assert_int_equal(guard_run_counts(fixture->store, 1, &page, &since), 1);
	assert_int_equal(since.added, 360);
	assert_int_equal(since.removed, 20);
	assert_int_equal(since.live_before, 1000);
	assert_int_equal(guard_run_end(fixture->store, 1, 1255), 0);
	assert_int_equal(guard_run_counts(fixture->store, 1, &page, &since), 1);
	assert_int_equal(since.added, 90);
	assert_int_equal(since.live_before, 1255);
}

static void what_is_much_worse_than_accepted_does_not_pass(void **state)
{
	struct delivery_counts counts = {.seen = 9, .absent = 600, .live_before = 1000};

	ask(*state, &counts, NS_PER_S);
	decide_open(*state, REVIEW_ACCEPTED);
	counts.absent = 661;
	assert_int_equal(is_permitted(*state, &counts), 0);
	ask(*state, &counts, 2 * NS_PER_S); // a question of its own
	decide_open(*state, REVIEW_ACCEPTED);
	assert_int_equal(is_permitted(*state, &counts), 1);
}

static void what_is_rejected_is_not_asked_again_until_it_was_well(void **state)
{
	struct fixture *fixture = *state;
	const struct delivery_counts counts = {.seen = 9, .absent = 600, .live_before = 1000};
	uint64_t open = 0;

	ask(fixture, &counts, NS_PER_S);
	decide_open(fixture, REVIEW_REJECTED);
	ask(fixture, &counts, 2 * NS_PER_S);
	assert_int_equal(is_permitted(fixture, &counts), 0);
	assert_int_equal(store_review_each(fixture->store, REVIEW_OPEN, remember_last, &open), 0);
	assert_int_equal(open, 0);

	assert_int_equal(guard_settle(fixture->store, fixture->source_id, true), 0);
	ask(fixture, &counts, 3 * NS_PER_S);
	assert_int_equal(store_review_each(fixture->store, REVIEW_OPEN, remember_last, &open), 0);
	assert_int_not_equal(open, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_delivery_is_never_held),
		cmocka_unit_test(a_loss_is_held_above_its_share_only),
		cmocka_unit_test(few_changes_are_never_held),
		cmocka_unit_test(an_empty_delivery_is_held_however_few_there_were),
		cmocka_unit_test(a_gain_is_held_when_the_delivery_is_complete),
		cmocka_unit_test(guards_can_be_switched_off),
		cmocka_unit_test(huge_counts_do_not_overflow),
		cmocka_unit_test_setup_teardown(what_is_accepted_passes_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pages_and_complete_deliveries_are_asked_about_each,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(pages_count_together_until_a_run_ends_well, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(what_is_much_worse_than_accepted_does_not_pass,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_rejected_is_not_asked_again_until_it_was_well, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
