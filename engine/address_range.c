#include "engine/address_range.h"

#include "engine/address.h"
#include "engine/normalize.h"

static __uint128_t number_of(const struct address *address)
{
	__uint128_t value = 0;

	for (unsigned i = 0; i < sizeof(address->octets); i++)
		value = value << 8 | address->octets[i];
	return value;
}

static struct address address_of(__uint128_t value)
{
	struct address address;

	for (unsigned i = sizeof(address.octets); i > 0; i--) {
		address.octets[i - 1] = (uint8_t)value;
		value >>= 8;
	}
	return address;
}

bool address_range_parse(struct slice text, struct address_range *ret_range)
{
	struct address_range range = {.is_empty = false};
	size_t hyphen = slice_find(text, '-');

	if (hyphen == text.size ||
	    normalize_address(slice_trim(slice_first(text, hyphen)), &range.first) < 0 ||
	    normalize_address(slice_trim(slice_from(text, hyphen + 1)), &range.last) < 0)
		return false;
	if (address_is_ipv4(&range.first) != address_is_ipv4(&range.last) ||
	    memcmp(&range.first, &range.last, sizeof(range.first)) > 0)
		return false;
	*ret_range = range;
	return true;
}

bool address_range_is_wider(const struct address_range *range, unsigned length)
{
	__uint128_t distance = number_of(&range->last) - number_of(&range->first);

	return length > 0 && distance >> (128 - length) != 0;
}

bool address_range_next(struct address_range *range, struct prefix *ret_prefix)
{
	__uint128_t first = number_of(&range->first);
	__uint128_t last = number_of(&range->last);
	__uint128_t behind = 0; // the addresses of the network behind its first
	unsigned length = 128;

	if (range->is_empty)
		return false;
	while (length > 0) {
		__uint128_t wider = behind << 1 | 1;

		if ((first & wider) != 0 || last - first < wider)
			break;
		behind = wider;
		length--;
	}
	*ret_prefix = (struct prefix){.address = range->first, .length = (uint8_t)length};
	range->is_empty = first + behind == last;
	if (!range->is_empty)
		range->first = address_of(first + behind + 1);
	return true;
}
