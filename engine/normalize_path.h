// engine/normalize_path.h — the path and query half of normalize_url.c.
#pragma once

#include <errno.h>
#include <string.h>

#include "base/slice.h"

// Where a URL is written. `next` moves from `start` to at most `end`.
struct url_output {
	char *start;
	char *next;
	char *end;
};

static inline int url_output_put(struct url_output *output, const void *bytes, size_t size)
{
	if ((size_t)(output->end - output->next) < size)
		return -EMSGSIZE;
	memcpy(output->next, bytes, size);
	output->next += size;
	return 0;
}

// HOT. Writes "/path[?query]" for `rest`, what follows a URL's authority: empty, or it begins
// with one of / \\ ? #. Returns 0, -EINVAL (control bytes) or -EMSGSIZE.
int normalize_path(struct url_output *output, struct slice rest);
