// engine/hit.h — what was seen, where, and what it met.
//
// Extractors fill struct observable, workers add the struct origin, match.h finds indicators;
// the three together are a struct hit, which travels through a ring to the sightings side.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "engine/indicator.h"

// Where in the traffic an observable stood. The names printed are in observable_where_name().
enum observable_where {
	WHERE_IP_SRC,
	WHERE_IP_DST,
	WHERE_TUNNEL_SRC, // of a header around another packet
	WHERE_TUNNEL_DST,
	WHERE_ICMP_SRC, // of the packet quoted in an ICMP error
	WHERE_ICMP_DST,
	WHERE_DNS_QUERY,
	WHERE_DNS_ANSWER_NAME,    // owner or target name of a record
	WHERE_DNS_ANSWER_ADDRESS, // of a record: A, AAAA and others
	WHERE_DNS_ANSWER_URL,     // a URI record
	WHERE_DNS_CLIENT_SUBNET,  // that a resolver asks for (RFC 7871)
	WHERE_TLS_SNI,
	WHERE_TLS_ALPN, // one a protocol that the client offers
	WHERE_TLS_ECH,  // that there is one (RFC 9849)
	WHERE_TLS_JA3,
	WHERE_TLS_JA3S,
	WHERE_TLS_JA4,
	WHERE_CERTIFICATE, // its hashes
	WHERE_CERTIFICATE_NAME,
	WHERE_CERTIFICATE_SUBJECT,
	WHERE_CERTIFICATE_ISSUER,
	WHERE_HTTP_HOST,
	WHERE_HTTP_URL,
	WHERE_HTTP_METHOD,
	WHERE_HTTP_VERSION,
	WHERE_HTTP_USER_AGENT,
	WHERE_HTTP_HEADER, // "Name: value" of the other fields
	WHERE_HTTP_STATUS,
	WHERE_HTTP_REQUEST_FILE,  // a request's body, or a part of one
	WHERE_HTTP_RESPONSE_FILE, // a response's body
	WHERE_COUNT,
};

// "ip.src", "dns.query", "tls.sni" …
const char *observable_where_name(enum observable_where where);

// What else decides what may be dropped.
enum observable_hint {
	OBSERVABLE_ALIAS = 1 << 0,   // of a DNS answer: a CNAME of the question led to it
	OBSERVABLE_PROXIED = 1 << 1, // of an HTTP request: it goes to a proxy
};

// A value seen in traffic, normalised (engine/normalize.h).
struct observable {
	enum observable_type type;
	enum observable_where where;
	struct address address; // OBSERVABLE_ADDRESS
	uint16_t port;          // OBSERVABLE_ADDRESS: that goes with it, 0 when there is none
	uint8_t protocol;       // OBSERVABLE_ADDRESS: IP protocol number
	uint8_t hints;          // enum observable_hint; not told with hits
	enum hash_algorithm algorithm; // OBSERVABLE_HASH
	struct slice text; // NAME: lower case, no root dot. URL: with scheme. HASH: digest bytes.
};

// A file that was transferred, as far as it was seen. Borrowed for the call that gives it.
struct file_seen {
	enum observable_where where;
	struct slice name;       // as whoever sent it names it, or empty
	struct slice media_type; // likewise
	uint64_t size_bytes;     // seen, content-encoding removed
	bool is_whole;           // else there are no hashes
	uint8_t algorithms;      // a bit for each enum hash_algorithm that there is
	uint8_t digests[HASH_ALGORITHM_COUNT][HASH_BYTES_MAX];
};

// Strongest first. A STIX pattern is realised by the first four; the others are told besides.
enum match_kind {
	MATCH_EXACT,      // the value itself
	MATCH_PREFIX,     // a covering network
	MATCH_URL_PREFIX, // the beginning of the URL
	MATCH_PATTERN,    // a LIKE or MATCHES pattern
	MATCH_PARENT,     // a name above it
	MATCH_URL_HOST,   // an SNI that is the host of a listed https URL
	MATCH_KIND_COUNT,
};

// "exact", "prefix", "url-prefix", "pattern", "parent", "url-host"
const char *match_kind_name(enum match_kind kind);

// "ipv4-addr", "ipv6-addr", "domain-name", "url", "file" (STIX's own names)
const char *observable_type_name(const struct observable *observable);

// Where and when: the packet that completed the observable, and its flow.
struct origin {
	int64_t time_ns;        // of the packet; of an address: of the flow's first packet
	int64_t last_time_ns;   // of an address: of the flow's last packet; else time_ns
	uint64_t packet_number; // 1-based within the capture
	uint64_t packet_count;  // of an address: the flow's so far, both directions; else 0
	uint64_t byte_count;    // likewise, bytes of IP packets
	uint32_t capture_id;    // index of the capture, as app numbers them
	uint16_t src_port;      // host byte order; ICMP: type
	uint16_t dst_port;      // ICMP: code
	struct address src;     // of the packet; of an address: the flow's first packet
	struct address dst;
	uint8_t protocol; // IP protocol number
};

// What a hit did to its packets.
enum hit_outcome {
	OUTCOME_NONE,       // nothing: no drop, or nothing that holds packets
	OUTCOME_DROPPED,    // they were dropped
	OUTCOME_WOULD_DROP, // they would have been: a dry run
};

// The fixed part of a hit as it travels; observable_bytes of text follow it. All-integer and
// without holes that matter: two equal hits are equal byte for byte.
struct hit {
	struct origin origin;
	struct observable observable; // .text.data is dangling in transit; hit_read() mends it
	uint32_t indicator_id;
	enum match_kind kind;
	enum action action;
	uint32_t is_vetoed;  // 1: the veto set made an alert of a drop
	uint32_t generation; // of the publication that judged it (engine/publish.h); 0: no sensor
	enum hit_outcome outcome;
};

// The record to push into a ring is {hit, sizeof(struct hit)} followed by observable.text.
// Reads one back: copies the fixed part, lets text point into `record`.
void hit_read(struct slice record, struct hit *ret_hit);
