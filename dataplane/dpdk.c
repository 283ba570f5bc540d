#include "dataplane/dpdk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_alarm.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "dataplane/dpdk_log.h"

enum {
	OWN_ARGUMENTS_MAX = 8,
	VISIT_S = 5,
};

struct dpdk {
	struct dpdk_log log;
	char lcores[32]; // an argument
	unsigned argument_count;
	char **arguments;
};

// Does an argument begin with one of `options`? They end with NULL.
static bool is_given(const char *const arguments[], unsigned count, const char *const options[])
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; options[k] != NULL; k++)
			if (strncmp(arguments[i], options[k], strlen(options[k])) == 0)
				return true;
	return false;
}

static unsigned first_cpu(const cpu_set_t *cpus)
{
	unsigned cpu = 0;

	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, cpus))
		cpu++;
	return cpu;
}

// What the operator's arguments leave open. Returns how many were added to `ret_own`.
static unsigned choose_defaults(struct dpdk *dpdk, const char *const arguments[], unsigned count,
                                const cpu_set_t *cpus, const char *ret_own[OWN_ARGUMENTS_MAX])
{
	static const char *const lcore_options[] = {"-c", "-l", "-s", "-S", "--lcores", NULL};
	// Either way there is no other process, nor a thread that would serve it.
	static const char *const file_options[] = {"--no-huge",  "--legacy-mem",  "--file-prefix",
	                                           "--huge-dir", "--huge-unlink", NULL};
	static const char *const telemetry_options[] = {"--telemetry", "--no-telemetry", NULL};
	unsigned own_count = 0;

	ret_own[own_count++] = "sekisho";
	if (!is_given(arguments, count, lcore_options)) {
		(void)snprintf(dpdk->lcores, sizeof(dpdk->lcores), "--lcores=0@%u",
		               first_cpu(cpus));
		ret_own[own_count++] = dpdk->lcores;
	}
	ret_own[own_count++] = is_given(arguments, count, file_options) ? "--no-shconf"
	                                                                : "--in-memory";
	if (!is_given(arguments, count, telemetry_options))
		ret_own[own_count++] = "--no-telemetry";
	return own_count;
}

static int take_arguments(struct dpdk *dpdk, const char *const arguments[], unsigned count,
                          const cpu_set_t *cpus)
{
	const char *own[OWN_ARGUMENTS_MAX];
	unsigned own_count = choose_defaults(dpdk, arguments, count, cpus, own);

	dpdk->argument_count = own_count + count;
	dpdk->arguments = calloc(2 * (dpdk->argument_count + 1), sizeof(*dpdk->arguments));
	if (dpdk->arguments == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < dpdk->argument_count; i++) {
		dpdk->arguments[i] = strdup(i < own_count ? own[i] : arguments[i - own_count]);
		if (dpdk->arguments[i] == NULL)
			return -ENOMEM;
	}
	// A second list for the EAL, which changes it.
	memcpy(dpdk->arguments + dpdk->argument_count + 1, dpdk->arguments,
	       dpdk->argument_count * sizeof(*dpdk->arguments));
	return 0;
}

// What may help, by what rte_eal_init() says of itself.
static const char *advice_for(int error)
{
	switch (error) {
	case EINVAL:
		return "an argument is wrong";
	case ENOMEM:
	case EACCES:
		return geteuid() != 0 ? "no memory for it: this needs root or CAP_SYS_ADMIN and "
		                        "CAP_IPC_LOCK, hugepages, or --no-huge"
		                      : "no memory for it: reserve hugepages (sysctl "
		                        "vm.nr_hugepages=512), or give it --no-huge -m 512";
	case ENOTSUP:
		return "this processor lacks what the DPDK library was built for";
	default:
		return "it could not get hold of memory or devices";
	}
}

// The EAL prints a hundred lines of usage when an argument is wrong; where hits may be written to.
// Returns what restore_output() takes, or -1.
static int silence_output(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int saved = -1;

	(void)fflush(stdout);
	if (null >= 0)
		saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (saved >= 0)
		(void)dup2(null, STDOUT_FILENO);
	if (null >= 0)
		(void)close(null);
	return saved;
}

static void restore_output(int saved)
{
	(void)fflush(stdout);
	if (saved < 0)
		return;
	(void)dup2(saved, STDOUT_FILENO);
	(void)close(saved);
}

