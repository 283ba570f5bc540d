// A corrupt database file gives wrong answers at worst, alone or with an overlay and a state file.
// The input says how a small valid file is changed: places (3 bytes) and a byte to put there. The
// bytes left over say which file: none the database, one its overlay, two its state. The header
// checksum is put right afterwards, so that the damage is not refused at once.
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "engine/address.h"
#include "engine/build.h"
#include "engine/database_format.h"
#include "engine/database_writer.h"
#include "engine/match.h"
#include "engine/overlay.h"
#include "engine/search.h"
#include "engine/state_words.h"

enum { CHANGE_BYTES = 4, VALUES = 40 };

static void add_texts(struct build *build, uint32_t id, unsigned i)
{
	const struct entry_terms terms = {
		.kinds = (uint8_t)(1 + i % 7), .schemes = 3, .action = ACTION_DROP};
	char text[64];

	snprintf(text, sizeof(text), "host%u.sub%u.example", i, i % 4);
	FUZZ_ASSERT(build_add_name(build, slice_text(text), id, &terms) == 0);
	snprintf(text, sizeof(text), "host%u.example/a/%u", i % 4, i);
	FUZZ_ASSERT(build_add_url(build, slice_text(text), id, &terms) == 0);
}

static void add_addresses(struct build *build, uint32_t id, unsigned i)
{
	const struct entry_terms terms = {.port = (uint16_t)(i % 3), .action = ACTION_DROP};
	struct prefix ipv4 = {address_from_ipv4((const uint8_t[4]){10, (uint8_t)i, 0, 0}),
	                      (uint8_t)(i % 2 ? 128 : IPV4_PREFIX_BITS + 16)};
	struct prefix ipv6 = {{{0x20, 1, (uint8_t)i}}, (uint8_t)(i % 2 ? 128 : 24 + i % 3 * 20)};
	uint8_t digest[HASH_BYTES_MAX] = {(uint8_t)i};

	FUZZ_ASSERT(build_add_prefix(build, &ipv4, id, &terms) == 0);
	FUZZ_ASSERT(build_add_prefix(build, &ipv6, id, &terms) == 0);
	FUZZ_ASSERT(build_add_hash(build, (enum hash_algorithm)(i % HASH_ALGORITHM_COUNT),
	                           slice_of(digest, hash_algorithm_bytes[i % HASH_ALGORITHM_COUNT]),
	                           id) == 0);
}

// Some of everything, of the rows of a store that follow `first_row`.
static struct build *make_build(unsigned first_row)
{
	struct build *build = NULL;

	FUZZ_ASSERT(build_create(&build) == 0);
	for (unsigned i = 0; i < VALUES; i++) {
		const struct indicator indicator = {
			.id = slice_text(i % 2 ? "indicator--a" : ""),
			.value = slice_text("value"),
			.source = slice_text("feed"),
			.valid_until_ns = i,
			.tags = slice_text("tag"),
			.store_id = first_row + i,
			.action = i % 2 ? ACTION_DROP : ACTION_ALERT,
		};
		uint32_t id;

		FUZZ_ASSERT(build_add_indicator(build, &indicator, &id) == 0);
		FUZZ_ASSERT(build_keep_object(build, id, indicator.id, slice_text("{}")) == 0);
		add_texts(build, id, i);
		add_addresses(build, id, i);
	}
	return build;
}

enum { PART_BASE, PART_OVERLAY, PART_STATE, PART_COUNT };

static const char *const part_suffixes[PART_COUNT] = {"", ".overlay", STATE_WORDS_SUFFIX};

// A base and what lies beside it, as they should be.
struct valid_files {
	char folder[64];
	char paths[PART_COUNT][96];
	struct buffer bytes[PART_COUNT];
};

static struct valid_files valid;

static void remove_files(void)
{
	for (unsigned i = 0; i < PART_COUNT; i++)
		(void)unlink(valid.paths[i]);
	(void)rmdir(valid.folder);
}

static void read_part(unsigned part)
{
	int fd = open(valid.paths[part], O_RDONLY | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);
	struct buffer *bytes = &valid.bytes[part];

	FUZZ_ASSERT(size > 0 && buffer_reserve(bytes, (size_t)size));
	bytes->size = (size_t)size;
	FUZZ_ASSERT(pread(fd, bytes->data, bytes->size, 0) == (ssize_t)size);
	close(fd);
}

