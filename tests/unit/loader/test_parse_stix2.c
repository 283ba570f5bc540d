// Small feeds, read by a loader into a build, written, and opened again as a database.
#include "loader/loader.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "engine/match.h"

#define UUID_A         "11111111-1111-4111-8111-111111111111"
#define UUID_B         "22222222-2222-4222-8222-222222222222"
#define ID_A           "indicator--" UUID_A
#define ID_B           "indicator--" UUID_B
#define IDENTITY       "identity--33333333-3333-4333-8333-333333333333"
#define MARKING        "marking-definition--44444444-4444-4444-8444-444444444444"
#define TLP2_RED       "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define TLP2_EXTENSION "extension-definition--60a3c5c5-0d15-413e-aab3-9e08dde9ede1"
#define TIMES                                                                                 \
	"\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\"," \
	"\"valid_from\":\"2026-01-02T00:00:00Z\""
#define PATTERN_A "\"pattern\":\"[domain-name:value = 'a.example.com']\",\"pattern_type\":\"stix\""
#define PATTERN_B "\"pattern\":\"[domain-name:value = 'b.example.com']\",\"pattern_type\":\"stix\""
#define INDICATOR(id, rest) \
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"" id "\"," rest "}"
#define FULL                                                                                  \
	INDICATOR(ID_A,                                                                       \
	          PATTERN_A "," TIMES ",\"valid_until\":\"2026-02-01T00:00:00Z\","            \
	                    "\"name\":\"A name\",\"confidence\":85,\"labels\":[\"x\",\"y\"]," \
	                    "\"indicator_types\":[\"malicious-activity\",\"benign\"],"        \
	                    "\"created_by_ref\":\"" IDENTITY "\"")
#define BUNDLE(objects) \
	"{\"type\":\"bundle\",\"id\":\"bundle--" UUID_A "\",\"objects\":[" objects "]}"

// One loader, the summary of the feed read last, and, after finish(), the database.
struct fixture {
	struct build *build;
	struct loader *loader;
	struct feed_summary summary;
	struct report finish;
	struct database *database;
	int result;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(build_create(&fixture->build), 0);
	assert_int_equal(loader_create(fixture->build, &fixture->loader), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	database_close(fixture->database);
	report_clear(&fixture->summary.report);
	report_clear(&fixture->finish);
	loader_free(fixture->loader);
	build_free(fixture->build);
	free(fixture);
	return 0;
}

static void read_bytes(struct fixture *fixture, struct slice content, const char *source)
{
	char path[64];
	int fd = memfd_create("feed", 0);
	struct feed_options options = {.path = path, .source = source, .group = "group"};

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.data, content.size), (ssize_t)content.size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	report_clear(&fixture->summary.report);
	fixture->result = loader_read_feed(fixture->loader, &options, NULL, NULL,
	                                   &fixture->summary);
	close(fd);
}

static void read_feed(struct fixture *fixture, const char *content)
{
	read_bytes(fixture, slice_text(content), "test");
}

static void finish(struct fixture *fixture)
{
	struct build_figures figures;
	struct report report = {0};
	int fd = memfd_create("database", 0);

	assert_int_equal(loader_finish(fixture->loader, &fixture->finish), 0);
	assert_int_equal(build_write(fixture->build, fd, NULL, &report, &figures), 0);
	assert_int_equal(database_open_fd(fd, "test", &report, &fixture->database), 0);
	close(fd);
	report_clear(&report);
}

struct record_search {
	struct slice id;
	struct indicator found;
	unsigned count; // of that id
	unsigned total;
};

static bool look_at_record(void *context, uint32_t indicator_id, const struct indicator *indicator)
{
	struct record_search *search = context;

	(void)indicator_id;
	search->total++;
	if (slice_equal(indicator->id, search->id)) {
		search->found = *indicator;
		search->count++;
	}
	return true;
}

static struct record_search find_records(const struct fixture *fixture, const char *id)
{
	struct record_search search = {.id = slice_text(id)};

	database_each_indicator(fixture->database, look_at_record, &search);
	return search;
}

// The one record of that id.
static struct indicator find_record(const struct fixture *fixture, const char *id)
{
	struct record_search search = find_records(fixture, id);

	assert_int_equal(search.count, 1);
	return search.found;
}

