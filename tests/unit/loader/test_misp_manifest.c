#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdio.h>

#include "loader/feed_input.h"
#include "loader/misp_manifest.h"

#define UUID(last) "00000000-0000-4000-8000-00000000000" last

static int read_text(const char *json, struct misp_manifest *manifest, struct report *report)
{
	char text[1024] = {0};

	assert_true(strlen(json) + FEED_PADDING_BYTES < sizeof(text));
	memcpy(text, json, strlen(json));
	return misp_manifest_read(manifest, slice_of(text, strlen(json)), report);
}

static void events_are_sorted_and_written_as_lines(void **state)
{
	struct misp_manifest manifest = {0};
	struct misp_manifest again = {0};
	struct report report = {0};
	struct buffer text = {0};

	(void)state;
	assert_int_equal(read_text("{\"" UUID("B") "\":{\"timestamp\":\"17\"},\"" UUID(
					   "1") "\":{\"timestamp\":18},\"" UUID("2") "\":{}}",
	                           &manifest, &report),
	                 0);
	assert_int_equal(manifest.count, 3);
	assert_int_equal(report.count, 0);
	misp_manifest_write_text(&manifest, &text);
	assert_true(slice_is(buffer_slice(&text),
	                     UUID("1") " 18\n" UUID("2") " 0\n" UUID("b") " 17\n"));
	assert_int_equal(misp_manifest_read_text(&again, buffer_slice(&text)), 0);
	assert_int_equal(again.count, 3);
	assert_int_equal(misp_manifest_find(&again, UUID("b"))->timestamp_s, 17);
	assert_null(misp_manifest_find(&again, UUID("3")));
	misp_manifest_close(&manifest);
	misp_manifest_close(&again);
	buffer_close(&text);
}

// A name becomes part of a path.
static void what_is_no_uuid_is_no_event(void **state)
{
	struct misp_manifest manifest = {0};
	struct report report = {0};

	(void)state;
	assert_int_equal(read_text("{\"../../../../../../../../etc/passwd/x.js\":{},"
	                           "\"x\":{},\"" UUID("1") "\":7}",
	                           &manifest, &report),
	                 0);
	assert_int_equal(manifest.count, 0);
	assert_int_equal(report.count, 3);
	assert_int_equal(read_text("[]", &manifest, &report), -EBADMSG);
	assert_int_equal(read_text("{", &manifest, &report), -EBADMSG);
	assert_int_equal(misp_manifest_read_text(&manifest, slice_text("x\n\n")), 0);
	assert_int_equal(manifest.count, 0);
	report_clear(&report);
	misp_manifest_close(&manifest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_sorted_and_written_as_lines),
		cmocka_unit_test(what_is_no_uuid_is_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
