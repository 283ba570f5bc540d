#include <errno.h>

#include "base/task.h"
#include "engine/address_table.h"
#include "engine/build_internal.h"
#include "engine/build_veto.h"
#include "engine/database_writer.h"
#include "engine/hash_table.h"
#include "engine/name_table.h"
#include "engine/prefix_table.h"
#include "engine/url_table.h"

// Turns all rows into entries; the postings are complete afterwards.
static int compile_tables(struct build *build)
{
	struct entry_compiler *compiler = &build->compiler;
	struct entry_rows *tables = build->tables;
	int error = record_builder_finish(&compiler->records);

	if (error == 0)
		error = entry_rows_compile_ipv4_hosts(&tables[BUILD_IPV4_HOSTS], compiler);
	if (error == 0)
		error = entry_rows_compile_ipv6_hosts(&tables[BUILD_IPV6_HOSTS], compiler);
	if (error == 0)
		error = entry_rows_compile_ipv4_networks(&tables[BUILD_IPV4_NETWORKS], compiler);
	if (error == 0)
		error = entry_rows_compile_ipv6_networks(&tables[BUILD_IPV6_NETWORKS], compiler);
	if (error == 0)
		error = entry_rows_compile_texts(&tables[BUILD_NAMES], compiler);
	if (error == 0)
		error = entry_rows_compile_texts(&tables[BUILD_URLS], compiler);
	if (error == 0)
		error = entry_rows_compile_texts(&tables[BUILD_PATTERNS], compiler);
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT && error == 0; i++)
		error = entry_rows_compile_digests(&tables[BUILD_HASHES + i],
		                                   (enum hash_algorithm)i, compiler);
	if (error != 0)
		return error;
	prefix_table_link_ipv4(&tables[BUILD_IPV4_NETWORKS].rows);
	prefix_table_link_ipv6(&tables[BUILD_IPV6_NETWORKS].rows);
	string_pool_close(&compiler->extra);
	return 0;
}

static struct database_meta build_meta(const struct build *build)
{
	const struct record_builder *records = &build->compiler.records;
	const struct entry_rows *tables = build->tables;
	size_t id_end = records->states.size > 0 ? records->states.size : 1;

	return (struct database_meta){
		.indicator_count = id_end - 1 - records->withdrawn_count,
		.indicator_id_end = (uint32_t)id_end,
		.ipv4_host_terms = tables[BUILD_IPV4_HOSTS].usual_terms,
		.ipv6_host_terms = tables[BUILD_IPV6_HOSTS].usual_terms,
		.ipv4_network_terms = tables[BUILD_IPV4_NETWORKS].usual_terms,
		.ipv6_network_terms = tables[BUILD_IPV6_NETWORKS].usual_terms,
		.name_terms = tables[BUILD_NAMES].usual_terms,
		.url_terms = tables[BUILD_URLS].usual_terms,
		.pattern_terms = tables[BUILD_PATTERNS].usual_terms,
		.store_ids_ascend = record_builder_store_ids_ascend(records),
	};
}

static int write_objects(struct build *build, struct database_writer *writer)
{
	uint64_t bytes;
	int error = database_writer_begin(writer, SECTION_OBJECTS);

	if (error == 0)
		error = object_builder_write(build->objects, database_writer_append, writer,
		                             &bytes);
	return error != 0 ? error : database_writer_end(writer, 0);
}

struct refusals {
	struct report *report;
	const struct build *build;
};

static struct slice pattern_text(const struct build *build, uint32_t pattern_id)
{
	const struct text_entry *entries =
		(const struct text_entry *)build->tables[BUILD_PATTERNS].rows.data;

	return string_pool_get(block_slice(&build->compiler.records.strings.bytes),
	                       entries[pattern_id].text);
}

static void report_refused(void *context, uint32_t pattern_id, const char *reason)
{
	const struct refusals *refusals = context;
	struct slice text = pattern_text(refusals->build, pattern_id);

	report_note(refusals->report, "pattern not compiled", slice_from(text, PATTERN_TEXT_AT),
	            "%s", reason);
}

// Compiles the patterns, in children: hence while no helper thread has anything to do, whose locks
// a child would find held for ever.
static int compile_patterns(struct build *build, struct report *report)
{
	struct refusals refusals = {report, build};
	const char *reason;
	int error = object_builder_wait(build->objects);

	for (uint32_t i = 0; i < build->tables[BUILD_PATTERNS].entry_count && error == 0; i++) {
		struct slice text = pattern_text(build, i);

		error = pattern_builder_add(build->patterns,
		                            (enum observable_type)text.data[PATTERN_TYPE_AT],
		                            (enum pattern_syntax)text.data[PATTERN_SYNTAX_AT],
		                            slice_from(text, PATTERN_TEXT_AT), i, &reason);
	}
	if (error != 0)
		return error;
	return pattern_builder_finish(build->patterns, report_refused, &refusals,
	                              &build->pattern_section, &build->pattern_shards);
}

