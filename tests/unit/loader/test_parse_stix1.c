// Small STIX 1.x packages, read by a loader into a build, written, and asked.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "tests/unit/loader/feed_fixture.h"

#define SPACES                                                   \
	"xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' " \
	"xmlns:stix='http://stix.mitre.org/stix-1' "             \
	"xmlns:stixCommon='http://stix.mitre.org/common-1' "     \
	"xmlns:indicator='http://stix.mitre.org/Indicator-2' "   \
	"xmlns:cybox='http://cybox.mitre.org/cybox-2' "          \
	"xmlns:cyboxCommon='http://cybox.mitre.org/common-2' "   \
	"xmlns:marking='http://data-marking.mitre.org/Marking-1' "
#define PACKAGE(content) \
	"<stix:STIX_Package " SPACES "id='e:p' version='1.2'>" content "</stix:STIX_Package>"
#define INDICATOR(id, content)                                          \
	"<stix:Indicator id='" id "' timestamp='2026-01-01T00:00:00Z' " \
	"xsi:type='indicator:IndicatorType'>" content "</stix:Indicator>"
#define OBSERVABLE(attributes, properties)                           \
	"<cybox:Observable " attributes "><cybox:Object>" properties \
	"</cybox:Object></cybox:Observable>"
#define PROPERTIES(type, attributes, content) \
	"<cybox:Properties xsi:type='x:" type "' " attributes ">" content "</cybox:Properties>"
#define ADDRESS(category, text)                                    \
	PROPERTIES("AddressObjectType", "category='" category "'", \
	           "<x:Address_Value condition='Equals'>" text "</x:Address_Value>")
#define NAME(attributes, text)                            \
	PROPERTIES("DomainNameObjectType", "type='FQDN'", \
	           "<x:Value " attributes ">" text "</x:Value>")
#define URL(attributes, text) \
	PROPERTIES("URIObjectType", "type='URL'", "<x:Value " attributes ">" text "</x:Value>")
#define ONE(properties) PACKAGE(INDICATOR("e:i-1", OBSERVABLE("", properties)))

static struct feed_fixture read_text(const char *text)
{
	struct feed_fixture fixture;

	feed_fixture_read(slice_text(text), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_STIX1);
	return fixture;
}

static void addresses_and_networks_are_taken(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(
		INDICATOR("e:i-1", OBSERVABLE("", ADDRESS("ipv4-addr", "198.51.100.7"))) INDICATOR(
			"e:i-2", OBSERVABLE("", ADDRESS("cidr", "203.0.113.0/24")))
			INDICATOR("e:i-3", OBSERVABLE("", ADDRESS("ipv6-addr", "2001:db8::7")))));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 3);
	assert_true(feed_fixture_has(&fixture, "198.51.100.7"));
	assert_true(feed_fixture_has(&fixture, "203.0.113.200"));
	assert_true(feed_fixture_has(&fixture, "2001:db8::7"));
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).id, "e:i-1"));
	feed_fixture_close(&fixture);
}

static void an_address_of_a_mail_is_told_and_not_taken(void **state)
{
	struct feed_fixture fixture = read_text(ONE(ADDRESS("e-mail", "a@bad.example")));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 0);
	assert_int_equal(feed_fixture_problems(&fixture, "e-mail address: not matchable yet"), 1);
	feed_fixture_close(&fixture);
}

static void names_and_urls_are_taken(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(
		INDICATOR("e:i-1", OBSERVABLE("", NAME("", "bad.example"))) INDICATOR(
			"e:i-2", OBSERVABLE("", URL("", "http://worse.example/x?a&amp;b")))
			INDICATOR("e:i-3",
	                          OBSERVABLE("", PROPERTIES("URIObjectType", "type='Domain Name'",
	                                                    "<x:Value>third.example</x:Value>")))
				INDICATOR(
					"e:i-4",
					OBSERVABLE("", PROPERTIES("HostnameObjectType", "",
	                                                          "<x:Hostname_Value>fourth.example"
	                                                          "</x:Hostname_Value>")))
					INDICATOR(
						"e:i-5",
						OBSERVABLE(
							"",
							PROPERTIES("LinkObjectType", "type='URL'",
	                                                           "<x:Value>http://fifth.example/"
	                                                           "</x:Value>")))));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 5);
	assert_true(feed_fixture_has(&fixture, "bad.example"));
	assert_true(feed_fixture_has(&fixture, "http://worse.example/x?a&b"));
	assert_true(feed_fixture_has(&fixture, "third.example"));
	assert_true(feed_fixture_has(&fixture, "fourth.example"));
	assert_true(feed_fixture_has(&fixture, "http://fifth.example/"));
	feed_fixture_close(&fixture);
}

