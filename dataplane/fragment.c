#include "dataplane/fragment.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "dataplane/checksum.h"
#include "dataplane/fragment_held.h"
#include "dataplane/wire.h"
#include "engine/address.h"

enum {
	SETS = 1024,
	WAYS = 4,
	HOPS = 64,
	PACKET_BYTES_MAX = 65535, // without IPv6's header
	// As many as a batch may complete if each of its frames completes one.
	WHOLES_BYTES = PORT_BURST_MAX * (PACKET_BYTES_MAX + IPV6_HEADER_BYTES),
	HELD_BUDGET_BYTES = 16 * 1024 * 1024,
};

static_assert(HELD_BUDGET_BYTES / HELD_BLOCK_BYTES <= UINT16_MAX, "16 bits name a block");

#define FRAGMENT_TIME_NS (60 * NS_PER_S)

struct fragment_key {
	struct address src;
	struct address dst;
	uint32_t id;
	uint32_t protocol; // 0 in IPv6
};

// A packet of which fragments came.
struct fragment_head {
	struct fragment_key key;
	int64_t begin_ns; // when the first of what is held came, or last was
	int64_t first_ns; // when the packet's first fragment came, with `has_ports`
	int64_t dropped_ns;
	uint64_t last_turn; // 0: free
	uint32_t older;     // of those that hold something: 1 + index
	uint32_t newer;
	struct fragment_held held;
	uint16_t src_port; // what the first fragment said
	uint16_t dst_port;
	uint8_t protocol;       // of the transport
	uint8_t first_protocol; // of what comes right behind the headers that are in each fragment
	bool has_ports;
	bool has_first; // is among what is held
	bool is_holding;
	bool is_discarded; // IPv6: nothing more is taken of it
	bool is_dropped;
};

int fragment_table_open(struct fragment_table *table)
{
	struct fragment_table opened = {0};

	opened.heads = calloc(SETS * WAYS, sizeof(*opened.heads));
	opened.wholes = malloc(WHOLES_BYTES); // used only as packets are put together
	if (opened.heads == NULL || opened.wholes == NULL ||
	    pool_open(&opened.blocks, HELD_BLOCK_BYTES, HELD_BUDGET_BYTES) < 0) {
		free(opened.heads);
		free(opened.wholes);
		return -ENOMEM;
	}
	*table = opened;
	return 0;
}

void fragment_table_close(struct fragment_table *table)
{
	free(table->heads);
	free(table->wholes);
	pool_close(&table->blocks);
	*table = (struct fragment_table){0};
}

static struct fragment_head *head_at(const struct fragment_table *table, uint32_t id)
{
	return &table->heads[id - 1];
}

static uint32_t id_of(const struct fragment_table *table, const struct fragment_head *head)
{
	return (uint32_t)(head - table->heads) + 1;
}

// Holds something from `time_ns` on.
static void begin(struct fragment_table *table, struct fragment_head *head, int64_t time_ns)
{
	uint32_t id = id_of(table, head);

	head->begin_ns = time_ns;
	head->is_holding = true;
	head->has_first = false;
	head->older = table->newest;
	head->newer = 0;
	if (table->newest != 0)
		head_at(table, table->newest)->newer = id;
	else
		table->oldest = id;
	table->newest = id;
}

// Holds nothing any more.
static void release(struct fragment_table *table, struct fragment_head *head)
{
	if (!head->is_holding)
		return;
	fragment_held_release(&head->held, &table->blocks);
	head->is_holding = false;
	if (head->older != 0)
		head_at(table, head->older)->newer = head->newer;
	else
		table->oldest = head->newer;
	if (head->newer != 0)
		head_at(table, head->newer)->older = head->older;
	else
		table->newest = head->older;
}

static void give_up(struct fragment_table *table, struct fragment_head *head)
{
	table->given_up += head->is_holding;
	release(table, head);
}

void fragment_table_clear(struct fragment_table *table)
{
	while (table->oldest != 0)
		give_up(table, head_at(table, table->oldest));
	if (table->turn > 0)
		memset(table->heads, 0, SETS * WAYS * sizeof(*table->heads));
	table->turn = 0;
	table->wholes_bytes = 0;
}

void fragment_batch(struct fragment_table *table)
{
	table->wholes_bytes = 0;
}

