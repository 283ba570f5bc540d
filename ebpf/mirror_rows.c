#include "ebpf/mirror_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/address.h"
#include "engine/drops_mark.h"

enum { NESTED_MAX = 129 }; // networks that hold each other, a length each

// What is being made: drops come a prefix after the other, in order.
struct maker {
	struct mirror_rows rows;
	struct block group; // struct mirror_row: the drops of the prefix at hand
	// Networks around the one at hand, outermost first: rows of `rows`, by index.
	size_t around[NESTED_MAX];
	unsigned around_count;
};

static bool is_ipv4(const struct prefix *prefix)
{
	return prefix->length >= IPV4_PREFIX_BITS && address_is_ipv4(&prefix->address);
}

static int compare_prefixes(const struct prefix *a, const struct prefix *b)
{
	int order = is_ipv4(b) - is_ipv4(a);

	if (order == 0)
		order = memcmp(&a->address, &b->address, sizeof(a->address));
	return order != 0 ? order : (int)a->length - (int)b->length;
}

static int compare_terms(const struct mirror_row *a, const struct mirror_row *b)
{
	int order = (int)a->protocol - (int)b->protocol;

	return order != 0 ? order : (int)a->port - (int)b->port;
}

int mirror_row_compare(enum mirror_kind kind, const struct mirror_row *a,
                       const struct mirror_row *b)
{
	int order = compare_prefixes(&a->prefix, &b->prefix);

	return order != 0 || kind != MIRROR_HOST ? order : compare_terms(a, b);
}

bool mirror_row_is_same(const struct mirror_row *a, const struct mirror_row *b)
{
	return a->indicator_id == b->indicator_id && a->has_ports == b->has_ports &&
	       a->is_hole == b->is_hole && compare_terms(a, b) == 0;
}

static bool prefix_holds(const struct prefix *around, const struct prefix *inside)
{
	unsigned octets = around->length / 8;
	unsigned bits = around->length % 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits);

	if (around->length > inside->length ||
	    memcmp(&around->address, &inside->address, octets) != 0)
		return false;
	return bits == 0 ||
	       ((around->address.octets[octets] ^ inside->address.octets[octets]) & mask) == 0;
}

static int add_row(struct block *kind, const struct mirror_row *row)
{
	struct mirror_row *added = block_extend(kind, sizeof(*row));

	if (added == NULL)
		return -ENOMEM;
	*added = *row;
	return 0;
}

static int compare_in_group(const void *left, const void *right)
{
	const struct mirror_row *a = left;
	const struct mirror_row *b = right;
	int order = compare_terms(a, b);

	if (order != 0)
		return order;
	return (a->indicator_id > b->indicator_id) - (a->indicator_id < b->indicator_id);
}

// Orders the group by terms, the first indicator of each; returns how many terms there are.
static size_t unite_group(struct block *group)
{
	struct mirror_row *rows = (struct mirror_row *)(void *)group->data;
	size_t count = group->size / sizeof(*rows);
	size_t kept = 0;

	if (count > 1)
		qsort(rows, count, sizeof(*rows), compare_in_group);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_terms(&rows[kept - 1], &rows[i]) != 0)
			rows[kept++] = rows[i];
	return kept;
}

static bool is_unlimited(const struct mirror_row *row)
{
	return row->protocol == 0 && row->port == 0;
}

static int add_host(struct maker *maker, const struct mirror_row rows[], size_t count)
{
	struct block *hosts = &maker->rows.kinds[MIRROR_HOST];
	const struct mirror_row only_ports = {.prefix = rows[0].prefix, .has_ports = 1};
	int error = 0;

	maker->rows.hosts++;
	if (is_unlimited(&rows[0]))
		return add_row(hosts, &rows[0]);
	error = add_row(hosts, &only_ports);
	for (size_t i = 0; i < count && error == 0; i++)
		error = add_row(hosts, &rows[i]);
	return error;
}

// The smallest network of ours around `prefix`, or NULL.
static const struct mirror_row *find_around(struct maker *maker, const struct prefix *prefix)
{
	size_t count;
	const struct mirror_row *rows = mirror_rows_get(&maker->rows, MIRROR_NETWORK, &count);

	while (maker->around_count > 0) {
		const struct mirror_row *row = &rows[maker->around[maker->around_count - 1]];

		if (prefix_holds(&row->prefix, prefix))
			return row;
		maker->around_count--;
	}
	return NULL;
}

// A trie tells the smallest network alone, and that with one port and protocol. So a network
// without a limit hides limited ones around it, as it should, but a limited one must not hide
// another: it is left out.
static int add_network(struct maker *maker, const struct mirror_row rows[], size_t count)
{
	struct block *networks = &maker->rows.kinds[MIRROR_NETWORK];
	const struct mirror_row *around = find_around(maker, &rows[0].prefix);

	if (!is_unlimited(&rows[0]) && around != NULL) {
		if (!is_unlimited(around))
			maker->rows.left_out += count;
		return 0;
	}
	if (!is_unlimited(&rows[0]))
		maker->rows.left_out += count - 1;
	maker->around[maker->around_count++] = networks->size / sizeof(rows[0]);
	return add_row(networks, &rows[0]);
}

static int end_group(struct maker *maker)
{
	size_t count = unite_group(&maker->group);
	const struct mirror_row *rows = (const struct mirror_row *)(void *)maker->group.data;
	int error = 0;

	if (count == 0)
		return 0;
	if (rows[0].prefix.length == 128)
		error = add_host(maker, rows, count);
	else
		error = add_network(maker, rows, count);
	maker->group.size = 0; // the memory is used again, and each row written in full
	return error;
}

