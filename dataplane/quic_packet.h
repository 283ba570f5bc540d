// dataplane/quic_packet.h — the first packets of a QUIC connection, opened.
//
// An Initial packet is encrypted with keys that follow from its own destination connection id, so
// that anybody on the path may read it (RFC 9001, section 5.2). What a client sends in them is its
// ClientHello. Versions 1 (RFC 9000), 2 (RFC 9369) and the drafts 23 to 34 are known.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

enum {
	QUIC_INITIAL_BYTES_MAX = 2048, // larger ones are not opened; paths carry 1500
};

// A thread's working memory: digests, ciphers, the keys of the last connection, a packet's text.
struct quic_opener;

// Returns 0 and gives it to the caller (quic_opener_free), or -ENOMEM.
int quic_opener_create(struct quic_opener **ret_opener);

// Accepts NULL.
void quic_opener_free(struct quic_opener *opener);
DEFINE_AUTO(quic_opener, quic_opener_free)

// HOT. Does the datagram begin with an Initial packet of a version that is known?
bool quic_is_initial(struct slice datagram);

// HOT. Opens the packet at the front of the datagram as one that a client sent. Sets *ret_frames to
// what was in it, valid until the next call, and *ret_packet_bytes to where the next packet of the
// datagram begins. False, with *ret_packet_bytes set where that much is known (else 0), when it is
// no Initial packet or does not open: one of the server's, one that was damaged, one that belongs
// to a connection whose ids have changed.
bool quic_open_initial(struct quic_opener *opener, struct slice datagram, struct slice *ret_frames,
                       size_t *ret_packet_bytes);

// HOT. Reads an integer of variable length (RFC 9000, section 16) at *at, which moves behind it.
// False when the bytes end before it does.
bool quic_read_number(struct slice bytes, size_t *at, uint64_t *ret_number);
