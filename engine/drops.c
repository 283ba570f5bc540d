#include "engine/drops.h"

#include <errno.h>

#include "engine/address.h"
#include "engine/drops_walk.h"
#include "engine/entry_sort.h"
#include "engine/veto.h"

static int add_row(struct drop_rows *rows, const struct drop *drop)
{
	bool is_ipv4 = drop->prefix.length >= IPV4_PREFIX_BITS &&
	               address_is_ipv4(&drop->prefix.address);
	struct drop *row = block_extend(&rows->families[is_ipv4 ? FAMILY_IPV4 : FAMILY_IPV6],
	                                sizeof(*row));

	if (row == NULL)
		return -ENOMEM;
	*row = *drop;
	return 0;
}

// May policy drop by this posting, whenever?
static bool posting_is_drop(const struct walk *walk, const struct posting *posting)
{
	struct slice states = walk->part->sections[SECTION_STATES];
	uint32_t id = posting->indicator_id;

	if (id >= states.size || posting->terms.action < ACTION_DROP ||
	    (states.data[id] & STATE_IS_LIVE) == 0 ||
	    (states.data[id] & STATE_ACTION_MASK) != ACTION_DROP)
		return false;
	return walk->part != walk->base || !database_parts_is_silent(walk->base, id);
}

static bool prefix_is_vetoed(const struct database *base, const struct prefix *prefix)
{
	const struct database *overlay = base->overlay;

	return (base->veto != NULL && veto_find_prefix(base->veto, prefix) != NO_INDICATOR) ||
	       (overlay != NULL && overlay->veto != NULL &&
	        veto_find_prefix(overlay->veto, prefix) != NO_INDICATOR);
}

// Is the indicator valid now? Notes when that changes.
static bool indicator_is_valid(struct walk *walk, uint32_t indicator_id)
{
	int64_t from_ns, until_ns;
	int64_t change_ns = TIMESTAMP_MAX;

	if (!record_table_validity(&walk->part->records, indicator_id, &from_ns, &until_ns) ||
	    from_ns >= until_ns)
		return false;
	if (walk->now_ns < from_ns)
		change_ns = from_ns;
	else if (walk->now_ns < until_ns)
		change_ns = until_ns;
	if (change_ns < walk->next_change_ns)
		walk->next_change_ns = change_ns;
	return from_ns <= walk->now_ns && walk->now_ns < until_ns;
}

int drops_walk_add(struct walk *walk, const struct prefix *prefix, uint32_t reference,
                   const struct packed_terms *usual_terms)
{
	struct posting single = {.terms = *usual_terms};
	unsigned count;
	const struct posting *postings = postings_get(walk->part->sections[SECTION_POSTINGS],
	                                              reference, &single, &count);
	int error = 0;

	for (unsigned i = 0; i < count && error == 0; i++) {
		const struct drop drop = {
			.prefix = *prefix,
			.port = postings[i].terms.port,
			.protocol = postings[i].terms.protocol,
			.indicator_id = walk->id_offset + postings[i].indicator_id,
		};

		if (!posting_is_drop(walk, &postings[i]))
			continue;
		if (prefix_is_vetoed(walk->base, prefix))
			break;
		if (indicator_is_valid(walk, postings[i].indicator_id))
			error = add_row(walk->rows, &drop);
	}
	return error;
}

static int add_veto(struct walk *walk, const struct prefix *prefix, uint32_t reference,
                    const struct packed_terms *usual_terms)
{
	const struct drop row = {.prefix = *prefix};

	(void)reference;
	(void)usual_terms;
	return add_row(walk->rows, &row);
}

static struct address ipv4_address(uint32_t host_order)
{
	uint32_t wire_order = __builtin_bswap32(host_order);
	uint8_t octets[4];

	memcpy(octets, &wire_order, sizeof(octets));
	return address_from_ipv4(octets);
}

static int walk_ipv4_hosts(struct walk *walk)
{
	struct slice section = walk->part->sections[SECTION_IPV4_HOSTS];
	const struct ipv4_entry *entries = (const struct ipv4_entry *)section.data;
	int error = 0;

	for (size_t i = 0; i < section.size / sizeof(*entries) && error == 0; i++) {
		const struct prefix host = {ipv4_address(entries[i].address), 128};

		error = walk->add_entry(walk, &host, entries[i].posting,
		                        &walk->part->meta.ipv4_host_terms);
	}
	return error;
}

static int walk_ipv6_hosts(struct walk *walk)
{
	struct slice section = walk->part->sections[SECTION_IPV6_HOSTS];
	const struct ipv6_entry *entries = (const struct ipv6_entry *)section.data;
	int error = 0;

	for (size_t i = 0; i < section.size / sizeof(*entries) && error == 0; i++) {
		const struct prefix host = {entries[i].address, 128};

		error = walk->add_entry(walk, &host, entries[i].posting,
		                        &walk->part->meta.ipv6_host_terms);
	}
	return error;
}

static int walk_ipv4_networks(struct walk *walk)
{
	struct slice section = walk->part->sections[SECTION_IPV4_NETWORKS];
	const struct ipv4_network *entries = (const struct ipv4_network *)section.data;
	int error = 0;

	for (size_t i = 0; i < section.size / sizeof(*entries) && error == 0; i++) {
		const struct prefix network = {
			ipv4_address(entries[i].address),
			(uint8_t)(IPV4_PREFIX_BITS + entries[i].length % 32),
		};

		error = walk->add_entry(walk, &network, entries[i].posting,
		                        &walk->part->meta.ipv4_network_terms);
	}
	return error;
}

