#include "engine/address.h"
#include "engine/normalize.h"
#include "loader/intake_value.h"
#include "loader/judge.h"
#include "loader/value_code.h"

static int tell_votes(struct store *store, const struct intake_value *value, store_vote_fn *visit,
                      void *context)
{
	return store_vote_of_value(store, value_code_hash(store_value_seed(store), value), visit,
	                           context);
}

static int find_above_name(struct store *store, struct slice name, store_vote_fn *visit,
                           void *context)
{
	int error = 0;

	while (error == 0) {
		struct intake_value value = {.type = OBSERVABLE_NAME};

		name = slice_from(name, slice_find(name, '.') + 1);
		if (name.size == 0)
			break;
		value.text = name;
		error = tell_votes(store, &value, visit, context);
	}
	return error;
}

static void clear_bits_from(struct address *address, unsigned length)
{
	for (unsigned bit = length; bit < 8 * sizeof(address->octets); bit++)
		address->octets[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

static int find_around_prefix(struct store *store, const struct prefix *prefix,
                              store_vote_fn *visit, void *context)
{
	unsigned shortest = address_is_ipv4(&prefix->address) ? IPV4_PREFIX_BITS : 0;
	int error = 0;

	for (unsigned length = prefix->length; length-- > shortest && error == 0;) {
		struct intake_value value = {.type = OBSERVABLE_ADDRESS, .prefix = *prefix};

		value.prefix.length = (uint8_t)length;
		clear_bits_from(&value.prefix.address, length);
		error = tell_votes(store, &value, visit, context);
	}
	return error;
}

int judge_find_covering(struct store *store, struct slice text, store_vote_fn *visit, void *context)
{
	char refanged[URL_BYTES_MAX];
	char name[NAME_BYTES_MAX + 1];
	struct prefix prefix;
	bool had_host_bits;

	if (text.size > sizeof(refanged))
		return 0;
	text = slice_trim(slice_of(refanged, normalize_refang(text, refanged)));
	if (normalize_prefix(text, &prefix, &had_host_bits) == 0)
		return find_around_prefix(store, &prefix, visit, context);
	int size = normalize_name(text, name);
	return size < 0 ? 0 : find_above_name(store, slice_of(name, (size_t)size), visit, context);
}
