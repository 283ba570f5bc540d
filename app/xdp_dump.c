#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "app/command.h"
#include "app/stop.h"
#include "app/xdp_verbs.h"
#include "engine/normalize.h"

struct dump_values {
	struct xdp_place place;
	bool has_json;
};

static const struct option dump_options[] = {
	XDP_PLACE_OPTIONS(dump_values, place),
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct dump_values, has_json),
         .help = "one JSON object an entry and line"},
	{OPTION_END},
};

static const struct command_line dump_line = {
	"sekisho xdp dump",
	"[options] -i DEVICE",
	"Lists what the XDP program on an interface drops and what it must not, with what was "
	"dropped on account of each entry.",
	dump_options,
	NULL,
};

static void print_title(void)
{
	(void)printf("%-5s %-43s %5s %5s %10s %12s %15s\n", "KIND", "PREFIX", "PROTO", "PORT",
	             "INDICATOR", "PACKETS", "BYTES");
}

static bool print_entry(void *context, const struct xdp_entry *entry)
{
	bool *has_title = context;
	char prefix[ADDRESS_TEXT_BYTES];

	if (!*has_title)
		print_title();
	*has_title = true;
	normalize_format_prefix(&entry->prefix, prefix);
	(void)printf("%-5s %-43s %5u %5u %10" PRIu32 " %12" PRIu64 " %15" PRIu64 "\n",
	             entry->is_veto ? "veto" : "drop", prefix, entry->protocol, entry->port,
	             entry->indicator_id, entry->packets, entry->bytes);
	return stop_signal() == 0;
}

static bool print_entry_json(void *context, const struct xdp_entry *entry)
{
	char prefix[ADDRESS_TEXT_BYTES];

	(void)context;
	normalize_format_prefix(&entry->prefix, prefix);
	(void)printf("{\"kind\":\"%s\",\"prefix\":\"%s\"", entry->is_veto ? "veto" : "drop",
	             prefix);
	if (!entry->is_veto)
		(void)printf(",\"protocol\":%u,\"port\":%u,\"indicator\":%" PRIu32
		             ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64,
		             entry->protocol, entry->port, entry->indicator_id, entry->packets,
		             entry->bytes);
	(void)puts("}");
	return stop_signal() == 0;
}

static int run(int argc, char **argv)
{
	struct dump_values values = {0};
	enum options_outcome outcome = options_parse(&dump_line, argc, argv, &values);
	struct report report = {0};
	bool has_title = false;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (!xdp_place_is_given(&dump_line, &values.place))
		return EXIT_FAILED;
	int error = xdp_dump(values.place.device, values.place.pin_path,
	                     values.has_json ? print_entry_json : print_entry, &has_title, &report);
	if (error < 0)
		xdp_log_error(&values.place, error, &report);
	else if (!values.has_json && !has_title) // there is no entry
		print_title();
	report_clear(&report);
	if (error == 0)
		return EXIT_FOUND;
	return error == -ENOENT ? EXIT_NOTHING : EXIT_FAILED;
}

const struct command command_xdp_dump = {
	.name = "dump",
	.summary = "list its entries and their counters",
	.run = run,
};
