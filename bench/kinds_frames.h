// bench/kinds_frames.h — packets of one kind, and those that have to come before them.
#pragma once

#include "bench/memory_port.h"

enum packet_kind {
	PACKET_BULK,        // of many flows that are done, drawn at random
	PACKET_BULK_CACHED, // of a few, the same packets over and over
	PACKET_DNS,         // queries, each of a new flow; flows of a minute before end meanwhile
	PACKET_HELLO,       // a ClientHello that fits in a packet, of open connections
	PACKET_REQUEST,     // an HTTP request, likewise
	PACKET_QUIC,        // an Initial with a whole ClientHello, each of a new flow
	PACKET_KIND_COUNT,
};

extern const char *const packet_kind_names[PACKET_KIND_COUNT];

struct kind_frames {
	struct memory_port before; // that the flows are as they should be
	struct memory_port timed;
	uint64_t hits; // of the timed ones, with what generate_traffic plants
};

// Returns 0 (kind_frames_free) or -1.
int kind_frames_make(enum packet_kind kind, struct kind_frames *ret_frames);

void kind_frames_free(struct kind_frames *frames);
