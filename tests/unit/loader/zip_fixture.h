// Zip archives for tests, made by libarchive.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/buffer.h"
#include "tests/unit/unit_test.h"

struct zip_fixture {
	struct archive *archive;
	struct buffer buffer;
	size_t used;
};

enum { ZIP_FIXTURE_BYTES = 4 * 1024 * 1024 };

// `passphrase`: NULL for an archive that is not encrypted.
static inline void zip_fixture_open(struct zip_fixture *zip, const char *passphrase)
{
	memset(zip, 0, sizeof(*zip));
	assert_true(buffer_reserve(&zip->buffer, ZIP_FIXTURE_BYTES));
	zip->archive = archive_write_new();
	assert_int_equal(archive_write_set_format_zip(zip->archive), ARCHIVE_OK);
	if (passphrase != NULL) {
		assert_int_equal(archive_write_set_options(zip->archive, "zip:encryption=zipcrypt"),
		                 ARCHIVE_OK);
		assert_int_equal(archive_write_set_passphrase(zip->archive, passphrase),
		                 ARCHIVE_OK);
	}
	assert_int_equal(archive_write_set_bytes_in_last_block(zip->archive, 1), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(zip->archive, zip->buffer.data,
	                                           ZIP_FIXTURE_BYTES, &zip->used),
	                 ARCHIVE_OK);
}

static inline void zip_fixture_add(struct zip_fixture *zip, const char *name, struct slice content)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)content.size);
	assert_int_equal(archive_write_header(zip->archive, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(zip->archive, content.data, content.size),
	                 (la_ssize_t)content.size);
	archive_entry_free(entry);
}

// The archive's bytes, valid until zip_fixture_close().
static inline struct slice zip_fixture_bytes(struct zip_fixture *zip)
{
	assert_int_equal(archive_write_close(zip->archive), ARCHIVE_OK);
	return slice_of(zip->buffer.data, zip->used);
}

static inline void zip_fixture_close(struct zip_fixture *zip)
{
	archive_write_free(zip->archive);
	buffer_close(&zip->buffer);
}
