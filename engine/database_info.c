// What a database says about itself, and whether it is whole (engine/match.h).
#include <errno.h>

#include "engine/database.h"
#include "engine/database_signature.h"
#include "engine/database_writer.h"

static const char *const section_names[SECTION_TYPE_COUNT] = {
	[SECTION_META] = "meta",
	[SECTION_RECORDS] = "records",
	[SECTION_CONTEXTS] = "contexts",
	[SECTION_DETAILS] = "details",
	[SECTION_STRINGS] = "strings",
	[SECTION_STATES] = "states",
	[SECTION_STORE_IDS] = "store-ids",
	[SECTION_ORIGIN] = "origin",
	[SECTION_POSTINGS] = "postings",
	[SECTION_IPV4_HOSTS] = "ipv4-hosts",
	[SECTION_IPV6_HOSTS] = "ipv6-hosts",
	[SECTION_IPV4_NETWORKS] = "ipv4-networks",
	[SECTION_IPV6_NETWORKS] = "ipv6-networks",
	[SECTION_NAMES] = "names",
	[SECTION_URLS] = "urls",
	[SECTION_HASHES + HASH_MD5] = "md5",
	[SECTION_HASHES + HASH_SHA1] = "sha1",
	[SECTION_HASHES + HASH_SHA256] = "sha256",
	[SECTION_HASHES + HASH_SHA512] = "sha512",
	[SECTION_PATTERN_ENTRIES] = "pattern-entries",
	[SECTION_PATTERNS] = "patterns",
	[SECTION_OBJECTS] = "objects",
	[SECTION_VETO] = "veto",
	[SECTION_OVERLAY] = "overlay",
	[SECTION_IPV4_FILTER] = "ipv4-filter",
	[SECTION_IPV4_BUCKETS] = "ipv4-buckets",
	[SECTION_IPV6_FILTER] = "ipv6-filter",
	[SECTION_IPV6_BUCKETS] = "ipv6-buckets",
	[SECTION_IPV4_NETWORK_BITS] = "ipv4-network-bits",
	[SECTION_IPV4_RANGES] = "ipv4-ranges",
	[SECTION_IPV6_NETWORK_BITS] = "ipv6-network-bits",
	[SECTION_IPV6_NETWORK_FILTER] = "ipv6-network-filter",
	[SECTION_IPV6_RANGES] = "ipv6-ranges",
	[SECTION_NAME_FILTER] = "name-filter",
	[SECTION_NAME_BUCKETS] = "name-buckets",
	[SECTION_URL_FILTER] = "url-filter",
	[SECTION_URL_BUCKETS] = "url-buckets",
	[SECTION_HASH_FILTER + HASH_MD5] = "md5-filter",
	[SECTION_HASH_FILTER + HASH_SHA1] = "sha1-filter",
	[SECTION_HASH_FILTER + HASH_SHA256] = "sha256-filter",
	[SECTION_HASH_FILTER + HASH_SHA512] = "sha512-filter",
	[SECTION_HASH_BUCKETS + HASH_MD5] = "md5-buckets",
	[SECTION_HASH_BUCKETS + HASH_SHA1] = "sha1-buckets",
	[SECTION_HASH_BUCKETS + HASH_SHA256] = "sha256-buckets",
	[SECTION_HASH_BUCKETS + HASH_SHA512] = "sha512-buckets",
	[SECTION_PATTERN_SHARDS] = "pattern-shards",
};

void database_section(const struct database *database, unsigned index, const char **ret_name,
                      uint64_t *ret_offset, uint64_t *ret_bytes)
{
	const struct database_section_row *row = &database->rows[index];

	*ret_name = section_names[row->type];
	*ret_offset = row->offset;
	*ret_bytes = row->bytes;
}

// Everything that a look-up that misses may touch: filters, buckets, bits.
static uint64_t hot_bytes(const struct database *database)
{
	uint64_t bytes = 0;

	for (unsigned type = SECTION_CONTENT_COUNT; type < SECTION_PATTERN_SHARDS; type++) {
		if (type != SECTION_IPV4_RANGES && type != SECTION_IPV6_RANGES)
			bytes += database->sections[type].size;
	}
	return bytes;
}

void database_info(const struct database *database, struct database_info *ret_info)
{
	const uint64_t *counts = database->item_counts;
	struct database_info info = {
		.format_version = database->header.format_version,
		.is_signed = database_page_is_signed(database->bytes),
		.indicators = database->meta.indicator_count,
		.ipv4_hosts = counts[SECTION_IPV4_HOSTS],
		.ipv4_networks = counts[SECTION_IPV4_NETWORKS],
		.ipv6_hosts = counts[SECTION_IPV6_HOSTS],
		.ipv6_networks = counts[SECTION_IPV6_NETWORKS],
		.names = counts[SECTION_NAMES],
		.urls = counts[SECTION_URLS],
		.patterns = counts[SECTION_PATTERN_ENTRIES],
		.file_bytes = database->size,
		.hot_bytes = hot_bytes(database),
		.objects = database->objects.header.row_count,
		.section_count = database->header.section_count,
	};

	memcpy(info.build_id, database->header.build_id, sizeof(info.build_id));
	memcpy(info.hashes, &counts[SECTION_HASHES], sizeof(info.hashes));
	*ret_info = info;
}

static int damaged(struct report *report, const char *section, const char *what)
{
	report_note(report, "damaged database", slice_text(section), "%s", what);
	return -EBADMSG;
}

static int verify_sections(const struct database *database, struct report *report)
{
	int result = 0;

	for (unsigned i = 0; i < database->header.section_count; i++) {
		const struct database_section_row *row = &database->rows[i];
		uint8_t digest[DATABASE_DIGEST_BYTES];

		if (EVP_Digest(database->bytes + row->offset, row->bytes, digest, NULL,
		               EVP_sha256(), NULL) != 1)
			return -ENOMEM;
		if (memcmp(digest, row->digest, sizeof(digest)) != 0)
			result = damaged(report, section_names[row->type],
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
static int verify_padding(const struct database *database, struct report *report)
{
	uint64_t end = DATABASE_HEADER_BYTES;

	for (unsigned i = 0; i <= database->header.section_count; i++) {
		bool is_last = i == database->header.section_count;
		uint64_t next = is_last ? database->size : database->rows[i].offset;

		if (next < end || !are_zeros(database->bytes + end, next - end))
			return damaged(report, "padding", "there is something between sections");
		if (!is_last)
			end = next + database->rows[i].bytes;
	}
	return 0;
}

int database_verify(const struct database *database, const char *public_key_path,
                    struct report *report)
{
	uint8_t build_id[DATABASE_DIGEST_BYTES];
	int error = verify_sections(database, report);

	if (error == 0)
		error = verify_padding(database, report);
	if (error != 0)
		return error;
	error = database_build_id(database->rows, database->header.section_count, build_id);
	if (error != 0)
		return error;
	if (memcmp(build_id, database->header.build_id, sizeof(build_id)) != 0)
		return damaged(report, "header", "the build id does not fit the content");
	if (public_key_path == NULL)
		return 0;
	return database_check_signature(database->bytes, public_key_path, report);
}
