#include "engine/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/database_parts.h"
#include "engine/database_signature.h"
#include "engine/database_writer.h"

enum { OPEN_TRIES_MAX = 5 };

static int refuse(struct report *report, const char *path, const char *why)
{
	report_note(report, "not a usable database", slice_text(path), "%s", why);
	return -EINVAL;
}

// What is wrong with the header page, or NULL.
static const char *header_problem(const struct database *database)
{
	const struct database_header *header = &database->header;

	if (memcmp(header->magic, DATABASE_MAGIC, sizeof(header->magic)) != 0)
		return "not an indicator database";
	if (header->format_version != DATABASE_FORMAT_VERSION)
		return "of another format version: compile it again";
	if (header->checksum != database_header_checksum(database->bytes))
		return "its header is damaged";
	if (header->file_bytes != database->size)
		return header->file_bytes > database->size ? "truncated"
		                                           : "longer than it should be";
	if (header->section_count > SECTION_TYPE_COUNT)
		return "its header is damaged: too many sections";
	return NULL;
}

static const char *section_problem(const struct database_section_row *row, size_t file_size)
{
	if (row->type >= SECTION_TYPE_COUNT)
		return "a section of unknown type";
	if (row->offset % DATABASE_ALIGNMENT != 0 || row->offset < DATABASE_HEADER_BYTES)
		return "a section in the wrong place";
	if (row->offset > file_size || row->bytes > file_size - row->offset)
		return "a section behind the end of the file";
	return NULL;
}

static const char *open_sections(struct database *database)
{
	size_t table_bytes = database->header.section_count * sizeof(database->rows[0]);

	memcpy(database->rows, database->bytes + sizeof(database->header), table_bytes);
	for (unsigned i = 0; i < database->header.section_count; i++) {
		const struct database_section_row *row = &database->rows[i];
		const char *problem = section_problem(row, database->size);

		if (problem != NULL)
			return problem;
		database->sections[row->type] = slice_of(database->bytes + row->offset, row->bytes);
		database->item_counts[row->type] = row->item_count;
	}
	if (database->sections[SECTION_META].size != sizeof(database->meta))
		return "it has no meta section";
	memcpy(&database->meta, database->sections[SECTION_META].data, sizeof(database->meta));
	return NULL;
}

static struct text_table open_texts(const struct database *database, enum section_type entries,
                                    enum section_type filter, const struct hash_seeds *seeds)
{
	const struct slice *sections = database->sections;
	enum section_type buckets = filter == SECTION_NAME_FILTER ? SECTION_NAME_BUCKETS
	                                                          : SECTION_URL_BUCKETS;

	return (struct text_table){
		.exact = exact_table_open(sections[filter], sections[buckets]),
		.seeds = *seeds,
		.usual_terms = entries == SECTION_NAMES ? database->meta.name_terms
	                                                : database->meta.url_terms,
		.entries = (const struct text_entry *)sections[entries].data,
		.entry_count = sections[entries].size / sizeof(struct text_entry),
		.strings = sections[SECTION_STRINGS],
		.key_kind = entries == SECTION_NAMES ? TEXT_KEY_NAME : TEXT_KEY_URL,
	};
}

static void open_hosts(struct database *database, const struct hash_seeds *seeds)
{
	const struct slice *sections = database->sections;

	database->ipv4_hosts = (struct address_table){
		.exact = exact_table_open(sections[SECTION_IPV4_FILTER],
	                                  sections[SECTION_IPV4_BUCKETS]),
		.seeds = *seeds,
		.usual_terms = database->meta.ipv4_host_terms,
	};
	database->ipv6_hosts = (struct address_table){
		.exact = exact_table_open(sections[SECTION_IPV6_FILTER],
	                                  sections[SECTION_IPV6_BUCKETS]),
		.seeds = *seeds,
		.usual_terms = database->meta.ipv6_host_terms,
		.entries = (const struct ipv6_entry *)sections[SECTION_IPV6_HOSTS].data,
		.entry_count = sections[SECTION_IPV6_HOSTS].size / sizeof(struct ipv6_entry),
	};
}

static void open_networks(struct database *database, const struct hash_seeds *seeds)
{
	const struct slice *sections = database->sections;

	database->ipv4_networks.usual_terms = database->meta.ipv4_network_terms;
	prefix_table_open_ipv4(&database->ipv4_networks, sections[SECTION_IPV4_NETWORKS],
	                       sections[SECTION_IPV4_NETWORK_BITS], sections[SECTION_IPV4_RANGES]);
	database->ipv6_networks.seed = seeds->first;
	database->ipv6_networks.usual_terms = database->meta.ipv6_network_terms;
	prefix_table_open_ipv6(&database->ipv6_networks, sections[SECTION_IPV6_NETWORKS],
	                       sections[SECTION_IPV6_NETWORK_BITS],
	                       sections[SECTION_IPV6_NETWORK_FILTER],
	                       sections[SECTION_IPV6_RANGES]);
}

