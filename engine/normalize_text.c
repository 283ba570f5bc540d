#include "engine/normalize.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "base/ascii.h"

int normalize_hash(struct slice text, uint8_t ret_digest[HASH_BYTES_MAX],
                   enum hash_algorithm *ret_algorithm)
{
	uint8_t digest[HASH_BYTES_MAX];
	unsigned algorithm = 0;

	while (algorithm < HASH_ALGORITHM_COUNT &&
	       text.size != 2 * (size_t)hash_algorithm_bytes[algorithm])
		algorithm++;
	if (algorithm == HASH_ALGORITHM_COUNT)
		return -EINVAL;

	size_t size = text.size / 2;
	for (size_t i = 0; i < size; i++) {
		int high = ascii_hex_value(text.data[2 * i]);
		int low = ascii_hex_value(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret_digest, digest, size);
	*ret_algorithm = (enum hash_algorithm)algorithm;
	return (int)size;
}

struct spelling {
	const char *defanged;
	const char *meant;
};

// Compared without regard to case; the longer of two that begin alike comes first. No entry
// is shorter than what it stands for.
static const struct spelling spellings[] = {
	{"[://]", "://"}, {"(://)", "://"}, {"[dot]", "."}, {"(dot)", "."}, {"{dot}", "."},
	{"[at]", "@"},    {"(at)", "@"},    {"{at}", "@"},  {"[.]", "."},   {"(.)", "."},
	{"{.}", "."},     {"[:]", ":"},     {"(:)", ":"},   {"{:}", ":"},   {"[@]", "@"},
	{"(@)", "@"},     {"{@}", "@"},     {"[/]", "/"},   {"\\.", "."},
};

// Only where a value begins, and only before ':' or a bracket ("hxxp[:]//").
static const struct spelling scheme_spellings[] = {
	{"hxxps", "https"}, {"hxxp", "http"}, {"hxtps", "https"}, {"hxtp", "http"},
	{"htxps", "https"}, {"htxp", "http"}, {"h**ps", "https"}, {"h**p", "http"},
};

// The bytes that a defanged spelling begins with, within a value and where it begins.
static const bool begins_spelling[256] = {['['] = true, ['('] = true, ['{'] = true, ['\\'] = true};

static const struct spelling *find_spelling(struct slice text)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (ascii_begins_with(text, spellings[i].defanged))
			return &spellings[i];
	return NULL;
}

static const struct spelling *find_scheme(struct slice text)
{
	if (text.size == 0 || (text.data[0] | 0x20) != 'h')
		return NULL;
	for (size_t i = 0; i < sizeof(scheme_spellings) / sizeof(scheme_spellings[0]); i++) {
		struct slice rest = slice_from(text, strlen(scheme_spellings[i].defanged));

		if (ascii_begins_with(text, scheme_spellings[i].defanged) && rest.size > 0 &&
		    (rest.data[0] == ':' || rest.data[0] == '[' || rest.data[0] == '('))
			return &scheme_spellings[i];
	}
	return NULL;
}

size_t normalize_defanged_size(struct slice text)
{
	const struct spelling *spelling = NULL;

	if (text.size > 0 && begins_spelling[text.data[0]])
		spelling = find_spelling(text);
	return spelling != NULL ? strlen(spelling->defanged) : 0;
}

static struct slice without_surroundings(struct slice text)
{
	static const char pairs[][2] = {{'<', '>'}, {'"', '"'}, {'\'', '\''}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		bool is_surrounded = text.size >= 2 && text.data[0] == pairs[i][0] &&
		                     text.data[text.size - 1] == pairs[i][1];

		if (is_surrounded) {
			text = slice_first(slice_from(text, 1), text.size - 2);
			i = (size_t)-1; // pairs may be nested: "<...>"
		}
	}
	return text;
}

// How many bytes from the start stand for themselves for sure.
static size_t plain_size(struct slice text)
{
	size_t size = 0;

	while (size < text.size && !begins_spelling[text.data[size]])
		size++;
	return size;
}

static size_t append(char *text, size_t used, struct slice bytes)
{
	if (bytes.size > 0)
		memcpy(text + used, bytes.data, bytes.size);
	return used + bytes.size;
}

size_t normalize_refang(struct slice text, char *ret_text)
{
	struct slice rest = without_surroundings(text);
	const struct spelling *spelling = find_scheme(rest);
	size_t used = 0;

	if (spelling != NULL) {
		used = append(ret_text, used, slice_text(spelling->meant));
		rest = slice_from(rest, strlen(spelling->defanged));
	}
	while (rest.size > 0) {
		struct slice plain = slice_first(rest, plain_size(rest));

		used = append(ret_text, used, plain);
		rest = slice_from(rest, plain.size);
		if (rest.size == 0)
			break;
		spelling = find_spelling(rest);
		used = append(ret_text, used,
		              spelling != NULL ? slice_text(spelling->meant)
		                               : slice_first(rest, 1));
		rest = slice_from(rest, spelling != NULL ? strlen(spelling->defanged) : 1);
	}
	return used;
}

