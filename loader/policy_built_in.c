#include "loader/policy.h"

static const char *const attacked_groups[] = {"BKMW_ATTK"};
static const char *const unfiltered_groups[] = {"AIS", "AIS_*"};
static const char *const analysed_groups[] = {"C2", "BKMW_CONF", "BKMW_MANU"};

enum { RELIABLE_MIN = 80 }; // Admiralty B

#define NO_UPPER_BOUNDS .reliability_max = 100, .confidence_max = 100

static const struct policy_row rows[] = {
	{
		NO_UPPER_BOUNDS,
		.known_benign = -1,
		.promoted = -1,
		.name = "sites under attack",
		.groups = attacked_groups,
		.group_count = 1,
		.action = ACTION_LOG,
	},
	{
		.name = "known-benign",
		NO_UPPER_BOUNDS,
		.known_benign = 1,
		.promoted = -1,
		.action = ACTION_LOG,
	},
	{
		.name = "promoted by a person",
		NO_UPPER_BOUNDS,
		.known_benign = -1,
		.promoted = 1,
		.action = ACTION_DROP,
	},
	{
		NO_UPPER_BOUNDS,
		.known_benign = -1,
		.promoted = -1,
		.name = "unfiltered groups",
		.groups = unfiltered_groups,
		.group_count = sizeof(unfiltered_groups) / sizeof(unfiltered_groups[0]),
		.action = ACTION_ALERT,
	},
	{
		.name = "analysed groups of reliable sources",
		.groups = analysed_groups,
		.group_count = sizeof(analysed_groups) / sizeof(analysed_groups[0]),
		NO_UPPER_BOUNDS,
		.reliability_min = RELIABLE_MIN,
		.known_benign = -1,
		.promoted = -1,
		.action = ACTION_DROP,
	},
	{
		NO_UPPER_BOUNDS,
		.known_benign = -1,
		.promoted = -1,
		.name = "everything else",
		.action = ACTION_ALERT,
	},
};

const struct policy *policy_built_in(void)
{
	static const struct policy policy = {rows, sizeof(rows) / sizeof(rows[0])};

	return &policy;
}
