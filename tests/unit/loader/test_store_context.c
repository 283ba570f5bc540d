// Reports and markings that come before, with, or after what they are about.
#include "tests/unit/loader/compile_fixture.h"

#define INDICATOR "indicator--11111111-1111-4111-8111-111111111111"
#define MARKING   "marking-definition--11111111-1111-4111-8111-111111111112"
#define WHEN(day) "\"created\":\"2020-01-01T00:00:00Z\",\"modified\":\"2020-01-0" day "T00:00:00Z\""
#define BUNDLE(objects)                                                                 \
	"{\"type\":\"bundle\",\"id\":\"bundle--11111111-1111-4111-8111-111111111110\"," \
	"\"objects\":[" objects "]}"

static const char indicator[] =
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"" INDICATOR
	"\"," WHEN("1") ",\"pattern\":\"[domain-name:value = 'evil.example']\","
			"\"pattern_type\":\"stix\",\"valid_from\":\"2020-01-01T00:00:00Z\","
			"\"object_marking_refs\":[\"" MARKING "\"]}";

static struct buffer text_of(const char *type, const char *creator, const char *day,
                             const char *rest)
{
	struct buffer text = {};

	buffer_format(
		&text,
		"{\"type\":\"bundle\",\"id\":\"bundle--11111111-1111-4111-8111-111111111110\","
		"\"objects\":[%s,{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":"
		"\"%s--11111111-1111-4111-8111-111111111112\",\"created_by_ref\":"
		"\"identity--11111111-1111-4111-8111-11111111111%s\",\"created\":"
		"\"2020-01-01T00:00:00Z\",%s%s%s%s}]}",
		indicator, type, type, creator, day[0] != '\0' ? "\"modified\":\"2020-01-" : "",
		day, day[0] != '\0' ? "T00:00:00Z\"," : "", rest);
	buffer_append_byte(&text, '\0');
	return text;
}

// The indicator, and another object, which is the news.
static void deliver(struct compile_fixture *fixture, uint32_t source_id, struct buffer text)
{
	compile_fixture_deliver(fixture, source_id, (const char *)text.data);
	buffer_close(&text);
}

static struct buffer report_of(const char *creator, const char *day, const char *name,
                               const char *refs)
{
	char rest[256];

	(void)snprintf(rest, sizeof(rest), "\"name\":\"%s\"%s", name, refs);
	return text_of("report", creator, day, rest);
}

static struct buffer marking_of(const char *tlp)
{
	char rest[128];

	(void)snprintf(rest, sizeof(rest),
	               "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"%s\"}", tlp);
	return text_of("marking-definition", "9", "", rest);
}

static struct indicator open_with_indicator(struct compile_fixture *fixture, uint32_t *ret_source)
{
	struct indicator record;
	char text[1024];

	compile_fixture_open(fixture);
	compile_fixture_row(fixture, ACTION_ALERT);
	*ret_source = compile_fixture_source(fixture, "stix", NULL, SOURCE_INDICATORS);
	(void)snprintf(text, sizeof(text), BUNDLE("%s"), indicator);
	compile_fixture_deliver(fixture, *ret_source, text);
	compile_fixture_base(fixture);
	assert_true(database_indicator(fixture->database, 1, &record));
	return record;
}

// The one that is heard.
static bool take_record(void *context, uint32_t indicator_id, const struct indicator *record)
{
	(void)indicator_id;
	*(struct indicator *)context = *record;
	return true;
}

static struct indicator updated(struct compile_fixture *fixture)
{
	struct indicator record = {};

	compile_fixture_update(fixture);
	database_each_indicator(fixture->database, take_record, &record);
	return record;
}

static const char named[] = ",\"object_refs\":[\"" INDICATOR "\"]";

static void a_later_report_names_what_is_there(void **state)
{
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	assert_int_equal(open_with_indicator(&fixture, &source_id).report_names.size, 0);
	deliver(&fixture, source_id, report_of("3", "02", "Operation Example", named));
	assert_true(slice_is(updated(&fixture).report_names, "Operation Example"));
	assert_true(fixture.result.is_overlay);
	deliver(&fixture, source_id, report_of("3", "02", "Operation Example", named));
	(void)updated(&fixture);
	assert_true(fixture.result.is_unchanged);
	deliver(&fixture, source_id, report_of("3", "03", "Another Name", named));
	assert_true(slice_is(updated(&fixture).report_names, "Another Name"));
	compile_fixture_close(&fixture);
}

static void a_report_that_names_it_no_more_is_gone_from_it(void **state)
{
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	(void)open_with_indicator(&fixture, &source_id);
	deliver(&fixture, source_id, report_of("3", "02", "Operation Example", named));
	assert_true(slice_is(updated(&fixture).report_names, "Operation Example"));
	deliver(&fixture, source_id, report_of("3", "03", "Operation Example", ""));
	assert_int_equal(updated(&fixture).report_names.size, 0);
	compile_fixture_close(&fixture);
}

static void another_poster_cannot_rename_a_report(void **state)
{
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	(void)open_with_indicator(&fixture, &source_id);
	deliver(&fixture, source_id, report_of("3", "02", "Operation Example", named));
	deliver(&fixture, source_id, report_of("4", "09", "All is well", named));
	assert_true(slice_is(updated(&fixture).report_names, "Operation Example"));
	compile_fixture_close(&fixture);
}

static void a_report_of_another_source_names_it_too(void **state)
{
	struct compile_fixture fixture;
	struct buffer text;
	uint32_t source_id;

	(void)state;
	(void)open_with_indicator(&fixture, &source_id);
	source_id = compile_fixture_source(&fixture, "other", NULL, SOURCE_INDICATORS);
	text = report_of("3", "02", "Operation Example", named);
	memcpy(strstr((char *)text.data, "evil.example"), "evil.invalid", 12);
	deliver(&fixture, source_id, text);
	compile_fixture_update(&fixture);
	compile_fixture_assert(&fixture, "evil.invalid", 'a');
	assert_true(slice_is(updated(&fixture).report_names, "Operation Example"));
	compile_fixture_close(&fixture);
}

static void a_marking_defined_later_counts(void **state)
{
	struct compile_fixture fixture;
	uint32_t source_id;

	(void)state;
	assert_int_equal(open_with_indicator(&fixture, &source_id).tlp, TLP_NONE);
	deliver(&fixture, source_id, marking_of("red"));
	assert_int_equal(updated(&fixture).tlp, TLP_RED);
	deliver(&fixture, source_id, marking_of("white")); // never wider
	assert_int_equal(updated(&fixture).tlp, TLP_RED);
	assert_true(fixture.result.is_unchanged);
	compile_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_report_names_what_is_there),
		cmocka_unit_test(a_report_that_names_it_no_more_is_gone_from_it),
		cmocka_unit_test(another_poster_cannot_rename_a_report),
		cmocka_unit_test(a_report_of_another_source_names_it_too),
		cmocka_unit_test(a_marking_defined_later_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
