#include <stdio.h>
#include <string.h>

#include "app/options.h"

enum {
	HELP_COLUMNS = 80,
	HELP_COLUMN = 26, // where an option's text begins
	LABEL_BYTES = 80,
};

// Writes `text` broken at spaces into lines up to HELP_COLUMNS; the first begins at `column`, the
// others behind `indent` spaces.
static void write_wrapped(const char *text, size_t column, size_t indent)
{
	const char *separator = "";

	while (*text != '\0') {
		size_t word_size = strcspn(text, " ");

		if (column + strlen(separator) + word_size > HELP_COLUMNS && column > indent) {
			(void)printf("\n%*s", (int)indent, "");
			column = indent;
			separator = "";
		}
		(void)printf("%s%.*s", separator, (int)word_size, text);
		column += strlen(separator) + word_size;
		separator = " ";
		text += word_size + (text[word_size] == ' ');
	}
	(void)putchar('\n');
}

// "  -o, --output=FILE"
static void format_label(const struct option *option, char ret_label[LABEL_BYTES])
{
	char short_part[8] = "    ";
	char argument_part[LABEL_BYTES / 2] = "";

	if (option->short_name != 0)
		(void)snprintf(short_part, sizeof(short_part), "-%c, ", option->short_name);
	if (option->argument != NULL)
		(void)snprintf(argument_part, sizeof(argument_part),
		               option->fallback != NULL ? "[=%s]" : "=%s", option->argument);
	(void)snprintf(ret_label, LABEL_BYTES, "  %s--%s%s", short_part, option->long_name,
	               argument_part);
}

static void write_option(const struct option *option)
{
	char label[LABEL_BYTES];

	if (option->kind == OPTION_HEADING) {
		(void)printf("\n%s:\n", option->help);
		return;
	}
	format_label(option, label);
	(void)printf("%s", label);
	if (strlen(label) + 2 > HELP_COLUMN)
		(void)printf("\n%*s", HELP_COLUMN, "");
	else
		(void)printf("%*s", (int)(HELP_COLUMN - strlen(label)), "");
	write_wrapped(option->help, HELP_COLUMN, HELP_COLUMN);
	if (option->kind != OPTION_CHOICE)
		return;
	(void)printf("%*sone of:", HELP_COLUMN, "");
	for (unsigned i = 0; i < option->choice_count; i++)
		(void)printf(" %s", option->choice_name(i));
	(void)putchar('\n');
}

void options_write_help(const struct command_line *line)
{
	static const struct option help = {OPTION_FLAG, 'h', "help", .help = "show this help"};

	(void)printf("Usage: %s %s\n\n", line->name, line->synopsis);
	write_wrapped(line->about, 0, 0);
	if (line->options->kind != OPTION_HEADING)
		(void)printf("\nOptions:\n");
	for (const struct option *option = line->options; option->kind != OPTION_END; option++)
		write_option(option);
	write_option(&help);
}
