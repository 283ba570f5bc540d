// app/daemon_privileges.h — what a running sensor may still do, once its devices are open.
//
// The daemon: nothing beyond its user's rights. The helper: what maps and programs need. Both
// before their first thread, since capabilities are each thread's own. How: libcap-ng, in builds
// that have it (daemon_privileges_capng.c); else only the user is changed, and a warning says so.
#pragma once

#include <sys/types.h>

struct daemon_identity {
	const char *user; // NULL: who started it
	uid_t uid;
	gid_t gid;
};

// Of a user by name (borrowed); NULL: who runs this. Returns 0, -ENOENT (no such user), or an
// error.
int daemon_identity_find(const char *user, struct daemon_identity *ret_identity);

enum daemon_privileges_kept {
	DAEMON_KEEPS_NONE,
	DAEMON_KEEPS_NETWORK,    // CAP_BPF and CAP_NET_ADMIN
	DAEMON_KEEPS_DISPATCHER, // also CAP_PERFMON and CAP_SYS_ADMIN, to take a program out of
	                         // libxdp's dispatcher: others are looked up by id, and put anew
};

// User and groups changed, all capabilities and the bounding set cleared, no new privileges.
// Returns 0 or an error.
int daemon_privileges_drop(const struct daemon_identity *identity);

// Likewise, but the capabilities of `kept` stay where they were, and so does the user, whose pinned
// maps they are; the groups are those of `identity`, to read its databases.
int daemon_privileges_keep(const struct daemon_identity *identity,
                           enum daemon_privileges_kept kept);

// daemon_privileges_capng.c or daemon_privileges_plain.c:
// All capabilities but the kept ones go.
int daemon_privileges_clear(enum daemon_privileges_kept kept);
// The identity is taken, when it is another.
int daemon_privileges_become(const struct daemon_identity *identity);
