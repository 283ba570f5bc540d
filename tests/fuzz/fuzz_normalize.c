// Whatever comes in: nothing crashes, nothing is written beyond its room, and what is normalised
// stays the same when it is normalised again.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "engine/normalize.h"

enum { INPUT_BYTES_MAX = 4096 };

static void check_address(struct slice text)
{
	char formatted[ADDRESS_TEXT_BYTES];
	struct prefix prefix;
	struct prefix again;
	bool had_host_bits;

	if (normalize_prefix(text, &prefix, &had_host_bits) < 0)
		return;
	normalize_format_prefix(&prefix, formatted);
	FUZZ_ASSERT(normalize_prefix(slice_text(formatted), &again, &had_host_bits) == 0);
	FUZZ_ASSERT(!had_host_bits && memcmp(&prefix, &again, sizeof(prefix)) == 0);
}

typedef int take_name(struct slice text, char ret_name[NAME_BYTES_MAX + 1]);

static void check_name(struct slice text, take_name *take)
{
	char name[NAME_BYTES_MAX + 1];
	char again[NAME_BYTES_MAX + 1];
	struct address address;
	int size = take(text, name);

	if (size < 0)
		return;
	FUZZ_ASSERT(size > 0 && size <= NAME_BYTES_MAX && name[size] == '\0');
	FUZZ_ASSERT(take(slice_of(name, (size_t)size), again) == size);
	FUZZ_ASSERT(memcmp(name, again, (size_t)size) == 0);
	(void)normalize_reverse_name(slice_of(name, (size_t)size), &address);
}

static void check_parts(const struct url_parts *parts, const char *url, int size)
{
	const char *host = (const char *)parts->host.data;

	FUZZ_ASSERT(parts->key_offset < (size_t)size);
	FUZZ_ASSERT(parts->host.size > 0 && host >= url + parts->key_offset);
	FUZZ_ASSERT(host + parts->host.size <= url + size);
}

static void check_url(struct slice text)
{
	char url[3 * INPUT_BYTES_MAX + 16];
	char again[3 * INPUT_BYTES_MAX + 16];
	struct url_parts parts;
	int size = normalize_url(text, url, sizeof(url), &parts);

	if (size < 0)
		return;
	check_parts(&parts, url, size);
	FUZZ_ASSERT(normalize_url(slice_of(url, (size_t)size), again, sizeof(again), &parts) ==
	            size);
	FUZZ_ASSERT(memcmp(url, again, (size_t)size) == 0);
}

static void check_request(struct slice text)
{
	char url[3 * INPUT_BYTES_MAX + 16];
	char again[3 * INPUT_BYTES_MAX + 16];
	struct url_parts parts;
	size_t cut = slice_find(text, '/');
	int size = normalize_request_url(slice_first(text, cut), slice_from(text, cut), false, url,
	                                 sizeof(url), &parts);

	if (size < 0)
		return;
	check_parts(&parts, url, size);

	struct slice key = slice_from(slice_of(url, (size_t)size), parts.key_offset);
	cut = slice_find(key, '/');
	FUZZ_ASSERT(normalize_request_url(slice_first(key, cut), slice_from(key, cut), false, again,
	                                  sizeof(again), &parts) == size);
	FUZZ_ASSERT(memcmp(url, again, (size_t)size) == 0);
}

static void check_text(struct slice text)
{
	static char refanged[INPUT_BYTES_MAX];
	char defanged[100];
	uint8_t digest[HASH_BYTES_MAX];
	enum hash_algorithm algorithm;

	FUZZ_ASSERT(normalize_refang(text, refanged) <= text.size);
	for (size_t room = 1; room <= sizeof(defanged); room += 33) {
		normalize_defang(text, defanged, room);
		FUZZ_ASSERT(memchr(defanged, '\0', room) != NULL);
	}
	(void)normalize_hash(text, digest, &algorithm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);

	if (size > INPUT_BYTES_MAX)
		return 0;
	check_address(text);
	check_name(text, normalize_name);
	check_name(text, normalize_wire_name);
	check_url(text);
	check_request(text);
	check_text(text);
	return 0;
}
