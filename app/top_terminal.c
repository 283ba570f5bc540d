#include "app/top_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/stop.h"
#include "base/buffer.h"
#include "base/timestamp.h"

#define SHOW   "\x1b[?1049h\x1b[?25l" // the other screen, without a cursor
#define HIDE   "\x1b[?25h\x1b[?1049l"
#define HOME   "\x1b[H"
#define STRONG "\x1b[7m"
#define PLAIN  "\x1b[0m"
#define TO_END "\x1b[K" // of the line
#define REST   "\x1b[J" // of the screen

enum { ROWS_DEFAULT = 24, COLUMNS_DEFAULT = 80 };

static void write_all(struct slice bytes)
{
	while (bytes.size > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes.data, bytes.size);

		if (written < 0 && errno != EINTR)
			return; // the terminal has gone, which reading its keys tells
		if (written > 0)
			bytes = slice_from(bytes, (size_t)written);
	}
}

// A signal that ends ppoll(2) early is all that is wanted.
static void be_woken(int signal_number)
{
	(void)signal_number;
}

int top_terminal_begin(struct top_terminal *terminal)
{
	struct sigaction action = {.sa_handler = be_woken};
	struct termios keys;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &terminal->before) < 0)
		return -ENOTTY;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGWINCH, &action, NULL);
	// One that comes while the screen is drawn waits for top_terminal_wait().
	(void)sigaddset(&action.sa_mask, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &action.sa_mask, NULL);
	keys = terminal->before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 0;
	keys.c_cc[VTIME] = 0;
	keys.c_cc[VSUSP] = _POSIX_VDISABLE; // who stops it would be left with this screen
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	write_all(slice_text(SHOW));
	return 0;
}

void top_terminal_end(const struct top_terminal *terminal)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal->before);
	write_all(slice_text(HIDE));
}

// The bytes of the first `columns` characters (of UTF-8).
static size_t fitting_bytes(struct slice line, unsigned columns)
{
	size_t size = 0;

	while (size < line.size) {
		bool is_begin = (line.data[size] & 0xc0) != 0x80;

		if (is_begin && columns == 0)
			break;
		columns -= is_begin;
		size++;
	}
	return size;
}

void top_terminal_draw(struct slice text)
{
	struct winsize window = {0};
	AUTO_BUFFER screen = {0};
	unsigned rows;
	unsigned columns;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
	rows = window.ws_row > 0 ? window.ws_row : ROWS_DEFAULT;
	columns = window.ws_col > 0 ? window.ws_col : COLUMNS_DEFAULT;
	buffer_append_text(&screen, HOME STRONG);
	for (unsigned row = 0; row < rows && text.size > 0; row++) {
		size_t end = slice_find(text, '\n');
		struct slice line = slice_first(text, end);

		if (row > 0)
			buffer_append_text(&screen, "\r\n");
		buffer_append_slice(&screen, slice_first(line, fitting_bytes(line, columns)));
		buffer_append_text(&screen, PLAIN TO_END);
		text = slice_from(text, end + 1);
	}
	buffer_append_text(&screen, REST);
	if (!screen.failed)
		write_all(buffer_slice(&screen));
}

// True for q, and when there is no terminal any more.
static bool is_end_wanted(void)
{
	char key;
	ssize_t got = read(STDIN_FILENO, &key, 1);

	return (got == 1 && (key == 'q' || key == 'Q')) || got == 0 || (got < 0 && errno == EIO);
}

bool top_terminal_wait(int64_t deadline_ns)
{
	int64_t left_ns = deadline_ns - clock_now_ns();
	struct timespec left = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
	sigset_t stops, before, waiting;
	int ready = 0;

	if (left_ns < 0)
		left = (struct timespec){0};
	// Whatever is not seen in stop_signal() yet ends the wait.
	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGINT);
	(void)sigaddset(&stops, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stops, &before);
	waiting = before;
	(void)sigdelset(&waiting, SIGWINCH);
	if (stop_signal() == 0)
		ready = ppoll(&keys, 1, &left, &waiting);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return ready > 0 && is_end_wanted();
}
