// What an indicator says of itself, and the terms that its observables come to.
#include "tests/unit/loader/stix1_fixture.h"

#define XSI "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
#define OBSERVABLE(name)                                                               \
	"<Observable><Object><Properties xsi:type='DomainNameObjectType'><Value>" name \
	"</Value></Properties></Object></Observable>"

// The one that was read; none: it was told and left out.
static const struct stix1_pending *read_indicator(struct stix1_fixture *fixture, const char *xml)
{
	stix1_fixture_open(fixture, xml);
	assert_int_equal(stix1_indicator_read(&fixture->reader, fixture->root), 0);
	return fixture->reader.first_pending;
}

static void confidence_comes_from_the_words_of_stix_alone(void **state)
{
	static const struct {
		const char *word;
		uint8_t confidence;
	} cases[] = {
		{"High", 85},
		{"Medium", 50},
		{"Med", 50},
		{"low", 15},
		{"NONE", 0},
		{"Unknown", CONFIDENCE_NONE},
		{"85", CONFIDENCE_NONE},
		{"", CONFIDENCE_NONE},
		{" High ", 85},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stix1_fixture fixture;
		char xml[256];

		(void)snprintf(xml, sizeof(xml),
		               "<Indicator id='e:1'><Confidence><Value>%s</Value></Confidence>"
		               "</Indicator>",
		               cases[i].word);
		assert_int_equal(read_indicator(&fixture, xml)->record.confidence,
		                 cases[i].confidence);
		stix1_fixture_close(&fixture);
	}
}

static void observables_and_compositions_become_terms(void **state)
{
	static const struct {
		const char *xml, *expected;
	} cases[] = {
		{OBSERVABLE("a") OBSERVABLE("b"), "any(any(any(any(a))), any(any(any(b))))"},
		{"<Observable idref='e:o'/>", "any(->e:o)"},
		{"<Composite_Indicator_Expression operator='OR'><Indicator "
	         "idref='e:2'/><Indicator>" OBSERVABLE(
			 "a") "</Indicator></Composite_Indicator_Expression>",
	         "any(any(->e:2, any(any(any(a)))))"},
		{"<Composite_Indicator_Expression operator='AND'><Indicator "
	         "idref='e:2'/><Indicator "
	         "idref='e:3'/></Composite_Indicator_Expression>",
	         "any(all(->e:2, ->e:3))"},
		{"<Title>x</Title>", "any(<indicator without an observable: >)"},
		{"<Test_Mechanisms><Test_Mechanism xsi:type='t:SnortTestMechanismType'/>"
	         "</Test_Mechanisms>",
	         "any(<test mechanism: not parsed: SnortTestMechanismType>)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stix1_fixture fixture;
		char xml[1024];

		(void)snprintf(xml, sizeof(xml), "<Indicator " XSI " id='e:1'>%s</Indicator>",
		               cases[i].xml);
		stix1_fixture_assert(read_indicator(&fixture, xml)->term, cases[i].expected);
		stix1_fixture_close(&fixture);
	}
}

static void one_without_an_id_is_told_and_left_out(void **state)
{
	struct stix1_fixture fixture;

	(void)state;
	assert_null(read_indicator(&fixture, "<Indicator><Title>x</Title></Indicator>"));
	assert_int_equal(fixture.summary.report.count, 1);
	stix1_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confidence_comes_from_the_words_of_stix_alone),
		cmocka_unit_test(observables_and_compositions_become_terms),
		cmocka_unit_test(one_without_an_id_is_told_and_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
