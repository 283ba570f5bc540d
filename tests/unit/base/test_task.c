#include "tests/unit/unit_test.h"

#include <errno.h>

#include "base/task.h"

enum { JOBS = 1000 };

struct count {
	unsigned numbers[JOBS];
	unsigned used;
};

static int append_number(void *context)
{
	struct count *count = context;

	count->numbers[count->used] = count->used;
	count->used++;
	return 0;
}

static int refuse(void *context)
{
	(void)context;
	return -EIO;
}

static void jobs_are_done_one_after_the_other(void **state)
{
	AUTO(task) task = NULL;
	struct count count = {};
	(void)state;

	assert_int_equal(task_create(&task), 0);
	for (unsigned i = 0; i < JOBS; i++)
		task_begin(task, append_number, &count);
	assert_int_equal(task_wait(task), 0);
	assert_int_equal(count.used, JOBS);
	for (unsigned i = 0; i < JOBS; i++)
		assert_int_equal(count.numbers[i], i);
}

static void an_error_is_told_once_and_stops_the_next_jobs(void **state)
{
	AUTO(task) task = NULL;
	struct count count = {};
	(void)state;

	assert_int_equal(task_create(&task), 0);
	task_begin(task, append_number, &count);
	task_begin(task, refuse, NULL);
	for (unsigned i = 0; i < 2 * TASK_JOBS_MAX; i++)
		task_begin(task, append_number, &count);
	assert_int_equal(task_wait(task), -EIO);
	assert_int_equal(count.used, 1);
	assert_int_equal(task_wait(task), 0);
	task_begin(task, append_number, &count);
	assert_int_equal(task_wait(task), 0);
	assert_int_equal(count.used, 2);
}

static void freeing_waits_for_the_jobs(void **state)
{
	struct task *task;
	struct count count = {};
	(void)state;

	assert_int_equal(task_create(&task), 0);
	task_begin(task, append_number, &count);
	task_free(task);
	assert_int_equal(count.used, 1);

	assert_int_equal(task_create(&task), 0);
	task_free(task); // never had a job
	task_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_are_done_one_after_the_other),
		cmocka_unit_test(an_error_is_told_once_and_stops_the_next_jobs),
		cmocka_unit_test(freeing_waits_for_the_jobs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
