// dataplane/extract_quic.h — QUIC: the server name that a client's hello asks for, and for whoever
// observes what the hellos of both sides say besides.
//
// A hello lies in CRYPTO frames of Initial packets, and is put together from those of one datagram
// or several in bounded memory: one larger than QUIC_HELLO_BYTES_MAX, or in more pieces than
// QUIC_PIECES_MAX, is given up and counted as malformed.
//
// Packets of other kinds (0-RTT, Handshake, Retry, Version Negotiation) are stepped over, in a
// datagram with others or alone. The keys follow from the id that the client first sends to, after
// a Retry from the one that the Retry gave: a packet is opened by its own destination id, and when
// that fails by the one that opened the packet before, since clients go on with the first keys when
// they send to the id that the server chose.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/extract.h"
#include "dataplane/pool.h"
#include "dataplane/quic_crypto.h"
#include "dataplane/quic_packet.h"

enum {
	QUIC_DATAGRAMS_MAX = 8, // of one flow that are looked at for a client's hello, and as
	                        // many for a server's
	QUIC_PACKETS_MAX = 8,   // Initial ones of a datagram that are looked at: clients send one
	                        // or two, and each may cost keys of its own
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
// until the hello was whole (of an observer: the server's, too), could not be one, or a datagram
// was none that a connection begins with.
enum extract_verdict extract_quic_datagram(struct quic_table *table, uint32_t *hello_id,
                                           struct slice datagram, struct extract_output *output);

// The flow ends. Nothing happens when *hello_id is 0.
void extract_quic_end(struct quic_table *table, uint32_t *hello_id);
