#include "app/daemon_seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit_test.h"

enum { PASSED = 42 };

// What `work` returns in a child with the filter `enter`: its exit status, or minus the signal.
static int run_filtered(int (*enter)(void), int (*work)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(enter() == 0 ? work() : EXIT_FAILURE);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int is_refused(long result)
{
	return result < 0 && errno == EPERM ? PASSED : EXIT_FAILURE;
}

static int call_bpf(void)
{
	return is_refused(syscall(SYS_bpf, 0, NULL, 0));
}

static int call_mknod(void)
{
	return is_refused(syscall(SYS_mknod, "/tmp/sekisho-never", 0, 0));
}

static int call_execve(void)
{
	char *none[] = {NULL};

	(void)execve("/bin/true", none, none);
	return EXIT_FAILURE;
}

static int call_ptrace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return EXIT_FAILURE;
}

static int open_to_read(void)
{
	return open("/dev/null", O_RDONLY) >= 0 ? PASSED : EXIT_FAILURE;
}

static int open_to_write(void)
{
	return is_refused(open("/dev/null", O_WRONLY));
}

static int empty_file(void)
{
	return is_refused(open("/dev/null", O_RDONLY | O_TRUNC));
}

static int call_clone_for_namespace(void)
{
	long child = syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0);

	if (child == 0)
		_exit(EXIT_SUCCESS);
	return is_refused(child);
}

// A child, as those that compile patterns are (engine/child.h).
static int call_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(EXIT_SUCCESS);
	return child > 0 && waitpid(child, NULL, 0) == child ? PASSED : EXIT_FAILURE;
}

static int start_threads(void)
{
	return is_refused(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static void *do_nothing(void *context)
{
	return context;
}

static int work_as_a_daemon_does(void)
{
	pthread_t thread;
	int fd = open("/dev/null", O_WRONLY | O_APPEND | O_CREAT, 0640);

	if (fd < 0 || write(fd, "x", 1) != 1 ||
	    pthread_create(&thread, NULL, do_nothing, NULL) != 0)
		return EXIT_FAILURE;
	return pthread_join(thread, NULL) == 0 ? PASSED : EXIT_FAILURE;
}

static void skip_without_filter(void)
{
	if (!daemon_seccomp_is_there())
		skip();
}

static void the_daemon_may_work_and_nothing_else(void **state)
{
	(void)state;
	skip_without_filter();
	assert_int_equal(run_filtered(daemon_seccomp_daemon, work_as_a_daemon_does), PASSED);
	assert_int_equal(run_filtered(daemon_seccomp_daemon, call_fork), PASSED);
	assert_int_equal(run_filtered(daemon_seccomp_daemon, call_clone_for_namespace), PASSED);
	assert_int_equal(run_filtered(daemon_seccomp_daemon, call_bpf), PASSED);
	assert_int_equal(run_filtered(daemon_seccomp_daemon, call_mknod), PASSED);
}

static void the_helper_reads_files_and_writes_none(void **state)
{
	(void)state;
	skip_without_filter();
	assert_int_equal(run_filtered(daemon_seccomp_helper, open_to_read), PASSED);
	assert_int_equal(run_filtered(daemon_seccomp_helper, open_to_write), PASSED);
	assert_int_equal(run_filtered(daemon_seccomp_helper, empty_file), PASSED);
	assert_int_equal(run_filtered(daemon_seccomp_helper, start_threads), PASSED);
}

static void what_only_an_attacker_would_call_ends_the_process(void **state)
{
	(void)state;
	skip_without_filter();
	assert_int_equal(run_filtered(daemon_seccomp_daemon, call_execve), -SIGSYS);
	assert_int_equal(run_filtered(daemon_seccomp_daemon, call_ptrace), -SIGSYS);
	assert_int_equal(run_filtered(daemon_seccomp_helper, call_execve), -SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_daemon_may_work_and_nothing_else),
		cmocka_unit_test(the_helper_reads_files_and_writes_none),
		cmocka_unit_test(what_only_an_attacker_would_call_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
