// What a database says about itself (engine/match.h).
#include "engine/database_parts.h"
#include "engine/database_signature.h"

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

const char *database_section_name(enum section_type type)
{
	return section_names[type];
}

void database_section(const struct database *database, unsigned index, const char **ret_name,
                      uint64_t *ret_offset, uint64_t *ret_bytes)
{
	const struct database_section_row *row = &database->rows[index];

	*ret_name = section_names[row->type];
	*ret_offset = row->offset;
	*ret_bytes = row->bytes;
}

uint8_t database_hash_algorithms(const struct database *database)
{
	uint8_t algorithms = 0;

	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++)
		if (database->item_counts[SECTION_HASHES + i] > 0)
			algorithms |= (uint8_t)(1 << i);
	if (database->overlay != NULL)
		algorithms |= database_hash_algorithms(database->overlay);
	return algorithms;
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

// Adds what one part holds.
static void add_figures(const struct database *part, struct database_info *info)
{
	const uint64_t *counts = part->item_counts;

	info->indicators += part->meta.indicator_count;
	info->ipv4_hosts += counts[SECTION_IPV4_HOSTS];
	info->ipv4_networks += counts[SECTION_IPV4_NETWORKS];
	info->ipv6_hosts += counts[SECTION_IPV6_HOSTS];
	info->ipv6_networks += counts[SECTION_IPV6_NETWORKS];
	info->names += counts[SECTION_NAMES];
	info->urls += counts[SECTION_URLS];
	info->patterns += counts[SECTION_PATTERN_ENTRIES];
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++)
		info->hashes[i] += counts[SECTION_HASHES + i];
	info->file_bytes += part->size;
	info->hot_bytes += hot_bytes(part);
	info->objects += part->objects.header.row_count;
}

static void add_veto_figures(const struct database *veto, struct database_info *info)
{
	const uint64_t *counts = veto->item_counts;

	info->veto_indicators += veto->meta.indicator_count;
	info->veto_names += counts[SECTION_NAMES];
	info->veto_prefixes += counts[SECTION_IPV4_HOSTS] + counts[SECTION_IPV4_NETWORKS] +
	                       counts[SECTION_IPV6_HOSTS] + counts[SECTION_IPV6_NETWORKS];
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++)
		info->veto_hashes += counts[SECTION_HASHES + i];
}

// Live ones of the base that are not heard, each told once.
static void count_silent(const struct database *base, struct database_info *info)
{
	for (uint32_t id = 1; id < base->records.states.size; id++) {
		bool is_live = (base->records.states.data[id] & STATE_IS_LIVE) != 0;

		if (is_live && state_words_is_silent(&base->words, id))
			info->silent_indicators++;
		else if (is_live && database_parts_is_silent(base, id))
			info->replaced_indicators++;
	}
	info->indicators -= info->silent_indicators + info->replaced_indicators;
}

void database_info(const struct database *database, struct database_info *ret_info)
{
	const struct database *overlay = database->overlay;
	struct database_info info = {
		.format_version = database->header.format_version,
		.is_signed = database_page_is_signed(database->bytes),
		.section_count = database->header.section_count,
		.has_overlay = overlay != NULL,
	};

	memcpy(info.build_id, database->header.build_id, sizeof(info.build_id));
	add_figures(database, &info);
	if (database->veto != NULL)
		add_veto_figures(database->veto, &info);
	if (overlay != NULL) {
		add_figures(overlay, &info);
		info.overlay_indicators = overlay->meta.indicator_count;
		memcpy(info.overlay_build_id, overlay->header.build_id,
		       sizeof(info.overlay_build_id));
		if (overlay->veto != NULL)
			add_veto_figures(overlay->veto, &info);
	}
	if (database->words.count > 0 || overlay != NULL)
		count_silent(database, &info);
	*ret_info = info;
}
