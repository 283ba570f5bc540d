// Is a database whole, with all that belongs to it (engine/match.h)?
#include <errno.h>

#include "engine/database_parts.h"
#include "engine/database_signature.h"
#include "engine/database_writer.h"

// One of the parts that a database may have.
struct part {
	const struct database *database;
	const char *where; // ", in the overlay"
	struct report *report;
};

static int damaged(const struct part *part, const char *section, const char *what)
{
	report_note(part->report, "damaged database", slice_text(section), "%s%s", what,
	            part->where);
	return -EBADMSG;
}

static int verify_sections(const struct part *part)
{
	const struct database *database = part->database;
	int result = 0;

	for (unsigned i = 0; i < database->header.section_count; i++) {
		const struct database_section_row *row = &database->rows[i];
		uint8_t digest[DATABASE_DIGEST_BYTES];

		if (EVP_Digest(database->bytes + row->offset, row->bytes, digest, NULL,
		               EVP_sha256(), NULL) != 1)
			return -ENOMEM;
		if (memcmp(digest, row->digest, sizeof(digest)) != 0)
			result = damaged(part, database_section_name(row->type),
			                 "its checksum does not fit");
	}
	return result;
}

static bool are_zeros(const uint8_t *bytes, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

// Nothing is hidden where no checksum looks.
static int verify_padding(const struct part *part)
{
	const struct database *database = part->database;
	uint64_t end = DATABASE_HEADER_BYTES;

	for (unsigned i = 0; i <= database->header.section_count; i++) {
		bool is_last = i == database->header.section_count;
		uint64_t next = is_last ? database->size : database->rows[i].offset;

		if (next < end || !are_zeros(database->bytes + end, next - end))
			return damaged(part, "padding", "there is something between sections");
		if (!is_last)
			end = next + database->rows[i].bytes;
	}
	return 0;
}

static int verify_part(const struct part *part)
{
	const struct database *database = part->database;
	uint8_t build_id[DATABASE_DIGEST_BYTES];
	int error = verify_sections(part);

	if (error == 0)
		error = verify_padding(part);
	if (error == 0)
		error = database_build_id(database->rows, database->header.section_count, build_id);
	if (error != 0)
		return error;
	return memcmp(build_id, database->header.build_id, sizeof(build_id)) == 0
	               ? 0
	               : damaged(part, "header", "the build id does not fit the content");
}

static int verify_with_veto(const struct database *database, const char *where,
                            const char *where_of_veto, struct report *report)
{
	const struct part part = {database, where, report};
	const struct part veto = {database->veto, where_of_veto, report};
	int error = verify_part(&part);

	return error != 0 || database->veto == NULL ? error : verify_part(&veto);
}

static int verify_signatures(const struct database *database, const char *public_key_path,
                             struct report *report)
{
	int error = database_check_signature(database->bytes, public_key_path, report);

	if (error != 0 || database->overlay == NULL)
		return error;
	error = database_check_signature(database->overlay->bytes, public_key_path, report);
	if (error == -EKEYREJECTED)
		report_note(report, "signature does not fit", slice_text("overlay"),
		            "what was added since the database was signed is not");
	return error;
}

int database_verify(const struct database *database, const char *public_key_path,
                    struct report *report)
{
	const struct part state = {database, ", in the state file", report};
	int error = verify_with_veto(database, "", ", in the veto set", report);

	if (error == 0 && database->overlay != NULL)
		error = verify_with_veto(database->overlay, ", in the overlay",
		                         ", in the overlay's veto set", report);
	if (error == 0 && !state_words_are_known(&database->words))
		error = damaged(&state, "words", "one says what no word may");
	if (error != 0 || public_key_path == NULL)
		return error;
	return verify_signatures(database, public_key_path, report);
}
