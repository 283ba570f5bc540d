#include "app/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/text.h"

#define FIRST_AFTER_NS NS_PER_S
#define REDRAW_NS      (100 * NS_PER_MS)

enum {
	BAR_COLUMNS = 30,
	WHAT_COLUMNS = 28,
	COLUMNS_WITH_BAR = 80, // what a narrower terminal would wrap could not be drawn over
};

static bool is_wide(void)
{
	struct winsize window = {0};

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) < 0 || window.ws_col == 0 ||
	       window.ws_col >= COLUMNS_WITH_BAR;
}

void progress_start(struct progress *progress, const char *what, uint64_t total_bytes,
                    bool is_quiet)
{
	*progress = (struct progress){
		.what = what,
		.total_bytes = total_bytes,
		.start_ns = clock_now_ns(),
		.is_on = !is_quiet && isatty(STDERR_FILENO),
		.has_bar = is_wide(),
	};
}

// The end of a long path says more than its beginning.
static const char *tail_of(const char *text)
{
	size_t size = strlen(text);

	return size > WHAT_COLUMNS ? text + size - WHAT_COLUMNS : text;
}

static void draw(const struct progress *progress, uint64_t done_bytes, double seconds)
{
	char bar[BAR_COLUMNS + 1];
	double share = (double)done_bytes / (double)progress->total_bytes;

	if (share > 1)
		share = 1;
	unsigned full = (unsigned)(share * BAR_COLUMNS);
	memset(bar, '#', full);
	memset(bar + full, '.', BAR_COLUMNS - full);
	bar[BAR_COLUMNS] = '\0';
	if (!progress->has_bar) {
		(void)fprintf(stderr, "\r\033[K%3.0f %%", share * 100);
		return;
	}
	(void)fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %s/s", tail_of(progress->what), bar,
	              share * 100, text_size((uint64_t)((double)done_bytes / seconds)).text);
	if (share > 0.01)
		(void)fprintf(stderr, "  %.0f s left", seconds / share - seconds);
}

void progress_update(struct progress *progress, uint64_t done_bytes)
{
	if (!progress->is_on)
		return;

	int64_t now_ns = clock_now_ns();
	double seconds = (double)(now_ns - progress->start_ns) / (double)NS_PER_S;

	if (now_ns - progress->start_ns < FIRST_AFTER_NS || now_ns - progress->drawn_ns < REDRAW_NS)
		return;
	if (progress->total_bytes > 0)
		draw(progress, done_bytes, seconds);
	else if (!progress->has_bar)
		(void)fprintf(stderr, "\r\033[K%s", text_size(done_bytes).text);
	else
		(void)fprintf(stderr, "\r\033[K%s  %s  %s/s", tail_of(progress->what),
		              text_size(done_bytes).text,
		              text_size((uint64_t)((double)done_bytes / seconds)).text);
	(void)fflush(stderr);
	progress->drawn_ns = now_ns;
}

void progress_end(struct progress *progress)
{
	if (progress->drawn_ns != 0)
		(void)fprintf(stderr, "\r\033[K");
	progress->is_on = false;
	progress->drawn_ns = 0;
}
