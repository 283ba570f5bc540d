#include "app/daemon_seccomp.h"

bool daemon_seccomp_is_there(void)
{
	return false;
}

int daemon_seccomp_daemon(void)
{
	return 0;
}

int daemon_seccomp_helper(void)
{
	return 0;
}