static void assert_text(struct slice text, const char *expected)
{
	assert_int_equal(text.size, strlen(expected));
	assert_memory_equal(text.data, expected, text.size);
}

static uint64_t count_of(const struct report *report, const char *reason)
{
	for (unsigned i = 0; i < report->reason_count; i++)
		if (strcmp(report->reasons[i].reason, reason) == 0)
			return report->reasons[i].count;
	return 0;
}

static void an_indicator_keeps_all_it_carries(void **state)
{
	struct fixture *fixture = *state;
	struct buffer json = {0};

	read_feed(fixture, BUNDLE(FULL));
	assert_int_equal(fixture->result, 0);
	assert_int_equal(fixture->summary.format, FEED_STIX);
	assert_int_equal(fixture->summary.objects, 1);
	assert_int_equal(fixture->summary.indicators, 1);
	assert_int_equal(fixture->summary.values[OBSERVABLE_NAME], 1);
	assert_int_equal(fixture->summary.report.count, 0);
	finish(fixture);

	struct indicator record = find_record(fixture, ID_A);
	assert_text(record.name, "A name");
	assert_text(record.value, "[domain-name:value = 'a.example.com']");
	assert_text(record.threat_types, "malicious-activity\nbenign");
	assert_text(record.labels, "x\ny");
	assert_text(record.created_by, IDENTITY);
	assert_text(record.source, "test");
	assert_text(record.group, "group");
	assert_int_equal(record.confidence, 85);
	assert_int_equal(record.valid_from_ns, INT64_C(1767312000) * NS_PER_S);
	assert_int_equal(record.valid_until_ns, INT64_C(1769904000) * NS_PER_S);
	assert_int_equal(record.created_ns, INT64_C(1767225600) * NS_PER_S);
	assert_int_equal(record.tlp, TLP_NONE);
	assert_int_equal(database_object(fixture->database, slice_text(ID_A), &json), 0);
	assert_text(buffer_slice(&json), FULL);
	buffer_close(&json);
}

static void labels_of_2_0_are_threat_types(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture, BUNDLE("{\"type\":\"indicator\",\"id\":\"" ID_A "\"," TIMES
	                          ",\"pattern\":\"[ipv4-addr:value = '198.51.100.7']\","
	                          "\"labels\":[\"malicious-activity\"]}"));
	finish(fixture);
	struct indicator record = find_record(fixture, ID_A);
	assert_text(record.threat_types, "malicious-activity");
	assert_text(record.labels, "");
}

static void the_newest_version_counts_in_any_order(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES) "," INDICATOR(
			  ID_A, PATTERN_B
			  ",\"created\":\"2026-01-01T00:00:00Z\","
			  "\"modified\":\"2026-03-01T00:00:00Z\","
			  "\"valid_from\":\"2026-01-02T00:00:00Z\"") "," INDICATOR(ID_A, PATTERN_A
	                                                                           "," TIMES)));
	assert_int_equal(fixture->summary.objects, 3);
	assert_int_equal(fixture->summary.indicators, 1);
	assert_int_equal(fixture->summary.duplicates, 2);
	finish(fixture);
	assert_text(find_record(fixture, ID_A).value, "[domain-name:value = 'b.example.com']");
}

static void another_source_gives_another_vote(void **state)
{
	struct fixture *fixture = *state;

	read_bytes(fixture, slice_text(BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES))), "one");
	read_bytes(fixture, slice_text(BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES))), "two");
	assert_int_equal(fixture->summary.indicators, 1);
	assert_int_equal(fixture->summary.duplicates, 0);
	read_bytes(fixture, slice_text(BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES))), "one");
	assert_int_equal(fixture->summary.indicators, 0);
	assert_int_equal(fixture->summary.duplicates, 1);
	finish(fixture);
	assert_int_equal(find_records(fixture, ID_A).count, 2);
}

