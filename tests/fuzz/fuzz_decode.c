// A frame of any link type, and the packets in it: what decode gives lies within the frame, or
// within what was put together, and so does what an ICMP error quotes.
#include "tests/fuzz/fuzz.h"

#include "dataplane/fragment.h"

static bool lies_within(const struct packet *packet, const uint8_t *data, size_t size)
{
	return packet->payload >= data && packet->payload <= data + size &&
	       (size_t)(packet->payload - data) + packet->payload_bytes <= size;
}

static void check_packet(const struct packet *packet, const struct frame *frame,
                         const struct fragment_table *fragments)
{
	struct packet quoted;

	if (!packet->is_ip)
		return;
	FUZZ_ASSERT(packet->depth <= DECODE_LAYERS_MAX && packet->frame == 0);
	FUZZ_ASSERT(packet->payload_bytes == 0 ||
	            lies_within(packet, frame->data, frame->captured_bytes) ||
	            lies_within(packet, fragments->wholes, fragments->wholes_bytes));
	if (packet->is_icmp_error && decode_quote(packet, &quoted))
		FUZZ_ASSERT(quoted.payload_bytes == 0);
}

// Decodes `size` bytes as one frame.
static void decode(struct fragment_table *fragments, enum link_type link, const uint8_t *data,
                   size_t size, uint8_t cut_bytes)
{
	static struct packet packets[DECODE_PACKETS_MAX];
	struct dataplane_counters counters = {0};
	const struct decoder decoder = {fragments, &counters, cut_bytes & 1};
	const struct frame frame = {
		.data = data,
		.captured_bytes = (uint32_t)size,
		.wire_bytes = (uint32_t)size + cut_bytes / 2,
		.link = link,
	};
	uint64_t has_more = decode_batch(&frame, 1, 1, packets, &counters);
	unsigned count = decode_layers(&decoder, &frame, 1, has_more, packets);

	FUZZ_ASSERT(counters.packets == 1);
	FUZZ_ASSERT(count >= 1 && count <= 1 + DECODE_LAYERS_MAX);
	for (unsigned i = 0; i < count; i++)
		check_packet(&packets[i], &frame, fragments);
}

// The first byte chooses the link type, the second how much was cut off; then come frames, each
// but the last behind its size. They lie in memory of their own, so that ASAN sees a read behind.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum link_type links[] = {
		LINK_ETHERNET,
		LINK_NULL,
		LINK_LOOP,
		LINK_RAW,
		LINK_LINUX_SLL,
		LINK_LINUX_SLL2,
		LINK_IPV4,
		LINK_IPV6,
		LINK_RAW_BSD,
		LINK_RAW_OPENBSD,
		(enum link_type)9999,
		LINK_PPP,
		LINK_PPP_SERIAL,
		LINK_PPP_ETHERNET,
		LINK_CISCO_HDLC,
		LINK_WIFI,
		LINK_WIFI_RADIOTAP,
		LINK_NFLOG,
	};
	static struct fragment_table fragments;
	enum link_type link;
	uint8_t cut_bytes;

	if (size < 2)
		return 0;
	if (fragments.heads == NULL)
		FUZZ_ASSERT(fragment_table_open(&fragments) == 0);
	link = links[data[0] % (sizeof(links) / sizeof(links[0]))];
	cut_bytes = data[1];
	data += 2;
	size -= 2;
	while (size > 0) {
		// A whole frame, as the seeds have it, or several: the sizes are in front.
		bool has_size = (cut_bytes & 0x80) != 0 && size > 2;
		size_t frame_size = has_size ? (size_t)(data[0] << 8 | data[1]) : size;
		uint8_t *copy;

		data += has_size ? 2 : 0;
		size -= has_size ? 2 : 0;
		if (frame_size > size)
			frame_size = size;
		copy = malloc(frame_size + 1);
		memcpy(copy, data, frame_size);
		decode(&fragments, link, copy, frame_size, cut_bytes & 0x7f);
		free(copy);
		data += frame_size;
		size -= frame_size;
		if (!has_size)
			break;
	}
	fragment_table_clear(&fragments);
	return 0;
}