static struct fragment_key key_of(const struct packet *packet)
{
	return (struct fragment_key){
		.src = packet->src,
		.dst = packet->dst,
		.id = packet->fragment_id,
		.protocol = address_is_ipv4(&packet->src) ? packet->protocol : 0,
	};
}

static struct fragment_head *set_of(const struct fragment_table *table,
                                    const struct fragment_key *key)
{
	return table->heads + hash_bytes(0, key, sizeof(*key)) % SETS * WAYS;
}

static struct fragment_head *find(struct fragment_head *set, const struct fragment_key *key)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].last_turn != 0 && memcmp(&set[i].key, key, sizeof(*key)) == 0)
			return &set[i];
	return NULL;
}

static struct fragment_head *least_recent(struct fragment_head *set)
{
	struct fragment_head *least = set;

	for (unsigned i = 1; i < WAYS; i++)
		if (set[i].last_turn < least->last_turn)
			least = &set[i];
	return least;
}

// A clock that went back as far says the same as one that went on.
static bool is_over(int64_t since_ns, int64_t now_ns)
{
	return now_ns - since_ns > FRAGMENT_TIME_NS || since_ns - now_ns > FRAGMENT_TIME_NS;
}

// The packet's head, as it is or new.
static struct fragment_head *take_head(struct fragment_table *table, const struct packet *packet)
{
	struct fragment_key key = key_of(packet);
	struct fragment_head *set = set_of(table, &key);
	struct fragment_head *head = find(set, &key);

	if (head == NULL)
		head = least_recent(set);
	else if (!is_over(head->begin_ns, packet->time_ns))
		return head;
	give_up(table, head);
	// It may have been dropped a short while ago: then that holds on.
	if (memcmp(&head->key, &key, sizeof(key)) != 0 || !head->is_dropped)
		*head = (struct fragment_head){.key = key};
	head->begin_ns = packet->time_ns;
	head->has_ports = false;
	head->is_discarded = false;
	return head;
}

// The first fragment tells the others where they belong.
static void take_ports(struct fragment_head *head, struct packet *packet)
{
	if (packet->fragment == FRAGMENT_FIRST && packet->has_ports) {
		head->first_ns = packet->time_ns;
		head->src_port = packet->src_port;
		head->dst_port = packet->dst_port;
		head->protocol = packet->protocol;
		head->has_ports = true;
	} else if (packet->fragment == FRAGMENT_LATER && head->has_ports &&
	           !is_over(head->first_ns, packet->time_ns)) {
		packet->src_port = head->src_port;
		packet->dst_port = head->dst_port;
		packet->protocol = head->protocol;
		packet->has_ports = true;
	}
}

static void discard(struct fragment_table *table, struct fragment_head *head, bool is_ipv4)
{
	release(table, head);
	head->is_discarded = !is_ipv4;
	table->discarded++;
}

// Room for a piece, if need be that of older packets. False when it has none all the same.
static bool reserve(struct fragment_table *table, struct fragment_head *head,
                    const struct fragment_piece *piece)
{
	while (!fragment_held_reserve(&head->held, &table->blocks, piece)) {
		struct fragment_head *oldest = head_at(table, table->oldest);

		give_up(table, oldest);
		if (oldest == head)
			return false;
	}
	return true;
}

// Takes what `packet` carries. False when nothing of it is held.
static bool hold(struct fragment_table *table, struct fragment_head *head,
                 const struct packet *packet, const struct ip_layer *layer)
{
	bool is_ipv4 = address_is_ipv4(&packet->src);
	struct fragment_piece piece = {
		.offset = layer->fragment_offset,
		.is_last = !layer->has_more_fragments,
		.bytes = layer->fragment,
	};

	// Only the last may have any size. In IPv4 the rest of another one does not count, as Linux
	// has it; in IPv6 it does not count at all (RFC 8200, section 4.5).
	if (!piece.is_last && piece.bytes.size % FRAGMENT_UNIT_BYTES != 0)
		piece.bytes.size -= is_ipv4 ? piece.bytes.size % FRAGMENT_UNIT_BYTES
		                            : piece.bytes.size;
	if (table->has_first_only || layer->missing_bytes > 0 || piece.bytes.size == 0 ||
	    head->is_discarded)
		return head->is_discarded;
	if (piece.offset + piece.bytes.size >
	    PACKET_BYTES_MAX - (is_ipv4 ? IPV4_HEADER_BYTES : 0)) {
		discard(table, head, is_ipv4);
		return true;
	}
	if (!head->is_holding)
		begin(table, head, packet->time_ns);
	if (!reserve(table, head, &piece))
		return false;
	if (packet->fragment == FRAGMENT_FIRST && !head->has_first) {
		head->has_first = true;
		head->first_protocol = layer->fragment_protocol;
	}
	switch (fragment_held_add(&head->held, &table->blocks, &piece)) {
	case HELD_OVERLAPPING:
		table->overlapping++;
		if (!is_ipv4)
			discard(table, head, is_ipv4);
		break;
	case HELD_CONTRADICTORY:
		discard(table, head, is_ipv4);
		break;
	case HELD_TAKEN:
	case HELD_REPEATED:
		break;
	}
	return true;
}

