#include "tests/unit/unit_test.h"

#include "loader/plan.h"

static struct arena arena;

static struct plan plan_of(const char *pattern)
{
	struct plan plan;

	assert_int_equal(plan_pattern(slice_text(pattern), &arena, &plan), 0);
	return plan;
}

static void assert_value(const char *pattern, enum value_kind kind, const char *text)
{
	struct plan plan = plan_of(pattern);

	assert_int_equal(plan.outcome, PLAN_VALUES);
	assert_int_equal(plan.value_count, 1);
	assert_int_equal(plan.values[0].kind, kind);
	assert_true(slice_is(plan.values[0].text, text));
}

static void assert_unmatched(const char *pattern, const char *reason, const char *detail)
{
	struct plan plan = plan_of(pattern);

	assert_int_equal(plan.outcome, PLAN_UNMATCHED);
	assert_string_equal(plan.reason, reason);
	assert_true(slice_is(plan.detail, detail));
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(&arena);
	return 0;
}

static void one_comparison_is_one_value(void **state)
{
	(void)state;
	assert_value("[ipv4-addr:value = '198.51.100.1']", VALUE_ADDRESS, "198.51.100.1");
	assert_value("[ipv6-addr:value ISSUBSET '2001:db8::/32']", VALUE_ADDRESS, "2001:db8::/32");
	assert_value("[domain-name:value = 'Evil.example']", VALUE_NAME, "Evil.example");
	assert_value("[url:value = 'http://a.example/*']", VALUE_URL, "http://a.example/*");
	assert_value("[file:hashes.'SHA-256' = "
	             "'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']",
	             VALUE_HASH,
	             "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f");
	assert_value("[x509-certificate:hashes.'SHA-1' = "
	             "'3395856ce81f2b7382dee72602f798b642f14140']",
	             VALUE_HASH, "3395856ce81f2b7382dee72602f798b642f14140");
	assert_value("[domain-name:value MATCHES '^a\\\\.b\\'$']", VALUE_MATCHES, "^a\\.b'$");
}

static void alternatives_are_values_each(void **state)
{
	(void)state;
	assert_int_equal(plan_of("[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]").value_count, 2);
	assert_int_equal(plan_of("[ipv4-addr:value = '192.0.2.1' OR url:value = 'http://a/' OR "
	                         "domain-name:value = 'a.example']")
	                         .value_count,
	                 3);
	assert_int_equal(plan_of("([url:value = 'http://a/'] OR ([domain-name:value = 'b.example']"
	                         "OR [domain-name:value = 'c.example']))")
	                         .value_count,
	                 3);
}

static void names_below_are_told_as_parent_or_asked_for(void **state)
{
	(void)state;
	assert_int_equal(plan_of("[domain-name:value = 'a.example']").values[0].name_kinds,
	                 ENTRY_EXACT | ENTRY_PARENT | ENTRY_BESIDE);

	struct plan below = plan_of("[domain-name:value LIKE '%.A.example']");
	assert_int_equal(below.values[0].kind, VALUE_NAME);
	assert_int_equal(below.values[0].name_kinds, ENTRY_BELOW);
	assert_true(slice_is(below.values[0].text, "a.example"));
	assert_value("[domain-name:value LIKE '%evil.example']", VALUE_LIKE, "%evil.example");
	assert_value("[domain-name:value LIKE 'Plain.example']", VALUE_NAME, "plain.example");
}

static void a_like_that_ends_at_a_cut_is_a_prefix(void **state)
{
	struct plan plan = plan_of("[url:value LIKE 'http://a.example/x/%']");

	(void)state;
	assert_int_equal(plan.values[0].kind, VALUE_URL);
	assert_true(plan.values[0].has_wildcards);
	assert_true(slice_is(plan.values[0].text, "http://a.example/x/*"));
	assert_value("[url:value LIKE 'http://a.example/x%']", VALUE_LIKE, "http://a.example/x%");
	assert_value("[url:value LIKE 'http://a.example/*/%']", VALUE_LIKE, "http://a.example/*/%");
	assert_value("[url:value LIKE 'http://%']", VALUE_LIKE, "http://%");
	assert_value("[url:value LIKE '%/gate.php']", VALUE_LIKE, "%/gate.php");
	assert_false(plan_of("[url:value = 'http://a.example/*']").values[0].has_wildcards);
}

static void misspelt_hash_names_are_understood(void **state)
{
	struct plan plan =
		plan_of("[file:hashes.sha1 = '3395856ce81f2b7382dee72602f798b642f14140']");

	(void)state;
	assert_int_equal(plan.outcome, PLAN_VALUES);
	assert_int_equal(plan.values[0].hash_algorithm, HASH_SHA1);
	assert_true(plan.values[0].is_hash_algorithm_known);
	assert_unmatched("[file:hashes.SSDEEP = '3:a:b']", "hash algorithm not supported",
	                 "SSDEEP");
}

