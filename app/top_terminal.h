// app/top_terminal.h — a screen of a terminal that is drawn over and over (ECMA-48).
#pragma once

#include <stdbool.h>
#include <termios.h>

#include "base/slice.h"

struct top_terminal {
	struct termios before; // as it is left again
};

// Standard output and input become the screen and its keys. Returns 0, or -ENOTTY: they are no
// terminal.
int top_terminal_begin(struct top_terminal *terminal);
void top_terminal_end(const struct top_terminal *terminal);

// Shows what of `text` fits, line by line; the first stands out.
void top_terminal_draw(struct slice text);

// Until `deadline_ns` (clock.h), a key, a signal or a resize. True when the key asks to end.
bool top_terminal_wait(int64_t deadline_ns);