#define HASH(type, text)                                                          \
	"<cyboxCommon:Hash><cyboxCommon:Type>" type "</cyboxCommon:Type>"         \
	"<cyboxCommon:Simple_Hash_Value>" text "</cyboxCommon:Simple_Hash_Value>" \
	"</cyboxCommon:Hash>"

static void any_hash_of_a_file_finds_it(void **state)
{
	struct feed_fixture fixture = read_text(
		ONE(PROPERTIES("FileObjectType", "",
	                       "<x:File_Name>a.exe</x:File_Name><x:Hashes>" HASH(
				       "MD5", "5d8129be965fab8115eca34fc84bd7f0")
	                               HASH("SHA1", "2b999e7db890cc77f0098a091de756a1803a3c2b")
	                                       HASH("SSDEEP", "3:abc:def") "</x:Hashes>")));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 1);
	assert_true(feed_fixture_has(&fixture, "5d8129be965fab8115eca34fc84bd7f0"));
	assert_true(feed_fixture_has(&fixture, "2b999e7db890cc77f0098a091de756a1803a3c2b"));
	assert_int_equal(feed_fixture_problems(&fixture, "hash algorithm not supported"), 1);
	feed_fixture_close(&fixture);
}

static void a_list_means_any_of_its_items(void **state)
{
	struct feed_fixture fixture =
		read_text(ONE(URL("condition='Equals' apply_condition='ANY'",
	                          "http://a.example/1##comma##http://a.example/2")));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 1);
	assert_true(feed_fixture_has(&fixture, "http://a.example/1"));
	assert_true(feed_fixture_has(&fixture, "http://a.example/2"));
	feed_fixture_close(&fixture);
}

// A delimiter of one byte makes a value of each second one.
static void the_values_of_lists_are_bounded(void **state)
{
	static const char before[] =
		PACKAGE(INDICATOR("e:i-1", OBSERVABLE("", NAME("delimiter=','", "%"))));
	const char *hole = strchr(before, '%');
	struct buffer text = {0};
	struct feed_fixture fixture;
	(void)state;

	buffer_append(&text, before, (size_t)(hole - before));
	for (unsigned i = 0; i < 100 * 1000 + 10; i++)
		buffer_append_text(&text, "a.example,");
	buffer_append_text(&text, hole + 1);
	buffer_append_byte(&text, '\0');
	fixture = read_text((const char *)text.data);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(
		feed_fixture_problems(&fixture, "too many values in the lists of an object"), 1);
	feed_fixture_close(&fixture);
	buffer_close(&text);
}

static void a_list_that_must_hold_as_a_whole_is_told(void **state)
{
	struct feed_fixture fixture =
		read_text(ONE(NAME("apply_condition='ALL'", "a.example##comma##b.example")));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 0);
	assert_int_equal(feed_fixture_problems(&fixture, "AND: not matchable yet"), 1);
	feed_fixture_close(&fixture);
}

static void a_url_may_be_given_by_its_beginning(void **state)
{
	struct feed_fixture fixture =
		read_text(ONE(URL("condition='StartsWith'", "http://a.example/kit/")));
	(void)state;

	assert_true(feed_fixture_has(&fixture, "http://a.example/kit/x"));
	assert_false(feed_fixture_has(&fixture, "http://a.example/other"));
	feed_fixture_close(&fixture);
}

