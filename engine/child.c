#include "engine/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 65536 };

// The sanitizers reserve terabytes of addresses: no limit fits them.
#if defined(__SANITIZE_ADDRESS__)
static const bool has_memory_limit = false;
#else
static const bool has_memory_limit = true;
#endif

// Addresses in use by this process.
static uint64_t used_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	(void)fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit(__rlimit_resource_t resource, rlim_t value)
{
	(void)setrlimit(resource, &(struct rlimit){value, value});
}

static _Noreturn void run_work(child_work *work, const void *argument,
                               const struct child_limits *limits, int file)
{
	limit(RLIMIT_CORE, 0);
	if (limits->cpu_s > 0)
		limit(RLIMIT_CPU, limits->cpu_s);
	if (has_memory_limit)
		limit(RLIMIT_AS, used_bytes() + limits->memory_bytes);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGPROF, SIG_DFL);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	// No exit handlers: what they would flush or remove belongs to the parent.
	_exit(work(file, argument) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

// Returns 0 at the end of the output, or -ECANCELED, or -ENOMEM.
static int read_output(int file, unsigned silence_ms, struct buffer *output)
{
	for (;;) {
		struct pollfd waiting = {.fd = file, .events = POLLIN};
		int ready = poll(&waiting, 1, (int)silence_ms);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return -ECANCELED;
		if (!buffer_reserve(output, READ_BYTES))
			return -ENOMEM;
		ssize_t size = read(file, output->data + output->size, READ_BYTES);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return size < 0 ? -ECANCELED : 0;
		output->size += (size_t)size;
	}
}

static bool is_complete(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

int child_run(child_work *work, const void *argument, const struct child_limits *limits,
              struct buffer *output)
{
	int files[2];

	if (pipe2(files, O_CLOEXEC) < 0)
		return -errno;

	pid_t child = fork();
	if (child < 0) {
		int error = -errno;
		(void)close(files[0]);
		(void)close(files[1]);
		return error;
	}
	if (child == 0)
		run_work(work, argument, limits, files[1]);

	(void)close(files[1]);
	int error = read_output(files[0], limits->silence_ms, output);
	if (error < 0)
		(void)kill(child, SIGKILL);
	(void)close(files[0]);
	bool was_complete = is_complete(child);
	return error < 0 ? error : was_complete ? 0 : -ECANCELED;
}

int child_write(int file, const void *bytes, size_t size)
{
	const uint8_t *next = bytes;

	while (size > 0) {
		ssize_t written = write(file, next, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			next += written;
			size -= (size_t)written;
		}
	}
	return 0;
}
