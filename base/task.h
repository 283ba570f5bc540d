// base/task.h — a helper thread that does jobs one after the other.
//
// For work beside the caller's own whose result is needed later, and in order: compressing,
// writing. The thread begins with the first job; where none can be had, jobs are done at once in
// the caller. One owner: the thread that creates it. Not inherited by fork().
#pragma once

#include "base/cleanup.h"

enum { TASK_JOBS_MAX = 64 }; // begun and not done

struct task;

// Does the job. Returns 0 or an error. What `context` leads to is the job's until task_wait().
typedef int task_job(void *context);

// Returns 0 and gives the task to the caller (task_free), or -ENOMEM.
int task_create(struct task **ret_task);

// Waits for all jobs. Accepts NULL.
void task_free(struct task *task);
DEFINE_AUTO(task, task_free)

// Begins a job, behind those begun before; waits only when there are TASK_JOBS_MAX of them. After
// one that failed none is done until task_wait() told the error.
void task_begin(struct task *task, task_job *job, void *context);

// Waits for all jobs. Returns the error of the one that failed, or 0.
int task_wait(struct task *task);
