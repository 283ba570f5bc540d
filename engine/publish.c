#include "engine/publish.h"

#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cpu.h"

enum { OFFLINE = 0, NOT_RESERVED = 0 };

// Where a reader is: written by it alone, a cache line of its own.
struct reader {
	alignas(CACHE_LINE_BYTES) _Atomic uint32_t generation; // or OFFLINE
};

// A publication with what its freeing waits for.
struct held {
	struct publication publication; // first: what readers are given
	struct database *database;      // owned
	struct held *older;
	uint64_t *pushed_bytes; // by ring, when every reader had left it; the publishing thread's
	bool is_left;
	struct match_context *contexts[];
};

struct publisher {
	_Atomic(struct held *) current; // written by publisher_publish()
	_Atomic uint32_t generation;    // its; likewise
	_Atomic uint32_t reserved;      // or NOT_RESERVED; written by the publishing thread
	uint32_t last_generation;       // that was given; the publishing thread's
	pthread_mutex_t mutex;          // of the list behind `current`; readers never take it
	struct ring *const *rings;
	unsigned reader_count;
	struct reader readers[];
};

static void held_free(struct held *held, unsigned reader_count)
{
	for (unsigned i = 0; i < reader_count; i++)
		match_context_free(held->contexts[i]);
	free(held->pushed_bytes);
	database_close(held->database);
	free(held);
}

int publisher_create(unsigned reader_count, struct ring *const rings[],
                     struct publisher **ret_publisher)
{
	size_t bytes = sizeof(struct publisher) + reader_count * sizeof(struct reader);
	struct publisher *publisher = aligned_alloc(CACHE_LINE_BYTES, bytes);

	if (publisher == NULL)
		return -ENOMEM;
	atomic_init(&publisher->current, NULL);
	atomic_init(&publisher->reserved, NOT_RESERVED);
	publisher->last_generation = 0;
	atomic_init(&publisher->generation, 0);
	(void)pthread_mutex_init(&publisher->mutex, NULL);
	publisher->rings = rings;
	publisher->reader_count = reader_count;
	for (unsigned i = 0; i < reader_count; i++)
		atomic_init(&publisher->readers[i].generation, OFFLINE);
	*ret_publisher = publisher;
	return 0;
}

void publisher_free(struct publisher *publisher)
{
	struct held *held;

	if (publisher == NULL)
		return;
	held = atomic_load_explicit(&publisher->current, memory_order_relaxed);
	while (held != NULL) {
		struct held *older = held->older;

		held_free(held, publisher->reader_count);
		held = older;
	}
	(void)pthread_mutex_destroy(&publisher->mutex);
	free(publisher);
}

static int hold(const struct publisher *publisher, struct database *database,
                struct held **ret_held)
{
	unsigned count = publisher->reader_count;
	struct held *held = calloc(1, sizeof(*held) + count * sizeof(held->contexts[0]));
	int error = 0;

	if (held == NULL)
		return -ENOMEM;
	held->pushed_bytes = calloc(count + 1, sizeof(held->pushed_bytes[0]));
	if (held->pushed_bytes == NULL)
		error = -ENOMEM;
	for (unsigned i = 0; i < count && error == 0; i++)
		error = match_context_create(database, &held->contexts[i]);
	if (error < 0) {
		held_free(held, count);
		return error;
	}
	held->publication.database = database;
	held->publication.contexts = held->contexts;
	held->database = database;
	*ret_held = held;
	return 0;
}

uint32_t publisher_reserve(struct publisher *publisher)
{
	publisher->last_generation++;
	// Relaxed: nothing else is read on its account.
	atomic_store_explicit(&publisher->reserved, publisher->last_generation,
	                      memory_order_relaxed);
	return publisher->last_generation;
}

void publisher_abandon(struct publisher *publisher)
{
	atomic_store_explicit(&publisher->reserved, NOT_RESERVED, memory_order_relaxed);
}

bool publisher_is_reserved(const struct publisher *publisher, uint32_t generation)
{
	// Acquire: pairs with the release of publisher_publish().
	return atomic_load_explicit(&publisher->reserved, memory_order_acquire) == generation;
}

int publisher_publish(struct publisher *publisher, struct database *database,
                      uint32_t *ret_generation)
{
	struct held *held;
	int error = hold(publisher, database, &held);

	if (error < 0)
		return error;
	(void)pthread_mutex_lock(&publisher->mutex);
	held->older = atomic_load_explicit(&publisher->current, memory_order_relaxed);
	if (atomic_load_explicit(&publisher->reserved, memory_order_relaxed) == NOT_RESERVED)
		(void)publisher_reserve(publisher);
	held->publication.generation = publisher->last_generation;
	*ret_generation = held->publication.generation;
	// Sequentially consistent, as in publisher_read(): either that reader sees this
	// publication, or publisher_retire() sees the reader.
	atomic_store_explicit(&publisher->current, held, memory_order_seq_cst);
	// Release: who sees the number is given this publication, or a later one.
	atomic_store_explicit(&publisher->generation, *ret_generation, memory_order_release);
	// Release: who no longer sees it reserved finds it published.
	atomic_store_explicit(&publisher->reserved, NOT_RESERVED, memory_order_release);
	(void)pthread_mutex_unlock(&publisher->mutex);
	return 0;
}

