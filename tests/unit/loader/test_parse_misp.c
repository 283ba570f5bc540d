#include "tests/unit/loader/feed_fixture.h"

#include "base/buffer.h"
#include "loader/reader.h"

#define UUID(last)            "00000000-0000-4000-8000-00000000000" last
#define ID(last)              "\"uuid\":\"" UUID(last) "\",\"timestamp\":\"1700000000\",\"to_ids\":true,"
#define TYPE(t, v)            "\"type\":\"" t "\",\"category\":\"Network activity\",\"value\":\"" v "\""
#define ATTRIBUTE(last, t, v) "{" ID(last) TYPE(t, v) "}"

static void attributes_of_an_event_become_indicators(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	feed_fixture_read(
		slice_text("{\"Event\":{\"info\":\"Report\",\"Attribute\":[" ATTRIBUTE("1", "ip-dst", "198.51.100.1") "," ATTRIBUTE("2", "domain", "evil.example.com") "," ATTRIBUTE(
			"3", "hostname",
			"host.example.net") "," ATTRIBUTE("4", "url",
	                                                  "hxxp:/"
	                                                  "/evil."
	                                                  "exampl"
	                                                  "e.org/"
	                                                  "a") "," ATTRIBUTE("5", "filename|md5",
	                                                                     "a|b.exe|"
	                                                                     "0123456789abcdef01234"
	                                                                     "56789abcde"
	                                                                     "f") "," ATTRIBUTE("6",
	                                                                                        "em"
	                                                                                        "ai"
	                                                                                        "l-"
	                                                                                        "sr"
	                                                                                        "c",
	                                                                                        "a@"
	                                                                                        "ex"
	                                                                                        "am"
	                                                                                        "pl"
	                                                                                        "e."
	                                                                                        "co"
	                                                                                        "m") "," ATTRIBUTE("7",
	                                                                                                           "uri",
	                                                                                                           "/gate.php") "," ATTRIBUTE("8",
	                                                                                                                                      "strange",
	                                                                                                                                      "x") "],\"Tag\":[{\"name\":\"tlp:green\"}]}}"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.format, FEED_MISP);
	assert_int_equal(fixture.summary.objects, 8);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_int_equal(feed_fixture_problems(&fixture, "email-src: not matchable yet"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "uri: not matchable yet"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "attribute of a type that is not known"),
	                 1);
	assert_true(feed_fixture_has(&fixture, "198.51.100.1"));
	assert_true(feed_fixture_has(&fixture, "http://evil.example.org/a"));
	assert_true(feed_fixture_has(&fixture, "0123456789abcdef0123456789abcdef"));
	assert_true(feed_fixture_has(&fixture, "www.evil.example.com"));
	assert_int_equal(feed_fixture_find(&fixture, "host.example.net", &kind), 1);
	assert_int_equal(kind, MATCH_EXACT);

	struct indicator indicator = feed_fixture_indicator(&fixture, 1);
	assert_true(slice_is(indicator.id, "indicator--" UUID("1")));
	assert_true(slice_is(indicator.report_names, "Report"));
	assert_int_equal(indicator.tlp, TLP_GREEN);
	assert_int_equal(indicator.modified_ns, 1700000000 * NS_PER_S);
	feed_fixture_close(&fixture);
}

static void fingerprints_of_certificates_are_hashes(void **state)
{
	static const char md5[] = "0123456789abcdef0123456789abcdef";
	static const char sha1[] = "0123456789abcdef0123456789abcdef01234567";
	static const char sha256[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	char event[2048];
	struct feed_fixture fixture;

	(void)state;
	(void)snprintf(event, sizeof(event),
	               "{\"Event\":{\"Attribute\":[" ATTRIBUTE(
			       "1", "x509-fingerprint-md5",
			       "%s") "," ATTRIBUTE("2", "x509-fingerprint-sha1",
	                                           "%s") "," ATTRIBUTE("3",
	                                                               "x509-fingerprint-sha256",
	                                                               "%s") "]}}",
	               md5, sha1, sha256);
	feed_fixture_read(slice_text(event), FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.indicators, 3);
	assert_true(feed_fixture_has(&fixture, md5));
	assert_true(feed_fixture_has(&fixture, sha1));
	assert_true(feed_fixture_has(&fixture, sha256));
	feed_fixture_close(&fixture);
}

static void a_host_name_is_that_name_alone_and_a_domain_all_below_it(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	feed_fixture_read(
		slice_text("{\"Event\":{\"info\":\"\",\"Attribute\":[" ATTRIBUTE(
			"1", "hostname",
			"host.example.net") "," ATTRIBUTE("2", "domain", "evil.example.com") "]}}"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_find(&fixture, "www.evil.example.com", &kind), 1);
	assert_int_equal(kind, MATCH_PARENT);
	assert_true(feed_fixture_has(&fixture, "evil.example.com"));
	assert_true(feed_fixture_has(&fixture, "host.example.net"));
	// Below a host name is beside what the event says: told, and at most an alert.
	assert_int_equal(feed_fixture_find(&fixture, "www.host.example.net", &kind), 1);
	assert_int_equal(kind, MATCH_PARENT);
	assert_true(database_name_kinds(fixture.database, slice_text("host.example.net"), 1) &
	            ENTRY_BESIDE);
	assert_false(database_name_kinds(fixture.database, slice_text("evil.example.com"), 2) &
	             ENTRY_BESIDE);
	feed_fixture_close(&fixture);
}

static void what_is_not_for_detection_is_not_compiled(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text(
			"{\"Event\":{\"Attribute\":["
			"{\"to_ids\":false," TYPE(
				"domain",
				"a.example.com") "},"
						 "{\"to_ids\":true,\"deleted\":true," TYPE("domain", "b.example.com") "},{\"to_ids\":\"1\",\"decay_score\":[{\"score\":1,\"decayed\":true}]," TYPE(
							 "domain",
							 "c.example.com") "},{\"to_ids\":1,"
									  "\"ShadowAttribute\":["
									  "{" TYPE(
										  "domain",
										  "e."
										  "examp"
										  "le."
										  "com") "}]"
											 "," TYPE(
												 "d"
												 "o"
												 "m"
												 "a"
												 "i"
												 "n",
												 "d"
												 "."
												 "e"
												 "x"
												 "a"
												 "m"
												 "p"
												 "l"
												 "e"
												 "."
												 "c"
												 "o"
												 "m") "}],"
												      "\"ShadowAttribute\":[{" TYPE(
													      "domain",
													      "f.example.com") "}]}}"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.objects, 4);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_true(feed_fixture_has(&fixture, "d.example.com"));
	assert_int_equal(feed_fixture_problems(&fixture, "deleted"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "to_ids is false: not for detection"), 1);
	assert_int_equal(feed_fixture_problems(&fixture,
	                                       "decayed: its score is below its model's threshold"),
	                 1);
	assert_int_equal(feed_fixture_problems(&fixture, "proposal (shadow attribute)"), 2);
	feed_fixture_close(&fixture);
}

static void both_values_of_a_composite_are_looked_for(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text(
			"{\"Event\":{\"Attribute\":[" ATTRIBUTE("1", "domain|ip", "evil.example.com|198.51.100.7") "," ATTRIBUTE(
				"2", "ip-dst|port",
				"198.51.100.8|8443") "," ATTRIBUTE("3", "ip-dst|port",
	                                                           "198.51.100.9|x") "]}}"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_true(feed_fixture_has(&fixture, "evil.example.com"));
	assert_true(feed_fixture_has(&fixture, "198.51.100.7"));
	assert_true(feed_fixture_has(&fixture, "198.51.100.8:8443"));
	assert_false(feed_fixture_has(&fixture, "198.51.100.8:80"));
	assert_false(feed_fixture_has(&fixture, "198.51.100.9"));
	assert_int_equal(feed_fixture_problems(&fixture, "port not understood"), 1);
	feed_fixture_close(&fixture);
}

static void an_object_narrows_its_addresses_to_its_ports(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text(
			"{\"response\":[{\"Event\":{\"Object\":[{\"name\":\"ip-port\","
			"\"Attribute\":[" ATTRIBUTE("1", "ip-dst", "198.51.100.7") "," ATTRIBUTE(
				"2", "port",
				"8443") "," ATTRIBUTE("3", "port",
	                                              "9443") "]},{\"name\":\"file\","
							      "\"deleted\":true,\"Attribute\":"
							      "[" ATTRIBUTE("4", "md5",
	                                                                    "0123456789abcdef012"
	                                                                    "3456789abcdef") "]}"
											     "],"
											     "\""
											     "in"
											     "fo"
											     "\""
											     ":"
											     "\""
											     "x"
											     "\""
											     "}}"
											     "]"
											     "}"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.objects, 4);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_true(feed_fixture_has(&fixture, "198.51.100.7:8443"));
	assert_true(feed_fixture_has(&fixture, "198.51.100.7:9443"));
	assert_false(feed_fixture_has(&fixture, "198.51.100.7:80"));
	assert_int_equal(feed_fixture_problems(&fixture, "deleted"), 1);
	feed_fixture_close(&fixture);
}

static void tags_give_tlp_confidence_and_threat_types(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text(
			"{\"Event\":{\"Tag\":[{\"name\":\"tlp:amber\"},"
			"{\"name\":\"misp-galaxy:ransomware=\\\"X\\\"\"},"
			"{\"name\":\"misp:confidence-level=\\\"rarely-confident\\\"\"}],"
			"\"Orgc\":{\"name\":\"O\",\"uuid\":\"" UUID(
				"f") "\"},"
				     "\"date\":\"2023-11-01\",\"Attribute\":["
				     "{\"Tag\":[{\"name\":\"tlp:green\"},{\"name\":"
				     "\"estimative-language:likelihood-probability="
				     "\\\"likely\\\"\"}],"
				     "\"first_seen\":\"2023-11-02T00:00:00.000000+00:00\","
				     "\"last_seen\":\"2023-11-03T00:00:00.000000+00:00\"," TYPE(
					     "domain",
					     "a.example.com") "}," ATTRIBUTE("2", "domain",
	                                                                     "b.example.com") ",{"
											      "\"Ta"
											      "g\":"
											      "[{"
											      "\"na"
											      "me\""
											      ":"
											      "\"tl"
											      "p:"
											      "purp"
											      "le\""
											      "},{"
											      "\"na"
											      "me\""
											      ":\"P"
											      "AP:"
											      "RED"
											      "\"}]"
											      "," TYPE(
												      "domain",
												      "c.example.com") "}]}}"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 3);
	struct indicator first = feed_fixture_indicator(&fixture, 1);
	struct indicator second = feed_fixture_indicator(&fixture, 2);
	struct indicator third = feed_fixture_indicator(&fixture, 3);
	assert_int_equal(first.tlp, TLP_AMBER); // never wider than the event's
	assert_int_equal(first.confidence, 70);
	assert_true(slice_is(first.threat_types, "ransomware"));
	assert_int_equal(first.valid_until_ns - first.valid_from_ns, 86400 * NS_PER_S);
	assert_true(slice_is(first.created_by, "identity--" UUID("f")));
	assert_int_equal(second.confidence, 25);
	assert_int_equal(second.valid_until_ns, TIMESTAMP_MAX);
	assert_int_equal(third.tlp, TLP_RED);
	assert_true(slice_ends_with(third.labels, "PAP:RED"));
	assert_int_equal(feed_fixture_problems(&fixture, "TLP not understood"), 1);
	feed_fixture_close(&fixture);
}

static void a_newer_version_of_an_attribute_replaces_it(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("[{\"Event\":{\"Attribute\":[" ATTRIBUTE("1", "domain", "a.example.com") "," ATTRIBUTE(
			"2", "domain",
			"b.example.com") "]}},"
	                                 "{\"Event\":{\"Attribute\":[{\"uuid\":\"" UUID(
						 "1") "\","
	                                              "\"timestamp\":\"1700000001\"," TYPE(
							      "domain",
							      "c.example.com") "},"
	                                                                       "{\"uuid\":\"" UUID(
										       "2") "\","
	                                                                                    "\"dele"
	                                                                                    "ted\":"
	                                                                                    "true,"
	                                                                                    "\"time"
	                                                                                    "stamp"
	                                                                                    "\":"
	                                                                                    "\"1700"
	                                                                                    "000001"
	                                                                                    "\""
	                                                                                    "," TYPE("domain", "b.example.com") "}," ATTRIBUTE(
												    "1",
												    "domain",
												    "a.example.com") "]}}]"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.objects, 5);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_false(feed_fixture_has(&fixture, "a.example.com"));
	assert_false(feed_fixture_has(&fixture, "b.example.com"));
	assert_true(feed_fixture_has(&fixture, "c.example.com"));
	feed_fixture_close(&fixture);
}

static void a_broken_attribute_costs_nothing_else(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("{\"Event\":{\"info\":\"x\",\"Attribute\":[{\"uuid\":}," ATTRIBUTE(
			"1", "domain", "a.example.com") ",7,{\"type\":\"domain\"}]}}"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "broken JSON"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "not an object"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "attribute without a type or a value"), 1);
	feed_fixture_close(&fixture);
}

static void of_an_event_that_is_cut_what_came_is_kept_as_red(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("{\"Event\":{\"info\":\"x\",\"Attribute\":[" ATTRIBUTE(
				  "1", "domain", "a.example.com") ",{\"uuid\""),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_indicator(&fixture, 1).tlp, TLP_RED);
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).report_names, "x"));
	feed_fixture_close(&fixture);

	feed_fixture_read(
		slice_text(
			"{\"Event\":{\"Tag\":[{\"name\":\"tlp:clear\"}],\"Attribute\":[" ATTRIBUTE(
				"1", "domain", "a.example.com") "],\"Tag"),
		FEED_AUTO, &fixture);
	assert_int_equal(feed_fixture_indicator(&fixture, 1).tlp, TLP_CLEAR);
	feed_fixture_close(&fixture);
}

