// The store's votes under a policy: what is dropped, what never is, and how changes arrive.
#include <errno.h>

#include "tests/unit/loader/compile_fixture.h"

static void a_row_decides_for_the_votes_it_fits(void **state)
{
	static const char *const groups[] = {"C2"};
	static const char *const tags[] = {"edge", "branch"};
	struct compile_fixture fixture;
	struct policy_row *row;
	struct indicator record;

	(void)state;
	compile_fixture_open(&fixture);
	row = compile_fixture_row(&fixture, ACTION_DROP);
	row->groups = groups;
	row->group_count = 1;
	row->tags = tags;
	row->tag_count = 2;
	compile_fixture_row(&fixture, ACTION_ALERT);
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "c2", "C2", SOURCE_INDICATORS),
	                        "evil.example\n192.0.2.7\n");
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "ais", "AIS", SOURCE_INDICATORS),
	                        "odd.example\n");
	compile_fixture_base(&fixture);
	compile_fixture_assert(&fixture, "evil.example", 'd');
	compile_fixture_assert(&fixture, "www.evil.example", 'd');
	compile_fixture_assert(&fixture, "192.0.2.7", 'd');
	compile_fixture_assert(&fixture, "odd.example", 'a');
	compile_fixture_assert(&fixture, "good.example", '-');
	assert_int_equal(fixture.result.votes, 3);
	assert_int_equal(fixture.result.actions[ACTION_DROP], 2);
	assert_int_equal(fixture.result.rows[0].actions[ACTION_DROP], 2);
	assert_int_equal(fixture.result.sources[1].actions[ACTION_ALERT], 1);
	assert_string_equal(fixture.result.sources[1].name, "ais");
	assert_true(database_indicator(fixture.database, 1, &record));
	assert_true(slice_is(record.tags, "edge\nbranch"));
	assert_true(slice_is(record.source, "c2"));
	assert_int_equal(record.store_id, 1);
	compile_fixture_close(&fixture);
}

static void ignored_expired_and_benign_values_are_not_compiled(void **state)
{
	static const char *const sources[] = {"ignored"};
	const struct feed_options benign = {.format = FEED_TEXT, .is_known_benign = true};
	struct compile_fixture fixture;
	struct policy_row *row;

	(void)state;
	compile_fixture_open(&fixture);
	row = compile_fixture_row(&fixture, ACTION_IGNORE);
	row->sources = sources;
	row->source_count = 1;
	compile_fixture_row(&fixture, ACTION_DROP);
	compile_fixture_deliver(
		&fixture, compile_fixture_source(&fixture, "ignored", NULL, SOURCE_INDICATORS),
		"ignored.example\n");
	compile_fixture_deliver_as(
		&fixture, compile_fixture_source(&fixture, "list", NULL, SOURCE_KNOWN_BENIGN),
		&benign, "benign.example\n");
	compile_fixture_deliver(
		&fixture, compile_fixture_source(&fixture, "stix", NULL, SOURCE_INDICATORS),
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":"
		"\"indicator--11111111-1111-4111-8111-111111111111\","
		"\"created\":\"2020-01-01T00:00:00Z\",\"modified\":\"2020-01-01T00:00:00Z\","
		"\"pattern\":\"[domain-name:value = 'old.example']\",\"pattern_type\":\"stix\","
		"\"valid_from\":\"2020-01-01T00:00:00Z\",\"valid_until\":\"2021-01-01T00:00:"
		"00Z\"}");
	compile_fixture_base(&fixture);
	compile_fixture_assert(&fixture, "ignored.example", '-');
	compile_fixture_assert(&fixture, "benign.example", '-');
	compile_fixture_assert(&fixture, "old.example", '-');
	assert_int_equal(fixture.result.ignored, 1);
	assert_int_equal(fixture.result.expired, 1);
	assert_int_equal(fixture.result.known_benign, 1);
	compile_fixture_close(&fixture);
}

static void names_below_a_pattern_are_dropped_only_where_a_source_means_them(void **state)
{
	static const char bundle[] =
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":"
		"\"indicator--11111111-1111-4111-8111-111111111111\","
		"\"created\":\"2020-01-01T00:00:00Z\",\"modified\":\"2020-01-01T00:00:00Z\","
		"\"pattern\":\"[domain-name:value = 'evil.example']\",\"pattern_type\":\"stix\","
		"\"valid_from\":\"2020-01-01T00:00:00Z\"}";
	struct source_config configured = {.name = "stix", .reliability = 80};
	struct compile_fixture fixture;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "stix", NULL, SOURCE_INDICATORS),
	                        bundle);
	compile_fixture_base(&fixture);
	compile_fixture_assert(&fixture, "evil.example", 'd');
	compile_fixture_assert(&fixture, "www.evil.example", 'a');
	fixture.config.sources = &configured;
	fixture.config.source_count = 1;
	configured.has_same_subdomains = true;
	compile_fixture_update(&fixture);
	assert_false(fixture.result.is_unchanged);
	compile_fixture_assert(&fixture, "www.evil.example", 'd');
	compile_fixture_close(&fixture);
}

