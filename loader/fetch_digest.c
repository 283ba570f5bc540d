#include "loader/fetch_digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loader/store_review.h"

enum { READ_BYTES = 128 * 1024, SHA256_BYTES = 32 };

struct fetch_digest {
	EVP_MD_CTX *context;
	uint32_t source_id; // whose accepted values count
	uint8_t bytes[READ_BYTES];
};

void fetch_digest_free(struct fetch_digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

void fetch_digest_add(struct fetch_digest *digest, struct slice bytes)
{
	uint64_t size = bytes.size;

	// The size first, so that no two lists of texts give the same bytes.
	(void)EVP_DigestUpdate(digest->context, &size, sizeof(size));
	(void)EVP_DigestUpdate(digest->context, bytes.data, bytes.size);
}

static int add_accepted(void *context, const struct review *review)
{
	struct fetch_digest *digest = context;

	if (review->kind == REVIEW_VALUE && review->source_id == digest->source_id)
		fetch_digest_add(digest, slice_text(review->subject));
	return 0;
}

static void add_settings(struct fetch_digest *digest, const struct fetch *fetch)
{
	const struct source_config *source = fetch->source;
	const struct config *config = fetch->config;
	char numbers[128];

	(void)snprintf(numbers, sizeof(numbers), "%d %d %d %d %d %d %d %d", source->format,
	               source->role, source->tlp, source->is_snapshot,
	               source->is_snapshot_by_format, source->is_hidden, source->has_plain_names,
	               source->has_attachments_only);
	fetch_digest_add(digest, slice_text(SEKISHO_VERSION));
	fetch_digest_add(digest, slice_text(numbers));
	fetch_digest_add(digest, slice_text(source->address));
	fetch_digest_add(digest, slice_text(source->csv_columns));
	for (unsigned i = 0; i < source->types_count; i++) {
		fetch_digest_add(digest, slice_text(source->types[i][0]));
		fetch_digest_add(digest, slice_text(source->types[i][1]));
	}
	for (unsigned i = 0; i < config->own_name_count; i++)
		fetch_digest_add(digest, slice_text(config->own_names[i]));
	for (unsigned i = 0; i < config->own_network_count; i++)
		fetch_digest_add(digest, slice_of(&config->own_networks[i],
		                                  sizeof(config->own_networks[i])));
}

int fetch_digest_create(struct fetch *fetch, struct fetch_digest **ret_digest)
{
	AUTO(fetch_digest) digest = calloc(1, sizeof(*digest));

	if (digest == NULL)
		return -ENOMEM;
	digest->source_id = fetch->source_id;
	digest->context = EVP_MD_CTX_new();
	if (digest->context == NULL || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	add_settings(digest, fetch);
	int error = store_review_each(fetch->store, REVIEW_ACCEPTED, add_accepted, digest);
	if (error == 0)
		*ret_digest = TAKE(digest);
	return error;
}

int fetch_digest_add_file(struct fetch_digest *digest, int fd)
{
	ssize_t size;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	do {
		size = read(fd, digest->bytes, sizeof(digest->bytes));
		if (size > 0)
			(void)EVP_DigestUpdate(digest->context, digest->bytes, (size_t)size);
	} while (size > 0 || (size < 0 && errno == EINTR));
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	fetch_digest_add(digest, slice_text("end of file"));
	return 0;
}

void fetch_digest_text(struct fetch_digest *digest, char ret_text[FETCH_DIGEST_TEXT_BYTES])
{
	uint8_t bytes[SHA256_BYTES];

	(void)EVP_DigestFinal_ex(digest->context, bytes, NULL);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		(void)sprintf(ret_text + 2 * i, "%02x", bytes[i]);
}

int fetch_digest_is_noted(struct fetch *fetch, const char *name, const char *text)
{
	struct buffer noted = {0};
	int error = store_source_noted(fetch->store, fetch->source_id, name, &noted);
	bool is_same = slice_is(buffer_slice(&noted), text);

	buffer_close(&noted);
	return error < 0 ? error : is_same;
}
