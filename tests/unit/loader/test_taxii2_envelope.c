#include "loader/taxii2_envelope.h"

#include <errno.h>
#include <unistd.h>

#include "base/temporary_file.h"
#include "tests/unit/unit_test.h"

static int read_text(const char *text, struct taxii2_envelope *ret_envelope)
{
	const char *reason = NULL;
	int fd = -1;

	assert_int_equal(temporary_file_open(&fd), 0);
	assert_int_equal(temporary_file_write(fd, slice_text(text)), 0);
	int error = taxii2_envelope_read(fd, ret_envelope, &reason);
	(void)close(fd);
	assert_true(error == 0 || reason != NULL);
	return error;
}

static void an_envelope_tells_of_more_and_next(void **state)
{
	struct taxii2_envelope envelope;

	(void)state;
	assert_int_equal(read_text("{\"more\": true, \"next\": \"a\\\"b\\u0041\", \"objects\": "
	                           "[{\"more\": [1, 2]}, {\"next\": \"x,]\"} ,3]}\n",
	                           &envelope),
	                 0);
	assert_true(envelope.is_more);
	assert_string_equal(envelope.next, "a\"bA");
	assert_int_equal(envelope.object_count, 3);
}

static void an_empty_envelope_has_nothing(void **state)
{
	static const char *const empty[] = {"{}", "{\"objects\":[]}",
	                                    "{\"more\":false,\"next\":null}",
	                                    "{ \"objects\" : [ ] , \"more\" : false }"};
	struct taxii2_envelope envelope;

	(void)state;
	for (unsigned i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		assert_int_equal(read_text(empty[i], &envelope), 0);
		assert_int_equal(envelope.object_count, 0);
		assert_false(envelope.is_more);
		assert_string_equal(envelope.next, "");
	}
}

static void a_byte_order_mark_is_passed_over(void **state)
{
	struct taxii2_envelope envelope;

	(void)state;
	assert_int_equal(read_text("\xef\xbb\xbf{\"objects\": [{}]}", &envelope), 0);
	assert_int_equal(envelope.object_count, 1);
	assert_int_equal(read_text("\xef\xbb\xbf\xef\xbb\xbf{}", &envelope), -EBADMSG);
}

static void a_number_is_taken_as_next(void **state)
{
	struct taxii2_envelope envelope;

	(void)state;
	assert_int_equal(read_text("{\"next\": 17, \"more\": true}", &envelope), 0);
	assert_string_equal(envelope.next, "17");
}

static void what_is_cut_or_broken_is_refused(void **state)
{
	static const char *const broken[] = {
		"",
		" ",
		"{\"objects\": [{\"a\": 1}",
		"{\"objects\": [{\"a\": 1]}",
		"{\"objects\": []}}",
		"{\"objects\": []} x",
		"[1]",
		"<html>",
		"\"{}\"",
		"{\"a\": \"}",
		"{\"next\": \"\\ud800\"}",
	};
	struct taxii2_envelope envelope;

	(void)state;
	for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(read_text(broken[i], &envelope), -EBADMSG);
}

static void the_digest_is_of_the_objects_alone(void **state)
{
	struct taxii2_envelope one, other, third;

	(void)state;
	assert_int_equal(read_text("{\"next\":\"1\",\"objects\":[{\"a\":1}]}", &one), 0);
	assert_int_equal(read_text("{\"objects\":[{\"a\":1}],\"next\":\"22\"}", &other), 0);
	assert_int_equal(read_text("{\"objects\":[{\"a\":2}],\"next\":\"1\"}", &third), 0);
	assert_memory_equal(one.digest, other.digest, CIRCLE_DIGEST_BYTES);
	assert_memory_not_equal(one.digest, third.digest, CIRCLE_DIGEST_BYTES);
}

static void deep_brackets_and_long_names_are_bounded(void **state)
{
	static char deep[5000];
	struct taxii2_envelope envelope;

	(void)state;
	memset(deep, '[', sizeof(deep) - 1);
	memcpy(deep, "{\"a\":", 5);
	assert_int_equal(read_text(deep, &envelope), -EBADMSG);

	memset(deep, 'x', sizeof(deep) - 1);
	memcpy(deep, "{\"next\":\"", 9);
	memcpy(deep + sizeof(deep) - 3, "\"}", 3);
	assert_int_equal(read_text(deep, &envelope), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_envelope_tells_of_more_and_next),
		cmocka_unit_test(an_empty_envelope_has_nothing),
		cmocka_unit_test(a_byte_order_mark_is_passed_over),
		cmocka_unit_test(a_number_is_taken_as_next),
		cmocka_unit_test(what_is_cut_or_broken_is_refused),
		cmocka_unit_test(the_digest_is_of_the_objects_alone),
		cmocka_unit_test(deep_brackets_and_long_names_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
