// app/daemon_seccomp.h — the system calls that are left to a running sensor.
//
// libseccomp, in builds that have it (daemon_seccomp_filter.c); not in sanitized builds, whose
// runtimes make calls of their own (daemon_seccomp_none.c). What is not on the list fails with
// EPERM; what nobody but an attacker would call ends the process. In force for every thread of
// the process, and all that they start.
#pragma once

#include <stdbool.h>

// Is there a filter in this build?
bool daemon_seccomp_is_there(void);

// Of the daemon; of its helper. Returns 0 or an error.
int daemon_seccomp_daemon(void);
int daemon_seccomp_helper(void);
