#include <sys/stat.h>
#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "engine/database_format.h"
#include "engine/database_writer.h"
#include "tests/unit/engine/build_fixture.h"

static void add_values(struct build *build, const uint32_t ids[3], bool is_reversed)
{
	static const char *const names[] = {"one.example", "two.example", "three.example",
	                                    "one.example", "a.two.example"};

	for (unsigned i = 0; i < 5; i++) {
		unsigned k = is_reversed ? 4 - i : i;
		char address[32];

		assert_int_equal(
			build_add_name(build, slice_text(names[k]), ids[k % 3], &any_terms), 0);
		snprintf(address, sizeof(address), "192.0.%u.%u%s", k % 2, k, k > 2 ? "/31" : "");
		fixture_add_prefix(build, address, ids[k % 3], &any_terms);
		assert_int_equal(build_add_url(build, slice_text(k % 2 ? "e.com/a" : "e.com/"),
		                               ids[k % 3], &any_terms),
		                 0);
	}
}

// A database with some of everything.
static int write_sample(bool is_reversed, const char *key, struct build_figures *ret_figures)
{
	AUTO(build) build = NULL;
	struct indicator indicator = fixture_indicator("[domain-name:value = 'one.example']");
	uint32_t ids[3];
	int fd = memfd_create("database", MFD_CLOEXEC);

	assert_int_equal(build_create(&build), 0);
	indicator.id = slice_text("indicator--1");
	indicator.name = slice_text("One");
	indicator.valid_until_ns = 5;
	assert_int_equal(build_add_indicator(build, &indicator, &ids[0]), 0);
	ids[1] = fixture_add(build, "two.example");
	ids[2] = fixture_add(build, "three.example");
	assert_int_equal(build_add_report_name(build, ids[1], slice_text("Report B")), 0);
	assert_int_equal(build_add_report_name(build, ids[1], slice_text("Report A")), 0);
	assert_int_equal(build_add_report_name(build, ids[1], slice_text("Report B")), 0);
	assert_int_equal(build_keep_object(build, ids[0], indicator.id, slice_text("{\"a\":1}")),
	                 0);
	build_raise_tlp(build, ids[2], TLP_AMBER);
	add_values(build, ids, is_reversed);
	assert_int_equal(build_write(build, fd, key, NULL, ret_figures), 0);
	return fd;
}

static struct buffer read_file(int fd)
{
	struct buffer bytes = {};
	off_t size = lseek(fd, 0, SEEK_END);

	assert_true(buffer_reserve(&bytes, (size_t)size));
	assert_int_equal(pread(fd, bytes.data, (size_t)size, 0), size);
	bytes.size = (size_t)size;
	close(fd);
	return bytes;
}

static int open_bytes(struct slice bytes, struct report *report, struct database **ret_database)
{
	int fd = memfd_create("database", MFD_CLOEXEC);
	int error;

	assert_int_equal(write(fd, bytes.data, bytes.size), bytes.size);
	error = database_open_fd(fd, "file.skdb", report, ret_database);
	close(fd);
	return error;
}

static void the_same_values_in_another_order_give_the_same_bytes(void **state)
{
	struct build_figures figures;
	struct buffer a = read_file(write_sample(false, NULL, &figures));
	struct buffer b = read_file(write_sample(true, NULL, &figures));

	(void)state;
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	assert_int_equal(figures.indicators, 3);
	assert_int_equal(figures.names, 4);
	assert_int_equal(figures.urls, 2);
	assert_int_equal(figures.ipv4_hosts, 3);
	assert_int_equal(figures.ipv4_networks, 2);
	assert_int_equal(figures.file_bytes, a.size);
	buffer_close(&a);
	buffer_close(&b);
}

