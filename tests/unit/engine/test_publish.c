// A database is exchanged under readers that never wait, and freed when nobody can refer to it.
#include "engine/publish.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/unit/engine/build_fixture.h"

enum { READERS = 3, EXCHANGES = 150, LEFT_MAX = 20, RING_BYTES = 65536 };

// What the threads of one test share.
struct scene {
	struct ring *rings[READERS];
	struct publisher *publisher;
	_Atomic bool is_stopping;
	_Atomic unsigned wrong;
	_Atomic unsigned judged;
};

// One that lists 192.0.2.1 on behalf of an indicator whose value is `number`.
static struct database *open_numbered(unsigned number)
{
	AUTO(build) build = NULL;
	char text[16];
	uint32_t id;

	(void)snprintf(text, sizeof(text), "%u", number);
	assert_int_equal(build_create(&build), 0);
	id = fixture_add(build, text);
	fixture_add_prefix(build, "192.0.2.1/32", id, &any_terms);
	return fixture_open(build);
}

static void scene_open(struct scene *scene)
{
	*scene = (struct scene){0};
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(ring_create(RING_BYTES, &scene->rings[i]), 0);
	assert_int_equal(publisher_create(READERS, scene->rings, &scene->publisher), 0);
}

static void scene_close(struct scene *scene)
{
	publisher_free(scene->publisher);
	for (unsigned i = 0; i < READERS; i++)
		ring_free(scene->rings[i]);
}

static void publish(struct scene *scene, unsigned number)
{
	uint32_t generation;

	assert_int_equal(publisher_publish(scene->publisher, open_numbered(number), &generation),
	                 0);
	assert_int_equal(generation, number);
}

static unsigned number_of(const struct publication *publication, uint32_t indicator_id)
{
	struct indicator indicator;
	char text[16] = "";

	if (!database_indicator(publication->database, indicator_id, &indicator) ||
	    indicator.value.size >= sizeof(text))
		return 0;
	memcpy(text, indicator.value.data, indicator.value.size);
	return (unsigned)strtoul(text, NULL, 10);
}

static void nothing_is_read_before_the_first(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	assert_null(publisher_read(scene.publisher, 0));
	assert_int_equal(publisher_generation(scene.publisher), 0);
	assert_int_equal(publisher_retire(scene.publisher), 0);
	scene_close(&scene);
}

static void a_reader_gets_the_newest_when_it_asks(void **state)
{
	struct scene scene;
	const struct publication *first;

	(void)state;
	scene_open(&scene);
	publish(&scene, 1);
	first = publisher_read(scene.publisher, 0);
	assert_int_equal(first->generation, 1);
	publish(&scene, 2);
	assert_int_equal(publisher_read(scene.publisher, 0)->generation, 2);
	scene_close(&scene);
}

static void a_reader_at_work_holds_what_it_uses(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	publish(&scene, 1);
	(void)publisher_read(scene.publisher, 0);
	publish(&scene, 2);
	publish(&scene, 3);
	// The second one nobody uses; but what the first reader sees next could have been it.
	assert_int_equal(publisher_retire(scene.publisher), 3);
	(void)publisher_read(scene.publisher, 0);
	assert_int_equal(publisher_retire(scene.publisher), 1);
	assert_null(publisher_of(scene.publisher, 1));
	assert_null(publisher_of(scene.publisher, 2));
	scene_close(&scene);
}

static void a_reader_that_left_holds_nothing(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	publish(&scene, 1);
	(void)publisher_read(scene.publisher, 0);
	publisher_leave(scene.publisher, 0);
	publish(&scene, 2);
	assert_int_equal(publisher_retire(scene.publisher), 1);
	assert_int_equal(publisher_read(scene.publisher, 0)->generation, 2);
	scene_close(&scene);
}

static void hits_on_their_way_hold_their_database(void **state)
{
	struct scene scene;
	struct slice record;

	(void)state;
	scene_open(&scene);
	publish(&scene, 1);
	(void)publisher_read(scene.publisher, 0);
	assert_true(ring_push(scene.rings[0], slice_text("a hit"), slice_text("")));
	publish(&scene, 2);
	(void)publisher_read(scene.publisher, 0);
	assert_int_equal(publisher_retire(scene.publisher), 2);
	assert_int_equal(publisher_of(scene.publisher, 1)->generation, 1);
	// What comes later is of another generation, and does not hold the first one.
	assert_true(ring_push(scene.rings[0], slice_text("another"), slice_text("")));
	assert_true(ring_peek(scene.rings[0], &record));
	ring_release(scene.rings[0]);
	assert_int_equal(publisher_retire(scene.publisher), 1);
	scene_close(&scene);
}

