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
	&command_compile, &command_match,      &command_observe,
	&command_lookup,  &command_inspect,    &command_config,
	&command_source,  &command_sync,       &command_policy,
	&command_search,  &command_history,    &command_diff,
	&command_stats,   &command_review,     &command_purge,
	&command_ports,   &command_run_sensor, &command_ctl,
	&command_top,     &command_xdp,        NULL,
};

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

int main(int argc, char **argv)
{
	fill_standard_streams();
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)printf("sekisho %s\n", SEKISHO_VERSION);
		return finish(EXIT_FOUND);
	}
	return finish(command_run("sekisho",
	                          "Matches network traffic against shared threat indicators.",
	                          commands, argc, argv));
}
