// dataplane/reply.h — frames of our own, made of the packet that they answer.
//
// Its link header, with all VLAN tags, is kept; only Ethernet is answered. Checksums are right, and
// a frame that is too short for Ethernet is filled up.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/decode.h"

enum {
	// Link header, IPv6, UDP, DNS header, a question, an OPT record: 14+32, 40, 8, 12, 259, 11.
	REPLY_BYTES_MAX = 384,
};

// HOT. Each writes a frame and returns its size, or 0 when there is nothing to be said.

// A TCP reset for whoever sent `packet`, as if the other end had sent it; not of a reset.
size_t reply_reset_sender(const struct frame *frame, const struct packet *packet,
                          uint8_t ret_bytes[REPLY_BYTES_MAX]);

// A TCP reset for whoever `packet` is for, in its place; not of the SYN, of which nobody knows yet.
size_t reply_reset_receiver(const struct frame *frame, const struct packet *packet,
                            uint8_t ret_bytes[REPLY_BYTES_MAX]);

// NXDOMAIN (RFC 1035, section 4.1.1) to the one question that `packet`, of UDP, asks.
size_t reply_nxdomain(const struct frame *frame, const struct packet *packet,
                      uint8_t ret_bytes[REPLY_BYTES_MAX]);