// More than the spool keeps in memory.
static void a_large_event_waits_in_a_file(void **state)
{
	enum { COUNT = 60000 };
	struct feed_fixture fixture;
	struct buffer text = {0};

	(void)state;
	buffer_append_text(&text, "{\"Event\":{\"Attribute\":[");
	for (unsigned i = 0; i < COUNT; i++)
		buffer_format(
			&text,
			"%s{\"uuid\":\"00000000-0000-4000-8000-%012u\",\"comment\":\"%0100u\","
			"\"type\":\"domain\",\"value\":\"n%u.example.com\"}",
			i > 0 ? "," : "", i, i, i);
	buffer_append_text(&text, "],\"info\":\"behind\"}}");
	feed_fixture_read(buffer_slice(&text), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, COUNT);
	assert_true(slice_is(feed_fixture_indicator(&fixture, COUNT).report_names, "behind"));
	assert_true(feed_fixture_has(&fixture, "n59999.example.com"));
	feed_fixture_close(&fixture);
	buffer_close(&text);
}

static void other_json_is_not_taken_for_misp(void **state)
{
	(void)state;
	assert_true(read_misp.recognises(slice_text(" {\"Event\": {\"info\": \"x\"}}")));
	assert_true(read_misp.recognises(
		slice_text("{\"response\":{\"Attribute\":[{\"to_ids\":true}]}}")));
	assert_false(read_misp.recognises(slice_text("{\"Event\": 1}")));
	assert_false(read_misp.recognises(slice_text("\"Event\" \"info\"")));
	assert_false(read_misp.recognises(
		slice_text("{\"" UUID("1") "\":{\"info\":\"x\",\"threat_level_id\":\"1\"}}")));
}

