#include "dataplane/quic_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "dataplane/quic_keys.h"
#include "dataplane/wire.h"

enum {
	CONNECTION_ID_BYTES_MAX = 20, // RFC 9000, section 17.2
	FORM_AND_FIXED = 0xc0,        // long header; the bit that is always set
	NUMBER_BYTES_MAX = 4,
	SAMPLE_BYTES = 16, // of the text, for header protection (RFC 9001, section 5.4.2)
	TAG_BYTES = 16,
};

// An Initial packet's header as it lies in a datagram; offsets are from its start.
struct header {
	const struct quic_version *version;
	struct slice connection_id; // destination's
	size_t number_at;           // of the packet number, protected
	size_t end;                 // of the packet
};

struct quic_opener {
	EVP_CIPHER_CTX *header_cipher;
	EVP_CIPHER_CTX *cipher;

	// Of the connection that was seen last: its hello may come in several packets.
	const struct quic_version *version;
	uint8_t connection_id[CONNECTION_ID_BYTES_MAX];
	size_t connection_id_bytes;
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

// Types of long headers (RFC 9000, section 17.2; RFC 9369, section 3.2).
static bool is_initial_type(uint8_t first, const struct quic_version *version)
{
	return (first >> 4 & 3) == (version->is_second ? 1 : 0);
}

bool quic_is_initial(struct slice datagram)
{
	const struct quic_version *version;

	if (datagram.size < 7 || (datagram.data[0] & FORM_AND_FIXED) != FORM_AND_FIXED)
		return false;
	version = quic_version_of(wire_be32(datagram.data + 1));
	return version != NULL && is_initial_type(datagram.data[0], version);
}

// One of the header's connection ids.
static bool read_id(struct slice bytes, size_t *at, struct slice *ret_id)
{
	size_t size;

	if (*at >= bytes.size)
		return false;
	size = bytes.data[(*at)++];
	if (size > CONNECTION_ID_BYTES_MAX || bytes.size - *at < size)
		return false;
	*ret_id = slice_of(bytes.data + *at, size);
	*at += size;
	return true;
}

static bool read_header(struct slice datagram, struct header *ret_header)
{
	struct header header;
	struct slice source_id;
	uint64_t token_bytes, rest_bytes;
	size_t at = 5;

	if (!quic_is_initial(datagram))
		return false;
	header.version = quic_version_of(wire_be32(datagram.data + 1));
	if (!read_id(datagram, &at, &header.connection_id) || !read_id(datagram, &at, &source_id) ||
	    !quic_read_number(datagram, &at, &token_bytes) || token_bytes > datagram.size - at)
		return false;
	at += (size_t)token_bytes;
	if (!quic_read_number(datagram, &at, &rest_bytes) || rest_bytes > datagram.size - at)
		return false;
	header.number_at = at;
	header.end = at + (size_t)rest_bytes;
	*ret_header = header;
	return true;
}

static bool is_same_connection(const struct quic_opener *opener, const struct header *header)
{
	return opener->version == header->version &&
	       opener->connection_id_bytes == header->connection_id.size &&
	       memcmp(opener->connection_id, header->connection_id.data,
	              header->connection_id.size) == 0;
}

static bool take_keys(struct quic_opener *opener, const struct header *header)
{
	if (is_same_connection(opener, header))
		return true;
	opener->version = NULL;
	quic_derive(header->version, header->connection_id, &opener->keys);
	if (EVP_EncryptInit_ex2(opener->header_cipher, NULL, opener->keys.header_key, NULL, NULL) !=
	            1 ||
	    EVP_DecryptInit_ex2(opener->cipher, NULL, opener->keys.key, NULL, NULL) != 1)
		return false;
	memcpy(opener->connection_id, header->connection_id.data, header->connection_id.size);
	opener->connection_id_bytes = header->connection_id.size;
	opener->version = header->version;
	return true;
}

// Copies the header without its protection (RFC 9001, section 5.4.1). Returns its size, or 0.
static size_t unmask_header(struct quic_opener *opener, struct slice packet,
                            const struct header *header, uint32_t *ret_number)
{
	uint8_t mask[SAMPLE_BYTES];
	size_t number_bytes;
	uint32_t number = 0;
	int size;

	if (EVP_EncryptUpdate(opener->header_cipher, mask, &size,
	                      packet.data + header->number_at + NUMBER_BYTES_MAX,
	                      SAMPLE_BYTES) != 1)
		return 0;
	memcpy(opener->header, packet.data, header->number_at + NUMBER_BYTES_MAX);
	opener->header[0] ^= mask[0] & 0x0f;
	number_bytes = (opener->header[0] & 3) + 1;
	for (size_t i = 0; i < number_bytes; i++) {
		opener->header[header->number_at + i] ^= mask[1 + i];
		number = number << 8 | opener->header[header->number_at + i];
	}
	*ret_number = number;
	return header->number_at + number_bytes;
}

// The packet's text, checked by its tag (RFC 9001, section 5.3). A client's first packets have
// numbers so small that none is cut.
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

bool quic_open_initial(struct quic_opener *opener, struct slice datagram, struct slice *ret_frames,
                       size_t *ret_packet_bytes)
{
	struct header header;
	struct slice packet;
	size_t header_bytes;
	uint32_t number;

	*ret_packet_bytes = 0;
	if (!read_header(datagram, &header))
		return false;
	*ret_packet_bytes = header.end;
	packet = slice_first(datagram, header.end);
	if (packet.size > QUIC_INITIAL_BYTES_MAX ||
	    packet.size - header.number_at < NUMBER_BYTES_MAX + SAMPLE_BYTES ||
	    !take_keys(opener, &header))
		return false;
	header_bytes = unmask_header(opener, packet, &header, &number);
	if (header_bytes == 0 || packet.size - header_bytes < TAG_BYTES ||
	    !decrypt(opener, packet, header_bytes, number))
		return false;
	*ret_frames = slice_of(opener->frames, packet.size - header_bytes - TAG_BYTES);
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
