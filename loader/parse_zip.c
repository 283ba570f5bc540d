// Zip archives: every entry is a feed of its own (loader/nested.h), in the format asked for or by
// its content. Encrypted and damaged entries are told; the rest goes on.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "loader/nested.h"

enum { ZIP_BYTES_MAX = 512 * 1024 * 1024, COPY_BYTES = 64 * 1024 };

struct zip {
	struct feed *feed;
	struct archive *archive;
	uint64_t bytes; // packed
};

static void tell(const struct zip *zip, const char *reason, const char *name)
{
	const char *detail = archive_error_string(zip->archive);

	report_note(&zip->feed->summary->report, reason, slice_text(name), "%s",
	            detail != NULL ? detail : "");
}

static const char *name_of(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	if (name == NULL)
		name = archive_entry_pathname(entry);
	return name != NULL ? name : "(entry without a name)";
}

// Returns 1, 0 when the entry is given up (reported), or an error.
static int unpack_entry(const struct zip *zip, struct nested_entry *nested)
{
	uint8_t bytes[COPY_BYTES];
	int result = 1;

	while (result == 1) {
		la_ssize_t size = archive_read_data(zip->archive, bytes, sizeof(bytes));

		if (size == 0)
			return 1;
		if (size < 0) {
			tell(zip, "damaged entry of an archive", (const char *)nested->name.data);
			return 0;
		}
		result = nested_entry_write(nested, slice_of(bytes, (size_t)size));
	}
	return result;
}

static int read_entry(const struct zip *zip, struct archive_entry *entry)
{
	enum feed_format format = zip->feed->options->format;
	const char *name = name_of(entry);
	struct nested_entry nested;

	if (archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	if (archive_entry_is_data_encrypted(entry)) {
		report_note(&zip->feed->summary->report, "encrypted entry of an archive",
		            slice_text(name), "%s", "");
		return 0;
	}
	int result = nested_entry_open(zip->feed, slice_text(name), zip->bytes, &nested);
	if (result != 1)
		return result;
	nested.format = format == FEED_ZIP ? FEED_AUTO : format;
	result = unpack_entry(zip, &nested);
	if (result == 1)
		result = nested_entry_read(&nested);
	nested_entry_close(&nested);
	return result;
}

// Office documents are zip archives of XML parts (ECMA-376, part 2).
static bool is_document(struct archive_entry *entry)
{
	return strcmp(name_of(entry), "[Content_Types].xml") == 0;
}

static int read_entries(const struct zip *zip)
{
	struct archive_entry *entry;
	bool has_entry = false;
	int result = 0;

	while (result >= 0) {
		int status = archive_read_next_header(zip->archive, &entry);

		if (status == ARCHIVE_EOF)
			return 0;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
			tell(zip, "damaged archive", "");
			return has_entry ? 0 : -EBADMSG;
		}
		if (!has_entry && is_document(entry)) {
			report_note(&zip->feed->summary->report, "format not read by this version",
			            slice_text(""), "%s", "an Office document");
			return -EBADMSG;
		}
		has_entry = true;
		result = read_entry(zip, entry);
	}
	return result;
}

static int zip_read(struct feed *feed)
{
	struct zip zip = {.feed = feed};
	struct slice bytes;
	int error = feed_input_peek(feed->input, ZIP_BYTES_MAX + 1, &bytes);

	if (error < 0)
		return error;
	if (bytes.size > ZIP_BYTES_MAX) {
		report_note(&feed->summary->report, "archive larger than 512 MB", slice_text(""),
		            "%s", "");
		return -EBADMSG;
	}
	zip.bytes = bytes.size;
	zip.archive = archive_read_new();
	if (zip.archive == NULL)
		return -ENOMEM;
	(void)archive_read_support_format_zip(zip.archive);
	if (archive_read_open_memory(zip.archive, bytes.data, bytes.size) != ARCHIVE_OK) {
		tell(&zip, "damaged archive", "");
		error = -EBADMSG;
	} else {
		error = read_entries(&zip);
	}
	(void)archive_read_free(zip.archive);
	feed_input_skip(feed->input, bytes.size);
	return error;
}

static bool zip_recognises(struct slice head)
{
	return slice_starts_with(head, "PK\x03\x04");
}

const struct reader_ops read_zip = {FEED_ZIP, "zip archive", zip_recognises, zip_read};