static void records_come_back_as_they_were_given(void **state)
{
	struct build_figures figures;
	AUTO(database) database = NULL;
	struct indicator indicator;
	struct buffer json = {};
	int fd = write_sample(false, NULL, &figures);

	(void)state;
	assert_int_equal(database_open_fd(fd, "x", NULL, &database), 0);
	close(fd);
	assert_true(database_indicator(database, 1, &indicator));
	assert_true(slice_is(indicator.id, "indicator--1"));
	assert_true(slice_is(indicator.name, "One"));
	assert_true(slice_is(indicator.value, "[domain-name:value = 'one.example']"));
	assert_true(slice_is(indicator.source, "feed"));
	assert_int_equal(indicator.valid_until_ns, 5);
	assert_int_equal(indicator.confidence, CONFIDENCE_NONE);
	assert_true(database_indicator(database, 2, &indicator));
	assert_true(slice_is(indicator.report_names, "Report B\nReport A"));
	assert_int_equal(indicator.id.size, 0);
	assert_true(indicator.valid_until_ns == TIMESTAMP_MAX);
	assert_true(database_indicator(database, 3, &indicator));
	assert_int_equal(indicator.tlp, TLP_AMBER);
	assert_false(database_indicator(database, 0, &indicator));
	assert_false(database_indicator(database, 4, &indicator));
	assert_int_equal(database_indicator_object(database, 1, &json), 0);
	assert_true(slice_is(buffer_slice(&json), "{\"a\":1}"));
	buffer_close(&json);
}

static void what_is_no_database_is_said_to_be_none(void **state)
{
	struct build_figures figures;
	struct buffer whole = read_file(write_sample(false, NULL, &figures));
	const struct {
		size_t offset;
		size_t size;
		const char *detail;
	} cases[] = {
		{0, whole.size, "not an indicator database"},
		{8, whole.size, "of another format version: compile it again"},
		{40, whole.size, "its header is damaged"},
		{4096, whole.size - 64, "truncated"},
		{4096, 100, "too short to be an indicator database"},
		{4096, 0, "too short to be an indicator database"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct report report = {};
		struct database *database;

		whole.data[cases[i].offset] ^= 1;
		assert_int_equal(
			open_bytes(slice_of(whole.data, cases[i].size), &report, &database),
			-EINVAL);
		assert_string_equal(report.reasons[0].reason, "not a usable database");
		assert_string_equal(report.reasons[0].examples[0].object, "file.skdb");
		assert_string_equal(report.reasons[0].examples[0].detail, cases[i].detail);
		whole.data[cases[i].offset] ^= 1;
		report_clear(&report);
	}
	buffer_close(&whole);
}

static void verify_finds_a_changed_byte_of_any_section(void **state)
{
	struct build_figures figures;
	struct buffer whole = read_file(write_sample(false, NULL, &figures));
	AUTO(database) good = NULL;
	struct database_info info;

	(void)state;
	assert_int_equal(open_bytes(buffer_slice(&whole), NULL, &good), 0);
	assert_int_equal(database_verify(good, NULL, NULL), 0);
	database_info(good, &info);
	assert_true(info.section_count > 10);
	for (unsigned i = 0; i < info.section_count; i++) {
		AUTO(database) bad = NULL;
		struct report report = {};
		const char *name;
		uint64_t offset;
		uint64_t bytes;

		database_section(good, i, &name, &offset, &bytes);
		whole.data[offset + bytes / 2] ^= 0x10;
		// Damage may be seen at once; if not, then here.
		if (open_bytes(buffer_slice(&whole), NULL, &bad) == 0) {
			assert_int_equal(database_verify(bad, NULL, &report), -EBADMSG);
			assert_string_equal(report.reasons[0].examples[0].object, name);
		}
		whole.data[offset + bytes / 2] ^= 0x10;
		report_clear(&report);
	}
	buffer_close(&whole);
}

static void verify_finds_what_is_hidden_between_sections(void **state)
{
	struct build_figures figures;
	struct buffer whole = read_file(write_sample(false, NULL, &figures));
	AUTO(database) good = NULL;
	AUTO(database) bad = NULL;
	struct report report = {};
	const char *name;
	uint64_t offset, next, bytes;

	(void)state;
	assert_int_equal(open_bytes(buffer_slice(&whole), NULL, &good), 0);
	database_section(good, 1, &name, &next, &bytes);
	database_section(good, 0, &name, &offset, &bytes);
	for (unsigned i = 1; next == offset + bytes; i++) {
		database_section(good, i, &name, &offset, &bytes);
		database_section(good, i + 1, &name, &next, &(uint64_t){0});
	}
	whole.data[offset + bytes] = 1;
	assert_int_equal(open_bytes(buffer_slice(&whole), NULL, &bad), 0);
	assert_int_equal(database_verify(bad, NULL, &report), -EBADMSG);
	assert_string_equal(report.reasons[0].examples[0].object, "padding");
	report_clear(&report);
	buffer_close(&whole);
}

static void write_keys(const char *private_path, const char *public_path)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	FILE *file = fopen(private_path, "we");

	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	file = fopen(public_path, "we");
	assert_int_equal(PEM_write_PUBKEY(file, key), 1);
	fclose(file);
	EVP_PKEY_free(key);
}

