// One property: its condition, its list, and what they come to.
#include "tests/unit/loader/stix1_fixture.h"

static void assert_field(enum value_kind kind, const char *xml, const char *expected)
{
	struct stix1_fixture fixture;
	struct stix1_term *term;

	stix1_fixture_open(&fixture, xml);
	term = stix1_term_add(&fixture.reader, NULL, STIX1_ANY, 1);
	assert_non_null(term);
	assert_int_equal(stix1_field_add(&fixture.reader, term, fixture.root,
	                                 &(struct candidate){.kind = kind}),
	                 0);
	assert_non_null(term->children);
	assert_null(term->children->next); // one property, one term
	stix1_fixture_assert(term->children, expected);
	stix1_fixture_close(&fixture);
}

static void a_list_is_cut_at_its_delimiter(void **state)
{
	static const struct {
		const char *xml, *expected;
	} cases[] = {
		{"<v>a.example</v>", "any(a.example)"},
		{"<v>a.example##comma##b.example</v>", "any(a.example, b.example)"},
		{"<v condition='Equals' apply_condition='ANY'> a ##comma## b </v>", "any(a, b)"},
		{"<v>##comma##a##comma####comma##</v>", "any(a)"},
		{"<v>a#comma#b,c</v>", "any(a#comma#b,c)"},
		{"<v>a&amp;comma;b</v>", "any(a, b)"},
		{"<v>a&amp;comma;b##comma##c</v>", "any(a&comma;b, c)"},
		{"<v delimiter='|'>a|b##comma##c</v>", "any(a, b##comma##c)"},
		{"<v apply_condition='ALL'>a##comma##b</v>", "all(a, b)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_field(VALUE_NAME, cases[i].xml, cases[i].expected);
}

static void a_condition_says_how_to_match(void **state)
{
	static const struct {
		enum value_kind kind;
		const char *xml, *expected;
	} cases[] = {
		{VALUE_NAME, "<v condition='EQUALS'>a.b</v>", "any(a.b)"},
		{VALUE_URL, "<v condition='StartsWith'>http://a/b</v>", "any(http://a/b*)"},
		{VALUE_NAME, "<v condition='StartsWith'>a.b</v>", "any(~^a\\.b)"},
		{VALUE_NAME, "<v condition='EndsWith'>.a.b</v>", "any(a.b)"},
		{VALUE_NAME, "<v condition='EndsWith'>a.b</v>", "any(~a\\.b$)"},
		{VALUE_URL, "<v condition='contains'>/x?##comma##y</v>", "any(~\\/x\\?, ~y)"},
		{VALUE_URL, "<v condition='FitsPattern'>^a.b</v>", "any(~^a.b)"},
		{VALUE_NAME, "<v is_defanged='true'>a[.]b</v>", "any(defanged a[.]b)"},
		{VALUE_NAME, "<v is_defanged='1'>a[.]b</v>", "any(defanged a[.]b)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_field(cases[i].kind, cases[i].xml, cases[i].expected);
}

static void a_range_is_of_two_addresses(void **state)
{
	static const char range[] = "range is not of addresses";
	char expected[128];

	(void)state;
	assert_field(VALUE_ADDRESS,
	             "<v condition='InclusiveBetween'>192.0.2.1 ##comma## 192.0.2.9</v>",
	             "192.0.2.1-192.0.2.9");
	(void)snprintf(expected, sizeof(expected), "<%s: 192.0.2.1>", range);
	assert_field(VALUE_ADDRESS, "<v condition='InclusiveBetween'>192.0.2.1</v>", expected);
	(void)snprintf(expected, sizeof(expected), "<%s: 1##comma##2##comma##3>", range);
	assert_field(VALUE_ADDRESS, "<v condition='InclusiveBetween'>1##comma##2##comma##3</v>",
	             expected);
	(void)snprintf(expected, sizeof(expected), "<%s: a##comma##b>", range);
	assert_field(VALUE_NAME, "<v condition='InclusiveBetween'>a##comma##b</v>", expected);
}

static void what_cannot_be_matched_says_why(void **state)
{
	static const struct {
		enum value_kind kind;
		const char *xml, *expected;
	} cases[] = {
		{VALUE_NAME, "<v> </v>", "<property without a value: v>"},
		{VALUE_NAME, "<v condition='DoesNotEqual'>a</v>",
	         "<negative condition: held for review: a>"},
		{VALUE_NAME, "<v condition='DoesNotContain'>a</v>",
	         "<negative condition: held for review: a>"},
		{VALUE_NAME, "<v apply_condition='NONE'>a##comma##b</v>",
	         "<negative condition: held for review: a##comma##b>"},
		{VALUE_ADDRESS, "<v condition='GreaterThan'>192.0.2.1</v>",
	         "<condition not matchable on such a property: GreaterThan>"},
		{VALUE_ADDRESS, "<v condition='StartsWith'>192.0.</v>",
	         "<condition not matchable on such a property: StartsWith>"},
		{VALUE_HASH, "<v condition='Contains'>ab</v>",
	         "<condition not matchable on such a property: Contains>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_field(cases[i].kind, cases[i].xml, cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_cut_at_its_delimiter),
		cmocka_unit_test(a_condition_says_how_to_match),
		cmocka_unit_test(a_range_is_of_two_addresses),
		cmocka_unit_test(what_cannot_be_matched_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
