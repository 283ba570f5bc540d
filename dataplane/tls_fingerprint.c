#include "dataplane/tls_fingerprint.h"

#include <assert.h>
#include <string.h>

#include "dataplane/digest.h"
#include "dataplane/wire.h"

enum {
	NUMBER_TEXT_BYTES = 6, // "65535-", "abcd,"
	TEXT_BYTES_MAX = NUMBER_TEXT_BYTES * (4 * TLS_FINGERPRINT_VALUES_MAX + 4),
	JA4_HASH_BYTES = 12,
	COUNT_SHOWN_MAX = 99,
};

// The numbers of a list, GREASE left out.
struct numbers {
	uint16_t values[TLS_FINGERPRINT_VALUES_MAX];
	unsigned count;
};

// What is hashed.
struct text {
	char bytes[TEXT_BYTES_MAX];
	size_t size;
};

static bool add_number(struct numbers *numbers, uint16_t value)
{
	if (tls_hello_is_grease(value))
		return true;
	if (numbers->count == TLS_FINGERPRINT_VALUES_MAX)
		return false;
	numbers->values[numbers->count++] = value;
	return true;
}

static bool read_list(struct slice list, struct numbers *ret_numbers)
{
	ret_numbers->count = 0;
	for (size_t i = 0; i + 1 < list.size; i += 2)
		if (!add_number(ret_numbers, wire_be16(list.data + i)))
			return false;
	return true;
}

static bool read_extension_types(const struct tls_hello *hello, struct numbers *ret_numbers)
{
	struct slice rest = hello->extensions;
	struct tls_extension extension;

	ret_numbers->count = 0;
	while (tls_hello_next_extension(&rest, &extension))
		if (!add_number(ret_numbers, extension.type))
			return false;
	return true;
}

static void put(struct text *text, char byte)
{
	assert(text->size < sizeof(text->bytes));
	text->bytes[text->size++] = byte;
}

static void put_decimal(struct text *text, unsigned value)
{
	char digits[5];
	unsigned count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (count > 0)
		put(text, digits[--count]);
}

static void put_hex(struct text *text, uint16_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

	assert(sizeof(text->bytes) - text->size >= 4);
	digest_text(bytes, 4, text->bytes + text->size);
	text->size += 4;
}

static void put_decimals(struct text *text, const struct numbers *numbers)
{
	for (unsigned i = 0; i < numbers->count; i++) {
		if (i > 0)
			put(text, '-');
		put_decimal(text, numbers->values[i]);
	}
}

static void put_hexes(struct text *text, const struct numbers *numbers)
{
	for (unsigned i = 0; i < numbers->count; i++) {
		if (i > 0)
			put(text, ',');
		put_hex(text, numbers->values[i]);
	}
}

static void finish_ja3(const struct text *text, struct tls_fingerprint *ret_fingerprint)
{
	uint8_t digest[HASH_BYTES_MAX];

	digest_of(HASH_MD5, slice_of(text->bytes, text->size), digest);
	ret_fingerprint->size = 2 * (size_t)hash_algorithm_bytes[HASH_MD5];
	digest_text(digest, ret_fingerprint->size, ret_fingerprint->text);
}

// "version,ciphers,extensions": what JA3 and JA3S begin with.
static bool begin_ja3(const struct tls_hello *hello, struct text *text)
{
	struct numbers numbers;

	text->size = 0;
	put_decimal(text, hello->version);
	put(text, ',');
	if (!read_list(hello->ciphers, &numbers))
		return false;
	put_decimals(text, &numbers);
	put(text, ',');
	if (!read_extension_types(hello, &numbers))
		return false;
	put_decimals(text, &numbers);
	return true;
}

bool tls_fingerprint_ja3(const struct tls_hello *hello, struct tls_fingerprint *ret_fingerprint)
{
	struct numbers numbers;
	struct text text;

	if (!begin_ja3(hello, &text))
		return false;
	put(&text, ',');
	if (!read_list(hello->groups, &numbers))
		return false;
	put_decimals(&text, &numbers);
	put(&text, ',');
	for (size_t i = 0; i < hello->point_formats.size; i++) {
		if (i > 0)
			put(&text, '-');
		put_decimal(&text, hello->point_formats.data[i]);
	}
	finish_ja3(&text, ret_fingerprint);
	return true;
}

bool tls_fingerprint_ja3s(const struct tls_hello *hello, struct tls_fingerprint *ret_fingerprint)
{
	struct text text;

	if (!begin_ja3(hello, &text))
		return false;
	finish_ja3(&text, ret_fingerprint);
	return true;
}

