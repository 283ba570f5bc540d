// engine/build_internal.h — the builder's inside, shared by build.c and build_write.c.
#pragma once

#include "engine/build.h"
#include "engine/entry_rows.h"
#include "engine/object_builder.h"

enum build_table {
	BUILD_IPV4_HOSTS,
	BUILD_IPV6_HOSTS,
	BUILD_IPV4_NETWORKS,
	BUILD_IPV6_NETWORKS,
	BUILD_NAMES,
	BUILD_URLS,
	BUILD_HASHES, // one a hash algorithm
	BUILD_TABLE_COUNT = BUILD_HASHES + HASH_ALGORITHM_COUNT,
};

struct build {
	struct entry_compiler compiler;
	struct entry_rows tables[BUILD_TABLE_COUNT]; // by enum build_table
	struct object_builder *objects;
	uint64_t hot_bytes; // of the derived sections written so far
};
