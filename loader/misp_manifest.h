// loader/misp_manifest.h — the list of events of a MISP feed (manifest.json).
//
// {"<uuid>": {"timestamp": "1700000000", "info": …}, …}. Sorted by UUID, so that two can be
// compared; as text, a line "<uuid> <timestamp>" each.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/report.h"
#include "base/uuid.h"

enum { MISP_MANIFEST_BYTES_MAX = 256 * 1024 * 1024 };

struct misp_manifest_event {
	char uuid[UUID_TEXT_BYTES]; // in lower case, and nothing but hex digits and hyphens
	int64_t timestamp_s;        // 0: none
};

// All zero is a valid, empty list.
struct misp_manifest {
	struct misp_manifest_event *events;
	size_t count, capacity;
};

// `text` has FEED_PADDING_BYTES readable behind it. What is no event goes to `report`. Returns 0,
// -EBADMSG (no manifest at all, reported), or -ENOMEM.
int misp_manifest_read(struct misp_manifest *manifest, struct slice text, struct report *report);

// The text of one written before; lines that are none are left out. Returns 0 or -ENOMEM.
int misp_manifest_read_text(struct misp_manifest *manifest, struct slice text);
void misp_manifest_write_text(const struct misp_manifest *manifest, struct buffer *text);

// NULL when there is no such event.
const struct misp_manifest_event *misp_manifest_find(const struct misp_manifest *manifest,
                                                     const char *uuid);

// Frees what the list owns; it is empty again.
void misp_manifest_close(struct misp_manifest *manifest);
