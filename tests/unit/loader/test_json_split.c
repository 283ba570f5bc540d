// Cuts JSON texts through a pipe-like file and looks at the pieces.
#include "loader/json_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "loader/json_block.h"

// Opens an input over `content`.
static struct feed_input *open_content(const void *content, size_t size)
{
	char path[64];
	struct feed_input *input = NULL;
	int fd = memfd_create("feed", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(feed_input_open(path, NULL, NULL, &input), 0);
	close(fd);
	return input;
}

static const char *kind_name(enum json_piece_kind kind)
{
	static const char *const names[] = {"object", "broken", "large", "stray",
	                                    "comma",  "cut",    "part",  "last"};

	return names[kind];
}

// All pieces as text: "object@offset:bytes|...".
static void split_by(const struct json_split_rules *rules, const char *content, size_t size,
                     struct buffer *ret_text)
{
	struct feed_input *input = open_content(content, size);
	struct json_split split;
	struct json_piece piece;
	int result;

	json_split_start(&split, input, rules);
	while ((result = json_split_next(&split, &piece)) > 0)
		buffer_format(ret_text, "%s@%llu:%.*s|", kind_name(piece.kind),
		              (unsigned long long)piece.offset, SLICE_FORMAT(piece.bytes));
	assert_int_equal(result, 0);
	feed_input_close(input);
}

static void split_to(const char *content, size_t size, struct buffer *ret_text)
{
	split_by(&json_split_stix, content, size, ret_text);
}

static void assert_pieces(const char *content, const char *expected)
{
	struct buffer text = {0};

	split_to(content, strlen(content), &text);
	buffer_append_byte(&text, '\0');
	assert_string_equal((const char *)text.data, expected);
	buffer_close(&text);
}

static void a_bundle_gives_its_objects(void **state)
{
	(void)state;
	assert_pieces("{\"type\":\"bundle\",\"objects\":[{\"a\":1},\n {\"b\":[{}]}]}",
	              "object@28:{\"a\":1}|object@38:{\"b\":[{}]}|");
	assert_pieces("{\"objects\" :\n\t[ {} ], \"more\":false, \"x\": {\"y\": []}}",
	              "object@16:{}|");
	assert_pieces("{\"more\":false,\"objects\":[]}", "");
}

static void objects_one_behind_the_other_are_told_apart(void **state)
{
	(void)state;
	assert_pieces("{\"a\":1}{\"b\":2}\n\x1e{}",
	              "object@0:{\"a\":1}|object@7:{\"b\":2}|object@16:{}|");
	assert_pieces("\xef\xbb\xbf{}", "object@3:{}|");
	assert_pieces(" \n", "");
}

static void a_bare_array_may_hold_objects_and_bundles(void **state)
{
	(void)state;
	assert_pieces("[{\"a\":1},{\"objects\":[{\"b\":2}]},{}]",
	              "object@1:{\"a\":1}|object@21:{\"b\":2}|object@31:{}|");
}

static void brackets_in_strings_mean_nothing(void **state)
{
	(void)state;
	assert_pieces("{\"a\":\"}{][\\\"}\\\\\"}{}",
	              "object@0:{\"a\":\"}{][\\\"}\\\\\"}|object@17:{}|");
	assert_pieces("{\"x\\\"objects\":[{}]}", "object@0:{\"x\\\"objects\":[{}]}|");
	assert_pieces("{\"a\":\"objects\",\"b\":[{}]}", "object@0:{\"a\":\"objects\",\"b\":[{}]}|");
}

static void objects_below_an_object_are_its_own(void **state)
{
	(void)state;
	assert_pieces("{\"a\":{\"objects\":[{}]}}", "object@0:{\"a\":{\"objects\":[{}]}}|");
	assert_pieces("{\"objects\":[{\"objects\":[{}]}]}", "object@12:{\"objects\":[{}]}|");
	assert_pieces("{\"objects\":{\"0\":[]}}", "object@0:{\"objects\":{\"0\":[]}}|");
}

static void a_missing_brace_costs_one_object(void **state)
{
	(void)state;
	assert_pieces("{\"objects\":[{\"a\":1,\n{\"b\":2},{\"c\":3}]}",
	              "broken@12:{\"a\":1,\n|object@20:{\"b\":2}|object@28:{\"c\":3}|");
	assert_pieces("{\"objects\":[{\"a\":{\"x\":1},{\"b\":2}]}",
	              "broken@12:{\"a\":{\"x\":1},|object@25:{\"b\":2}|");
	assert_pieces("{\"a\":1\n{\"b\":2}\n", "broken@0:{\"a\":1\n|object@7:{\"b\":2}|");
	assert_pieces("{\"objects\":[{\"a\":1]}{}", "broken@12:{\"a\":1|object@20:{}|");
}

static void a_missing_quote_costs_one_line(void **state)
{
	(void)state;
	assert_pieces("{\"a:1}\n}\n{\"b\":2}\n", "object@0:{\"a:1}\n}|object@9:{\"b\":2}|");
	assert_pieces("{\"a\":x\"}\n{\"b\":2}\n{}",
	              "broken@0:{\"a\":x\"}\n|object@9:{\"b\":2}|object@17:{}|");
}

static void what_is_no_object_is_told_with_its_offset(void **state)
{
	(void)state;
	assert_pieces("hello {} ]", "stray@0:hello|object@6:{}|stray@9:]|");
	assert_pieces("[1,2,\"{\",{},[{}]]", "stray@1:1,2,\"{\",|object@9:{}|stray@12:[{}]|");
}

static void wrong_commas_are_told(void **state)
{
	(void)state;
	assert_pieces("{\"objects\":[{}{},]}", "object@12:{}|comma@14:|object@14:{}|comma@17:|");
	assert_pieces("[,{}]", "comma@1:|object@2:{}|");
}

static const struct json_split_rules nested_rules = {
	.lists = {"x", "y"},
	.container = "all",
	.depth_max = 2,
	.gives_parts = true,
};

static void assert_nested_pieces(const char *content, const char *expected)
{
	struct buffer text = {0};

	split_by(&nested_rules, content, strlen(content), &text);
	buffer_append_byte(&text, '\0');
	assert_string_equal((const char *)text.data, expected);
	buffer_close(&text);
}

static void the_object_around_a_list_is_given_in_parts(void **state)
{
	(void)state;
	assert_nested_pieces("{\"e\":{\"a\":1,\"x\":[{\"b\":2},{\"x\":[{}]}],\"y\":[],\"c\":3}}",
	                     "part@0:{\"e\":{\"a\":1,\"x\":[|object@17:{\"b\":2}|"
	                     "object@25:{\"x\":[{}]}|part@35:],\"y\":[|"
	                     "last@42:],\"c\":3}}|");
	assert_nested_pieces("{\"a\":1}{\"x\":[{}]}", "object@0:{\"a\":1}|part@7:{\"x\":[|"
	                                              "object@13:{}|last@15:]}|");
	assert_nested_pieces("{\"e\":{\"f\":{\"x\":[{}]}}}", // too deep
	                     "object@0:{\"e\":{\"f\":{\"x\":[{}]}}}|");
}

static void the_elements_of_a_container_may_hold_lists(void **state)
{
	(void)state;
	assert_nested_pieces("[{\"all\":[{\"e\":{\"x\":[{}]}},{\"all\":[]}],\"n\":1},{\"x\":[]}]",
	                     "part@9:{\"e\":{\"x\":[|object@20:{}|last@22:]}}|"
	                     "object@26:{\"all\":[]}|part@45:{\"x\":[|last@51:]}|");
}

static void an_object_in_parts_that_is_cut_is_told(void **state)
{
	(void)state;
	assert_nested_pieces("{\"x\":[{\"a\":1},{\"b\"",
	                     "part@0:{\"x\":[|object@6:{\"a\":1}|cut@14:{\"b\"|");
	assert_nested_pieces("{\"x\":[{}],\"n\":", "part@0:{\"x\":[|object@6:{}|cut@8:],\"n\":|");
	assert_nested_pieces("{\"x\":[{},\n{\"x\":[{}]}",
	                     "part@0:{\"x\":[|object@6:{}|object@10:{\"x\":[{}]}|cut@20:|");
}

static void a_cut_input_is_told(void **state)
{
	(void)state;
	assert_pieces("{\"objects\":[{\"a\":1},{\"b\":", "object@12:{\"a\":1}|cut@20:{\"b\":|");
	assert_pieces("{\"objects\":[{\"a\":1}", "object@12:{\"a\":1}|cut@19:|");
	assert_pieces("{\"objects\":[{\"a\":1}]", "object@12:{\"a\":1}|cut@20:|");
	assert_pieces("{\"a\":\"xyz", "cut@0:{\"a\":\"xyz|");
}

// The same bundle, with the objects moved over every position of a block.
static void where_an_object_lies_does_not_matter(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 2 * JSON_BLOCK_BYTES; shift++) {
		struct buffer content = {0};
		char expected[300];

		buffer_append_text(&content, "{\"pad\":\"");
		for (unsigned i = 0; i < shift; i++)
			buffer_append_byte(&content, i % 2 == 0 ? '\\' : '"');
		buffer_append_text(&content, shift % 2 == 0 ? "\"" : "\\\"");
		buffer_append_text(&content, ",\"objects\":[{\"a\":\"\\\\\\\"}]\"},{}]}");
		buffer_append_byte(&content, '\0');
		(void)snprintf(expected, sizeof(expected),
		               "object@%u:{\"a\":\"\\\\\\\"}]\"}|object@%u:{}|",
		               21 + shift + shift % 2, 36 + shift + shift % 2);
		assert_pieces((const char *)content.data, expected);
		buffer_close(&content);
	}
}

