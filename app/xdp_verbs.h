// app/xdp_verbs.h — the verbs of `sekisho xdp`, one file each: xdp_<verb>.c, and what they share.
#pragma once

#include "app/options.h"
#include "base/report.h"
#include "ebpf/ebpf.h"

extern const struct command command_xdp_status;
extern const struct command command_xdp_load;
extern const struct command command_xdp_unload;
extern const struct command command_xdp_dump;

// Which program: the fields of every verb's values that XDP_PLACE_OPTIONS() sets.
struct xdp_place {
	const char *device;
	const char *pin_path; // NULL: the usual one
};

#define XDP_PLACE_OPTIONS(values, field)                                                \
	{OPTION_TEXT,                                                                   \
	 'i',                                                                           \
	 "device",                                                                      \
	 "DEVICE",                                                                      \
	 .offset = offsetof(struct values, field) + offsetof(struct xdp_place, device), \
	 .help = "the network interface"},                                              \
	{                                                                               \
		OPTION_TEXT, 0, "pins", "FOLDER",                                       \
			.offset = offsetof(struct values, field) +                      \
		                  offsetof(struct xdp_place, pin_path),                 \
			.help = "where its maps are pinned; unless given, "             \
				"/sys/fs/bpf/sekisho/DEVICE"                            \
	}

// Complains when no device was given. Returns whether there is one.
bool xdp_place_is_given(const struct command_line *line, const struct xdp_place *place);

// Logs why something failed: what `report` says, or what the error means with the rights one has.
void xdp_log_error(const struct xdp_place *place, int error, const struct report *report);
