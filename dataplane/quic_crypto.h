// dataplane/quic_crypto.h — a hello put together from CRYPTO frames (RFC 9000, section 19.6).
//
// Clients cut and shuffle theirs over one packet or several. What is told twice counts the first
// time. All of it is HOT.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	QUIC_HELLO_BYTES_MAX = 12 * 1024,
	QUIC_PIECES_MAX = 32, // of a hello, apart from each other
};

// Bytes [begin, end) of the hello are there.
struct quic_piece {
	uint32_t begin;
	uint32_t end;
};

struct quic_crypto {
	uint32_t piece_count;                          // all zero: nothing came yet
	struct quic_piece pieces[QUIC_PIECES_MAX + 1]; // ascending, apart; one to spare
	uint8_t bytes[QUIC_HELLO_BYTES_MAX];           // last: only what is there is kept
};

enum quic_frames {
	QUIC_FRAMES_TAKEN,
	QUIC_FRAMES_CLOSE,     // the connection is given up
	QUIC_FRAMES_MALFORMED, // what no such packet holds, or more than is kept
};

// Takes in the CRYPTO frames of an Initial packet.
enum quic_frames quic_crypto_take(struct quic_crypto *crypto, struct slice frames);

// The message that begins with the first byte, once all of it is there; else empty.
struct slice quic_crypto_message(const struct quic_crypto *crypto);

// How many bytes of the struct hold something.
size_t quic_crypto_used_bytes(const struct quic_crypto *crypto);
