// Lists in compressed files, damaged ones too, and readers that are told to stop.
#include <errno.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buffer.h"
#include "tests/unit/loader/feed_fixture.h"

enum { LINES = 20000 };

static void gzip_list(struct slice text, struct buffer *ret_file)
{
	z_stream gzip = {0};

	assert_int_equal(deflateInit2(&gzip, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
	                 Z_OK);
	assert_true(buffer_reserve(ret_file, deflateBound(&gzip, text.size)));
	gzip.next_in = (Bytef *)(uintptr_t)text.data;
	gzip.avail_in = (uInt)text.size;
	gzip.next_out = ret_file->data;
	gzip.avail_out = (uInt)deflateBound(&gzip, text.size);
	assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
	ret_file->size = gzip.total_out;
	deflateEnd(&gzip);
}

static void zstd_list(struct slice text, struct buffer *ret_file)
{
	size_t bound = ZSTD_compressBound(text.size);

	assert_true(buffer_reserve(ret_file, bound));
	ret_file->size = ZSTD_compress(ret_file->data, bound, text.data, text.size, 1);
	assert_false(ZSTD_isError(ret_file->size));
}

// Every line as long as the others, and without '0', so that no cut one looks whole.
static void make_list(const char *head, const char *line_head, struct buffer *text)
{
	buffer_append_text(text, head);
	for (unsigned i = 0; i < LINES; i++)
		buffer_format(text, "%sn%05u-%u.example.com\n", line_head, i, i * 2654435761U);
}

static const struct {
	const char *head;
	const char *line_head;
	enum feed_format format;
} lists[] = {
	{"", "", FEED_TEXT},
	{"", "0.0.0.0 ", FEED_HOSTS},
	{"first_seen,domain\n", "2024-01-01,", FEED_CSV},
};
enum { LISTS = sizeof(lists) / sizeof(lists[0]) };

static void compressed_lists_are_recognised_and_read(void **state)
{
	void (*const ways[])(struct slice, struct buffer *) = {gzip_list, zstd_list};

	(void)state;
	for (unsigned i = 0; i < 2 * LISTS; i++) {
		struct feed_fixture fixture;
		struct buffer text = {0};
		struct buffer file = {0};

		make_list(lists[i / 2].head, lists[i / 2].line_head, &text);
		ways[i % 2](buffer_slice(&text), &file);
		feed_fixture_read(buffer_slice(&file), FEED_AUTO, &fixture);
		assert_int_equal(fixture.result, 0);
		assert_int_equal(fixture.summary.format, lists[i / 2].format);
		assert_int_equal(fixture.summary.indicators, LINES);
		assert_int_equal(fixture.summary.bytes, text.size);
		assert_int_equal(fixture.summary.report.count, 0);
		feed_fixture_close(&fixture);
		buffer_close(&text);
		buffer_close(&file);
	}
}

static void a_line_that_damage_cuts_is_not_taken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LISTS; i++) {
		struct feed_fixture fixture;
		struct buffer text = {0};
		struct buffer file = {0};

		make_list(lists[i].head, lists[i].line_head, &text);
		gzip_list(buffer_slice(&text), &file);
		feed_fixture_read(slice_first(buffer_slice(&file), file.size / 2), lists[i].format,
		                  &fixture);
		assert_int_equal(fixture.result, 0);
		assert_true(fixture.summary.indicators > 1000);
		assert_true(fixture.summary.indicators < LINES);
		assert_int_equal(fixture.summary.report.count, 1);
		assert_int_equal(
			feed_fixture_problems(&fixture, "compressed data is damaged or truncated"),
			1);
		for (unsigned k = 0; k < fixture.summary.indicators; k++)
			assert_true(slice_ends_with(feed_fixture_indicator(&fixture, k + 1).value,
			                            ".example.com"));
		feed_fixture_close(&fixture);
		buffer_close(&text);
		buffer_close(&file);
	}
}

static bool stop_at_once(void *context, uint64_t file_bytes)
{
	*(uint64_t *)context = file_bytes;
	return false;
}