static void containment_is_what_stix_says(void **state)
{
	(void)state;
	assert_non_null(plan_of("[ipv4-addr:value = '192.0.2.0/24']").values[0].network_remark);
	assert_null(plan_of("[ipv4-addr:value ISSUBSET '192.0.2.0/24']").values[0].network_remark);
	assert_value("[ipv4-addr:value ISSUPERSET '192.0.2.1/32']", VALUE_ADDRESS, "192.0.2.1/32");
	assert_unmatched("[ipv4-addr:value ISSUPERSET '192.0.2.0/24']",
	                 "no single address contains a network", "192.0.2.0/24");
}

static void what_cannot_be_matched_says_why(void **state)
{
	(void)state;
	assert_unmatched("[windows-registry-key:key = 'x']", "not visible on a network",
	                 "windows-registry-key");
	assert_unmatched("[email-addr:value = 'a@b.example']", "not matchable yet",
	                 "email-addr:value");
	assert_unmatched("[network-traffic:dst_ref.value = '192.0.2.1']", "not matchable yet",
	                 "network-traffic:dst_ref.value");
	assert_unmatched("[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
	                 "not matchable yet", "domain-name:resolves_to_refs[*].value");
	assert_unmatched("[x-thing:value = 'x']", "object type not known", "x-thing");
	assert_unmatched("[domain-name:value != 'a.example']", "negative pattern: held for review",
	                 "domain-name:value");
	assert_unmatched("[domain-name:value NOT IN ('a.example')]",
	                 "negative pattern: held for review", "domain-name:value");
	assert_unmatched("[domain-name:value != 'a.example' AND domain-name:value != 'b.example']",
	                 "negative pattern: held for review", "");
	assert_unmatched("[url:value != 'http://a/'] FOLLOWEDBY [url:value NOT = 'http://b/']",
	                 "negative pattern: held for review", "");
	assert_true(plan_of("[url:value != 'http://a/'] AND [url:value != 'http://b/']").is_held);
	assert_true(plan_of("[url:value = 'http://a/' OR url:value != 'http://b/']").is_held);
	assert_false(plan_of("[url:value = 'http://a/' AND url:value != 'http://b/']").is_held);
	assert_unmatched("[domain-name:value NOT != 'a.example']", "not matchable yet",
	                 "domain-name:value");
	assert_unmatched("[ipv4-addr:value = '192.0.2.1' AND domain-name:value = 'a.example']",
	                 "AND of unrelated objects can never hold", "domain-name");
	assert_unmatched("[network-traffic:dst_ref.value = '192.0.2.1' AND "
	                 "network-traffic:dst_port = 80]",
	                 "AND within one observation: not matchable yet", "network-traffic");
	assert_unmatched("[url:value = 'http://a/'] AND [url:value = 'http://b/']",
	                 "AND of observations: not matchable yet", "");
	assert_unmatched("[url:value = 'http://a/'] FOLLOWEDBY [url:value = 'http://b/']",
	                 "FOLLOWEDBY: not matchable yet", "");
	assert_unmatched("[url:value = 'http://a/'] REPEATS 3 TIMES", "REPEATS: not matchable yet",
	                 "3");
	assert_unmatched("[ipv4-addr:value IN ()]", "an empty set can never hold",
	                 "ipv4-addr:value");
	assert_unmatched("[ipv4-addr:value = 1]", "not matchable yet", "ipv4-addr:value");
}

static void half_an_alternative_is_partly(void **state)
{
	struct plan plan = plan_of("[url:value = 'http://a/' OR process:name = 'x']");

	(void)state;
	assert_int_equal(plan.outcome, PLAN_PARTLY);
	assert_int_equal(plan.value_count, 1);
	assert_string_equal(plan.reason, "not visible on a network");
}

static void what_is_no_pattern_is_invalid_with_its_place(void **state)
{
	struct plan plan = plan_of("[url:value = ]");

	(void)state;
	assert_int_equal(plan.outcome, PLAN_INVALID);
	assert_string_equal(plan.reason, "invalid pattern");
	assert_true(slice_is(plan.detail, "expected a literal at byte 14"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_comparison_is_one_value),
		cmocka_unit_test(alternatives_are_values_each),
		cmocka_unit_test(names_below_are_told_as_parent_or_asked_for),
		cmocka_unit_test(a_like_that_ends_at_a_cut_is_a_prefix),
		cmocka_unit_test(misspelt_hash_names_are_understood),
		cmocka_unit_test(containment_is_what_stix_says),
		cmocka_unit_test(what_cannot_be_matched_says_why),
		cmocka_unit_test(half_an_alternative_is_partly),
		cmocka_unit_test(what_is_no_pattern_is_invalid_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, close_arena);
}
