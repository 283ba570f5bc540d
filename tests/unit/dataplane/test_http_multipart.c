// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/dataplane/http_scene.h"

static struct http_scene scene;

#define PART(name, content) \
	"Content-Disposition: form-data; name=\"f\"; filename=\"" name "\"\r\n\r\n" content

static const char *told_in_pieces(const char *media_type, const char *body, size_t piece_bytes)
{
	char request[16 * 1024];

	(void)snprintf(request, sizeof(request),
	               "POST /up HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
	               media_type, strlen(body), body);
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(request), piece_bytes);
	(void)http_scene_end(&scene, true);
	http_scene_close(&scene);
	return scene.recorder.text;
}

// The same in any pieces.
static const char *told(const char *media_type, const char *body)
{
	static char whole[4096];

	(void)snprintf(whole, sizeof(whole), "%s", told_in_pieces(media_type, body, SIZE_MAX / 2));
	for (size_t piece = 1; piece < 40; piece++)
		assert_string_equal(told_in_pieces(media_type, body, piece), whole);
	return whole;
}

static const char *form(const char *body)
{
	return told("multipart/form-data; boundary=\"b-1\"", body);
}

// The lines of whole files: names and contents by turns, NULL at the end.
static const char *files(const char *const texts[])
{
	static char lines[4096];

	lines[0] = '\0';
	for (unsigned i = 0; texts[i] != NULL; i += 2) {
		char digest[17];

		http_scene_digest(slice_text(texts[i + 1]), digest);
		(void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines),
		               "request %s  %zu %s\n", texts[i], strlen(texts[i + 1]), digest);
	}
	return lines;
}

#define FILES(...) files((const char *const[]){__VA_ARGS__, NULL})

static void parts_with_a_file_name_are_files_of_their_own(void **state)
{
	(void)state;
	assert_string_equal(
		form("--b-1\r\n" PART(
			"a", "one") "\r\n--b-1\r\n"
	                            "Content-Disposition: form-data; name=\"x\"\r\n\r\nvalue"
	                            "\r\n--b-1  \r\n" PART("b", "two\r\n") "\r\n--b-1--\r\nend"),
		FILES("a", "one", "b", "two\r\n"));
	assert_string_equal(form("preamble\r\n--b-1\r\n" PART("a", "one") "\r\n--b-1--"),
	                    FILES("a", "one"));
}

static void what_looks_like_a_delimiter_belongs_to_the_part(void **state)
{
	static const char content[] =
		"\r\r\n\r\n-\r\n--\r\n--b\r\n--b-\r\n--b-2\r\n--B-1 --b-1\n--b-1";

	(void)state;
	assert_string_equal(
		form("--b-1\r\n" PART("a", "\r\r\n\r\n-\r\n--\r\n--b\r\n--b-\r\n--b-2\r\n"
	                                   "--B-1 --b-1\n--b-1") "\r\n--b-1--\r\n"),
		FILES("a", content));
	assert_string_equal(form("--b-1\r\n" PART("a", "x--b-1") "\r\n--b-1--\r\n"),
	                    FILES("a", "x--b-1"));
	assert_string_equal(form("--b-1\r\n" PART("a", "-x") "\r\n--b-1--\r\n"), FILES("a", "-x"));
}

static void an_empty_part_is_no_file(void **state)
{
	(void)state;
	assert_string_equal(form("--b-1\r\n" PART("", "") "\r\n--b-1\r\n" PART(
				    "a", "") "--b-1\r\n" PART("b", "x") "\r\n--b-1--\r\n"),
	                    FILES("b", "x"));
}

static void a_part_that_is_cut_has_no_hash(void **state)
{
	(void)state;
	assert_string_equal(form("--b-1\r\n" PART("a", "one") "\r\n--b-"), "request a  9 cut\n");
	assert_string_equal(form("--b-1\r\n" PART("a", "one")), "request a  3 cut\n");
	assert_string_equal(form("--b-1\r\nContent-Disposition: form-data"), "");
}

