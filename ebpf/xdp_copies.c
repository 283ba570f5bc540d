#include "ebpf/xdp.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "base/timestamp.h"

struct xdp_copies_state {
	struct ring_buffer *ring;
	void (*take)(void *context, const uint8_t *data, uint32_t captured_bytes,
	             uint32_t wire_bytes, int64_t time_ns, bool is_dropped);
	void *context;
	int64_t clock_offset_ns; // what CLOCK_REALTIME is ahead of CLOCK_MONOTONIC
	unsigned left;
};

// Anything but 0 ends libbpf's loop, behind this sample.
static int take_sample(void *context, void *data, size_t size)
{
	struct xdp_copies_state *state = context;
	const struct xdp_copy *copy = data;

	(void)size; // the program writes the record whole
	state->take(state->context, copy->data, copy->captured_bytes, copy->wire_bytes,
	            (int64_t)copy->time_ns + state->clock_offset_ns, copy->is_dropped);
	return --state->left > 0 ? 0 : -ECANCELED;
}

int xdp_copies_open(struct xdp *xdp)
{
	struct xdp_copies_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	state->ring = ring_buffer__new(xdp->maps.fds[XDP_MAP_COPIES], take_sample, state, NULL);
	if (state->ring == NULL) {
		free(state);
		return -errno;
	}
	xdp->copies = state;
	return 0;
}

void xdp_copies_close(struct xdp *xdp)
{
	if (xdp->copies == NULL)
		return;
	ring_buffer__free(xdp->copies->ring);
	free(xdp->copies);
	xdp->copies = NULL;
}

int64_t xdp_clock_offset_ns(void)
{
	struct timespec monotonic, real;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &real);
	return (int64_t)(real.tv_sec - monotonic.tv_sec) * NS_PER_S + real.tv_nsec -
	       monotonic.tv_nsec;
}

unsigned xdp_copies(struct xdp *xdp, unsigned count_max,
                    void (*take)(void *context, const uint8_t *data, uint32_t captured_bytes,
                                 uint32_t wire_bytes, int64_t time_ns, bool is_dropped),
                    void *context)
{
	struct xdp_copies_state *state = xdp->copies;

	if (count_max == 0)
		return 0;
	state->take = take;
	state->context = context;
	state->left = count_max;
	state->clock_offset_ns = xdp_clock_offset_ns();
	ring_buffer__consume(state->ring);
	return count_max - state->left;
}

int xdp_copies_fd(const struct xdp *xdp)
{
	return ring_buffer__epoll_fd(xdp->copies->ring);
}
