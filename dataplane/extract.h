// dataplane/extract.h — payload to observables: what all extractors share.
//
// An extractor knows one protocol. It is given bytes and writes the observables it finds to
// struct extract_output; it knows nothing of packets, flows or indicators. Everything it is given
// is hostile. All of it is HOT: no allocation, no lock, no log.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "engine/hit.h"

enum {
	// The most that stream.c keeps for an extractor that waits for the rest of a message. One
	// that wants more is told of a gap instead.
	EXTRACT_PENDING_MAX = 64 * 1024 + 512,
};

// What both directions of a TCP connection know together. All zero at its start; an extractor
// that is given it for another direction's sake must know its own mark in it.
struct extract_shared {
	uint32_t id;   // of a block that the extractor keeps
	uint8_t owner; // of `id`: 1 + index into extractors[]; 0: nobody
};

struct file_table;
struct http_table;

// Where observables go. The pipeline owns it; all functions copy what they are given.
struct extract_output {
	void (*add)(struct extract_output *output, const struct observable *observable);
	// A file that ended, whole or not.
	void (*add_file)(struct extract_output *output, const struct file_seen *file);
	// What nothing is looked up for. NULL: nobody observes, do not make it.
	void (*tell)(struct extract_output *output, enum observable_where where, struct slice text);
	struct file_table *files; // bodies on their way; NULL: nobody wants files
	struct http_table *http;  // what requests and responses know of each other; NULL: nothing
	struct extract_shared *shared; // of the connection at hand; NULL: there is none
	uint8_t hashes_wanted;         // of files and certificates: a bit for each hash_algorithm
	uint64_t messages_malformed;   // counted by extractors
};

enum extract_verdict {
	EXTRACT_MORE,    // call again with what follows
	EXTRACT_DONE,    // nothing more can come of this direction
	EXTRACT_RESTART, // another protocol may follow behind what was consumed (CONNECT)
};

struct extract_progress {
	enum extract_verdict verdict;
	size_t consumed;     // of the bytes given; the rest is kept and given again, with more
	uint64_t skip_bytes; // of what follows the consumed bytes: not wanted (a message's body)
};

// What an extractor remembers of one direction of a stream. All zero at its start.
struct extract_state {
	uint64_t body_bytes; // http: of a body still to come
	uint32_t scanned;    // bytes of the pending message already searched for its end
	uint8_t phase;       // the extractor's own
	uint8_t flags;       // the extractor's own
};

enum probe_result {
	PROBE_NO,
	PROBE_MAYBE, // too few bytes to tell
	PROBE_YES,
};

// An extractor of a TCP stream's direction.
struct extractor_ops {
	const char *name;

	// Do these first bytes of a direction (or first after a gap) begin a message of the
	// protocol? `port` is the server's port as far as known.
	enum probe_result (*probe)(struct slice bytes, uint16_t port);

	// Takes in what it can of `bytes`, which continue where the last call stopped consuming.
	struct extract_progress (*consume)(struct extract_state *state, struct slice bytes,
	                                   struct extract_output *output);

	// `missing_bytes` will never come (0: not known how many). What was pending is lost.
	// DONE when the protocol cannot be picked up again; MORE when it can after skip_bytes;
	// RESTART to be probed anew at the next segment.
	struct extract_progress (*gap)(struct extract_state *state, uint64_t missing_bytes,
	                               struct extract_output *output);

	// Nothing of the direction will follow; is_whole when its end was seen (FIN) and nothing
	// was missing at last. What is kept for it is given up; not called behind DONE or RESTART.
	// NULL: nothing is kept.
	void (*end)(struct extract_state *state, bool is_whole, struct extract_output *output);

	// Both directions are over: what output->shared names is given up, without telling
	// anything. Called when its owner is this extractor. NULL: it never is.
	void (*leave)(struct extract_output *output);
};

// Of extractors[].
enum extractor_index {
	EXTRACTOR_DNS,
	EXTRACTOR_TLS,
	EXTRACTOR_PROXY, // before HTTP: its line looks like a request's beginning
	EXTRACTOR_HTTP,
	EXTRACTOR_COUNT,
};

extern const struct extractor_ops extract_dns_stream; // RFC 1035, section 4.2.2
extern const struct extractor_ops extract_tls;
extern const struct extractor_ops extract_http;
extern const struct extractor_ops extract_proxy; // what a load balancer puts before a stream

// In the order in which they are probed, NULL behind the last.
extern const struct extractor_ops *const extractors[];

// Adds the host of an SNI or a Host header: an address when it is the text of one (an IPv6
// address may stand in brackets), with `port` (TCP; 0: not known), else a name. `host` has no port;
// `hints` are those of enum observable_hint.
// Returns false, having added nothing, when it is neither.
bool extract_add_host(struct extract_output *output, enum observable_where where, struct slice host,
                      uint16_t port, uint8_t hints);

// One DNS message, as in a UDP datagram (RFC 1035, section 4). What is no DNS message gives
// nothing, and false; one that is cut or malformed gives what stood before the fault.
bool extract_dns_message(struct slice message, struct extract_output *output);