static void write_part(unsigned part, struct slice bytes)
{
	int fd = open(valid.paths[part], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_ASSERT(write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
	close(fd);
}

static void make_base(void)
{
	const struct build_origin origin = {{1}, 2};
	AUTO(build) build = make_build(1);
	struct build_figures figures;
	int fd = open(valid.paths[PART_BASE], O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	build_set_veto(build, make_build(1));
	build_set_origin(build, &origin);
	FUZZ_ASSERT(build_write(build, fd, NULL, NULL, &figures) == 0);
	close(fd);
}

static void make_files(void)
{
	static const uint32_t silent[] = {1, 5, VALUES};
	AUTO(build) additions = make_build(VALUES / 2);
	AUTO(database) base = NULL;
	struct build_figures figures;

	strcpy(valid.folder, "/tmp/sekisho-fuzz-XXXXXX");
	FUZZ_ASSERT(mkdtemp(valid.folder) != NULL);
	for (unsigned i = 0; i < PART_COUNT; i++)
		(void)snprintf(valid.paths[i], sizeof(valid.paths[i]), "%s/x%s", valid.folder,
		               part_suffixes[i]);
	atexit(remove_files);
	make_base();
	FUZZ_ASSERT(database_open(valid.paths[PART_BASE], NULL, &base) == 0);
	build_set_veto(additions, make_build(1));
	FUZZ_ASSERT(overlay_write(valid.paths[PART_BASE], base, additions, silent, 3, NULL,
	                          &figures) == 0);
	for (unsigned i = 0; i < PART_COUNT; i++)
		read_part(i);
}

static void ask(struct match_context *context, const struct observable *observable)
{
	const struct match *matches;
	struct indicator veto;

	(void)match_find(context, observable, 1, &matches);
	(void)match_is_vetoed(context, observable, &veto);
}

static void ask_everything(struct match_context *context)
{
	for (unsigned i = 0; i < VALUES; i++) {
		uint8_t digest[HASH_BYTES_MAX] = {(uint8_t)i};
		char text[64];
		struct observable observable = {.type = OBSERVABLE_ADDRESS, .port = 1};

		observable.address = address_from_ipv4((const uint8_t[4]){10, (uint8_t)i, 0, 0});
		ask(context, &observable);
		observable.address = (struct address){{0x20, 1, (uint8_t)i}};
		ask(context, &observable);
		observable.type = OBSERVABLE_HASH;
		observable.algorithm = (enum hash_algorithm)(i % HASH_ALGORITHM_COUNT);
		observable.text = slice_of(digest, hash_algorithm_bytes[observable.algorithm]);
		ask(context, &observable);
		observable.type = OBSERVABLE_NAME;
		snprintf(text, sizeof(text), "a.host%u.sub%u.example", i, i % 4);
		observable.text = slice_text(text);
		ask(context, &observable);
		observable.type = OBSERVABLE_URL;
		snprintf(text, sizeof(text), "http://host%u.example/a/%u", i % 4, i);
		observable.text = slice_text(text);
		ask(context, &observable);
	}
}

static bool read_record(void *context, uint32_t indicator_id, const struct indicator *indicator)
{
	size_t *sum = context;
	const struct slice texts[] = {indicator->id, indicator->value, indicator->source,
	                              indicator->report_names};

	*sum += indicator_id;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t k = 0; k < texts[i].size; k++)
			*sum += texts[i].data[k];
	}
	return true;
}

static void use_database(struct database *database)
{
	const struct search_query query = {
		.part = slice_text("valu"),
		.id = slice_text("indicator--a"),
		.source = slice_text("feed"),
		.until_ns = TIMESTAMP_MAX,
	};
	struct build_origin origin;
	struct match_context *context;
	struct database_info info;
	struct buffer json = {};
	size_t sum = 0;

	if (match_context_create(database, &context) == 0) {
		ask_everything(context);
		match_context_free(context);
	}
	database_each_indicator(database, read_record, &sum);
	(void)database_search(database, &query, read_record, &sum);
	(void)database_origin(database, &origin);
	(void)database_indicator_of_store(database, VALUES / 2);
	(void)database_indicator_object(database, 1, &json);
	(void)database_object(database, slice_text("indicator--a"), &json);
	buffer_close(&json);
	database_info(database, &info);
	(void)database_verify(database, NULL, NULL);
	FUZZ_ASSERT(sum < SIZE_MAX);
}

static void mend_checksum(struct buffer *bytes, unsigned part)
{
	struct database_header header;
	struct state_words_header words;

	if (part == PART_STATE) {
		memcpy(&words, bytes->data, sizeof(words));
		words.checksum = state_words_checksum(&words);
		memcpy(bytes->data, &words, sizeof(words));
		return;
	}
	memcpy(&header, bytes->data, sizeof(header));
	header.checksum = database_header_checksum(bytes->data);
	memcpy(bytes->data, &header, sizeof(header));
}

static void change(struct buffer *bytes, const uint8_t *data, size_t size)
{
	for (; size >= CHANGE_BYTES; data += CHANGE_BYTES, size -= CHANGE_BYTES) {
		size_t place = (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;

		bytes->data[place % bytes->size] = data[3];
	}
}

static int open_alone(struct slice bytes, struct database **ret_database)
{
	int fd = memfd_create("changed", MFD_CLOEXEC);
	int error;

	FUZZ_ASSERT(write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
	error = database_open_fd(fd, "changed", NULL, ret_database);
	close(fd);
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer bytes = {};
	struct database *database;
	unsigned part = (unsigned)(size % CHANGE_BYTES % PART_COUNT);
	int error;

	if (valid.bytes[PART_BASE].size == 0)
		make_files();
	buffer_append_slice(&bytes, buffer_slice(&valid.bytes[part]));
	FUZZ_ASSERT(!bytes.failed);
	change(&bytes, data, size);
	mend_checksum(&bytes, part);
	if (part == PART_BASE) {
		error = open_alone(buffer_slice(&bytes), &database);
	} else {
		write_part(part, buffer_slice(&bytes));
		error = database_open(valid.paths[PART_BASE], NULL, &database);
		FUZZ_ASSERT(error == 0);
	}
	buffer_close(&bytes);
	if (error == 0) {
		use_database(database);
		database_close(database);
	}
	if (part != PART_BASE)
		write_part(part, buffer_slice(&valid.bytes[part]));
	return 0;
}
