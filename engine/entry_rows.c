#include "engine/entry_rows.h"

#include <errno.h>

#include "base/hash.h"
#include "engine/address.h"
#include "engine/entry_sort.h"

int entry_rows_add_text(struct entry_rows *rows, struct entry_compiler *compiler,
                        const struct text_value *value)
{
	struct text_row row = {
		.order = hash_bytes(0, value->key.data, value->key.size),
		.indicator_id = value->indicator_id,
		.terms = value->terms,
		.key_kind = (uint8_t)value->key_kind,
	};
	struct slice text = record_builder_value(&compiler->records, value->indicator_id,
	                                         &row.text);
	struct text_row *added;
	int error;

	if (!slice_equal(text_key(text, value->key_kind), value->key)) {
		row.is_extra = 1;
		error = string_pool_add(&compiler->extra, value->key, &row.text);
		if (error != 0)
			return error;
	}
	added = block_extend(&rows->rows, sizeof(row));
	if (added == NULL)
		return -ENOMEM;
	*added = row;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_postings(uint32_t a_id, const struct packed_terms *a_terms, uint32_t b_id,
                            const struct packed_terms *b_terms)
{
	int order = compare_numbers(a_id, b_id);

	return order != 0 ? order : postings_compare_terms(a_terms, b_terms);
}

static uint64_t address_row_key(const void *row)
{
	const struct address_row *address = row;

	return hash_bytes(0, &address->address, sizeof(address->address));
}

static int address_row_compare(const void *left, const void *right, void *context)
{
	const struct address_row *a = left;
	const struct address_row *b = right;
	int order = compare_numbers(address_row_key(a), address_row_key(b));

	(void)context;
	if (order == 0)
		order = memcmp(&a->address, &b->address, sizeof(a->address));
	return order != 0
	               ? order
	               : compare_postings(a->indicator_id, &a->terms, b->indicator_id, &b->terms);
}

// Networks are in the order of their addresses, larger ones first: so the ranges are made.
static uint64_t network_row_key(const void *row)
{
	const struct address_row *network = row;
	uint64_t key;

	memcpy(&key, network->address.octets + (address_is_ipv4(&network->address) ? 8 : 0), 8);
	return __builtin_bswap64(key) << (address_is_ipv4(&network->address) ? 32 : 0);
}

static int network_row_compare(const void *left, const void *right, void *context)
{
	const struct address_row *a = left;
	const struct address_row *b = right;
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	(void)context;
	if (order == 0)
		order = compare_numbers(a->length, b->length);
	return order != 0
	               ? order
	               : compare_postings(a->indicator_id, &a->terms, b->indicator_id, &b->terms);
}

static bool address_row_is_same(const struct address_row *a, const struct address_row *b)
{
	return a->length == b->length && address_equal(&a->address, &b->address);
}

// Writes the entry of a row's value into `out`; returns its size. `out` may overlap the row.
typedef size_t write_entry(uint8_t *out, const struct address_row *row, uint32_t posting);

static size_t write_ipv4_host(uint8_t *out, const struct address_row *row, uint32_t posting)
{
	struct ipv4_entry entry = {address_ipv4(&row->address), posting};

	memcpy(out, &entry, sizeof(entry));
	return sizeof(entry);
}

static size_t write_ipv6_host(uint8_t *out, const struct address_row *row, uint32_t posting)
{
	struct ipv6_entry entry = {row->address, posting};

	memcpy(out, &entry, sizeof(entry));
	return sizeof(entry);
}

static size_t write_ipv4_network(uint8_t *out, const struct address_row *row, uint32_t posting)
{
	struct ipv4_network entry = {address_ipv4(&row->address), row->length - IPV4_PREFIX_BITS,
	                             posting, NO_NETWORK};

	memcpy(out, &entry, sizeof(entry));
	return sizeof(entry);
}

static size_t write_ipv6_network(uint8_t *out, const struct address_row *row, uint32_t posting)
{
	struct ipv6_network entry = {row->address, row->length, posting, NO_NETWORK};

	memcpy(out, &entry, sizeof(entry));
	return sizeof(entry);
}

static int compile_addresses(struct entry_rows *rows, struct entry_compiler *compiler,
                             const struct entry_order *order, write_entry *write)
{
	struct address_row *row;
	struct address_row *end;
	struct terms_vote vote = {};
	size_t written = 0;
	int error = entry_sort(&rows->rows, order);

	if (error != 0 || rows->rows.size == 0)
		return error;
	row = (struct address_row *)rows->rows.data;
	end = row + rows->rows.size / sizeof(*row);
	for (const struct address_row *each = row; each < end; each++)
		terms_vote_add(&vote, &each->terms);
	rows->usual_terms = vote.terms;
	while (row < end) {
		struct address_row value = *row;
		uint32_t reference;

		for (; row < end && address_row_is_same(row, &value) && error == 0; row++) {
			if (record_builder_is_live(&compiler->records, row->indicator_id))
				error = posting_builder_add(&compiler->postings, row->indicator_id,
				                            &row->terms);
		}
		if (error == 0)
			error = posting_builder_end(&compiler->postings, &vote.terms, &reference);
		if (error != 0)
			return error;
		if (reference == NO_INDICATOR)
			continue;
		written += write(rows->rows.data + written, &value, reference);
		rows->entry_count++;
	}
	block_shrink(&rows->rows, written);
	return 0;
}

int entry_rows_compile_ipv4_hosts(struct entry_rows *rows, struct entry_compiler *compiler)
{
	const struct entry_order order = {sizeof(struct address_row), address_row_key,
	                                  address_row_compare, NULL};

	return compile_addresses(rows, compiler, &order, write_ipv4_host);
}

int entry_rows_compile_ipv6_hosts(struct entry_rows *rows, struct entry_compiler *compiler)
{
	const struct entry_order order = {sizeof(struct address_row), address_row_key,
	                                  address_row_compare, NULL};

	return compile_addresses(rows, compiler, &order, write_ipv6_host);
}

int entry_rows_compile_ipv4_networks(struct entry_rows *rows, struct entry_compiler *compiler)
{
	const struct entry_order order = {sizeof(struct address_row), network_row_key,
	                                  network_row_compare, NULL};

	return compile_addresses(rows, compiler, &order, write_ipv4_network);
}

int entry_rows_compile_ipv6_networks(struct entry_rows *rows, struct entry_compiler *compiler)
{
	const struct entry_order order = {sizeof(struct address_row), network_row_key,
	                                  network_row_compare, NULL};

	return compile_addresses(rows, compiler, &order, write_ipv6_network);
}
