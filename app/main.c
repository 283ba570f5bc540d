#include <stdio.h>
#include <string.h>

#include "app/command.h"

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

int main(int argc, char **argv)
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
