#include "app/daemon_helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/daemon_helper_messages.h"
#include "app/daemon_seccomp.h"
#include "base/log.h"
#include "base/timestamp.h"

enum {
	ANSWER_MS = 5000,
	MIRROR_MS = 120000, // a large database is read, checked, and put into maps
};

struct daemon_helper {
	int fd;
	pid_t pid;
	unsigned device_count;
	bool is_out_of_step; // an answer did not come in time: what comes now is of another
	                     // question
};

// The daemon's end is what tells it to end; signals to the whole group are the daemon's.
static void leave_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_IGN);
}

static enum daemon_privileges_kept kept_privileges(const struct daemon_helper_options *options)
{
	for (unsigned i = 0; i < options->count; i++)
		if (xdp_is_dispatched(options->xdps[i]))
			return DAEMON_KEEPS_DISPATCHER;
	return DAEMON_KEEPS_NETWORK;
}

static _Noreturn void run_helper(int fd, const struct daemon_helper_options *options)
{
	leave_signals();
	(void)prctl(PR_SET_NAME, "sekisho-helper", 0, 0, 0);
	int error = daemon_privileges_keep(options->identity, kept_privileges(options));
	if (error == 0)
		error = daemon_seccomp_helper();
	if (error < 0) {
		log_error("privileges of the helper process: %s", strerror(-error));
		_exit(EXIT_FAILURE);
	}
	daemon_helper_serve(fd, options);
	_exit(EXIT_SUCCESS);
}

int daemon_helper_start(const struct daemon_helper_options *options,
                        struct daemon_helper **ret_helper)
{
	struct daemon_helper *helper = calloc(1, sizeof(*helper));
	int pair[2];

	if (helper == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		int error = helper == NULL ? -ENOMEM : -errno;

		free(helper);
		log_error("the helper process: %s", strerror(-error));
		return error;
	}
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		run_helper(pair[1], options);
	}
	int error = pid < 0 ? -errno : 0;
	(void)close(pair[1]);
	*helper = (struct daemon_helper){pair[0], pid, options->count, false};
	if (error < 0) {
		log_error("starting the helper process: %s", strerror(-error));
		(void)close(pair[0]);
		free(helper);
		return error;
	}
	*ret_helper = helper;
	return 0;
}

// The next answer.
static int hear(struct daemon_helper *helper, int timeout_ms, struct helper_answer *answer)
{
	struct pollfd waiting = {.fd = helper->fd, .events = POLLIN};
	int ready;

	do {
		ready = poll(&waiting, 1, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0) {
		helper->is_out_of_step = true;
		return -ETIMEDOUT;
	}
	ssize_t size = ready < 0 ? -1 : recv(helper->fd, answer, sizeof(*answer), 0);
	if (size < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (size == 0)
		return -EPIPE;
	return size == sizeof(*answer) ? 0 : -EPROTO;
}

static int ask(struct daemon_helper *helper, const struct helper_request *request, int timeout_ms,
               struct helper_answer *answer)
{
	if (helper->is_out_of_step)
		return -ETIMEDOUT;
	if (send(helper->fd, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return hear(helper, timeout_ms, answer);
}

static void report_error(struct report *report, int error, const char *text)
{
	const char *why = text[0] != '\0'       ? text
	                  : error == -EPIPE     ? "the helper process has ended: restart"
	                  : error == -ETIMEDOUT ? "the helper process does not answer: restart"
	                                        : strerror(-error);

	report_note(report, "XDP", slice_text(""), "%s", why);
}

int daemon_helper_mirror(struct daemon_helper *helper, const char *path,
                         const struct database_info *info, uint32_t generation,
                         struct report *report, int64_t *ret_next_ns)
{
	struct helper_request request = {.verb = HELPER_MIRROR, .generation = generation};
	struct helper_answer answer = {0};

	if (path != NULL) {
		if (strlen(path) >= sizeof(request.path))
			return -ENAMETOOLONG;
		(void)strcpy(request.path, path);
		request.has_overlay = info->has_overlay;
		memcpy(request.build_id, info->build_id, sizeof(request.build_id));
		memcpy(request.overlay_build_id, info->overlay_build_id,
		       sizeof(request.overlay_build_id));
	}
	int error = ask(helper, &request, MIRROR_MS, &answer);
	if (error == 0)
		error = answer.error;
	if (error == 0)
		*ret_next_ns = answer.next_change_ns;
	else
		report_error(report, error, answer.text);
	return error;
}

int daemon_helper_status(struct daemon_helper *helper, unsigned device,
                         struct xdp_status *ret_status, struct daemon_helper_guard *ret_guard)
{
	const struct helper_request request = {.verb = HELPER_STATUS, .device = device};
	struct helper_answer answer;
	int error = ask(helper, &request, ANSWER_MS, &answer);

	if (error == 0)
		error = answer.error;
	if (error == 0) {
		*ret_status = answer.status;
		*ret_guard = answer.guard;
	}
	return error;
}

int daemon_helper_hits(struct daemon_helper *helper, unsigned device,
                       void (*take)(void *context, const struct hit *hit), void *context)
{
	const struct helper_request request = {.verb = HELPER_HITS_TAKEN, .device = device};
	struct helper_answer answer;
	int error = ask(helper, &request, ANSWER_MS, &answer);
	int count = 0;

	while (error == 0) {
		for (uint32_t i = 0; i < answer.hit_count && i < HELPER_HITS; i++, count++)
			take(context, &answer.hits[i]);
		if (answer.is_last)
			return answer.error < 0 ? answer.error : count;
		error = hear(helper, ANSWER_MS, &answer);
	}
	return error;
}

int daemon_helper_unload(struct daemon_helper *helper, struct report *report)
{
	const struct helper_request request = {.verb = HELPER_UNLOAD};
	struct helper_answer answer = {0};
	int error = ask(helper, &request, ANSWER_MS, &answer);

	if (error == 0)
		error = answer.error;
	if (error < 0)
		report_error(report, error, answer.text);
	return error;
}

void daemon_helper_free(struct daemon_helper *helper)
{
	if (helper == NULL)
		return;
	(void)close(helper->fd);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(helper);
}