static void a_number_that_was_abandoned_is_not_given_again(void **state)
{
	struct scene scene;
	uint32_t generation;

	(void)state;
	scene_open(&scene);
	publish(&scene, 1);
	assert_int_equal(publisher_reserve(scene.publisher), 2);
	assert_true(publisher_is_reserved(scene.publisher, 2));
	assert_false(publisher_is_reserved(scene.publisher, 1));
	publisher_abandon(scene.publisher);
	assert_false(publisher_is_reserved(scene.publisher, 2));
	assert_int_equal(publisher_generation(scene.publisher), 1);
	assert_int_equal(publisher_reserve(scene.publisher), 3);
	assert_int_equal(publisher_publish(scene.publisher, open_numbered(3), &generation), 0);
	assert_int_equal(generation, 3);
	assert_false(publisher_is_reserved(scene.publisher, 3));
	assert_null(publisher_of(scene.publisher, 2));
	assert_int_equal(publisher_of(scene.publisher, 3)->generation, 3);
	scene_close(&scene);
}

struct seat {
	struct scene *scene;
	unsigned index;
};

// Judges one address again and again: the hit has to be of the generation that judged it.
static void *read_on(void *context)
{
	const struct seat *seat = context;
	struct scene *scene = seat->scene;
	struct observable observable = {.type = OBSERVABLE_ADDRESS};
	struct hit hit;

	assert_int_equal(normalize_address(slice_text("192.0.2.1"), &observable.address), 0);
	memset(&hit, 0, sizeof(hit));
	for (unsigned round = 0; !atomic_load(&scene->is_stopping); round++) {
		const struct publication *publication = publisher_read(scene->publisher,
		                                                       seat->index);
		const struct match *matches;

		if (match_find(publication->contexts[seat->index], &observable, 1, &matches) != 1 ||
		    number_of(publication, matches[0].indicator_id) != publication->generation)
			atomic_fetch_add(&scene->wrong, 1);
		hit.indicator_id = matches[0].indicator_id;
		hit.generation = publication->generation;
		(void)ring_push(scene->rings[seat->index], slice_of(&hit, sizeof(hit)),
		                slice_text(""));
		atomic_fetch_add(&scene->judged, 1);
		if (round % 16 == 0)
			publisher_leave(scene->publisher, seat->index);
		if (round % 64 == 0)
			(void)sched_yield();
	}
	publisher_leave(scene->publisher, seat->index);
	return NULL;
}

static void *drain_on(void *context)
{
	struct scene *scene = context;
	struct slice record;
	struct hit hit;

	while (!atomic_load(&scene->is_stopping)) {
		for (unsigned i = 0; i < READERS; i++) {
			const struct publication *publication;

			if (!ring_peek(scene->rings[i], &record))
				continue;
			hit_read(record, &hit);
			publication = publisher_of(scene->publisher, hit.generation);
			if (publication == NULL ||
			    number_of(publication, hit.indicator_id) != hit.generation)
				atomic_fetch_add(&scene->wrong, 1);
			ring_release(scene->rings[i]);
		}
		(void)sched_yield();
	}
	return NULL;
}

static void readers_and_drain_never_meet_a_freed_one(void **state)
{
	struct scene scene;
	struct seat seats[READERS];
	pthread_t readers[READERS];
	pthread_t drain;

	(void)state;
	scene_open(&scene);
	publish(&scene, 1);
	for (unsigned i = 0; i < READERS; i++) {
		seats[i] = (struct seat){&scene, i};
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &seats[i]), 0);
	}
	assert_int_equal(pthread_create(&drain, NULL, drain_on, &scene), 0);
	for (unsigned number = 2; number <= EXCHANGES; number++) {
		publish(&scene, number);
		// They are freed while the readers run, or this has no end.
		while (publisher_retire(scene.publisher) > LEFT_MAX)
			(void)sched_yield();
	}
	while (atomic_load(&scene.judged) < EXCHANGES)
		(void)sched_yield();
	atomic_store(&scene.is_stopping, true);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(pthread_join(drain, NULL), 0);
	assert_int_equal(atomic_load(&scene.wrong), 0);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_read_before_the_first),
		cmocka_unit_test(a_reader_gets_the_newest_when_it_asks),
		cmocka_unit_test(a_reader_at_work_holds_what_it_uses),
		cmocka_unit_test(a_reader_that_left_holds_nothing),
		cmocka_unit_test(hits_on_their_way_hold_their_database),
		cmocka_unit_test(a_number_that_was_abandoned_is_not_given_again),
		cmocka_unit_test(readers_and_drain_never_meet_a_freed_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