static void a_record_keeps_whole_labels_of_1_kb_and_an_event_tells_the_rest_once(void **state)
{
	struct feed_fixture fixture;
	struct buffer text = {0};

	(void)state;
	buffer_append_text(&text,
	                   "{\"Event\":{\"info\":\"Report\",\"Tag\":[{\"name\":\"tlp:green\"}");
	for (unsigned i = 0; i < 60; i++)
		buffer_format(&text, ",{\"name\":\"%0100u\"}", i);
	buffer_append_text(
		&text, "],\"Attribute\":[" ATTRIBUTE("1", "domain", "a.example.com") "," ATTRIBUTE(
			       "2", "domain", "b.example.com") "]}}");
	feed_fixture_read(buffer_slice(&text), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	for (unsigned id = 1; id <= 2; id++) {
		struct indicator indicator = feed_fixture_indicator(&fixture, id);

		assert_int_equal(indicator.labels.size, 10 * 101 - 1);
		assert_int_equal(indicator.tlp, TLP_GREEN);
	}
	assert_int_equal(feed_fixture_problems(&fixture, "more tags than a record keeps"), 1);
	feed_fixture_close(&fixture);
	buffer_close(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_record_keeps_whole_labels_of_1_kb_and_an_event_tells_the_rest_once),
		cmocka_unit_test(attributes_of_an_event_become_indicators),
		cmocka_unit_test(fingerprints_of_certificates_are_hashes),
		cmocka_unit_test(a_host_name_is_that_name_alone_and_a_domain_all_below_it),
		cmocka_unit_test(what_is_not_for_detection_is_not_compiled),
		cmocka_unit_test(both_values_of_a_composite_are_looked_for),
		cmocka_unit_test(an_object_narrows_its_addresses_to_its_ports),
		cmocka_unit_test(tags_give_tlp_confidence_and_threat_types),
		cmocka_unit_test(a_newer_version_of_an_attribute_replaces_it),
		cmocka_unit_test(a_broken_attribute_costs_nothing_else),
		cmocka_unit_test(of_an_event_that_is_cut_what_came_is_kept_as_red),
		cmocka_unit_test(a_large_event_waits_in_a_file),
		cmocka_unit_test(other_json_is_not_taken_for_misp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
