#include "dataplane/flow.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <sys/random.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/timestamp.h"
#include "dataplane/flow_key.h"

static_assert(sizeof(struct flow) == CACHE_LINE_BYTES, "one line per flow");
static_assert(offsetof(struct flow, state) == 38, "the key has no holes but its last byte");

enum {
	TICK_SHIFT = 28, // 2^28 ns = 0.27 s; 32 bits of them last 36 years
	EXPIRED_AT_ONCE = 16,
};

#define TICKS(seconds) ((int32_t)((seconds)*NS_PER_S >> TICK_SHIFT))

// How long a flow of the class may be idle. A flow goes to the end of its class' list when a
// packet comes in another epoch than its last one: most packets touch no other flow, and the
// list is in order to within an epoch.
static const struct {
	int32_t idle_ticks;
	unsigned epoch_shift;
} classes[FLOW_CLASS_COUNT] = {
	[FLOW_BRIEF] = {TICKS(60), 5},      [FLOW_ESTABLISHED] = {TICKS(300), 7},
	[FLOW_CLOSED] = {TICKS(10), 2},     [FLOW_LISTED] = {TICKS(120), 5},
	[FLOW_CONDEMNED] = {TICKS(120), 5},
};

// What the index is asked for a packet.
struct flow_question {
	struct flow_key key;
	uint64_t hash;
	uint32_t candidate; // the flow it most likely is; 0: none, or it may be gone since
};

static uint32_t tick_of(int64_t time_ns)
{
	return (uint32_t)(time_ns >> TICK_SHIFT);
}

int flow_table_open(struct flow_table *table, size_t budget_bytes)
{
	struct flow_table opened = {0};
	int error = pool_open(&opened.flows, sizeof(struct flow), budget_bytes);

	if (error < 0)
		return error;
	error = flow_index_open(&opened.index, opened.flows.capacity);
	if (error < 0) {
		pool_close(&opened.flows);
		return error;
	}
	// Only a defence against crafted collisions: without entropy it is a constant.
	if (getrandom(opened.seeds, sizeof(opened.seeds), GRND_NONBLOCK) < 0)
		opened.seeds[0] = HASH_SECRET_0;
	*table = opened;
	return 0;
}

void flow_table_close(struct flow_table *table)
{
	pool_close(&table->flows);
	flow_index_close(&table->index);
	*table = (struct flow_table){0};
}

static void list_add(struct flow_table *table, uint32_t id)
{
	struct flow *flow = flow_at(table, id);
	struct flow_list *list = &table->lists[flow->idle_class];

	flow->older = list->newest;
	flow->newer = 0;
	if (list->newest != 0)
		flow_at(table, list->newest)->newer = id;
	else
		list->oldest = id;
	list->newest = id;
	list->count++;
}

static void list_remove(struct flow_table *table, uint32_t id)
{
	const struct flow *flow = flow_at(table, id);
	struct flow_list *list = &table->lists[flow->idle_class];

	if (flow->older != 0)
		flow_at(table, flow->older)->newer = flow->newer;
	else
		list->oldest = flow->newer;
	if (flow->newer != 0)
		flow_at(table, flow->newer)->older = flow->older;
	else
		list->newest = flow->older;
	list->count--;
}

static uint64_t hash_of(const struct flow_table *table, uint32_t id)
{
	return flow_key_hash(&flow_at(table, id)->key, table->seeds);
}

static void end_flow(struct flow_table *table, uint32_t id, uint64_t hash)
{
	if (table->on_end != NULL)
		table->on_end(table->context, flow_at(table, id));
	list_remove(table, id);
	flow_index_remove(&table->index, &table->flows, id, hash);
	pool_give(&table->flows, id);
}

static int32_t idle_ticks(const struct flow *flow, uint32_t now)
{
	return (int32_t)(now - flow->last_tick);
}

// The one of two that was idle longer; 0 is none.
static uint32_t longer_idle(const struct flow_table *table, uint32_t a, uint32_t b, uint32_t now)
{
	if (a == 0 || b == 0)
		return a | b;
	return idle_ticks(flow_at(table, a), now) >= idle_ticks(flow_at(table, b), now) ? a : b;
}

static bool is_half_full_of(const struct flow_table *table, enum flow_class class)
{
	return table->lists[class].count > table->flows.capacity / 2;
}

