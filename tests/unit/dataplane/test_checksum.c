#include "tests/unit/unit_test.h"

#include "dataplane/checksum.h"
#include "dataplane/fragment.h"
#include "tests/unit/dataplane/fragment_frames.h"
#include "tests/unit/dataplane/tunnel_frames.h"

static struct dataplane_counters counters;
static struct fragment_table fragments;
static struct packet packets[DECODE_PACKETS_MAX];

static int setup(void **state)
{
	(void)state;
	return fragment_table_open(&fragments);
}

static int teardown(void **state)
{
	(void)state;
	fragment_table_close(&fragments);
	return 0;
}

// Decodes with checksums verified, as far as `captured_bytes` go; returns how many packets.
static unsigned decode_cut(const struct live_frame *frame, size_t captured_bytes)
{
	const struct decoder decoder = {&fragments, &counters, true};
	const struct frame one = {
		.data = frame->bytes,
		.captured_bytes = (uint32_t)captured_bytes,
		.wire_bytes = (uint32_t)frame->size,
		.link = LINK_ETHERNET,
	};
	uint64_t has_more;

	memset(&counters, 0, sizeof(counters));
	has_more = decode_batch(&one, 1, 1, packets, &counters);
	return decode_layers(&decoder, &one, 1, has_more, packets);
}

static unsigned decode(const struct live_frame *frame)
{
	return decode_cut(frame, frame->size);
}

static const struct live_packet sent = {
	.src = 1,
	.dst = 2,
	.src_port = 1000,
	.dst_port = 53,
	.protocol = IP_UDP,
	.flags = TCP_ACK,
	.payload = {(const uint8_t *)"odd", 3},
};

static void sums_are_those_of_the_rfc(void **state)
{
	(void)state;
	// RFC 1071, section 3.
	assert_int_equal(checksum_add(0, slice_of("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8)), 0x2ddf0);
	assert_int_equal(checksum_fold(0x2ddf0), (uint16_t)~0xddf2);
	assert_int_equal(checksum_add(1, slice_of("\x12\x34\x56", 3)), 0x1234 + 0x5600 + 1);
	assert_int_equal(checksum_fold(UINT64_C(0xffffffff)), 0);
}

static void a_packet_with_a_wrong_byte_carries_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct live_packet packet = sent;
		struct live_frame frame;

		packet.is_ipv6 = i % 2;
		packet.protocol = i / 2 ? IP_TCP : IP_UDP;
		live_write(&packet, &frame);
		decode(&frame);
		assert_int_equal(counters.checksums_wrong, 0);
		assert_int_equal(packets[0].payload_bytes, 3);
		for (size_t at = frame.size - 3; at < frame.size; at++) {
			frame.bytes[at] ^= 0x10;
			decode(&frame);
			assert_int_equal(counters.checksums_wrong, 1);
			assert_true(packets[0].is_ip && packets[0].is_carrier);
			assert_int_equal(packets[0].payload_bytes, 0);
			assert_int_equal(packets[0].tcp_flags, 0);
			// Whether it is wrong cannot be told of what is not there whole.
			decode_cut(&frame, frame.size - 1);
			assert_int_equal(counters.checksums_wrong, 0);
			frame.bytes[at] ^= 0x10;
		}
	}
}

static void a_wrong_header_of_ipv4_is_enough(void **state)
{
	struct live_frame frame;

	(void)state;
	live_write(&sent, &frame);
	frame.bytes[14 + 8]++; // hops
	decode(&frame);
	assert_int_equal(counters.checksums_wrong, 1);
	decode_cut(&frame, frame.size - 1);
	assert_int_equal(counters.checksums_wrong, 1);
}

static void udp_without_a_checksum_is_right_in_ipv4_alone(void **state)
{
	struct live_packet packet = sent;
	struct live_frame frame;

	(void)state;
	for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		packet.is_ipv6 = is_ipv6;
		live_write(&packet, &frame);
		memset(frame.bytes + 14 + (is_ipv6 ? 40 : 20) + 6, 0, 2);
		decode(&frame);
		assert_int_equal(counters.checksums_wrong, is_ipv6);
	}
}

static void a_length_of_udp_beyond_the_packet_is_wrong(void **state)
{
	struct live_frame frame;

	(void)state;
	live_write(&sent, &frame);
	frame.bytes[14 + 20 + 5]++;
	decode(&frame);
	assert_int_equal(counters.checksums_wrong, 1);
}

