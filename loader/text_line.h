// loader/text_line.h — the value in a line of a text list.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

// The value that a line holds, without comments, quotes, further columns and list syntax; empty
// when there is none. "# ; // ! [" begin comment lines; " #", " ;" and " //" end a value.
struct slice text_line_value(struct slice line);

// By form alone: is it an address, a network, a URL, a hash, or a name with a dot and no spaces?
bool text_line_looks_like_value(struct slice value);

// The first word of `line`, without the white space before it; the rest behind it is *line.
struct slice text_line_word(struct slice *line);
