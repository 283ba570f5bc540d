#include "app/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_COLUMNS = 10, NAME_BYTES = 64 };

static bool is_program(const char *name)
{
	return strchr(name, ' ') == NULL;
}

static void write_help(const char *name, const char *about, const struct command *const commands[])
{
	(void)printf("Usage: %s COMMAND [options] [arguments]\n\n%s\n\nCommands:\n", name, about);
	for (const struct command *const *command = commands; *command != NULL; command++)
		(void)printf("  %-*s%s\n", NAME_COLUMNS, (*command)->name, (*command)->summary);
	if (is_program(name))
		(void)printf(
			"\n      --version  show the version\n  -h, --help     show this help\n");
	(void)printf("\n'%s COMMAND --help' describes a command, 'man sekisho' all of it.\n", name);
}

static int complain(const char *name, const char *argument)
{
	if (argument[0] == '\0')
		(void)fprintf(stderr, "%s: which command?\n", name);
	else
		(void)fprintf(stderr, "%s: unknown %s '%s'\n", name,
		              argument[0] == '-' ? "option" : "command", argument);
	(void)fprintf(stderr, "Try '%s --help'.\n", name);
	return EXIT_FAILED;
}

int command_run(const char *name, const char *about, const struct command *const commands[],
                int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : "";
	char nested_name[NAME_BYTES];

	if (strcmp(wanted, "--help") == 0 || strcmp(wanted, "-h") == 0) {
		write_help(name, about, commands);
		return EXIT_FOUND;
	}
	for (const struct command *const *entry = commands; *entry != NULL; entry++) {
		const struct command *command = *entry;

		if (strcmp(command->name, wanted) != 0)
			continue;
		if (command->nested == NULL)
			return command->run(argc - 1, argv + 1);
		(void)snprintf(nested_name, sizeof(nested_name), "%s %s", name, wanted);
		return command_run(nested_name, command->summary, command->nested, argc - 1,
		                   argv + 1);
	}
	return complain(name, wanted);
}
