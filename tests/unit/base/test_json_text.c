#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json_text.h"
#include "base/utf8.h"

static void expect(struct slice text, const char *json)
{
	struct buffer buffer = {0};

	json_text_append(&buffer, text);
	buffer_append_byte(&buffer, '\0');
	assert_false(buffer.failed);
	assert_string_equal((const char *)buffer.data, json);
	buffer_close(&buffer);
}

static void plain_text_is_only_quoted(void **state)
{
	(void)state;
	expect(slice_text(""), "\"\"");
	expect(slice_text("bad.example"), "\"bad.example\"");
	expect(slice_text("/a'b\x7f"), "\"/a'b\x7f\"");
}

static void quotes_and_control_bytes_are_escaped_as_rfc_8785_has_it(void **state)
{
	(void)state;
	expect(slice_text("a\"b\\c"), "\"a\\\"b\\\\c\"");
	expect(slice_text("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
	expect(slice_of("\0\x01\x0b\x1f", 4), "\"\\u0000\\u0001\\u000b\\u001f\"");
}

static void well_formed_utf8_is_kept(void **state)
{
	(void)state;
	expect(slice_text("\xe9\x96\xa2\xe6\x89\x80"), "\"\xe9\x96\xa2\xe6\x89\x80\"");
	expect(slice_text("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
}

static void each_stray_byte_becomes_u_fffd(void **state)
{
	(void)state;
	expect(slice_text("a\xff"
	                  "b"),
	       "\"a\xef\xbf\xbd"
	       "b\"");
	expect(slice_text("\xe9\x96"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 // truncated
	expect(slice_text("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 // overlong
	expect(slice_text("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); // surrogate
}

static void whatever_goes_in_valid_utf8_comes_out(void **state)
{
	uint8_t bytes[512];
	uint32_t random = 1;
	struct buffer buffer = {0};

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
		buffer_clear(&buffer);
		json_text_append(&buffer, slice_of(bytes, sizeof(bytes)));
		assert_true(utf8_is_valid(buffer_slice(&buffer)));
		for (size_t i = 0; i < buffer.size; i++)
			assert_true(buffer.data[i] >= ' ');
	}
	buffer_close(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_is_only_quoted),
		cmocka_unit_test(quotes_and_control_bytes_are_escaped_as_rfc_8785_has_it),
		cmocka_unit_test(well_formed_utf8_is_kept),
		cmocka_unit_test(each_stray_byte_becomes_u_fffd),
		cmocka_unit_test(whatever_goes_in_valid_utf8_comes_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
