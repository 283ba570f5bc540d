#include "engine/build.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/address.h"
#include "engine/build_internal.h"
#include "engine/database.h"

int build_create(struct build **ret_build)
{
	AUTO(build) build = calloc(1, sizeof(*build));
	int error;

	if (build == NULL)
		return -ENOMEM;
	error = object_builder_create(&build->objects);
	if (error == 0)
		error = pattern_builder_create(&build->patterns);
	if (error != 0)
		return error;
	*ret_build = TAKE(build);
	return 0;
}

void build_free(struct build *build)
{
	if (build == NULL)
		return;
	record_builder_close(&build->compiler.records);
	posting_builder_close(&build->compiler.postings);
	string_pool_close(&build->compiler.extra);
	for (unsigned i = 0; i < BUILD_TABLE_COUNT; i++)
		block_close(&build->tables[i].rows);
	block_close(&build->replaced);
	if (build->veto_image.size > 0 && !build->is_veto_shared)
		munmap((void *)(uintptr_t)build->veto_image.data, build->veto_image.size);
	build_free(build->veto);
	object_builder_free(build->objects);
	pattern_builder_free(build->patterns);
	for (unsigned i = 0; i < BUILD_EXACT_TABLE_COUNT; i++)
		exact_table_builder_close(&build->exact_tables[i]);
	prefix_table_builder_close(&build->ipv4_networks);
	prefix_table_builder_close(&build->ipv6_networks);
	buffer_close(&build->pattern_section);
	buffer_close(&build->pattern_shards);
	free(build);
}

int build_add_indicator(struct build *build, const struct indicator *indicator,
                        uint32_t *ret_indicator_id)
{
	return record_builder_add(&build->compiler.records, indicator, ret_indicator_id);
}

int build_add_report_name(struct build *build, uint32_t indicator_id, struct slice name)
{
	return record_builder_add_report_name(&build->compiler.records, indicator_id, name);
}

void build_raise_tlp(struct build *build, uint32_t indicator_id, enum tlp tlp)
{
	record_builder_raise_tlp(&build->compiler.records, indicator_id, tlp);
}

void build_withdraw_indicator(struct build *build, uint32_t indicator_id)
{
	record_builder_withdraw(&build->compiler.records, indicator_id);
}

int build_keep_object(struct build *build, uint32_t indicator_id, struct slice id,
                      struct slice json)
{
	return object_builder_keep(build->objects, indicator_id, id, json);
}

static enum build_table prefix_table(const struct prefix *prefix)
{
	if (prefix->length >= IPV4_PREFIX_BITS && address_is_ipv4(&prefix->address))
		return prefix->length == 128 ? BUILD_IPV4_HOSTS : BUILD_IPV4_NETWORKS;
	return prefix->length == 128 ? BUILD_IPV6_HOSTS : BUILD_IPV6_NETWORKS;
}

int build_add_prefix(struct build *build, const struct prefix *prefix, uint32_t indicator_id,
                     const struct entry_terms *terms)
{
	struct entry_rows *table = &build->tables[prefix_table(prefix)];
	struct address_row *row = block_extend(&table->rows, sizeof(*row));

	if (row == NULL)
		return -ENOMEM;
	*row = (struct address_row){
		.address = prefix->address,
		.indicator_id = indicator_id,
		.terms = postings_pack_terms(OBSERVABLE_ADDRESS, terms),
		.length = prefix->length,
	};
	return 0;
}

int build_add_name(struct build *build, struct slice name, uint32_t indicator_id,
                   const struct entry_terms *terms)
{
	const struct text_value value = {name, TEXT_KEY_NAME, indicator_id,
	                                 postings_pack_terms(OBSERVABLE_NAME, terms)};

	return entry_rows_add_text(&build->tables[BUILD_NAMES], &build->compiler, &value);
}

int build_add_url(struct build *build, struct slice url, uint32_t indicator_id,
                  const struct entry_terms *terms)
{
	const struct text_value value = {url, TEXT_KEY_URL, indicator_id,
	                                 postings_pack_terms(OBSERVABLE_URL, terms)};

	return entry_rows_add_text(&build->tables[BUILD_URLS], &build->compiler, &value);
}

int build_add_hash(struct build *build, enum hash_algorithm algorithm, struct slice digest,
                   uint32_t indicator_id)
{
	struct entry_rows *table = &build->tables[BUILD_HASHES + algorithm];
	size_t size = hash_algorithm_bytes[algorithm];
	struct digest_row *row;

	if (digest.size != size)
		return -EINVAL;
	row = block_extend(&table->rows, sizeof(*row) + size);
	if (row == NULL)
		return -ENOMEM;
	row->indicator_id = indicator_id;
	memcpy(row + 1, digest.data, size);
	return 0;
}

int build_check_pattern(enum observable_type type, enum pattern_syntax syntax, struct slice pattern,
                        const char **ret_reason)
{
	return pattern_builder_check(type, syntax, pattern, ret_reason);
}

void build_set_origin(struct build *build, const struct build_origin *origin)
{
	build->origin = *origin;
}

void build_set_veto(struct build *build, struct build *veto)
{
	build_free(build->veto);
	build->veto = veto;
}

void build_set_sign_key(struct build *build, const char *path)
{
	build->sign_key_path = path;
}

void build_share_veto(struct build *build, const struct database *database)
{
	build->veto_image = database->sections[SECTION_VETO];
	build->is_veto_shared = true;
}

int build_add_pattern(struct build *build, enum observable_type type, enum pattern_syntax syntax,
                      struct slice pattern, uint32_t indicator_id, const struct entry_terms *terms,
                      const char **ret_reason)
{
	struct text_value value = {
		.key_kind = TEXT_KEY_WHOLE,
		.indicator_id = indicator_id,
		.terms.action = (uint8_t)terms->action,
	};
	struct buffer text = {};
	int error = pattern_builder_check(type, syntax, pattern, ret_reason);

	if (error != 0)
		return error;
	buffer_append_byte(&text, (uint8_t)type);
	buffer_append_byte(&text, (uint8_t)syntax);
	buffer_append_slice(&text, pattern);
	value.key = buffer_slice(&text);
	error = text.failed ? -ENOMEM
	                    : entry_rows_add_text(&build->tables[BUILD_PATTERNS], &build->compiler,
	                                          &value);
	buffer_close(&text);
	return error;
}
