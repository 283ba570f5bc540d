#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/stop.h"
#include "base/log.h"

// In the order of --help, NULL behind the last.
static const struct command *const commands[] = {
	&command_compile, &command_match, &command_observe, &command_lookup, &command_inspect, NULL,
};

static void write_help(void)
{
	(void)printf("Usage: sekisho COMMAND [options] [arguments]\n\n"
	             "Matches network traffic against shared threat indicators.\n\nCommands:\n");
	for (const struct command *const *command = commands; *command != NULL; command++)
		(void)printf("  %-10s%s\n", (*command)->name, (*command)->summary);
	(void)printf("\n      --version  show the version\n  -h, --help     show this help\n\n"
	             "'sekisho COMMAND --help' describes a command, 'man sekisho' all of it.\n");
}

// Whoever starts us may have closed them. Then no file that we open may take the place of one of
// them, or messages would be written into it: they lead to where reading or writing fails.
static void fill_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// The exit status, once all of standard output has arrived where it goes to.
static int finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	if (status >= EXIT_FAILED) // why is told already
		return status;
	if (errno == EPIPE || stop_signal() == SIGPIPE)
		return EXIT_SIGNAL_BASE + SIGPIPE;
	log_error("writing to standard output: %s",
	          errno != 0 ? strerror(errno) : "not all of it could be written");
	return EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		write_help();
		return 0;
	}
	if (strcmp(name, "--version") == 0) {
		(void)printf("sekisho %s\n", SEKISHO_VERSION);
		return 0;
	}
	for (const struct command *const *command = commands; *command != NULL; command++)
		if (strcmp((*command)->name, name) == 0)
			return (*command)->run(argc - 1, argv + 1);

	if (argc < 2)
		(void)fprintf(stderr, "sekisho: which command?\n");
	else
		(void)fprintf(stderr, "sekisho: unknown %s '%s'\n",
		              name[0] == '-' ? "option" : "command", name);
	(void)fprintf(stderr, "Try 'sekisho --help'.\n");
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	fill_standard_streams();
	return finish(run(argc, argv));
}
