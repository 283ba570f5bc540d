#include <stddef.h>

#include "app/command.h"
#include "app/source_verbs.h"

static const struct command *const verbs[] = {
	&command_source_list,
	&command_source_test,
	&command_source_add,
	NULL,
};

const struct command command_source = {
	.name = "source",
	.summary = "list sources, test one, add one",
	.nested = verbs,
};
