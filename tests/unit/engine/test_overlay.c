// Base, overlay and state file opened as one, and changed while readers look.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "engine/database_format.h"
#include "base/buffer.h"
#include "engine/overlay.h"
#include "tests/unit/engine/build_fixture.h"

enum { PATH_BYTES = 256 };

struct place {
	char folder[PATH_BYTES];
	char path[PATH_BYTES + 16];
};

static void remove_beside(const struct place *place, const char *suffix)
{
	char name[PATH_BYTES + 32];

	(void)snprintf(name, sizeof(name), "%s%s", place->path, suffix);
	(void)unlink(name);
}

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	const char *temporary = getenv("TMPDIR");

	(void)snprintf(place->folder, sizeof(place->folder), "%s/sekisho-overlay-XXXXXX",
	               temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(place->folder) == NULL)
		return -1;
	(void)snprintf(place->path, sizeof(place->path), "%s/x.skdb", place->folder);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	int error;

	remove_beside(place, "");
	remove_beside(place, ".overlay");
	remove_beside(place, ".state");
	error = rmdir(place->folder); // nothing temporary stays
	free(place);
	return error;
}

static bool has_beside(const struct place *place, const char *suffix)
{
	char name[PATH_BYTES + 32];

	(void)snprintf(name, sizeof(name), "%s%s", place->path, suffix);
	return access(name, F_OK) == 0;
}

// Adds names "NAME" or "ROW:NAME", an indicator each, ROW its row of the store.
static struct build *build_names(const char *const names[])
{
	struct build *build = NULL;

	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; names[i] != NULL; i++) {
		const char *colon = strchr(names[i], ':');
		const char *name = colon != NULL ? colon + 1 : names[i];
		struct indicator indicator = fixture_indicator(name);
		uint32_t id;

		indicator.store_id = colon != NULL ? strtoul(names[i], NULL, 10) : 0;
		indicator.action = ACTION_DROP;
		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
		assert_int_equal(
			build_keep_object(build, id, slice_text("object"), slice_text(name)), 0);
		assert_int_equal(build_add_name(build, slice_text(name), id, &any_terms), 0);
	}
	return build;
}