static void icmp_is_verified_too(void **state)
{
	static const uint8_t echo[] = {8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
	struct live_frame frame;

	(void)state;
	live_write(&sent, &frame);
	frame.size = 14 + 20;
	frame.bytes[14 + 3] = 28;
	frame.bytes[14 + 9] = IP_ICMP;
	frame.bytes[14 + 10] = frame.bytes[14 + 11] = 0;
	uint16_t sum = live_checksum(frame.bytes + 14, 20, 0);
	frame.bytes[14 + 10] = (uint8_t)(sum >> 8);
	frame.bytes[14 + 11] = (uint8_t)sum;
	live_put_bytes(&frame, echo, sizeof(echo));
	decode(&frame);
	assert_int_equal(counters.checksums_wrong, 0);
	frame.bytes[frame.size - 1]++;
	decode(&frame);
	assert_int_equal(counters.checksums_wrong, 1);
}

static void what_segmentation_offload_left_open_is_not_wrong(void **state)
{
	struct live_packet packet = sent;
	struct live_frame frame;

	(void)state;
	packet.protocol = IP_TCP;
	live_write(&packet, &frame);
	frame.bytes[14 + 2] = frame.bytes[14 + 3] = 0; // the total length
	frame.bytes[14 + 10] = frame.bytes[14 + 11] = 0;
	uint16_t sum = live_checksum(frame.bytes + 14, 20, 0);
	frame.bytes[14 + 10] = (uint8_t)(sum >> 8);
	frame.bytes[14 + 11] = (uint8_t)sum;
	frame.bytes[frame.size - 1]++;
	decode(&frame);
	assert_int_equal(counters.checksums_wrong, 0);
}

static void the_packet_in_a_tunnel_is_verified_for_itself(void **state)
{
	struct live_frame frame;

	(void)state;
	tunnel_write(&tunnel_vxlan, &sent, &frame);
	assert_int_equal(decode(&frame), 2);
	assert_int_equal(counters.checksums_wrong, 0);
	assert_int_equal(packets[1].payload_bytes, 3);
	frame.bytes[frame.size - 1]++;
	assert_int_equal(decode(&frame), 2);
	assert_int_equal(counters.checksums_wrong, 1);
	assert_int_equal(packets[1].payload_bytes, 0);
	frame.bytes[14 + 8]++; // of the outer header: nothing is in it
	assert_int_equal(decode(&frame), 1);
	assert_int_equal(counters.checksums_wrong, 1);
	assert_false(packets[0].is_tunnel);
}

static void a_fragment_with_a_wrong_header_is_not_of_its_packet(void **state)
{
	struct live_frame whole, frame;

	(void)state;
	live_write(&sent, &whole);
	fragment_cut(&whole, 7, 0, 8, &frame);
	frame.bytes[14 + 8]++;
	decode(&frame);
	assert_int_equal(counters.checksums_wrong, 1);
	fragment_cut(&whole, 7, 8, 8, &frame);
	assert_int_equal(decode(&frame), 1);
	fragment_cut(&whole, 7, 0, 8, &frame);
	assert_int_equal(decode(&frame), 2);
	assert_int_equal(packets[1].payload_bytes, 3);
	assert_int_equal(counters.checksums_wrong, 0);
	whole.bytes[whole.size - 1]++; // of the whole, where alone it can be seen
	fragment_cut(&whole, 8, 0, 8, &frame);
	decode(&frame);
	fragment_cut(&whole, 8, 8, 8, &frame);
	assert_int_equal(decode(&frame), 2);
	assert_int_equal(packets[1].payload_bytes, 0);
	assert_int_equal(counters.checksums_wrong, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_rfc),
		cmocka_unit_test(a_packet_with_a_wrong_byte_carries_nothing),
		cmocka_unit_test(a_wrong_header_of_ipv4_is_enough),
		cmocka_unit_test(udp_without_a_checksum_is_right_in_ipv4_alone),
		cmocka_unit_test(a_length_of_udp_beyond_the_packet_is_wrong),
		cmocka_unit_test(icmp_is_verified_too),
		cmocka_unit_test(what_segmentation_offload_left_open_is_not_wrong),
		cmocka_unit_test(the_packet_in_a_tunnel_is_verified_for_itself),
		cmocka_unit_test(a_fragment_with_a_wrong_header_is_not_of_its_packet),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