static void revoked_indicators_are_withdrawn_for_ever(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES) "," INDICATOR(
			  ID_A, PATTERN_A
			  "," TIMES
			  ",\"revoked\":true") "," INDICATOR(ID_A, PATTERN_A
	                                                     ",\"created\":\"2026-01-01T00:00:"
	                                                     "00Z\","
	                                                     "\"modified\":\"2026-03-01T00:00:"
	                                                     "00Z\"") "," INDICATOR(ID_B, PATTERN_B
	                                                                            "," TIMES)));
	assert_int_equal(count_of(&fixture->summary.report, "revoked"), 1);
	assert_int_equal(fixture->summary.indicators, 1);
	finish(fixture);
	assert_int_equal(find_records(fixture, ID_A).count, 0);
	assert_int_equal(find_records(fixture, ID_B).count, 1);
}

static void the_strictest_marking_counts(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE(INDICATOR(ID_A, PATTERN_A
	                           "," TIMES ",\"object_marking_refs\":[\"marking-definition--"
	                           "613f2e26-407d-48c7-9eca-b8e91df99dc9\"],"
	                           "\"granular_markings\":[{\"marking_ref\":\"" TLP2_RED "\","
	                           "\"selectors\":[\"name\"]}]")));
	finish(fixture);
	struct indicator record = find_record(fixture, ID_A);
	assert_int_equal(record.tlp, TLP_RED);
	assert_text(record.markings,
	            "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\n" TLP2_RED);
	assert_int_equal(fixture->finish.count, 0);
}

static void a_marking_may_be_defined_later(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES ",\"object_marking_refs\":[\"" MARKING
	                                           "\"]")));
	read_feed(fixture, BUNDLE("{\"type\":\"marking-definition\",\"id\":\"" MARKING "\","
	                          "\"extensions\":{\"" TLP2_EXTENSION "\":"
	                          "{\"extension_type\":\"property-extension\","
	                          "\"tlp_2_0\":\"amber+strict\"}}}"));
	finish(fixture);
	assert_int_equal(find_record(fixture, ID_A).tlp, TLP_AMBER_STRICT);
	assert_int_equal(fixture->finish.count, 0);
}

static void an_undefined_marking_is_told(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES ",\"object_marking_refs\":[\"" MARKING
	                                           "\"]")));
	finish(fixture);
	assert_int_equal(count_of(&fixture->finish, "marking defined in no feed"), 1);
	assert_text(find_record(fixture, ID_A).markings, MARKING);
}

static void reports_name_indicators_across_files(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE("{\"type\":\"report\",\"id\":\"report--" UUID_A "\"," TIMES
	                 ",\"name\":\"Old\",\"object_refs\":[\"" ID_A "\"]},"
	                 "{\"type\":\"grouping\",\"id\":\"grouping--" UUID_A "\"," TIMES
	                 ",\"name\":\"Group\",\"object_refs\":[\"" ID_A "\",\"" ID_B "\"]}"));
	read_feed(fixture, BUNDLE("{\"type\":\"report\",\"id\":\"report--" UUID_A "\","
	                          "\"modified\":\"2026-03-01T00:00:00Z\","
	                          "\"name\":\"New\",\"object_refs\":[\"" ID_A "\"]}"));
	read_feed(fixture, BUNDLE(INDICATOR(ID_A, PATTERN_A "," TIMES)));
	finish(fixture);
	assert_text(find_record(fixture, ID_A).report_names, "Group\nNew");
}

static void an_object_without_what_is_needed_is_skipped(void **state)
{
	struct fixture *fixture = *state;

	// clang-format off
	read_feed(fixture, BUNDLE(
		"{\"type\":\"indicator\"," PATTERN_A "," TIMES "},"
		INDICATOR(ID_A, TIMES) ","
		INDICATOR("indicator--1", PATTERN_A "," TIMES) ","
		INDICATOR(ID_A, "\"pattern\":5," TIMES) ","
		INDICATOR(ID_A, "\"pattern\":\"[broken\"," TIMES) ","
		INDICATOR(ID_A, "\"pattern_type\":\"snort\",\"pattern\":\"alert\"," TIMES) ","
		"{\"type\":5},"
		"{\"id\":\"x\"}"));
	// clang-format on

	const struct report *report = &fixture->summary.report;
	assert_int_equal(fixture->summary.objects, 8);
	assert_int_equal(fixture->summary.indicators, 0);
	assert_int_equal(count_of(report, "indicator without an id"), 1);
	assert_int_equal(count_of(report, "indicator without a pattern"), 1);
	assert_int_equal(count_of(report, "id is not a STIX identifier"), 1);
	assert_int_equal(count_of(report, "member of a wrong type"), 2);
	assert_int_equal(count_of(report, "invalid pattern"), 1);
	assert_int_equal(count_of(report, "pattern type snort: not parsed"), 1);
	assert_int_equal(count_of(report, "not a STIX object: no type"), 1);
	assert_int_equal(report->count, 8);
}

