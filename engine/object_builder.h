// engine/object_builder.h — collects STIX objects for a database's section of kept objects.
//
// Filled by one thread while feeds are read; objects go compressed to a temporary file
// (engine/object_spool.h), 24 bytes an object stay in memory. Read back by engine/object_store.h.
// The same objects in the same order give the same bytes (with the same version of zstd).
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

struct object_builder;

// Returns 0 and gives the builder to the caller (object_builder_free), or -ENOMEM.
int object_builder_create(struct object_builder **ret_builder);

// Accepts NULL.
void object_builder_free(struct object_builder *builder);
DEFINE_AUTO(object_builder, object_builder_free)

// Keeps `json` under its STIX id and, unless it is NO_INDICATOR, under an indicator's id. Of
// objects with the same id the last one counts. An empty `id` is allowed with an indicator id.
// Returns 0, -ENOMEM, -EFBIG (more than 16 MB), or the temporary file's error.
int object_builder_keep(struct object_builder *builder, uint32_t indicator_id, struct slice id,
                        struct slice json);

// Waits until no thread of the builder has anything to do. Returns 0, or an error of objects kept
// before.
int object_builder_wait(struct object_builder *builder);

// Takes the bytes of a section, one run after the other. Returns 0 or an error, which ends it.
typedef int object_write(void *context, const void *bytes, size_t size);

// Hands the whole section to `write`; its size is *ret_bytes. Nothing may be kept afterwards.
// Returns 0, -ENOMEM, the temporary file's error, or what `write` returned.
int object_builder_write(struct object_builder *builder, object_write *write, void *context,
                         uint64_t *ret_bytes);
