// Rows from those in force and the few hosts that may have changed since.
#include <errno.h>
#include <stdlib.h>

#include "ebpf/mirror_state.h"
#include "engine/address.h"

// More than these are walked faster as a whole.
enum { CHANGED_MAX = 65536 };

static int compare_addresses(const void *left, const void *right)
{
	const struct address *a = left;
	const struct address *b = right;
	int order = address_is_ipv4(b) - address_is_ipv4(a);

	return order != 0 ? order : memcmp(a, b, sizeof(*a));
}

// Networks shape each other's rows.
static int note_host(void *context, const struct prefix *prefix)
{
	struct block *hosts = context;
	struct address *host;

	if (prefix->length != 128 || hosts->size / sizeof(*host) == CHANGED_MAX)
		return -EFBIG;
	host = block_extend(hosts, sizeof(*host));
	if (host == NULL)
		return -ENOMEM;
	*host = prefix->address;
	return 0;
}

// In the order of rows, each once.
static size_t unite_hosts(struct block *block)
{
	struct address *hosts = (struct address *)(void *)block->data;
	size_t count = block->size / sizeof(*hosts);
	size_t kept = 0;

	if (count > 1)
		qsort(hosts, count, sizeof(*hosts), compare_addresses);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_addresses(&hosts[kept - 1], &hosts[i]) != 0)
			hosts[kept++] = hosts[i];
	return kept;
}

// The first of the rows in order that is not before `host`.
static size_t lower_bound(const struct mirror_row rows[], size_t low, size_t high,
                          const struct address *host)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_addresses(&rows[middle].prefix.address, host) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int append(struct block *block, const struct mirror_row rows[], size_t count)
{
	struct mirror_row *added = count > 0 ? block_extend(block, count * sizeof(*rows)) : NULL;

	if (count == 0)
		return 0;
	if (added == NULL)
		return -ENOMEM;
	memcpy(added, rows, count * sizeof(*rows));
	return 0;
}

// What is in force of the hosts that may have changed.
static int take_old(const struct mirror_rows *present, const struct address hosts[], size_t count,
                    struct block *ret_rows, uint64_t *ret_hosts)
{
	size_t row_count;
	const struct mirror_row *rows = mirror_rows_get(present, MIRROR_HOST, &row_count);
	size_t at = 0;
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++) {
		size_t end;

		at = lower_bound(rows, at, row_count, &hosts[i]);
		for (end = at;
		     end < row_count && address_equal(&rows[end].prefix.address, &hosts[i]);)
			end++;
		*ret_hosts += end > at;
		error = append(ret_rows, rows + at, end - at);
	}
	return error;
}

// All hosts' rows: those in force, but for `hosts`, whose rows are `changed`.
static int merge(const struct mirror_rows *present, const struct address hosts[], size_t count,
                 const struct block *changed, struct block *ret_rows)
{
	size_t row_count;
	const struct mirror_row *rows = mirror_rows_get(present, MIRROR_HOST, &row_count);
	const struct mirror_row *now = (const void *)changed->data;
	size_t now_left = changed->size / sizeof(*now);
	size_t at = 0;
	int error = 0;

	// At once, so that it need not be moved as it grows.
	if (block_extend(ret_rows, (row_count + now_left + 1) * sizeof(*rows)) == NULL)
		return -ENOMEM;
	ret_rows->size = 0;
	for (size_t i = 0; i < count && error == 0; i++) {
		size_t end = lower_bound(rows, at, row_count, &hosts[i]);
		size_t same = 0;

		error = append(ret_rows, rows + at, end - at);
		while (end < row_count && address_equal(&rows[end].prefix.address, &hosts[i]))
			end++;
		while (same < now_left && address_equal(&now[same].prefix.address, &hosts[i]))
			same++;
		if (error == 0)
			error = append(ret_rows, now, same);
		now += same;
		now_left -= same;
		at = end;
	}
	return error == 0 ? append(ret_rows, rows + at, row_count - at) : error;
}

static int copy_kind(const struct mirror_rows *present, enum mirror_kind kind,
                     struct mirror_rows *rows)
{
	size_t count;
	const struct mirror_row *row = mirror_rows_get(present, kind, &count);

	return append(&rows->kinds[kind], row, count);
}

static int put_together(const struct xdp_mirror_state *state, const struct address hosts[],
                        size_t count, struct mirror_rows *changed, struct mirror_rows *ret_rows,
                        struct mirror_difference *ret_difference)
{
	const struct mirror_rows *present = &state->rows;
	uint32_t next_slot = state->live.shared->slot_count + 1;
	struct block old = {};
	uint64_t old_hosts = 0;
	int error = take_old(present, hosts, count, &old, &old_hosts);

	if (error == 0)
		error = mirror_difference_add(&old, &changed->kinds[MIRROR_HOST], MIRROR_HOST,
		                              SIZE_MAX, &next_slot, ret_difference);
	block_close(&old);
	if (error == 0)
		error = merge(present, hosts, count, &changed->kinds[MIRROR_HOST],
		              &ret_rows->kinds[MIRROR_HOST]);
	if (error == 0)
		error = copy_kind(present, MIRROR_VETO, ret_rows);
	if (error == 0)
		error = copy_kind(present, MIRROR_NETWORK, ret_rows);
	ret_rows->hosts = present->hosts - old_hosts + changed->hosts;
	ret_rows->vetoed = present->vetoed;
	ret_rows->left_out = present->left_out;
	ret_rows->next_change_ns = present->next_change_ns < changed->next_change_ns
	                                   ? present->next_change_ns
	                                   : changed->next_change_ns;
	return error;
}

int mirror_patch_make(const struct xdp_mirror_state *state, const struct database *database,
                      int64_t now_ns, struct mirror_rows *ret_rows,
                      struct mirror_difference *ret_difference)
{
	struct mirror_rows rows = {}, changed = {};
	struct mirror_difference difference = {};
	struct block hosts = {};
	int error = -ESTALE;

	if (state->live.maps != NULL && state->mark != NULL && now_ns >= state->now_ns &&
	    now_ns < state->rows.next_change_ns)
		error = drops_mark_each(state->mark, database, note_host, &hosts);
	if (error == 0) {
		size_t count = unite_hosts(&hosts);
		const struct address *addresses = (const void *)hosts.data;

		error = mirror_rows_make_of(database, addresses, count, now_ns, &changed);
		if (error == 0)
			error = put_together(state, addresses, count, &changed, &rows, &difference);
	}
	block_close(&hosts);
	mirror_rows_close(&changed);
	if (error == 0) {
		*ret_rows = rows;
		*ret_difference = difference;
		return 0;
	}
	mirror_rows_close(&rows);
	mirror_difference_close(&difference);
	return error;
}
