#include "base/thread.h"

#include <signal.h>

bool thread_start(pthread_t *ret_thread, void *(*run)(void *context), void *context)
{
	sigset_t all;
	sigset_t before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(ret_thread, NULL, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}
