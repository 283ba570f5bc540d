// app/source_verbs.h — the verbs of `sekisho source`, one file each: source_<verb>.c.
#pragma once

extern const struct command command_source_list;
extern const struct command command_source_test;
extern const struct command command_source_add;
extern const struct command command_source_withdraw;
