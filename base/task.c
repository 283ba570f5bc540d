#include "base/task.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/thread.h"

struct queued_job {
	task_job *job;
	void *context;
};

struct task {
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;                 // for what follows
	pthread_cond_t changed;                // a job was begun or done, or the end is asked for
	struct queued_job jobs[TASK_JOBS_MAX]; // a ring
	unsigned first;                        // the one being done
	unsigned count;                        // with it
	int error;                             // of a job, until it is told
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

// Does the first job, or passes over it when one before it failed. The mutex is held but for the
// job itself.
static void do_first(struct task *task)
{
	struct queued_job first = task->jobs[task->first];

	if (task->error == 0) {
		pthread_mutex_unlock(&task->mutex);
		int error = first.job(first.context);

		pthread_mutex_lock(&task->mutex);
		task->error = error;
	}
	task->first = (task->first + 1) % TASK_JOBS_MAX;
	task->count--;
	pthread_cond_broadcast(&task->changed);
}

static void *work(void *argument)
{
	struct task *task = argument;

	pthread_mutex_lock(&task->mutex);
	while (!task->is_ending) {
		if (task->count > 0)
			do_first(task);
		else
			pthread_cond_wait(&task->changed, &task->mutex);
	}
	pthread_mutex_unlock(&task->mutex);
	return NULL;
}

// Waits until at most `count` jobs are left.
static void wait_for(struct task *task, unsigned count)
{
	while (task->count > count)
		pthread_cond_wait(&task->changed, &task->mutex);
}

int task_wait(struct task *task)
{
	pthread_mutex_lock(&task->mutex);
	wait_for(task, 0);
	int error = task->error;
	task->error = 0;
	pthread_mutex_unlock(&task->mutex);
	return error;
}

static void add_job(struct task *task, task_job *job, void *context)
{
	pthread_mutex_lock(&task->mutex);
	wait_for(task, TASK_JOBS_MAX - 1);
	task->jobs[(task->first + task->count) % TASK_JOBS_MAX] = (struct queued_job){job, context};
	task->count++;
	pthread_cond_broadcast(&task->changed);
	pthread_mutex_unlock(&task->mutex);
}

void task_begin(struct task *task, task_job *job, void *context)
{
	task->has_thread = task->has_thread || thread_start(&task->thread, work, task);
	if (task->has_thread)
		add_job(task, job, context);
	else if (task->error == 0)
		task->error = job(context);
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