static void a_signature_is_checked_against_the_key(void **state)
{
	char folder[] = "/tmp/test-database-XXXXXX";
	char paths[4][64];
	struct build_figures figures;
	AUTO(database) is_signed = NULL;
	AUTO(database) is_unsigned = NULL;
	struct report report = {};
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (unsigned i = 0; i < 4; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%u.pem", folder, i);
	write_keys(paths[0], paths[1]);
	write_keys(paths[2], paths[3]);
	fd = write_sample(false, paths[0], &figures);
	assert_int_equal(database_open_fd(fd, "x", NULL, &is_signed), 0);
	close(fd);
	fd = write_sample(false, NULL, &figures);
	assert_int_equal(database_open_fd(fd, "x", NULL, &is_unsigned), 0);
	close(fd);
	assert_int_equal(database_verify(is_signed, paths[1], &report), 0);
	assert_int_equal(report.count, 0);
	assert_int_equal(database_verify(is_signed, paths[3], &report), -EKEYREJECTED);
	assert_int_equal(database_verify(is_signed, paths[0], &report), -EKEYREJECTED);
	assert_int_equal(database_verify(is_signed, "/nowhere", &report), -EKEYREJECTED);
	assert_int_equal(database_verify(is_unsigned, paths[1], &report), -EKEYREJECTED);
	assert_int_equal(report.count, 4);
	report_clear(&report);
	for (unsigned i = 0; i < 4; i++)
		unlink(paths[i]);
	rmdir(folder);
}

static void a_refused_key_stops_the_build(void **state)
{
	AUTO(build) build = NULL;
	struct build_figures figures;
	struct report report = {};
	int fd = memfd_create("database", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_write(build, fd, "/nowhere.pem", &report, &figures), -EKEYREJECTED);
	assert_string_equal(report.reasons[0].examples[0].object, "/nowhere.pem");
	report_clear(&report);
	close(fd);
}

static void an_empty_database_matches_nothing(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	database = fixture_open(build);
	assert_string_equal(fixture_match(database, fixture_address("192.0.2.1")), "");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "a.b")), "");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_URL, "http://a/")), "");
	assert_int_equal(database_verify(database, NULL, NULL), 0);
}

static struct database *open_store_ids(const uint64_t store_ids[], unsigned count)
{
	AUTO(build) build = NULL;
	struct indicator indicator = fixture_indicator("x");
	uint32_t id = 0;

	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < count; i++) {
		indicator.store_id = store_ids[i];
		indicator.tags = slice_text(i == 1 ? "mail\nproxy" : "");
		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	}
	if (count > 2)
		build_withdraw_indicator(build, 2);
	return fixture_open(build);
}

