// engine/database_writer.h — writes a database file section by section.
#pragma once

#include "base/report.h"
#include "base/task.h"
#include "engine/database_format.h"
#include "engine/keyed_hash.h"

#include <openssl/evp.h>

// What the helper thread is to write.
struct database_write_job {
	int fd;
	struct slice bytes; // borrowed
	uint64_t offset;
};

// One database being written. All zero but `fd` is a valid, new one.
struct database_writer {
	int fd;
	uint64_t offset; // bytes written, 0 while the header's page is still to be left out
	unsigned section_count;
	struct database_section_row sections[SECTION_TYPE_COUNT];
	EVP_MD_CTX *digest;                                 // of the section at hand
	struct task *task;                                  // writes
	struct database_write_job jobs[SECTION_TYPE_COUNT]; // by section
	uint8_t build_id[DATABASE_DIGEST_BYTES];
};

// A section written in parts. Return 0, -ENOMEM, or the file's error.
int database_writer_begin(struct database_writer *writer, enum section_type type);
int database_writer_append(void *writer, const void *bytes, size_t size);
int database_writer_end(struct database_writer *writer, uint64_t item_count);

// A section written at once; nothing when it is empty. `bytes` are borrowed until the file is
// finished or closed. An error of writing them may be told later.
int database_writer_add(struct database_writer *writer, enum section_type type, struct slice bytes,
                        uint64_t item_count);

// Ends the content sections: makes the build id and gives the seeds. Returns 0 or -ENOMEM.
int database_writer_seal(struct database_writer *writer, struct hash_seeds *ret_seeds);

// Writes the header, signed when `sign_key_path` is not NULL.
// Returns 0, -EKEYREJECTED (reported), -ENOMEM, or the file's error.
int database_writer_finish(struct database_writer *writer, const char *sign_key_path,
                           struct report *report);

// Releases what the writer holds; the file stays open.
void database_writer_close(struct database_writer *writer);

// SHA-256 over the rows of the content sections, in order. Returns 0 or -ENOMEM.
int database_build_id(const struct database_section_row sections[], unsigned count,
                      uint8_t ret_build_id[DATABASE_DIGEST_BYTES]);

// What the tables' hashes are keyed with.
struct hash_seeds database_seeds(const uint8_t build_id[DATABASE_DIGEST_BYTES]);

// The checksum of a header page, taken as if its checksum and signature were zero.
uint64_t database_header_checksum(const uint8_t page[DATABASE_HEADER_BYTES]);
