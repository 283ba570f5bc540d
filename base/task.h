// base/task.h — a helper thread that does one job at a time.
//
// For work beside the caller's own whose result is needed later, and in order: compressing,
// writing. The thread begins with the first job; where none can be had, jobs are done at once in
// the caller. One owner: the thread that creates it. Not inherited by fork().
#pragma once

#include "base/cleanup.h"

struct task;

// Does the job. Returns 0 or an error. What `context` leads to is the job's until task_wait().
typedef int task_job(void *context);

// Returns 0 and gives the task to the caller (task_free), or -ENOMEM.
int task_create(struct task **ret_task);

// Waits for the job at hand, if any. Accepts NULL.
void task_free(struct task *task);
DEFINE_AUTO(task, task_free)

// Waits for the job at hand, then begins this one. Returns 0, or the error of the job at hand:
// then this one is not begun.
int task_begin(struct task *task, task_job *job, void *context);

// Waits for the job at hand. Returns its error, 0 when there is none.
int task_wait(struct task *task);
