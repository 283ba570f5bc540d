#include "tests/unit/unit_test.h"

#include "base/utf8.h"
#include "tests/helpers/sample_hits.h"

enum { HITS_OF_A_KIND = 12 };

struct output {
	char *data;
	size_t size;
};

enum form { FORM_JSON, FORM_TABLE, FORM_STIX, FORM_COUNT };

static struct output write_form(struct sightings *sightings, enum form form)
{
	static const struct table_options table = {.width = 120};
	static const struct stix_options stix = {.sensor = "sensor"};
	struct stix_summary summary;
	struct output output;
	FILE *file = open_memstream(&output.data, &output.size);

	assert_non_null(file);
	if (form == FORM_JSON)
		assert_int_equal(sightings_write_json(sightings, file), 0);
	else if (form == FORM_TABLE)
		assert_int_equal(sightings_write_table(sightings, file, &table), 0);
	else
		assert_int_equal(sightings_write_stix(sightings, file, &stix, &summary), 0);
	assert_int_equal(fclose(file), 0);
	return output;
}

static void the_order_of_arrival_does_not_show(void **state)
{
	struct sightings *first = sample_sightings(HITS_OF_A_KIND, 0, 0);
	struct sightings *second = sample_sightings(HITS_OF_A_KIND, 5, 0);

	(void)state;
	for (enum form form = 0; form < FORM_COUNT; form++) {
		struct output one = write_form(first, form);
		struct output other = write_form(second, form);

		assert_true(one.size > 0);
		assert_int_equal(one.size, other.size);
		assert_memory_equal(one.data, other.data, one.size);
		free(one.data);
		free(other.data);
	}
	sightings_free(first);
	sightings_free(second);
}

static void a_spill_does_not_show(void **state)
{
	struct sightings *roomy = sample_sightings(HITS_OF_A_KIND, 0, 0);
	struct sightings *tight = sample_sightings(HITS_OF_A_KIND, 5, 4096);

	(void)state;
	for (enum form form = 0; form < FORM_COUNT; form++) {
		struct output one = write_form(roomy, form);
		struct output other = write_form(tight, form);

		assert_int_equal(one.size, other.size);
		assert_memory_equal(one.data, other.data, one.size);
		free(one.data);
		free(other.data);
	}
	sightings_free(roomy);
	sightings_free(tight);
}

static void all_output_is_utf8_and_free_of_control_bytes(void **state)
{
	struct sightings *sightings = sample_sightings(1, 0, 0);

	(void)state;
	for (enum form form = 0; form < FORM_COUNT; form++) {
		struct output output = write_form(sightings, form);

		assert_true(utf8_is_valid(slice_of(output.data, output.size)));
		for (size_t i = 0; i < output.size; i++)
			assert_true((unsigned char)output.data[i] >= ' ' || output.data[i] == '\n');
		free(output.data);
	}
	sightings_free(sightings);
}

// Sightings of one hit each of the given kinds.
static struct sightings *of_kinds(const unsigned kinds[], size_t count)
{
	struct sightings_options options = {&sample_database, sample_captures, 2, 0};
	struct sightings_summary summary;
	struct sightings *sightings;
	struct buffer record = {0};

	assert_int_equal(sightings_create(&options, &sightings), 0);
	for (size_t i = 0; i < count; i++) {
		sample_append_record(&record, &sample_kinds[kinds[i]], 0);
		assert_int_equal(sightings_add(sightings, buffer_slice(&record)), 0);
	}
	assert_int_equal(sightings_finish(sightings, &summary), 0);
	assert_int_equal(summary.hits, count);
	buffer_close(&record);
	return sightings;
}

static unsigned find_kind(uint32_t indicator_id, enum observable_where where)
{
	for (unsigned i = 0; i < SAMPLE_KINDS; i++)
		if (sample_kinds[i].indicator_id == indicator_id && sample_kinds[i].where == where)
			return i;
	fail();
	return 0;
}

