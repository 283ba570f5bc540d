// dataplane/capture_split.h — which of several workers a packet of a capture is for.
//
// All packets between two hosts are for the same worker, whichever way they go and whatever their
// ports: so the fragments of a packet meet, and all fragments their flow. The addresses are those
// of the outermost IP header: what goes through one tunnel stays together. What is not IP is the
// first worker's. The hash has no secret: whoever crafts addresses only makes one worker busier.
#pragma once

#include "dataplane/port.h"

// HOT. 0 <= result < worker_count. The frame's first bytes should be in the cache.
unsigned capture_split_worker(const struct frame *frame, unsigned worker_count);
