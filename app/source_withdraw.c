#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/person.h"
#include "app/source_verbs.h"
#include "app/sync_lock.h"
#include "app/text.h"
#include "app/time_argument.h"
#include "base/log.h"
#include "loader/sync.h"

struct withdraw_values {
	const char *config_path;
	const char *name;
	const char *why;
};

static int add_operand(void *context, const char *text)
{
	struct withdraw_values *values = context;

	if (values->name != NULL)
		return -EEXIST;
	values->name = text;
	return 0;
}

static const struct option withdraw_options[] = {
	CONFIG_SOURCE_OPTION(withdraw_values, config_path),
	{OPTION_TEXT, 0, "why", "TEXT", .offset = offsetof(struct withdraw_values, why),
         .help = "the reason, for the audit trail"},
	{OPTION_END},
};

static const struct command_line withdraw_line = {
	"sekisho source withdraw",
	"[options] NAME",
	"Ends all that lives of a source in the store, whether the configuration still names it or "
	"not. One that it names comes back with the next sync.",
	withdraw_options,
	add_operand,
};

static int withdraw(const struct withdraw_values *values, const struct config *config)
{
	AUTO(store) store = NULL;
	char who[PERSON_NAME_BYTES];
	const struct sync_withdrawal withdrawal = {
		.source = values->name,
		.who = who,
		.why = values->why != NULL ? values->why : "",
		.time_ns = time_argument_now_ns(),
	};
	uint64_t count;

	if (config_source_store(config, STORE_WRITE, &store) < 0)
		return EXIT_FAILED;
	person_name(who);
	int error = sync_withdraw(store, &withdrawal, &count);
	if (error == 0)
		(void)printf("%s: %s withdrawn; 'sekisho compile' takes it in\n", values->name,
		             text_count(count).text);
	else if (error == -ENOENT)
		log_error("%s has no source '%s'", config->store_path, values->name);
	else
		log_error("%s: %s", config->store_path, strerror(-error));
	return error < 0 ? EXIT_FAILED : EXIT_FOUND;
}

static int run(int argc, char **argv)
{
	struct withdraw_values values = {0};
	enum options_outcome outcome = options_parse(&withdraw_line, argc, argv, &values);
	AUTO(config) config = NULL;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (values.name == NULL) {
		options_complain(&withdraw_line, "which source?");
		return EXIT_FAILED;
	}
	if (config_source_read(values.config_path, &config) < 0)
		return EXIT_FAILED;
	int lock = sync_lock_take(config->store_path, false);
	if (lock < 0) {
		log_error("%s.lock: %s", config->store_path,
		          lock == -EBUSY ? "a sync is at work" : strerror(-lock));
		return EXIT_FAILED;
	}
	int status = withdraw(&values, config);
	(void)close(lock);
	return status;
}

const struct command command_source_withdraw = {
	.name = "withdraw",
	.summary = "end all that lives of one",
	.run = run,
};