static void a_hit_is_one_line_of_json(void **state)
{
	unsigned kind = find_kind(5, WHERE_IP_DST);
	struct sightings *sightings = of_kinds(&kind, 1);
	struct output json = write_form(sightings, FORM_JSON);

	(void)state;
	assert_string_equal(
		json.data,
		"{\"timestamp\":\"2023-11-14T22:13:20.000000Z\",\"event_type\":\"indicator\","
		"\"src_ip\":\"192.0.2.10\",\"src_port\":40000,\"dest_ip\":\"198.51.100.7\","
		"\"dest_port\":443,\"proto\":\"TCP\","
		"\"community_id\":\"1:J/xyCth7UBTAVlDILJPkvdXxmZw=\","
		"\"capture\":{\"file\":\"/captures/first.pcap\",\"packet\":1},"
		"\"observable\":{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.7\","
		"\"where\":\"ip.dst\"},"
		"\"match\":{\"kind\":\"exact\",\"action\":\"alert\",\"validity\":\"valid\"},"
		"\"indicator\":{\"id\":\"indicator--fd15961b-d291-59c6-a1d2-4ca881770ea7\","
		"\"value\":\"198.51.100.7:443\",\"source\":\"list-5\",\"line\":5,"
		"\"tlp\":\"amber\"},"
		"\"flow\":{\"pkts\":7,\"bytes\":700,\"start\":\"2023-11-14T22:13:20.000000Z\","
		"\"end\":\"2023-11-14T22:13:32.000000Z\"}}\n");
	free(json.data);
	sightings_free(sightings);
}

static void a_hit_of_a_sensor_names_it_its_device_and_what_became_of_the_packets(void **state)
{
	static const char *const expected[] = {
		[OUTCOME_NONE] = "\"action\":\"drop\",\"validity\"",
		[OUTCOME_DROPPED] = "\"action\":\"drop\",\"outcome\":\"dropped\",",
		[OUTCOME_WOULD_DROP] = "\"action\":\"drop\",\"outcome\":\"would-drop\",",
	};
	struct buffer record = {0};
	struct buffer json = {0};
	struct hit hit;

	(void)state;
	sample_append_record(&record, &sample_kinds[find_kind(5, WHERE_IP_DST)], 0);
	hit_read(buffer_slice(&record), &hit);
	hit.action = ACTION_DROP;
	const struct sensor_hit seen = {&hit, &sample_database, "gate \"1\"", "eth0"};
	for (unsigned i = 0; i < 3; i++) {
		hit.outcome = (enum hit_outcome)i;
		buffer_clear(&json);
		assert_true(sightings_append_hit(&json, &seen));
		buffer_append_byte(&json, 0);
		assert_non_null(strstr((const char *)json.data,
		                       ",\"host\":\"gate \\\"1\\\"\",\"in_iface\":\"eth0\","));
		assert_non_null(strstr((const char *)json.data, expected[i]));
		assert_null(strstr((const char *)json.data, "\"capture\""));
	}
	buffer_clear(&json);
	hit.indicator_id = 100000;
	assert_false(sightings_append_hit(&json, &seen));
	assert_int_equal(json.size, 0);
	buffer_close(&json);
	buffer_close(&record);
}

// Sightings of two hits of different values, the second of which was vetoed or is only logged.
static struct sightings *with_action(enum action action, bool is_vetoed)
{
	unsigned kinds[] = {find_kind(5, WHERE_IP_DST), find_kind(3, WHERE_TLS_SNI)};
	struct sightings_options options = {&sample_database, sample_captures, 2, 0};
	struct sightings_summary summary;
	struct sightings *sightings;
	struct buffer record = {0};

	assert_int_equal(sightings_create(&options, &sightings), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct hit hit;

		sample_append_record(&record, &sample_kinds[kinds[i]], 0);
		memcpy(&hit, record.data, sizeof(hit));
		hit.action = i == 1 ? action : ACTION_ALERT;
		hit.is_vetoed = i == 1 && is_vetoed;
		memcpy(record.data, &hit, sizeof(hit));
		assert_int_equal(sightings_add(sightings, buffer_slice(&record)), 0);
	}
	assert_int_equal(sightings_finish(sightings, &summary), 0);
	buffer_close(&record);
	return sightings;
}

static void a_vetoed_drop_is_shown_as_such(void **state)
{
	struct sightings *sightings = with_action(ACTION_ALERT, true);
	struct output json = write_form(sightings, FORM_JSON);
	struct output table = write_form(sightings, FORM_TABLE);
	const char *vetoed = strstr(json.data, "\"action\":\"alert\",\"vetoed\":true,");

	(void)state;
	assert_non_null(vetoed);
	assert_null(strstr(strstr(vetoed, "vetoed") + 1, "vetoed"));
	assert_non_null(strstr(table.data, "ACTION"));
	assert_non_null(strstr(table.data, "alert (drop vetoed)"));
	free(json.data);
	free(table.data);
	sightings_free(sightings);
}

