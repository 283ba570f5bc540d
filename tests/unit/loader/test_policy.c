#include "tests/unit/unit_test.h"

#include "base/timestamp.h"
#include "loader/policy.h"

static const int64_t day_ns = INT64_C(24) * 60 * 60 * NS_PER_S;

static struct policy_row any_row(enum action action)
{
	return (struct policy_row){
		.name = "row",
		.reliability_max = 100,
		.confidence_max = 100,
		.known_benign = -1,
		.promoted = -1,
		.action = action,
	};
}

static struct policy_facts some_facts(void)
{
	return (struct policy_facts){
		.group = slice_text("C2"),
		.source = slice_text("isac"),
		.threat_types = slice_text("malicious-activity\ncompromised"),
		.type = OBSERVABLE_NAME,
		.tlp = TLP_AMBER,
		.reliability = 80,
		.confidence = 60,
		.age_ns = 10 * day_ns,
		.source_count = 2,
		.poster_count = 3,
	};
}

static struct policy_decision decide(const struct policy *policy, const struct policy_facts *facts)
{
	struct policy_decision decision;

	policy_decide(policy, facts, &decision);
	return decision;
}

static struct policy_decision decide_by_row(const struct policy_row *row,
                                            const struct policy_facts *facts)
{
	const struct policy policy = {row, 1};

	return decide(&policy, facts);
}

static void assert_fits(const struct policy_row *row, const struct policy_facts *facts)
{
	assert_int_equal(policy_row_misfits(row, facts), 0);
	assert_ptr_equal(decide_by_row(row, facts).row, row);
}

static void assert_misfits(const struct policy_row *row, const struct policy_facts *facts,
                           enum policy_column column)
{
	assert_int_equal(policy_row_misfits(row, facts), 1u << column);
	assert_null(decide_by_row(row, facts).row);
	assert_int_equal(decide_by_row(row, facts).action, ACTION_LOG);
}

static void the_first_row_that_fits_decides(void **state)
{
	struct policy_row rows[] = {any_row(ACTION_DROP), any_row(ACTION_IGNORE),
	                            any_row(ACTION_ALERT)};
	const struct policy policy = {rows, 3};
	struct policy_facts facts = some_facts();

	(void)state;
	rows[0].reliability_min = 81;
	assert_ptr_equal(decide(&policy, &facts).row, &rows[1]);
	assert_int_equal(decide(&policy, &facts).action, ACTION_IGNORE);
	rows[0].reliability_min = 80;
	assert_ptr_equal(decide(&policy, &facts).row, &rows[0]);
	assert_int_equal(decide(&policy, &facts).action, ACTION_DROP);
}

static void without_a_row_it_is_logged(void **state)
{
	const struct policy policy = {NULL, 0};
	struct policy_facts facts = some_facts();

	(void)state;
	assert_null(decide(&policy, &facts).row);
	assert_int_equal(decide(&policy, &facts).action, ACTION_LOG);
}

// A word of a row, a text, and whether they fit.
static const struct {
	const char *word;
	const char *text;
	bool fits;
} word_cases[] = {
	{"C2", "C2", true},
	{"c2", "C2", true},
	{"C2", "C", false},
	{"C2", "C22", false},
	{"C2", "", false},
	{"BKMW_*", "BKMW_CONF", true},
	{"bkmw_*", "BKMW_", true},
	{"BKMW_*", "BKMW", false},
	{"*", "anything", true},
	{"*", "", true},
	{"", "", true},
	{"", "C2", false},
	{"*CONF", "xCONF", false},
	{"C*2", "Cx2", false},
	{"C*2", "c*2", true},
};

static void words_are_compared_without_case_and_with_an_open_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(word_cases) / sizeof(word_cases[0]); i++) {
		const char *words[] = {"other", word_cases[i].word};
		struct policy_row row = any_row(ACTION_ALERT);
		struct policy_facts facts = some_facts();
		uint32_t misfits = word_cases[i].fits ? 0 : 1u << POLICY_GROUPS;

		row.groups = words;
		row.group_count = 2;
		facts.group = slice_text(word_cases[i].text);
		if (policy_row_misfits(&row, &facts) != misfits)
			fail_msg("'%s' and '%s'", word_cases[i].word, word_cases[i].text);
	}
}

static void sources_are_words(void **state)
{
	const char *words[] = {"is*"};
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	row.sources = words;
	row.source_count = 1;
	assert_fits(&row, &facts);
	facts.source = slice_text("other");
	assert_misfits(&row, &facts, POLICY_SOURCES);
}