static void what_is_defanged_is_mended_only_where_it_says_so(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(
		INDICATOR("e:i-1", OBSERVABLE("", NAME("is_defanged='true'", "bad[.]example")))
			INDICATOR("e:i-2", OBSERVABLE("", NAME("", "other[.]example")))));
	(void)state;

	assert_true(feed_fixture_has(&fixture, "bad.example"));
	assert_false(feed_fixture_has(&fixture, "other.example"));
	assert_int_equal(feed_fixture_problems(&fixture, "not a name"), 1);
	feed_fixture_close(&fixture);
}

static void negative_conditions_and_indicators_are_held(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(INDICATOR(
		"e:i-1", OBSERVABLE("", NAME("condition='DoesNotEqual'",
	                                     "a.example"))) "<stix:Indicator id='e:i-2' "
	                                                    "negate='true'>" OBSERVABLE(
								    "",
								    NAME("", "b.example")) "</"
	                                                                                   "stix"
	                                                                                   ":Ind"
	                                                                                   "icat"
	                                                                                   "or"
	                                                                                   ">"));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 0);
	assert_int_equal(feed_fixture_problems(&fixture, "negative condition: held for review"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "negative indicator: held for review"), 1);
	feed_fixture_close(&fixture);
}

#define COMPOSITION(operation, content)                                                     \
	"<cybox:Observable><cybox:Observable_Composition operator='" operation "'>" content \
	"</cybox:Observable_Composition></cybox:Observable>"

static void an_or_gives_its_values_and_an_and_is_told(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(
		INDICATOR("e:i-1", COMPOSITION("OR", OBSERVABLE("", NAME("", "a.example"))
	                                                     OBSERVABLE("", NAME("", "b.example"))))
			INDICATOR("e:i-2",
	                          COMPOSITION("AND", OBSERVABLE("", NAME("", "c.example"))
	                                                     OBSERVABLE("", NAME("", "d.example"))))
				INDICATOR("e:i-3",
	                                  COMPOSITION("AND", OBSERVABLE("", NAME("", "e.example"))))
					INDICATOR(
						"e:i-4",
						COMPOSITION(
							"OR",
							COMPOSITION(
								"AND",
								OBSERVABLE("",
	                                                                   NAME("", "f.example"))
									OBSERVABLE(
										"",
										NAME("",
	                                                                             "g.example")))
								OBSERVABLE(
									"",
									NAME("", "h.example"))))));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 3);
	assert_true(feed_fixture_has(&fixture, "a.example"));
	assert_true(feed_fixture_has(&fixture, "b.example"));
	assert_false(feed_fixture_has(&fixture, "c.example"));
	assert_true(feed_fixture_has(&fixture, "e.example"));
	assert_false(feed_fixture_has(&fixture, "f.example"));
	assert_true(feed_fixture_has(&fixture, "h.example"));
	assert_int_equal(feed_fixture_problems(&fixture, "AND: not matchable yet"), 2);
	feed_fixture_close(&fixture);
}

static void references_are_followed_forwards_and_backwards(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(
		OBSERVABLE("id='e:o-1'", NAME("", "before.example"))
			INDICATOR("e:i-1", "<indicator:Observable idref='e:o-1'/>") INDICATOR(
				"e:i-2", "<indicator:Observable idref='e:o-2'/>")
				INDICATOR("e:i-3", "<indicator:Observable idref='e:o-3'/>")
					OBSERVABLE("id='e:o-2'", NAME("", "behind.example"))));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 2);
	assert_true(feed_fixture_has(&fixture, "before.example"));
	assert_true(feed_fixture_has(&fixture, "behind.example"));
	assert_int_equal(feed_fixture_problems(&fixture, "reference to what is not in the package"),
	                 1);
	feed_fixture_close(&fixture);
}

