#include "engine/veto.h"

#include "engine/address.h"
#include "engine/name_table.h"
#include "engine/normalize.h"
#include "engine/url_host.h"

// The first indicator behind a posting reference.
static uint32_t first_indicator(const struct database *veto, uint32_t reference)
{
	struct posting single;
	unsigned count;
	const struct posting *postings = postings_get(veto->sections[SECTION_POSTINGS], reference,
	                                              &single, &count);

	return count > 0 ? postings[0].indicator_id : NO_INDICATOR;
}

uint32_t veto_find_prefix(const struct database *veto, const struct prefix *prefix)
{
	bool is_ipv4 = prefix->length >= IPV4_PREFIX_BITS && address_is_ipv4(&prefix->address);
	uint32_t reference = 0;

	if (prefix->length == 128 && is_ipv4)
		reference = address_table_posting_ipv4(&veto->ipv4_hosts, &prefix->address);
	else if (prefix->length == 128)
		reference = address_table_posting_ipv6(&veto->ipv6_hosts, &prefix->address);
	if (reference == 0 && is_ipv4)
		reference = prefix_table_posting_ipv4(&veto->ipv4_networks, prefix);
	else if (reference == 0)
		reference = prefix_table_posting_ipv6(&veto->ipv6_networks, prefix);
	return first_indicator(veto, reference);
}

static uint32_t find_address(const struct database *veto, const struct address *address)
{
	const struct prefix host = {*address, 128};

	return veto_find_prefix(veto, &host);
}

// The name, or one above it. Unlike a match, down to a single label: one's own may be "corp".
static uint32_t find_name(const struct database *veto, struct slice name)
{
	struct address address;
	uint32_t reference;

	if (normalize_reverse_name(name, &address) == 0 &&
	    find_address(veto, &address) != NO_INDICATOR)
		return find_address(veto, &address);
	// No entry is longer: what a hostile name has in front of that is not looked at.
	if (name.size > NAME_BYTES_MAX) {
		name = slice_from(name, name.size - NAME_BYTES_MAX - 1);
		name = slice_from(name, slice_find(name, '.') + 1);
	}
	while (name.size > 0) {
		reference = name_table_posting(&veto->names, name);
		if (reference != 0)
			return first_indicator(veto, reference);
		name = slice_from(name, slice_find(name, '.') + 1);
	}
	return NO_INDICATOR;
}

static uint32_t find_url(const struct database *veto, struct slice url)
{
	struct slice host = url_host(url);
	struct address address;

	return normalize_address(host, &address) == 0 ? find_address(veto, &address)
	                                              : find_name(veto, host);
}

uint32_t veto_find(const struct database *veto, const struct observable *observable)
{
	switch (observable->type) {
	case OBSERVABLE_ADDRESS:
		return find_address(veto, &observable->address);
	case OBSERVABLE_NAME:
		return find_name(veto, observable->text);
	case OBSERVABLE_URL:
		return find_url(veto, observable->text);
	case OBSERVABLE_HASH:
		if (observable->algorithm < HASH_ALGORITHM_COUNT)
			return first_indicator(
				veto, hash_table_posting(&veto->hashes[observable->algorithm],
			                                 observable->text));
		break;
	case OBSERVABLE_TYPE_COUNT:
		break;
	}
	return NO_INDICATOR;
}