static void the_block_scans_agree(void **state)
{
	static const char alphabet[] = "\"\\\n{}[]x;[:|\x7b\x5b\x7d\x5d\xdb\xfb\xdd";
	uint8_t bytes[JSON_BLOCK_BYTES];
	struct json_block fast;
	struct json_block plain;

	(void)state;
	srand(1);
	for (unsigned round = 0; round < 10000; round++) {
		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] =
				round % 2 == 0
					? (uint8_t)rand()
					: (uint8_t)
						  alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		json_block_scan(bytes, &fast);
		json_block_scan_plain(bytes, &plain);
		assert_memory_equal(&fast, &plain, sizeof(fast));
	}
}

static void too_large_an_object_is_named_and_passed_over(void **state)
{
	struct buffer content = {0};
	struct json_split split;
	struct json_piece piece;

	(void)state;
	buffer_append_text(&content, "{\"objects\":[{\"id\":\"large\",\"a\":\"");
	for (size_t i = 0; i < JSON_OBJECT_BYTES_MAX / 16 + 1000; i++)
		buffer_append_text(&content, "0123456789abcdef");
	buffer_append_text(&content, "\",\"b\":[{}]},{\"id\":\"small\"}]}{}");

	struct feed_input *input = open_content(content.data, content.size);
	json_split_start(&split, input, &json_split_stix);
	assert_int_equal(json_split_next(&split, &piece), 1);
	assert_int_equal(piece.kind, JSON_PIECE_TOO_LARGE);
	assert_int_equal(piece.offset, 12);
	assert_true(slice_starts_with(piece.bytes, "{\"id\":\"large\""));
	assert_int_equal(json_split_next(&split, &piece), 1);
	assert_int_equal(piece.kind, JSON_PIECE_OBJECT);
	assert_true(slice_is(piece.bytes, "{\"id\":\"small\"}"));
	assert_int_equal(json_split_next(&split, &piece), 1);
	assert_true(slice_is(piece.bytes, "{}"));
	assert_int_equal(json_split_next(&split, &piece), 0);
	feed_input_close(input);
	buffer_close(&content);
}

