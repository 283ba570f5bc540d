#include "dataplane/tls_hello.h"

#include "dataplane/tls_fingerprint.h"
#include "dataplane/tls_reader.h"
#include "dataplane/wire.h"

enum {
	VERSION_AND_RANDOM_BYTES = 2 + 32,
	ALPN_NAME_BYTES_MAX = 255,
};

// Takes the vector (RFC 8446, section 3.4) that *rest begins with, its size in one or two bytes.
static bool take_vector(struct slice *rest, size_t size_bytes, struct slice *ret_vector)
{
	size_t size;

	if (rest->size < size_bytes)
		return false;
	size = size_bytes == 1 ? rest->data[0] : wire_be16(rest->data);
	if (rest->size - size_bytes < size)
		return false;
	*ret_vector = slice_of(rest->data + size_bytes, size);
	*rest = slice_from(*rest, size_bytes + size);
	return true;
}

// An extension that is one vector and nothing else.
static bool read_vector(struct slice data, size_t size_bytes, struct slice *ret_vector)
{
	struct slice vector;

	if (!take_vector(&data, size_bytes, &vector) || data.size > 0)
		return false;
	*ret_vector = vector;
	return true;
}

// Likewise, of numbers of two bytes.
static bool read_numbers(struct slice data, size_t size_bytes, struct slice *ret_numbers)
{
	struct slice numbers;

	if (!read_vector(data, size_bytes, &numbers) || numbers.size % 2 != 0)
		return false;
	*ret_numbers = numbers;
	return true;
}

static bool read_alpn(struct slice data, struct slice *ret_names)
{
	struct slice names, name;

	if (!read_vector(data, 2, &names))
		return false;
	*ret_names = names;
	while (names.size > 0)
		if (!take_vector(&names, 1, &name))
			return false;
	return true;
}

static bool read_versions(struct slice data, bool is_server, struct slice *ret_versions)
{
	if (!is_server)
		return read_numbers(data, 1, ret_versions);
	*ret_versions = data;
	return data.size == 2;
}

bool tls_hello_next_extension(struct slice *rest, struct tls_extension *ret_extension)
{
	struct tls_extension extension;
	struct slice after = slice_from(*rest, 2);

	if (!take_vector(&after, 2, &extension.data))
		return false;
	extension.type = wire_be16(rest->data);
	*rest = after;
	*ret_extension = extension;
	return true;
}

static bool read_extension(const struct tls_extension *extension, bool is_server,
                           struct tls_hello *hello)
{
	switch (extension->type) {
	case TLS_EXTENSION_SERVER_NAME:
		hello->has_server_name = true;
		return true;
	case TLS_EXTENSION_GROUPS:
		return read_numbers(extension->data, 2, &hello->groups);
	case TLS_EXTENSION_POINT_FORMATS:
		return read_vector(extension->data, 1, &hello->point_formats);
	case TLS_EXTENSION_SIGNATURE_ALGORITHMS:
		return read_numbers(extension->data, 2, &hello->signature_algorithms);
	case TLS_EXTENSION_ALPN:
		return read_alpn(extension->data, &hello->alpn);
	case TLS_EXTENSION_SUPPORTED_VERSIONS:
		return read_versions(extension->data, is_server, &hello->versions);
	case TLS_EXTENSION_ENCRYPTED_HELLO:
		// Its first byte: 0 is the outer hello; the inner one is never seen.
		hello->has_encrypted_hello = extension->data.size > 0 &&
		                             extension->data.data[0] == 0;
		return true;
	default:
		return true;
	}
}

static bool read_extensions(bool is_server, struct tls_hello *hello)
{
	struct slice rest = hello->extensions;
	struct tls_extension extension;

	while (rest.size > 0)
		if (!tls_hello_next_extension(&rest, &extension) ||
		    !read_extension(&extension, is_server, hello))
			return false;
	return true;
}