// Nothing when it is made from feeds.
static struct slice build_origin_bytes(const struct build *build)
{
	static const struct build_origin nothing;
	bool is_set = memcmp(&build->origin, &nothing, sizeof(nothing)) != 0;

	return is_set ? slice_of(&build->origin, sizeof(build->origin)) : (struct slice){};
}

static int write_content(struct build *build, struct database_writer *writer)
{
	struct entry_compiler *compiler = &build->compiler;
	struct record_builder *records = &compiler->records;
	const struct {
		enum section_type type;
		struct slice bytes;
		size_t row_size;
	} sections[] = {
		{SECTION_META, slice_of(&build->meta, sizeof(build->meta)), sizeof(build->meta)},
		{SECTION_RECORDS, block_slice(&records->records), sizeof(struct record_row)},
		{SECTION_CONTEXTS, block_slice(&records->contexts), sizeof(struct context_row)},
		{SECTION_DETAILS, block_slice(&records->details), sizeof(struct detail_row)},
		{SECTION_STRINGS, block_slice(&records->strings.bytes), 1},
		{SECTION_STATES, block_slice(&records->states), 1},
		{SECTION_STORE_IDS, block_slice(&records->store_ids), sizeof(uint64_t)},
		{SECTION_ORIGIN, build_origin_bytes(build), sizeof(build->origin)},
		{SECTION_POSTINGS, block_slice(&compiler->postings.lists), 4},
	};
	int error = 0;

	build->meta = build_meta(build);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && error == 0; i++)
		error = database_writer_add(writer, sections[i].type, sections[i].bytes,
		                            sections[i].bytes.size / sections[i].row_size);
	for (unsigned i = 0; i < BUILD_TABLE_COUNT && error == 0; i++)
		error = database_writer_add(writer, SECTION_IPV4_HOSTS + i,
		                            block_slice(&build->tables[i].rows),
		                            build->tables[i].entry_count);
	if (error == 0)
		error = database_writer_add(writer, SECTION_PATTERNS,
		                            buffer_slice(&build->pattern_section),
		                            build->tables[BUILD_PATTERNS].entry_count);
	if (error == 0)
		error = write_objects(build, writer);
	if (error == 0)
		error = database_writer_add(writer, SECTION_VETO, build->veto_image, 1);
	if (error == 0)
		error = database_writer_add(writer, SECTION_OVERLAY, block_slice(&build->replaced),
		                            1);
	return error;
}

static int write_exact(struct build *build, struct database_writer *writer,
                       enum build_exact_table which, enum section_type filter_type,
                       enum section_type bucket_type)
{
	const struct exact_table_builder *table = &build->exact_tables[which];
	size_t bucket_count = table->buckets.size / sizeof(struct exact_bucket);
	int error = database_writer_add(writer, filter_type, block_slice(&table->filter),
	                                table->filter.size / sizeof(uint64_t));

	if (error == 0)
		error = database_writer_add(writer, bucket_type, block_slice(&table->buckets),
		                            bucket_count);
	build->hot_bytes += table->filter.size + table->buckets.size;
	return error;
}

static int write_hosts(struct build *build, struct database_writer *writer,
                       const struct hash_seeds *seeds)
{
	int error = address_table_build_ipv4(&build->exact_tables[BUILD_EXACT_IPV4],
	                                     block_slice(&build->tables[BUILD_IPV4_HOSTS].rows),
	                                     seeds);

	if (error == 0)
		error = write_exact(build, writer, BUILD_EXACT_IPV4, SECTION_IPV4_FILTER,
		                    SECTION_IPV4_BUCKETS);
	if (error == 0)
		error = address_table_build_ipv6(&build->exact_tables[BUILD_EXACT_IPV6],
		                                 block_slice(&build->tables[BUILD_IPV6_HOSTS].rows),
		                                 seeds);
	if (error == 0)
		error = write_exact(build, writer, BUILD_EXACT_IPV6, SECTION_IPV6_FILTER,
		                    SECTION_IPV6_BUCKETS);
	return error;
}

static int write_networks(struct build *build, struct database_writer *writer,
                          const struct hash_seeds *seeds)
{
	struct prefix_table_builder *ipv4 = &build->ipv4_networks;
	struct prefix_table_builder *ipv6 = &build->ipv6_networks;
	int error = prefix_table_build_ipv4(ipv4,
	                                    block_slice(&build->tables[BUILD_IPV4_NETWORKS].rows));

	if (error == 0)
		error = prefix_table_build_ipv6(
			ipv6, block_slice(&build->tables[BUILD_IPV6_NETWORKS].rows), seeds->first);
	if (error == 0)
		error = database_writer_add(writer, SECTION_IPV4_NETWORK_BITS,
		                            block_slice(&ipv4->bits), ipv4->bits.size * 8);
	if (error == 0)
		error = database_writer_add(writer, SECTION_IPV4_RANGES, block_slice(&ipv4->ranges),
		                            ipv4->ranges.size / sizeof(struct ipv4_range));
	if (error == 0)
		error = database_writer_add(writer, SECTION_IPV6_NETWORK_BITS,
		                            block_slice(&ipv6->bits), ipv6->bits.size * 8);
	if (error == 0)
		error = database_writer_add(writer, SECTION_IPV6_NETWORK_FILTER,
		                            block_slice(&ipv6->filter), ipv6->filter.size / 8);
	if (error == 0)
		error = database_writer_add(writer, SECTION_IPV6_RANGES, block_slice(&ipv6->ranges),
		                            ipv6->ranges.size / sizeof(struct ipv6_range));
	build->hot_bytes += ipv4->bits.size + ipv6->bits.size + ipv6->filter.size;
	return error;
}

