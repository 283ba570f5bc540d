// app/command.h — the subcommands of `sekisho`.
//
// One file a subcommand, cmd_<name>.c; main.c lists them all.
#pragma once

// Exit statuses, as grep's; compile and inspect say in their man pages what NOTHING is for them.
enum exit_status {
	EXIT_FOUND = 0,
	EXIT_NOTHING = 1,
	EXIT_FAILED = 2,
	EXIT_SIGNAL_BASE = 128, // stopped by a signal: 128 + its number
};

struct command {
	const char *name;
	const char *summary; // one line, for `sekisho --help`

	// argv[0] is the subcommand's name. Returns the exit status. NULL when there are `nested`.
	int (*run)(int argc, char **argv);

	// "list", "add" … of `sekisho source`; NULL behind the last.
	const struct command *const *nested;
};

// Runs the one of `commands` that argv[1] names; `name` ("sekisho source") and `about` are for
// messages and --help. Returns the exit status.
int command_run(const char *name, const char *about, const struct command *const commands[],
                int argc, char **argv);

extern const struct command command_compile;
extern const struct command command_match;
extern const struct command command_observe;
extern const struct command command_lookup;
extern const struct command command_inspect;
extern const struct command command_config;
extern const struct command command_policy;
extern const struct command command_search;
extern const struct command command_history;
extern const struct command command_diff;
extern const struct command command_stats;
extern const struct command command_review;
extern const struct command command_purge;
extern const struct command command_sync;
extern const struct command command_source;
extern const struct command command_xdp;
extern const struct command command_run_sensor;
extern const struct command command_ctl;
extern const struct command command_top;
extern const struct command command_ports;