static void quorums_count_sources_whose_votes_live(void **state)
{
	struct compile_fixture fixture;
	uint32_t sources[3];

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP)->sources_min = 2;
	compile_fixture_row(&fixture, ACTION_LOG);
	sources[0] = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	sources[1] = compile_fixture_source(&fixture, "b", NULL, SOURCE_INDICATORS);
	sources[2] = compile_fixture_source(&fixture, "c", "BKMW_ATTK", SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, sources[0], "one.example\ntwo.example\nsite.example\n");
	compile_fixture_deliver(&fixture, sources[1], "two.example\n");
	compile_fixture_deliver(&fixture, sources[2], "site.example\n");
	compile_fixture_base(&fixture);
	compile_fixture_assert(&fixture, "one.example", 'l');
	compile_fixture_assert(&fixture, "two.example", 'd');
	compile_fixture_assert(&fixture, "site.example", 'l'); // who is attacked does not vote

	compile_fixture_deliver(&fixture, sources[1], "one.example\n");
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	compile_fixture_assert(&fixture, "one.example", 'd');
	compile_fixture_assert(&fixture, "two.example", 'l');
	compile_fixture_close(&fixture);
}

static void who_shared_a_value_with_a_discarded_vote_stays(void **state)
{
	struct compile_fixture fixture;
	uint32_t sources[2];
	uint64_t purged;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP)->sources_min = 2;
	compile_fixture_row(&fixture, ACTION_LOG);
	sources[0] = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	sources[1] = compile_fixture_source(&fixture, "b", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, sources[0], "one.example\n");
	compile_fixture_deliver(&fixture, sources[1], "other.example\n");
	compile_fixture_base(&fixture);
	compile_fixture_deliver(&fixture, sources[1], "one.example\nother.example\n");
	compile_fixture_update(&fixture);
	compile_fixture_assert(&fixture, "one.example", 'd');

	compile_fixture_deliver(&fixture, sources[1], "other.example\n");
	assert_int_equal(
		store_purge(fixture.store.store, COMPILE_NOW_NS, false, NULL, NULL, &purged), 0);
	assert_int_equal(purged, 1);
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	compile_fixture_assert(&fixture, "one.example", 'l');
	compile_fixture_close(&fixture);
}

static void changes_arrive_without_a_new_base(void **state)
{
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	source_id = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, source_id, "stays.example\ngoes.example\n");
	compile_fixture_update(&fixture);
	assert_false(fixture.result.is_overlay || fixture.result.is_unchanged);
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_unchanged);

	compile_fixture_deliver(&fixture, source_id, "stays.example\ncomes.example\n");
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	assert_int_equal(fixture.result.votes, 1);
	compile_fixture_assert(&fixture, "stays.example", 'd');
	compile_fixture_assert(&fixture, "comes.example", 'd');
	compile_fixture_assert(&fixture, "goes.example", '-');
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_unchanged);

	compile_fixture_deliver(&fixture, source_id, "goes.example\n");
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	compile_fixture_assert(&fixture, "stays.example", '-');
	compile_fixture_assert(&fixture, "comes.example", '-');
	compile_fixture_assert(&fixture, "goes.example", 'd');
	compile_fixture_base(&fixture);
	compile_fixture_assert(&fixture, "stays.example", '-');
	compile_fixture_assert(&fixture, "goes.example", 'd');
	compile_fixture_close(&fixture);
}

static void what_an_overlay_adds_meets_the_veto_set_of_the_base(void **state)
{
	static const char *const names[] = {"own.example"};
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	fixture.config.own_names = names;
	fixture.config.own_name_count = 1;
	source_id = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, source_id, "evil.example\n");
	compile_fixture_update(&fixture);
	compile_fixture_deliver(&fixture, source_id,
	                        "evil.example\nwww.own.example\nbad.example\n");
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	assert_int_equal(fixture.result.vetoed, 1);
	compile_fixture_assert(&fixture, "www.own.example", 'a');
	compile_fixture_assert(&fixture, "bad.example", 'd');
	compile_fixture_close(&fixture);
}

