// app/feed_list.h — the feeds a command line names, and the options that describe them.
#pragma once

#include <stddef.h>

#include "app/options.h"
#include "loader/loader.h"

struct feed_list {
	struct feed_options next;   // what the options said so far: holds for the feeds behind
	struct feed_options *feeds; // owned; their texts are borrowed from argv
	size_t count;
};

// Adds the feed `path` with what list->next says. Returns 0 or -ENOMEM.
int feed_list_add(struct feed_list *list, const char *path);

// Frees what the list owns; it is empty again.
void feed_list_close(struct feed_list *list);

// enum tlp and enum feed_format as choices of options.
const char *feed_list_tlp_name(unsigned tlp);
const char *feed_list_format_name(unsigned format);

// The entries of an options table for feeds; `member` is the struct feed_list of struct `type`.
#define FEED_LIST_OPTIONS(type, member)                                                            \
	{OPTION_HEADING, .help = "Feed options (each holds for the feeds behind it)"},             \
		{OPTION_CHOICE,                                                                    \
	         0,                                                                                \
	         "format",                                                                         \
	         "NAME",                                                                           \
	         .offset = offsetof(struct type, member.next.format),                              \
	         .choice_count = FEED_FORMAT_COUNT,                                                \
	         .choice_name = feed_list_format_name,                                             \
	         .help = "the feeds' format, when it is not to be found out from their content;"}, \
		{OPTION_TEXT,                                                                      \
	         0,                                                                                \
	         "columns",                                                                        \
	         "MAP",                                                                            \
	         .offset = offsetof(struct type, member.next.csv_columns),                         \
	         .help = "what the columns of CSV files mean: value=2,type=1,skip=1"},             \
		{OPTION_TEXT,                                                                      \
	         0,                                                                                \
	         "source",                                                                         \
	         "NAME",                                                                           \
	         .offset = offsetof(struct type, member.next.source),                              \
	         .help = "where the feeds come from (default: the name of each file)"},            \
		{OPTION_TEXT,                                                                      \
	         0,                                                                                \
	         "group",                                                                          \
	         "NAME",                                                                           \
	         .offset = offsetof(struct type, member.next.group),                               \
	         .help = "the feed group, such as C2 or AIS"},                                     \
		{OPTION_CHOICE,                                                                    \
	         0,                                                                                \
	         "tlp",                                                                            \
	         "LEVEL",                                                                          \
	         .offset = offsetof(struct type, member.next.tlp),                                 \
	         .choice_count = TLP_COUNT,                                                        \
	         .choice_name = feed_list_tlp_name,                                                \
	         .help = "the TLP level of what carries none itself;"},                            \
		{OPTION_FLAG, 0, "plain-names",                                                    \
	         .offset = offsetof(struct type, member.next.has_plain_names),                     \
	         .help = "take names from free text that are not defanged, too"},                  \
		{OPTION_FLAG, 0, "attachments-only",                                               \
	         .offset = offsetof(struct type, member.next.is_mail_text_skipped),                \
	         .help = "do not read the text of mails"},                                         \
		{OPTION_FLAG, 0, "hide-source",                                                    \
	         .offset = offsetof(struct type, member.next.is_source_hidden),                    \
	         .help = "do not show the source on a hit"},                                       \
	{                                                                                          \
		OPTION_UNFLAG, 0, "show-source",                                                   \
			.offset = offsetof(struct type, member.next.is_source_hidden),             \
			.help = "show it again"                                                    \
	}