static void a_reader_stops_when_it_is_told_to(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LISTS; i++) {
		struct feed_options options = {.format = lists[i].format};
		struct feed_summary summary = {0};
		struct buffer text = {0};
		struct loader *loader;
		struct build *build;
		uint64_t told = 0;
		char path[64];
		int fd = memfd_create("feed", 0);

		for (unsigned k = 0; k < 5; k++)
			make_list(k > 0 ? "" : lists[i].head, lists[i].line_head, &text);
		assert_int_equal(write(fd, text.data, text.size), (ssize_t)text.size);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		options.path = path;
		assert_int_equal(build_create(&build), 0);
		assert_int_equal(loader_create(build, &loader), 0);
		assert_int_equal(loader_read_feed(loader, &options, stop_at_once, &told, &summary),
		                 -ECANCELED);
		assert_true(told > 0);
		assert_true(summary.indicators < 5 * LINES);
		report_clear(&summary.report);
		loader_free(loader);
		build_free(build);
		buffer_close(&text);
		close(fd);
	}
}

static void a_nul_byte_costs_its_line_only(void **state)
{
	static const char text[] = "a.example.com\n\0\0\0\nb.example.com\nx\0y.example.com\n"
				   "c.example.com\n";
	static const char csv[] = "type,value\ndomain,a.example.com\ndomain,b\0.example.com\n";
	static const char binary[] = "\x7f"
				     "ELF\0\0\0\n\1\2\0\n\0\n";
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_of(text, sizeof(text) - 1), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_TEXT);
	assert_int_equal(fixture.summary.indicators, 3);
	assert_int_equal(feed_fixture_problems(&fixture, "NUL byte in a line"), 2);
	feed_fixture_close(&fixture);
	feed_fixture_read(slice_of(csv, sizeof(csv) - 1), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_CSV);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "NUL byte in a line"), 1);
	feed_fixture_close(&fixture);
	feed_fixture_read(slice_of(binary, sizeof(binary) - 1), FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, -EBADMSG);
	feed_fixture_close(&fixture);
}

static void a_bundle_whose_objects_are_no_list_is_told(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("{\"type\":\"bundle\",\"objects\":\"x\"}"), FEED_AUTO,
	                  &fixture);
	assert_int_equal(fixture.summary.indicators, 0);
	assert_int_equal(
		feed_fixture_problems(&fixture, "bundle without a list of objects, or in another"),
		1);
	feed_fixture_close(&fixture);
}

static void a_line_of_csv_that_is_too_long_is_told_once(void **state)
{
	struct feed_fixture fixture;
	struct buffer text = {0};

	(void)state;
	buffer_append_text(&text, "type,value\ndomain,a.example.com\ndomain,\"");
	for (unsigned i = 0; i < 100000; i++)
		buffer_append_text(&text, "x.example.com,");
	buffer_append_text(&text, "\ndomain,b.example.com\nno,\"stray\n");
	feed_fixture_read(buffer_slice(&text), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "line too long"), 1);
	for (unsigned i = 0; i < fixture.summary.report.reason_count; i++) {
		const struct report_reason *reason = &fixture.summary.report.reasons[i];

		if (strcmp(reason->reason, "quote that is not closed") == 0)
			assert_int_equal(reason->examples[0].line, 5);
	}
	assert_true(feed_fixture_has(&fixture, "b.example.com"));
	assert_false(feed_fixture_has(&fixture, "x.example.com"));
	feed_fixture_close(&fixture);
	buffer_close(&text);
}

static void a_hosts_file_is_known_behind_the_lines_of_the_machine(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("127.0.0.1 localhost\n255.255.255.255 broadcasthost\n"
	                             "fe80::1%lo0 localhost\nff00::0 ip6-mcastprefix\n"
	                             "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"
	                             "0.0.0.0 evil.example.com\n"),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_HOSTS);
	assert_int_equal(fixture.summary.indicators, 1);
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_lists_are_recognised_and_read),
		cmocka_unit_test(a_line_that_damage_cuts_is_not_taken),
		cmocka_unit_test(a_reader_stops_when_it_is_told_to),
		cmocka_unit_test(a_nul_byte_costs_its_line_only),
		cmocka_unit_test(a_bundle_whose_objects_are_no_list_is_told),
		cmocka_unit_test(a_line_of_csv_that_is_too_long_is_told_once),
		cmocka_unit_test(a_hosts_file_is_known_behind_the_lines_of_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