struct name_work {
	struct build *build;
	const struct hash_seeds *seeds;
};

// The helper's job.
static int build_names(void *context)
{
	const struct name_work *work = context;
	struct build *build = work->build;

	return name_table_build(&build->exact_tables[BUILD_EXACT_NAMES],
	                        block_slice(&build->tables[BUILD_NAMES].rows),
	                        block_slice(&build->compiler.records.strings.bytes), work->seeds);
}

// URLs have names in their tables as well, those of their hosts: so both tables at once.
static int build_texts(struct build *build, const struct hash_seeds *seeds)
{
	struct name_work names = {build, seeds};
	AUTO(task) task = NULL;
	int error = task_create(&task);
	int name_error;

	if (error != 0)
		return error;
	task_begin(task, build_names, &names);
	error = url_table_build(&build->exact_tables[BUILD_EXACT_URLS],
	                        block_slice(&build->tables[BUILD_URLS].rows),
	                        block_slice(&build->compiler.records.strings.bytes), seeds->first);
	name_error = task_wait(task);
	return error != 0 ? error : name_error;
}

static int write_texts(struct build *build, struct database_writer *writer,
                       const struct hash_seeds *seeds)
{
	int error = build_texts(build, seeds);

	if (error == 0)
		error = write_exact(build, writer, BUILD_EXACT_NAMES, SECTION_NAME_FILTER,
		                    SECTION_NAME_BUCKETS);
	if (error == 0)
		error = write_exact(build, writer, BUILD_EXACT_URLS, SECTION_URL_FILTER,
		                    SECTION_URL_BUCKETS);
	return error;
}

static int write_hashes(struct build *build, struct database_writer *writer,
                        const struct hash_seeds *seeds)
{
	int error = 0;

	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT && error == 0; i++) {
		error = hash_table_build(&build->exact_tables[BUILD_EXACT_HASHES + i],
		                         block_slice(&build->tables[BUILD_HASHES + i].rows),
		                         (enum hash_algorithm)i, seeds);
		if (error == 0)
			error = write_exact(build, writer, BUILD_EXACT_HASHES + i,
			                    SECTION_HASH_FILTER + i, SECTION_HASH_BUCKETS + i);
	}
	return error;
}

static struct build_figures build_figures(const struct build *build, uint64_t file_bytes)
{
	const struct entry_rows *tables = build->tables;
	struct build_figures figures = {
		.indicators = build_meta(build).indicator_count,
		.ipv4_hosts = tables[BUILD_IPV4_HOSTS].entry_count,
		.ipv4_networks = tables[BUILD_IPV4_NETWORKS].entry_count,
		.ipv6_hosts = tables[BUILD_IPV6_HOSTS].entry_count,
		.ipv6_networks = tables[BUILD_IPV6_NETWORKS].entry_count,
		.names = tables[BUILD_NAMES].entry_count,
		.urls = tables[BUILD_URLS].entry_count,
		.patterns = tables[BUILD_PATTERNS].entry_count,
		.file_bytes = file_bytes,
		.hot_bytes = build->hot_bytes,
	};

	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++)
		figures.hashes += tables[BUILD_HASHES + i].entry_count;
	return figures;
}

int build_write(struct build *build, int fd, const char *sign_key_path, struct report *report,
                struct build_figures *ret_figures)
{
	struct database_writer writer = {.fd = fd};
	struct hash_seeds seeds;
	int error = build_veto_make_image(build, report);

	if (sign_key_path == NULL)
		sign_key_path = build->sign_key_path;
	if (error == 0)
		error = compile_tables(build);
	if (error == 0)
		error = compile_patterns(build, report);
	if (error == 0)
		error = write_content(build, &writer);
	if (error == 0)
		error = database_writer_seal(&writer, &seeds);
	if (error == 0)
		error = write_hosts(build, &writer, &seeds);
	if (error == 0)
		error = write_networks(build, &writer, &seeds);
	if (error == 0)
		error = write_texts(build, &writer, &seeds);
	if (error == 0)
		error = write_hashes(build, &writer, &seeds);
	if (error == 0)
		error = database_writer_add(&writer, SECTION_PATTERN_SHARDS,
		                            buffer_slice(&build->pattern_shards), 0);
	if (error == 0)
		error = database_writer_finish(&writer, sign_key_path, report);
	if (error == 0)
		*ret_figures = build_figures(build, writer.offset);
	database_writer_close(&writer);
	return error;
}
