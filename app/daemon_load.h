// app/daemon_load.h — a database from its files into force, once: opened, verified, mirrored,
// published.
#pragma once

#include "app/daemon_helper.h"
#include "base/report.h"
#include "engine/publish.h"

// The files of a database, as they were: changed when one of them is another, or written to.
struct daemon_load_stamp {
	struct {
		uint64_t inode, size;
		int64_t changed_ns; // 0: it is not there
	} files[3];
};
void daemon_load_stamp(const char *path, struct daemon_load_stamp *ret_stamp);

struct daemon_load {
	const char *path;
	const char *public_key_path; // NULL: it need not be signed
	struct publisher *publisher;
	struct daemon_helper *helper; // NULL: no XDP program
	// Called between the exchange of the maps and that of the database: what the maps before
	// have dropped is to be taken now.
	void (*mirrored)(void *context);
	void *context;
};

// On success *ret_info tells of the database, *ret_next_ns when what may be dropped changes by
// itself. Returns 0 or an error, told in `report`: what was in force stays in force.
int daemon_load(const struct daemon_load *load, struct report *report,
                struct database_info *ret_info, int64_t *ret_next_ns);
