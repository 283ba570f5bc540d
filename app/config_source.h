// app/config_source.h — the configuration of a command line, and the store that it names.
#pragma once

#include "loader/config.h"
#include "loader/store.h"

// For a command's table of options: the field `member` is a const char *.
#define CONFIG_SOURCE_OPTION(type, member)                                           \
	{                                                                            \
		OPTION_TEXT, 'c', "config", "FILE",                                  \
			.offset = offsetof(struct type, member),                     \
			.help = "the configuration (default: $SEKISHO_CONFIG, else " \
				"/etc/sekisho/sekisho.yaml)"                         \
	}

// `path` NULL: the default. Every mistake goes to standard error, as "sekisho.yaml:14:
// sources[2].interval: '15 apples' is not a duration". Returns 0 and gives it to the caller
// (config_free), or an error.
int config_source_read(const char *path, struct config **ret_config);

// The same, with warnings of what works and should be known.
int config_source_check(const char *path, bool has_remarks, struct config **ret_config);

// The same of a text that is to be written to `path`.
int config_source_check_text(struct slice text, const char *path, struct config **ret_config);

// Opens the store that the configuration names. Errors are logged. Returns 0 and gives it to the
// caller (store_close), or an error.
int config_source_store(const struct config *config, enum store_mode mode,
                        struct store **ret_store);

// Both, for commands that only look into the store.
int config_source_open(const char *path, enum store_mode mode, struct config **ret_config,
                       struct store **ret_store);

// Warns of sources with live indicators that the configuration does not name any more.
int config_source_warn_left(const struct config *config, struct store *store);