static bool has_readers(const struct publisher *publisher, uint32_t generation)
{
	for (unsigned i = 0; i < publisher->reader_count; i++) {
		// Sequentially consistent: see publisher_publish(). It acquires what the reader did
		// before it went on, so that nothing is freed under its hands.
		uint32_t used = atomic_load_explicit(&publisher->readers[i].generation,
		                                     memory_order_seq_cst);

		if (used != OFFLINE && used <= generation)
			return true;
	}
	return false;
}

// Notes how far the rings have to be drained, once no reader can push of it any more.
static bool is_left(const struct publisher *publisher, struct held *held)
{
	if (held->is_left || has_readers(publisher, held->publication.generation))
		return held->is_left;
	for (unsigned i = 0; i < publisher->reader_count; i++)
		held->pushed_bytes[i] = ring_pushed_bytes(publisher->rings[i]);
	held->is_left = true;
	return true;
}

static bool is_drained(const struct publisher *publisher, const struct held *held)
{
	for (unsigned i = 0; i < publisher->reader_count; i++)
		if (ring_released_bytes(publisher->rings[i]) < held->pushed_bytes[i])
			return false;
	return true;
}

// Takes what may be freed out of the list. Older ones are never held longer than newer ones, since
// both conditions only look at what was before a moment.
static struct held *cut(struct publisher *publisher, unsigned *ret_left_count)
{
	struct held *newer = atomic_load_explicit(&publisher->current, memory_order_relaxed);
	struct held *held = newer != NULL ? newer->older : NULL;
	unsigned count = newer != NULL;

	while (held != NULL && !(is_left(publisher, held) && is_drained(publisher, held))) {
		count++;
		newer = held;
		held = held->older;
	}
	if (held != NULL)
		newer->older = NULL;
	*ret_left_count = count;
	return held;
}

unsigned publisher_retire(struct publisher *publisher)
{
	unsigned left_count;
	struct held *held;

	(void)pthread_mutex_lock(&publisher->mutex);
	held = cut(publisher, &left_count);
	(void)pthread_mutex_unlock(&publisher->mutex);
	while (held != NULL) {
		struct held *older = held->older;

		held_free(held, publisher->reader_count);
		held = older;
	}
	return left_count;
}

uint32_t publisher_generation(const struct publisher *publisher)
{
	// Not from the publication itself: who is no reader may find it freed. Acquire: see
	// publisher_publish().
	return atomic_load_explicit(&publisher->generation, memory_order_acquire);
}

const struct publication *publisher_of(const struct publisher *publisher, uint32_t generation)
{
	struct publisher *self = (struct publisher *)publisher; // for its mutex
	const struct held *held;

	(void)pthread_mutex_lock(&self->mutex);
	held = atomic_load_explicit(&self->current, memory_order_relaxed);
	while (held != NULL && held->publication.generation != generation)
		held = held->older;
	(void)pthread_mutex_unlock(&self->mutex);
	return held != NULL ? &held->publication : NULL;
}

static void enter(struct reader *reader, uint32_t generation)
{
	// Sequentially consistent: see publisher_publish().
	atomic_store_explicit(&reader->generation, generation, memory_order_seq_cst);
}

const struct publication *publisher_read(struct publisher *publisher, unsigned reader)
{
	struct reader *self = &publisher->readers[reader];
	const struct held *held = atomic_load_explicit(&publisher->current, memory_order_acquire);
	uint32_t used = atomic_load_explicit(&self->generation, memory_order_relaxed);

	// The usual case: one load, no fence. What is in use cannot have been freed.
	if (held == NULL || (used != OFFLINE && used == held->publication.generation))
		return held != NULL ? &held->publication : NULL;
	// Until the pointer was seen again behind the announcement, it may be one that is gone. The
	// lowest generation holds everything.
	enter(self, 1);
	held = atomic_load_explicit(&publisher->current, memory_order_seq_cst);
	enter(self, held->publication.generation);
	return &held->publication;
}

void publisher_leave(struct publisher *publisher, unsigned reader)
{
	// Release: what the reader did with its publication is done.
	atomic_store_explicit(&publisher->readers[reader].generation, OFFLINE,
	                      memory_order_release);
}
