#include "app/sync_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/clock.h"
#include "app/config_source.h"
#include "app/notify.h"
#include "app/stop.h"
#include "base/log.h"

#define AFTER_ERROR_NS (60 * NS_PER_S)

enum { STATUS_BYTES = 160 };

static void sign_of_life(void *context)
{
	notify_alive(context);
}

static void tell_status(const struct notify *notify, const struct sync_round_result *result)
{
	char time_text[TIMESTAMP_TEXT_BYTES];
	char status[STATUS_BYTES];

	timestamp_format(result->next_due_ns, 0, time_text);
	(void)snprintf(status, sizeof(status), "STATUS=%u sources ran, %u failed or held; next %s",
	               result->run_count, result->failed_count,
	               result->next_due_ns == TIMESTAMP_MAX ? "never" : time_text);
	notify_send(notify, status);
}

// Until `due_ns`, a signal, or a second is over: the wall clock may be set meanwhile.
static void rest(struct notify *notify, int64_t due_ns)
{
	const struct timespec second = {.tv_sec = 1};

	notify_alive(notify);
	if (due_ns > clock_wall_ns())
		(void)nanosleep(&second, NULL);
}

static bool reload(const struct notify *notify, const char *config_path, struct config **config)
{
	struct config *fresh;

	notify_send(notify, "RELOADING=1");
	bool is_read = config_source_check(config_path, true, &fresh) == 0;
	if (is_read) {
		config_free(*config);
		*config = fresh;
		log_info("configuration read again: %u sources", fresh->source_count);
	} else {
		log_warning("the configuration that was in effect stays in effect");
	}
	notify_send(notify, "READY=1");
	return is_read;
}

// What cannot be helped by waiting ends the watch; a busy store, a full disk may pass.
static bool may_pass(int error)
{
	return error == -EBUSY || error == -ENOSPC || error == -EIO || error == -ENOMEM;
}

static int watch(struct sync_run *run, const char *config_path, struct config **config,
                 struct notify *notify)
{
	int64_t due_ns = TIMESTAMP_MIN;
	struct sync_round_result result;

	while (stop_signal() == 0) {
		if (stop_take_reload() && reload(notify, config_path, config))
			due_ns = TIMESTAMP_MIN;
		if (due_ns > clock_wall_ns()) {
			rest(notify, due_ns);
			continue;
		}
		int error = sync_round(run, *config, false, &result);
		if (error == -EINTR)
			break;
		if (error < 0 && !may_pass(error))
			return error;
		due_ns = error == 0 ? result.next_due_ns : clock_wall_ns() + AFTER_ERROR_NS;
		tell_status(notify, &result);
	}
	return 0;
}

int sync_watch(struct sync_run *run, const char *config_path, struct config *config)
{
	struct notify notify;

	stop_install_reload();
	notify_open(&notify);
	run->alive = sign_of_life;
	run->context = &notify;
	run->is_waiting = true;
	notify_send(&notify, "READY=1");
	int error = watch(run, config_path, &config, &notify);
	notify_send(&notify, "STOPPING=1");
	notify_close(&notify);
	config_free(config);
	return error;
}
