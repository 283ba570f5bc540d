// What is in a set's maps, read back: for whoever comes after a crash, and for dumps.
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#include "ebpf/mirror_set.h"

enum { READ_ROWS = 4096 };

struct reading {
	const struct mirror_set *set;
	enum mirror_kind kind;
	struct block *rows;
	uint8_t *keys; // READ_ROWS of them
	uint8_t *values;
};

static struct mirror_row host_row(const struct xdp_host_key *key, const struct xdp_target *target)
{
	struct mirror_row row = {
		.prefix.length = 128,
		.port = key->port,
		.protocol = key->protocol,
		.slot = target->slot,
		.has_ports = target->has_ports,
	};

	memcpy(row.prefix.address.octets, key->address, sizeof(key->address));
	return row;
}

static struct mirror_row network_row(const struct xdp_network_key *key,
                                     const struct xdp_target *target)
{
	struct mirror_row row = {
		.prefix.length = (uint8_t)key->length,
		.port = target->port,
		.protocol = target->protocol,
		.slot = target->slot,
		.is_hole = target->slot == 0,
	};

	memcpy(row.prefix.address.octets, key->address, sizeof(key->address));
	return row;
}

static struct mirror_row veto_row(const struct xdp_network_key *key, uint32_t value)
{
	struct mirror_row row = {.prefix.length = (uint8_t)key->length, .is_hole = value == 0};

	memcpy(row.prefix.address.octets, key->address, sizeof(key->address));
	return row;
}

static struct mirror_row row_at(const struct reading *reading, size_t i)
{
	const struct xdp_host_key *hosts = (const void *)reading->keys;
	const struct xdp_network_key *networks = (const void *)reading->keys;
	const struct xdp_target *targets = (const void *)reading->values;
	const uint32_t *vetoes = (const void *)reading->values;

	switch (reading->kind) {
	case MIRROR_HOST:
		return host_row(&hosts[i], &targets[i]);
	case MIRROR_NETWORK:
		return network_row(&networks[i], &targets[i]);
	default:
		return veto_row(&networks[i], vetoes[i]);
	}
}

static int keep_rows(struct reading *reading, size_t count)
{
	const struct mirror_set *set = reading->set;
	size_t slot_count = set->slots_bytes / sizeof(*set->slots);
	struct mirror_row *rows = block_extend(reading->rows, count * sizeof(*rows));

	if (rows == NULL)
		return count > 0 ? -ENOMEM : 0;
	for (size_t i = 0; i < count; i++) {
		rows[i] = row_at(reading, i);
		if (rows[i].slot >= slot_count)
			return -EBADMSG;
		rows[i].indicator_id = set->slots[rows[i].slot].indicator_id;
	}
	return 0;
}

// Batches of a hash's buckets, or of a trie's nodes.
static int read_batches(struct reading *reading)
{
	int fd = reading->set->fds[reading->kind];
	uint8_t next[sizeof(struct xdp_network_key)] = {};
	bool is_first = true;
	int error = 0;

	while (error == 0) {
		uint32_t count = READ_ROWS;
		int failed = bpf_map_lookup_batch(fd, is_first ? NULL : next, next, reading->keys,
		                                  reading->values, &count, NULL) != 0
		                     ? errno
		                     : 0;

		if (failed != 0 && failed != ENOENT)
			return -failed;
		error = keep_rows(reading, count);
		if (failed == ENOENT)
			break;
		is_first = false;
	}
	return error;
}

static int compare_rows(const void *left, const void *right, void *kind)
{
	return mirror_row_compare(*(const enum mirror_kind *)kind, left, right);
}

static int read_kind(const struct mirror_set *set, enum mirror_kind kind, struct block *rows)
{
	struct reading reading = {
		.set = set,
		.kind = kind,
		.rows = rows,
		.keys = calloc(READ_ROWS, sizeof(struct xdp_network_key) + sizeof(uint32_t)),
		.values = calloc(READ_ROWS, sizeof(struct xdp_target)),
	};
	int error = reading.keys != NULL && reading.values != NULL ? read_batches(&reading)
	                                                           : -ENOMEM;

	free(reading.keys);
	free(reading.values);
	if (error == 0 && rows->size > 0)
		qsort_r(rows->data, rows->size / sizeof(struct mirror_row),
		        sizeof(struct mirror_row), compare_rows, &kind);
	return error;
}

int mirror_set_read(const struct mirror_set *set, struct mirror_rows *rows)
{
	int error = 0;

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT && error == 0; kind++)
		error = read_kind(set, kind, &rows->kinds[kind]);
	rows->hosts = set->shared->hosts;
	return error;
}