static void references_in_a_circle_come_to_an_end(void **state)
{
	struct feed_fixture fixture = read_text(
		PACKAGE("<cybox:Observable id='e:o-1'><cybox:Observable_Composition operator='OR'>"
	                "<cybox:Observable idref='e:o-2'/><cybox:Observable idref='e:o-2'/>"
	                "</cybox:Observable_Composition></cybox:Observable>"
	                "<cybox:Observable id='e:o-2'><cybox:Observable_Composition operator='OR'>"
	                "<cybox:Observable idref='e:o-1'/>" OBSERVABLE(
				"", NAME("", "a.example")) "</cybox:Observable_Composition></"
	                                                   "cybox:Observable>" INDICATOR(
								   "e:i-1", "<indicator:Observable "
									    "idref='e:o-1'/>")));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(fixture.summary.values[OBSERVABLE_NAME], 1);
	feed_fixture_close(&fixture);
}

static void indicators_may_be_made_of_others(void **state)
{
	struct feed_fixture fixture = read_text(
		PACKAGE(INDICATOR("e:i-1", OBSERVABLE("", NAME("", "a.example"))) INDICATOR(
			"e:i-2",
			"<indicator:Composite_Indicator_Expression operator='OR'>"
			"<indicator:Indicator idref='e:i-1'/>"
			"<indicator:Indicator>" OBSERVABLE(
				"",
				NAME("",
	                             "b.example")) "</indicator:Indicator>"
						   "</indicator:Composite_Indicator_Expression>")));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_find(&fixture, "a.example", NULL), 2);
	assert_int_equal(feed_fixture_find(&fixture, "b.example", NULL), 1);
	feed_fixture_close(&fixture);
}

static void an_observable_alone_counts_in_a_watch_list_only(void **state)
{
	struct feed_fixture seen = read_text(
		PACKAGE("<stix:STIX_Header><stix:Package_Intent>Threat Report</stix:Package_Intent>"
	                "</stix:STIX_Header>" OBSERVABLE("id='e:o-1'", NAME("", "a.example"))));
	struct feed_fixture listed = read_text(PACKAGE(
		"<stix:STIX_Header><stix:Package_Intent>Indicators - Watchlist"
		"</stix:Package_Intent></stix:STIX_Header>" OBSERVABLE("id='e:o-1'",
	                                                               NAME("", "a.example"))));
	(void)state;

	assert_int_equal(seen.summary.indicators, 0);
	assert_int_equal(feed_fixture_problems(&seen, "observable that no indicator names"), 1);
	assert_int_equal(listed.summary.indicators, 1);
	feed_fixture_close(&seen);
	feed_fixture_close(&listed);
}

#define SOCKET(content) PROPERTIES("SocketAddressObjectType", "", content)
#define SOCKET_ADDRESS(text)                                        \
	"<x:IP_Address category='ipv4-addr'><x:Address_Value>" text \
	"</x:Address_Value></x:IP_Address>"
#define SOCKET_PORT(text)                               \
	"<x:Port><x:Port_Value>" text "</x:Port_Value>" \
	"<x:Layer4_Protocol>TCP</x:Layer4_Protocol></x:Port>"

static void a_socket_is_an_address_with_a_port(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(
		INDICATOR("e:i-1",
	                  OBSERVABLE("", SOCKET(SOCKET_ADDRESS("198.51.100.7") SOCKET_PORT("443"))))
			INDICATOR("e:i-2", OBSERVABLE("", SOCKET(SOCKET_PORT("443"))))));
	struct observable observables[2];
	const struct match *matches;
	char text[2 * URL_BYTES_MAX];
	(void)state;

	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(loader_value_observables(slice_text("198.51.100.7"), text, observables),
	                 1);
	observables[0].port = 443;
	observables[0].protocol = 6;
	assert_int_equal(match_find(fixture.context, observables, 1, &matches), 1);
	observables[0].port = 80;
	assert_int_equal(match_find(fixture.context, observables, 1, &matches), 0);
	feed_fixture_close(&fixture);
}

