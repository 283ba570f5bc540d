#include <stddef.h>

#include "app/command.h"
#include "app/source_verbs.h"

static const struct command *const verbs[] = {
	&command_source_list,
	&command_source_test,
	&command_source_add,
	&command_source_withdraw,
	NULL,
};

const struct command command_source = {
	.name = "source",
	.summary = "list sources, test, add or withdraw one",
	.nested = verbs,
};
