// app/top_screen.h — what `sekisho top` shows, as lines of text.
#pragma once

#include "app/metrics_read.h"
#include "base/buffer.h"

// Two readings of the same sensor; what grew between them is shown by the second.
struct top_view {
	const struct metrics_reading *before;
	const struct metrics_reading *now;
	double seconds;  // between the two
	int64_t wall_ns; // of `now`
};

// Appends the screen; lines end in newlines and hold nothing that a terminal would act upon. What
// the sensor does not tell is left out.
void top_screen_render(const struct top_view *view, struct buffer *text);
