#include "dataplane/quic_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "dataplane/wire.h"

enum {
	FORM = 0x80, // long header; the next bit may have any value (RFC 9287)
	HEADER_BYTES_MIN = 7,
	NUMBER_BYTES_MAX = 4,
	SAMPLE_BYTES = 16, // of the text, for header protection (RFC 9001, section 5.4.2)
	TAG_BYTES = 16,
};

enum packet_type {
	TYPE_INITIAL,
	TYPE_0RTT,
	TYPE_HANDSHAKE,
	TYPE_RETRY,
};

struct quic_opener {
	EVP_CIPHER_CTX *header_cipher;
	EVP_CIPHER_CTX *cipher;

	// Of the connection that was seen last: its hello may come in several packets.
	const struct quic_version *version;
	struct quic_id id;
	enum quic_side sender;
	struct quic_keys keys;

	uint8_t header[QUIC_INITIAL_BYTES_MAX]; // without its protection
	uint8_t frames[QUIC_INITIAL_BYTES_MAX];
};

bool quic_read_number(struct slice bytes, size_t *at, uint64_t *ret_number)
{
	unsigned size;
	uint64_t number;

	if (*at >= bytes.size)
		return false;
	size = 1u << (bytes.data[*at] >> 6);
	if (bytes.size - *at < size)
		return false;
	number = bytes.data[*at] & 0x3f;
	for (unsigned i = 1; i < size; i++)
		number = number << 8 | bytes.data[*at + i];
	*at += size;
	*ret_number = number;
	return true;
}

// The type of a long header, as version 1 has it (RFC 9000, section 17.2): those of version 2 are
// turned by one (RFC 9369, section 3.2).
static enum packet_type type_of(uint8_t first, const struct quic_version *version)
{
	unsigned bits = first >> 4 & 3;

	return (enum packet_type)(version->is_second ? (bits + 3) % 4 : bits);
}

// The version of a long header, or NULL.
static const struct quic_version *version_of(struct slice datagram)
{
	if (datagram.size < HEADER_BYTES_MIN || (datagram.data[0] & FORM) == 0)
		return NULL;
	return quic_version_of(wire_be32(datagram.data + 1));
}

// RFC 9000, section 17.2.1: version 0, and at least one version of four bytes.
static bool is_negotiation(struct slice datagram)
{
	return datagram.size >= HEADER_BYTES_MIN + 4 && (datagram.data[0] & FORM) != 0 &&
	       wire_be32(datagram.data + 1) == 0;
}

bool quic_is_long(struct slice datagram)
{
	return version_of(datagram) != NULL || is_negotiation(datagram);
}

// One of the header's connection ids.
static bool read_id(struct slice bytes, size_t *at, struct quic_id *ret_id)
{
	size_t size;

	if (*at >= bytes.size)
		return false;
	size = bytes.data[(*at)++];
	if (size > QUIC_ID_BYTES_MAX || bytes.size - *at < size)
		return false;
	ret_id->size = (uint8_t)size;
	memcpy(ret_id->bytes, bytes.data + *at, size);
	*at += size;
	return true;
}

static bool skip_token(struct slice datagram, size_t *at)
{
	uint64_t token_bytes;

	if (!quic_read_number(datagram, at, &token_bytes) || token_bytes > datagram.size - *at)
		return false;
	*at += (size_t)token_bytes;
	return true;
}

bool quic_read_packet(struct slice datagram, struct quic_packet *ret_packet)
{
	struct quic_packet packet = {.version = version_of(datagram), .bytes = datagram};
	struct quic_id source;
	enum packet_type type;
	uint64_t rest_bytes;
	size_t at = 5;

	if (packet.version == NULL || !read_id(datagram, &at, &packet.destination) ||
	    !read_id(datagram, &at, &source))
		return false;
	type = type_of(datagram.data[0], packet.version);
	packet.is_initial = type == TYPE_INITIAL;
	if (type != TYPE_RETRY) { // which is the last one of its datagram
		if ((packet.is_initial && !skip_token(datagram, &at)) ||
		    !quic_read_number(datagram, &at, &rest_bytes) ||
		    rest_bytes > datagram.size - at)
			return false;
		packet.number_at = at;
		packet.bytes = slice_first(datagram, at + (size_t)rest_bytes);
	}
	*ret_packet = packet;
	return true;
}

static bool has_keys(const struct quic_opener *opener, const struct quic_version *version,
                     const struct quic_id *id, enum quic_side sender)
{
	return opener->version == version && opener->sender == sender &&
	       quic_id_equal(&opener->id, id);
}