static void nested_parts_are_files_to_a_depth(void **state)
{
	(void)state;
	assert_string_equal(
		form("--b-1\r\nContent-Disposition: form-data; name=\"f\"\r\n"
	             "Content-Type: multipart/mixed; boundary=in\r\n\r\n"
	             "--in\r\nContent-Disposition: file; filename=a\r\n\r\none\r\n--in\r\n\r\ntwo"
	             "\r\n--in--\r\nnothing\r\n--b-1\r\n" PART("b", "three") "\r\n--b-1--\r\n"),
		FILES("a", "one", "", "two", "b", "three"));
	// An outer delimiter ends what was not closed.
	assert_string_equal(form("--b-1\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
	                         "--in\r\n\r\none\r\n--b-1\r\n" PART("b", "x") "\r\n--b-1--\r\n"),
	                    FILES("", "one", "b", "x"));
	// The fourth level is a file as it stands.
	assert_string_equal(form("--b-1\r\nContent-Type: multipart/mixed; boundary=b2\r\n\r\n"
	                         "--b2\r\nContent-Type: multipart/mixed; boundary=b3\r\n\r\n"
	                         "--b3\r\nContent-Type: multipart/mixed; boundary=b4\r\n\r\n"
	                         "--b4\r\n\r\none\r\n--b4--\r\n--b3--\r\n--b2--\r\n--b-1--\r\n") +
	                            strlen("request  multipart/mixed 23 "),
	                    strrchr(FILES("", "--b4\r\n\r\none\r\n--b4--"), ' ') + 1);
}

static void of_boundaries_that_begin_alike_the_longest_counts(void **state)
{
	(void)state;
	assert_string_equal(form("--b-1\r\nContent-Type: multipart/mixed; boundary=b-123\r\n\r\n"
	                         "--b-123\r\n\r\none\r\n--b-123\r\n\r\ntwo\r\n--b-123--\r\n"
	                         "\r\n--b-1\r\n" PART("b", "three") "\r\n--b-1--\r\n"),
	                    FILES("", "one", "", "two", "b", "three"));
	// The shorter one after all, with something behind it.
	assert_string_equal(form("--b-1\r\nContent-Type: multipart/mixed; boundary=b-1--4\r\n\r\n"
	                         "--b-1--4\r\n\r\none\r\n--b-1 \r\n" PART(
					 "b", "two") "\r\n"
	                                             "--b-1--\r\n\r\n--b-1\r\n" PART(
							     "c", "three") "\r\n--b-1--"),
	                    FILES("", "one", "b", "two", "c", "three"));
}

static void a_long_head_of_a_part_is_read_as_far_as_there_is_room(void **state)
{
	static char body[8 * 1024];
	size_t size = (size_t)snprintf(body, sizeof(body),
	                               "--b-1\r\nContent-Disposition: form-data;"
	                               " filename=a\r\n");

	(void)state;
	while (size < 4000)
		size += (size_t)snprintf(body + size, sizeof(body) - size, "X-Field: %zu\r\n",
		                         size);
	(void)snprintf(body + size, sizeof(body) - size, "\r\none\r\n--b-1--\r\n");
	assert_string_equal(form(body), FILES("a", "one"));
}

static void other_multiparts_are_files_all_through(void **state)
{
	(void)state;
	assert_string_equal(told("multipart/related; boundary=b", "--b\r\n\r\none\r\n--b\r\n\r\ntwo"
	                                                          "\r\n--b--\r\n"),
	                    FILES("", "one", "", "two"));
	// Without a boundary it cannot be taken apart.
	assert_string_equal(told("multipart/related", "--b"),
	                    "request up multipart/related 3 b52be7e0d45ed4ab\n");
}

static void a_gap_costs_the_part_it_lies_in(void **state)
{
	static const char request[] = "POST / HTTP/1.1\r\nContent-Length: 1000\r\n"
				      "Content-Type: multipart/form-data; boundary=b-1\r\n\r\n"
				      "--b-1\r\n" PART("a", "one");
	char expected[128];

	(void)state;
	http_scene_open(&scene, SCENE_BUDGET_BYTES);
	http_scene_give(&scene, 0, slice_text(request), 1000);
	http_scene_lose(&scene, 0, 9);
	http_scene_give(&scene, 0, slice_text("two\r\n--b-1\r\n" PART("b", "x") "\r\n--b-1--"),
	                1000);
	(void)snprintf(expected, sizeof(expected), "request a  6 cut\n%s", FILES("b", "x"));
	assert_string_equal(http_scene_end(&scene, false), expected);
	http_scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_with_a_file_name_are_files_of_their_own),
		cmocka_unit_test(what_looks_like_a_delimiter_belongs_to_the_part),
		cmocka_unit_test(an_empty_part_is_no_file),
		cmocka_unit_test(a_part_that_is_cut_has_no_hash),
		cmocka_unit_test(nested_parts_are_files_to_a_depth),
		cmocka_unit_test(of_boundaries_that_begin_alike_the_longest_counts),
		cmocka_unit_test(a_long_head_of_a_part_is_read_as_far_as_there_is_room),
		cmocka_unit_test(other_multiparts_are_files_all_through),
		cmocka_unit_test(a_gap_costs_the_part_it_lies_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
