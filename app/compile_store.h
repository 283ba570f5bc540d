// app/compile_store.h — `compile` without feeds: the store's votes, under the policy.
#pragma once

#include <stdbool.h>

struct compile_store_options {
	const char *config_path;   // NULL: the default
	const char *database_path; // NULL: the configuration's
	const char *sign_key_path; // NULL: the configuration's
	bool is_full;              // a new base, whatever has changed
	bool has_explanation;
	bool has_json;
	bool is_quiet;
};

// Brings the database up to date, and prints what was decided. Errors are logged. Returns the exit
// status.
int compile_store(const struct compile_store_options *options);
