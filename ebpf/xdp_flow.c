#include "ebpf/xdp.h"

#include <assert.h>
#include <string.h>

// The program reads and writes the same memory. Relaxed order is enough: a flow's state and tag
// are one word, and what else it holds only says when it ends and whom to count; the program
// bears a moment's mixture of two flows there.
static void store_word(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

void xdp_beat(struct xdp *xdp)
{
	store_word(&xdp->maps.config->beat_ns, xdp_clock_ns());
}

void xdp_set_dry_run(struct xdp *xdp, bool is_dry_run)
{
	uint32_t *flags = &xdp->maps.config->flags;

	if (is_dry_run)
		(void)__atomic_fetch_or(flags, XDP_CONFIG_DRY_RUN, __ATOMIC_RELAXED);
	else
		(void)__atomic_fetch_and(flags, ~(uint32_t)XDP_CONFIG_DRY_RUN, __ATOMIC_RELAXED);
}

static uint64_t hash_end(const struct xdp_config *config, const struct address *address,
                         uint16_t port)
{
	struct xdp_words words;

	memcpy(&words, address->octets, sizeof(words));
	return xdp_flow_end(xdp_address_hash(xdp_block_hash(config->seeds, words), words), port);
}

// Which place of its line a flow gets: its own, a free one, that of one which is not condemned,
// the one that was idle longest.
static struct xdp_flow *choose(struct xdp_flow_line *line, uint64_t hash)
{
	struct xdp_flow *chosen = NULL;
	int best = -1;

	for (int i = 0; i < XDP_FLOW_WAYS; i++) {
		struct xdp_flow *flow = &line->ways[i];
		uint64_t tag = __atomic_load_n(&flow->tag, __ATOMIC_RELAXED);
		int rank = tag == 0 ? 2 : (tag & XDP_STATE_MASK) != XDP_STATE_CONDEMNED;

		if (((tag ^ hash) & ~(uint64_t)XDP_STATE_MASK) == 0)
			return flow;
		if (rank < best || (rank == best && (int32_t)(flow->tick - chosen->tick) >= 0))
			continue;
		chosen = flow;
		best = rank;
	}
	return chosen;
}

static uint64_t hash_key(const struct xdp_config *config, const struct xdp_flow_key *key)
{
	return xdp_flow_hash(hash_end(config, &key->low, key->low_port),
	                     hash_end(config, &key->high, key->high_port), key->protocol);
}

static struct xdp_flow *find_place(struct xdp *xdp, uint64_t hash)
{
	return choose(&xdp->maps.flows[(uint32_t)(hash >> 32) & xdp->maps.flow_mask], hash);
}

static uint64_t tag_of(uint64_t hash, enum xdp_flow_state state)
{
	return (hash & ~(uint64_t)XDP_STATE_MASK) | state;
}

static uint32_t tick_now(void)
{
	return (uint32_t)(xdp_clock_ns() >> XDP_TICK_SHIFT);
}

void xdp_flow_set(struct xdp *xdp, const struct xdp_flow_key *key, enum xdp_flow_state state,
                  uint32_t indicator_id)
{
	const struct xdp_config *config = xdp->maps.config;
	uint64_t hash = hash_key(config, key);
	struct xdp_flow *flow = find_place(xdp, hash);
	bool is_known = ((flow->tag ^ hash) & ~(uint64_t)XDP_STATE_MASK) == 0;

	flow->tick = tick_now();
	if (indicator_id != NO_INDICATOR || !is_known) {
		flow->indicator_id = indicator_id;
		flow->generation = (uint32_t)(__atomic_load_n(&config->live, __ATOMIC_RELAXED) >>
		                              32);
	}
	if (!is_known)
		flow->handed = flow->left = 0;
	store_word(&flow->tag, state == XDP_FLOW_UNKNOWN ? 0 : tag_of(hash, state));
}

static uint32_t number_of(const uint8_t *before, uint64_t hash)
{
	struct xdp_number number;

	static_assert(sizeof(number) == XDP_NUMBER_BYTES, "as ebpf.h says");
	if (before == NULL)
		return 0;
	memcpy(&number, before, sizeof(number));
	return number.flow_hash == hash ? number.number : 0;
}

uint32_t xdp_flow_done(struct xdp *xdp, const struct xdp_flow_key *key, const uint8_t *before)
{
	uint64_t hash = hash_key(xdp->maps.config, key);
	struct xdp_flow *flow = find_place(xdp, hash);
	uint64_t tag = tag_of(hash, XDP_FLOW_DONE);

	if (__atomic_load_n(&flow->tag, __ATOMIC_RELAXED) == tag)
		return number_of(before, hash);
	flow->tick = tick_now();
	flow->indicator_id = NO_INDICATOR;
	__atomic_store_n(&flow->left, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&flow->handed, 1, __ATOMIC_RELAXED); // so that the next gets a number
	// Release: who sees that it is done must not find them as they were, and equal.
	__atomic_store_n(&flow->tag, tag, __ATOMIC_RELEASE);
	return 0;
}

void xdp_flow_left(struct xdp *xdp, const struct xdp_flow_key *key, uint32_t number)
{
	uint64_t hash = hash_key(xdp->maps.config, key);
	struct xdp_flow *flow = find_place(xdp, hash);

	// Its place may be another's by now, whose number this would be.
	if (__atomic_load_n(&flow->tag, __ATOMIC_RELAXED) == tag_of(hash, XDP_FLOW_DONE))
		__atomic_store_n(&flow->left, number, __ATOMIC_RELAXED);
}
