#include <errno.h>
#include <stddef.h>

#include "app/command.h"
#include "app/xdp_verbs.h"
#include "base/log.h"

struct unload_values {
	struct xdp_place place;
	bool is_forced;
};

static const struct option unload_options[] = {
	XDP_PLACE_OPTIONS(unload_values, place),
	{OPTION_FLAG, 0, "force", .offset = offsetof(struct unload_values, is_forced),
         .help = "also beside a sensor that works with it, which then guards nothing there"},
	{OPTION_END},
};

static const struct command_line unload_line = {
	"sekisho xdp unload",
	"[options] -i DEVICE",
	"Takes the XDP program off an interface and removes its maps: the interface is as it was. "
	"Works on what another process left behind, too.",
	unload_options,
	NULL,
};

static int run(int argc, char **argv)
{
	struct unload_values values = {0};
	enum options_outcome outcome = options_parse(&unload_line, argc, argv, &values);
	struct report report = {0};

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (!xdp_place_is_given(&unload_line, &values.place))
		return EXIT_FAILED;
	if (!values.is_forced && xdp_is_in_use(values.place.device, values.place.pin_path)) {
		log_error("%s: 'sekisho run' works with it, and takes it off when it is stopped "
		          "(--force: now; it guards nothing there until it is started again)",
		          values.place.device);
		return EXIT_FAILED;
	}
	int error = xdp_unload(values.place.device, values.place.pin_path, &report);
	if (error < 0)
		xdp_log_error(&values.place, error, &report);
	report_clear(&report);
	if (error == 0)
		return EXIT_FOUND;
	return error == -ENOENT ? EXIT_NOTHING : EXIT_FAILED;
}

const struct command command_xdp_unload = {
	.name = "unload",
	.summary = "take it off the interface",
	.run = run,
};