static void a_request_and_its_host_are_one_url(void **state)
{
	struct feed_fixture fixture = read_text(ONE(PROPERTIES(
		"HTTPSessionObjectType", "",
		"<x:HTTP_Request_Response><x:HTTP_Client_Request><x:HTTP_Request_Line>"
		"<x:Value>/gate.php?id=1</x:Value></x:HTTP_Request_Line><x:HTTP_Request_Header>"
		"<x:Parsed_Header><x:Host><x:Domain_Name><x:Value>bad.example</x:Value>"
		"</x:Domain_Name><x:Port><x:Port_Value>8080</x:Port_Value></x:Port></x:Host>"
		"</x:Parsed_Header></x:HTTP_Request_Header></x:HTTP_Client_Request>"
		"</x:HTTP_Request_Response>")));
	(void)state;

	assert_true(feed_fixture_has(&fixture, "http://bad.example:8080/gate.php?id=1"));
	feed_fixture_close(&fixture);
}

static void a_record_says_what_the_package_and_the_indicator_say(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(
		"<stix:STIX_Header><stix:Title>A "
		"report</stix:Title><stix:Handling><marking:Marking>"
		"<marking:Controlled_Structure>//node()</marking:Controlled_Structure>"
		"<marking:Marking_Structure color='GREEN'/></marking:Marking></stix:Handling>"
		"<stix:Information_Source><stixCommon:Identity><stixCommon:Name>ACME"
		"</stixCommon:Name></stixCommon:Identity></stix:Information_Source>"
		"</stix:STIX_Header>" INDICATOR(
			"e:i-1",
			"<indicator:Title>A title</indicator:Title>"
			"<indicator:Type>C2</indicator:Type>"
			"<indicator:Valid_Time_Position><indicator:Start_Time>2026-01-02T00:00:00Z"
			"</indicator:Start_Time><indicator:End_Time>2026-02-01T00:00:00"
			"</indicator:End_Time></indicator:Valid_Time_Position>" OBSERVABLE(
				"",
				NAME("",
	                             "a.example")) "<indicator:Indicated_TTP><stixCommon:TTP "
						   "idref='e:t-1'/>"
						   "</indicator:Indicated_TTP>"
						   "<indicator:Confidence><stixCommon:Value>High</"
						   "stixCommon:Value>"
						   "</indicator:Confidence>"
						   "<indicator:Handling><marking:Marking><marking:"
						   "Marking_Structure "
						   "color='AMBER'/></marking:Marking></"
						   "indicator:Handling>") "<stix:TTPs><stix:TTP "
									  "id='e:t-1'><ttp:Title "
									  "xmlns:ttp='t'>PlugX</"
									  "ttp:Title>"
									  "</stix:TTP></"
									  "stix:TTPs>"));
	struct indicator indicator = feed_fixture_indicator(&fixture, 1);
	int64_t from_ns, until_ns, modified_ns;
	(void)state;

	assert_int_equal(timestamp_parse(slice_text("2026-01-01T00:00:00Z"), &modified_ns), 0);
	assert_int_equal(timestamp_parse(slice_text("2026-01-02T00:00:00Z"), &from_ns), 0);
	assert_int_equal(timestamp_parse(slice_text("2026-02-01T00:00:00Z"), &until_ns), 0);
	assert_true(slice_is(indicator.name, "A title"));
	assert_true(slice_is(indicator.value, "a.example"));
	assert_true(slice_is(indicator.threat_types, "C2\nPlugX"));
	assert_true(slice_is(indicator.report_names, "A report"));
	assert_true(slice_is(indicator.created_by, "ACME"));
	assert_int_equal(indicator.confidence, 85);
	assert_int_equal(indicator.tlp, TLP_AMBER);
	assert_int_equal(indicator.modified_ns, modified_ns);
	assert_int_equal(indicator.valid_from_ns, from_ns);
	assert_int_equal(indicator.valid_until_ns, until_ns);
	feed_fixture_close(&fixture);
}

static void the_newest_version_counts(void **state)
{
	struct feed_fixture fixture = read_text(PACKAGE(INDICATOR(
		"e:i-1",
		OBSERVABLE(
			"",
			NAME("",
	                     "old."
	                     "example"))) "<stix:Indicator id='e:i-1' "
	                                  "timestamp='2026-02-01T00:00:00Z'"
	                                  ">" OBSERVABLE(
						  "",
						  NAME("",
	                                               "new.example")) "</"
	                                                               "stix:"
	                                                               "Indicato"
	                                                               "r"
	                                                               ">" INDICATOR(
									       "e:i-1",
									       OBSERVABLE(
										       "",
										       NAME("",
	                                                                                    "again."
	                                                                                    "exampl"
	                                                                                    "e")))));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(fixture.summary.duplicates, 2);
	assert_false(feed_fixture_has(&fixture, "old.example"));
	assert_true(feed_fixture_has(&fixture, "new.example"));
	assert_false(feed_fixture_has(&fixture, "again.example"));
	feed_fixture_close(&fixture);
}