// The flow that makes room for another. A closed one loses nothing. Of a flood of SYNs, datagrams
// or fragments, each of another flow, the flood makes room for itself, and what was established
// before stays. A listed flow is judged again; a condemned one would be forgotten.
static uint32_t choose_victim(const struct flow_table *table, uint32_t now)
{
	const struct flow_list *lists = table->lists;
	uint32_t victim;

	if (is_half_full_of(table, FLOW_CONDEMNED))
		return lists[FLOW_CONDEMNED].oldest;
	if (lists[FLOW_CLOSED].oldest != 0)
		return lists[FLOW_CLOSED].oldest;
	if (is_half_full_of(table, FLOW_BRIEF))
		return lists[FLOW_BRIEF].oldest;
	victim = longer_idle(table, lists[FLOW_BRIEF].oldest, lists[FLOW_ESTABLISHED].oldest, now);
	victim = longer_idle(table, victim, lists[FLOW_LISTED].oldest, now);
	return victim != 0 ? victim : lists[FLOW_CONDEMNED].oldest;
}

// The packets of a batch that have their flows already.
struct flow_users {
	const struct packet *packets;
	unsigned count;
};

static bool is_used(const struct flow_users *users, uint32_t id)
{
	for (unsigned i = 0; i < users->count; i++)
		if (users->packets[i].is_ip && users->packets[i].flow_id == id)
			return true;
	return false;
}

// Returns 0 when the only way to make room would be to end a flow that is used.
static uint32_t create_flow(struct flow_table *table, const struct flow_question *question,
                            uint32_t now, const struct flow_users *users)
{
	uint32_t id = pool_take(&table->flows);

	if (id == 0) {
		uint32_t victim = choose_victim(table, now);

		if (is_used(users, victim))
			return 0;
		end_flow(table, victim, hash_of(table, victim));
		table->evicted++;
		id = pool_take(&table->flows);
	}
	*flow_at(table, id) = (struct flow){.key = question->key, .last_tick = now};
	flow_at(table, id)->key.judged = 0;
	flow_index_add(&table->index, &table->flows, id, question->hash);
	if (flow_index_is_crowded(&table->index))
		flow_index_grow(&table->index, &table->flows, flow_key_hash, table->seeds);
	list_add(table, id);
	table->created++;
	return id;
}

