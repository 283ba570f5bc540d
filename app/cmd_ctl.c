#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/control.h"
#include "app/options.h"
#include "base/log.h"

struct ctl_values {
	const char *socket_path;
	uint64_t timeout_s;
	const char *request;
	const char *argument;
};

static int add_operand(void *context, const char *text)
{
	struct ctl_values *values = context;

	if (values->argument != NULL)
		return -EEXIST;
	if (values->request == NULL)
		values->request = text;
	else
		values->argument = text;
	return 0;
}

static const struct option ctl_options[] = {
	{OPTION_TEXT, 's', "socket", "PATH", .offset = offsetof(struct ctl_values, socket_path),
         .help = "where the sensor listens (default: " CONTROL_PATH_DEFAULT ")"},
	{OPTION_NUMBER, 0, "timeout", "SECONDS", .offset = offsetof(struct ctl_values, timeout_s),
         .min = 1, .max = 3600, .help = "how long to wait for the answer (default: 60)"},
	{OPTION_END},
};

static const struct command_line ctl_line = {
	"sekisho ctl",
	"[options] status|metrics|reload|push PATH|dry-run on|off|stop",
	"Asks a running sensor (sekisho run), or tells it what to do, over its control socket.",
	ctl_options,
	add_operand,
};

// What the sensor understands (app/control.h), and whether an argument belongs to it.
static const struct request {
	const char *name;
	const char *argument; // NULL: none
} requests[] = {
	{"status", NULL},     {"metrics", NULL},     {"reload", NULL},
	{"push", "the path"}, {"dry-run", "on/off"}, {"stop", NULL},
};

static const struct request *find_request(const char *name)
{
	for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (strcmp(requests[i].name, name) == 0)
			return &requests[i];
	return NULL;
}

static bool is_complete(const struct ctl_values *values)
{
	const struct request *request;

	if (values->request == NULL) {
		options_complain(&ctl_line, "what to ask is missing");
		return false;
	}
	request = find_request(values->request);
	if (request == NULL)
		options_complain(&ctl_line, "unknown request '%s'", values->request);
	else if (request->argument != NULL && values->argument == NULL)
		options_complain(&ctl_line, "%s: %s is missing", request->name, request->argument);
	else if (request->argument == NULL && values->argument != NULL)
		options_complain(&ctl_line, "%s takes no '%s'", request->name, values->argument);
	else
		return true;
	return false;
}

// The sensor's folder is another: a path is told from the root. Returns 0 or the file's error
// (told).
static int append_request(struct buffer *line, const struct ctl_values *values)
{
	char path[PATH_MAX];

	buffer_append_text(line, values->request);
	if (strcmp(values->request, "push") == 0) {
		if (realpath(values->argument, path) == NULL) {
			log_error("%s: %s", values->argument, strerror(errno));
			return -errno;
		}
		buffer_format(line, " %s", path);
	} else if (values->argument != NULL) {
		buffer_format(line, " %s", values->argument);
	}
	buffer_append_byte(line, '\0');
	return line->failed ? -ENOMEM : 0;
}

// One line an error: where, and why.
static void print_error(const struct report *report)
{
	for (unsigned i = 0; i < report->reason_count; i++)
		log_error("%s: %s", report->reasons[i].examples[0].object,
		          report->reasons[i].examples[0].detail);
}

static int ask(const struct ctl_values *values)
{
	AUTO_BUFFER line = {0};
	AUTO_BUFFER answer = {0};
	struct report report = {0};
	int error;

	if (append_request(&line, values) < 0)
		return EXIT_FAILED;
	error = control_ask(values->socket_path, (const char *)line.data,
	                    (unsigned)values->timeout_s * 1000, &answer, &report);
	print_error(&report);
	report_clear(&report);
	if (answer.size > 0) // else its data may be NULL
		(void)fwrite(answer.data, 1, answer.size, stdout);
	if (error == -EPROTO)
		return EXIT_NOTHING;
	return error < 0 ? EXIT_FAILED : EXIT_FOUND;
}

static int run(int argc, char **argv)
{
	struct ctl_values values = {.timeout_s = 60};

	switch (options_parse(&ctl_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return is_complete(&values) ? ask(&values) : EXIT_FAILED;
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_ctl = {
	.name = "ctl",
	.summary = "ask a running sensor, or tell it what to do",
	.run = run,
};
