// tests/helpers/sample_hits.h — hits and a database of the tests' own, of every kind there is.
//
// The functions by which sightings/ reads a database are defined here, over a table of
// records, so that what is written can be tested without captures. Include it in one file only.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "engine/address.h"
#include "engine/match.h"
#include "engine/normalize.h"
#include "sightings/sightings.h"

struct database {
	const struct indicator *indicators; // of id 1 and on
	uint32_t count;
};

#define TEXT(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
#define ENTRY(number, text) .value = TEXT(text), .source = TEXT("list-" #number), .line = (number)

enum { SAMPLE_TIME_S = 1700000000 };

// What is left out here is unknown; the action is alert.
static const struct indicator sample_indicators[] = {
	{.id = TEXT("indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2"),
         .name = TEXT("Emotet C2 \xe9\x96\xa2\xe6\x89\x80 \x1b[31mred \xe2\x80\xae"
                      "evil"),
         .value = TEXT("[domain-name:value = 'bad.example']"),
         .threat_types = TEXT("malicious-activity\ncompromised"),
         .labels = TEXT("a\nb"),
         .report_names = TEXT("Report \"One\"\nReport Two"),
         .source = TEXT("ais"),
         .group = TEXT("C2"),
         .created_by = TEXT("identity--a463ffb3-1bd9-4d94-b02d-74e4f1658283"),
         .markings = TEXT("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82\n"
                          "marking-definition--e6759cc7-4b44-4cb4-a1d5-ca16671f451e"),
         .tlp = TLP_AMBER,
         .confidence = 85},
	// The same indicator from another source, under a stricter marking.
	{.id = TEXT("indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2"),
         .name = TEXT("Emotet C2"),
         .value = TEXT("[domain-name:value = 'bad.example']"),
         .source = TEXT("second"),
         .tlp = TLP_RED,
         .markings = TEXT("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed")},
	{ENTRY(3, "bad[.]example"), .tlp = TLP_CLEAR},
	{ENTRY(4, "198.51.100.0/24"), .tlp = TLP_GREEN, .threat_types = TEXT("Botnet C&C")},
	{ENTRY(5, "198.51.100.7:443"), .tlp = TLP_AMBER},
	{ENTRY(6, "[2001:db8::7]:53"), .tlp = TLP_AMBER_STRICT},
	{ENTRY(7, "hxxp://bad.example/a_b%20c?q='\\"), .tlp = TLP_RED},
	{ENTRY(8, "bad.example/path"), .is_source_hidden = true, .group = TEXT("BLOCKLIST")},
	{ENTRY(9, "https://bad.example/p_*")},
	{ENTRY(10, "_dmarc.bad.example")},
	{ENTRY(11, "D41D8CD98F00B204E9800998ECF8427E")},
	{ENTRY(12, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")},
	{ENTRY(13, "what 'is' \\this\\ \xff?"), .name = TEXT("odd \x01\xff entry")},
	{ENTRY(14, "*.early.example"), .valid_from_ns = (SAMPLE_TIME_S + 3600) * NS_PER_S},
	{ENTRY(15, "late.example"), .valid_from_ns = 1,
         .valid_until_ns = (SAMPLE_TIME_S - 3600) * NS_PER_S},
	{ENTRY(16, "\xe6\x97\xa5\xe6\x9c\xac.example"), .created_ns = 1600000000 * NS_PER_S + 1,
         .valid_until_ns = 1900000000 * NS_PER_S},
	{ENTRY(17, "2001:db8:7::/48")},
	{.id = TEXT("not a STIX id"),
         .name = TEXT("strange id"),
         .source = TEXT("odd"),
         .value = TEXT("[ipv4-addr:value = '203.0.113.1']")},
	{.id = TEXT("indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"),
         .name = TEXT("only logged"),
         .action = ACTION_LOG},
};
enum { SAMPLE_INDICATORS = sizeof(sample_indicators) / sizeof(sample_indicators[0]) };

bool database_indicator(const struct database *database, uint32_t indicator_id,
                        struct indicator *ret_indicator)
{
	if (indicator_id == NO_INDICATOR || indicator_id > database->count)
		return false;
	struct indicator indicator = database->indicators[indicator_id - 1];
	indicator.created_ns = indicator.created_ns != 0 ? indicator.created_ns : TIMESTAMP_MIN;
	indicator.modified_ns = TIMESTAMP_MIN;
	if (indicator.valid_from_ns == 0)
		indicator.valid_from_ns = TIMESTAMP_MIN;
	if (indicator.valid_until_ns == 0)
		indicator.valid_until_ns = TIMESTAMP_MAX;
	if (indicator.confidence == 0)
		indicator.confidence = CONFIDENCE_NONE;
	if (indicator.action == ACTION_IGNORE)
		indicator.action = ACTION_ALERT;
	*ret_indicator = indicator;
	return true;
}

int database_indicator_object(const struct database *database, uint32_t indicator_id,
                              struct buffer *json)
{
	if (indicator_id != 1)
		return -ENOENT;
	buffer_append_text(json, "{\"type\":\"indicator\",\"spec_version\":\"2.1\","
	                         "\"id\":\"indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2\","
	                         "\"created\":\"2020-01-01T00:00:00.000Z\","
	                         "\"modified\":\"2020-01-01T00:00:00.000Z\",\"name\":\"Emotet C2\","
	                         "\"description\":\"as received\",\"pattern_type\":\"stix\","
	                         "\"pattern\":\"[domain-name:value = 'bad.example']\","
	                         "\"valid_from\":\"2020-01-01T00:00:00Z\"}");
	return database->count > 0 ? 0 : -ENOENT;
}

int database_object(const struct database *database, struct slice id, struct buffer *json)
{
	if (database->count == 0 ||
	    !slice_is(id, "marking-definition--e6759cc7-4b44-4cb4-a1d5-ca16671f451e"))
		return -ENOENT;
	buffer_append_text(json, "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":"
	                         "\"marking-definition--e6759cc7-4b44-4cb4-a1d5-ca16671f451e\","
	                         "\"created\":\"2020-01-01T00:00:00.000Z\",\"definition_type\":"
	                         "\"statement\",\"definition\":{\"statement\":\"As agreed\"}}");
	return 0;
}

static const struct database sample_database = {sample_indicators, SAMPLE_INDICATORS};
static const char *const sample_captures[] = {"/captures/first.pcap", "second \x1b[1m.pcapng"};

static inline struct address sample_address(const char *text)
{
	struct address address;

	if (normalize_address(slice_text(text), &address) < 0)
		abort();
	return address;
}

uint8_t database_name_kinds(const struct database *database, struct slice name,
                            uint32_t indicator_id)
{
	(void)name;
	return indicator_id <= database->count ? ENTRY_EXACT | ENTRY_PARENT : 0;
}

struct sample_hit {
	uint32_t indicator_id;
	enum observable_where where;
	enum match_kind kind;
	uint8_t protocol;
	const char *src;
	const char *dst;
	struct slice text; // the value, or the address
	enum hash_algorithm algorithm;
};

#define V4 "192.0.2.10", "198.51.100.7"
#define V6 "2001:db8::10", "2001:db8::7"

static const struct sample_hit sample_kinds[] = {
	{1, WHERE_DNS_QUERY, MATCH_EXACT, 17, V4, TEXT("bad.example"), 0},
	{1, WHERE_DNS_ANSWER_NAME, MATCH_EXACT, 17, V4, TEXT("bad.example"), 0},
	{2, WHERE_DNS_QUERY, MATCH_EXACT, 17, V4, TEXT("bad.example"), 0},
	{3, WHERE_TLS_SNI, MATCH_PARENT, 6, V6, TEXT("www.bad.example"), 0},
	{3, WHERE_HTTP_HOST, MATCH_PARENT, 6, V6, TEXT("r3---sn.bad.example"), 0},
	{3, WHERE_DNS_QUERY, MATCH_PARENT, 17, V4, TEXT("a\"b\\c'd.bad.example"), 0},
	{3, WHERE_DNS_QUERY, MATCH_PARENT, 17, V4, TEXT("\xff\x01\xe2\x80\xae.bad.example"), 0},
	{3, WHERE_DNS_QUERY, MATCH_PARENT, 17, V4, TEXT("xn--zzzzzz99999.bad.example"), 0},
	{3, WHERE_DNS_QUERY, MATCH_PARENT, 17, V4, TEXT("-.bad.example"), 0},
	{4, WHERE_IP_DST, MATCH_PREFIX, 6, V4, TEXT("198.51.100.7"), 0},
	{5, WHERE_IP_DST, MATCH_EXACT, 6, V4, TEXT("198.51.100.7"), 0},
	{4, WHERE_IP_DST, MATCH_PREFIX, 1, V4, TEXT("198.51.100.7"), 0},
	{4, WHERE_ICMP_DST, MATCH_PREFIX, 1, "203.0.113.9", "192.0.2.10", TEXT("198.51.100.7"), 0},
	{4, WHERE_DNS_ANSWER_ADDRESS, MATCH_PREFIX, 17, V6, TEXT("198.51.100.9"), 0},
	{6, WHERE_IP_SRC, MATCH_EXACT, 58, V6, TEXT("2001:db8::10"), 0},
	{6, WHERE_IP_DST, MATCH_EXACT, 47, V6, TEXT("2001:db8::7"), 0},
	{7, WHERE_HTTP_URL, MATCH_EXACT, 6, V4, TEXT("http://bad.example/a_b%20c?q='\\"), 0},
	{8, WHERE_HTTP_URL, MATCH_EXACT, 6, V4, TEXT("http://bad.example/path"), 0},
	{8, WHERE_HTTP_URL, MATCH_EXACT, 6, V6, TEXT("http://[2001:db8::7]:8080/pa[t]h{}|^`\"<>"),
         0},
	{8, WHERE_HTTP_URL, MATCH_EXACT, 6, V6, TEXT("http://[zz]/%zz%4"), 0},
	{8, WHERE_HTTP_URL, MATCH_EXACT, 6, V6, TEXT("bad.example/path"), 0},
	{9, WHERE_TLS_SNI, MATCH_URL_HOST, 6, V4, TEXT("bad.example"), 0},
	{9, WHERE_HTTP_URL, MATCH_URL_PREFIX, 6, V4, TEXT("https://bad.example/p_1\xff"), 0},
	{10, WHERE_DNS_QUERY, MATCH_EXACT, 17, V4, TEXT("_dmarc.bad.example"), 0},
	{11, WHERE_HTTP_URL, MATCH_EXACT, 6, V4,
         TEXT("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"), HASH_MD5},
	{12, WHERE_HTTP_HOST, MATCH_EXACT, 132, V4, TEXT("127.1"), 0},
	{13, WHERE_HTTP_HOST, MATCH_PATTERN, 6, V4, TEXT("odd.example"), 0},
	{14, WHERE_DNS_QUERY, MATCH_PARENT, 17, V4, TEXT("x.early.example"), 0},
	{15, WHERE_DNS_QUERY, MATCH_EXACT, 17, V4, TEXT("late.example"), 0},
	{16, WHERE_DNS_QUERY, MATCH_EXACT, 17, V4, TEXT("xn--wgv71a.example"), 0},
	{17, WHERE_IP_SRC, MATCH_PREFIX, 17, "2001:db8:7::1", "2001:db8::7", TEXT("2001:db8:7::1"),
         0},
	{18, WHERE_IP_SRC, MATCH_EXACT, 17, "203.0.113.1", "192.0.2.10", TEXT("203.0.113.1"), 0},
	{19, WHERE_IP_SRC, MATCH_EXACT, 17, "203.0.113.1", "192.0.2.10", TEXT("203.0.113.1"), 0},
	{1, WHERE_TLS_SNI, MATCH_PARENT, 6, V4, TEXT("below.bad.example"), 0},
};
enum { SAMPLE_KINDS = sizeof(sample_kinds) / sizeof(sample_kinds[0]) };

static inline bool sample_is_flow(enum observable_where where)
{
	return where == WHERE_IP_SRC || where == WHERE_IP_DST;
}

static inline void sample_fill_observable(const struct sample_hit *kind,
                                          struct observable *observable)
{
	char text[64];

	observable->where = kind->where;
	observable->text = kind->text;
	observable->type = kind->text.size == 16 && kind->text.data[0] == 0xd4 ? OBSERVABLE_HASH
	                   : kind->where == WHERE_HTTP_URL                     ? OBSERVABLE_URL
	                                                                       : OBSERVABLE_NAME;
	if (kind->where > WHERE_ICMP_DST && kind->where != WHERE_DNS_ANSWER_ADDRESS)
		return;
	(void)snprintf(text, sizeof(text), "%.*s", SLICE_FORMAT(kind->text));
	observable->type = OBSERVABLE_ADDRESS;
	observable->address = sample_address(text);
	observable->text = slice_of(NULL, 0);
	observable->protocol = kind->protocol;
}

// The hit number `number` of kind `kind`, as a ring would hold it.
static inline void sample_append_record(struct buffer *record, const struct sample_hit *kind,
                                        uint32_t number)
{
	struct hit hit;
	bool is_icmp = kind->protocol == 1 || kind->protocol == 58;

	memset(&hit, 0, sizeof(hit));
	hit.origin.time_ns = SAMPLE_TIME_S * NS_PER_S + number * 1001000;
	if (number % 7 == 6)
		hit.origin.time_ns += 1; // a capture with nanoseconds
	hit.origin.last_time_ns = hit.origin.time_ns;
	hit.origin.packet_number = number / 3 + 1;
	hit.origin.capture_id = number % 2;
	hit.origin.protocol = kind->protocol;
	hit.origin.src = sample_address(kind->src);
	hit.origin.dst = sample_address(kind->dst);
	hit.origin.src_port = is_icmp ? 3 : (uint16_t)(40000 + number % 5);
	hit.origin.dst_port = is_icmp ? 1 : 443;
	if (sample_is_flow(kind->where)) {
		// Of every fifth flow the times go backwards.
		hit.origin.last_time_ns += (number % 5 == 4 ? -12 : 12) * NS_PER_S;
		hit.origin.packet_count = 7 + number;
		hit.origin.byte_count = 700 + number;
	}
	hit.indicator_id = kind->indicator_id;
	hit.kind = kind->kind;
	hit.action = kind->indicator_id == 19 ? ACTION_LOG : ACTION_ALERT;
	sample_fill_observable(kind, &hit.observable);
	buffer_clear(record);
	buffer_append(record, &hit, sizeof(hit));
	buffer_append_slice(record, hit.observable.text);
}

// `count` hits of every kind; `shuffle` changes nothing but the order in which they are added.
static inline struct sightings *sample_sightings(uint32_t count, uint32_t shuffle,
                                                 size_t memory_bytes)
{
	struct sightings_options options = {&sample_database, sample_captures, 2, memory_bytes};
	struct sightings_summary summary;
	struct sightings *sightings;
	struct buffer record = {0};
	uint32_t total = count * SAMPLE_KINDS;

	if (sightings_create(&options, &sightings) < 0)
		abort();
	for (uint32_t i = 0; i < total; i++) {
		// A step that shares no factor with the number of hits visits each once.
		uint32_t number =
			(uint32_t)(((uint64_t)i * (shuffle ? 7919 : 1) + shuffle) % total);

		sample_append_record(&record, &sample_kinds[number / count], number % count);
		if (sightings_add(sightings, buffer_slice(&record)) < 0)
			abort();
	}
	buffer_close(&record);
	if (sightings_finish(sightings, &summary) < 0 || summary.hits != total)
		abort();
	return sightings;
}
