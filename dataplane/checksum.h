// dataplane/checksum.h — the Internet checksum (RFC 1071), and whether a packet's are right.
#pragma once

#include "dataplane/decode_parts.h"

// HOT. The sum of 16-bit words so far, not folded. Only the last run may have an odd size.
uint64_t checksum_add(uint64_t sum, struct slice bytes);

// HOT. What belongs into the header; 0 of what has the right one in it.
uint16_t checksum_fold(uint64_t sum);

// HOT. Would a receiver drop the packet at the beginning of `ip`, decoded as `packet`, for a
// checksum: IPv4's header's, TCP's, UDP's, ICMP's? What is not there whole cannot be told, nor what
// segmentation offload leaves to the card: then it would not. Of UDP, a length that the packet does
// not have counts as well, and in IPv6 none at all but in tunnels (RFC 6935).
bool checksum_is_wrong(struct slice ip, uint32_t wire_bytes, const struct packet *packet);

// HOT. Takes from those of packets[0..count) whose checksum is wrong what they carry, counts them,
// and takes their frames out of `wanted`, which is returned.
uint64_t checksum_batch(const struct frame frames[], unsigned count, uint64_t wanted,
                        struct packet packets[], struct dataplane_counters *counters);
