// A frame of any link type: what decode gives lies within the frame, and so does what an ICMP
// error quotes.
#include "tests/fuzz/fuzz.h"

#include "dataplane/decode.h"

static void check_payload(const struct packet *packet, const uint8_t *data, size_t size)
{
	if (packet->payload_bytes == 0)
		return;
	FUZZ_ASSERT(packet->payload >= data);
	FUZZ_ASSERT((size_t)(packet->payload - data) + packet->payload_bytes <= size);
}

// The first byte chooses the link type, the second how much was cut off.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum link_type links[] = {
		LINK_ETHERNET,        LINK_NULL, LINK_LOOP, LINK_RAW,     LINK_LINUX_SLL,
		LINK_LINUX_SLL2,      LINK_IPV4, LINK_IPV6, LINK_RAW_BSD, LINK_RAW_OPENBSD,
		(enum link_type)9999,
	};
	struct dataplane_counters counters = {0};
	struct packet packet, quoted;
	struct frame frame;

	if (size < 2)
		return 0;
	frame = (struct frame){
		.data = data + 2,
		.captured_bytes = (uint32_t)size - 2,
		.wire_bytes = (uint32_t)size - 2 + data[1],
		.link = links[data[0] % (sizeof(links) / sizeof(links[0]))],
	};
	decode_batch(&frame, 1, 1, &packet, &counters);
	FUZZ_ASSERT(counters.packets == 1);
	if (!packet.is_ip)
		return 0;
	check_payload(&packet, frame.data, frame.captured_bytes);
	if (packet.is_icmp_error && decode_quote(&packet, &quoted))
		FUZZ_ASSERT(quoted.payload_bytes == 0);
	return 0;
}
