#include "app/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_flag;
static volatile sig_atomic_t reload_flag;

static void set_flag(int signal_number)
{
	stop_flag = signal_number;
}

void stop_install(void)
{
	struct sigaction action = {.sa_handler = set_flag, .sa_flags = (int)SA_RESETHAND};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	action.sa_flags = 0; // every further write gives EPIPE
	(void)sigaction(SIGPIPE, &action, NULL);
}

int stop_signal(void)
{
	return stop_flag;
}

static void set_reload_flag(int signal_number)
{
	reload_flag = signal_number;
}

void stop_install_reload(void)
{
	struct sigaction action = {.sa_handler = set_reload_flag};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGHUP, &action, NULL);
}

bool stop_take_reload(void)
{
	if (reload_flag == 0) // one that comes from here on is seen next time
		return false;
	reload_flag = 0;
	return true;
}
