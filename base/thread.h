// base/thread.h — helper threads.
#pragma once

#include <pthread.h>
#include <stdbool.h>

// Starts a thread that takes no signals: these are for the threads that were there before. Sets
// *ret_thread, which is to be joined, and returns true, or false when none can be had.
bool thread_start(pthread_t *ret_thread, void *(*run)(void *context), void *context);
