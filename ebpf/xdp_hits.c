#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "ebpf/mirror_state.h"

enum {
	ETHERNET_BYTES = 14, // a hit counts IP packets
	UNTOLD_S = 60,       // as often as an address of a long flow becomes a hit
};

struct xdp_hits_state {
	struct ring_buffer *ring;
	uint64_t next_untold_ns; // CLOCK_MONOTONIC

	// During a call:
	struct xdp *xdp;
	void (*take)(void *context, const struct hit *hit);
	void *context;
	int64_t clock_offset_ns;
	int count;
};

void xdp_hits_forget(struct xdp_hits_state *state)
{
	if (state == NULL)
		return;
	ring_buffer__free(state->ring);
	free(state);
}

// A host is in the hash; what else was dropped lies in a network.
static enum match_kind kind_of(const struct xdp_mirror_state *mirror, const struct address *address)
{
	const struct mirror_row wanted = {.prefix = {*address, 128}};
	size_t high;
	const struct mirror_row *rows = mirror_rows_get(&mirror->rows, MIRROR_HOST, &high);
	size_t count = high;
	size_t low = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mirror_row_compare(MIRROR_HOST, &rows[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && memcmp(&rows[low].prefix.address, address, sizeof(*address)) == 0
	               ? MATCH_EXACT
	               : MATCH_PREFIX;
}

static uint64_t ip_bytes(uint64_t wire_bytes, uint64_t packets)
{
	uint64_t ethernet = packets * ETHERNET_BYTES;

	return wire_bytes > ethernet ? wire_bytes - ethernet : 0;
}

static struct hit hit_of(uint32_t indicator_id, uint32_t generation, bool is_dry_run)
{
	return (struct hit){
		.indicator_id = indicator_id,
		.action = ACTION_DROP,
		.generation = generation,
		.outcome = is_dry_run ? OUTCOME_WOULD_DROP : OUTCOME_DROPPED,
	};
}

static struct observable observe(const struct xdp_drop *drop)
{
	struct observable observable = {
		.type = OBSERVABLE_ADDRESS,
		.where = drop->is_destination ? WHERE_IP_DST : WHERE_IP_SRC,
		.port = drop->is_destination ? drop->destination_port : drop->source_port,
		.protocol = drop->protocol,
	};

	memcpy(observable.address.octets, drop->is_destination ? drop->destination : drop->source,
	       sizeof(observable.address.octets));
	return observable;
}

static struct origin origin_of(const struct xdp_drop *drop, int64_t time_ns)
{
	struct origin origin = {
		.time_ns = time_ns,
		.last_time_ns = time_ns,
		.packet_count = 1,
		.byte_count = ip_bytes(drop->wire_bytes, 1),
		.src_port = drop->source_port,
		.dst_port = drop->destination_port,
		.protocol = drop->protocol,
	};

	memcpy(origin.src.octets, drop->source, sizeof(origin.src.octets));
	memcpy(origin.dst.octets, drop->destination, sizeof(origin.dst.octets));
	return origin;
}

// A condemned flow is a hit already, of whoever condemned it.
static int take_drop(void *context, void *data, size_t size)
{
	struct xdp_hits_state *state = context;
	const struct xdp_drop *drop = data;
	uint32_t generation = mirror_generation(state->xdp->mirror, drop->generation);
	struct hit hit = hit_of(drop->indicator_id, generation, drop->is_dry_run != 0);

	(void)size; // the program writes the record whole
	if (drop->slot == 0 || generation == 0)
		return 0;
	hit.observable = observe(drop);
	hit.kind = kind_of(state->xdp->mirror, &hit.observable.address);
	hit.origin = origin_of(drop, (int64_t)drop->time_ns + state->clock_offset_ns);
	state->take(state->context, &hit);
	state->count++;
	return 0;
}

// Drops without headers: of a network, its first address stands for it.
static void tell_untold(struct xdp_hits_state *state, const struct mirror_row *row, uint32_t epoch,
                        const struct xdp_count *count)
{
	const struct xdp_config *config = state->xdp->maps.config;
	uint32_t generation = mirror_generation(state->xdp->mirror, epoch);
	struct hit hit = hit_of(row->indicator_id, generation,
	                        (config->flags & XDP_CONFIG_DRY_RUN) != 0);
	int64_t now_ns = (int64_t)xdp_clock_ns() + state->clock_offset_ns;

	if (count->packets == 0 || generation == 0)
		return;
	hit.kind = row->prefix.length == 128 ? MATCH_EXACT : MATCH_PREFIX;
	hit.observable = (struct observable){
		.type = OBSERVABLE_ADDRESS,
		.where = WHERE_IP_SRC,
		.address = row->prefix.address,
		.port = row->port,
		.protocol = row->protocol,
	};
	hit.origin = (struct origin){
		.time_ns = now_ns,
		.last_time_ns = now_ns,
		.packet_count = count->packets,
		.byte_count = ip_bytes(count->bytes, count->packets),
		.src = row->prefix.address,
		.src_port = row->port,
		.protocol = row->protocol,
	};
	state->take(state->context, &hit);
	state->count++;
}

// Relaxed: the program adds to them at the same time, and a packet's two counts may be told apart.
static struct xdp_count take_count(struct xdp_count *count)
{
	if (__atomic_load_n(&count->packets, __ATOMIC_RELAXED) == 0)
		return (struct xdp_count){};
	return (struct xdp_count){
		.packets = __atomic_exchange_n(&count->packets, 0, __ATOMIC_RELAXED),
		.bytes = __atomic_exchange_n(&count->bytes, 0, __ATOMIC_RELAXED),
	};
}

static void tell_slots(struct xdp_hits_state *state)
{
	struct xdp_mirror_state *mirror = state->xdp->mirror;
	uint32_t epoch = mirror_live_epoch(&state->xdp->maps);

	if (mirror->live.maps == NULL)
		return;
	for (unsigned kind = MIRROR_NETWORK; kind < MIRROR_KIND_COUNT; kind++) {
		size_t count;
		const struct mirror_row *rows = mirror_rows_get(&mirror->rows, kind, &count);

		for (size_t i = 0; i < count; i++) {
			struct xdp_count untold;

			if (rows[i].slot == 0)
				continue;
			untold = take_count(&mirror_set_slot(&mirror->live, rows[i].slot)->untold);
			tell_untold(state, &rows[i], epoch, &untold);
		}
	}
}

static void tell_gone(struct xdp_hits_state *state)
{
	struct block *block = &state->xdp->mirror->gone;
	const struct mirror_gone *gone = (const void *)block->data;
	size_t count = block->size / sizeof(*gone);

	for (size_t i = 0; i < count; i++)
		tell_untold(state, &gone[i].row, gone[i].epoch, &gone[i].count);
	block_close(block);
}

static int make_state(struct xdp *xdp)
{
	struct xdp_hits_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	state->xdp = xdp;
	state->ring = ring_buffer__new(xdp->maps.fds[XDP_MAP_DROPS], take_drop, state, NULL);
	if (state->ring == NULL) {
		free(state);
		return -errno;
	}
	xdp->hits = state;
	return 0;
}

int xdp_hits(struct xdp *xdp, void (*take)(void *context, const struct hit *hit), void *context)
{
	struct xdp_hits_state *state;
	uint64_t now_ns = xdp_clock_ns();
	int error = xdp->hits == NULL ? make_state(xdp) : 0;

	// Before the first xdp_mirror() nobody knows whose ids they are: what there is waits.
	if (error != 0 || xdp->mirror == NULL)
		return error;
	state = xdp->hits;
	state->take = take;
	state->context = context;
	state->count = 0;
	state->clock_offset_ns = xdp_clock_offset_ns();
	(void)ring_buffer__consume(state->ring);
	tell_gone(state);
	if (now_ns >= state->next_untold_ns) {
		tell_slots(state);
		state->next_untold_ns = now_ns + UNTOLD_S * (uint64_t)NS_PER_S;
	}
	return state->count;
}
