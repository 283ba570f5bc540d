#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/pattern_builder.h"
#include "engine/pattern_format.h"
#include "engine/pattern_regex.h"
#include "engine/pattern_set.h"

enum { FOUND_MAX = 64, NONE = UINT32_MAX };

// A set under test, with all that belongs to it.
struct fixture {
	struct pattern_builder *builder;
	struct buffer patterns;
	struct buffer shards;
	struct pattern_set *set;
	struct pattern_scratch *scratch;
	unsigned refused_count;
	uint32_t last_refused;
	uint32_t found[FOUND_MAX];
	unsigned found_count;
};

static void note_refused(void *context, uint32_t pattern_id, const char *reason)
{
	struct fixture *fixture = context;

	assert_non_null(reason);
	fixture->refused_count++;
	fixture->last_refused = pattern_id;
}

static void note_found(void *context, uint32_t pattern_id)
{
	struct fixture *fixture = context;

	assert_true(fixture->found_count < FOUND_MAX);
	fixture->found[fixture->found_count++] = pattern_id;
}

static struct fixture begin(void)
{
	struct fixture fixture = {.last_refused = NONE};

	assert_int_equal(pattern_builder_create(&fixture.builder), 0);
	return fixture;
}

static int add(struct fixture *fixture, enum observable_type type, enum pattern_syntax syntax,
               const char *pattern, uint32_t pattern_id)
{
	const char *reason = NULL;
	int error = pattern_builder_add(fixture->builder, type, syntax, slice_text(pattern),
	                                pattern_id, &reason);

	assert_true(error == 0 || reason != NULL);
	return error;
}

static void finish(struct fixture *fixture)
{
	assert_int_equal(pattern_builder_finish(fixture->builder, note_refused, fixture,
	                                        &fixture->patterns, &fixture->shards),
	                 0);
}

static void open_set(struct fixture *fixture)
{
	assert_int_equal(pattern_set_open(buffer_slice(&fixture->patterns),
	                                  buffer_slice(&fixture->shards), &fixture->set),
	                 0);
	assert_int_equal(pattern_scratch_create(fixture->set, &fixture->scratch), 0);
}

static void end(struct fixture *fixture)
{
	pattern_scratch_free(fixture->scratch);
	pattern_set_free(fixture->set);
	pattern_builder_free(fixture->builder);
	buffer_close(&fixture->patterns);
	buffer_close(&fixture->shards);
}

static void scan(struct fixture *fixture, enum observable_type type, const char *text)
{
	fixture->found_count = 0;
	pattern_set_scan(fixture->set, fixture->scratch, type, slice_text(text), note_found,
	                 fixture);
}

// The sum tells sets of few small ids apart.
static void assert_found(struct fixture *fixture, enum observable_type type, const char *text,
                         unsigned count, unsigned sum)
{
	unsigned found_sum = 0;

	scan(fixture, type, text);
	assert_int_equal(fixture->found_count, count);
	for (unsigned i = 0; i < count; i++)
		found_sum += fixture->found[i];
	assert_int_equal(found_sum, sum);
}

static void add_usual(struct fixture *fixture)
{
	assert_int_equal(add(fixture, OBSERVABLE_NAME, PATTERN_LIKE, "%.Evil.example", 1), 0);
	assert_int_equal(add(fixture, OBSERVABLE_NAME, PATTERN_MATCHES, "^C2[0-9]+\\.", 2), 0);
	assert_int_equal(add(fixture, OBSERVABLE_URL, PATTERN_LIKE, "%/gate.php?id=%", 4), 0);
	assert_int_equal(add(fixture, OBSERVABLE_URL, PATTERN_MATCHES, "/[a-f0-9]{8}\\.exe$", 8),
	                 0);
	assert_int_equal(add(fixture, OBSERVABLE_NAME, PATTERN_MATCHES, "^(a+)b\\1\\.", 16), 0);
	assert_int_equal(add(fixture, OBSERVABLE_URL, PATTERN_MATCHES, "(?<!www)\\.evil/", 32), 0);
	assert_int_equal(add(fixture, OBSERVABLE_NAME, PATTERN_MATCHES, "b[\u00fc\u00f6]cher", 64),
	                 0);
	assert_int_equal(add(fixture, OBSERVABLE_NAME, PATTERN_LIKE, "%.evil.example", 128), 0);
}

