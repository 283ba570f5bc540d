#include "app/daemon_privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

int daemon_identity_find(const char *user, struct daemon_identity *ret_identity)
{
	struct daemon_identity identity = {user, geteuid(), getegid()};

	if (user != NULL) {
		errno = 0;
		const struct passwd *entry = getpwnam(user);

		if (entry == NULL)
			return errno != 0 ? -errno : -ENOENT;
		identity.uid = entry->pw_uid;
		identity.gid = entry->pw_gid;
	}
	*ret_identity = identity;
	return 0;
}

static int forbid_more(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

static int take_groups(const struct daemon_identity *identity)
{
	if (identity->user == NULL)
		return 0;
	if (initgroups(identity->user, identity->gid) < 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) < 0)
		return -errno;
	return 0;
}

int daemon_privileges_drop(const struct daemon_identity *identity)
{
	int error = take_groups(identity);

	if (error == 0)
		error = daemon_privileges_become(identity);
	return error < 0 ? error : forbid_more();
}

int daemon_privileges_keep(const struct daemon_identity *identity, enum daemon_privileges_kept kept)
{
	int error = take_groups(identity);

	if (error == 0)
		error = daemon_privileges_clear(kept);
	return error < 0 ? error : forbid_more();
}