// RFC 791, section 3.1. Returns its size.
static size_t write_ipv4(const struct packet *packet, uint8_t protocol, size_t size, uint8_t *out)
{
	memset(out, 0, IPV4_HEADER_BYTES);
	out[0] = 4 << 4 | IPV4_HEADER_BYTES / 4;
	wire_put_be16(out + 2, (unsigned)(IPV4_HEADER_BYTES + size));
	wire_put_be16(out + 4, packet->fragment_id & 0xffff);
	out[8] = HOPS;
	out[9] = protocol;
	memcpy(out + 12, packet->src.octets + 12, 4);
	memcpy(out + 16, packet->dst.octets + 12, 4);
	wire_put_be16(out + 10, checksum_fold(checksum_add(0, slice_of(out, IPV4_HEADER_BYTES))));
	return IPV4_HEADER_BYTES;
}

// RFC 8200, section 3.
static size_t write_ipv6(const struct packet *packet, uint8_t protocol, size_t size, uint8_t *out)
{
	memset(out, 0, IPV6_HEADER_BYTES);
	out[0] = 6 << 4;
	wire_put_be16(out + 4, (unsigned)size);
	out[6] = protocol;
	out[7] = HOPS;
	memcpy(out + 8, packet->src.octets, 16);
	memcpy(out + 24, packet->dst.octets, 16);
	return IPV6_HEADER_BYTES;
}

static bool put_together(struct fragment_table *table, struct fragment_head *head,
                         const struct packet *packet, struct slice *ret_whole)
{
	uint8_t *out = table->wholes + table->wholes_bytes;
	size_t size = head->held.total_bytes;

	if (WHOLES_BYTES - table->wholes_bytes < IPV6_HEADER_BYTES + size) {
		give_up(table, head);
		return false;
	}
	if (address_is_ipv4(&packet->src))
		size += write_ipv4(packet, head->first_protocol, size, out);
	else
		size += write_ipv6(packet, head->first_protocol, size, out);
	fragment_held_copy(&head->held, &table->blocks, out + size - head->held.total_bytes);
	release(table, head);
	table->wholes_bytes += size;
	table->whole_count++;
	*ret_whole = slice_of(out, size);
	return true;
}

bool fragment_take(struct fragment_table *table, struct packet *packet,
                   const struct ip_layer *layer, struct slice *ret_whole)
{
	struct fragment_head *head = take_head(table, packet);

	head->last_turn = ++table->turn;
	take_ports(head, packet);
	if (!hold(table, head, packet, layer))
		return false;
	if (packet->fragment == FRAGMENT_FIRST)
		decode_carry(packet);
	return head->is_holding && fragment_held_is_whole(&head->held) &&
	       put_together(table, head, packet, ret_whole);
}

void fragment_expire(struct fragment_table *table, int64_t time_ns)
{
	while (table->oldest != 0 && is_over(head_at(table, table->oldest)->begin_ns, time_ns))
		give_up(table, head_at(table, table->oldest));
}

void fragment_drop(struct fragment_table *table, const struct packet *packet)
{
	struct fragment_key key = key_of(packet);
	struct fragment_head *head = find(set_of(table, &key), &key);

	if (head == NULL)
		return;
	head->is_dropped = true;
	head->dropped_ns = packet->time_ns;
	release(table, head);
}

bool fragment_is_dropped(const struct fragment_table *table, const struct packet *packet)
{
	struct fragment_key key = key_of(packet);
	const struct fragment_head *head = find(set_of(table, &key), &key);

	return head != NULL && head->is_dropped && !is_over(head->dropped_ns, packet->time_ns);
}
