#include "engine/database_writer.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "base/hash.h"
#include "engine/database_signature.h"

static int write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
	while (size > 0) {
		ssize_t written = pwrite(fd, bytes, size, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		if (written == 0)
			return -EIO;
		bytes += written;
		size -= (size_t)written;
		offset += (size_t)written;
	}
	return 0;
}

int database_writer_begin(struct database_writer *writer, enum section_type type)
{
	if (writer->digest == NULL)
		writer->digest = EVP_MD_CTX_new();
	if (writer->task == NULL && task_create(&writer->task) != 0)
		return -ENOMEM;
	if (writer->digest == NULL || EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	if (writer->offset == 0)
		writer->offset = DATABASE_HEADER_BYTES;
	// What is left out of a new file reads as zeros.
	writer->offset = (writer->offset + DATABASE_ALIGNMENT - 1) & ~(DATABASE_ALIGNMENT - 1ul);
	writer->sections[writer->section_count] = (struct database_section_row){
		.type = type,
		.offset = writer->offset,
	};
	return 0;
}

static int run_write_job(void *context)
{
	const struct database_write_job *job = context;

	return write_all(job->fd, job->bytes.data, job->bytes.size, job->offset);
}

// Writes in the helper's thread what is digested in this one.
static int write_and_digest(struct database_writer *writer, struct slice bytes)
{
	struct database_write_job *job = &writer->jobs[writer->section_count];

	*job = (struct database_write_job){writer->fd, bytes, writer->offset};
	task_begin(writer->task, run_write_job, job);
	writer->offset += bytes.size;
	return EVP_DigestUpdate(writer->digest, bytes.data, bytes.size) == 1 ? 0 : -ENOMEM;
}

int database_writer_append(void *context, const void *bytes, size_t size)
{
	struct database_writer *writer = context;
	int error = write_and_digest(writer, slice_of(bytes, size));
	int write_error = task_wait(writer->task);

	return error != 0 ? error : write_error;
}

int database_writer_end(struct database_writer *writer, uint64_t item_count)
{
	struct database_section_row *row = &writer->sections[writer->section_count];

	row->bytes = writer->offset - row->offset;
	row->item_count = item_count;
	if (EVP_DigestFinal_ex(writer->digest, row->digest, NULL) != 1)
		return -ENOMEM;
	writer->section_count++;
	return 0;
}

int database_writer_add(struct database_writer *writer, enum section_type type, struct slice bytes,
                        uint64_t item_count)
{
	int error;

	if (bytes.size == 0)
		return 0;
	error = database_writer_begin(writer, type);
	if (error == 0)
		error = write_and_digest(writer, bytes);
	return error != 0 ? error : database_writer_end(writer, item_count);
}

int database_build_id(const struct database_section_row sections[], unsigned count,
                      uint8_t ret_build_id[DATABASE_DIGEST_BYTES])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool is_done = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;

	for (unsigned i = 0; i < count && is_done; i++) {
		struct database_section_row row = sections[i];

		if (row.type >= SECTION_CONTENT_COUNT)
			continue;
		row.offset = 0; // where it lies is not content
		is_done = EVP_DigestUpdate(digest, &row, sizeof(row)) == 1;
	}
	is_done = is_done && EVP_DigestFinal_ex(digest, ret_build_id, NULL) == 1;
	EVP_MD_CTX_free(digest);
	return is_done ? 0 : -ENOMEM;
}

struct hash_seeds database_seeds(const uint8_t build_id[DATABASE_DIGEST_BYTES])
{
	struct hash_seeds seeds;

	memcpy(&seeds.first, build_id, sizeof(seeds.first));
	memcpy(&seeds.second, build_id + sizeof(seeds.first), sizeof(seeds.second));
	return seeds;
}

int database_writer_seal(struct database_writer *writer, struct hash_seeds *ret_seeds)
{
	int error = database_build_id(writer->sections, writer->section_count, writer->build_id);

	if (error == 0)
		*ret_seeds = database_seeds(writer->build_id);
	return error;
}

uint64_t database_header_checksum(const uint8_t page[DATABASE_HEADER_BYTES])
{
	uint8_t copy[DATABASE_HEADER_BYTES];

	memcpy(copy, page, sizeof(copy));
	memset(copy + offsetof(struct database_header, checksum), 0, sizeof(uint64_t));
	memset(copy + offsetof(struct database_header, signature), 0, DATABASE_SIGNATURE_BYTES);
	return hash_bytes(HASH_SECRET_0, copy, sizeof(copy));
}

int database_writer_finish(struct database_writer *writer, const char *sign_key_path,
                           struct report *report)
{
	uint8_t page[DATABASE_HEADER_BYTES] = {};
	struct database_header header = {
		.magic = DATABASE_MAGIC,
		.format_version = DATABASE_FORMAT_VERSION,
		.section_count = writer->section_count,
		.file_bytes = writer->offset,
	};
	int error = writer->task != NULL ? task_wait(writer->task) : 0;

	if (error != 0)
		return error;
	memcpy(header.build_id, writer->build_id, sizeof(header.build_id));
	memcpy(page, &header, sizeof(header));
	memcpy(page + sizeof(header), writer->sections,
	       writer->section_count * sizeof(writer->sections[0]));
	header.checksum = database_header_checksum(page);
	memcpy(page, &header, sizeof(header));
	if (sign_key_path != NULL) {
		error = database_sign(page, sign_key_path, report);
		if (error != 0)
			return error;
	}
	return write_all(writer->fd, page, sizeof(page), 0);
}

void database_writer_close(struct database_writer *writer)
{
	EVP_MD_CTX_free(writer->digest);
	task_free(writer->task);
	writer->digest = NULL;
	writer->task = NULL;
}
