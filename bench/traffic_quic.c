#include "bench/traffic_quic.h"

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	ID_BYTES = 8,
	SECRET_BYTES = 32,
	KEY_BYTES = 16,
	IV_BYTES = 12,
	TAG_BYTES = 16,
	SAMPLE_BYTES = 16,
	NUMBER_BYTES = 4, // of the packet's number
	HEAD_BYTES = 1 + 4 + 1 + ID_BYTES + 1 + 1 + 2 + NUMBER_BYTES,
	FRAMES_BYTES = TRAFFIC_QUIC_BYTES - HEAD_BYTES - TAG_BYTES,
	LABEL_BYTES_MAX = 32,
	FRAME_CRYPTO = 6,
	HELLO_BYTES_MAX = 1000,
};

struct initial_keys {
	uint8_t key[KEY_BYTES];
	uint8_t iv[IV_BYTES];
	uint8_t header_key[KEY_BYTES];
};

static bool sign(struct slice key, struct slice text, uint8_t ret_digest[SECRET_BYTES])
{
	return HMAC(EVP_sha256(), key.data, (int)key.size, text.data, text.size, ret_digest,
	            NULL) != NULL;
}

// HKDF-Expand-Label of RFC 8446, section 7.1, of one digest at most, without a context.
static bool expand_label(const uint8_t secret[SECRET_BYTES], const char *label, uint8_t *out,
                         size_t size)
{
	const size_t label_bytes = strlen(label);
	uint8_t info[LABEL_BYTES_MAX] = {0, (uint8_t)size, (uint8_t)label_bytes};
	uint8_t digest[SECRET_BYTES];

	memcpy(info + 3, label, label_bytes); // then an empty context
	info[3 + label_bytes + 1] = 1;        // RFC 5869, section 2.3: the first block
	if (!sign(slice_of(secret, SECRET_BYTES), slice_of(info, 3 + label_bytes + 2), digest))
		return false;
	memcpy(out, digest, size);
	return true;
}

static bool derive_keys(const uint8_t id[ID_BYTES], struct initial_keys *ret_keys)
{
	static const uint8_t salt[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	                               0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
	uint8_t initial[SECRET_BYTES], client[SECRET_BYTES];

	return sign(slice_of(salt, sizeof(salt)), slice_of(id, ID_BYTES), initial) &&
	       expand_label(initial, "tls13 client in", client, sizeof(client)) &&
	       expand_label(client, "tls13 quic key", ret_keys->key, KEY_BYTES) &&
	       expand_label(client, "tls13 quic iv", ret_keys->iv, IV_BYTES) &&
	       expand_label(client, "tls13 quic hp", ret_keys->header_key, KEY_BYTES);
}

// Packet number 0, so that the nonce is the IV.
static bool encrypt(const struct initial_keys *keys, uint8_t *packet)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t *frames = packet + HEAD_BYTES;
	int size;
	const bool is_done = context != NULL &&
	                     EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, keys->key,
	                                        keys->iv) == 1 &&
	                     EVP_EncryptUpdate(context, NULL, &size, packet, HEAD_BYTES) == 1 &&
	                     EVP_EncryptUpdate(context, frames, &size, frames, FRAMES_BYTES) == 1 &&
	                     EVP_EncryptFinal_ex(context, frames + size, &size) == 1 &&
	                     EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
	                                         frames + FRAMES_BYTES) == 1;

	EVP_CIPHER_CTX_free(context);
	return is_done;
}

// Header protection (RFC 9001, section 5.4).
static bool protect(const struct initial_keys *keys, uint8_t *packet)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t *number = packet + HEAD_BYTES - NUMBER_BYTES;
	uint8_t mask[2 * SAMPLE_BYTES];
	int size;
	const bool is_done = context != NULL &&
	                     EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, keys->header_key,
	                                        NULL) == 1 &&
	                     EVP_EncryptUpdate(context, mask, &size, number + 4, SAMPLE_BYTES) == 1;

	EVP_CIPHER_CTX_free(context);
	if (!is_done)
		return false;
	packet[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < NUMBER_BYTES; i++)
		number[i] ^= mask[1 + i];
	return true;
}

static void put_head(uint8_t *packet, struct traffic_random *random)
{
	const size_t rest_bytes = NUMBER_BYTES + FRAMES_BYTES + TAG_BYTES;

	packet[0] = 0xc0 | (NUMBER_BYTES - 1);
	packet[4] = 1; // version
	packet[5] = ID_BYTES;
	for (unsigned i = 0; i < ID_BYTES; i++)
		packet[6 + i] = (uint8_t)traffic_random_next(random);
	// No id of the client's own, no token: both sizes are 0.
	packet[6 + ID_BYTES + 2] = (uint8_t)(0x40 | rest_bytes >> 8);
	packet[6 + ID_BYTES + 3] = (uint8_t)rest_bytes;
}

bool traffic_quic_initial(struct buffer *message, struct traffic_random *random, struct slice hello)
{
	uint8_t packet[TRAFFIC_QUIC_BYTES] = {0};
	uint8_t *frames = packet + HEAD_BYTES;
	struct initial_keys keys;

	assert(hello.size <= HELLO_BYTES_MAX);
	put_head(packet, random);
	frames[0] = FRAME_CRYPTO; // at offset 0; what follows it is padding
	frames[2] = (uint8_t)(0x40 | hello.size >> 8);
	frames[3] = (uint8_t)hello.size;
	memcpy(frames + 4, hello.data, hello.size);
	if (!derive_keys(packet + 6, &keys) || !encrypt(&keys, packet) || !protect(&keys, packet))
		return false;
	buffer_append(message, packet, sizeof(packet));
	return true;
}
