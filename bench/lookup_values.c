#include "bench/lookup_values.h"

#include <stdio.h>

#include "base/hash.h"
#include "engine/address.h"

static const char *const kind_names[VALUES_KIND_COUNT] = {
	[VALUES_IPV4] = "ipv4", [VALUES_IPV6] = "ipv6",   [VALUES_NAME] = "name",
	[VALUES_URL] = "url",   [VALUES_HASH] = "sha256",
};

const char *lookup_values_kind_name(enum lookup_values_kind kind)
{
	return kind_names[kind];
}

static uint64_t random_of(uint64_t number, uint64_t stream)
{
	return hash_word(hash_word(0, number), stream);
}

// A label of 3 to 3 + spread bytes.
static size_t write_label(uint64_t random, unsigned spread, uint8_t *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	size_t size = 3 + (random >> 60) % (spread + 1);

	for (size_t i = 0; i < size; i++, random >>= 5)
		out[i] = (uint8_t)letters[random & 31];
	return size;
}

static size_t write_name(uint64_t number, unsigned labels, uint8_t *out)
{
	static const char *const ends[] = {"com", "net",     "org", "info",
	                                   "jp",  "example", "xyz", "top"};
	size_t size = 0;

	for (unsigned i = 0; i + 1 < labels; i++) {
		size += write_label(random_of(number, i), i + 2 == labels ? 8 : 6, out + size);
		out[size++] = '.';
	}
	return size + (size_t)sprintf((char *)out + size, "%s", ends[random_of(number, 9) % 8]);
}

static size_t write_url(uint64_t number, uint8_t *out)
{
	size_t size = (size_t)sprintf((char *)out, "http://");

	size += write_name(number, 3, out + size);
	for (unsigned i = 0; i < 2; i++) {
		out[size++] = '/';
		size += write_label(random_of(number, 20 + i), 6, out + size);
	}
	return size;
}

void lookup_values_make(enum lookup_values_kind kind, uint64_t number,
                        uint8_t text[LOOKUP_VALUE_BYTES], struct observable *ret_observable)
{
	uint64_t words[4];
	unsigned labels = number >= LOOKUP_MISS_BEGIN ? 4 : 2 + (unsigned)(number % 3);

	for (unsigned i = 0; i < 4; i++)
		words[i] = random_of(number, i);
	*ret_observable = (struct observable){.type = OBSERVABLE_ADDRESS, .where = WHERE_IP_SRC};
	switch (kind) {
	case VALUES_IPV4:
		ret_observable->address = address_from_ipv4((const uint8_t *)words);
		return;
	case VALUES_IPV6:
		words[0] = (words[0] & ~UINT64_C(0xffff)) | 0x0120; // 2001::/16
		memcpy(&ret_observable->address, words, sizeof(ret_observable->address));
		return;
	case VALUES_NAME:
		*ret_observable = (struct observable){.type = OBSERVABLE_NAME,
		                                      .where = WHERE_DNS_QUERY};
		ret_observable->text = slice_of(text, write_name(number, labels, text));
		return;
	case VALUES_URL:
		*ret_observable = (struct observable){.type = OBSERVABLE_URL,
		                                      .where = WHERE_HTTP_URL};
		ret_observable->text = slice_of(text, write_url(number, text));
		return;
	case VALUES_HASH:
	case VALUES_KIND_COUNT:
		break;
	}
	*ret_observable = (struct observable){.type = OBSERVABLE_HASH, .algorithm = HASH_SHA256};
	memcpy(text, words, sizeof(words));
	ret_observable->text = slice_of(text, sizeof(words));
}