static void any_threat_type_may_fit(void **state)
{
	const char *words[] = {"compromised"};
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	row.threat_types = words;
	row.threat_type_count = 1;
	assert_fits(&row, &facts);
	facts.threat_types = slice_text("malicious-activity\nbenign");
	assert_misfits(&row, &facts, POLICY_THREAT_TYPES);
	facts.threat_types = slice_text("");
	assert_misfits(&row, &facts, POLICY_THREAT_TYPES);
	words[0] = "*";
	assert_fits(&row, &facts);
}

static void types_of_values_and_tlp_levels_are_sets(void **state)
{
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	row.observable_types = 1u << OBSERVABLE_ADDRESS | 1u << OBSERVABLE_NAME;
	assert_fits(&row, &facts);
	facts.type = OBSERVABLE_URL;
	assert_misfits(&row, &facts, POLICY_OBSERVABLE_TYPES);
	row.observable_types = 0;
	row.tlps = 1u << TLP_NONE | 1u << TLP_AMBER;
	assert_fits(&row, &facts);
	facts.tlp = TLP_RED;
	assert_misfits(&row, &facts, POLICY_TLPS);
}

static void bounds_of_reliability_belong_to_the_range(void **state)
{
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	row.reliability_min = 60;
	row.reliability_max = 80;
	for (int reliability = 0; reliability <= 100; reliability++) {
		facts.reliability = (uint8_t)reliability;
		if (reliability >= 60 && reliability <= 80)
			assert_fits(&row, &facts);
		else
			assert_misfits(&row, &facts, POLICY_RELIABILITY);
	}
}

static void a_confidence_not_told_fits_only_the_whole_range(void **state)
{
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	row.confidence_min = 60;
	assert_fits(&row, &facts);
	facts.confidence = 59;
	assert_misfits(&row, &facts, POLICY_CONFIDENCE);
	row.confidence_min = 0;
	row.confidence_max = 58;
	assert_misfits(&row, &facts, POLICY_CONFIDENCE);
	facts.confidence = CONFIDENCE_NONE;
	assert_misfits(&row, &facts, POLICY_CONFIDENCE);
	row.confidence_max = 100;
	assert_fits(&row, &facts);
	row.confidence_min = 1;
	assert_misfits(&row, &facts, POLICY_CONFIDENCE);
}

static void an_age_may_be_as_many_days_as_said(void **state)
{
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	row.age_max_days = 10;
	assert_fits(&row, &facts);
	facts.age_ns++;
	assert_misfits(&row, &facts, POLICY_AGE);
	facts.age_ns = INT64_MAX;
	assert_misfits(&row, &facts, POLICY_AGE);
	row.age_max_days = UINT32_MAX;
	assert_fits(&row, &facts);
	row.age_max_days = 1;
	facts.age_ns = INT64_MIN; // of tomorrow
	assert_fits(&row, &facts);
}

static void quorums_count_sources_and_posters(void **state)
{
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	row.sources_min = 2;
	row.posters_min = 3;
	assert_fits(&row, &facts);
	row.sources_min = 3;
	assert_misfits(&row, &facts, POLICY_SOURCE_COUNT);
	row.sources_min = 0;
	row.posters_min = 4;
	assert_misfits(&row, &facts, POLICY_POSTER_COUNT);
}

static void yes_no_and_whatever_are_told_apart(void **state)
{
	struct policy_row row = any_row(ACTION_ALERT);
	struct policy_facts facts = some_facts();

	(void)state;
	for (int asked = -1; asked <= 1; asked++) {
		for (int is = 0; is <= 1; is++) {
			bool fits = asked < 0 || asked == is;

			row.known_benign = (int8_t)asked;
			row.promoted = -1;
			facts.is_known_benign = is;
			assert_int_equal(policy_row_misfits(&row, &facts),
			                 fits ? 0 : 1u << POLICY_KNOWN_BENIGN);
			row.known_benign = -1;
			row.promoted = (int8_t)asked;
			facts.is_promoted = is;
			assert_int_equal(policy_row_misfits(&row, &facts),
			                 fits ? 0 : 1u << POLICY_PROMOTED);
		}
	}
}

static void a_drop_that_must_not_be_says_why(void **state)
{
	const struct policy_row row = any_row(ACTION_DROP);
	struct policy_facts facts = some_facts();

	(void)state;
	assert_int_equal(decide_by_row(&row, &facts).action, ACTION_DROP);
	assert_null(decide_by_row(&row, &facts).lowered_by);
	facts.is_prose = true;
	assert_string_equal(decide_by_row(&row, &facts).lowered_by, "found in free text");
	facts.is_known_benign = true;
	assert_string_equal(decide_by_row(&row, &facts).lowered_by, "known-benign");
	facts.is_vetoed = true;
	assert_string_equal(decide_by_row(&row, &facts).lowered_by, "veto set");
	facts.role = SOURCE_ATTACKED;
	assert_string_equal(decide_by_row(&row, &facts).lowered_by,
	                    "its source lists sites under attack");
	assert_int_equal(decide_by_row(&row, &facts).action, ACTION_ALERT);
}