// The EAL pins the calling thread to the first lcore: taken back. Its own threads leave signals to
// us.
static int start_eal(struct dpdk *dpdk, const cpu_set_t *cpus)
{
	int saved = silence_output();
	sigset_t every;
	sigset_t before;
	int used;

	(void)sigfillset(&every);
	(void)pthread_sigmask(SIG_SETMASK, &every, &before);
	used = rte_eal_init((int)dpdk->argument_count, dpdk->arguments + dpdk->argument_count + 1);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(*cpus), cpus);
	restore_output(saved);
	return used;
}

static int initialize(struct dpdk *dpdk, const cpu_set_t *cpus, struct report *report)
{
	int used = start_eal(dpdk, cpus);
	int error = rte_errno;

	dpdk_log_end_start(&dpdk->log, used >= 0);
	if (used < 0) {
		dpdk_log_tell(&dpdk->log,
		              &(struct problem){.reason = "DPDK does not start",
		                                .object = slice_text(advice_for(error))},
		              report);
		return error > 0 ? -error : -EIO;
	}
	if (dpdk->log.size > 0)
		dpdk_log_tell(&dpdk->log,
		              &(struct problem){.reason = "DPDK complains",
		                                .consequence = "noted: it started nevertheless"},
		              report);
	return 0;
}

static void dpdk_free(struct dpdk *dpdk)
{
	dpdk_log_close(&dpdk->log);
	for (unsigned i = 0; dpdk->arguments != NULL && i < dpdk->argument_count; i++)
		free(dpdk->arguments[i]);
	free(dpdk->arguments);
	free(dpdk);
}

int dpdk_start(const char *const arguments[], unsigned count, struct report *report,
               struct dpdk **ret_dpdk)
{
	struct dpdk *dpdk = calloc(1, sizeof(*dpdk));
	cpu_set_t cpus;
	int error;

	if (dpdk == NULL)
		return -ENOMEM;
	if (rte_lcore_count() > 0) { // also when it was stopped since
		report_note(report, "DPDK does not start", slice_text(NULL),
		            "it was started before in this process, and can be started only once");
		free(dpdk);
		return -EALREADY;
	}
	CPU_ZERO(&cpus);
	(void)pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	error = dpdk_log_open(&dpdk->log);
	if (error == 0)
		error = take_arguments(dpdk, arguments, count, &cpus);
	if (error == 0)
		error = initialize(dpdk, &cpus, report);
	if (error < 0) {
		dpdk_free(dpdk);
		return error;
	}
	*ret_dpdk = dpdk;
	return 0;
}

// One call on a thread of the EAL, and the end of it.
struct visit {
	void (*call)(void *context);
	void *context;
	sem_t is_done;
};

static void visit_alarm(void *argument)
{
	struct visit *visit = argument;

	visit->call(visit->context);
	(void)sem_post(&visit->is_done);
}

static int visit_lcore(void *argument)
{
	struct visit *visit = argument;

	visit->call(visit->context);
	return 0;
}

// Alarms go off on the thread that serves interrupts.
static int visit_interrupts(struct visit *visit)
{
	struct timespec end;
	int status;

	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += VISIT_S;
	if (rte_eal_alarm_set(1, visit_alarm, visit) < 0)
		return -ETIME;
	while ((status = sem_timedwait(&visit->is_done, &end)) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	(void)rte_eal_alarm_cancel(visit_alarm, visit); // waits for one that is under way
	return -ETIME;
}

int dpdk_each_thread(struct dpdk *dpdk, void (*call)(void *context), void *context)
{
	struct visit visit = {.call = call, .context = context};
	unsigned lcore;
	int error;

	if (dpdk == NULL)
		return 0;
	(void)sem_init(&visit.is_done, 0, 0);
	error = visit_interrupts(&visit);
	(void)sem_destroy(&visit.is_done);
	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (rte_eal_remote_launch(visit_lcore, &visit, lcore) == 0)
			(void)rte_eal_wait_lcore(lcore);
		else
			error = -ETIME;
	}
	return error;
}

void dpdk_stop(struct dpdk *dpdk)
{
	if (dpdk == NULL)
		return;
	(void)rte_eal_cleanup();
	dpdk_free(dpdk);
}
