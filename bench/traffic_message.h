// bench/traffic_message.h — the messages of the generated traffic, as real clients write them.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "bench/traffic_random.h"
#include "engine/indicator.h"

// A DNS query for `name`, type A or AAAA after the family of `address` (RFC 1035, section 4).
void traffic_message_query(struct buffer *message, uint16_t id, const char *name,
                           const struct address *address);

// Its answer: the name has that address.
void traffic_message_answer(struct buffer *message, uint16_t id, const char *name,
                            const struct address *address);

// A TLS 1.3 ClientHello for `name` in one record (RFC 8446, section 4.1.2), 517 bytes, or some
// 1,700 with `has_large_key`, the size of a post-quantum key share.
void traffic_message_hello(struct buffer *message, struct traffic_random *random, const char *name,
                           bool has_large_key);

// A ServerHello to it.
void traffic_message_server_hello(struct buffer *message, struct traffic_random *random);

// The head of a TLS application data record with `body_bytes` behind it.
void traffic_message_record_head(struct buffer *message, size_t body_bytes);

// GET, or (has_upload) POST with a chunked body to follow.
void traffic_message_request(struct buffer *message, const char *host, const char *target,
                             bool has_upload);

// The head of a response whose body ends with the connection, and is text in gzip or random bytes.
void traffic_message_response(struct buffer *message, bool has_gzip);
