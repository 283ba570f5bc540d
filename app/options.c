#include "app/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 512 };

void options_complain(const struct command_line *line, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "%s: %s\nTry '%s --help'.\n", line->name, message, line->name);
}

static bool takes_argument(const struct option *option)
{
	return option->kind != OPTION_FLAG && option->kind != OPTION_UNFLAG;
}

static const struct option *find_long(const struct command_line *line, const char *name,
                                      size_t name_size)
{
	for (const struct option *option = line->options; option->kind != OPTION_END; option++)
		if (option->long_name != NULL && strlen(option->long_name) == name_size &&
		    memcmp(option->long_name, name, name_size) == 0)
			return option;
	return NULL;
}

static const struct option *find_short(const struct command_line *line, char name)
{
	for (const struct option *option = line->options; option->kind != OPTION_END; option++)
		if (option->short_name == name && option->kind != OPTION_HEADING)
			return option;
	return NULL;
}

// Digits, then for a size an optional K, M or G. Returns 0, -EINVAL, or -ERANGE.
static int parse_number(const struct option *option, const char *text, uint64_t *ret_number)
{
	static const char units[] = "KMG";
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	uint64_t number = strtoull(text, &end, 10);
	if (errno != 0)
		return -ERANGE;
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
	if (option->kind == OPTION_SIZE && unit != NULL) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);
		if (number > UINT64_MAX >> shift)
			return -ERANGE;
		number <<= shift;
		end++;
	}
	if (*end != '\0')
		return -EINVAL;
	if (number < option->min || number > option->max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

static int parse_choice(const struct option *option, const char *text, int *ret_choice)
{
	for (unsigned i = 0; i < option->choice_count; i++) {
		if (strcmp(option->choice_name(i), text) == 0) {
			*ret_choice = (int)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int set(const struct option *option, const char *argument, void *values)
{
	void *field = (char *)values + option->offset;

	switch (option->kind) {
	case OPTION_FLAG:
	case OPTION_UNFLAG:
		*(bool *)field = option->kind == OPTION_FLAG;
		return 0;
	case OPTION_TEXT:
		*(const char **)field = argument;
		return 0;
	case OPTION_NUMBER:
	case OPTION_SIZE:
		return parse_number(option, argument, field);
	case OPTION_CHOICE:
		return parse_choice(option, argument, field);
	default:
		return option->add(values, argument);
	}
}

static bool apply(const struct command_line *line, const struct option *option,
                  const char *argument, void *values)
{
	switch (set(option, argument, values)) {
	case 0:
		return true;
	case -ERANGE:
		options_complain(line, "--%s must be from %llu to %llu, not '%s'",
		                 option->long_name, (unsigned long long)option->min,
		                 (unsigned long long)option->max, argument);
		return false;
	case -EINVAL:
		options_complain(line, "'%s' is not a %s that --%s takes", argument,
		                 option->argument, option->long_name);
		return false;
	default:
		options_complain(line, "out of memory");
		return false;
	}
}

// What is left of a command line.
struct cursor {
	const struct command_line *line;
	int argc;
	char *const *argv;
	int next;
	void *values;
};

static const char *next_argument(struct cursor *cursor)
{
	return cursor->next < cursor->argc ? cursor->argv[cursor->next++] : NULL;
}

// "--name", "--name=value", "--name value"; `text` is behind the dashes.
static bool take_long(struct cursor *cursor, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t name_size = equals != NULL ? (size_t)(equals - text) : strlen(text);
	const struct option *option = find_long(cursor->line, text, name_size);
	const char *argument = equals != NULL ? equals + 1 : NULL;

	if (option == NULL) {
		options_complain(cursor->line, "unknown option '--%.*s'", (int)name_size, text);
		return false;
	}
	if (!takes_argument(option) && argument != NULL) {
		options_complain(cursor->line, "--%s takes no argument", option->long_name);
		return false;
	}
	if (takes_argument(option) && argument == NULL)
		argument = option->fallback != NULL ? option->fallback : next_argument(cursor);
	if (takes_argument(option) && argument == NULL) {
		options_complain(cursor->line, "--%s needs a %s", option->long_name,
		                 option->argument);
		return false;
	}
	return apply(cursor->line, option, argument, cursor->values);
}

// "-q", "-j4", "-j 4", "-qj4"; `text` is behind the dash.
static bool take_short(struct cursor *cursor, const char *text)
{
	for (; *text != '\0'; text++) {
		const struct option *option = find_short(cursor->line, *text);

		if (option == NULL) {
			options_complain(cursor->line, "unknown option '-%c'", *text);
			return false;
		}
		if (!takes_argument(option)) {
			if (!apply(cursor->line, option, NULL, cursor->values))
				return false;
			continue;
		}
		const char *argument = text[1] != '\0' ? text + 1 : next_argument(cursor);
		if (argument == NULL) {
			options_complain(cursor->line, "-%c needs a %s", *text, option->argument);
			return false;
		}
		return apply(cursor->line, option, argument, cursor->values);
	}
	return true;
}

static bool take_operand(struct cursor *cursor, const char *text)
{
	if (cursor->line->add_operand == NULL) {
		options_complain(cursor->line, "nothing to do with '%s'", text);
		return false;
	}

	int error = cursor->line->add_operand(cursor->values, text);
	if (error < 0)
		options_complain(cursor->line,
		                 error == -EEXIST   ? "'%s' is one too many"
		                 : error == -EINVAL ? "'%s' is none of what is taken here"
		                                    : "out of memory at '%s'",
		                 text);
	return error == 0;
}

enum options_outcome options_parse(const struct command_line *line, int argc, char *const argv[],
                                   void *values)
{
	struct cursor cursor = {line, argc, argv, 1, values};
	bool is_behind_dashes = false;
	const char *text;

	while ((text = next_argument(&cursor)) != NULL) {
		bool is_ok;

		if (is_behind_dashes || text[0] != '-' || text[1] == '\0') {
			is_ok = take_operand(&cursor, text);
		} else if (strcmp(text, "--") == 0) {
			is_behind_dashes = is_ok = true;
		} else if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
			options_write_help(line);
			return OPTIONS_HELP;
		} else {
			is_ok = text[1] == '-' ? take_long(&cursor, text + 2)
			                       : take_short(&cursor, text + 1);
		}
		if (!is_ok)
			return OPTIONS_WRONG;
	}
	return OPTIONS_READ;
}