static int walk_ipv6_networks(struct walk *walk)
{
	struct slice section = walk->part->sections[SECTION_IPV6_NETWORKS];
	const struct ipv6_network *entries = (const struct ipv6_network *)section.data;
	int error = 0;

	for (size_t i = 0; i < section.size / sizeof(*entries) && error == 0; i++) {
		const struct prefix network = {
			entries[i].address,
			(uint8_t)(entries[i].length % 128),
		};

		error = walk->add_entry(walk, &network, entries[i].posting,
		                        &walk->part->meta.ipv6_network_terms);
	}
	return error;
}

int drops_walk_part(struct walk *walk)
{
	int error = walk_ipv4_hosts(walk);

	if (error == 0)
		error = walk_ipv4_networks(walk);
	if (error == 0)
		error = walk_ipv6_hosts(walk);
	return error == 0 ? walk_ipv6_networks(walk) : error;
}

static uint64_t ipv4_key(const void *row)
{
	return (uint64_t)address_ipv4(&((const struct drop *)row)->prefix.address) << 32;
}

static uint64_t ipv6_key(const void *row)
{
	uint64_t key;

	memcpy(&key, ((const struct drop *)row)->prefix.address.octets, sizeof(key));
	return __builtin_bswap64(key);
}

static int row_compare(const void *left, const void *right, void *context)
{
	const struct drop *a = left;
	const struct drop *b = right;
	int order = memcmp(&a->prefix.address, &b->prefix.address, sizeof(a->prefix.address));

	(void)context;
	if (order != 0)
		return order;
	if (a->prefix.length != b->prefix.length)
		return a->prefix.length < b->prefix.length ? -1 : 1;
	if (a->indicator_id != b->indicator_id)
		return a->indicator_id < b->indicator_id ? -1 : 1;
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return a->port < b->port ? -1 : a->port > b->port;
}

static int sort_rows(struct drop_rows *rows)
{
	static uint64_t (*const keys[FAMILY_COUNT])(const void *row) = {ipv4_key, ipv6_key};
	int error = 0;

	for (unsigned i = 0; i < FAMILY_COUNT && error == 0; i++) {
		const struct entry_order order = {
			.row_size = sizeof(struct drop),
			.key = keys[i],
			.compare = row_compare,
		};

		error = entry_sort(&rows->families[i], &order);
	}
	return error;
}

void drops_walk_close(struct drop_rows *rows)
{
	for (unsigned i = 0; i < FAMILY_COUNT; i++)
		block_close(&rows->families[i]);
}

int drops_walk_visit(struct drop_rows *rows, int (*visit)(void *context, const struct drop *drop),
                     void *context)
{
	int error = sort_rows(rows);

	for (unsigned i = 0; i < FAMILY_COUNT; i++) {
		const struct drop *drops = (const struct drop *)rows->families[i].data;
		size_t count = rows->families[i].size / sizeof(*drops);

		for (size_t k = 0; k < count && error == 0; k++)
			error = visit(context, &drops[k]);
	}
	drops_walk_close(rows);
	return error;
}

int database_each_drop(const struct database *database, int64_t now_ns,
                       int (*visit)(void *context, const struct drop *drop), void *context,
                       int64_t *ret_next_change_ns)
{
	struct drop_rows rows = {};
	struct walk walk = {
		.part = database,
		.rows = &rows,
		.add_entry = drops_walk_add,
		.base = database,
		.now_ns = now_ns,
		.next_change_ns = TIMESTAMP_MAX,
	};
	int error = drops_walk_part(&walk);

	if (error == 0 && database->overlay != NULL) {
		walk.part = database->overlay;
		walk.id_offset = database->overlay_id_offset;
		error = drops_walk_part(&walk);
	}
	if (error != 0) {
		drops_walk_close(&rows);
		return error;
	}
	*ret_next_change_ns = walk.next_change_ns;
	return drops_walk_visit(&rows, visit, context);
}

static int add_vetoes(struct drop_rows *rows, const struct database *part)
{
	struct walk walk = {
		.part = part != NULL ? part->veto : NULL,
		.rows = rows,
		.add_entry = add_veto,
	};

	return walk.part != NULL ? drops_walk_part(&walk) : 0;
}

static int visit_vetoes(const struct block *rows,
                        int (*visit)(void *context, const struct prefix *prefix), void *context)
{
	const struct drop *drops = (const struct drop *)rows->data;
	size_t count = rows->size / sizeof(*drops);
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++)
		if (i == 0 || row_compare(&drops[i - 1], &drops[i], NULL) != 0)
			error = visit(context, &drops[i].prefix);
	return error;
}

int database_each_veto(const struct database *database,
                       int (*visit)(void *context, const struct prefix *prefix), void *context)
{
	struct drop_rows rows = {};
	int error = add_vetoes(&rows, database);

	if (error == 0)
		error = add_vetoes(&rows, database->overlay);
	if (error == 0)
		error = sort_rows(&rows);
	for (unsigned i = 0; i < FAMILY_COUNT && error == 0; i++)
		error = visit_vetoes(&rows.families[i], visit, context);
	drops_walk_close(&rows);
	return error;
}