static void assert_usual(struct fixture *fixture)
{
	assert_found(fixture, OBSERVABLE_NAME, "x.evil.example", 2, 129);
	assert_found(fixture, OBSERVABLE_NAME, "evil.example", 0, 0);
	assert_found(fixture, OBSERVABLE_NAME, "c277.evil.example", 3, 131);
	assert_found(fixture, OBSERVABLE_NAME, "aabaa.x", 1, 16);
	assert_found(fixture, OBSERVABLE_NAME, "aaba.x", 0, 0);
	assert_found(fixture, OBSERVABLE_NAME, "b\u00fccher.x", 1, 64);
	assert_found(fixture, OBSERVABLE_NAME, "b\u00fccher.\xff", 0, 0);
	assert_found(fixture, OBSERVABLE_URL, "http://a/gate.php?id=1", 1, 4);
	assert_found(fixture, OBSERVABLE_URL, "http://a/0a1b2c3d.exe", 1, 8);
	assert_found(fixture, OBSERVABLE_URL, "http://a/0a1b2c3d.exe?", 0, 0);
	assert_found(fixture, OBSERVABLE_URL, "http://a.evil/", 1, 32);
	assert_found(fixture, OBSERVABLE_URL, "http://www.evil/", 0, 0);
	assert_found(fixture, OBSERVABLE_URL, "x.evil.example", 0, 0);
}

static void patterns_find_what_they_describe(void **state)
{
	struct fixture fixture = begin();
	(void)state;

	add_usual(&fixture);
	finish(&fixture);
	assert_int_equal(fixture.refused_count, 0);
	open_set(&fixture);
	assert_int_equal(pattern_set_count(fixture.set), 8);
	assert_usual(&fixture);
	end(&fixture);
}

static void a_set_of_nothing_finds_nothing(void **state)
{
	struct fixture fixture = begin();
	(void)state;

	finish(&fixture);
	assert_int_equal(fixture.patterns.size, 0);
	open_set(&fixture);
	assert_int_equal(pattern_set_count(fixture.set), 0);
	assert_found(&fixture, OBSERVABLE_NAME, "x.evil.example", 0, 0);
	end(&fixture);
}

static void patterns_that_are_none_are_refused_at_once(void **state)
{
	static const char *const expressions[] = {
		"(", "[a",   "*",  "a{2,1}", "(*UTF8)x",       ".*", "", "a*",
		".", "^.+$", "x|", "\\C",    "(?<n>a)(?<n>b)",
	};
	static const char *const likes[] = {"%", "", "_", "a\x01"};
	struct fixture fixture = begin();
	const char *reason;
	(void)state;

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		assert_int_equal(add(&fixture, OBSERVABLE_NAME, PATTERN_MATCHES, expressions[i], 1),
		                 -EINVAL);
	for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++)
		assert_int_equal(add(&fixture, OBSERVABLE_NAME, PATTERN_LIKE, likes[i], 1),
		                 -EINVAL);
	assert_int_equal(add(&fixture, OBSERVABLE_URL, PATTERN_MATCHES, "^https?://", 1), -EINVAL);
	assert_int_equal(add(&fixture, OBSERVABLE_URL, PATTERN_LIKE, "http%://%", 1), -EINVAL);
	assert_int_equal(add(&fixture, OBSERVABLE_HASH, PATTERN_LIKE, "ab%", 1), -EINVAL);
	assert_int_equal(
		pattern_builder_check(OBSERVABLE_NAME, PATTERN_LIKE, slice_text("%x%"), &reason),
		0);
	finish(&fixture);
	assert_int_equal(fixture.patterns.size, 0);
	end(&fixture);
}

// Alternatives of bounded runs: valid, short, and seconds of work for Hyperscan.
static void write_hostile_expression(char ret_text[4096])
{
	size_t size = 0;

	for (unsigned i = 0; i < 216; i++)
		size += (size_t)snprintf(ret_text + size, 4096 - size, "%s%c.{1,60}%c.{1,60}%c",
		                         i > 0 ? "|" : "", 'a' + i / 36, 'g' + i / 6 % 6,
		                         'm' + i % 6);
}

