// dataplane/tls_hello.h — what a whole hello of a client or a server says (RFC 8446, section 4.1).
//
// For whoever observes: names are read by tls_client.c, as they come.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/extract.h"

enum tls_extension_type {
	TLS_EXTENSION_SERVER_NAME = 0,
	TLS_EXTENSION_GROUPS = 10,
	TLS_EXTENSION_POINT_FORMATS = 11,
	TLS_EXTENSION_SIGNATURE_ALGORITHMS = 13,
	TLS_EXTENSION_ALPN = 16,
	TLS_EXTENSION_SUPPORTED_VERSIONS = 43,
	TLS_EXTENSION_ENCRYPTED_HELLO = 0xfe0d, // RFC 9849
};

enum tls_transport {
	TLS_OVER_TCP,
	TLS_OVER_QUIC,
};

// Borrows from the message. Extensions of which there is none are empty.
struct tls_hello {
	uint16_t version;         // the field of the hello: TLS 1.3 says 1.2 there
	struct slice ciphers;     // of a server: the one that it chose
	struct slice extensions;  // all of them: well-formed
	bool has_server_name;     // the client's extension is there
	bool has_encrypted_hello; // likewise: of the outer hello
	struct slice alpn;        // names, each behind a byte that says its size: well-formed
	struct slice versions;    // two bytes each; of a server: the one that it chose
	struct slice groups;      // two bytes each
	struct slice point_formats;
	struct slice signature_algorithms; // two bytes each
};

struct tls_extension {
	uint16_t type;
	struct slice data;
};

// HOT. Reads a handshake message with its header. False when it is no hello or malformed.
bool tls_hello_read(struct slice message, struct tls_hello *ret_hello);

// HOT. Takes the extension that *rest begins with, and moves *rest behind it. False when there is
// none, or not all of it.
bool tls_hello_next_extension(struct slice *rest, struct tls_extension *ret_extension);

// HOT. The version that a ServerHello chose: of TLS 1.3 and its drafts that of the extension.
uint16_t tls_hello_chosen_version(const struct tls_hello *hello);

// Tells the protocols, the encrypted hello and the fingerprints of a ClientHello, or the
// fingerprint of a ServerHello, given as a message with its header. Nothing happens unless
// somebody observes. A malformed one tells nothing, and is counted.
void tls_hello_tell(struct slice message, enum tls_transport transport,
                    struct extract_output *output);

// Values that clients throw in so that servers get used to unknown ones (RFC 8701).
static inline bool tls_hello_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}
