#include "dataplane/quic_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum {
	SECRET_BYTES = 32, // of SHA-256
	BLOCK_BYTES = 64,
	LABEL_BYTES_MAX = 32,
};

// RFC 9001, section 5.2; RFC 9369, section 3.3.1; the drafts' own.
static const struct quic_version versions[] = {
	{0x00000001, 0x00000001, {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a}},
	{0x6b3343cf,
         0x6b3343cf,
         {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
          0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
         .is_second = true},
	{0xff000017,
         0xff00001c, // drafts 23 to 28
         {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
          0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02}},
	{0xff00001d,
         0xff000020, // drafts 29 to 32
         {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
          0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99}},
	{0xff000021,
         0xff000022, // drafts 33 and 34
         {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
          0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a}},
};

enum { VERSION_COUNT = sizeof(versions) / sizeof(versions[0]) };

// HMAC (RFC 2104) of one key: the digests with its pads already in them.
struct hmac_key {
	EVP_MD_CTX *inner;
	EVP_MD_CTX *outer;
};

struct quic_deriver {
	EVP_MD *digest;
	EVP_MD_CTX *work;
	struct hmac_key salts[VERSION_COUNT];
	struct hmac_key secret; // of the connection at hand
};

const struct quic_version *quic_version_of(uint32_t number)
{
	for (unsigned i = 0; i < VERSION_COUNT; i++)
		if (number >= versions[i].first && number <= versions[i].last)
			return &versions[i];
	return NULL;
}

static bool pad_key(EVP_MD_CTX *context, const EVP_MD *digest, struct slice key, uint8_t pad)
{
	uint8_t block[BLOCK_BYTES];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < key.size; i++)
		block[i] ^= key.data[i];
	return EVP_DigestInit_ex2(context, digest, NULL) == 1 &&
	       EVP_DigestUpdate(context, block, sizeof(block)) == 1;
}

static bool set_key(struct hmac_key *hmac, const EVP_MD *digest, struct slice key)
{
	return pad_key(hmac->inner, digest, key, 0x36) && pad_key(hmac->outer, digest, key, 0x5c);
}

static bool finish(struct quic_deriver *deriver, const EVP_MD_CTX *state, struct slice text,
                   uint8_t ret_digest[SECRET_BYTES])
{
	return EVP_MD_CTX_copy_ex(deriver->work, state) == 1 &&
	       EVP_DigestUpdate(deriver->work, text.data, text.size) == 1 &&
	       EVP_DigestFinal_ex(deriver->work, ret_digest, NULL) == 1;
}

static bool hmac(struct quic_deriver *deriver, const struct hmac_key *key, struct slice text,
                 uint8_t ret_digest[SECRET_BYTES])
{
	uint8_t inner[SECRET_BYTES];

	return finish(deriver, key->inner, text, inner) &&
	       finish(deriver, key->outer, slice_of(inner, sizeof(inner)), ret_digest);
}

// HKDF-Expand-Label (RFC 8446, section 7.1) of at most one digest, with no context.
static bool expand(struct quic_deriver *deriver, const char *label, uint8_t *ret_bytes,
                   size_t byte_count)
{
	uint8_t info[3 + LABEL_BYTES_MAX + 2];
	uint8_t digest[SECRET_BYTES];
	size_t label_bytes = strlen(label);
	size_t size = 0;

	info[size++] = 0;
	info[size++] = (uint8_t)byte_count;
	info[size++] = (uint8_t)(6 + label_bytes);
	memcpy(info + size, "tls13 ", 6);
	memcpy(info + size + 6, label, label_bytes);
	size += 6 + label_bytes;
	info[size++] = 0; // of the context
	info[size++] = 1; // the only round (RFC 5869, section 2.3)
	if (!hmac(deriver, &deriver->secret, slice_of(info, size), digest))
		return false;
	memcpy(ret_bytes, digest, byte_count);
	return true;
}

bool quic_derive(struct quic_deriver *deriver, const struct quic_version *version,
                 struct slice connection_id, struct quic_keys *ret_keys)
{
	const struct hmac_key *salt = &deriver->salts[version - versions];
	bool is_second = version->is_second;
	uint8_t secret[SECRET_BYTES];

	return hmac(deriver, salt, connection_id, secret) &&
	       set_key(&deriver->secret, deriver->digest, slice_of(secret, sizeof(secret))) &&
	       expand(deriver, "client in", secret, sizeof(secret)) &&
	       set_key(&deriver->secret, deriver->digest, slice_of(secret, sizeof(secret))) &&
	       expand(deriver, is_second ? "quicv2 key" : "quic key", ret_keys->key,
	              sizeof(ret_keys->key)) &&
	       expand(deriver, is_second ? "quicv2 iv" : "quic iv", ret_keys->iv,
	              sizeof(ret_keys->iv)) &&
	       expand(deriver, is_second ? "quicv2 hp" : "quic hp", ret_keys->header_key,
	              sizeof(ret_keys->header_key));
}

static bool open_hmac(struct hmac_key *key)
{
	key->inner = EVP_MD_CTX_new();
	key->outer = EVP_MD_CTX_new();
	return key->inner != NULL && key->outer != NULL;
}

static void close_hmac(struct hmac_key *key)
{
	EVP_MD_CTX_free(key->inner);
	EVP_MD_CTX_free(key->outer);
}

static bool open_deriver(struct quic_deriver *deriver)
{
	deriver->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	deriver->work = EVP_MD_CTX_new();
	if (deriver->digest == NULL || deriver->work == NULL || !open_hmac(&deriver->secret))
		return false;
	for (unsigned i = 0; i < VERSION_COUNT; i++)
		if (!open_hmac(&deriver->salts[i]) ||
		    !set_key(&deriver->salts[i], deriver->digest,
		             slice_of(versions[i].salt, sizeof(versions[i].salt))))
			return false;
	return true;
}

int quic_deriver_create(struct quic_deriver **ret_deriver)
{
	AUTO(quic_deriver) deriver = calloc(1, sizeof(*deriver));

	if (deriver == NULL || !open_deriver(deriver))
		return -ENOMEM;
	*ret_deriver = TAKE(deriver);
	return 0;
}

void quic_deriver_free(struct quic_deriver *deriver)
{
	if (deriver == NULL)
		return;
	for (unsigned i = 0; i < VERSION_COUNT; i++)
		close_hmac(&deriver->salts[i]);
	close_hmac(&deriver->secret);
	EVP_MD_CTX_free(deriver->work);
	EVP_MD_free(deriver->digest);
	free(deriver);
}