static void too_much_for_hyperscan_is_told_and_the_rest_kept(void **state)
{
	struct fixture fixture = begin();
	char expression[4096];
	(void)state;

	write_hostile_expression(expression);
	assert_int_equal(add(&fixture, OBSERVABLE_NAME, PATTERN_MATCHES, expression, 7), 0);
	add_usual(&fixture);
	finish(&fixture);
	assert_int_equal(fixture.refused_count, 1);
	assert_int_equal(fixture.last_refused, 7);
	open_set(&fixture);
	assert_usual(&fixture);
	end(&fixture);
}

static void the_order_of_adding_does_not_matter(void **state)
{
	struct fixture first = begin();
	struct fixture second = begin();
	(void)state;

	assert_int_equal(add(&first, OBSERVABLE_NAME, PATTERN_LIKE, "zz%", 300), 0);
	add_usual(&first);
	add_usual(&second);
	assert_int_equal(add(&second, OBSERVABLE_NAME, PATTERN_LIKE, "zz%", 300), 0);
	finish(&first);
	finish(&second);
	assert_true(slice_equal(buffer_slice(&first.patterns), buffer_slice(&second.patterns)));
	assert_true(slice_equal(buffer_slice(&first.shards), buffer_slice(&second.shards)));
	end(&first);
	end(&second);
}

static void damaged_shards_are_compiled_again(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		struct fixture fixture = begin();

		add_usual(&fixture);
		finish(&fixture);
		if (kind == 0)
			fixture.shards.data[fixture.shards.size / 2] ^= 1; // a database
		else if (kind == 1)
			fixture.shards.data[sizeof(struct shard_header)] ^= 0x80; // an offset
		else if (kind == 2)
			fixture.shards.data[0] = 0; // the count
		else
			fixture.shards.size = 3;
		open_set(&fixture);
		assert_usual(&fixture);
		end(&fixture);
	}
}

static void damaged_patterns_are_refused_or_harmless(void **state)
{
	struct fixture fixture = begin();
	struct slice shards;
	(void)state;

	add_usual(&fixture);
	finish(&fixture);
	shards = buffer_slice(&fixture.shards);
	for (size_t size = 1; size < fixture.patterns.size; size += 7) {
		struct slice cut = slice_first(buffer_slice(&fixture.patterns), size);

		assert_int_equal(pattern_set_open(cut, shards, &fixture.set), -EBADMSG);
	}
	// What the rows say, byte by byte; ids may change without harm.
	for (size_t i = 0; i < 8 * sizeof(struct pattern_row); i++) {
		uint8_t *byte = fixture.patterns.data + sizeof(struct pattern_header) + i;
		AUTO(pattern_set) set = NULL;
		AUTO(pattern_scratch) scratch = NULL;

		*byte ^= 0x41;
		int error = pattern_set_open(buffer_slice(&fixture.patterns), shards, &set);
		assert_true(error == 0 || error == -EBADMSG);
		if (error == 0) {
			assert_int_equal(pattern_scratch_create(set, &scratch), 0);
			fixture.found_count = 0;
			pattern_set_scan(set, scratch, OBSERVABLE_NAME,
			                 slice_text("c277.evil.example"), note_found, &fixture);
		}
		*byte ^= 0x41;
	}
	end(&fixture);
}

static void hostile_matches_are_given_up_and_counted(void **state)
{
	struct fixture fixture = begin();
	(void)state;

	assert_int_equal(add(&fixture, OBSERVABLE_NAME, PATTERN_MATCHES, "^(a|a)*(b|c)\\2d", 1), 0);
	finish(&fixture);
	open_set(&fixture);
	assert_found(&fixture, OBSERVABLE_NAME, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabcd", 0,
	             0);
	assert_int_equal(pattern_scratch_given_up(fixture.scratch), 1);
	end(&fixture);
}

