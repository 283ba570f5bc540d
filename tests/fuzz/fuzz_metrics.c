// Whatever answers as a sensor: its text is read, shown as top shows it, and rendered again; what
// was rendered is read the same. The first half is the reading before, the second the one now.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "app/metrics_read.h"
#include "app/top_screen.h"

static void render_again(const struct metrics_reading *reading)
{
	static struct metrics_reading same;
	struct buffer text = {0};
	struct buffer again = {0};

	metrics_render(&reading->figures, &text);
	metrics_read(buffer_slice(&text), &same);
	metrics_render(&same.figures, &again);
	FUZZ_ASSERT(!text.failed && !again.failed);
	FUZZ_ASSERT(slice_equal(buffer_slice(&text), buffer_slice(&again)));
	buffer_close(&text);
	buffer_close(&again);
}

static void show(const struct metrics_reading *before, const struct metrics_reading *now)
{
	const struct top_view view = {
		.before = before,
		.now = now,
		.seconds = 1,
		.wall_ns = INT64_C(1790000000000000000),
	};
	struct buffer screen = {0};

	top_screen_render(&view, &screen);
	for (size_t i = 0; i < screen.size; i++)
		FUZZ_ASSERT(screen.data[i] >= ' ' || screen.data[i] == '\n');
	buffer_close(&screen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct metrics_reading before, now;

	metrics_read(slice_of(data, size / 2), &before);
	metrics_read(slice_of(data + size / 2, size - size / 2), &now);
	show(&before, &now);
	render_again(&now);
	return 0;
}