static void less_than_a_drop_is_left_as_it_is(void **state)
{
	struct policy_row row = any_row(ACTION_IGNORE);
	struct policy_facts facts = some_facts();

	(void)state;
	facts.is_vetoed = true;
	assert_int_equal(decide_by_row(&row, &facts).action, ACTION_IGNORE);
	row.action = ACTION_LOG;
	assert_int_equal(decide_by_row(&row, &facts).action, ACTION_LOG);
	assert_null(decide_by_row(&row, &facts).lowered_by);
}

static void the_group_of_attacked_sites_has_its_role_by_its_name(void **state)
{
	const struct policy_row row = any_row(ACTION_DROP);
	struct policy_facts facts = some_facts();

	(void)state;
	assert_int_equal(policy_role(SOURCE_INDICATORS, slice_text("bkmw_attk")), SOURCE_ATTACKED);
	assert_int_equal(policy_role(SOURCE_INDICATORS, slice_text("BKMW_CONF")),
	                 SOURCE_INDICATORS);
	assert_int_equal(policy_role(SOURCE_KNOWN_BENIGN, slice_text("")), SOURCE_KNOWN_BENIGN);
	facts.group = slice_text("BKMW_ATTK");
	assert_int_equal(decide_by_row(&row, &facts).action, ACTION_ALERT);
}

static uint32_t random_below(uint64_t *random, uint32_t limit)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 32) % limit;
}

static const char *const random_words[] = {"C2",        "AIS",  "*",          "BKMW_*",
                                           "BKMW_ATTK", "isac", "compromised"};
enum { RANDOM_WORDS = sizeof(random_words) / sizeof(random_words[0]) };

// A column that says something, now and then: with all of them hardly a row would fit.
static uint32_t now_and_then(uint64_t *random, uint32_t limit)
{
	uint32_t value = random_below(random, limit);

	return random_below(random, 4) == 0 ? value : 0;
}

static struct policy_row random_row(uint64_t *random)
{
	struct policy_row row = any_row((enum action)random_below(random, ACTION_COUNT));

	row.groups = &random_words[random_below(random, RANDOM_WORDS)];
	row.group_count = now_and_then(random, 2);
	row.sources = &random_words[random_below(random, RANDOM_WORDS)];
	row.source_count = now_and_then(random, 2);
	row.threat_types = &random_words[random_below(random, RANDOM_WORDS)];
	row.threat_type_count = now_and_then(random, 2);
	row.observable_types = now_and_then(random, 1 << OBSERVABLE_TYPE_COUNT);
	row.tlps = now_and_then(random, 1 << TLP_COUNT);
	row.reliability_min = (uint8_t)now_and_then(random, 60);
	row.confidence_min = (uint8_t)now_and_then(random, 3);
	row.age_max_days = now_and_then(random, 3);
	row.sources_min = now_and_then(random, 4);
	row.posters_min = now_and_then(random, 4);
	if (random_below(random, 4) == 0)
		row.known_benign = (int8_t)random_below(random, 2);
	if (random_below(random, 4) == 0)
		row.promoted = (int8_t)random_below(random, 2);
	return row;
}

static struct policy_facts random_facts(uint64_t *random)
{
	return (struct policy_facts){
		.group = slice_text(random_words[random_below(random, RANDOM_WORDS)]),
		.source = slice_text(random_words[random_below(random, RANDOM_WORDS)]),
		.threat_types = slice_text(random_words[random_below(random, RANDOM_WORDS)]),
		.type = (enum observable_type)random_below(random, OBSERVABLE_TYPE_COUNT),
		.tlp = (enum tlp)random_below(random, TLP_COUNT),
		.reliability = (uint8_t)random_below(random, 101),
		.confidence = (uint8_t)random_below(random, 256),
		.age_ns = (int64_t)random_below(random, 4) * day_ns,
		.source_count = random_below(random, 5),
		.poster_count = random_below(random, 5),
		.is_known_benign = random_below(random, 2),
		.is_vetoed = random_below(random, 2),
		.is_promoted = random_below(random, 2),
		.is_prose = random_below(random, 2),
		.role = (enum source_role)random_below(random, 3),
	};
}

// Does the table ask for a drop, were there nothing that beats it?
static bool asks_for_drop(const struct policy *policy, const struct policy_facts *facts)
{
	for (unsigned i = 0; i < policy->row_count; i++)
		if (policy_row_misfits(&policy->rows[i], facts) == 0)
			return policy->rows[i].action == ACTION_DROP;
	return false;
}

