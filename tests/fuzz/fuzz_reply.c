// An Ethernet frame that is dropped: what is sent on its account is whole, and goes where it
// should.
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "dataplane/reply.h"

static void check(const uint8_t *bytes, size_t size, const struct packet *asked, bool is_back)
{
	struct frame frame = {.data = bytes,
	                      .captured_bytes = (uint32_t)size,
	                      .wire_bytes = (uint32_t)size,
	                      .link = LINK_ETHERNET};
	struct dataplane_counters counters = {0};
	struct packet packet;

	if (size == 0)
		return;
	FUZZ_ASSERT(size >= 60 && size <= REPLY_BYTES_MAX);
	decode_batch(&frame, 1, 1, &packet, &counters);
	FUZZ_ASSERT(packet.is_ip && counters.packets_malformed == 0);
	FUZZ_ASSERT(packet.protocol == asked->protocol && packet.ip_offset == asked->ip_offset);
	FUZZ_ASSERT(packet.src_port == (is_back ? asked->dst_port : asked->src_port));
	FUZZ_ASSERT(memcmp(&packet.dst, is_back ? &asked->src : &asked->dst, 16) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dataplane_counters counters = {0};
	struct frame frame = {.data = data,
	                      .captured_bytes = (uint32_t)size,
	                      .wire_bytes = (uint32_t)size,
	                      .link = LINK_ETHERNET};
	uint8_t bytes[REPLY_BYTES_MAX];
	struct packet packet;

	if (size > UINT16_MAX)
		return 0;
	decode_batch(&frame, 1, 1, &packet, &counters);
	if (!packet.is_ip)
		return 0;
	check(bytes, reply_reset_sender(&frame, &packet, bytes), &packet, true);
	check(bytes, reply_reset_receiver(&frame, &packet, bytes), &packet, false);
	check(bytes, reply_nxdomain(&frame, &packet, bytes), &packet, true);
	return 0;
}
