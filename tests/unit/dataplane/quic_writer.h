// Writes a client's Initial packets for tests, as RFC 9001 says: the opposite of quic_packet.c, by
// OpenSSL's one-shot functions.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "dataplane/quic_keys.h"

// Of tests and fuzz targets alike.
static inline void quic_require(bool is_so)
{
	if (!is_so)
		abort();
}

struct quic_text {
	uint8_t bytes[4096];
	size_t size;
};

static inline void quic_put(struct quic_text *text, const void *bytes, size_t size)
{
	quic_require(text->size + size <= sizeof(text->bytes));
	if (size > 0)
		memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

static inline void quic_put_byte(struct quic_text *text, unsigned byte)
{
	uint8_t value = (uint8_t)byte;

	quic_put(text, &value, 1);
}

// In four bytes, or in two when it fits.
static inline void quic_put_number(struct quic_text *text, uint32_t number)
{
	if (number < 0x4000) {
		quic_put_byte(text, 0x40 | number >> 8);
		quic_put_byte(text, number);
		return;
	}
	quic_put_byte(text, 0x80 | number >> 24);
	for (unsigned shift = 24; shift > 0; shift -= 8)
		quic_put_byte(text, number >> (shift - 8));
}

static inline void quic_put_crypto(struct quic_text *frames, uint32_t offset, struct slice data)
{
	quic_put_byte(frames, 0x06);
	quic_put_number(frames, offset);
	quic_put_number(frames, (uint32_t)data.size);
	quic_put(frames, data.data, data.size);
}

static inline void quic_encrypt(const struct quic_keys *keys, uint32_t number, struct slice header,
                                struct slice plain, uint8_t *ret_text)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t nonce[QUIC_IV_BYTES];
	int size;

	memcpy(nonce, keys->iv, sizeof(nonce));
	for (unsigned i = 0; i < 4; i++)
		nonce[QUIC_IV_BYTES - 1 - i] ^= (uint8_t)(number >> 8 * i);
	quic_require(EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key, nonce) == 1);
	quic_require(EVP_EncryptUpdate(context, NULL, &size, header.data, (int)header.size) == 1);
	quic_require(EVP_EncryptUpdate(context, ret_text, &size, plain.data, (int)plain.size) == 1);
	quic_require(EVP_EncryptFinal_ex(context, ret_text + size, &size) == 1);
	quic_require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16,
	                                 ret_text + plain.size) == 1);
	EVP_CIPHER_CTX_free(context);
}

static inline void quic_protect(const struct quic_keys *keys, uint8_t *packet, size_t number_at)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t mask[32];
	int size;

	quic_require(EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, keys->header_key, NULL) ==
	             1);
	quic_require(EVP_EncryptUpdate(context, mask, &size, packet + number_at + 4, 16) == 1);
	packet[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < 4; i++)
		packet[number_at + i] ^= mask[1 + i];
	EVP_CIPHER_CTX_free(context);
}

// What may be special of a packet.
struct quic_how {
	struct slice keys_id; // that its keys follow from; empty: its destination
	enum quic_side sender;
	struct slice token;  // of at most 63 bytes
	unsigned first_byte; // 0: as usual
};

static inline void quic_put_version(struct quic_text *packet, uint32_t number)
{
	for (unsigned shift = 32; shift > 0; shift -= 8)
		quic_put_byte(packet, number >> (shift - 8));
}

static inline void quic_put_id(struct quic_text *packet, struct slice id)
{
	quic_put_byte(packet, (unsigned)id.size);
	quic_put(packet, id.data, id.size);
}

// Appends an Initial packet with these frames, its number in four bytes.
static inline void quic_write_packet(struct quic_text *datagram, uint32_t version_number,
                                     struct slice destination, uint32_t number, struct slice frames,
                                     const struct quic_how *how)
{
	const struct quic_version *version = quic_version_of(version_number);
	struct slice keys_id = how->keys_id.size > 0 ? how->keys_id : destination;
	struct quic_text packet = {.size = 0};
	struct quic_keys keys;
	size_t number_at;

	quic_derive(version, keys_id, how->sender, &keys);
	quic_put_byte(&packet, how->first_byte != 0 ? how->first_byte
	                       : version->is_second ? 0xd3
	                                            : 0xc3);
	quic_put_version(&packet, version_number);
	quic_put_id(&packet, destination);
	quic_put_id(&packet, slice_text("")); // the sender's own
	quic_put_id(&packet, how->token);     // its size is written as an id's
	quic_put_number(&packet, (uint32_t)(4 + frames.size + 16));
	number_at = packet.size;
	quic_put_version(&packet, number);
	quic_require(packet.size + frames.size + 16 <= sizeof(packet.bytes));
	quic_encrypt(&keys, number, slice_of(packet.bytes, packet.size), frames,
	             packet.bytes + packet.size);
	packet.size += frames.size + 16;
	quic_protect(&keys, packet.bytes, number_at);
	quic_put(datagram, packet.bytes, packet.size);
}

// Likewise, of a client, with nothing special.
static inline void quic_write_initial(struct quic_text *datagram, uint32_t version_number,
                                      struct slice connection_id, uint32_t number,
                                      struct slice frames)
{
	quic_write_packet(datagram, version_number, connection_id, number, frames,
	                  &(struct quic_how){.sender = QUIC_CLIENT});
}

static inline void quic_put_size(struct quic_text *text, size_t size)
{
	quic_put_byte(text, (unsigned)(size >> 8));
	quic_put_byte(text, (unsigned)size);
}

// A ClientHello of `size` bytes that asks for `name` (RFC 8446, section 4.1.2).
static inline void quic_write_hello(struct quic_text *hello, const char *name, size_t size)
{
	size_t name_bytes = strlen(name);
	size_t filler_bytes;

	hello->size = 0;
	quic_put(hello, "\x01\x00", 2);
	quic_put_size(hello, size - 4);
	quic_put(hello, "\x03\x03", 2);
	for (unsigned i = 0; i < 32; i++)
		quic_put_byte(hello, i);
	quic_put(hello, "\x00\x00\x02\x13\x01\x01\x00", 7);
	filler_bytes = size - hello->size - 2 - (9 + name_bytes) - 4;
	quic_put_size(hello, size - hello->size - 2);
	quic_put(hello, "\xff\x01", 2);
	quic_put_size(hello, filler_bytes);
	for (size_t i = 0; i < filler_bytes; i++)
		quic_put_byte(hello, 0x5a);
	quic_put(hello, "\x00\x00", 2);
	quic_put_size(hello, name_bytes + 5);
	quic_put_size(hello, name_bytes + 3);
	quic_put_byte(hello, 0);
	quic_put_size(hello, name_bytes);
	quic_put(hello, name, name_bytes);
	quic_require(hello->size == size);
}
