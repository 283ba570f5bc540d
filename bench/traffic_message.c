#include "bench/traffic_message.h"

#include <string.h>

#include "engine/address.h"

enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_AAAA = 28,
	DNS_CLASS_IN = 1,
	DNS_NAME_POINTER = 0xc00c, // to the question's name
	DNS_TTL_S = 300,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_VERSION_1_0 = 0x0301,
	TLS_VERSION_1_2 = 0x0303,
	TLS_VERSION_1_3 = 0x0304,
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_GROUPS = 10,
	EXTENSION_SIGNATURES = 13,
	EXTENSION_ALPN = 16,
	EXTENSION_PADDING = 21,
	EXTENSION_VERSIONS = 43,
	EXTENSION_PSK_MODES = 45,
	EXTENSION_KEY_SHARE = 51,
	GROUP_X25519 = 0x001d,
	GROUP_X25519_MLKEM768 = 0x11ec,
	X25519_BYTES = 32,
	MLKEM768_BYTES = 1216,
	HELLO_BYTES = 517, // padded to, as browsers do (RFC 7685)
};

static void append16(struct buffer *message, uint32_t value)
{
	buffer_append_byte(message, (uint8_t)(value >> 8));
	buffer_append_byte(message, (uint8_t)value);
}

static void append32(struct buffer *message, uint32_t value)
{
	append16(message, value >> 16);
	append16(message, value);
}

// Writes the size of what follows `offset` + 2 into the two bytes there.
static void close16(struct buffer *message, size_t offset)
{
	size_t size = message->size - offset - 2;

	message->data[offset] = (uint8_t)(size >> 8);
	message->data[offset + 1] = (uint8_t)size;
}

// Begins what close16() ends.
static size_t open16(struct buffer *message)
{
	append16(message, 0);
	return message->size - 2;
}

static void append_random(struct buffer *message, struct traffic_random *random, size_t size)
{
	for (size_t i = 0; i < size; i += 4)
		append32(message, (uint32_t)traffic_random_next(random));
}

static uint32_t dns_type(const struct address *address)
{
	return address_is_ipv4(address) ? DNS_TYPE_A : DNS_TYPE_AAAA;
}

static void append_question(struct buffer *message, const char *name, const struct address *address)
{
	while (*name != '\0') {
		size_t size = strcspn(name, ".");

		buffer_append_byte(message, (uint8_t)size);
		buffer_append(message, name, size);
		name += size + (name[size] == '.');
	}
	buffer_append_byte(message, 0);
	append16(message, dns_type(address));
	append16(message, DNS_CLASS_IN);
}

void traffic_message_query(struct buffer *message, uint16_t id, const char *name,
                           const struct address *address)
{
	append16(message, id);
	append16(message, 0x0100); // recursion desired
	append16(message, 1);
	append16(message, 0);
	append32(message, 0);
	append_question(message, name, address);
}

void traffic_message_answer(struct buffer *message, uint16_t id, const char *name,
                            const struct address *address)
{
	append16(message, id);
	append16(message, 0x8180); // response, recursion desired and available
	append16(message, 1);
	append16(message, 1);
	append32(message, 0);
	append_question(message, name, address);
	append16(message, DNS_NAME_POINTER);
	append16(message, dns_type(address));
	append16(message, DNS_CLASS_IN);
	append32(message, DNS_TTL_S);
	if (address_is_ipv4(address)) {
		append16(message, 4);
		buffer_append(message, address->octets + 12, 4);
	} else {
		append16(message, 16);
		buffer_append(message, address->octets, 16);
	}
}

static void append_server_name(struct buffer *message, const char *name)
{
	append16(message, EXTENSION_SERVER_NAME);
	size_t extension = open16(message);
	size_t list = open16(message);
	buffer_append_byte(message, 0); // host_name
	size_t host = open16(message);
	buffer_append_text(message, name);
	close16(message, host);
	close16(message, list);
	close16(message, extension);
}

static void append_key_share(struct buffer *message, struct traffic_random *random,
                             bool has_large_key)
{
	append16(message, EXTENSION_KEY_SHARE);
	size_t extension = open16(message);
	size_t list = open16(message);
	if (has_large_key) {
		append16(message, GROUP_X25519_MLKEM768);
		append16(message, MLKEM768_BYTES);
		append_random(message, random, MLKEM768_BYTES);
	}
	append16(message, GROUP_X25519);
	append16(message, X25519_BYTES);
	append_random(message, random, X25519_BYTES);
	close16(message, list);
	close16(message, extension);
}