static void what_decides_otherwise_makes_a_new_base(void **state)
{
	static const char *const names[] = {"evil.example"};
	const struct feed_options benign = {.format = FEED_TEXT, .is_known_benign = true};
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	source_id = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, source_id, "evil.example\nbad.example\n");
	compile_fixture_update(&fixture);
	compile_fixture_assert(&fixture, "evil.example", 'd');

	fixture.rows[0].action = ACTION_ALERT; // the policy
	compile_fixture_update(&fixture);
	assert_false(fixture.result.is_overlay || fixture.result.is_unchanged);
	compile_fixture_assert(&fixture, "evil.example", 'a');

	fixture.rows[0].action = ACTION_DROP; // one's own
	fixture.config.own_names = names;
	fixture.config.own_name_count = 1;
	compile_fixture_update(&fixture);
	assert_false(fixture.result.is_overlay || fixture.result.is_unchanged);
	compile_fixture_assert(&fixture, "evil.example", 'a');

	compile_fixture_deliver_as(
		&fixture, // what is known-benign
		compile_fixture_source(&fixture, "list", NULL, SOURCE_INDICATORS), &benign,
		"bad.example\n");
	compile_fixture_update(&fixture);
	assert_false(fixture.result.is_overlay || fixture.result.is_unchanged);
	compile_fixture_assert(&fixture, "bad.example", 'a');
	compile_fixture_close(&fixture);
}

static void many_changes_make_a_new_base(void **state)
{
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	fixture.config.overlay_votes_max = 1;
	source_id = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, source_id, "evil.example\n");
	compile_fixture_update(&fixture);
	compile_fixture_deliver(&fixture, source_id, "evil.example\nb.example\n");
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	compile_fixture_deliver(&fixture, source_id, "evil.example\nb.example\nc.example\n");
	compile_fixture_update(&fixture);
	assert_false(fixture.result.is_overlay);
	compile_fixture_assert(&fixture, "c.example", 'd');
	compile_fixture_close(&fixture);
}

static void promoted_votes_are_dropped_by_their_row(void **state)
{
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP)->promoted = 1;
	compile_fixture_row(&fixture, ACTION_LOG);
	source_id = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, source_id, "evil.example\nother.example\n");
	compile_fixture_update(&fixture);
	compile_fixture_assert(&fixture, "evil.example", 'l');
	assert_int_equal(store_promote(fixture.store.store, 1, true, "somebody", "seen"), 0);
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	compile_fixture_assert(&fixture, "evil.example", 'd');
	compile_fixture_assert(&fixture, "other.example", 'l');
	compile_fixture_close(&fixture);
}

static const char stix_bundle[] =
	"{\"type\":\"bundle\",\"id\":\"bundle--11111111-1111-4111-8111-111111111110\",\"objects\":["
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":"
	"\"indicator--11111111-1111-4111-8111-111111111111\","
	"\"created\":\"2020-01-01T00:00:00Z\",\"modified\":\"2020-01-01T00:00:00Z\","
	"\"pattern\":\"[domain-name:value = 'evil.example']\",\"pattern_type\":\"stix\","
	"\"valid_from\":\"2020-01-01T00:00:00Z\",\"object_marking_refs\":"
	"[\"marking-definition--11111111-1111-4111-8111-111111111112\"]},"
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":"
	"\"marking-definition--11111111-1111-4111-8111-111111111112\","
	"\"created\":\"2020-01-01T00:00:00Z\",\"definition_type\":\"tlp\","
	"\"definition\":{\"tlp\":\"red\"}},"
	"{\"type\":\"report\",\"spec_version\":\"2.1\",\"id\":"
	"\"report--11111111-1111-4111-8111-111111111113\",\"name\":\"Operation Example\","
	"\"created\":\"2020-01-01T00:00:00Z\",\"modified\":\"2020-01-01T00:00:00Z\","
	"\"published\":\"2020-01-01T00:00:00Z\",\"object_refs\":"
	"[\"indicator--11111111-1111-4111-8111-111111111111\"]}]}";

static void objects_of_the_store_settle_sharing_and_reports(void **state)
{
	struct compile_fixture fixture;
	struct policy_row *row;
	struct buffer json = {};
	struct indicator record;

	(void)state;
	compile_fixture_open(&fixture);
	row = compile_fixture_row(&fixture, ACTION_DROP);
	row->tlps = 1u << TLP_RED;
	compile_fixture_row(&fixture, ACTION_LOG);
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "stix", NULL, SOURCE_INDICATORS),
	                        stix_bundle);
	compile_fixture_base(&fixture);
	compile_fixture_assert(&fixture, "evil.example", 'd'); // by a TLP that a marking defines
	assert_true(database_indicator(fixture.database, 1, &record));
	assert_int_equal(record.tlp, TLP_RED);
	assert_true(slice_is(record.report_names, "Operation Example"));
	assert_int_equal(database_indicator_object(fixture.database, 1, &json), 0);
	assert_non_null(memmem(json.data, json.size, "evil.example", 12));
	buffer_close(&json);
	compile_fixture_close(&fixture);
}