static void one_indicator_may_revoke_another(void **state)
{
	struct feed_fixture fixture = read_text(
		PACKAGE(INDICATOR("e:i-1", OBSERVABLE("", NAME("", "a.example"))) INDICATOR(
			"e:i-2",
			OBSERVABLE("",
	                           NAME("", "b.example")) "<indicator:Related_Indicators><"
							  "indicator:Related_Indicator>"
							  "<stixCommon:Relationship>Revokes</"
							  "stixCommon:Relationship>"
							  "<stixCommon:Indicator idref='e:i-1'/>"
							  "</indicator:Related_Indicator></"
							  "indicator:Related_Indicators>")));
	(void)state;

	assert_int_equal(fixture.summary.indicators, 1);
	assert_false(feed_fixture_has(&fixture, "a.example"));
	assert_true(feed_fixture_has(&fixture, "b.example"));
	feed_fixture_close(&fixture);
}

// libxml2 looks 512 bytes ahead.
static void what_came_before_the_damage_is_kept(void **state)
{
	static const char start[] = "<stix:STIX_Package " SPACES
				    ">" INDICATOR("e:i-1", OBSERVABLE("", NAME("", "a.example")));
	struct feed_fixture fixture;
	struct buffer text = {0};
	(void)state;

	buffer_append_text(&text, start);
	for (int i = 0; i < 1024; i++)
		buffer_append_byte(&text, '\n');
	buffer_append_text(&text, "<stix:Indicator id='e:i-2'>");
	feed_fixture_read(buffer_slice(&text), FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "broken XML"), 1);
	feed_fixture_close(&fixture);
	buffer_close(&text);
}

static void entities_of_its_own_are_refused(void **state)
{
	struct feed_fixture fixture =
		read_text("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>" PACKAGE(
			INDICATOR("e:i-1", OBSERVABLE("", NAME("", "&b;.example")))));
	(void)state;

	assert_int_equal(fixture.result, -EBADMSG);
	assert_int_equal(fixture.summary.indicators, 0);
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_networks_are_taken),
		cmocka_unit_test(an_address_of_a_mail_is_told_and_not_taken),
		cmocka_unit_test(names_and_urls_are_taken),
		cmocka_unit_test(any_hash_of_a_file_finds_it),
		cmocka_unit_test(a_list_means_any_of_its_items),
		cmocka_unit_test(the_values_of_lists_are_bounded),
		cmocka_unit_test(a_list_that_must_hold_as_a_whole_is_told),
		cmocka_unit_test(a_url_may_be_given_by_its_beginning),
		cmocka_unit_test(what_is_defanged_is_mended_only_where_it_says_so),
		cmocka_unit_test(negative_conditions_and_indicators_are_held),
		cmocka_unit_test(an_or_gives_its_values_and_an_and_is_told),
		cmocka_unit_test(references_are_followed_forwards_and_backwards),
		cmocka_unit_test(references_in_a_circle_come_to_an_end),
		cmocka_unit_test(indicators_may_be_made_of_others),
		cmocka_unit_test(an_observable_alone_counts_in_a_watch_list_only),
		cmocka_unit_test(a_socket_is_an_address_with_a_port),
		cmocka_unit_test(a_request_and_its_host_are_one_url),
		cmocka_unit_test(a_record_says_what_the_package_and_the_indicator_say),
		cmocka_unit_test(the_newest_version_counts),
		cmocka_unit_test(one_indicator_may_revoke_another),
		cmocka_unit_test(what_came_before_the_damage_is_kept),
		cmocka_unit_test(entities_of_its_own_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
