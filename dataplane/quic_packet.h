// dataplane/quic_packet.h — the first packets of a QUIC connection, opened.
//
// An Initial packet is encrypted with keys that follow from its own destination connection id, so
// that anybody on the path may read it (RFC 9001, section 5.2). What a client sends in them is its
// ClientHello, and a server its ServerHello. Versions 1 (RFC 9000), 2 (RFC 9369) and the drafts 23
// to 34 are known.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/slice.h"
#include "dataplane/quic_keys.h"

enum {
	QUIC_INITIAL_BYTES_MAX = 2048, // larger ones are not opened; paths carry 1500
	QUIC_ID_BYTES_MAX = 20,        // RFC 9000, section 17.2
};

// A connection id.
struct quic_id {
	uint8_t size;
	uint8_t bytes[QUIC_ID_BYTES_MAX];
};

// A packet with a long header, of a version that is known, as it lies in a datagram.
struct quic_packet {
	const struct quic_version *version;
	bool is_initial;            // else 0-RTT, Handshake or Retry
	struct quic_id destination; // an Initial's
	struct slice bytes;         // all of it
	size_t number_at;           // offset of an Initial's packet number, protected
};

// A thread's working memory: digests, ciphers, the keys of the last connection, a packet's text.
struct quic_opener;

// Returns 0 and gives it to the caller (quic_opener_free), or -ENOMEM.
int quic_opener_create(struct quic_opener **ret_opener);

// Accepts NULL.
void quic_opener_free(struct quic_opener *opener);
DEFINE_AUTO(quic_opener, quic_opener_free)

// HOT. Does the datagram begin with a packet that a connection begins with: one with a long header,
// of a version that is known, or a Version Negotiation?
bool quic_is_long(struct slice datagram);

// HOT. Reads the header of the packet at the front of a datagram. False when it is none with a long
// header of a known version, or not all of it is there.
bool quic_read_packet(struct slice datagram, struct quic_packet *ret_packet);

// HOT. Opens an Initial packet as one that `sender` sent, with the keys that follow from `id`. Sets
// *ret_frames to what was in it, valid until the next call. False when it does not open: it is the
// other side's, was damaged, or the id is another.
bool quic_open(struct quic_opener *opener, const struct quic_packet *packet,
               const struct quic_id *id, enum quic_side sender, struct slice *ret_frames);

static inline bool quic_id_equal(const struct quic_id *one, const struct quic_id *other)
{
	return one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

// HOT. Reads an integer of variable length (RFC 9000, section 16) at *at, which moves behind it.
// False when the bytes end before it does.
bool quic_read_number(struct slice bytes, size_t *at, uint64_t *ret_number);
