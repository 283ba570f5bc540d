// dataplane/port_afxdp_memory.h — the chunks that frames of AF_XDP ports lie in (the umem).
//
// Made when ports are bound, used by one thread, freed with its last user.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xdp/xsk.h>

enum {
	AFXDP_CHUNK_BYTES_MAX = 4096, // a page: the kernel's limit
	AFXDP_HEADROOM_BYTES = 256,   // the kernel's, before each received frame
};

struct afxdp_memory {
	uint8_t *data;
	size_t size_bytes;
	struct xsk_umem *umem;
	uint32_t chunk_bytes;
	uint32_t chunk_count;
	uint32_t ring_size;  // of every ring of its ports
	unsigned user_count; // ports, and who is opening them
	bool has_socket;     // the first one has the umem's own rings
	bool has_fragments;  // frames may be of several chunks
	// libxdp makes the rings of the first socket with the umem, and unmaps them by these.
	struct xsk_ring_prod first_fill;
	struct xsk_ring_cons first_completion;
	uint32_t free_count;
	uint64_t free[]; // a stack, of chunk_count
};

// Chunks that frames of that size need: half a page where it does.
uint32_t afxdp_memory_chunk_bytes(uint32_t frame_bytes_max);

// Memory for `chunk_count` chunks, and rings of `ring_size`. Returns 0 and gives it to the caller,
// its first user (afxdp_memory_release), or an error.
int afxdp_memory_create(uint32_t chunk_count, uint32_t chunk_bytes, uint32_t ring_size,
                        struct afxdp_memory **ret_memory);

// One user less; freed with the last. Accepts NULL.
void afxdp_memory_release(struct afxdp_memory *memory);

// HOT. Gives back the chunk that `address` lies in.
static inline void afxdp_memory_put(struct afxdp_memory *memory, uint64_t address)
{
	memory->free[memory->free_count++] = address & ~(uint64_t)(memory->chunk_bytes - 1);
}