// Does `packet` open another connection? One of which both sides have ended, or at least the one
// that opens it: of a one-sided capture no more is seen.
static bool opens_next(const struct flow *flow, const struct packet *packet)
{
	const uint8_t ended = packet->is_from_high ? FLOW_FIN_HIGH : FLOW_FIN_LOW;

	if ((packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN || flow->idle_class == FLOW_LISTED)
		return false;
	return flow->idle_class == FLOW_CLOSED || flow->idle_class == FLOW_CONDEMNED ||
	       (flow->state & ended) != 0;
}

// Is `packet` of another flow that happens to have the same key?
static bool is_over(const struct flow *flow, const struct packet *packet, uint32_t now)
{
	int32_t idle = idle_ticks(flow, now);

	if (opens_next(flow, packet))
		return true;
	// A clock that went back as far says the same as one that went on.
	return idle > classes[flow->idle_class].idle_ticks ||
	       idle < -classes[flow->idle_class].idle_ticks;
}

static enum flow_class class_after(struct flow *flow, const struct packet *packet)
{
	const uint8_t both_seen = FLOW_SEEN_LOW | FLOW_SEEN_HIGH;
	const uint8_t both_ended = FLOW_FIN_LOW | FLOW_FIN_HIGH;

	flow->state |= packet->is_from_high ? FLOW_SEEN_HIGH : FLOW_SEEN_LOW;
	if (packet->protocol != IP_TCP || flow->idle_class >= FLOW_CLOSED)
		return flow->idle_class;
	if (packet->tcp_flags & TCP_FIN)
		flow->state |= packet->is_from_high ? FLOW_FIN_HIGH : FLOW_FIN_LOW;
	if ((packet->tcp_flags & TCP_RST) || (flow->state & both_ended) == both_ended)
		return FLOW_CLOSED;
	if (packet->payload_bytes > 0 || (flow->state & both_seen) == both_seen)
		return FLOW_ESTABLISHED;
	return flow->idle_class;
}

static void touch_flow(struct flow_table *table, uint32_t id, const struct packet *packet,
                       uint32_t now)
{
	struct flow *flow = flow_at(table, id);
	enum flow_class class = class_after(flow, packet);
	unsigned shift = classes[class].epoch_shift;

	if (class != flow->idle_class || (flow->last_tick ^ now) >> shift != 0) {
		list_remove(table, id);
		flow->idle_class = (uint8_t) class;
		list_add(table, id);
	}
	flow->last_tick = now;
}

static uint32_t find_flow(const struct flow_table *table, const struct flow_question *question)
{
	uint32_t id = question->candidate;

	if (likely(id != 0 &&
	           memcmp(&flow_at(table, id)->key, &question->key, FLOW_KEY_BYTES) == 0))
		return id;
	return flow_index_find(&table->index, &table->flows, &question->key, question->hash);
}

// Takes the packet that most are: of an established connection, to which nothing happens. Within an
// epoch no flow is over, nor moves in its list.
static bool take_usual(struct flow *flow, struct packet *packet, uint32_t now)
{
	if (flow->idle_class != FLOW_ESTABLISHED ||
	    (packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0 ||
	    (flow->last_tick ^ now) >> classes[FLOW_ESTABLISHED].epoch_shift != 0)
		return false;
	flow->state |= packet->is_from_high ? FLOW_SEEN_HIGH : FLOW_SEEN_LOW;
	flow->last_tick = now;
	packet->is_flow_first = false;
	return true;
}

// Returns false when the packet has to wait for the next batch.
static bool assign_flow(struct flow_table *table, struct packet *packet,
                        const struct flow_question *question, const struct flow_users *users)
{
	uint32_t now = tick_of(packet->time_ns);
	uint32_t id = find_flow(table, question);

	packet->flow_id = id;
	if (id != 0 && likely(take_usual(flow_at(table, id), packet, now)))
		return true;
	if (id != 0 && is_over(flow_at(table, id), packet, now)) {
		if (is_used(users, id))
			return false;
		end_flow(table, id, question->hash);
		id = 0;
	}
	packet->is_flow_first = id == 0;
	if (id == 0)
		id = create_flow(table, question, now, users);
	if (id == 0)
		return false;
	packet->flow_id = id;
	touch_flow(table, id, packet, now);
	return true;
}

static uint64_t count_ended(const struct flow_table *table)
{
	return table->created - table->flows.used;
}

unsigned flow_batch(struct flow_table *table, struct packet packets[], unsigned count)
{
	struct flow_question questions[PORT_BURST_MAX];
	const uint64_t ended = count_ended(table);

	for (unsigned i = 0; i < count; i++) {
		if (!packets[i].is_ip)
			continue;
		flow_key_make(&packets[i], &questions[i].key);
		questions[i].hash = flow_key_hash(&questions[i].key, table->seeds);
		prefetch_read(flow_index_bucket(&table->index, questions[i].hash));
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t id;

		if (!packets[i].is_ip)
			continue;
		id = flow_index_candidate(&table->index, questions[i].hash);
		questions[i].candidate = id;
		if (id != 0)
			prefetch_read(flow_at(table, id));
	}
	for (unsigned i = 0; i < count; i++) {
		const struct flow_users users = {packets, i};

		if (unlikely(count_ended(table) != ended))
			questions[i].candidate = 0;
		if (packets[i].is_ip && !assign_flow(table, &packets[i], &questions[i], &users))
			return i;
	}
	return count;
}

static bool is_idle(const struct flow_table *table, uint32_t id, enum flow_class class,
                    uint32_t now)
{
	return id != 0 && idle_ticks(flow_at(table, id), now) > classes[class].idle_ticks;
}

// Ends some of the class that are over, their buckets on the way.
static void expire_some(struct flow_table *table, enum flow_class class, uint32_t now)
{
	uint32_t ids[EXPIRED_AT_ONCE];
	uint64_t hashes[EXPIRED_AT_ONCE];
	uint32_t id = table->lists[class].oldest;
	unsigned count = 0;

	for (; count < EXPIRED_AT_ONCE && is_idle(table, id, class, now); count++) {
		ids[count] = id;
		hashes[count] = hash_of(table, id);
		prefetch_read(flow_index_bucket(&table->index, hashes[count]));
		id = flow_at(table, id)->newer;
	}
	for (unsigned i = 0; i < count; i++)
		end_flow(table, ids[i], hashes[i]);
}

void flow_expire(struct flow_table *table, int64_t time_ns)
{
	uint32_t now = tick_of(time_ns);

	for (unsigned class = 0; class < FLOW_CLASS_COUNT; class ++)
		while (is_idle(table, table->lists[class].oldest, class, now))
			expire_some(table, class, now);
}

static void set_class(struct flow_table *table, uint32_t id, enum flow_class class)
{
	struct flow *flow = flow_at(table, id);

	list_remove(table, id);
	flow->idle_class = (uint8_t) class;
	list_add(table, id);
}

void flow_condemn(struct flow_table *table, uint32_t id, enum flow_class class)
{
	if (flow_at(table, id)->idle_class < class)
		set_class(table, id, class);
}

void flow_release(struct flow_table *table, uint32_t id)
{
	set_class(table, id, FLOW_BRIEF);
}

void flow_end_all(struct flow_table *table)
{
	for (unsigned class = 0; class < FLOW_CLASS_COUNT; class ++)
		while (table->lists[class].oldest != 0)
			end_flow(table, table->lists[class].oldest,
			         hash_of(table, table->lists[class].oldest));
	pool_reset(&table->flows);
}