// A value of random shape: brackets, quotes and backslashes within strings, too.
static void append_random(struct buffer *buffer, unsigned depth)
{
	static const char *const strings[] = {"a",  "}{", "\\\"",    "\\\\",
	                                      "][", "",   "objects", "\\\\\\\""};
	unsigned count = (unsigned)rand() % 4;
	bool is_array = rand() % 2 == 0;

	if (depth == 0 || rand() % 3 == 0) {
		buffer_format(buffer, "\"%s\"", strings[rand() % 8]);
		return;
	}
	buffer_append_byte(buffer, is_array ? '[' : '{');
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_text(buffer, rand() % 2 == 0 ? ", " : ",\n");
		if (!is_array)
			buffer_format(buffer, "\"%s%u\": ", strings[rand() % 8], i);
		append_random(buffer, depth - 1);
	}
	buffer_append_byte(buffer, is_array ? ']' : '}');
}

// Random objects are cut where they were joined.
static void random_bundles_come_apart(void **state)
{
	(void)state;
	srand(3);
	for (unsigned round = 0; round < 300; round++) {
		struct buffer content = {0};
		struct buffer expected = {0};
		struct buffer text = {0};
		bool is_bundle = round % 2 == 0;

		buffer_append_text(&content, is_bundle ? "{\"id\":\"b\",\"objects\":[" : "");
		for (unsigned i = 0; i < 20; i++) {
			if (is_bundle && i > 0)
				buffer_append_byte(&content, ',');
			size_t offset = content.size;

			buffer_append_text(&content, "{\"m\":");
			append_random(&content, 5);
			buffer_append_byte(&content, '}');
			buffer_format(&expected, "object@%zu:%.*s|", offset,
			              (int)(content.size - offset), (char *)content.data + offset);
		}
		buffer_append_text(&content, is_bundle ? "],\"x\":[{}]}" : "");
		split_to((const char *)content.data, content.size, &text);
		assert_true(slice_equal(buffer_slice(&text), buffer_slice(&expected)));
		buffer_close(&content);
		buffer_close(&expected);
		buffer_close(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_gives_its_objects),
		cmocka_unit_test(objects_one_behind_the_other_are_told_apart),
		cmocka_unit_test(a_bare_array_may_hold_objects_and_bundles),
		cmocka_unit_test(brackets_in_strings_mean_nothing),
		cmocka_unit_test(objects_below_an_object_are_its_own),
		cmocka_unit_test(a_missing_brace_costs_one_object),
		cmocka_unit_test(a_missing_quote_costs_one_line),
		cmocka_unit_test(what_is_no_object_is_told_with_its_offset),
		cmocka_unit_test(wrong_commas_are_told),
		cmocka_unit_test(the_object_around_a_list_is_given_in_parts),
		cmocka_unit_test(the_elements_of_a_container_may_hold_lists),
		cmocka_unit_test(an_object_in_parts_that_is_cut_is_told),
		cmocka_unit_test(a_cut_input_is_told),
		cmocka_unit_test(where_an_object_lies_does_not_matter),
		cmocka_unit_test(the_block_scans_agree),
		cmocka_unit_test(random_bundles_come_apart),
		cmocka_unit_test(too_large_an_object_is_named_and_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
