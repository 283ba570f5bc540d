// Small OpenIOC documents, read by a loader into a build, written, and asked.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/loader/feed_fixture.h"

#define ITEM(condition, search, text)                                                    \
	"<IndicatorItem id='84befe7a-47de-4f16-b4ea-e1e078bc4623' condition='" condition \
	"'><Context document='x' search='" search "'/><Content type='string'>" text      \
	"</Content></IndicatorItem>"
#define TREE(operation, content) "<Indicator operator='" operation "'>" content "</Indicator>"
#define DOCUMENT(content)                                                                 \
	"<?xml version='1.0'?><ioc xmlns='http://schemas.mandiant.com/2010/ioc'"          \
	" id='7b9e87c5-b619-4a13-b862-0145614d359a' last-modified='2026-01-01T00:00:00'>" \
	"<short_description>A family</short_description><authored_by>ACME</authored_by>"  \
	"<links><link rel='category'>Backdoor</link></links><definition>" content         \
	"</definition></ioc>"

static struct feed_fixture read_text(const char *text)
{
	struct feed_fixture fixture;

	feed_fixture_read(slice_text(text), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_OPENIOC);
	return fixture;
}

static void what_a_network_shows_of_an_or_is_taken(void **state)
{
	struct feed_fixture fixture = read_text(DOCUMENT(TREE(
		"OR", ITEM("is", "Network/DNS", "bad.example")
			      ITEM("is", "FileItem/Md5sum", "5d8129be965fab8115eca34fc84bd7f0")
				      ITEM("contains", "PortItem/remoteIP", "198.51.100.7")
					      ITEM("is", "UrlHistoryItem/URL", "http://a.example/x")
						      ITEM("is", "RegistryItem/Path", "HKLM"))));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 1);
	assert_true(feed_fixture_has(&fixture, "bad.example"));
	assert_true(feed_fixture_has(&fixture, "5d8129be965fab8115eca34fc84bd7f0"));
	assert_true(feed_fixture_has(&fixture, "198.51.100.7"));
	assert_true(feed_fixture_has(&fixture, "http://a.example/x"));
	assert_int_equal(feed_fixture_problems(&fixture, "not visible on a network"), 1);
	feed_fixture_close(&fixture);
}

static void an_and_is_told_and_the_rest_kept(void **state)
{
	struct feed_fixture fixture = read_text(DOCUMENT(TREE(
		"OR", ITEM("is", "Network/DNS", "bad.example")
			      TREE("AND", ITEM("is", "Network/DNS", "other.example")
	                                          ITEM("is", "ProcessItem/name", "a.exe"))
				      TREE("AND", ITEM("is", "Network/DNS", "only.example")))));
	(void)state;

	assert_true(feed_fixture_has(&fixture, "bad.example"));
	assert_false(feed_fixture_has(&fixture, "other.example"));
	assert_true(feed_fixture_has(&fixture, "only.example"));
	assert_int_equal(feed_fixture_problems(&fixture, "AND: not matchable yet"), 1);
	feed_fixture_close(&fixture);
}

static void parts_of_names_and_urls_are_looked_for(void **state)
{
	struct feed_fixture fixture = read_text(
		DOCUMENT(TREE("OR", ITEM("contains", "DnsEntryItem/RecordName", "badpart")
	                                    ITEM("contains", "FileItem/Sha1sum", "2b999e"))));
	(void)state;

	assert_true(feed_fixture_has(&fixture, "www.badpart.example"));
	assert_int_equal(
		feed_fixture_problems(&fixture, "condition not matchable on such a property"), 1);
	feed_fixture_close(&fixture);
}

static void negative_items_are_held(void **state)
{
	struct feed_fixture fixture =
		read_text(DOCUMENT(TREE("OR", ITEM("isnot", "Network/DNS", "good.example"))));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 0);
	assert_int_equal(feed_fixture_problems(&fixture, "negative condition: held for review"), 1);
	feed_fixture_close(&fixture);
}

static void a_value_in_the_place_of_an_id_is_taken(void **state)
{
	struct feed_fixture fixture = read_text(DOCUMENT(
		TREE("OR", "<IndicatorItem id='bad.example' condition='is'><Context "
	                   "search='Network/DNS'/><Content type='string'/></IndicatorItem>")));
	(void)state;

	assert_true(feed_fixture_has(&fixture, "bad.example"));
	feed_fixture_close(&fixture);
}

static void the_newer_form_says_the_same(void **state)
{
	struct feed_fixture fixture = read_text(
		"<OpenIOC xmlns='http://openioc.org/schemas/OpenIOC_1.1' id='a' "
		"last-modified='2026-01-01T00:00:00Z'><metadata><short_description>A family"
		"</short_description><authored_by>ACME</authored_by></metadata><criteria>" TREE(
			"OR", ITEM("starts-with", "UrlHistoryItem/URL",
	                           "http://a.example/kit/")) "</criteria></OpenIOC>");
	struct indicator indicator = feed_fixture_indicator(&fixture, 1);
	(void)state;

	assert_true(slice_is(indicator.id, "a"));
	assert_true(slice_is(indicator.name, "A family"));
	assert_true(slice_is(indicator.created_by, "ACME"));
	assert_true(feed_fixture_has(&fixture, "http://a.example/kit/1"));
	feed_fixture_close(&fixture);
}

static void something_else_in_xml_is_none(void **state)
{
	struct feed_fixture fixture;
	(void)state;

	feed_fixture_read(slice_text("<a><b/></a>"), FEED_OPENIOC, &fixture);
	assert_int_equal(fixture.result, -EBADMSG);
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_network_shows_of_an_or_is_taken),
		cmocka_unit_test(an_and_is_told_and_the_rest_kept),
		cmocka_unit_test(parts_of_names_and_urls_are_looked_for),
		cmocka_unit_test(negative_items_are_held),
		cmocka_unit_test(a_value_in_the_place_of_an_id_is_taken),
		cmocka_unit_test(the_newer_form_says_the_same),
		cmocka_unit_test(something_else_in_xml_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
