#include "engine/pattern_check.h"

#include <errno.h>

#include "base/utf8.h"
#include "engine/pattern_like.h"
#include "engine/pattern_regex.h"

static const char matches_everything[] = "matches everything";

// Values that have nothing in common but being values: what matches all of them tells nothing.
enum { PROBE_COUNT = 3 };
static const char *const name_probes[PROBE_COUNT] = {"q", "xn--7k.invalid", "0-0.z--"};
static const char *const url_probes[PROBE_COUNT] = {
	"http://q/",
	"https://[2001:db8::7]:8443/Z?~",
	"https://w--0.invalid/",
};

static struct slice probe(enum observable_type type, unsigned number)
{
	return slice_text(type == OBSERVABLE_URL ? url_probes[number] : name_probes[number]);
}

static int check_like(enum observable_type type, struct slice pattern, struct buffer *text,
                      const char **ret_reason)
{
	size_t before = text->size;
	unsigned matched = 0;

	*ret_reason = pattern_like_translate(type, pattern, text);
	if (*ret_reason != NULL)
		return -EINVAL;
	if (text->failed)
		return -ENOMEM;

	struct slice translated = slice_from(buffer_slice(text), before);
	while (matched < PROBE_COUNT &&
	       pattern_like_match(translated, probe(type, matched)) == LIKE_YES)
		matched++;
	if (matched < PROBE_COUNT)
		return 0;
	text->size = before;
	*ret_reason = matches_everything;
	return -EINVAL;
}

static bool regex_matches_everything(const struct regex *regex, struct regex_scratch *scratch,
                                     enum observable_type type)
{
	if (pattern_regex_match(regex, scratch, slice_text("")) == REGEX_YES)
		return true;
	for (unsigned i = 0; i < PROBE_COUNT; i++)
		if (pattern_regex_match(regex, scratch, probe(type, i)) != REGEX_YES)
			return false;
	return true;
}

static int check_matches(enum observable_type type, struct slice pattern, bool is_utf8,
                         const char **ret_reason)
{
	struct regex_scratch *scratch = NULL;
	struct regex *regex = NULL;

	// "(*UTF)" and its kind would change what the options say.
	if (slice_starts_with(pattern, "(*")) {
		*ret_reason = "begins with a control verb";
		return -EINVAL;
	}
	if (slice_find(pattern, '\0') < pattern.size) {
		*ret_reason = "has a NUL byte";
		return -EINVAL;
	}

	int error = pattern_regex_compile(type, pattern, is_utf8, &regex, ret_reason);
	if (error == 0)
		error = pattern_regex_create_scratch(&scratch);
	if (error == 0 && regex_matches_everything(regex, scratch, type)) {
		*ret_reason = matches_everything;
		error = -EINVAL;
	}
	pattern_regex_free_scratch(scratch);
	pattern_regex_free(regex);
	return error;
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] >= 0x80)
			return false;
	return true;
}

int pattern_check(enum observable_type type, enum pattern_syntax syntax, struct slice pattern,
                  struct buffer *text, enum pattern_kind *ret_kind, const char **ret_reason)
{
	if (pattern.size > PATTERN_BYTES_MAX) {
		*ret_reason = "is longer than 8192 bytes";
		return -EINVAL;
	}
	if (type != OBSERVABLE_NAME && type != OBSERVABLE_URL) {
		*ret_reason = "is not over names or URLs";
		return -EINVAL;
	}
	if (syntax == PATTERN_LIKE) {
		int error = check_like(type, pattern, text, ret_reason);
		if (error == 0)
			*ret_kind = PATTERN_KIND_LIKE;
		return error;
	}

	bool is_utf8 = !is_ascii(pattern) && utf8_is_valid(pattern);
	int error = check_matches(type, pattern, is_utf8, ret_reason);
	if (error < 0)
		return error;
	buffer_append_slice(text, pattern);
	if (text->failed)
		return -ENOMEM;
	*ret_kind = is_utf8 ? PATTERN_KIND_REGEX_UTF8 : PATTERN_KIND_REGEX;
	return 0;
}
