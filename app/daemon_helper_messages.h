// app/daemon_helper_messages.h — what daemon and helper say to each other: a request, an answer,
// each a datagram (SOCK_SEQPACKET); of hits as many answers as it takes.
#pragma once

#include "app/daemon_helper.h"

enum {
	HELPER_PATH_BYTES = 1024,
	HELPER_TEXT_BYTES = 256,
	HELPER_HITS = 32, // in one answer
};

enum helper_verb { HELPER_MIRROR, HELPER_STATUS, HELPER_HITS_TAKEN, HELPER_UNLOAD };

struct helper_request {
	enum helper_verb verb;
	uint32_t device;
	uint32_t generation;
	uint32_t has_overlay; // 0 or 1; no bool: whatever comes has to be bearable
	uint8_t build_id[32], overlay_build_id[32]; // that the database must have
	char path[HELPER_PATH_BYTES];               // "": the one before
};

struct helper_answer {
	int32_t error;
	char text[HELPER_TEXT_BYTES]; // why
	uint32_t hit_count;
	bool is_last; // of hits
	int64_t next_change_ns;
	struct daemon_helper_guard guard; // of status
	union {
		struct xdp_status status;
		struct hit hits[HELPER_HITS]; // of addresses: they have no text
	};
};

// helper's side, daemon_helper_serve.c: answers what comes by `fd` until the other end is closed.
void daemon_helper_serve(int fd, const struct daemon_helper_options *options);
