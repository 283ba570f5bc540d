#include <cap-ng.h>
#include <errno.h>
#include <unistd.h>

#include "app/daemon_privileges.h"

// The bounding set can only be cleared with CAP_SETPCAP; without it there is nothing to gain it by,
// either, since no new privileges come.
int daemon_privileges_clear(bool keeps_network)
{
	capng_get_caps_process();
	bool has_setpcap = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1;
	bool has_bpf = keeps_network && capng_have_capability(CAPNG_PERMITTED, CAP_BPF) == 1;
	bool has_admin = keeps_network &&
	                 capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN) == 1;
	capng_type_t both = CAPNG_EFFECTIVE | CAPNG_PERMITTED;

	capng_clear(has_setpcap ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
	if (has_bpf && capng_update(CAPNG_ADD, both, CAP_BPF) < 0)
		return -EPERM;
	if (has_admin && capng_update(CAPNG_ADD, both, CAP_NET_ADMIN) < 0)
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
	return daemon_privileges_clear(false);
}