static void open_tables(struct database *database)
{
	struct slice *sections = database->sections;
	struct hash_seeds seeds = database_seeds(database->header.build_id);

	database->records = (struct record_table){
		.records = sections[SECTION_RECORDS],
		.contexts = sections[SECTION_CONTEXTS],
		.details = sections[SECTION_DETAILS],
		.strings = sections[SECTION_STRINGS],
		.states = sections[SECTION_STATES],
		.store_ids = sections[SECTION_STORE_IDS],
	};
	open_hosts(database, &seeds);
	open_networks(database, &seeds);
	database->names = open_texts(database, SECTION_NAMES, SECTION_NAME_FILTER, &seeds);
	database->urls = open_texts(database, SECTION_URLS, SECTION_URL_FILTER, &seeds);
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++)
		database->hashes[i] = (struct hash_table){
			.exact = exact_table_open(sections[SECTION_HASH_FILTER + i],
		                                  sections[SECTION_HASH_BUCKETS + i]),
			.seeds = seeds,
			.entries = sections[SECTION_HASHES + i],
			.digest_size = hash_algorithm_bytes[i],
		};
}

static int open_patterns(struct database *database, const char *path, struct report *report)
{
	struct slice entries = database->sections[SECTION_PATTERN_ENTRIES];
	int error = pattern_set_open(database->sections[SECTION_PATTERNS],
	                             database->sections[SECTION_PATTERN_SHARDS],
	                             &database->patterns);

	if (error == -EBADMSG)
		return refuse(report, path, "its patterns are damaged");
	if (error == -ENOTSUP)
		return refuse(report, path, "it holds patterns, and this build has no Hyperscan");
	database->pattern_entries = (const struct text_entry *)entries.data;
	database->pattern_entry_count = entries.size / sizeof(struct text_entry);
	return error;
}

static int database_map(struct database *database, int fd)
{
	struct stat status;
	void *bytes;

	if (fstat(fd, &status) != 0)
		return -errno;
	if (status.st_size < DATABASE_HEADER_BYTES)
		return 0;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	database->bytes = bytes;
	database->size = (size_t)status.st_size;
	database->is_mapped = true;
	return 0;
}

// What is wrong with the bytes of a database, or NULL. Leaves its patterns and veto set closed.
static const char *open_image(struct database *database)
{
	const char *problem;

	if (database->size < DATABASE_HEADER_BYTES)
		return "too short to be an indicator database";
	memcpy(&database->header, database->bytes, sizeof(database->header));
	problem = header_problem(database);
	if (problem == NULL)
		problem = open_sections(database);
	if (problem != NULL)
		return problem;
	open_tables(database);
	if (object_store_open(database->sections[SECTION_OBJECTS], &database->objects) != 0)
		return "its section of kept objects is damaged";
	return NULL;
}

// The database that is the veto set has no patterns, and no veto set of its own.
static int open_veto(struct database *database, const char *path, struct report *report)
{
	struct slice image = database->sections[SECTION_VETO];

	if (image.size == 0)
		return 0;
	database->veto = calloc(1, sizeof(*database->veto));
	if (database->veto == NULL)
		return -ENOMEM;
	database->veto->bytes = image.data;
	database->veto->size = image.size;
	return open_image(database->veto) != NULL ? refuse(report, path, "its veto set is damaged")
	                                          : 0;
}

int database_open_fd(int fd, const char *path, struct report *report,
                     struct database **ret_database)
{
	AUTO(database) database = calloc(1, sizeof(*database));
	const char *problem;
	int error;

	if (database == NULL)
		return -ENOMEM;
	error = database_map(database, fd);
	if (error != 0)
		return error;
	problem = open_image(database);
	if (problem != NULL)
		return refuse(report, path, problem);
	error = open_veto(database, path, report);
	if (error == 0)
		error = open_patterns(database, path, report);
	if (error != 0)
		return error;
	*ret_database = TAKE(database);
	return 0;
}

// Opens what is at `path` now, with all that belongs to it.
static int open_with_parts(const char *path, struct report *report, struct database **ret_database,
                           struct stat *ret_status)
{
	AUTO(database) database = NULL;
	// Not waiting for whoever would write to a named pipe: it is no database.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error;

	if (fd < 0)
		return -errno;
	error = fstat(fd, ret_status) == 0 ? database_open_fd(fd, path, report, &database) : -errno;
	close(fd);
	if (error == 0)
		error = database_parts_open(database, path, report);
	if (error == 0)
		*ret_database = TAKE(database);
	return error;
}

int database_open(const char *path, struct report *report, struct database **ret_database)
{
	for (unsigned tries = 1;; tries++) {
		AUTO(database) database = NULL;
		struct stat opened, now;
		int error = open_with_parts(path, report, &database, &opened);

		if (error != 0)
			return error;
		// A new base came meanwhile, and what lay beside the old one is gone.
		if (tries < OPEN_TRIES_MAX && stat(path, &now) == 0 &&
		    (now.st_ino != opened.st_ino || now.st_dev != opened.st_dev))
			continue;
		*ret_database = TAKE(database);
		return 0;
	}
}

void database_close(struct database *database)
{
	if (database == NULL)
		return;
	database_close(database->veto);
	database_close(database->overlay);
	state_words_close(&database->words);
	if (database->is_mapped)
		munmap((void *)(uintptr_t)database->bytes, database->size);
	pattern_set_free(database->patterns);
	free(database);
}
