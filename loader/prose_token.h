// loader/prose_token.h — running text cut into what may be values.
//
// Words as people set values apart: white space, quotes, brackets, and the scripts and punctuation
// of Chinese, Japanese and Korean, which stand beside a value without a space. Brackets that only
// defang ("[.]", "(dot)") part nothing, nor do commas and parentheses within a URL. One pass.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

struct prose_token {
	struct slice text; // without the punctuation around it, and without a key ("IP:", "sha1=")
	struct slice before; // the line up to it
	bool has_scheme;     // begins as a URL does, defanged or not
	bool is_link;        // the target of a Markdown link: "[text](target)"
};

// Gives the next token of `line`, from *offset on (0 at first), which is moved behind it. False at
// the end.
bool prose_token_next(struct slice line, size_t *offset, struct prose_token *ret_token);
