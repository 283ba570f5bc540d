// dataplane/file_digests.h — several digests of the same bytes.
//
// OpenSSL's digests by their own states, which lie where we put them: EVP's are each allocated, and
// to begin one anew costs more than a small file's digest.
#pragma once

#include <stdint.h>

// EVP's contexts cannot be placed (docs/decisions/0026-files.md).
#define OPENSSL_API_COMPAT 10101
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "base/slice.h"
#include "engine/indicator.h"

struct file_digests {
	uint8_t algorithms; // a bit for each enum hash_algorithm
	MD5_CTX md5;
	SHA_CTX sha1;
	SHA256_CTX sha256;
	SHA512_CTX sha512;
};

// HOT.
void file_digests_begin(struct file_digests *digests, uint8_t algorithms);

// HOT.
void file_digests_add(struct file_digests *digests, struct slice bytes);

// HOT. Writes those that were asked for; nothing may be added after.
void file_digests_end(struct file_digests *digests,
                      uint8_t ret_digests[HASH_ALGORITHM_COUNT][HASH_BYTES_MAX]);