static void only_what_is_not_an_alert_has_its_action_shown(void **state)
{
	struct sightings *alerts = with_action(ACTION_ALERT, false);
	struct sightings *drops = with_action(ACTION_DROP, false);
	struct output plain = write_form(alerts, FORM_TABLE);
	struct output table = write_form(drops, FORM_TABLE);

	(void)state;
	assert_null(strstr(plain.data, "ACTION"));
	assert_non_null(strstr(table.data, "ACTION"));
	assert_non_null(strstr(table.data, "drop"));
	assert_null(strstr(table.data, "vetoed"));
	free(plain.data);
	free(table.data);
	sightings_free(alerts);
	sightings_free(drops);
}

static void a_hidden_source_is_nowhere(void **state)
{
	unsigned kind = find_kind(8, WHERE_HTTP_URL);
	struct sightings *sightings = of_kinds(&kind, 1);

	(void)state;
	for (enum form form = 0; form < FORM_COUNT; form++) {
		struct output output = write_form(sightings, form);

		assert_null(strstr(output.data, "list-8"));
		free(output.data);
	}
	sightings_free(sightings);
}

static void two_records_of_one_indicator_are_one_sighting_with_both_markings(void **state)
{
	unsigned kinds[] = {find_kind(1, WHERE_DNS_QUERY), find_kind(2, WHERE_DNS_QUERY)};
	struct sightings *sightings = of_kinds(kinds, 2);
	struct output stix = write_form(sightings, FORM_STIX);
	const char *sighting = strstr(stix.data, "{\"type\":\"sighting\"");

	(void)state;
	assert_non_null(sighting);
	assert_null(strstr(sighting + 1, "{\"type\":\"sighting\""));
	assert_non_null(strstr(sighting, "\"count\":1,"));
	assert_non_null(strstr(sighting, "marking-definition--f88d31f6")); // amber
	assert_non_null(strstr(sighting, "marking-definition--5e57c739")); // red
	assert_non_null(strstr(stix.data, "{\"tlp\":\"red\"}"));
	free(stix.data);
	sightings_free(sightings);
}

static void a_logged_hit_is_no_sighting(void **state)
{
	unsigned kind = find_kind(19, WHERE_IP_SRC);
	struct sightings *sightings = of_kinds(&kind, 1);
	struct output stix = write_form(sightings, FORM_STIX);

	(void)state;
	assert_null(strstr(stix.data, "objects"));
	assert_non_null(strstr(stix.data, "{\"type\":\"bundle\",\"id\":\"bundle--"));
	free(stix.data);
	sightings_free(sightings);
}

static void a_name_below_a_stix_indicators_is_no_sighting_unless_asked_for(void **state)
{
	unsigned kinds[] = {find_kind(1, WHERE_TLS_SNI), find_kind(1, WHERE_DNS_QUERY)};
	struct stix_options all = {.sensor = "sensor", .has_all = true};
	struct sightings *sightings = of_kinds(kinds, 1);
	struct stix_summary summary;
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(sightings_write_stix(sightings, file,
	                                      &(struct stix_options){.sensor = "sensor"}, &summary),
	                 0);
	assert_int_equal(summary.sightings, 0);
	assert_int_equal(summary.hits_beside_patterns, 1);
	sightings_free(sightings);

	sightings = of_kinds(kinds, 2);
	assert_int_equal(sightings_write_stix(sightings, file, &all, &summary), 0);
	assert_int_equal(summary.sightings, 1);
	assert_int_equal(summary.hits_beside_patterns, 0);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(text, "\"description\":\"1 of 2: a name below the indicator's"));
	free(text);
	sightings_free(sightings);
}

static void a_hit_outside_validity_is_told_only_when_asked_for(void **state)
{
	unsigned kinds[] = {find_kind(14, WHERE_DNS_QUERY), find_kind(15, WHERE_DNS_QUERY)};
	struct stix_options all = {.sensor = "sensor", .has_all = true};
	struct sightings *sightings = of_kinds(kinds, 2);
	struct output stix = write_form(sightings, FORM_STIX);
	struct output json = write_form(sightings, FORM_JSON);
	struct stix_summary summary;
	FILE *file = fopen("/dev/null", "w");

	(void)state;
	assert_null(strstr(stix.data, "objects"));
	assert_non_null(strstr(json.data, "\"validity\":\"early\""));
	assert_non_null(strstr(json.data, "\"validity\":\"expired\""));
	assert_int_equal(sightings_write_stix(sightings, file, &all, &summary), 0);
	assert_int_equal(summary.sightings, 2);
	assert_int_equal(fclose(file), 0);
	free(stix.data);
	free(json.data);
	sightings_free(sightings);
}

