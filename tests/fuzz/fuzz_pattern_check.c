// Any text may come as a pattern: checking it neither crashes nor hangs, and what LIKE takes can
// be matched.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "engine/pattern_check.h"
#include "engine/pattern_like.h"

// The first byte chooses type and syntax; up to a newline comes the pattern, then a value.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_from(slice_of(data, size), 1);
	struct slice pattern = slice_first(rest, slice_find(rest, '\n'));
	struct slice value = slice_from(rest, pattern.size + 1);
	struct buffer text = {0};
	enum pattern_kind kind;
	const char *reason = NULL;

	if (size == 0)
		return 0;

	enum observable_type type = data[0] & 1 ? OBSERVABLE_URL : OBSERVABLE_NAME;
	enum pattern_syntax syntax = data[0] & 2 ? PATTERN_MATCHES : PATTERN_LIKE;
	int error = pattern_check(type, syntax, pattern, &text, &kind, &reason);

	FUZZ_ASSERT(error == 0 || reason != NULL);
	FUZZ_ASSERT(error == 0 ? text.size > 0 : text.size == 0);
	if (error == 0 && kind == PATTERN_KIND_LIKE) {
		struct slice literal;
		struct slice translated = buffer_slice(&text);

		FUZZ_ASSERT(pattern_like_choose_literals(&translated, 1, &literal) == 0);
		FUZZ_ASSERT(literal.size > 0);
		// What matches must hold the literal that Hyperscan looks for.
		if (pattern_like_match(translated, value) == LIKE_YES)
			FUZZ_ASSERT(memmem(value.data, value.size, literal.data, literal.size) !=
			            NULL);
	}
	buffer_close(&text);
	return 0;
}
