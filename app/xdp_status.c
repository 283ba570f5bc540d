#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/text.h"
#include "app/xdp_verbs.h"
#include "base/json_text.h"

struct status_values {
	struct xdp_place place;
	bool has_json;
};

static const struct option status_options[] = {
	XDP_PLACE_OPTIONS(status_values, place),
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct status_values, has_json),
         .help = "write JSON"},
	{OPTION_END},
};

static const struct command_line status_line = {
	"sekisho xdp status",
	"[options] -i DEVICE",
	"Says what the XDP program on an interface holds, how it runs, and what it has done since "
	"it "
	"was attached.",
	status_options,
	NULL,
};

static const char *purpose_name(const struct xdp_status *status)
{
	return status->purpose == XDP_HAND_OVER ? "hand-over" : "filter";
}

// Who stands behind it.
static const char *behind_name(const struct xdp_status *status)
{
	if (!status->has_heartbeat)
		return "nobody";
	return status->is_stale ? "stale" : "alive";
}

static void print_text(const struct xdp_status *status)
{
	(void)printf("device: %s\nmode: %s\ndispatcher: %s\npurpose: %s\nuser_space: %s\n",
	             status->device, status->is_native ? "native" : "generic",
	             status->is_dispatched ? "yes" : "no", purpose_name(status),
	             behind_name(status));
	(void)printf("when_stale: %s\ndry_run: %s\ngeneration: %" PRIu32 "\n",
	             status->is_fail_closed ? "drop" : "pass", status->is_dry_run ? "yes" : "no",
	             status->generation);
	(void)printf("hosts: %s\nnetworks: %s\nmap_bytes: %s\n", text_count(status->hosts).text,
	             text_count(status->networks).text, text_count(status->map_bytes).text);
	for (unsigned i = 0; i < XDP_REASON_COUNT; i++)
		(void)printf("%s: %s packets, %s\n", xdp_reason_name((enum xdp_reason)i),
		             text_count(status->packets[i]).text, text_size(status->bytes[i]).text);
}

static void append_boolean(struct buffer *json, const char *key, bool value)
{
	buffer_format(json, ",\"%s\":%s", key, value ? "true" : "false");
}

static void append_json(struct buffer *json, const struct xdp_status *status)
{
	buffer_append_text(json, "{\"device\":");
	json_text_append(json, slice_text(status->device));
	buffer_format(json, ",\"purpose\":\"%s\",\"user_space\":\"%s\"", purpose_name(status),
	              behind_name(status));
	append_boolean(json, "is_native", status->is_native);
	append_boolean(json, "is_dispatched", status->is_dispatched);
	append_boolean(json, "is_fail_closed", status->is_fail_closed);
	append_boolean(json, "is_dry_run", status->is_dry_run);
	buffer_format(json,
	              ",\"generation\":%" PRIu32 ",\"hosts\":%" PRIu64 ",\"networks\":%" PRIu64
	              ",\"map_bytes\":%" PRIu64 ",\"reasons\":{",
	              status->generation, status->hosts, status->networks, status->map_bytes);
	for (unsigned i = 0; i < XDP_REASON_COUNT; i++)
		buffer_format(json, "%s\"%s\":{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
		              i > 0 ? "," : "", xdp_reason_name((enum xdp_reason)i),
		              status->packets[i], status->bytes[i]);
	buffer_append_text(json, "}}\n");
}

static int print(const struct status_values *values, const struct xdp_status *status)
{
	struct buffer json = {0};
	int exit_status = EXIT_FOUND;

	if (!values->has_json) {
		print_text(status);
		return exit_status;
	}
	append_json(&json, status);
	if (json.failed)
		exit_status = EXIT_FAILED;
	else
		(void)fwrite(json.data, 1, json.size, stdout);
	buffer_close(&json);
	return exit_status;
}

static int run(int argc, char **argv)
{
	struct status_values values = {0};
	enum options_outcome outcome = options_parse(&status_line, argc, argv, &values);
	struct xdp_status status;
	struct report report = {0};

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (!xdp_place_is_given(&status_line, &values.place))
		return EXIT_FAILED;
	int error = xdp_status(values.place.device, values.place.pin_path, &report, &status);
	if (error < 0)
		xdp_log_error(&values.place, error, &report);
	report_clear(&report);
	if (error == 0)
		return print(&values, &status);
	return error == -ENOENT ? EXIT_NOTHING : EXIT_FAILED;
}

const struct command command_xdp_status = {
	.name = "status",
	.summary = "what it holds and what it has done",
	.run = run,
};
