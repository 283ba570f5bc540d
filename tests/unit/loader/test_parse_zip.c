#include <errno.h>
#include <zlib.h>

#include "loader/nested.h"
#include "tests/unit/loader/feed_fixture.h"
#include "tests/unit/loader/zip_fixture.h"

static const char list[] = "evil.example.com\n198.18.0.7\n";
static const char table[] = "first_seen,domain\n2024-01-01,csv.example.com\n";

static void every_entry_is_a_feed_of_its_own(void **state)
{
	struct feed_fixture fixture;
	struct zip_fixture zip;

	(void)state;
	zip_fixture_open(&zip, NULL);
	zip_fixture_add(&zip, "a/list.txt", slice_text(list));
	zip_fixture_add(&zip, "table.csv", slice_text(table));
	zip_fixture_add(&zip, "report.txt",
	                slice_text("It calls\nx[.]example\nsometimes,\nit does\n"));
	zip_fixture_add(&zip, "readme", slice_text("Nothing of use\nin here\n"));
	feed_fixture_read(zip_fixture_bytes(&zip), FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.format, FEED_ZIP);
	assert_int_equal(fixture.summary.indicators, 4);
	assert_int_equal(fixture.summary.objects, 4);
	assert_true(feed_fixture_has(&fixture, "csv.example.com"));
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).source, "test"));
	assert_int_equal(feed_fixture_indicator(&fixture, 1).labels.size, 0);
	assert_true(slice_is(feed_fixture_indicator(&fixture, 4).labels, INDICATOR_LABEL_PROSE));
	assert_int_equal(feed_fixture_problems(&fixture, "format not read by this version"), 1);
	assert_string_equal(fixture.summary.report.reasons[0].examples[0].detail,
	                    "readme: not one of those known");
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
}

static void a_format_asked_for_is_that_of_the_entries(void **state)
{
	struct feed_fixture fixture;
	struct zip_fixture zip;

	(void)state;
	zip_fixture_open(&zip, NULL);
	zip_fixture_add(&zip, "hosts", slice_text("0.0.0.0 a.example.com b.example.com\n"));
	feed_fixture_read(zip_fixture_bytes(&zip), FEED_HOSTS, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
}

static void encrypted_entries_are_told(void **state)
{
	struct feed_fixture fixture;
	struct zip_fixture zip;

	(void)state;
	zip_fixture_open(&zip, "infected");
	zip_fixture_add(&zip, "sample.exe", slice_text(list));
	feed_fixture_read(zip_fixture_bytes(&zip), FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.indicators, 0);
	assert_int_equal(feed_fixture_problems(&fixture, "encrypted entry of an archive"), 1);
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
}

static void damage_costs_what_is_behind_it_only(void **state)
{
	struct feed_fixture fixture;
	struct zip_fixture zip;
	struct slice bytes;

	(void)state;
	zip_fixture_open(&zip, NULL);
	zip_fixture_add(&zip, "one", slice_text(list));
	zip_fixture_add(&zip, "two", slice_text(table));
	bytes = zip_fixture_bytes(&zip);
	uint8_t *second = memmem(bytes.data + 10, bytes.size - 10, "PK\x03\x04", 4);
	assert_non_null(second);
	for (unsigned i = 0; i < 6; i++) // its compressed bytes
		second[60 + i] ^= 0x55;
	feed_fixture_read(bytes, FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "damaged entry of an archive"), 1);
	feed_fixture_close(&fixture);

	feed_fixture_read(slice_text("PK\x03\x04 nothing of an archive"), FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, -EBADMSG);
	assert_int_equal(feed_fixture_problems(&fixture, "damaged archive"), 1);
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
}

// An archive in an archive in an archive … around a list.
static void archives_are_unpacked_to_a_bounded_depth(void **state)
{
	for (unsigned depth = NESTED_DEPTH_MAX - 1; depth <= NESTED_DEPTH_MAX; depth++) {
		struct zip_fixture zips[NESTED_DEPTH_MAX + 1];
		struct slice bytes = slice_text(list);
		struct feed_fixture fixture;

		(void)state;
		for (unsigned i = 0; i <= depth; i++) {
			zip_fixture_open(&zips[i], NULL);
			zip_fixture_add(&zips[i], "inner", bytes);
			bytes = zip_fixture_bytes(&zips[i]);
		}
		bool is_too_deep = depth == NESTED_DEPTH_MAX;
		feed_fixture_read(bytes, FEED_AUTO, &fixture);
		assert_int_equal(fixture.summary.indicators, is_too_deep ? 0 : 2);
		assert_int_equal(feed_fixture_problems(&fixture, "nested too deeply"), is_too_deep);
		feed_fixture_close(&fixture);
		for (unsigned i = 0; i <= depth; i++)
			zip_fixture_close(&zips[i]);
	}
}

static void a_bomb_is_given_up(void **state)
{
	enum { SIZE = 32 * 1024 * 1024 };
	uint8_t *zeros = calloc(1, SIZE);
	struct feed_fixture fixture;
	struct zip_fixture zip;

	(void)state;
	assert_non_null(zeros);
	zip_fixture_open(&zip, NULL);
	zip_fixture_add(&zip, "bomb", slice_of(zeros, SIZE));
	zip_fixture_add(&zip, "list", slice_text(list));
	feed_fixture_read(zip_fixture_bytes(&zip), FEED_AUTO, &fixture);
	assert_int_equal(feed_fixture_problems(&fixture, "unpacks to more than is allowed"), 1);
	assert_int_equal(fixture.summary.indicators, 2);
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
	free(zeros);
}

static void compressed_entries_are_unpacked_too(void **state)
{
	struct feed_fixture fixture;
	struct zip_fixture zip;
	uint8_t packed[256];
	z_stream gzip = {.next_in = (Bytef *)(uintptr_t)list,
	                 .avail_in = sizeof(list) - 1,
	                 .next_out = packed,
	                 .avail_out = sizeof(packed)};

	(void)state;
	assert_int_equal(deflateInit2(&gzip, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
	                 Z_OK);
	assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
	zip_fixture_open(&zip, NULL);
	zip_fixture_add(&zip, "list.gz", slice_of(packed, gzip.total_out));
	zip_fixture_add(&zip, "cut.gz", slice_of(packed, gzip.total_out / 2));
	deflateEnd(&gzip);
	feed_fixture_read(zip_fixture_bytes(&zip), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "damaged compression"), 1);
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
}

static void an_office_document_is_told_once(void **state)
{
	struct feed_fixture fixture;
	struct zip_fixture zip;

	(void)state;
	zip_fixture_open(&zip, NULL);
	zip_fixture_add(&zip, "[Content_Types].xml", slice_text("<?xml version=\"1.0\"?><Types/>"));
	zip_fixture_add(&zip, "word/document.xml", slice_text("<?xml version=\"1.0\"?><w/>"));
	feed_fixture_read(zip_fixture_bytes(&zip), FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, -EBADMSG);
	assert_int_equal(fixture.summary.report.count, 1);
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_is_a_feed_of_its_own),
		cmocka_unit_test(a_format_asked_for_is_that_of_the_entries),
		cmocka_unit_test(encrypted_entries_are_told),
		cmocka_unit_test(damage_costs_what_is_behind_it_only),
		cmocka_unit_test(archives_are_unpacked_to_a_bounded_depth),
		cmocka_unit_test(a_bomb_is_given_up),
		cmocka_unit_test(compressed_entries_are_unpacked_too),
		cmocka_unit_test(an_office_document_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