static void write_base(const struct place *place, const char *const names[])
{
	AUTO(build) build = build_names(names);
	struct build_figures figures;
	int fd = open(place->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(build_write(build, fd, NULL, NULL, &figures), 0);
	close(fd);
}

static struct database *open_place(const struct place *place, uint64_t problem_count)
{
	struct report report = {};
	struct database *database = NULL;

	assert_int_equal(database_open(place->path, &report, &database), 0);
	assert_int_equal(report.count, problem_count);
	report_clear(&report);
	return database;
}

static void add_overlay(const struct place *place, const char *const names[],
                        const uint32_t silent_ids[], size_t silent_count)
{
	AUTO(database) base = open_place(place, 0);
	AUTO(build) additions = build_names(names);
	struct build_figures figures;

	assert_int_equal(overlay_write(place->path, base, additions, silent_ids, silent_count, NULL,
	                               &figures),
	                 0);
}

static const char *match_name(struct database *database, const char *name)
{
	return fixture_match(database, fixture_text(OBSERVABLE_NAME, name));
}

static const char *const base_names[] = {"3:a.example", "5:b.example", "8:c.example", NULL};
static const char *const no_names[] = {NULL};

static void ids_of_the_overlay_follow_those_of_the_base(void **state)
{
	static const char *const more[] = {"d.example", "e.example", "a.example", NULL};
	const struct place *place = *state;
	struct indicator indicator;
	struct database_info info;
	struct buffer json = {};

	write_base(place, base_names);
	add_overlay(place, more, NULL, 0);

	AUTO(database) database = open_place(place, 0);
	assert_string_equal(match_name(database, "a.example"), "1:exact 6:exact");
	assert_string_equal(match_name(database, "x.e.example"), "5:parent");
	assert_string_equal(match_name(database, "c.example"), "3:exact");
	assert_true(database_indicator(database, 4, &indicator));
	assert_true(slice_is(indicator.value, "d.example"));
	assert_true(database_indicator(database, 3, &indicator));
	assert_true(slice_is(indicator.value, "c.example"));
	assert_false(database_indicator(database, 7, &indicator));
	assert_int_equal(database_name_kinds(database, slice_text("e.example"), 5),
	                 ENTRY_EXACT | ENTRY_PARENT);
	assert_int_equal(database_name_kinds(database, slice_text("e.example"), 2), 0);
	assert_int_equal(database_indicator_object(database, 5, &json), 0);
	assert_true(slice_is(buffer_slice(&json), "e.example"));
	buffer_close(&json);
	database_info(database, &info);
	assert_int_equal(info.indicators, 6);
	assert_int_equal(info.overlay_indicators, 3);
	assert_int_equal(info.names, 6);
	assert_true(info.has_overlay);
	assert_int_equal(database_verify(database, NULL, NULL), 0);
}

static void a_running_reader_hears_at_once_what_another_process_silences(void **state)
{
	static const uint32_t second[] = {2};
	const struct place *place = *state;
	int status;

	write_base(place, base_names);
	add_overlay(place, no_names, NULL, 0);
	assert_false(has_beside(place, ".overlay"));
	assert_true(has_beside(place, ".state"));

	AUTO(database) reader = open_place(place, 0);
	AUTO(match_context) context = NULL;
	struct observable observable = fixture_text(OBSERVABLE_NAME, "b.example");
	const struct match *matches;
	assert_int_equal(match_context_create(reader, &context), 0);
	assert_int_equal(match_find(context, &observable, 1, &matches), 1);

	pid_t child = fork();
	if (child == 0) {
		add_overlay(place, no_names, second, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(match_find(context, &observable, 1, &matches), 0);
	assert_true(database_indicator_is_silent(reader, 2));
	assert_false(database_indicator_is_silent(reader, 1));

	struct indicator indicator; // hits of before are still told
	assert_true(database_indicator(reader, 2, &indicator));
}

static bool count_ids(void *context, uint32_t indicator_id, const struct indicator *indicator)
{
	(void)indicator;
	*(uint32_t *)context = *(uint32_t *)context * 10 + indicator_id;
	return true;
}

static void the_overlay_takes_the_place_of_the_same_row_of_the_store(void **state)
{
	static const char *const changed[] = {"5:b2.example", "9:d.example", NULL};
	static const uint32_t second[] = {2};
	const struct place *place = *state;
	struct database_info info;
	uint32_t ids = 0;

	write_base(place, base_names);
	AUTO(database) before = open_place(place, 0);
	add_overlay(place, no_names, NULL, 0);
	AUTO(database) running = open_place(place, 0);
	add_overlay(place, changed, second, 1);

	AUTO(database) database = open_place(place, 0);
	assert_string_equal(match_name(database, "b.example"), "");
	assert_string_equal(match_name(database, "b2.example"), "4:exact");
	assert_int_equal(database_indicator_of_store(database, 5), 4);
	assert_int_equal(database_indicator_of_store(database, 9), 5);
	assert_int_equal(database_indicator_of_store(database, 8), 3);
	assert_int_equal(database_indicator_of_store(database, 7), NO_INDICATOR);
	database_each_indicator(database, count_ids, &ids);
	assert_int_equal(ids, 1345);
	database_info(database, &info);
	assert_int_equal(info.indicators, 4);
	assert_int_equal(info.replaced_indicators, 1);
	assert_int_equal(info.silent_indicators, 0);
	// Never seen as nothing: who has no overlay yet still has what it replaces.
	assert_string_equal(match_name(running, "b.example"), "2:exact");
	assert_string_equal(match_name(before, "b.example"), "2:exact");
}

static void what_leaves_the_overlay_does_not_come_back(void **state)
{
	static const char *const changed[] = {"5:b2.example", "8:c2.example", NULL};
	static const char *const less[] = {"8:c2.example", NULL};
	const struct place *place = *state;
	struct database_info info;

	write_base(place, base_names);
	add_overlay(place, changed, NULL, 0);
	add_overlay(place, less, NULL, 0);

	AUTO(database) database = open_place(place, 0);
	assert_string_equal(match_name(database, "b.example"), "");
	assert_string_equal(match_name(database, "b2.example"), "");
	assert_string_equal(match_name(database, "c.example"), "");
	assert_string_equal(match_name(database, "c2.example"), "4:exact");
	database_info(database, &info);
	assert_int_equal(info.silent_indicators, 1);
	assert_int_equal(info.replaced_indicators, 1);
	assert_int_equal(info.indicators, 2);

	add_overlay(place, no_names, NULL, 0);
	assert_false(has_beside(place, ".overlay"));
	AUTO(database) after = open_place(place, 0);
	assert_string_equal(match_name(after, "c.example"), "");
	assert_string_equal(match_name(after, "a.example"), "1:exact");
}

static void rows_in_no_order_are_replaced_as_well(void **state)
{
	static const char *const mixed[] = {"8:a.example", "3:b.example", "5:c.example",
	                                    "5:d.example", NULL};
	static const char *const ordered[] = {"3:a.example", "5:c.example", "5:d.example", NULL};
	static const char *const changed[] = {"5:x.example", NULL};
	const struct place *place = *state;

	for (unsigned i = 0; i < 2; i++) {
		write_base(place, i == 0 ? mixed : ordered);
		assert_int_equal(overlay_remove(place->path), 0);
		add_overlay(place, changed, NULL, 0);

		AUTO(database) database = open_place(place, 0);
		assert_string_equal(match_name(database, "c.example"), "");
		assert_string_equal(match_name(database, "d.example"), "");
		assert_string_equal(match_name(database, "a.example"), "1:exact");
	}
}

static void what_belongs_to_another_base_is_left_aside(void **state)
{
	static const char *const more[] = {"d.example", NULL};
	static const char *const other[] = {"other.example", "a.example", "b.example", NULL};
	static const uint32_t first[] = {1};
	const struct place *place = *state;

	write_base(place, base_names);
	add_overlay(place, more, first, 1);
	remove_beside(place, ""); // never written over while it may be open
	write_base(place, other);

	AUTO(database) database = open_place(place, 2); // both are reported
	assert_string_equal(match_name(database, "d.example"), "");
	assert_string_equal(match_name(database, "other.example"), "1:exact");
	assert_int_equal(overlay_remove(place->path), 0);
	assert_int_equal(overlay_remove(place->path), 0);
	AUTO(database) clean = open_place(place, 0);
	assert_non_null(clean);
}

static void a_damaged_part_is_left_aside(void **state)
{
	static const char *const more[] = {"d.example", NULL};
	static const uint32_t first[] = {1};
	const struct place *place = *state;
	char name[PATH_BYTES + 32];

	write_base(place, base_names);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(overlay_remove(place->path), 0);
		add_overlay(place, more, first, 1);
		(void)snprintf(name, sizeof(name), "%s%s", place->path, i ? ".state" : ".overlay");
		assert_int_equal(truncate(name, i == 0 ? 5000 : 70), 0);

		struct report report = {};
		AUTO(database) database = NULL;
		assert_int_equal(database_open(place->path, &report, &database), 0);
		assert_true(report.count > 0);
		report_clear(&report);
		assert_string_equal(match_name(database, "c.example"), "3:exact");
		assert_string_equal(match_name(database, "a.example"), i ? "1:exact" : "");
		assert_string_equal(match_name(database, "d.example"), i ? "4:exact" : "");
	}
}

static void an_overlay_of_another_base_is_refused(void **state)
{
	static const char *const other[] = {"other.example", NULL};
	static const uint32_t beyond[] = {4};
	const struct place *place = *state;
	AUTO(build) additions = build_names(other);
	struct build_figures figures;

	write_base(place, other);
	AUTO(database) base = open_place(place, 0);
	assert_int_equal(overlay_write(place->path, base, NULL, beyond, 1, NULL, &figures),
	                 -EINVAL);
	remove_beside(place, "");
	write_base(place, base_names);
	assert_int_equal(overlay_write(place->path, base, additions, NULL, 0, NULL, &figures),
	                 -EINVAL);
	assert_false(has_beside(place, ".overlay"));
	assert_false(has_beside(place, ".state"));
}

static void the_same_additions_give_the_same_overlay(void **state)
{
	static const char *const more[] = {"5:b2.example", "d.example", NULL};
	const struct place *place = *state;
	uint8_t ids[2][32];

	write_base(place, base_names);
	for (unsigned i = 0; i < 2; i++) {
		struct database_info info;

		add_overlay(place, more, NULL, 0);
		AUTO(database) database = open_place(place, 0);
		database_info(database, &info);
		memcpy(ids[i], info.overlay_build_id, sizeof(ids[i]));
	}
	assert_memory_equal(ids[0], ids[1], sizeof(ids[0]));
}

static void veto_sets_of_base_and_overlay_both_count(void **state)
{
	static const char *const own[] = {"a.example", NULL};
	static const char *const theirs[] = {"d.example", NULL};
	static const char *const more[] = {"d.example", NULL};
	const struct place *place = *state;
	struct build_figures figures;
	AUTO(build) build = build_names(base_names);
	AUTO(build) additions = build_names(more);
	int fd = open(place->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	build_set_veto(build, build_names(theirs));
	assert_int_equal(build_write(build, fd, NULL, NULL, &figures), 0);
	close(fd);

	AUTO(database) base = open_place(place, 0);
	build_set_veto(additions, build_names(own));
	assert_int_equal(overlay_write(place->path, base, additions, NULL, 0, NULL, &figures), 0);

	AUTO(database) database = open_place(place, 0);
	AUTO(match_context) context = NULL;
	struct observable observables[] = {fixture_text(OBSERVABLE_NAME, "a.example"),
	                                   fixture_text(OBSERVABLE_NAME, "b.example"),
	                                   fixture_text(OBSERVABLE_NAME, "d.example")};
	const struct match *matches;
	struct database_info info;

	assert_int_equal(match_context_create(database, &context), 0);
	assert_int_equal(match_find(context, observables, 3, &matches), 3);
	assert_true(matches[0].is_vetoed);
	assert_int_equal(matches[1].action, ACTION_DROP);
	assert_true(matches[2].is_vetoed);
	database_info(database, &info);
	assert_int_equal(info.veto_names, 2);
	assert_int_equal(info.veto_indicators, 2);
	assert_int_equal(database_verify(database, NULL, NULL), 0);
}

static void a_veto_alone_makes_an_overlay(void **state)
{
	static const char *const own[] = {"a.example", NULL};
	const struct place *place = *state;
	AUTO(build) additions = build_names(no_names);
	struct build_figures figures;

	write_base(place, base_names);
	AUTO(database) base = open_place(place, 0);
	build_set_veto(additions, build_names(own));
	assert_int_equal(overlay_write(place->path, base, additions, NULL, 0, NULL, &figures), 0);

	AUTO(database) database = open_place(place, 0);
	AUTO(match_context) context = NULL;
	struct observable observable = fixture_text(OBSERVABLE_NAME, "a.example");
	const struct match *matches;
	assert_int_equal(match_context_create(database, &context), 0);
	assert_int_equal(match_find(context, &observable, 1, &matches), 1);
	assert_true(matches[0].is_vetoed);
}

static void damage_is_found_in_every_part(void **state)
{
	static const char *const more[] = {"d.example", NULL};
	static const char *const own[] = {"a.example", NULL};
	static const uint32_t first[] = {1};
	const struct place *place = *state;
	AUTO(build) additions = build_names(more);
	struct build_figures figures;
	char name[PATH_BYTES + 32];
	uint8_t byte = 0x80;

	write_base(place, base_names);
	AUTO(database) base = open_place(place, 0);
	build_set_veto(additions, build_names(own));
	assert_int_equal(overlay_write(place->path, base, additions, first, 1, NULL, &figures), 0);
	for (unsigned i = 0; i < 2; i++) {
		AUTO(database) database = NULL;
		(void)snprintf(name, sizeof(name), "%s%s", place->path, i ? ".state" : ".overlay");
		int fd = open(name, O_RDWR | O_CLOEXEC);
		struct stat status;
		uint8_t kept;
		off_t at;

		assert_int_equal(fstat(fd, &status), 0);
		at = i ? 70 : status.st_size - 1;
		assert_int_equal(pread(fd, &kept, 1, at), 1);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		database = open_place(place, 0);
		assert_int_equal(database_verify(database, NULL, NULL), -EBADMSG);
		assert_int_equal(pwrite(fd, &kept, 1, at), 1);
		assert_int_equal(database_verify(database, NULL, NULL), 0);
		close(fd);
	}
}

static void parts_have_the_mode_of_the_base(void **state)
{
	static const char *const more[] = {"d.example", NULL};
	const struct place *place = *state;
	char name[PATH_BYTES + 32];
	struct stat base, part;

	write_base(place, base_names);
	add_overlay(place, more, NULL, 0);
	assert_int_equal(stat(place->path, &base), 0);
	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", place->path, i ? ".state" : ".overlay");
		assert_int_equal(stat(name, &part), 0);
		assert_int_equal(part.st_mode, base.st_mode);
	}
}

static void a_descriptor_opens_only_itself(void **state)
{
	static const char *const more[] = {"d.example", NULL};
	static const uint32_t first[] = {1};
	const struct place *place = *state;
	AUTO(database) database = NULL;
	int fd;

	write_base(place, base_names);
	add_overlay(place, more, first, 1);
	fd = open(place->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(database_open_fd(fd, place->path, NULL, &database), 0);
	close(fd);
	assert_string_equal(match_name(database, "d.example"), "");
	assert_string_equal(match_name(database, "a.example"), "1:exact");
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

static void a_signed_base_needs_a_signed_overlay(void **state)
{
	static const char *const more[] = {"d.example", NULL};
	const struct place *place = *state;
	AUTO(build) build = build_names(base_names);
	struct build_figures figures;
	char paths[2][PATH_BYTES + 32];
	int fd = open(place->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	for (unsigned i = 0; i < 2; i++)
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", place->folder,
		               i ? "public.pem" : "private.pem");
	write_keys(paths[0], paths[1]);
	assert_int_equal(build_write(build, fd, paths[0], NULL, &figures), 0);
	close(fd);
	for (unsigned is_signed = 0; is_signed < 2; is_signed++) {
		AUTO(build) additions = build_names(more);
		AUTO(database) base = open_place(place, 0);

		build_set_sign_key(additions, is_signed ? paths[0] : NULL);
		assert_int_equal(
			overlay_write(place->path, base, additions, NULL, 0, NULL, &figures), 0);
		AUTO(database) database = open_place(place, 0);
		assert_int_equal(database_verify(database, NULL, NULL), 0);
		assert_int_equal(database_verify(database, paths[1], NULL),
		                 is_signed ? 0 : -EKEYREJECTED);
	}
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(unlink(paths[i]), 0);
}

int main(void)
{
#define OVERLAY_TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
		OVERLAY_TEST(ids_of_the_overlay_follow_those_of_the_base),
		OVERLAY_TEST(a_running_reader_hears_at_once_what_another_process_silences),
		OVERLAY_TEST(the_overlay_takes_the_place_of_the_same_row_of_the_store),
		OVERLAY_TEST(what_leaves_the_overlay_does_not_come_back),
		OVERLAY_TEST(rows_in_no_order_are_replaced_as_well),
		OVERLAY_TEST(what_belongs_to_another_base_is_left_aside),
		OVERLAY_TEST(a_damaged_part_is_left_aside),
		OVERLAY_TEST(an_overlay_of_another_base_is_refused),
		OVERLAY_TEST(the_same_additions_give_the_same_overlay),
		OVERLAY_TEST(veto_sets_of_base_and_overlay_both_count),
		OVERLAY_TEST(a_veto_alone_makes_an_overlay),
		OVERLAY_TEST(damage_is_found_in_every_part),
		OVERLAY_TEST(parts_have_the_mode_of_the_base),
		OVERLAY_TEST(a_descriptor_opens_only_itself),
		OVERLAY_TEST(a_signed_base_needs_a_signed_overlay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
