#include "engine/database_signature.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#define SIGNATURE_OFFSET offsetof(struct database_header, signature)

static int reject_key(const char *path, const char *why, struct report *report)
{
	report_note(report, "key not usable", slice_text(path), "%s", why);
	return -EKEYREJECTED;
}

static int read_key(const char *path, bool is_private, struct report *report, EVP_PKEY **ret_key)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key;

	if (file == NULL)
		return reject_key(path, strerror(errno), report);
	key = is_private ? PEM_read_PrivateKey(file, NULL, NULL, NULL)
	                 : PEM_read_PUBKEY(file, NULL, NULL, NULL);
	fclose(file);
	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(key);
		return reject_key(path,
		                  is_private ? "not a private Ed25519 key in PEM"
		                             : "not a public Ed25519 key in PEM",
		                  report);
	}
	*ret_key = key;
	return 0;
}

// What is signed: the page without the signature itself.
static void copy_unsigned(uint8_t copy[DATABASE_HEADER_BYTES],
                          const uint8_t page[DATABASE_HEADER_BYTES])
{
	memcpy(copy, page, DATABASE_HEADER_BYTES);
	memset(copy + SIGNATURE_OFFSET, 0, DATABASE_SIGNATURE_BYTES);
}

int database_sign(uint8_t page[DATABASE_HEADER_BYTES], const char *key_path, struct report *report)
{
	uint8_t copy[DATABASE_HEADER_BYTES];
	size_t size = DATABASE_SIGNATURE_BYTES;
	EVP_PKEY *key;
	EVP_MD_CTX *context;
	bool is_done;
	int error = read_key(key_path, true, report, &key);

	if (error != 0)
		return error;
	copy_unsigned(copy, page);
	context = EVP_MD_CTX_new();
	is_done = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	          EVP_DigestSign(context, page + SIGNATURE_OFFSET, &size, copy, sizeof(copy)) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return is_done ? 0 : -ENOMEM;
}

int database_check_signature(const uint8_t page[DATABASE_HEADER_BYTES], const char *key_path,
                             struct report *report)
{
	uint8_t copy[DATABASE_HEADER_BYTES];
	EVP_PKEY *key;
	EVP_MD_CTX *context;
	bool is_good;
	int error = read_key(key_path, false, report, &key);

	if (error != 0)
		return error;
	copy_unsigned(copy, page);
	context = EVP_MD_CTX_new();
	is_good = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
	          EVP_DigestVerify(context, page + SIGNATURE_OFFSET, DATABASE_SIGNATURE_BYTES, copy,
	                           sizeof(copy)) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	if (is_good)
		return 0;
	report_note(report, "signature does not fit", slice_text(key_path), "%s",
	            database_page_is_signed(page) ? "the database was signed by another key, or "
	                                            "changed since"
	                                          : "the database is not signed");
	return -EKEYREJECTED;
}

bool database_page_is_signed(const uint8_t page[DATABASE_HEADER_BYTES])
{
	static const uint8_t zeros[DATABASE_SIGNATURE_BYTES];

	return memcmp(page + SIGNATURE_OFFSET, zeros, sizeof(zeros)) != 0;
}
