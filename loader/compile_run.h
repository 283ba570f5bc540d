// loader/compile_run.h — one compilation of votes into a build: what base and overlay share.
#pragma once

#include "base/buffer.h"
#include "engine/build.h"
#include "engine/match.h"
#include "loader/compile_objects.h"
#include "loader/config.h"
#include "loader/judge.h"
#include "loader/store_compile.h"

struct compile_run {
	struct store *store;
	const struct config *config;
	int64_t now_ns;
	bool (*progress)(void *context, uint64_t votes_done);
	void *context;
	struct store_compile_result *result;

	bool is_overlay;
	struct judge *judge;
	struct build *build;
	struct compile_objects *objects;
	struct buffer json; // of the vote at hand
};

// Creates judge, build and objects. `base` NULL: all votes are to come, and a veto set is made;
// else some, and the base's is asked. Returns 0 or an error; compile_run_close() in either case.
int compile_run_open(struct compile_run *run, const struct database *base);
void compile_run_close(struct compile_run *run);

// A live vote: decided, counted, and added. For store_vote_each(); `context` is the run.
int compile_run_vote(void *context, const struct vote *vote);

// All votes are there: settles what needs that, and says where it comes from. Returns 0 or an
// error.
int compile_run_finish(struct compile_run *run, const struct build_origin *origin);
