#include "dataplane/fragment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/timestamp.h"
#include "engine/address.h"

enum { SETS = 1024, WAYS = 4 };

#define FRAGMENT_TIME_NS (60 * NS_PER_S) // RFC 8200, section 4.5; RFC 1122, section 3.3.2

struct fragment_key {
	struct address src;
	struct address dst;
	uint32_t id;
	uint32_t protocol; // 0 in IPv6
};

// What a packet's first fragment said.
struct fragment_head {
	struct fragment_key key;
	int64_t time_ns;
	uint64_t last_turn; // 0: free
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t protocol;
	bool is_dropped;
};

int fragment_table_open(struct fragment_table *table)
{
	struct fragment_head *heads = calloc(SETS * WAYS, sizeof(*heads));

	if (heads == NULL)
		return -ENOMEM;
	*table = (struct fragment_table){.heads = heads};
	return 0;
}

void fragment_table_close(struct fragment_table *table)
{
	free(table->heads);
	*table = (struct fragment_table){0};
}

void fragment_table_clear(struct fragment_table *table)
{
	if (table->turn > 0)
		memset(table->heads, 0, SETS * WAYS * sizeof(*table->heads));
	table->turn = 0;
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

static void remember(struct fragment_table *table, const struct packet *first)
{
	struct fragment_key key = key_of(first);
	struct fragment_head *set = set_of(table, &key);
	struct fragment_head *head = find(set, &key);

	if (head == NULL)
		head = least_recent(set);
	*head = (struct fragment_head){
		.key = key,
		.time_ns = first->time_ns,
		.last_turn = ++table->turn,
		.src_port = first->src_port,
		.dst_port = first->dst_port,
		.protocol = first->protocol,
	};
}

static void complete(struct fragment_table *table, struct packet *later)
{
	struct fragment_key key = key_of(later);
	struct fragment_head *head = find(set_of(table, &key), &key);

	if (head == NULL || later->time_ns - head->time_ns > FRAGMENT_TIME_NS ||
	    head->time_ns - later->time_ns > FRAGMENT_TIME_NS)
		return;
	head->last_turn = ++table->turn;
	later->src_port = head->src_port;
	later->dst_port = head->dst_port;
	later->protocol = head->protocol;
	later->has_ports = true;
}

void fragment_drop(struct fragment_table *table, const struct packet *first)
{
	struct fragment_key key = key_of(first);
	struct fragment_head *head = find(set_of(table, &key), &key);

	if (head != NULL)
		head->is_dropped = true;
}

bool fragment_is_dropped(const struct fragment_table *table, const struct packet *later)
{
	struct fragment_key key = key_of(later);
	const struct fragment_head *head = find(set_of(table, &key), &key);

	return head != NULL && head->is_dropped &&
	       later->time_ns - head->time_ns <= FRAGMENT_TIME_NS;
}

void fragment_batch(struct fragment_table *table, struct packet packets[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (packets[i].fragment == FRAGMENT_NONE)
			continue;
		if (packets[i].fragment == FRAGMENT_LATER)
			complete(table, &packets[i]);
		else if (packets[i].has_ports)
			remember(table, &packets[i]);
	}
}