static int take_drop(void *context, const struct drop *drop)
{
	struct maker *maker = context;
	const struct mirror_row *first = (const struct mirror_row *)(void *)maker->group.data;
	const struct mirror_row row = {
		.prefix = drop->prefix,
		.protocol = drop->protocol,
		.port = drop->port,
		.indicator_id = drop->indicator_id,
	};
	int error = 0;

	if (maker->group.size > 0 && compare_prefixes(&first->prefix, &drop->prefix) != 0)
		error = end_group(maker);
	return error == 0 ? add_row(&maker->group, &row) : error;
}

static int take_veto(void *context, const struct prefix *prefix)
{
	struct maker *maker = context;
	const struct mirror_row row = {.prefix = *prefix};

	return add_row(&maker->rows.kinds[MIRROR_VETO], &row);
}

// The IPv4 addresses as one network, which only a trie would say that an IPv6 network holds.
static const struct prefix all_ipv4 = {{.octets = {[10] = 0xff, [11] = 0xff}}, IPV4_PREFIX_BITS};

// Cuts them out of the IPv6 networks around them; the row is the first in order.
static int add_hole(struct block *kind)
{
	struct mirror_row *rows = (struct mirror_row *)(void *)kind->data;
	size_t count = kind->size / sizeof(*rows);
	bool is_needed = false;

	if (count > 0 && compare_prefixes(&rows[0].prefix, &all_ipv4) == 0)
		return 0;
	for (size_t i = 0; i < count && !is_needed; i++)
		is_needed = !is_ipv4(&rows[i].prefix) && prefix_holds(&rows[i].prefix, &all_ipv4);
	if (!is_needed)
		return 0;
	if (block_extend(kind, sizeof(*rows)) == NULL)
		return -ENOMEM;
	rows = (struct mirror_row *)(void *)kind->data;
	memmove(rows + 1, rows, count * sizeof(*rows));
	rows[0] = (struct mirror_row){.prefix = all_ipv4, .is_hole = 1};
	return 0;
}

// Does one of the vetoes lie in the network? Of those not before it, the first would.
static bool holds_veto(const struct mirror_rows *rows, const struct mirror_row *network)
{
	size_t high;
	const struct mirror_row *vetoes = mirror_rows_get(rows, MIRROR_VETO, &high);
	size_t count = high;
	size_t low = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_prefixes(&vetoes[middle].prefix, &network->prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && prefix_holds(&network->prefix, &vetoes[low].prefix);
}

static void count_vetoed(struct mirror_rows *rows)
{
	size_t count;
	const struct mirror_row *networks = mirror_rows_get(rows, MIRROR_NETWORK, &count);

	for (size_t i = 0; i < count && rows->kinds[MIRROR_VETO].size > 0; i++)
		rows->vetoed += holds_veto(rows, &networks[i]);
}

int mirror_rows_make(const struct database *database, int64_t now_ns, struct mirror_rows *ret_rows)
{
	struct maker maker = {};
	int error = database_each_veto(database, take_veto, &maker);

	if (error == 0)
		error = database_each_drop(database, now_ns, take_drop, &maker,
		                           &maker.rows.next_change_ns);
	if (error == 0)
		error = end_group(&maker);
	if (error == 0)
		count_vetoed(&maker.rows);
	if (error == 0)
		error = add_hole(&maker.rows.kinds[MIRROR_NETWORK]);
	if (error == 0)
		error = add_hole(&maker.rows.kinds[MIRROR_VETO]);
	block_close(&maker.group);
	if (error == 0)
		*ret_rows = maker.rows;
	else
		mirror_rows_close(&maker.rows);
	return error;
}

int mirror_rows_make_of(const struct database *database, const struct address hosts[], size_t count,
                        int64_t now_ns, struct mirror_rows *ret_rows)
{
	struct maker maker = {};
	int error = database_each_drop_of(database, hosts, count, now_ns, take_drop, &maker,
	                                  &maker.rows.next_change_ns);

	if (error == 0)
		error = end_group(&maker);
	block_close(&maker.group);
	if (error == 0)
		*ret_rows = maker.rows;
	else
		mirror_rows_close(&maker.rows);
	return error;
}

void mirror_rows_close(struct mirror_rows *rows)
{
	for (unsigned i = 0; i < MIRROR_KIND_COUNT; i++)
		block_close(&rows->kinds[i]);
	*rows = (struct mirror_rows){};
}

size_t mirror_rows_count(const struct mirror_rows *rows)
{
	size_t size = 0;

	for (unsigned i = 0; i < MIRROR_KIND_COUNT; i++)
		size += rows->kinds[i].size;
	return size / sizeof(struct mirror_row);
}

// Of all of a row but its slot, which is in the last word.
uint64_t mirror_row_digest(enum mirror_kind kind, const struct mirror_row *row)
{
	uint64_t digest = HASH_SECRET_0 + kind;
	uint64_t words[4];

	memcpy(words, row, sizeof(words));
	words[3] = row->has_ports | (uint64_t)row->is_hole << 8;
	for (unsigned i = 0; i < 4; i++)
		digest = hash_word(digest, words[i]);
	return digest;
}

uint64_t mirror_rows_digest(const struct mirror_rows *rows)
{
	uint64_t digest = HASH_SECRET_1; // of no rows

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		size_t count;
		const struct mirror_row *row = mirror_rows_get(rows, kind, &count);

		for (size_t i = 0; i < count; i++)
			digest += mirror_row_digest(kind, &row[i]);
	}
	return digest;
}
