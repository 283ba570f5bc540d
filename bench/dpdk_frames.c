#include "bench/dpdk_frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#undef NS_PER_S // DPDK's, of the same value as ours

#include "bench/lookup_values.h"

enum { LISTED_EVERY = 100 };

struct writing {
	uint32_t *entries; // sorted
	uint64_t entry_count;
	uint64_t address_count; // so far
	uint64_t listed_count;
};

static uint32_t address_of(uint64_t number)
{
	uint8_t text[LOOKUP_VALUE_BYTES];
	struct observable value;
	uint32_t address;

	lookup_values_make(VALUES_IPV4, number, text, &value);
	memcpy(&address, value.address.octets + 12, sizeof(address));
	return address;
}

static int compare_addresses(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static uint32_t next_address(struct writing *writing)
{
	uint64_t i = writing->address_count++;
	uint64_t number = i % LISTED_EVERY == 0 ? i * 2654435761u % writing->entry_count
	                                        : LOOKUP_MISS_BEGIN + i;

	return address_of(number);
}

// How many entries are this address: of a million random ones some are the same.
static uint8_t count_entries(const struct writing *writing, uint32_t address)
{
	const uint32_t *end = writing->entries + writing->entry_count;
	const uint32_t *first = bsearch(&address, writing->entries, writing->entry_count,
	                                sizeof(address), compare_addresses);
	uint8_t count = 0;

	if (first == NULL)
		return 0;
	while (first > writing->entries && first[-1] == address)
		first--;
	while (first + count < end && first[count] == address)
		count++;
	return count;
}

static void write_frame(struct rte_mempool *pool, void *context, void *element, unsigned index)
{
	struct rte_mbuf *buffer = element;
	struct writing *writing = context;
	uint8_t *frame = (uint8_t *)buffer->buf_addr + RTE_PKTMBUF_HEADROOM;
	uint32_t src = next_address(writing);
	uint32_t dst = next_address(writing);
	uint16_t src_port = (uint16_t)(1024 + index % 60000);

	(void)pool;
	memset(frame, 0, DPDK_FRAME_BYTES);
	memcpy(frame, (uint8_t[]){2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00}, 14);
	memcpy(frame + 14, (uint8_t[]){0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17}, 10);
	memcpy(frame + 26, &src, 4);
	memcpy(frame + 30, &dst, 4);
	memcpy(frame + 34, &src_port, 2);
	memcpy(frame + 36, (uint8_t[]){0x1f, 0x90, 0, 26}, 4);
	frame[DPDK_FRAME_MARK] =
		(uint8_t)(count_entries(writing, src) + count_entries(writing, dst));
	writing->listed_count += frame[DPDK_FRAME_MARK];
}

int dpdk_frames_write(uint64_t frame_count, uint64_t entry_count, uint64_t *ret_listed)
{
	struct rte_mempool *pool = rte_mempool_lookup("sekisho-pool-0");
	struct writing writing = {.entry_count = entry_count};

	if (pool == NULL)
		return -ENOENT;
	if (frame_count > 0 && pool->size != frame_count)
		return -EINVAL;
	if (frame_count > 0)
		pool->cache_size = 0; // else the thread would use those again that it freed last
	writing.entries = malloc(entry_count * sizeof(*writing.entries));
	if (writing.entries == NULL)
		return -ENOMEM;
	for (uint64_t i = 0; i < entry_count; i++)
		writing.entries[i] = address_of(i);
	qsort(writing.entries, entry_count, sizeof(*writing.entries), compare_addresses);
	(void)rte_mempool_obj_iter(pool, write_frame, &writing);
	free(writing.entries);
	*ret_listed = writing.listed_count;
	return 0;
}