static void append(struct tls_fingerprint *fingerprint, const char *bytes, size_t size)
{
	assert(sizeof(fingerprint->text) - fingerprint->size >= size);
	memcpy(fingerprint->text + fingerprint->size, bytes, size);
	fingerprint->size += size;
}

static void append_count(struct tls_fingerprint *fingerprint, unsigned count)
{
	unsigned shown = count < COUNT_SHOWN_MAX ? count : COUNT_SHOWN_MAX;
	const char digits[] = {(char)('0' + shown / 10), (char)('0' + shown % 10)};

	append(fingerprint, digits, sizeof(digits));
}

// The highest version offered, or that of the hello.
static const char *version_text(const struct tls_hello *hello)
{
	uint16_t version = hello->versions.size > 0 ? 0 : hello->version;

	for (size_t i = 0; i + 1 < hello->versions.size; i += 2) {
		uint16_t offered = wire_be16(hello->versions.data + i);

		if (offered > version && !tls_hello_is_grease(offered))
			version = offered;
	}
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	default:
		return "00";
	}
}

static bool is_alphanumeric(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z');
}

// First and last character of the first protocol offered, or of its hex digits.
static void append_alpn(struct tls_fingerprint *fingerprint, struct slice names)
{
	size_t size = names.size > 0 ? names.data[0] : 0;
	char ends[2] = {'0', '0'};

	if (size > 0) {
		const uint8_t *first = names.data + 1, *last = names.data + size;
		char digits[2];

		if (is_alphanumeric(*first) && is_alphanumeric(*last)) {
			ends[0] = (char)*first;
			ends[1] = (char)*last;
		} else {
			digest_text(first, 1, ends);
			digest_text(last, 2, digits);
			ends[1] = digits[1];
		}
	}
	append(fingerprint, ends, sizeof(ends));
}

static void append_hash(struct tls_fingerprint *fingerprint, const struct text *text)
{
	char hash[JA4_HASH_BYTES];
	uint8_t digest[HASH_BYTES_MAX];

	append(fingerprint, "_", 1);
	if (text->size == 0) {
		append(fingerprint, "000000000000", JA4_HASH_BYTES);
		return;
	}
	digest_of(HASH_SHA256, slice_of(text->bytes, text->size), digest);
	digest_text(digest, sizeof(hash), hash);
	append(fingerprint, hash, sizeof(hash));
}

// In place, by insertion: of lists of some dozens.
static void sort(struct numbers *numbers)
{
	for (unsigned i = 1; i < numbers->count; i++) {
		uint16_t value = numbers->values[i];
		unsigned at = i;

		for (; at > 0 && numbers->values[at - 1] > value; at--)
			numbers->values[at] = numbers->values[at - 1];
		numbers->values[at] = value;
	}
}

// Server name and protocols are told in front, so that clients look the same whatever they ask for.
static void leave_out_told(struct numbers *extensions)
{
	unsigned count = 0;

	for (unsigned i = 0; i < extensions->count; i++)
		if (extensions->values[i] != TLS_EXTENSION_SERVER_NAME &&
		    extensions->values[i] != TLS_EXTENSION_ALPN)
			extensions->values[count++] = extensions->values[i];
	extensions->count = count;
}

bool tls_fingerprint_ja4(const struct tls_hello *hello, enum tls_transport transport,
                         struct tls_fingerprint *ret_fingerprint)
{
	struct numbers ciphers, extensions, algorithms;
	struct text text = {.size = 0};

	if (!read_list(hello->ciphers, &ciphers) || !read_extension_types(hello, &extensions) ||
	    !read_list(hello->signature_algorithms, &algorithms))
		return false;
	ret_fingerprint->size = 0;
	append(ret_fingerprint, transport == TLS_OVER_QUIC ? "q" : "t", 1);
	append(ret_fingerprint, version_text(hello), 2);
	append(ret_fingerprint, hello->has_server_name ? "d" : "i", 1);
	append_count(ret_fingerprint, ciphers.count);
	append_count(ret_fingerprint, extensions.count);
	append_alpn(ret_fingerprint, hello->alpn);
	sort(&ciphers);
	put_hexes(&text, &ciphers);
	append_hash(ret_fingerprint, &text);
	text.size = 0;
	leave_out_told(&extensions);
	sort(&extensions);
	put_hexes(&text, &extensions);
	if (text.size > 0 && algorithms.count > 0) {
		put(&text, '_');
		put_hexes(&text, &algorithms);
	}
	append_hash(ret_fingerprint, &text);
	return true;
}
