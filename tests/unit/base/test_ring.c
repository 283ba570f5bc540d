#include "tests/unit/unit_test.h"

#include <pthread.h>
#include <sched.h>

#include "base/ring.h"

enum { RECORDS = 200000 };

static void records_come_out_whole_and_in_order(void **state)
{
	AUTO(ring) ring = NULL;
	struct slice record;
	(void)state;

	assert_int_equal(ring_create(0, &ring), 0);
	assert_false(ring_peek(ring, &record));
	assert_true(ring_push(ring, slice_text("head"), slice_text("+tail")));
	assert_true(ring_push(ring, slice_text(""), slice_text("")));
	assert_true(ring_peek(ring, &record));
	assert_true(slice_is(record, "head+tail"));
	assert_int_equal((uintptr_t)record.data % 8, 0);
	ring_release(ring);
	assert_true(ring_peek(ring, &record));
	assert_int_equal(record.size, 0);
	ring_release(ring);
	assert_false(ring_peek(ring, &record));
	assert_int_equal(ring_pushed_bytes(ring), ring_released_bytes(ring));
}

static void a_full_ring_refuses_and_loses_nothing(void **state)
{
	AUTO(ring) ring = NULL;
	struct slice record;
	uint8_t block[20000] = {0};
	unsigned pushed = 0;
	(void)state;

	assert_int_equal(ring_create(0, &ring), 0);
	assert_false(ring_push(ring, slice_text("over a quarter"), slice_of(block, sizeof(block))));
	while (ring_push(ring, slice_of(&pushed, sizeof(pushed)), slice_of(block, 1000)))
		pushed++;
	assert_true(pushed > 60);
	for (unsigned i = 0; i < pushed; i++) {
		assert_true(ring_peek(ring, &record));
		assert_memory_equal(record.data, &i, sizeof(i));
		ring_release(ring);
	}
	assert_false(ring_peek(ring, &record));
}

// Records of many sizes, so that the end of the ring is met at every offset.
static void *produce(void *context)
{
	static const uint8_t filler[1024];

	for (uint32_t i = 0; i < RECORDS;) {
		if (ring_push(context, slice_of(&i, sizeof(i)), slice_of(filler, i % 997)))
			i++;
		else
			(void)sched_yield();
	}
	return NULL;
}

static void two_threads_agree(void **state)
{
	AUTO(ring) ring = NULL;
	pthread_t producer;
	struct slice record;
	(void)state;

	assert_int_equal(ring_create(0, &ring), 0);
	assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
	for (uint32_t i = 0; i < RECORDS;) {
		if (!ring_peek(ring, &record)) {
			(void)sched_yield();
			continue;
		}
		assert_int_equal(record.size, sizeof(i) + i % 997);
		assert_memory_equal(record.data, &i, sizeof(i));
		ring_release(ring);
		i++;
	}
	assert_int_equal(pthread_join(producer, NULL), 0);
	assert_false(ring_peek(ring, &record));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_whole_and_in_order),
		cmocka_unit_test(a_full_ring_refuses_and_loses_nothing),
		cmocka_unit_test(two_threads_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