// Session, cipher suites and compression: a server's are the ones that it chose.
static bool read_choices(struct slice *rest, bool is_server, struct tls_hello *hello)
{
	struct slice vector;

	if (!take_vector(rest, 1, &vector))
		return false;
	if (is_server) {
		hello->ciphers = slice_first(*rest, 2);
		*rest = slice_from(*rest, 2);
		vector = slice_first(*rest, 1);
		*rest = slice_from(*rest, 1);
		return hello->ciphers.size == 2 && vector.size == 1;
	}
	return take_vector(rest, 2, &hello->ciphers) && hello->ciphers.size % 2 == 0 &&
	       take_vector(rest, 1, &vector);
}

bool tls_hello_read(struct slice message, struct tls_hello *ret_hello)
{
	struct tls_hello hello = {0};
	struct slice rest = slice_from(message, TLS_MESSAGE_HEADER_BYTES);
	bool is_server;

	if (rest.size < VERSION_AND_RANDOM_BYTES || tls_be24(message.data + 1) > rest.size ||
	    (message.data[0] != TLS_CLIENT_HELLO && message.data[0] != TLS_SERVER_HELLO))
		return false;
	rest = slice_first(rest, tls_be24(message.data + 1));
	is_server = message.data[0] == TLS_SERVER_HELLO;
	if (rest.size < VERSION_AND_RANDOM_BYTES)
		return false;
	hello.version = wire_be16(rest.data);
	rest = slice_from(rest, VERSION_AND_RANDOM_BYTES);
	if (!read_choices(&rest, is_server, &hello) ||
	    (rest.size > 0 && !take_vector(&rest, 2, &hello.extensions)) ||
	    !read_extensions(is_server, &hello))
		return false;
	*ret_hello = hello;
	return true;
}

uint16_t tls_hello_chosen_version(const struct tls_hello *hello)
{
	return hello->versions.size == 2 ? wire_be16(hello->versions.data) : hello->version;
}

// Bytes that are no printable ASCII are written \DDD, as those of DNS names are.
static void tell_protocol(struct slice name, struct extract_output *output)
{
	char text[4 * ALPN_NAME_BYTES_MAX];
	size_t size = 0;

	for (size_t i = 0; i < name.size; i++) {
		uint8_t byte = name.data[i];

		if (byte > 0x20 && byte < 0x7f && byte != '\\') {
			text[size++] = (char)byte;
			continue;
		}
		text[size++] = '\\';
		text[size++] = (char)('0' + byte / 100);
		text[size++] = (char)('0' + byte / 10 % 10);
		text[size++] = (char)('0' + byte % 10);
	}
	output->tell(output, WHERE_TLS_ALPN, slice_of(text, size));
}

static void tell_client(const struct tls_hello *hello, enum tls_transport transport,
                        struct extract_output *output)
{
	struct slice names = hello->alpn;
	struct tls_fingerprint fingerprint;
	struct slice name;

	while (names.size > 0 && take_vector(&names, 1, &name))
		if (name.size > 0)
			tell_protocol(name, output);
	if (hello->has_encrypted_hello)
		output->tell(output, WHERE_TLS_ECH, slice_text("outer"));
	if (tls_fingerprint_ja3(hello, &fingerprint))
		output->tell(output, WHERE_TLS_JA3, slice_of(fingerprint.text, fingerprint.size));
	if (tls_fingerprint_ja4(hello, transport, &fingerprint))
		output->tell(output, WHERE_TLS_JA4, slice_of(fingerprint.text, fingerprint.size));
}

void tls_hello_tell(struct slice message, enum tls_transport transport,
                    struct extract_output *output)
{
	struct tls_fingerprint fingerprint;
	struct tls_hello hello;

	if (output->tell == NULL)
		return;
	if (!tls_hello_read(message, &hello))
		output->messages_malformed++;
	else if (message.data[0] == TLS_CLIENT_HELLO)
		tell_client(&hello, transport, output);
	else if (tls_fingerprint_ja3s(&hello, &fingerprint))
		output->tell(output, WHERE_TLS_JA3S, slice_of(fingerprint.text, fingerprint.size));
}
