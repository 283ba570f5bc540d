#define PCRE2_CODE_UNIT_WIDTH 8

#include "engine/pattern_regex.h"

#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

enum { REASON_BYTES = 160 };

struct regex {
	pcre2_code *code;
};

struct regex_scratch {
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

int pattern_regex_compile(enum observable_type type, struct slice pattern, bool is_utf8,
                          struct regex **ret_regex, const char **ret_reason)
{
	static _Thread_local char reason[REASON_BYTES];
	uint32_t options = PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_SIZE offset;
	int code;

	options |= type == OBSERVABLE_NAME ? PCRE2_CASELESS : 0;
	options |= is_utf8 ? PCRE2_UTF : PCRE2_NEVER_UTF;

	struct regex *regex = calloc(1, sizeof(*regex));
	if (regex == NULL)
		return -ENOMEM;
	regex->code = pcre2_compile(pattern.data, pattern.size, options, &code, &offset, NULL);
	if (regex->code != NULL) {
		*ret_regex = regex;
		return 0;
	}
	free(regex);
	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof(reason)) < 0)
		reason[0] = '\0';
	*ret_reason = reason;
	return code == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EINVAL;
}

void pattern_regex_free(struct regex *regex)
{
	if (regex == NULL)
		return;
	pcre2_code_free(regex->code);
	free(regex);
}

int pattern_regex_create_scratch(struct regex_scratch **ret_scratch)
{
	struct regex_scratch *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return -ENOMEM;
	scratch->limits = pcre2_match_context_create(NULL);
	scratch->data = pcre2_match_data_create(1, NULL);
	if (scratch->limits == NULL || scratch->data == NULL) {
		pattern_regex_free_scratch(scratch);
		return -ENOMEM;
	}
	(void)pcre2_set_match_limit(scratch->limits, REGEX_MATCH_LIMIT);
	(void)pcre2_set_depth_limit(scratch->limits, REGEX_DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(scratch->limits, REGEX_HEAP_LIMIT_KB);
	*ret_scratch = scratch;
	return 0;
}

void pattern_regex_free_scratch(struct regex_scratch *scratch)
{
	if (scratch == NULL)
		return;
	pcre2_match_context_free(scratch->limits);
	pcre2_match_data_free(scratch->data);
	free(scratch);
}

enum regex_result pattern_regex_match(const struct regex *regex, struct regex_scratch *scratch,
                                      struct slice text)
{
	int result = pcre2_match(regex->code, text.data, text.size, 0, 0, scratch->data,
	                         scratch->limits);

	if (result >= 0)
		return REGEX_YES;
	// Text that is no UTF-8 is not what a pattern of characters describes.
	if (result == PCRE2_ERROR_NOMATCH ||
	    (result <= PCRE2_ERROR_UTF8_ERR1 && result >= PCRE2_ERROR_UTF8_ERR21))
		return REGEX_NO;
	return REGEX_GIVEN_UP;
}