static void append_fixed_extensions(struct buffer *message)
{
	// clang-format off
	static const uint8_t bytes[] = {
		0, EXTENSION_GROUPS, 0, 8, 0, 6, 0x11, 0xec, 0, 0x1d, 0, 0x17,
		0, EXTENSION_SIGNATURES, 0, 10, 0, 8, 4, 3, 8, 4, 4, 1, 5, 1,
		0, EXTENSION_ALPN, 0, 14, 0, 12,
		2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1',
		0, EXTENSION_VERSIONS, 0, 5, 4, 3, 4, 3, 3,
		0, EXTENSION_PSK_MODES, 0, 2, 1, 1,
	};
	// clang-format on

	buffer_append(message, bytes, sizeof(bytes));
}

static void append_padding(struct buffer *message, size_t record)
{
	const size_t size = message->size - record;

	if (size + 4 > HELLO_BYTES)
		return;
	append16(message, EXTENSION_PADDING);
	append16(message, (uint32_t)(HELLO_BYTES - size - 4));
	while (message->size - record < HELLO_BYTES)
		buffer_append_byte(message, 0);
}

// The record, the handshake message and its version, up to the random. Gives the offset of the
// record's size; the message's is two bytes behind it, with a byte above for its type.
static size_t open_handshake(struct buffer *message, uint8_t type, uint16_t record_version)
{
	buffer_append_byte(message, TLS_HANDSHAKE);
	append16(message, record_version);
	size_t record_size = open16(message);
	buffer_append_byte(message, type);
	buffer_append_byte(message, 0);
	append16(message, 0);
	append16(message, TLS_VERSION_1_2);
	return record_size;
}

static void close_handshake(struct buffer *message, size_t record_size)
{
	close16(message, record_size + 4);
	close16(message, record_size);
}

void traffic_message_hello(struct buffer *message, struct traffic_random *random, const char *name,
                           bool has_large_key)
{
	static const uint8_t suites[] = {0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b,
	                                 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9};
	size_t record = message->size;
	size_t record_size = open_handshake(message, TLS_CLIENT_HELLO, TLS_VERSION_1_0);

	append_random(message, random, 32);
	buffer_append_byte(message, 32); // session id
	append_random(message, random, 32);
	append16(message, sizeof(suites));
	buffer_append(message, suites, sizeof(suites));
	append16(message, 0x0100); // compression: null only
	size_t extensions = open16(message);
	append_server_name(message, name);
	append_fixed_extensions(message);
	append_key_share(message, random, has_large_key);
	append_padding(message, record);
	close16(message, extensions);
	close_handshake(message, record_size);
}

void traffic_message_server_hello(struct buffer *message, struct traffic_random *random)
{
	size_t record_size = open_handshake(message, TLS_SERVER_HELLO, TLS_VERSION_1_2);

	append_random(message, random, 32);
	buffer_append_byte(message, 32); // session id
	append_random(message, random, 32);
	append16(message, 0x1301);
	buffer_append_byte(message, 0);
	size_t extensions = open16(message);
	append16(message, EXTENSION_VERSIONS);
	append16(message, 2);
	append16(message, TLS_VERSION_1_3);
	append16(message, EXTENSION_KEY_SHARE);
	append16(message, 4 + X25519_BYTES);
	append16(message, GROUP_X25519);
	append16(message, X25519_BYTES);
	append_random(message, random, X25519_BYTES);
	close16(message, extensions);
	close_handshake(message, record_size);
}

void traffic_message_record_head(struct buffer *message, size_t body_bytes)
{
	buffer_append_byte(message, TLS_APPLICATION_DATA);
	append16(message, TLS_VERSION_1_2);
	append16(message, (uint32_t)body_bytes);
}

void traffic_message_request(struct buffer *message, const char *host, const char *target,
                             bool has_upload)
{
	buffer_format(message,
	              "%s %s HTTP/1.1\r\nHost: %s\r\n"
	              "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101\r\n"
	              "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"
	              "Accept-Language: ja,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n"
	              "Cookie: session=0123456789abcdef0123456789abcdef\r\n%s\r\n",
	              has_upload ? "POST" : "GET", target, host,
	              has_upload ? "Transfer-Encoding: chunked\r\n" : "");
}

void traffic_message_response(struct buffer *message, bool has_gzip)
{
	buffer_append_text(message, "HTTP/1.1 200 OK\r\nServer: nginx\r\n");
	buffer_append_text(message, has_gzip ? "Content-Type: text/plain\r\n"
	                                       "Content-Encoding: gzip\r\n"
	                                     : "Content-Type: application/octet-stream\r\n");
	buffer_append_text(message, "Connection: close\r\n\r\n");
}
