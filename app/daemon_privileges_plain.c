// A build without libcap-ng: another user has no capabilities; the same one keeps its own.
#include <errno.h>
#include <unistd.h>

#include "app/daemon_privileges.h"
#include "base/log.h"

int daemon_privileges_clear(enum daemon_privileges_kept kept)
{
	log_warning("this build cannot drop capabilities (libcap-ng is missing)%s",
	            kept != DAEMON_KEEPS_NONE ? ": the helper process keeps all it was started with"
	                                      : "");
	return 0;
}

int daemon_privileges_become(const struct daemon_identity *identity)
{
	if (identity->uid == geteuid())
		return identity->uid == 0 ? daemon_privileges_clear(DAEMON_KEEPS_NONE) : 0;
	return setresuid(identity->uid, identity->uid, identity->uid) < 0 ? -errno : 0;
}