static void no_table_drops_what_must_not_be(void **state)
{
	enum { ROWS = 6, TABLES = 200000 };
	uint64_t random = 0x5eed5eed5eed5eed;
	struct policy_row rows[ROWS];
	unsigned asked = 0;
	unsigned dropped = 0;

	(void)state;
	for (unsigned i = 0; i < TABLES; i++) {
		const struct policy policy = {rows, 1 + random_below(&random, ROWS)};
		struct policy_facts facts = random_facts(&random);

		for (unsigned row = 0; row < ROWS; row++)
			rows[row] = random_row(&random);
		bool is_barred = facts.is_vetoed || facts.is_known_benign || facts.is_prose ||
		                 facts.role != SOURCE_INDICATORS ||
		                 slice_is(facts.group, "BKMW_ATTK");
		bool is_asked = asks_for_drop(&policy, &facts);
		struct policy_decision decision = decide(&policy, &facts);

		assert_int_equal(decision.action == ACTION_DROP, is_asked && !is_barred);
		assert_int_equal(decision.lowered_by != NULL, is_asked && is_barred);
		asked += is_asked;
		dropped += decision.action == ACTION_DROP;
	}
	assert_true(dropped > 400 && asked > 2 * dropped);
}

static struct policy_decision decide_built_in(const char *group, uint8_t reliability)
{
	struct policy_facts facts = some_facts();

	facts.group = slice_text(group);
	facts.reliability = reliability;
	return decide(policy_built_in(), &facts);
}

static void the_built_in_table_drops_only_what_reliable_analysts_list(void **state)
{
	static const char *const analysed[] = {"C2", "BKMW_CONF", "BKMW_MANU"};
	static const char *const others[] = {"AIS", "AIS_US", "BLOCKLIST", "VULS2", "", "C2X"};

	(void)state;
	for (size_t i = 0; i < sizeof(analysed) / sizeof(analysed[0]); i++) {
		assert_int_equal(decide_built_in(analysed[i], 80).action, ACTION_DROP);
		assert_int_equal(decide_built_in(analysed[i], 79).action, ACTION_ALERT);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(decide_built_in(others[i], 100).action, ACTION_ALERT);
	assert_int_equal(decide_built_in("BKMW_ATTK", 100).action, ACTION_LOG);
}

static void the_built_in_table_takes_evidence_and_what_is_benign(void **state)
{
	struct policy_facts facts = some_facts();

	(void)state;
	facts.group = slice_text("AIS");
	facts.is_promoted = true;
	assert_int_equal(decide(policy_built_in(), &facts).action, ACTION_DROP);
	facts.is_known_benign = true;
	assert_int_equal(decide(policy_built_in(), &facts).action, ACTION_LOG);
}

static void what_no_row_looks_at_is_known(void **state)
{
	struct policy_row row = any_row(ACTION_LOG);
	const struct policy policy = {&row, 1};

	(void)state;
	for (unsigned i = 0; i < POLICY_COLUMN_COUNT; i++)
		assert_false(policy_looks_at(&policy, (enum policy_column)i));
	row.sources_min = 1; // as good as any
	assert_false(policy_looks_at(&policy, POLICY_SOURCE_COUNT));
	row.sources_min = 2;
	assert_true(policy_looks_at(&policy, POLICY_SOURCE_COUNT));
	row.known_benign = 0;
	assert_true(policy_looks_at(&policy, POLICY_KNOWN_BENIGN));
	assert_false(policy_looks_at(&policy, POLICY_PROMOTED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_row_that_fits_decides),
		cmocka_unit_test(without_a_row_it_is_logged),
		cmocka_unit_test(words_are_compared_without_case_and_with_an_open_end),
		cmocka_unit_test(sources_are_words),
		cmocka_unit_test(any_threat_type_may_fit),
		cmocka_unit_test(types_of_values_and_tlp_levels_are_sets),
		cmocka_unit_test(bounds_of_reliability_belong_to_the_range),
		cmocka_unit_test(a_confidence_not_told_fits_only_the_whole_range),
		cmocka_unit_test(an_age_may_be_as_many_days_as_said),
		cmocka_unit_test(quorums_count_sources_and_posters),
		cmocka_unit_test(yes_no_and_whatever_are_told_apart),
		cmocka_unit_test(a_drop_that_must_not_be_says_why),
		cmocka_unit_test(less_than_a_drop_is_left_as_it_is),
		cmocka_unit_test(the_group_of_attacked_sites_has_its_role_by_its_name),
		cmocka_unit_test(no_table_drops_what_must_not_be),
		cmocka_unit_test(the_built_in_table_drops_only_what_reliable_analysts_list),
		cmocka_unit_test(the_built_in_table_takes_evidence_and_what_is_benign),
		cmocka_unit_test(what_no_row_looks_at_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
