#include "dataplane/file_digests.h"

static bool has(const struct file_digests *digests, enum hash_algorithm algorithm)
{
	return (digests->algorithms & 1u << algorithm) != 0;
}

void file_digests_begin(struct file_digests *digests, uint8_t algorithms)
{
	digests->algorithms = algorithms;
	if (has(digests, HASH_MD5))
		(void)MD5_Init(&digests->md5);
	if (has(digests, HASH_SHA1))
		(void)SHA1_Init(&digests->sha1);
	if (has(digests, HASH_SHA256))
		(void)SHA256_Init(&digests->sha256);
	if (has(digests, HASH_SHA512))
		(void)SHA512_Init(&digests->sha512);
}

void file_digests_add(struct file_digests *digests, struct slice bytes)
{
	if (has(digests, HASH_MD5))
		(void)MD5_Update(&digests->md5, bytes.data, bytes.size);
	if (has(digests, HASH_SHA1))
		(void)SHA1_Update(&digests->sha1, bytes.data, bytes.size);
	if (has(digests, HASH_SHA256))
		(void)SHA256_Update(&digests->sha256, bytes.data, bytes.size);
	if (has(digests, HASH_SHA512))
		(void)SHA512_Update(&digests->sha512, bytes.data, bytes.size);
}

void file_digests_end(struct file_digests *digests,
                      uint8_t ret_digests[HASH_ALGORITHM_COUNT][HASH_BYTES_MAX])
{
	if (has(digests, HASH_MD5))
		(void)MD5_Final(ret_digests[HASH_MD5], &digests->md5);
	if (has(digests, HASH_SHA1))
		(void)SHA1_Final(ret_digests[HASH_SHA1], &digests->sha1);
	if (has(digests, HASH_SHA256))
		(void)SHA256_Final(ret_digests[HASH_SHA256], &digests->sha256);
	if (has(digests, HASH_SHA512))
		(void)SHA512_Final(ret_digests[HASH_SHA512], &digests->sha512);
}
