#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "app/daemon_privileges.h"

enum { KEPT_COUNT = 4 };

static const struct {
	enum daemon_privileges_kept from;
	unsigned capability;
} keepable[KEPT_COUNT] = {
	{DAEMON_KEEPS_NETWORK, CAP_BPF},
	{DAEMON_KEEPS_NETWORK, CAP_NET_ADMIN},
	{DAEMON_KEEPS_DISPATCHER, CAP_PERFMON},
	{DAEMON_KEEPS_DISPATCHER, CAP_SYS_ADMIN},
};

// Adds those of `kept` that are there. Returns 0 or -EPERM.
static int keep(enum daemon_privileges_kept kept, const bool *is_there)
{
	capng_type_t both = CAPNG_EFFECTIVE | CAPNG_PERMITTED;

	for (size_t i = 0; i < KEPT_COUNT; i++)
		if (kept >= keepable[i].from && is_there[i] &&
		    capng_update(CAPNG_ADD, both, keepable[i].capability) < 0)
			return -EPERM;
	return 0;
}

// The bounding set can only be cleared with CAP_SETPCAP; without it there is nothing to gain it by,
// either, since no new privileges come.
int daemon_privileges_clear(enum daemon_privileges_kept kept)
{
	bool is_there[KEPT_COUNT];

	capng_get_caps_process();
	bool has_setpcap = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
	for (size_t i = 0; i < KEPT_COUNT; i++)
		is_there[i] = capng_have_capability(CAPNG_PERMITTED, keepable[i].capability) == 1;
	capng_clear(has_setpcap ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
	if (keep(kept, is_there) < 0)
		return -EPERM;
	return capng_apply(has_setpcap ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
}

// Of another user nothing stays by itself (capabilities(7), "effect of user ID changes"), but the
// bounding set has to go while CAP_SETPCAP is there.
int daemon_privileges_become(const struct daemon_identity *identity)
{
	capng_get_caps_process();
	if (identity->uid != geteuid() &&
	    capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1) {
		capng_clear(CAPNG_SELECT_BOUNDS);
		if (capng_apply(CAPNG_SELECT_BOUNDS) < 0)
			return -EPERM;
	}
	if (identity->uid != geteuid() &&
	    setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return -errno;
	return daemon_privileges_clear(DAEMON_KEEPS_NONE);
}