static bool take_keys(struct quic_opener *opener, const struct quic_version *version,
                      const struct quic_id *id, enum quic_side sender)
{
	if (has_keys(opener, version, id, sender))
		return true;
	opener->version = NULL;
	quic_derive(version, slice_of(id->bytes, id->size), sender, &opener->keys);
	if (EVP_EncryptInit_ex2(opener->header_cipher, NULL, opener->keys.header_key, NULL, NULL) !=
	            1 ||
	    EVP_DecryptInit_ex2(opener->cipher, NULL, opener->keys.key, NULL, NULL) != 1)
		return false;
	opener->id = *id;
	opener->sender = sender;
	opener->version = version;
	return true;
}

// Copies the header without its protection (RFC 9001, section 5.4.1). Returns its size, or 0.
static size_t unmask_header(struct quic_opener *opener, struct slice packet, size_t number_at,
                            uint32_t *ret_number)
{
	uint8_t mask[SAMPLE_BYTES];
	size_t number_bytes;
	uint32_t number = 0;
	int size;

	if (EVP_EncryptUpdate(opener->header_cipher, mask, &size,
	                      packet.data + number_at + NUMBER_BYTES_MAX, SAMPLE_BYTES) != 1)
		return 0;
	memcpy(opener->header, packet.data, number_at + NUMBER_BYTES_MAX);
	opener->header[0] ^= mask[0] & 0x0f;
	number_bytes = (opener->header[0] & 3) + 1;
	for (size_t i = 0; i < number_bytes; i++) {
		opener->header[number_at + i] ^= mask[1 + i];
		number = number << 8 | opener->header[number_at + i];
	}
	*ret_number = number;
	return number_at + number_bytes;
}

// The packet's text, checked by its tag (RFC 9001, section 5.3). First packets have numbers so
// small that none is cut.
static bool decrypt(struct quic_opener *opener, struct slice packet, size_t header_bytes,
                    uint32_t number)
{
	size_t text_bytes = packet.size - header_bytes - TAG_BYTES;
	uint8_t nonce[QUIC_IV_BYTES];
	uint8_t tag[TAG_BYTES];
	int size;

	memcpy(nonce, opener->keys.iv, sizeof(nonce));
	for (unsigned i = 0; i < sizeof(number); i++)
		nonce[QUIC_IV_BYTES - 1 - i] ^= (uint8_t)(number >> 8 * i);
	memcpy(tag, packet.data + packet.size - TAG_BYTES, sizeof(tag));
	return EVP_DecryptInit_ex2(opener->cipher, NULL, NULL, nonce, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(opener->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
	       EVP_DecryptUpdate(opener->cipher, NULL, &size, opener->header, (int)header_bytes) ==
	               1 &&
	       EVP_DecryptUpdate(opener->cipher, opener->frames, &size, packet.data + header_bytes,
	                         (int)text_bytes) == 1 &&
	       EVP_DecryptFinal_ex(opener->cipher, opener->frames + size, &size) == 1;
}

bool quic_open(struct quic_opener *opener, const struct quic_packet *packet,
               const struct quic_id *id, enum quic_side sender, struct slice *ret_frames)
{
	struct slice bytes = packet->bytes;
	size_t header_bytes;
	uint32_t number;

	if (bytes.size > QUIC_INITIAL_BYTES_MAX ||
	    bytes.size - packet->number_at < NUMBER_BYTES_MAX + SAMPLE_BYTES ||
	    !take_keys(opener, packet->version, id, sender))
		return false;
	header_bytes = unmask_header(opener, bytes, packet->number_at, &number);
	if (header_bytes == 0 || bytes.size - header_bytes < TAG_BYTES ||
	    !decrypt(opener, bytes, header_bytes, number))
		return false;
	*ret_frames = slice_of(opener->frames, bytes.size - header_bytes - TAG_BYTES);
	return true;
}

// A context whose cipher is set once: a key then costs its schedule only.
static EVP_CIPHER_CTX *open_cipher(const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool is_open = cipher != NULL && context != NULL &&
	               EVP_CipherInit_ex2(context, cipher, NULL, NULL, -1, NULL) == 1;

	EVP_CIPHER_free(cipher); // the context holds it
	if (is_open)
		return context;
	EVP_CIPHER_CTX_free(context);
	return NULL;
}

int quic_opener_create(struct quic_opener **ret_opener)
{
	AUTO(quic_opener) opener = calloc(1, sizeof(*opener));

	if (opener == NULL)
		return -ENOMEM;
	opener->header_cipher = open_cipher("AES-128-ECB");
	opener->cipher = open_cipher("AES-128-GCM");
	if (opener->header_cipher == NULL || opener->cipher == NULL)
		return -ENOMEM;
	*ret_opener = TAKE(opener);
	return 0;
}

void quic_opener_free(struct quic_opener *opener)
{
	if (opener == NULL)
		return;
	EVP_CIPHER_CTX_free(opener->header_cipher);
	EVP_CIPHER_CTX_free(opener->cipher);
	free(opener);
}
