// dataplane/extract_quic.h — QUIC: the server name that a client's hello asks for.
//
// The hello lies in CRYPTO frames (RFC 9000, section 19.6) of Initial packets, which clients cut
// and shuffle over one datagram or several. It is put together in bounded memory: what is told
// twice counts the first time; a hello larger than QUIC_HELLO_BYTES_MAX, or in more pieces than
// QUIC_PIECES_MAX, is given up and counted as malformed.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/extract.h"
#include "dataplane/pool.h"
#include "dataplane/quic_packet.h"

enum {
	QUIC_HELLO_BYTES_MAX = 12 * 1024,
	QUIC_PIECES_MAX = 32,   // of a hello, apart from each other
	QUIC_DATAGRAMS_MAX = 8, // of one flow that are looked at
};

struct quic_hello;

// A worker's: the hellos that are not whole yet, and what opens packets.
struct quic_table {
	struct pool hellos;
	struct quic_opener *opener;
	struct quic_hello *work; // the hello of the datagram at hand
};

// Returns 0, or -ENOMEM with *table untouched.
int quic_table_open(struct quic_table *table, size_t budget_bytes);

// Accepts an all-zero table.
void quic_table_close(struct quic_table *table);

// HOT. Takes a datagram of a flow whose *hello_id is 0 at first and then this function's. MORE
// until the hello was whole, could not be one, or a datagram was none that a client begins with.
enum extract_verdict extract_quic_datagram(struct quic_table *table, uint32_t *hello_id,
                                           struct slice datagram, struct extract_output *output);

// The flow ends. Nothing happens when *hello_id is 0.
void extract_quic_end(struct quic_table *table, uint32_t *hello_id);
