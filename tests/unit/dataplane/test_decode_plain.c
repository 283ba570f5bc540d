#include "tests/unit/unit_test.h"

#include "bench/traffic_random.h"
#include "dataplane/decode.h"
#include "tests/unit/dataplane/frames.h"

enum { LINK_BYTES = 14, HEADER_BYTES = 20 + 20, FRAMES = 200000 };

static struct packet decode(const struct frame *frame, struct dataplane_counters *counters)
{
	struct packet packet;

	memset(&packet, 0xee, sizeof(packet));
	memset(counters, 0, sizeof(*counters));
	decode_batch(frame, 1, 9, &packet, counters);
	return packet;
}

// A segment some of whose header bytes are random, cut short now and then.
static struct frame make(struct traffic_random *random, uint8_t bytes[FRAME_BYTES_MAX])
{
	const struct segment segment = {
		.src = 1,
		.dst = 2,
		.src_port = 1234,
		.dst_port = 80,
		.protocol = traffic_random_below(random, 2) == 0 ? IP_TCP : IP_UDP,
		.flags = TCP_ACK,
		.sequence = 77,
		.text = "a payload of some bytes",
	};
	uint32_t size = frame_write(&segment, bytes);
	uint32_t captured = size;

	for (unsigned i = traffic_random_below(random, 4); i > 0; i--)
		bytes[LINK_BYTES + traffic_random_below(random, HEADER_BYTES)] =
			(uint8_t)traffic_random_next(random);
	if (traffic_random_below(random, 4) == 0)
		captured = LINK_BYTES + traffic_random_below(random, size - LINK_BYTES + 1);
	return (struct frame){bytes, captured, size, 7, LINK_ETHERNET, NULL};
}

static void assert_same(const struct packet *plain, const struct packet *other)
{
	assert_int_equal(plain->is_ip, other->is_ip);
	if (!plain->is_ip)
		return;
	assert_memory_equal(&plain->src, &other->src, sizeof(plain->src));
	assert_memory_equal(&plain->dst, &other->dst, sizeof(plain->dst));
	assert_ptr_equal(plain->payload, other->payload);
	assert_int_equal(plain->payload_bytes, other->payload_bytes);
	assert_int_equal(plain->missing_bytes, other->missing_bytes);
	assert_int_equal(plain->ip_bytes, other->ip_bytes);
	assert_int_equal(plain->sequence, other->sequence);
	assert_int_equal(plain->src_port, other->src_port);
	assert_int_equal(plain->dst_port, other->dst_port);
	assert_int_equal(plain->protocol, other->protocol);
	assert_int_equal(plain->tcp_flags, other->tcp_flags);
	if (plain->tcp_flags != 0) {
		assert_int_equal(plain->acknowledged, other->acknowledged);
		assert_int_equal(plain->urgent_offset, other->urgent_offset);
	}
	assert_int_equal(plain->fragment, other->fragment);
	assert_int_equal(plain->fragment_id, other->fragment_id);
	assert_int_equal(plain->has_ports, other->has_ports);
	assert_int_equal(plain->is_icmp_error, other->is_icmp_error);
	assert_int_equal(plain->is_tunnel, other->is_tunnel);
	assert_int_equal(plain->is_carrier, other->is_carrier);
	assert_int_equal(plain->depth, other->depth);
	assert_int_equal(plain->ip_offset, other->ip_offset + LINK_BYTES);
	assert_int_equal(plain->transport_offset,
	                 other->transport_offset != 0 ? other->transport_offset + LINK_BYTES : 0);
}

// Without its link header a frame is decoded step by step.
static void a_plain_frame_gives_what_is_decoded_step_by_step(void **state)
{
	struct traffic_random random = {1};
	uint8_t bytes[FRAME_BYTES_MAX];

	(void)state;
	for (unsigned i = 0; i < FRAMES; i++) {
		const struct frame frame = make(&random, bytes);
		const struct frame inner = {bytes + LINK_BYTES,
		                            frame.captured_bytes - LINK_BYTES,
		                            frame.wire_bytes - LINK_BYTES,
		                            7,
		                            LINK_RAW,
		                            NULL};
		struct dataplane_counters counters, other_counters;
		const struct packet packet = decode(&frame, &counters);
		const struct packet other = decode(&inner, &other_counters);

		assert_same(&packet, &other);
		assert_int_equal(counters.packets_malformed, other_counters.packets_malformed);
		assert_int_equal(counters.fragments, other_counters.fragments);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_frame_gives_what_is_decoded_step_by_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