static void the_same_store_gives_the_same_database(void **state)
{
	struct compile_fixture fixture;
	struct database_info first, second;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	compile_fixture_deliver(
		&fixture, compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS),
		"bank.example.jp\n*.example.jp\n192.0.2.0/24\nhttp://evil.example/a\n");
	compile_fixture_base(&fixture);
	database_info(fixture.database, &first);
	compile_fixture_base(&fixture);
	database_info(fixture.database, &second);
	assert_memory_equal(first.build_id, second.build_id, sizeof(first.build_id));
	compile_fixture_close(&fixture);
}

// openssl's own words of the keys that are made in the folder of the store.
static bool make_keys(const struct compile_fixture *fixture, char ret_private[160],
                      char ret_public[160])
{
	char command[640];

	(void)snprintf(ret_private, 160, "%s/key.pem", fixture->store.folder);
	(void)snprintf(ret_public, 160, "%s/public.pem", fixture->store.folder);
	(void)snprintf(command, sizeof(command),
	               "openssl genpkey -algorithm ed25519 -out %s && "
	               "openssl pkey -in %s -pubout -out %s",
	               ret_private, ret_private, ret_public);
	return system(command) == 0;
}

static void an_overlay_of_a_signed_database_is_signed(void **state)
{
	struct compile_fixture fixture;
	char private_key[160], public_key[160];
	uint32_t source_id;

	(void)state;
	compile_fixture_open(&fixture);
	if (!make_keys(&fixture, private_key, public_key)) {
		compile_fixture_close(&fixture);
		skip();
	}
	fixture.config.sign_key_path = private_key;
	compile_fixture_row(&fixture, ACTION_DROP);
	source_id = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, source_id, "evil.example\n");
	compile_fixture_update(&fixture);
	compile_fixture_deliver(&fixture, source_id, "evil.example\nbad.example\n");
	compile_fixture_update(&fixture);
	assert_true(fixture.result.is_overlay);
	assert_int_equal(database_verify(fixture.database, public_key, NULL), 0);
	(void)unlink(private_key);
	(void)unlink(public_key);
	compile_fixture_close(&fixture);
}

static bool stop_at_once(void *context, uint64_t votes_done)
{
	(void)context;
	(void)votes_done;
	return false;
}

static void a_failed_compilation_leaves_what_was_there(void **state)
{
	struct compile_fixture fixture;
	struct store_compile_result result = {};
	char *list = malloc(5000 * 20);
	size_t size = 0;

	(void)state;
	assert_non_null(list);
	for (unsigned i = 0; i < 5000; i++)
		size += (size_t)sprintf(list + size, "n%u.example\n", i);
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	uint32_t source_id = compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS);
	compile_fixture_deliver(&fixture, source_id, "evil.example\n");
	compile_fixture_base(&fixture);
	compile_fixture_deliver(&fixture, source_id, list);
	assert_int_equal(store_compile_base(fixture.store.store, &fixture.config, COMPILE_NOW_NS,
	                                    stop_at_once, NULL, &result),
	                 -ECANCELED);
	store_compile_result_close(&result);
	compile_fixture_reopen_database(&fixture);
	compile_fixture_assert(&fixture, "evil.example", 'd');
	compile_fixture_assert(&fixture, "n1.example", '-');
	free(list);
	compile_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_decides_for_the_votes_it_fits),
		cmocka_unit_test(ignored_expired_and_benign_values_are_not_compiled),
		cmocka_unit_test(names_below_a_pattern_are_dropped_only_where_a_source_means_them),
		cmocka_unit_test(quorums_count_sources_whose_votes_live),
		cmocka_unit_test(who_shared_a_value_with_a_discarded_vote_stays),
		cmocka_unit_test(changes_arrive_without_a_new_base),
		cmocka_unit_test(what_an_overlay_adds_meets_the_veto_set_of_the_base),
		cmocka_unit_test(what_decides_otherwise_makes_a_new_base),
		cmocka_unit_test(many_changes_make_a_new_base),
		cmocka_unit_test(promoted_votes_are_dropped_by_their_row),
		cmocka_unit_test(objects_of_the_store_settle_sharing_and_reports),
		cmocka_unit_test(the_same_store_gives_the_same_database),
		cmocka_unit_test(an_overlay_of_a_signed_database_is_signed),
		cmocka_unit_test(a_failed_compilation_leaves_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
