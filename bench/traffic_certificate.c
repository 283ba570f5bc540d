#include "bench/traffic_certificate.h"

#include <string.h>

enum {
	TLS_HANDSHAKE = 22,
	TLS_VERSION_1_2 = 0x0303,
	TLS_SERVER_HELLO = 2,
	TLS_CERTIFICATE = 11,
	TLS_SERVER_HELLO_DONE = 14,
	TLS_ECDHE_RSA_AES_128_GCM = 0xc02f,
	DER_INTEGER = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_UTF8 = 0x0c,
	DER_TIME = 0x17,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_VERSION = 0xa0,    // [0] of a TBSCertificate
	DER_EXTENSIONS = 0xa3, // [3]
	DER_DNS_NAME = 0x82,   // [2] of a GeneralName
	SERIAL_BYTES = 8,
	KEY_BYTES = 256,
};

static const uint8_t oid_common_name[] = {0x06, 3, 0x55, 0x04, 0x03};
static const uint8_t oid_alternative_name[] = {0x06, 3, 0x55, 0x1d, 0x11};
static const uint8_t rsa_encryption[] = {0x30, 13,   0x06, 9,    0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t rsa_with_sha256[] = {0x30, 13,   0x06, 9,    0x2a, 0x86, 0x48, 0x86,
                                          0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};

static void append_number(struct buffer *message, unsigned bytes, uint32_t number)
{
	while (bytes-- > 0)
		buffer_append_byte(message, (uint8_t)(number >> 8 * bytes));
}

static void append_random(struct buffer *message, struct traffic_random *random, size_t size)
{
	while (size-- > 0)
		buffer_append_byte(message, (uint8_t)traffic_random_next(random));
}

// Room for a number of so many bytes, which close_size() writes: the size of what follows it.
static size_t open_size(struct buffer *message, unsigned bytes)
{
	append_number(message, bytes, 0);
	return message->size;
}

static void close_size(struct buffer *message, size_t start, unsigned bytes)
{
	const size_t size = message->size - start;

	for (unsigned i = 0; i < bytes; i++)
		message->data[start - 1 - i] = (uint8_t)(size >> 8 * i);
}

// DER (X.690, section 8.1.3): close_der() makes the size as short as it has to be.
static size_t open_der(struct buffer *message, uint8_t tag)
{
	buffer_append_byte(message, tag);
	return message->size;
}

static void close_der(struct buffer *message, size_t start)
{
	const size_t size = message->size - start;
	uint8_t head[3] = {(uint8_t)size};
	size_t head_bytes = 1;

	if (size >= 0x100) {
		head[0] = 0x82, head[1] = (uint8_t)(size >> 8), head[2] = (uint8_t)size;
		head_bytes = 3;
	} else if (size >= 0x80) {
		head[0] = 0x81, head[1] = (uint8_t)size;
		head_bytes = 2;
	}
	buffer_append(message, head, head_bytes); // for the room
	memmove(message->data + start + head_bytes, message->data + start, size);
	memcpy(message->data + start, head, head_bytes);
}

static void append_der(struct buffer *message, uint8_t tag, const void *bytes, size_t size)
{
	const size_t value = open_der(message, tag);

	buffer_append(message, bytes, size);
	close_der(message, value);
}

static void append_common_name(struct buffer *message, const char *name)
{
	const size_t names = open_der(message, DER_SEQUENCE);
	const size_t relative = open_der(message, DER_SET);
	const size_t pair = open_der(message, DER_SEQUENCE);

	buffer_append(message, oid_common_name, sizeof(oid_common_name));
	append_der(message, DER_UTF8, name, strlen(name));
	close_der(message, pair);
	close_der(message, relative);
	close_der(message, names);
}

static void append_key(struct buffer *message, struct traffic_random *random)
{
	const size_t key = open_der(message, DER_SEQUENCE);

	buffer_append(message, rsa_encryption, sizeof(rsa_encryption));
	const size_t bits = open_der(message, DER_BITS);
	buffer_append_byte(message, 0);
	const size_t pair = open_der(message, DER_SEQUENCE);
	const size_t modulus = open_der(message, DER_INTEGER);
	append_number(message, 2, 0x0080);
	append_random(message, random, KEY_BYTES - 1);
	close_der(message, modulus);
	append_der(message, DER_INTEGER, "\x01\x00\x01", 3);
	close_der(message, pair);
	close_der(message, bits);
	close_der(message, key);
}

static void append_alternative_names(struct buffer *message, const char *name)
{
	const char *parent = strchr(name, '.');
	const size_t tagged = open_der(message, DER_EXTENSIONS);
	const size_t extensions = open_der(message, DER_SEQUENCE);
	const size_t extension = open_der(message, DER_SEQUENCE);

	buffer_append(message, oid_alternative_name, sizeof(oid_alternative_name));
	const size_t octets = open_der(message, DER_OCTETS);
	const size_t names = open_der(message, DER_SEQUENCE);
	append_der(message, DER_DNS_NAME, name, strlen(name));
	if (parent != NULL)
		append_der(message, DER_DNS_NAME, parent + 1, strlen(parent + 1));
	close_der(message, names);
	close_der(message, octets);
	close_der(message, extension);
	close_der(message, extensions);
	close_der(message, tagged);
}

// RFC 5280, section 4.1
static void append_certificate(struct buffer *message, struct traffic_random *random,
                               const char *name)
{
	const size_t whole = open_der(message, DER_SEQUENCE);
	const size_t signed_part = open_der(message, DER_SEQUENCE);
	const size_t version = open_der(message, DER_VERSION);

	append_der(message, DER_INTEGER, "\x02", 1);
	close_der(message, version);
	const size_t serial = open_der(message, DER_INTEGER);
	buffer_append_byte(message, 0x11); // neither negative nor too long
	append_random(message, random, SERIAL_BYTES - 1);
	close_der(message, serial);
	buffer_append(message, rsa_with_sha256, sizeof(rsa_with_sha256));
	append_common_name(message, "Generated Authority");
	const size_t validity = open_der(message, DER_SEQUENCE);
	append_der(message, DER_TIME, "250101000000Z", 13);
	append_der(message, DER_TIME, "270101000000Z", 13);
	close_der(message, validity);
	append_common_name(message, name);
	append_key(message, random);
	append_alternative_names(message, name);
	close_der(message, signed_part);
	buffer_append(message, rsa_with_sha256, sizeof(rsa_with_sha256));
	const size_t signature = open_der(message, DER_BITS);
	buffer_append_byte(message, 0);
	append_random(message, random, KEY_BYTES);
	close_der(message, signature);
	close_der(message, whole);
}

static void append_server_hello(struct buffer *message, struct traffic_random *random)
{
	buffer_append_byte(message, TLS_SERVER_HELLO);
	const size_t hello = open_size(message, 3);
	append_number(message, 2, TLS_VERSION_1_2);
	append_random(message, random, 32);
	buffer_append_byte(message, 0); // no session id
	append_number(message, 2, TLS_ECDHE_RSA_AES_128_GCM);
	buffer_append_byte(message, 0); // no compression
	close_size(message, hello, 3);
}

void traffic_certificate_answer(struct buffer *message, struct traffic_random *random,
                                const char *name)
{
	buffer_append_byte(message, TLS_HANDSHAKE);
	append_number(message, 2, TLS_VERSION_1_2);
	const size_t record = open_size(message, 2);
	append_server_hello(message, random);
	buffer_append_byte(message, TLS_CERTIFICATE);
	const size_t chain = open_size(message, 3);
	const size_t list = open_size(message, 3);
	const size_t certificate = open_size(message, 3);
	append_certificate(message, random, name);
	close_size(message, certificate, 3);
	close_size(message, list, 3);
	close_size(message, chain, 3);
	append_number(message, 4, (uint32_t)TLS_SERVER_HELLO_DONE << 24);
	close_size(message, record, 2);
}