static void the_row_of_the_store_is_kept_and_found(void **state)
{
	static const uint64_t ascending[] = {3, 7, 7, 9};
	static const uint64_t mixed[] = {9, 3, 0, 7};
	AUTO(database) bisected = open_store_ids(ascending, 4);
	AUTO(database) walked = open_store_ids(mixed, 4);
	struct indicator indicator;

	(void)state;
	assert_true(database_indicator(bisected, 4, &indicator));
	assert_int_equal(indicator.store_id, 9);
	assert_int_equal(database_indicator_of_store(bisected, 3), 1);
	assert_int_equal(database_indicator_of_store(bisected, 7), 3); // 2 is withdrawn
	assert_int_equal(database_indicator_of_store(bisected, 9), 4);
	assert_int_equal(database_indicator_of_store(bisected, 8), NO_INDICATOR);
	assert_int_equal(database_indicator_of_store(bisected, 10), NO_INDICATOR);
	assert_int_equal(database_indicator_of_store(bisected, 0), NO_INDICATOR);
	assert_int_equal(database_indicator_of_store(walked, 9), 1);
	assert_int_equal(database_indicator_of_store(walked, 3), NO_INDICATOR);
	assert_int_equal(database_indicator_of_store(walked, 7), 4);
	assert_int_equal(database_indicator_of_store(walked, 0), NO_INDICATOR);
}

static bool has_section(const struct database *database, const char *wanted)
{
	struct database_info info;

	database_info(database, &info);
	for (unsigned i = 0; i < info.section_count; i++) {
		const char *name;
		uint64_t offset, bytes;

		database_section(database, i, &name, &offset, &bytes);
		if (strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

static void databases_of_feeds_have_no_ids_of_a_store(void **state)
{
	static const uint64_t none[] = {0, 0};
	static const uint64_t late[] = {0, 5};
	AUTO(database) feeds = open_store_ids(none, 2);
	AUTO(database) store = open_store_ids(late, 2);
	struct indicator indicator;

	(void)state;
	assert_false(has_section(feeds, "store-ids"));
	assert_false(has_section(feeds, "origin"));
	assert_false(has_section(feeds, "veto"));
	assert_int_equal(database_indicator_of_store(feeds, 0), NO_INDICATOR);
	assert_true(has_section(store, "store-ids"));
	assert_int_equal(database_indicator_of_store(store, 5), 2);
	assert_true(database_indicator(feeds, 2, &indicator));
	assert_true(slice_is(indicator.tags, "mail\nproxy"));
	assert_true(database_indicator(feeds, 1, &indicator));
	assert_int_equal(indicator.tags.size, 0);
}

static void a_database_says_what_it_was_made_from(void **state)
{
	const struct build_origin given = {.store_uuid = {1, 2, 3}, .change = 77};
	struct build_origin origin;
	AUTO(build) build = NULL;
	AUTO(build) plain = NULL;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_create(&plain), 0);
	fixture_add(build, "x");
	build_set_origin(build, &given);

	AUTO(database) database = fixture_open(build);
	AUTO(database) feeds = fixture_open(plain);
	assert_true(database_origin(database, &origin));
	assert_memory_equal(&origin, &given, sizeof(given));
	assert_false(database_origin(feeds, &origin));
}

static void a_named_pipe_is_refused_and_not_waited_for(void **state)
{
	char folder[] = "/tmp/sekisho-database-XXXXXX";
	char path[sizeof(folder) + 8];
	struct report report = {0};
	struct database *database;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(database_open(path, &report, &database), -EINVAL);
	report_clear(&report);
	(void)unlink(path);
	(void)rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_values_in_another_order_give_the_same_bytes),
		cmocka_unit_test(records_come_back_as_they_were_given),
		cmocka_unit_test(what_is_no_database_is_said_to_be_none),
		cmocka_unit_test(verify_finds_a_changed_byte_of_any_section),
		cmocka_unit_test(verify_finds_what_is_hidden_between_sections),
		cmocka_unit_test(a_signature_is_checked_against_the_key),
		cmocka_unit_test(a_refused_key_stops_the_build),
		cmocka_unit_test(an_empty_database_matches_nothing),
		cmocka_unit_test(the_row_of_the_store_is_kept_and_found),
		cmocka_unit_test(databases_of_feeds_have_no_ids_of_a_store),
		cmocka_unit_test(a_database_says_what_it_was_made_from),
		cmocka_unit_test(a_named_pipe_is_refused_and_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
