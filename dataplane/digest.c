#include "dataplane/digest.h"

// The states lie on the stack: of EVP, setting up a context costs more than the digest of a
// certificate, and one kept ready would have to be brought to each place.
#define OPENSSL_API_COMPAT 10101
#include <openssl/md5.h>
#include <openssl/sha.h>

static void md5_of(struct slice bytes, uint8_t *ret_digest)
{
	MD5_CTX state;

	(void)MD5_Init(&state);
	(void)MD5_Update(&state, bytes.data, bytes.size);
	(void)MD5_Final(ret_digest, &state);
}

static void sha1_of(struct slice bytes, uint8_t *ret_digest)
{
	SHA_CTX state;

	(void)SHA1_Init(&state);
	(void)SHA1_Update(&state, bytes.data, bytes.size);
	(void)SHA1_Final(ret_digest, &state);
}

static void sha256_of(struct slice bytes, uint8_t *ret_digest)
{
	SHA256_CTX state;

	(void)SHA256_Init(&state);
	(void)SHA256_Update(&state, bytes.data, bytes.size);
	(void)SHA256_Final(ret_digest, &state);
}

static void sha512_of(struct slice bytes, uint8_t *ret_digest)
{
	SHA512_CTX state;

	(void)SHA512_Init(&state);
	(void)SHA512_Update(&state, bytes.data, bytes.size);
	(void)SHA512_Final(ret_digest, &state);
}

void digest_of(enum hash_algorithm algorithm, struct slice bytes, uint8_t *ret_digest)
{
	static void (*const functions[])(struct slice bytes, uint8_t * ret_digest) = {
		[HASH_MD5] = md5_of,
		[HASH_SHA1] = sha1_of,
		[HASH_SHA256] = sha256_of,
		[HASH_SHA512] = sha512_of,
	};

	_Static_assert(sizeof(functions) / sizeof(functions[0]) == HASH_ALGORITHM_COUNT,
	               "one function each");
	functions[algorithm](bytes, ret_digest);
}

void digest_text(const uint8_t *digest, size_t text_bytes, char *ret_text)
{
	for (size_t i = 0; i < text_bytes; i++)
		ret_text[i] =
			"0123456789abcdef"[(i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2]) & 0xf];
}
