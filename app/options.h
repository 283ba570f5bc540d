// app/options.h — one table describes a command's options: it reads them and writes --help.
//
// Arguments are taken in their order, so that an option may hold for the operands behind it
// (`compile --group C2 a.json --group AIS b.json`): the callbacks see what was set so far.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum option_kind {
	OPTION_END,     // behind the last entry
	OPTION_HEADING, // no option: `help` is a heading in --help
	OPTION_FLAG,    // sets a bool
	OPTION_UNFLAG,  // clears a bool
	OPTION_TEXT,    // const char *: borrowed from argv
	OPTION_NUMBER,  // uint64_t, min to max
	OPTION_SIZE,    // uint64_t bytes, min to max; "64K", "512M", "2G"
	OPTION_CHOICE,  // int, by name
	OPTION_CALL,    // calls `add`
};

struct option {
	enum option_kind kind;
	char short_name;       // 0: none
	const char *long_name; // without dashes
	const char *argument;  // its name in --help; NULL for flags
	const char
		*fallback; // OPTION_TEXT: the argument may be left out (--json[=FILE]); its value
	size_t offset;     // of the field in the command's values
	uint64_t min, max; // OPTION_NUMBER, OPTION_SIZE
	unsigned choice_count; // OPTION_CHOICE: 0 … choice_count - 1, by name
	const char *(*choice_name)(unsigned choice);
	int (*add)(void *values, const char *argument); // OPTION_CALL: 0, -EINVAL, -ENOMEM
	const char *help;                               // lines are wrapped by --help
};

struct command_line {
	const char *name;     // "sekisho compile"
	const char *synopsis; // "[options] FEED... -o FILE"
	const char *about;    // a paragraph
	const struct option *options;
	// An argument that is no option ("-" is one such). NULL: none is taken. 0, -EEXIST (one too
	// many), -EINVAL, or -ENOMEM.
	int (*add_operand)(void *values, const char *argument);
};

enum options_outcome {
	OPTIONS_READ,  // go on
	OPTIONS_HELP,  // --help was asked for and written: exit 0
	OPTIONS_WRONG, // the message is written: exit 2
};

// Reads argv[1] … into `values`, a struct of the command that holds its defaults. Knows -h and
// --help by itself. A wrong option is an error message on standard error.
enum options_outcome options_parse(const struct command_line *line, int argc, char *const argv[],
                                   void *values);

// Says on standard error what is wrong with the command line, and where help is.
void options_complain(const struct command_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// What --help prints, on standard output.
void options_write_help(const struct command_line *line);
