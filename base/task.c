#include "base/task.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct task {
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;  // for what follows
	pthread_cond_t changed; // a job was begun or done, or the end is asked for
	task_job *job;          // NULL: none at hand
	void *context;
	int error; // of the last job, until it is told
	bool is_ending;
};

int task_create(struct task **ret_task)
{
	struct task *task = calloc(1, sizeof(*task));

	if (task == NULL)
		return -ENOMEM;
	pthread_mutex_init(&task->mutex, NULL);
	pthread_cond_init(&task->changed, NULL);
	*ret_task = task;
	return 0;
}

static void *work(void *argument)
{
	struct task *task = argument;

	pthread_mutex_lock(&task->mutex);
	while (!task->is_ending) {
		if (task->job == NULL) {
			pthread_cond_wait(&task->changed, &task->mutex);
			continue;
		}
		task_job *job = task->job;
		pthread_mutex_unlock(&task->mutex);
		int error = job(task->context);

		pthread_mutex_lock(&task->mutex);
		task->error = error;
		task->job = NULL;
		pthread_cond_broadcast(&task->changed);
	}
	pthread_mutex_unlock(&task->mutex);
	return NULL;
}

// Signals are for the threads that were there before.
static bool start_thread(struct task *task)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	task->has_thread = pthread_create(&task->thread, NULL, work, task) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return task->has_thread;
}

int task_wait(struct task *task)
{
	pthread_mutex_lock(&task->mutex);
	while (task->job != NULL)
		pthread_cond_wait(&task->changed, &task->mutex);
	int error = task->error;
	task->error = 0;
	pthread_mutex_unlock(&task->mutex);
	return error;
}

int task_begin(struct task *task, task_job *job, void *context)
{
	int error = task_wait(task);

	if (error != 0)
		return error;
	if (!task->has_thread && !start_thread(task)) {
		task->error = job(context);
		return 0;
	}
	pthread_mutex_lock(&task->mutex);
	task->job = job;
	task->context = context;
	pthread_cond_broadcast(&task->changed);
	pthread_mutex_unlock(&task->mutex);
	return 0;
}

void task_free(struct task *task)
{
	if (task == NULL)
		return;
	(void)task_wait(task);
	if (task->has_thread) {
		pthread_mutex_lock(&task->mutex);
		task->is_ending = true;
		pthread_cond_broadcast(&task->changed);
		pthread_mutex_unlock(&task->mutex);
		(void)pthread_join(task->thread, NULL);
	}
	pthread_cond_destroy(&task->changed);
	pthread_mutex_destroy(&task->mutex);
	free(task);
}