// A random expression that both engines can take.
static void random_expression(char ret_text[64])
{
	static const char *const pieces[] = {"a",       "b",    "c",   ".",      "[ab]",
	                                     "[^a]",    "a+",   "b*",  "c?",     "(ab|c)",
	                                     "(a|bc)+", "b{2}", "\\.", "(?:ca)?"};
	size_t size = 0;

	if (random() % 4 == 0)
		ret_text[size++] = '^';
	for (long left = 2 + random() % 4; left > 0; left--) {
		const char *piece = pieces[(size_t)random() % (sizeof(pieces) / sizeof(pieces[0]))];

		memcpy(ret_text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	if (random() % 4 == 0)
		ret_text[size++] = '$';
	ret_text[size] = '\0';
}

static void matches_equals_pcre2(void **state)
{
	enum { EXPRESSIONS = 40, TEXTS = 3000 };
	struct fixture fixture = begin();
	struct regex *regexes[EXPRESSIONS] = {NULL};
	struct regex_scratch *scratch;
	unsigned matched = 0;
	(void)state;

	srandom(9);
	assert_int_equal(pattern_regex_create_scratch(&scratch), 0);
	for (unsigned i = 0; i < EXPRESSIONS; i++) {
		char expression[64];
		const char *reason;

		random_expression(expression);
		if (add(&fixture, OBSERVABLE_URL, PATTERN_MATCHES, expression, i) == 0)
			assert_int_equal(pattern_regex_compile(OBSERVABLE_URL,
			                                       slice_text(expression), false,
			                                       &regexes[i], &reason),
			                 0);
	}
	finish(&fixture);
	assert_int_equal(fixture.refused_count, 0);
	open_set(&fixture);
	for (unsigned round = 0; round < TEXTS; round++) {
		char text[12] = {0};
		bool is_found[EXPRESSIONS] = {false};

		for (size_t i = 0, size = 1 + (size_t)random() % 10; i < size; i++)
			text[i] = "abc.d"[random() % 5];
		scan(&fixture, OBSERVABLE_URL, text);
		matched += fixture.found_count;
		for (unsigned i = 0; i < fixture.found_count; i++) {
			assert_false(is_found[fixture.found[i]]);
			is_found[fixture.found[i]] = true;
		}
		for (unsigned i = 0; i < EXPRESSIONS; i++)
			if (regexes[i] != NULL)
				assert_int_equal(is_found[i],
				                 pattern_regex_match(regexes[i], scratch,
				                                     slice_text(text)) ==
				                         REGEX_YES);
	}
	assert_true(matched > 1000);
	for (unsigned i = 0; i < EXPRESSIONS; i++)
		pattern_regex_free(regexes[i]);
	pattern_regex_free_scratch(scratch);
	end(&fixture);
}

static void thousands_of_likes_each_find_their_own(void **state)
{
	enum { COUNT = 5000 };
	struct fixture fixture = begin();
	(void)state;

	for (unsigned i = 0; i < COUNT; i++) {
		char pattern[64];

		(void)snprintf(pattern, sizeof(pattern), "http://%%/panel%u/%%.php", i);
		assert_int_equal(add(&fixture, OBSERVABLE_URL, PATTERN_LIKE, pattern, i), 0);
	}
	finish(&fixture);
	open_set(&fixture);
	for (unsigned i = 0; i < COUNT; i += 37) {
		char url[64];

		(void)snprintf(url, sizeof(url), "http://a.example/panel%u/x.php", i);
		assert_found(&fixture, OBSERVABLE_URL, url, 1, i);
		(void)snprintf(url, sizeof(url), "http://a.example/panel%u/x.asp", i);
		assert_found(&fixture, OBSERVABLE_URL, url, 0, 0);
	}
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_find_what_they_describe),
		cmocka_unit_test(a_set_of_nothing_finds_nothing),
		cmocka_unit_test(patterns_that_are_none_are_refused_at_once),
		cmocka_unit_test(too_much_for_hyperscan_is_told_and_the_rest_kept),
		cmocka_unit_test(the_order_of_adding_does_not_matter),
		cmocka_unit_test(damaged_shards_are_compiled_again),
		cmocka_unit_test(damaged_patterns_are_refused_or_harmless),
		cmocka_unit_test(hostile_matches_are_given_up_and_counted),
		cmocka_unit_test(matches_equals_pcre2),
		cmocka_unit_test(thousands_of_likes_each_find_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
