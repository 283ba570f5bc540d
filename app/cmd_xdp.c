#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "app/command.h"
#include "app/problems.h"
#include "app/xdp_verbs.h"
#include "base/log.h"

bool xdp_place_is_given(const struct command_line *line, const struct xdp_place *place)
{
	if (place->device == NULL)
		options_complain(line, "which interface? (-i DEVICE)");
	return place->device != NULL;
}

void xdp_log_error(const struct xdp_place *place, int error, const struct report *report)
{
	if (report->reason_count > 0)
		problems_error(place->device, report);
	else if (error == -ENOENT)
		log_error("%s: no XDP program of sekisho is pinned for it (another folder: --pins)",
		          place->device);
	else if (error == -EPERM || error == -EACCES)
		log_error("%s: not permitted: this needs root, or CAP_BPF and CAP_NET_ADMIN",
		          place->device);
	else
		log_error("%s: %s", place->device, strerror(-error));
}

static const struct command *const verbs[] = {
	&command_xdp_status, &command_xdp_load, &command_xdp_unload, &command_xdp_dump, NULL,
};

const struct command command_xdp = {
	.name = "xdp",
	.summary = "look at the XDP filter of an interface, load or unload it",
	.nested = verbs,
};