// What of a value is made unclickable: the dots of the host, or an address's colons.
struct defang_plan {
	size_t copied;     // bytes of the value that the new scheme stands for
	const char *start; // the new scheme, or ""
	size_t host_end;   // up to here dots (or colons) are put in brackets
	uint8_t bracketed;
};

static size_t find_host_end(struct slice text, size_t start)
{
	size_t end = start;

	while (end < text.size && memchr("/?#", text.data[end], 3) == NULL)
		end++;
	return end;
}

static struct defang_plan plan_defang(struct slice text)
{
	struct defang_plan plan = {.start = "", .host_end = text.size, .bracketed = '.'};
	struct address address;

	if (normalize_address(text, &address) == 0) {
		plan.bracketed = slice_find(text, ':') < text.size ? ':' : '.';
		return plan;
	}
	if (ascii_begins_with(text, "http")) {
		bool is_https = ascii_begins_with(text, "https");

		if (ascii_begins_with(slice_from(text, is_https ? 5 : 4), "://")) {
			plan.start = is_https ? "hxxps://" : "hxxp://";
			plan.copied = strlen(plan.start);
		}
	}
	// A feed may have defanged it: "hxxp://".
	const uint8_t *authority = memmem(text.data, text.size, "://", 3);
	plan.host_end = find_host_end(text, authority != NULL ? (size_t)(authority - text.data) + 3
	                                                      : plan.copied);
	return plan;
}

// Control characters move a terminal's cursor, also those of two bytes (U+0080 to U+009F).
static bool is_control(struct slice character, size_t size)
{
	if (size == 1)
		return character.data[0] < ' ' || character.data[0] == 0x7f;
	return size == 2 && character.data[0] == 0xc2 && character.data[1] < 0xa0;
}

struct text_writer {
	char *text;
	size_t used;
	size_t room; // without the NUL
};

// All or nothing, so that no character and no bracket is cut.
static bool write_whole(struct text_writer *writer, const void *bytes, size_t size)
{
	if (size > writer->room - writer->used)
		return false;
	memcpy(writer->text + writer->used, bytes, size);
	writer->used += size;
	return true;
}

// Returns false when there is no more room.
static bool write_defanged(struct text_writer *writer, struct slice text)
{
	struct defang_plan plan = plan_defang(text);
	const char bracketed[] = {'[', (char)plan.bracketed, ']', '\0'};
	bool has_room = write_whole(writer, plan.start, strlen(plan.start));

	for (size_t offset = plan.copied; has_room && offset < text.size;) {
		struct slice rest = slice_from(text, offset);
		size_t size = utf8_sequence_size(rest);
		bool is_shown = size > 0 && !is_control(rest, size);
		bool is_defanged = slice_starts_with(rest, bracketed); // already, by a feed

		if (is_defanged || (offset < plan.host_end && rest.data[0] == plan.bracketed)) {
			has_room = write_whole(writer, bracketed, strlen(bracketed));
			offset += is_defanged ? strlen(bracketed) : 1;
			continue;
		}
		has_room = write_whole(writer, is_shown ? rest.data : (const uint8_t *)"?",
		                       is_shown ? size : 1);
		offset += size > 0 ? size : 1;
	}
	return has_room;
}

// A STIX pattern's string literals are what one could click on; its paths have dots of their own.
static void write_defanged_pattern(struct text_writer *writer, struct slice pattern)
{
	bool has_room = true;

	for (bool is_literal = false; has_room && pattern.size > 0; is_literal = !is_literal) {
		struct slice part = slice_first(pattern, slice_find(pattern, '\''));
		struct slice plain = part;

		if (is_literal)
			has_room = write_defanged(writer, part);
		for (; !is_literal && has_room && plain.size > 0; plain = slice_from(plain, 1)) {
			bool is_shown = plain.data[0] >= ' ' && plain.data[0] < 0x7f;

			has_room = write_whole(writer, is_shown ? plain.data : (const uint8_t *)"?",
			                       1);
		}
		pattern = slice_from(pattern, part.size);
		if (has_room && pattern.size > 0)
			has_room = write_whole(writer, "'", 1);
		pattern = slice_from(pattern, 1);
	}
}

void normalize_defang(struct slice text, char *ret_text, size_t out_size)
{
	struct text_writer writer = {.text = ret_text, .room = out_size > 0 ? out_size - 1 : 0};
	bool is_pattern = slice_starts_with(slice_trim(text), "[") &&
	                  slice_find(text, '\'') < text.size;

	if (out_size == 0)
		return;
	if (is_pattern)
		write_defanged_pattern(&writer, text);
	else
		(void)write_defanged(&writer, text);
	ret_text[writer.used] = '\0';
}
