#include "dataplane/port_afxdp_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

uint32_t afxdp_memory_chunk_bytes(uint32_t frame_bytes_max)
{
	const uint32_t half = AFXDP_CHUNK_BYTES_MAX / 2;

	return frame_bytes_max <= half - AFXDP_HEADROOM_BYTES ? half : AFXDP_CHUNK_BYTES_MAX;
}

void afxdp_memory_release(struct afxdp_memory *memory)
{
	if (memory == NULL || --memory->user_count > 0)
		return;
	if (memory->umem != NULL)
		(void)xsk_umem__delete(memory->umem);
	if (memory->data != NULL)
		(void)munmap(memory->data, memory->size_bytes);
	free(memory);
}

static int map_chunks(struct afxdp_memory *memory)
{
	void *data = mmap(NULL, memory->size_bytes, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (data == MAP_FAILED)
		return -errno;
	memory->data = data;
	return 0;
}

// All chunks are free, the first on top.
static void fill_stack(struct afxdp_memory *memory)
{
	for (uint32_t i = memory->chunk_count; i > 0; i--)
		memory->free[memory->free_count++] = (uint64_t)(i - 1) * memory->chunk_bytes;
}

int afxdp_memory_create(uint32_t chunk_count, uint32_t chunk_bytes, uint32_t ring_size,
                        struct afxdp_memory **ret_memory)
{
	const struct xsk_umem_config config = {
		.fill_size = ring_size,
		.comp_size = ring_size,
		.frame_size = chunk_bytes,
	};
	struct afxdp_memory *memory =
		calloc(1, sizeof(*memory) + chunk_count * sizeof(memory->free[0]));
	int error;

	if (memory == NULL)
		return -ENOMEM;
	memory->user_count = 1;
	memory->chunk_bytes = chunk_bytes;
	memory->chunk_count = chunk_count;
	memory->ring_size = ring_size;
	memory->size_bytes = (size_t)chunk_count * chunk_bytes;
	fill_stack(memory);
	error = map_chunks(memory);
	if (error == 0)
		error = xsk_umem__create(&memory->umem, memory->data, memory->size_bytes,
		                         &memory->first_fill, &memory->first_completion, &config);
	if (error < 0) {
		afxdp_memory_release(memory);
		return error;
	}
	*ret_memory = memory;
	return 0;
}
