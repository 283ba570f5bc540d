// dataplane/stages.h — how many cycles each station of the pipeline costs, of sampled batches.
#pragma once

#include <stdint.h>

#include "base/cpu.h"
#include "dataplane/sensor.h"

enum { STAGES_SAMPLED = 32 }; // one batch of so many

struct stages {
	bool is_sampled; // this batch
	unsigned turn;
	uint64_t last_cycles;
	uint64_t cycles[STAGE_COUNT];
	uint64_t packets; // of sampled batches
};

// HOT. A batch begins.
static inline void stages_begin(struct stages *stages)
{
	stages->is_sampled = stages->turn++ % STAGES_SAMPLED == 0;
	if (stages->is_sampled)
		stages->last_cycles = cpu_cycles();
}

// HOT. What was done since the last mark was `stage`.
static inline void stages_mark(struct stages *stages, enum stage stage)
{
	uint64_t now;

	if (!stages->is_sampled)
		return;
	now = cpu_cycles();
	stages->cycles[stage] += now - stages->last_cycles;
	stages->last_cycles = now;
}
