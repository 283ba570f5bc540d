#include "loader/screen.h"

#include "engine/address.h"

// A block of special addresses (IANA special-purpose registries, RFC 6890).
struct block {
	struct prefix prefix;
	const char *reason; // refused, or NULL
	const char *remark; // kept
};

#define IPV4_BLOCK(a, b, c, d, bits)                                                          \
	{                                                                                     \
		{{[10] = 0xff, [11] = 0xff, [12] = (a), [13] = (b), [14] = (c), [15] = (d)}}, \
			96 + (bits)                                                           \
	}
#define IPV6_BLOCK(a, b, c, d, bits)                                   \
	{                                                              \
		{{[0] = (a), [1] = (b), [2] = (c), [3] = (d)}}, (bits) \
	}

static const char private_range[] = "private address";
static const char documentation_range[] = "address reserved for documentation";

static const struct block blocks[] = {
	{IPV4_BLOCK(0, 0, 0, 0, 8), "unspecified address", NULL},
	{IPV4_BLOCK(127, 0, 0, 0, 8), "loopback address", NULL},
	{IPV4_BLOCK(169, 254, 0, 0, 16), "link-local address", NULL},
	{IPV4_BLOCK(224, 0, 0, 0, 4), "multicast address", NULL},
	{IPV4_BLOCK(255, 255, 255, 255, 32), "broadcast address", NULL},
	{IPV4_BLOCK(10, 0, 0, 0, 8), NULL, private_range},
	{IPV4_BLOCK(172, 16, 0, 0, 12), NULL, private_range},
	{IPV4_BLOCK(192, 168, 0, 0, 16), NULL, private_range},
	{IPV4_BLOCK(192, 0, 2, 0, 24), NULL, documentation_range},
	{IPV4_BLOCK(198, 51, 100, 0, 24), NULL, documentation_range},
	{IPV4_BLOCK(203, 0, 113, 0, 24), NULL, documentation_range},
	{{{{0}}, 128}, "unspecified address", NULL},
	{{{{[15] = 1}}, 128}, "loopback address", NULL},
	{IPV6_BLOCK(0xfe, 0x80, 0, 0, 10), "link-local address", NULL},
	{IPV6_BLOCK(0xff, 0, 0, 0, 8), "multicast address", NULL},
	{IPV6_BLOCK(0xfc, 0, 0, 0, 7), NULL, private_range},
	{IPV6_BLOCK(0x20, 0x01, 0x0d, 0xb8, 32), NULL, documentation_range},
};

static bool shares_bits(const struct address *a, const struct address *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a->octets, b->octets, bits / 8) != 0)
		return false;
	return rest == 0 || (a->octets[bits / 8] ^ b->octets[bits / 8]) >> (8 - rest) == 0;
}

// IPv4 lies within ::ffff:0:0/96, so a short IPv6 prefix may cover all of it.
static bool covers_ipv4(const struct prefix *prefix)
{
	static const struct address mapped = {.octets = {[10] = 0xff, [11] = 0xff}};

	return prefix->length <= IPV4_PREFIX_BITS &&
	       shares_bits(&prefix->address, &mapped, prefix->length);
}

const char *screen_prefix(const struct prefix *prefix, const char **ret_remark)
{
	bool is_ipv4 = address_is_ipv4(&prefix->address) && prefix->length >= IPV4_PREFIX_BITS;

	*ret_remark = NULL;
	if (prefix->length < (is_ipv4 ? SCREEN_IPV4_BITS_MIN : SCREEN_IPV6_BITS_MIN) ||
	    covers_ipv4(prefix))
		return "prefix too wide";
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		const struct block *block = &blocks[i];

		if (prefix->length < block->prefix.length ||
		    !shares_bits(&prefix->address, &block->prefix.address, block->prefix.length))
			continue;
		*ret_remark = block->remark;
		return block->reason;
	}
	return NULL;
}

const char *screen_name(const struct public_suffixes *suffixes, struct slice name, uint8_t *kinds,
                        const char **ret_remark)
{
	const uint8_t below = ENTRY_PARENT | ENTRY_BELOW | ENTRY_BESIDE;

	*ret_remark = NULL;
	if (slice_find(name, '.') == name.size)
		return "single label";

	switch (public_suffix_kind(suffixes, name)) {
	case PUBLIC_SUFFIX_ICANN:
		return "public suffix";
	case PUBLIC_SUFFIX_PRIVATE:
		if ((*kinds & below) == 0)
			return NULL;
		*kinds &= (uint8_t)~below;
		if (*kinds == 0)
			return "private public suffix: nothing below it is matched";
		*ret_remark = "private public suffix: matches exactly only";
		return NULL;
	case PUBLIC_SUFFIX_NONE:
		break;
	}
	return NULL;
}

const char *screen_hash(enum hash_algorithm algorithm, struct slice digest)
{
	static const char *const empty[HASH_ALGORITHM_COUNT] = {
		[HASH_MD5] = "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e",
		[HASH_SHA1] = "\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55\xbf\xef\x95\x60\x18\x90"
			      "\xaf\xd8\x07\x09",
		[HASH_SHA256] = "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24"
				"\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55",
		[HASH_SHA512] = "\xcf\x83\xe1\x35\x7e\xef\xb8\xbd\xf1\x54\x28\x50\xd6\x6d\x80\x07"
				"\xd6\x20\xe4\x05\x0b\x57\x15\xdc\x83\xf4\xa9\x21\xd3\x6c\xe9\xce"
				"\x47\xd0\xd1\x3c\x5d\x85\xf2\xb0\xff\x83\x18\xd2\x87\x7e\xec\x2f"
				"\x63\xb9\x31\xbd\x47\x41\x7a\x81\xa5\x38\x32\x7a\xf9\x27\xda\x3e",
	};

	if (digest.size != hash_algorithm_bytes[algorithm] ||
	    memcmp(digest.data, empty[algorithm], digest.size) != 0)
		return NULL;
	return "hash of the empty file";
}
