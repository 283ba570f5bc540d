// dataplane/stream_order.h — segments of one direction of a TCP connection into order.
//
// What a receiver does with a segment (RFC 9293, section 3.10.7.4), as far as one who only listens
// can tell: docs/evasion.md has the cases.
#pragma once

#include "dataplane/stream_direction.h"

enum {
	// A segment that begins further off is not of what is read at present: no window is as
	// large in practice (RFC 7323 has 1 GB at most).
	STREAM_WINDOW_BYTES = 64 * 1024 * 1024,
	// So many of them, with none in between that is not so far off: there the direction goes
	// on.
	STREAM_STRAYS_MAX = 4,
	// How far behind a SYN that nobody has answered the first segment may begin: more is not
	// sent before an answer (RFC 6928). Else the SYN was none of this connection.
	STREAM_FIRST_FLIGHT_BYTES = 64 * 1024,
};

// HOT. Takes a packet of the direction. batch->packet must be `packet`.
void stream_order_take(struct stream_table *table, struct stream_direction *direction,
                       const struct packet *packet);

// HOT. The other side's SYN acknowledges what is before `sequence`: there the direction begins.
void stream_order_confirm(struct stream_table *table, struct stream_direction *direction,
                          uint32_t sequence);

// Delivers the first held piece, behind the gap before it if there is one.
void stream_order_give_held(struct stream_table *table, struct stream_direction *direction);