// The id of the sighting in the bundle of `count` hits from number `first` on.
static struct slice sighting_id_of(uint32_t first, uint32_t count, int64_t start_ns,
                                   struct output *stix)
{
	struct sightings_options options = {&sample_database, sample_captures, 2, 0};
	const struct sample_hit *kind = &sample_kinds[find_kind(5, WHERE_IP_DST)];
	struct sightings_summary summary;
	struct sightings *sightings;
	struct buffer record = {0};
	const char *found;

	assert_int_equal(sightings_create(&options, &sightings), 0);
	for (uint32_t i = 0; i < count; i++) {
		sample_append_record(&record, kind, first + 2 * i); // of one capture
		assert_int_equal(sightings_add(sightings, buffer_slice(&record)), 0);
	}
	buffer_close(&record);
	sightings_set_capture_start(sightings, first % 2, start_ns);
	assert_int_equal(sightings_finish(sightings, &summary), 0);
	*stix = write_form(sightings, FORM_STIX);
	sightings_free(sightings);
	found = strstr(stix->data, "\"id\":\"sighting--");
	assert_non_null(found);
	return slice_of(found + strlen("\"id\":\""), strlen("sighting--") + 36);
}

static void a_sighting_is_known_by_its_capture_not_by_its_hits(void **state)
{
	const int64_t start_ns = SAMPLE_TIME_S * NS_PER_S;
	struct output stix[4];
	struct slice all = sighting_id_of(0, 3, start_ns, &stix[0]);
	struct slice later = sighting_id_of(2, 1, start_ns, &stix[1]);
	struct slice other_capture = sighting_id_of(1, 1, start_ns, &stix[2]);
	struct slice other_start = sighting_id_of(0, 3, start_ns + 1, &stix[3]);

	(void)state;
	assert_true(slice_equal(all, later));
	assert_false(slice_equal(all, other_capture));
	assert_false(slice_equal(all, other_start));
	for (unsigned i = 0; i < 4; i++)
		free(stix[i].data);
}

static void a_damaged_database_loses_its_hits_only(void **state)
{
	struct sightings_options options = {&sample_database, sample_captures, 2, 0};
	struct sightings_summary summary;
	struct sightings *sightings;
	struct hit hit = {.indicator_id = SAMPLE_INDICATORS + 1};

	(void)state;
	assert_int_equal(sightings_create(&options, &sightings), 0);
	assert_int_equal(sightings_add(sightings, slice_of(&hit, sizeof(hit))), 0);
	assert_int_equal(sightings_finish(sightings, &summary), 0);
	assert_int_equal(summary.hits, 0);
	sightings_free(sightings);
}

static void a_full_disk_is_an_error(void **state)
{
	struct sightings *sightings = sample_sightings(HITS_OF_A_KIND, 0, 0);
	FILE *file = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(file);
	setbuf(file, NULL);
	assert_int_equal(sightings_write_json(sightings, file), -ENOSPC);
	(void)fclose(file);
	sightings_free(sightings);
}

static void lines_beyond_the_limit_are_counted(void **state)
{
	struct sightings *sightings = sample_sightings(2, 0, 0);
	struct table_options options = {.hits_max = 3};
	struct output table;
	FILE *file = open_memstream(&table.data, &table.size);
	unsigned lines = 0;

	(void)state;
	assert_int_equal(sightings_write_table(sightings, file, &options), 0);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < table.size; i++)
		lines += table.data[i] == '\n';
	assert_int_equal(lines, 1 + 3 + 1);
	assert_non_null(strstr(table.data, "more hits on"));
	free(table.data);
	sightings_free(sightings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_arrival_does_not_show),
		cmocka_unit_test(a_spill_does_not_show),
		cmocka_unit_test(all_output_is_utf8_and_free_of_control_bytes),
		cmocka_unit_test(a_hit_is_one_line_of_json),
		cmocka_unit_test(
			a_hit_of_a_sensor_names_it_its_device_and_what_became_of_the_packets),
		cmocka_unit_test(a_vetoed_drop_is_shown_as_such),
		cmocka_unit_test(only_what_is_not_an_alert_has_its_action_shown),
		cmocka_unit_test(a_hidden_source_is_nowhere),
		cmocka_unit_test(two_records_of_one_indicator_are_one_sighting_with_both_markings),
		cmocka_unit_test(a_logged_hit_is_no_sighting),
		cmocka_unit_test(a_name_below_a_stix_indicators_is_no_sighting_unless_asked_for),
		cmocka_unit_test(a_hit_outside_validity_is_told_only_when_asked_for),
		cmocka_unit_test(a_sighting_is_known_by_its_capture_not_by_its_hits),
		cmocka_unit_test(a_damaged_database_loses_its_hits_only),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(lines_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