static void a_wrong_member_costs_only_itself(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE(INDICATOR(ID_A, PATTERN_A
	                           ",\"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"never\","
	                           "\"confidence\":\"high\",\"labels\":[1,\"x\"],\"name\":{}")));
	const struct report *report = &fixture->summary.report;
	assert_int_equal(count_of(report, "member of a wrong type"), 2);
	assert_int_equal(count_of(report, "not a timestamp"), 1);
	assert_int_equal(count_of(report, "no valid_from"), 1);
	assert_int_equal(count_of(report, "item of a list is not a string"), 1);
	finish(fixture);

	struct indicator record = find_record(fixture, ID_A);
	assert_int_equal(record.confidence, CONFIDENCE_NONE);
	assert_int_equal(record.valid_from_ns, INT64_C(1767225600) * NS_PER_S);
	assert_text(record.labels, "x");
}

static void broken_json_costs_one_object(void **state)
{
	struct fixture *fixture = *state;
	const struct report *report = &fixture->summary.report;

	read_feed(fixture, BUNDLE("{\"type\":\"indicator\",\"id\":\"" ID_B
	                          "\",,}," INDICATOR(ID_A, PATTERN_A "," TIMES)));
	assert_int_equal(fixture->summary.indicators, 1);
	assert_int_equal(count_of(report, "broken JSON"), 1);
	assert_string_equal(report->reasons[0].examples[0].object, ID_B);
	assert_int_equal(report->reasons[0].examples[0].offset, 80);
}

static void bytes_that_json_forbids_cost_one_object(void **state)
{
	static const char feed[] =
		BUNDLE(INDICATOR(ID_B, PATTERN_B "," TIMES ",\"name\":\"\0\"") "," INDICATOR(
			ID_B, PATTERN_B
			"," TIMES
			",\"name\":\"\xff\"") "," INDICATOR(ID_B, PATTERN_B
	                                                    "," TIMES ",\"name\":1,\"name\":"
	                                                    "2") "," INDICATOR(ID_A, PATTERN_A
	                                                                       "," TIMES));
	struct fixture *fixture = *state;

	read_bytes(fixture, slice_of(feed, sizeof(feed) - 1), "test");
	assert_int_equal(fixture->summary.objects, 4);
	assert_int_equal(fixture->summary.indicators, 1);
	assert_int_equal(count_of(&fixture->summary.report, "broken JSON"), 2);
	assert_int_equal(count_of(&fixture->summary.report, "member given twice"), 1);
}

static void deep_nesting_costs_one_object(void **state)
{
	struct fixture *fixture = *state;
	struct buffer feed = {0};

	buffer_append_text(&feed, "{\"objects\":[{\"type\":\"indicator\",\"x\":");
	for (unsigned i = 0; i < 10000; i++)
		buffer_append_byte(&feed, '[');
	for (unsigned i = 0; i < 10000; i++)
		buffer_append_byte(&feed, ']');
	buffer_append_text(&feed, "}," INDICATOR(ID_A, PATTERN_A "," TIMES) "]}");
	read_bytes(fixture, buffer_slice(&feed), "test");
	assert_int_equal(fixture->summary.indicators, 1);
	assert_string_equal(fixture->summary.report.reasons[0].examples[0].detail,
	                    "nested deeper than 1000");
	buffer_close(&feed);
}

static void a_truncated_feed_keeps_what_came_before(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture, "{\"type\":\"bundle\",\"objects\":[" INDICATOR(
				   ID_A, PATTERN_A
				   "," TIMES) ",{\"type\":\"indicator\",\"id\":\"" ID_B "\",\"pat");
	assert_int_equal(fixture->result, 0);
	assert_int_equal(fixture->summary.indicators, 1);
	assert_int_equal(count_of(&fixture->summary.report, "the JSON has no end"), 1);
	assert_string_equal(fixture->summary.report.reasons[0].examples[0].object, ID_B);
}

