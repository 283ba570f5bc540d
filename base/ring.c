#include "base/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cpu.h"

enum { CAPACITY_MIN = 64 * 1024, ALIGNMENT = 8 };

// In front of every record. A record never wraps: what is left at the end of the ring is
// skipped by a header that says so.
struct record_header {
	uint32_t size; // of the content
	uint32_t is_skip;
};
static_assert(sizeof(struct record_header) == ALIGNMENT, "content stays aligned");

struct ring {
	uint8_t *bytes;
	uint64_t mask;
	alignas(CACHE_LINE_BYTES) _Atomic uint64_t pushed;   // written by the producer
	uint64_t released_seen;                              // the producer's copy of `released`
	alignas(CACHE_LINE_BYTES) _Atomic uint64_t released; // written by the consumer
};

int ring_create(size_t capacity_bytes, struct ring **ret_ring)
{
	size_t capacity = CAPACITY_MIN;
	AUTO(ring) ring = aligned_alloc(CACHE_LINE_BYTES, sizeof(*ring));

	if (ring == NULL)
		return -ENOMEM;
	while (capacity < capacity_bytes)
		capacity *= 2;
	*ring = (struct ring){.mask = capacity - 1};
	ring->bytes = aligned_alloc(CACHE_LINE_BYTES, capacity);
	if (ring->bytes == NULL)
		return -ENOMEM;
	*ret_ring = TAKE(ring);
	return 0;
}

void ring_free(struct ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->bytes);
	free(ring);
}

static size_t record_bytes(size_t size)
{
	return sizeof(struct record_header) + ((size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
}

static bool has_room(struct ring *ring, uint64_t pushed, size_t bytes)
{
	if (ring->mask + 1 - (pushed - ring->released_seen) >= bytes)
		return true;
	// Acquire: the consumer has read what lay there before it is overwritten.
	ring->released_seen = atomic_load_explicit(&ring->released, memory_order_acquire);
	return ring->mask + 1 - (pushed - ring->released_seen) >= bytes;
}

static void write_header(struct ring *ring, uint64_t position, struct record_header header)
{
	memcpy(ring->bytes + (position & ring->mask), &header, sizeof(header));
}

bool ring_push(struct ring *ring, struct slice head, struct slice tail)
{
	uint64_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);
	size_t content = head.size + tail.size;
	size_t bytes = record_bytes(content);
	size_t to_end = ring->mask + 1 - (pushed & ring->mask);
	size_t skipped = to_end < bytes ? to_end : 0;

	if (bytes > (ring->mask + 1) / 4 || !has_room(ring, pushed, skipped + bytes))
		return false;
	if (skipped > 0) {
		write_header(ring, pushed, (struct record_header){.is_skip = 1});
		pushed += skipped;
	}
	write_header(ring, pushed, (struct record_header){.size = (uint32_t)content});

	uint8_t *to = ring->bytes + (pushed & ring->mask) + sizeof(struct record_header);
	if (head.size > 0)
		memcpy(to, head.data, head.size);
	if (tail.size > 0)
		memcpy(to + head.size, tail.data, tail.size);
	// Release: the content is there before the position says so.
	atomic_store_explicit(&ring->pushed, pushed + bytes, memory_order_release);
	return true;
}

static struct record_header header_at(const struct ring *ring, uint64_t position)
{
	struct record_header header;

	memcpy(&header, ring->bytes + (position & ring->mask), sizeof(header));
	return header;
}

bool ring_peek(struct ring *ring, struct slice *ret_record)
{
	uint64_t released = atomic_load_explicit(&ring->released, memory_order_relaxed);

	// Acquire: pairs with the producer's release.
	if (released == atomic_load_explicit(&ring->pushed, memory_order_acquire))
		return false;

	struct record_header header = header_at(ring, released);
	if (header.is_skip) {
		released += ring->mask + 1 - (released & ring->mask);
		atomic_store_explicit(&ring->released, released, memory_order_release);
		header = header_at(ring, released);
	}
	*ret_record = slice_of(ring->bytes + (released & ring->mask) + sizeof(header), header.size);
	return true;
}

void ring_release(struct ring *ring)
{
	uint64_t released = atomic_load_explicit(&ring->released, memory_order_relaxed);

	// Release: the content has been read before the producer may write over it.
	atomic_store_explicit(&ring->released,
	                      released + record_bytes(header_at(ring, released).size),
	                      memory_order_release);
}

uint64_t ring_pushed_bytes(const struct ring *ring)
{
	return atomic_load_explicit(&ring->pushed, memory_order_acquire);
}

uint64_t ring_released_bytes(const struct ring *ring)
{
	return atomic_load_explicit(&ring->released, memory_order_acquire);
}
