// A corrupt database file gives wrong answers at worst. The input says how a small valid
// database is changed: places (3 bytes) and a byte to put there. The header checksum is put
// right afterwards, so that the damage is not refused at once.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "engine/address.h"
#include "engine/build.h"
#include "engine/database_format.h"
#include "engine/database_writer.h"
#include "engine/match.h"

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

static struct buffer make_database(void)
{
	AUTO(build) build = NULL;
	struct build_figures figures;
	struct buffer bytes = {};
	int fd = memfd_create("valid", MFD_CLOEXEC);

	FUZZ_ASSERT(build_create(&build) == 0);
	for (unsigned i = 0; i < VALUES; i++) {
		const struct indicator indicator = {
			.id = slice_text(i % 2 ? "indicator--a" : ""),
			.value = slice_text("value"),
			.source = slice_text("feed"),
			.valid_until_ns = i,
			.action = ACTION_ALERT,
		};
		uint32_t id;

		FUZZ_ASSERT(build_add_indicator(build, &indicator, &id) == 0);
		FUZZ_ASSERT(build_keep_object(build, id, indicator.id, slice_text("{}")) == 0);
		add_texts(build, id, i);
		add_addresses(build, id, i);
	}
	FUZZ_ASSERT(build_write(build, fd, NULL, NULL, &figures) == 0);
	FUZZ_ASSERT(buffer_reserve(&bytes, figures.file_bytes));
	bytes.size = figures.file_bytes;
	FUZZ_ASSERT(pread(fd, bytes.data, bytes.size, 0) == (ssize_t)bytes.size);
	close(fd);
	return bytes;
}

static void ask(struct match_context *context, const struct observable *observable)
{
	const struct match *matches;

	(void)match_find(context, observable, 1, &matches);
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
	struct match_context *context;
	struct database_info info;
	struct buffer json = {};
	size_t sum = 0;

	if (match_context_create(database, &context) == 0) {
		ask_everything(context);
		match_context_free(context);
	}
	database_each_indicator(database, read_record, &sum);
	(void)database_indicator_object(database, 1, &json);
	(void)database_object(database, slice_text("indicator--a"), &json);
	buffer_close(&json);
	database_info(database, &info);
	(void)database_verify(database, NULL, NULL);
	FUZZ_ASSERT(sum < SIZE_MAX);
}

static void change(struct buffer *bytes, const uint8_t *data, size_t size)
{
	struct database_header header;

	for (; size >= CHANGE_BYTES; data += CHANGE_BYTES, size -= CHANGE_BYTES) {
		size_t place = (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;

		bytes->data[place % bytes->size] = data[3];
	}
	memcpy(&header, bytes->data, sizeof(header));
	header.checksum = database_header_checksum(bytes->data);
	memcpy(bytes->data, &header, sizeof(header));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buffer valid;
	struct buffer bytes = {};
	struct database *database;
	int fd = memfd_create("changed", MFD_CLOEXEC);

	if (valid.size == 0)
		valid = make_database();
	buffer_append_slice(&bytes, buffer_slice(&valid));
	FUZZ_ASSERT(!bytes.failed);
	change(&bytes, data, size);
	FUZZ_ASSERT(write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size);
	buffer_close(&bytes);
	if (database_open_fd(fd, "changed", NULL, &database) == 0) {
		use_database(database);
		database_close(database);
	}
	close(fd);
	return 0;
}