static void other_objects_are_read_without_a_word(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture, BUNDLE("{\"type\":\"malware\",\"name\":5},"
	                          "{\"type\":\"observed-data\",\"objects\":{\"0\":{}}},"
	                          "{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.1\"},"
	                          "{\"type\":\"x-mine\"},{\"type\":\"unheard-of\"}"));
	assert_int_equal(fixture->result, 0);
	assert_int_equal(fixture->summary.objects, 5);
	assert_int_equal(fixture->summary.report.count, 1);
	assert_int_equal(count_of(&fixture->summary.report, "unknown type of object"), 1);
}

static void values_of_two_indicators_are_both_kept(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture, INDICATOR(ID_A, PATTERN_A "," TIMES) "\n" INDICATOR(ID_B, PATTERN_A
	                                                                       "," TIMES) "\n");
	assert_int_equal(fixture->summary.indicators, 2);
	finish(fixture);
	assert_int_equal(find_records(fixture, ID_A).total, 2);
}

static void an_indicator_without_any_value_leaves_no_record(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture,
	          BUNDLE(INDICATOR(ID_A, "\"pattern\":\"[domain-name:value = 'com']\"," TIMES)));
	assert_int_equal(fixture->summary.indicators, 0);
	assert_true(fixture->summary.report.count > 0);
	finish(fixture);
	assert_int_equal(find_records(fixture, ID_A).total, 0);
}

static void what_is_no_feed_is_named(void **state)
{
	static const char *const feeds[][2] = {
		{"<?xml version=\"1.0\"?><Discovery_Response xmlns='taxii_services'>",
	         "TAXII 1.x XML"},
		{"{\"0\": {\"Orgc\": {\"name\": \"x\"}}}",
	         "the manifest of a MISP feed: give the feed's folder or URL"},
		{"<!DOCTYPE html><html>", "an HTML page"},
		{"{\"a\": 1}", "JSON that is neither STIX 2 nor of MISP"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++) {
		read_feed(fixture, feeds[i][0]);
		assert_int_equal(fixture->result, -EBADMSG);
		assert_string_equal(fixture->summary.report.reasons[0].examples[0].detail,
		                    feeds[i][1]);
	}
}

static void an_empty_file_is_told_and_no_error(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture, "");
	assert_int_equal(fixture->result, 0);
	assert_int_equal(count_of(&fixture->summary.report, "empty"), 1);
}

static void a_warninglist_is_counted_and_not_compiled(void **state)
{
	struct fixture *fixture = *state;

	read_feed(fixture, "{\"name\":\"Some resolvers\",\"version\":1,\"type\":\"cidr\","
	                   "\"matching_attributes\":[\"ip-src\"],"
	                   "\"list\":[\"198.51.100.1\",\"198.51.100.2\"]}");
	assert_int_equal(fixture->result, 0);
	assert_int_equal(fixture->summary.format, FEED_WARNINGLIST);
	assert_int_equal(fixture->summary.known_benign, 2);
	assert_int_equal(fixture->summary.indicators, 0);
	finish(fixture);
	assert_int_equal(find_records(fixture, "").total, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_indicator_keeps_all_it_carries),
		TEST(labels_of_2_0_are_threat_types),
		TEST(the_newest_version_counts_in_any_order),
		TEST(another_source_gives_another_vote),
		TEST(revoked_indicators_are_withdrawn_for_ever),
		TEST(the_strictest_marking_counts),
		TEST(a_marking_may_be_defined_later),
		TEST(an_undefined_marking_is_told),
		TEST(reports_name_indicators_across_files),
		TEST(an_object_without_what_is_needed_is_skipped),
		TEST(a_wrong_member_costs_only_itself),
		TEST(broken_json_costs_one_object),
		TEST(bytes_that_json_forbids_cost_one_object),
		TEST(deep_nesting_costs_one_object),
		TEST(a_truncated_feed_keeps_what_came_before),
		TEST(other_objects_are_read_without_a_word),
		TEST(values_of_two_indicators_are_both_kept),
		TEST(an_indicator_without_any_value_leaves_no_record),
		TEST(what_is_no_feed_is_named),
		TEST(an_empty_file_is_told_and_no_error),
		TEST(a_warninglist_is_counted_and_not_compiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
