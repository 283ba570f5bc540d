#include "tests/unit/unit_test.h"

#include <stdlib.h>

#include "base/line_scan.h"

// One call of memchr() a line: what the scan has to agree with.
static void assert_scan_finds_all(struct slice text)
{
	struct line_scan scan = line_scan_begin(text);
	size_t at = 0;

	while (at < text.size) {
		size_t feed = at + slice_find(slice_from(text, at), '\n');

		assert_int_equal(line_scan_next(&scan), feed);
		at = feed + 1;
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(line_scan_next(&scan), text.size);
}

static void every_line_end_is_found_once(void **state)
{
	(void)state;

	srandom(3);
	for (unsigned round = 0; round < 20000; round++) {
		size_t size = (size_t)random() % 300;
		// Of its own, so that reading behind its end is found.
		uint8_t *text = malloc(size + (size == 0));
		long scarcity = 1 + random() % 90;

		for (size_t i = 0; i < size; i++)
			text[i] = random() % scarcity == 0 ? '\n' : (uint8_t)random();
		assert_scan_finds_all(slice_of(text, size));
		free(text);
	}
}

static void an_empty_text_has_no_lines(void **state)
{
	(void)state;

	assert_scan_finds_all(slice_of(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_end_is_found_once),
		cmocka_unit_test(an_empty_text_has_no_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
