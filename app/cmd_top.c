#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/clock.h"
#include "app/command.h"
#include "app/control.h"
#include "app/options.h"
#include "app/stop.h"
#include "app/top_screen.h"
#include "app/top_terminal.h"
#include "base/log.h"

enum { ASK_TIMEOUT_MS = 5000 };

struct top_values {
	const char *socket_path;
	uint64_t interval_s;
	uint64_t count; // of screens; 0: without end
	bool is_once;
	bool is_batch;
};

static const struct option top_options[] = {
	{OPTION_TEXT, 's', "socket", "PATH", .offset = offsetof(struct top_values, socket_path),
         .help = "where the sensor listens (default: " CONTROL_PATH_DEFAULT ")"},
	{OPTION_NUMBER, 'd', "interval", "SECONDS",
         .offset = offsetof(struct top_values, interval_s), .min = 1, .max = 3600,
         .help = "from one screen to the next (default: 1)"},
	{OPTION_FLAG, 0, "once", .offset = offsetof(struct top_values, is_once),
         .help = "one screen, after one interval, without control codes"},
	{OPTION_FLAG, 'b', "batch", .offset = offsetof(struct top_values, is_batch),
         .help = "screen after screen, without control codes"},
	{OPTION_NUMBER, 'n', "count", "COUNT", .offset = offsetof(struct top_values, count),
         .min = 1, .max = UINT32_MAX, .help = "end after so many screens"},
	{OPTION_END},
};

static const struct command_line top_line = {
	"sekisho top",
	"[options]",
	"Shows what a running sensor (sekisho run) does: packets, hits and drops a second, by "
	"worker and cause, and how full and how fast it is. q ends it.",
	top_options,
	NULL,
};

// Two readings, and which of them is the newer one.
struct top {
	const struct top_values *values;
	struct metrics_reading *before, *now;
	int64_t before_ns, now_ns; // clock.h
	int64_t wall_ns;
	bool has_both;
	struct buffer screen;
};

static int64_t wall_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void swap_readings(struct top *top)
{
	struct metrics_reading *before = top->before;

	top->before = top->now;
	top->before_ns = top->now_ns;
	top->now = before;
}

// Returns 0, -EBADMSG when that is no sensor's answer, or control_ask()'s error; `report` says.
static int ask(struct top *top, struct report *report)
{
	AUTO_BUFFER text = {0};
	bool had_one = top->now->known_samples > 0;
	int error = control_ask(top->values->socket_path, "metrics", ASK_TIMEOUT_MS, &text, report);

	if (error < 0)
		return error;
	swap_readings(top);
	metrics_read(buffer_slice(&text), top->now);
	top->now_ns = clock_now_ns();
	top->wall_ns = wall_now_ns();
	// A sensor that was started anew has counted nothing yet that the old one had.
	top->has_both = had_one && top->before->figures.started_ns == top->now->figures.started_ns;
	if (top->now->known_samples > 0)
		return 0;
	report_note(report, "no figures", slice_text(top->values->socket_path),
	            "what answers there is no sensor");
	return -EBADMSG;
}

static void render(struct top *top)
{
	const struct top_view view = {
		.before = top->before,
		.now = top->now,
		.seconds = (double)(top->now_ns - top->before_ns) / (double)NS_PER_S,
		.wall_ns = top->wall_ns,
	};

	buffer_clear(&top->screen);
	top_screen_render(&view, &top->screen);
}

// Where, and why.
static void append_words(struct buffer *text, const struct report *report)
{
	if (report->reason_count > 0)
		buffer_format(text, "%s: %s", report->reasons[0].examples[0].object,
		              report->reasons[0].examples[0].detail);
	else
		buffer_append_text(text, "no memory");
}

static void log_words(const struct report *report)
{
	AUTO_BUFFER text = {0};

	append_words(&text, report);
	log_error("%.*s", SLICE_FORMAT(buffer_slice(&text)));
}

// What there is: a screen, or what stands in the way of one.
static void render_live(struct top *top, int error, const struct report *report)
{
	if (error == 0 && top->has_both) {
		render(top);
		return;
	}
	buffer_clear(&top->screen);
	buffer_append_text(&top->screen, "sekisho top\n");
	if (error < 0)
		append_words(&top->screen, report);
	else
		buffer_append_text(&top->screen, "waiting for the next figures");
	buffer_append_byte(&top->screen, '\n');
}

static void sleep_until(int64_t deadline_ns)
{
	int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS;

	if (left_ms > 0)
		(void)poll(NULL, 0, (int)left_ms);
}

static int exit_status(void)
{
	return stop_signal() != 0 ? EXIT_SIGNAL_BASE + stop_signal() : EXIT_FOUND;
}

static int run_batch(struct top *top)
{
	int64_t interval_ns = (int64_t)top->values->interval_s * NS_PER_S;
	uint64_t count_max = top->values->is_once ? 1 : top->values->count;
	uint64_t count = 0;

	while (stop_signal() == 0 && (count_max == 0 || count < count_max)) {
		int64_t next_ns = clock_now_ns() + interval_ns;
		struct report report = {0};
		int error = ask(top, &report);

		if (error < 0)
			log_words(&report);
		report_clear(&report);
		if (error < 0)
			return EXIT_FAILED;
		if (top->has_both) {
			render(top);
			(void)printf("%s%.*s", count > 0 ? "\n" : "",
			             SLICE_FORMAT(buffer_slice(&top->screen)));
			(void)fflush(stdout);
			count++;
		}
		if (count_max == 0 || count < count_max)
			sleep_until(next_ns);
	}
	return exit_status();
}

static int run_live(struct top *top)
{
	int64_t interval_ns = (int64_t)top->values->interval_s * NS_PER_S;
	const int64_t first_ns = 250 * NS_PER_MS; // to have something to show soon
	struct top_terminal terminal;
	bool is_ended = false;
	uint64_t count = 0;

	if (top_terminal_begin(&terminal) < 0) {
		options_complain(&top_line, "this is no terminal: --once or --batch");
		return EXIT_FAILED;
	}
	while (stop_signal() == 0 && !is_ended) {
		bool is_first = top->now->known_samples == 0;
		int64_t next_ns = clock_now_ns() + (is_first ? first_ns : interval_ns);
		struct report report = {0};
		int error = ask(top, &report);

		render_live(top, error, &report);
		report_clear(&report);
		count += error == 0 && top->has_both;
		do { // again after a resize
			top_terminal_draw(buffer_slice(&top->screen));
			is_ended = top_terminal_wait(next_ns);
		} while (!is_ended && stop_signal() == 0 && clock_now_ns() + NS_PER_MS < next_ns);
		is_ended |= top->values->count > 0 && count >= top->values->count;
	}
	top_terminal_end(&terminal);
	return stop_signal() == SIGINT ? EXIT_FOUND : exit_status();
}

static int watch(const struct top_values *values)
{
	struct top top = {
		.values = values,
		.before = calloc(1, sizeof(*top.before)),
		.now = calloc(1, sizeof(*top.now)),
	};
	int status = EXIT_FAILED;

	stop_install();
	if (top.before != NULL && top.now != NULL)
		status = values->is_once || values->is_batch ? run_batch(&top) : run_live(&top);
	buffer_close(&top.screen);
	free(top.before);
	free(top.now);
	return status;
}

static int run(int argc, char **argv)
{
	struct top_values values = {.interval_s = 1};

	switch (options_parse(&top_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return watch(&values);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_top = {
	.name = "top",
	.summary = "show what a running sensor does",
	.run = run,
};
