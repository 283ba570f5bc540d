// loader/prose_judge.h — which tokens of running text are indicators.
//
// Text speaks of much that is no threat: versions, file names, the links of its own. The rules are
// those of docs/compile-feeds.md, "Free text"; each that turns down what has the form of a value
// has a reason, so that nothing is lost in silence.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "loader/prose_token.h"
#include "loader/public_suffix.h"

enum prose_verdict {
	PROSE_WORD,    // nothing to do with indicators
	PROSE_VALUE,   // to be normalised and screened as any other value
	PROSE_REFUSED, // has the form of a value, and a rule is against it
};

// What is known of the text around a token.
struct prose_context {
	const struct public_suffixes *suffixes;
	bool has_defanged;    // the text defangs what it warns of
	bool is_reference;    // the section tells the text's sources: "References:"
	bool has_plain_names; // names that are not defanged are wanted, too
};

// *ret_reason (static text) is set with PROSE_REFUSED.
enum prose_verdict prose_judge(const struct prose_context *context, const struct prose_token *token,
                               const char **ret_reason);

// Is there a defanged value anywhere in `text`?
bool prose_has_defanged(struct slice text);

// Does a line head a section? Then *ret_is_reference says whether one of sources.
bool prose_is_heading(struct slice line, bool *ret_is_reference);
