// Packets in packets: that each tunnel is opened, and that what only looks like one is not.
#include "tests/unit/unit_test.h"

#include "dataplane/fragment.h"
#include "tests/unit/dataplane/tunnel_frames.h"

enum { HEADER_AT = 14 + 20 }; // behind Ethernet and the outer IP header

#define GRE_IP  "\x08\x00"
#define MAC     "\x02\x00\x00\x00\x00\x01"
#define SESSION "\x00\x00\x00\x07"

static const struct tunnel tunnels[] = {
	{"IPv4 in IPv4", IP_IPV4, 0, false, false, false, 0, ""},
	{"6in4", IP_IPV6, 0, false, false, true, 0, ""},
	{"GRE", IP_GRE, 0, false, false, false, TUNNEL_HEADER("\x00\x00" GRE_IP)},
	{"GRE with IPv6", IP_GRE, 0, false, false, true, TUNNEL_HEADER("\x00\x00\x86\xdd")},
	{"GRE with checksum, key and sequence number", IP_GRE, 0, false, false, false,
         TUNNEL_HEADER("\xb0\x00" GRE_IP "\x12\x34\x00\x00\x00\x00\x00\x07\x00\x00\x00\x01")},
	{"NVGRE", IP_GRE, 0, false, true, false, TUNNEL_HEADER("\x20\x00\x65\x58\x00\x00\x2a\x00")},
	{"MPLS in GRE", IP_GRE, 0, false, false, false,
         TUNNEL_HEADER("\x00\x00\x88\x47\x00\x00\x10\x40\x00\x00\x21\x40")},
	{"ERSPAN I", IP_GRE, 0, false, true, false, TUNNEL_HEADER("\x00\x00\x88\xbe")},
	{"ERSPAN II", IP_GRE, 0, false, true, false,
         TUNNEL_HEADER("\x10\x00\x88\xbe\x00\x00\x00\x01\x10\x0a\x00\x01\x00\x00\x00\x00")},
	{"ERSPAN III", IP_GRE, 0, false, true, false,
         TUNNEL_HEADER("\x10\x00\x22\xeb\x00\x00\x00\x01\x20\x0a\x00\x01\x00\x00\x00\x00"
                       "\x00\x00\x00\x00")},
	{"ERSPAN III with its platform's header", IP_GRE, 0, false, true, false,
         TUNNEL_HEADER("\x10\x00\x22\xeb\x00\x00\x00\x01\x20\x0a\x00\x01\x00\x00\x00\x00"
                       "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")},
	{"PPTP", IP_GRE, 0, false, false, false,
         TUNNEL_HEADER("\x30\x81\x88\x0b\x00\x20\x00\x07\x00\x00\x00\x01\x00\x00\x00\x01"
                       "\xff\x03\x00\x21")},
	{"WCCP 2", IP_GRE, 0, false, false, false,
         TUNNEL_HEADER("\x00\x00\x88\x3e\x00\x00\x00\x00")},
	{"EtherIP", IP_ETHERNET, 0, false, true, false, TUNNEL_HEADER("\x30\x00")},
	{"MPLS in IP", IP_MPLS, 0, false, false, true, TUNNEL_HEADER("\x00\x00\x21\x40")},
	{"L2TPv3 over IP", IP_L2TP, 0, false, true, false, TUNNEL_HEADER(SESSION)},
	{"L2TPv3 over IP with cookie and sublayer", IP_L2TP, 0, false, true, true,
         TUNNEL_HEADER(SESSION "\xde\xad\xbe\xef\x01\x02\x03\x04\x40\x00\x00\x01")},
	{"VXLAN", IP_UDP, 4789, false, true, false,
         TUNNEL_HEADER("\x08\x00\x00\x00\x00\x00\x2a\x00")},
	{"VXLAN with group policy", IP_UDP, 4789, false, true, true,
         TUNNEL_HEADER("\x88\x48\x00\x07\x00\x00\x2a\x00")},
	{"VXLAN at Linux' first port", IP_UDP, 8472, false, true, false,
         TUNNEL_HEADER("\x08\x00\x00\x00\x00\x00\x2a\x00")},
	{"VXLAN-GPE with Ethernet", IP_UDP, 4790, false, true, false,
         TUNNEL_HEADER("\x0c\x00\x00\x03\x00\x00\x2a\x00")},
	{"VXLAN-GPE with IPv6", IP_UDP, 4790, false, false, true,
         TUNNEL_HEADER("\x0c\x00\x00\x02\x00\x00\x2a\x00")},
	{"Geneve", IP_UDP, 6081, false, true, false,
         TUNNEL_HEADER("\x00\x00\x65\x58\x00\x00\x2a\x00")},
	{"Geneve with options", IP_UDP, 6081, false, false, true,
         TUNNEL_HEADER("\x02\x40\x86\xdd\x00\x00\x2a\x00\x01\x02\x83\x01\x00\x00\x00\x07")},
	{"GTP-U", IP_UDP, 2152, false, false, false,
         TUNNEL_HEADER("\x30\xff\x00\x00\x00\x00\x00\x07")},
	{"GTP-U from its port", IP_UDP, 2152, true, false, true,
         TUNNEL_HEADER("\x30\xff\x00\x00\x00\x00\x00\x07")},
	{"GTP-U with a sequence number", IP_UDP, 2152, false, false, false,
         TUNNEL_HEADER("\x32\xff\x00\x00\x00\x00\x00\x07\x00\x01\x00\x00")},
	{"GTP-U with extension headers", IP_UDP, 2152, false, false, false,
         TUNNEL_HEADER("\x34\xff\x00\x00\x00\x00\x00\x07\x00\x00\x00\x85\x01\x10\x09\xc0"
                       "\x02\x00\x00\x00\x00\x00\x00\x00")},
	{"L2TPv2", IP_UDP, 1701, false, false, false,
         TUNNEL_HEADER("\x00\x02\x00\x01\x00\x02\xff\x03\x00\x21")},
	{"L2TPv2 with length, sequence, offset", IP_UDP, 1701, false, false, true,
         TUNNEL_HEADER("\x4a\x02\x00\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x02\xaa\xaa\x57")},
	{"L2TPv3 over UDP", IP_UDP, 1701, false, true, false,
         TUNNEL_HEADER("\x00\x03\x00\x00" SESSION "\x00\x00\x00\x00")},
};

enum { TUNNELS = sizeof(tunnels) / sizeof(tunnels[0]) };

static struct dataplane_counters counters;
static struct fragment_table fragments;
static const struct decoder decoder = {.fragments = &fragments, .counters = &counters};
static struct packet packets[DECODE_PACKETS_MAX];

static const struct live_packet sent = {
	.src = 1,
	.dst = 2,
	.src_port = 1000,
	.dst_port = 53,
	.protocol = IP_UDP,
	.payload = {(const uint8_t *)"within", 6},
};

static unsigned decode_bytes(const uint8_t *bytes, size_t size, size_t wire_bytes)
{
	const struct frame frame = {
		.data = bytes,
		.captured_bytes = (uint32_t)size,
		.wire_bytes = (uint32_t)wire_bytes,
		.time_ns = 7,
		.link = LINK_ETHERNET,
	};
	uint64_t has_more;

	memset(&counters, 0, sizeof(counters));
	memset(packets, 0xee, sizeof(packets));
	has_more = decode_batch(&frame, 1, 9, packets, &counters);
	return decode_layers(&decoder, &frame, 1, has_more, packets);
}

static unsigned decode_frame(const struct live_frame *frame)
{
	return decode_bytes(frame->bytes, frame->size, frame->size);
}

static void each_tunnel_gives_the_packet_in_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TUNNELS; i++) {
		const struct packet *outer = &packets[0], *inner = &packets[1];
		struct live_frame frame;
		unsigned count;

		tunnel_write(&tunnels[i], &sent, &frame);
		count = decode_frame(&frame);
		if (count != 2)
			fail_msg("%s: %u packets", tunnels[i].name, count);
		assert_true(outer->is_tunnel && outer->is_carrier && outer->depth == 0);
		assert_int_equal(outer->src.octets[12], 203);
		assert_true(inner->is_ip && !inner->is_tunnel && !inner->is_carrier);
		assert_int_equal(inner->src.octets[15], 1);
		assert_int_equal(inner->dst.octets[15], 2);
		assert_int_equal(inner->dst_port, 53);
		assert_int_equal(inner->payload_bytes, 6);
		assert_memory_equal(inner->payload, "within", 6);
		assert_int_equal(inner->depth, 1);
		assert_int_equal(inner->frame, 0);
		assert_int_equal(inner->number, 9);
		assert_int_equal(inner->time_ns, 7);
		assert_int_equal(inner->transport_offset, 0); // nothing to answer
		assert_int_equal(counters.packets, 1);
		assert_int_equal(counters.packets_inner, 1);
		assert_int_equal(counters.packets_malformed, 0);
	}
}

static void every_truncation_of_every_tunnel_is_survived(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TUNNELS; i++) {
		struct live_frame frame;

		tunnel_write(&tunnels[i], &sent, &frame);
		for (size_t size = 0; size <= frame.size; size++) {
			uint8_t *copy = malloc(size + 1); // so that ASAN sees a read behind it

			memcpy(copy + 1, frame.bytes, size);
			assert_in_range(decode_bytes(copy + 1, size, size), 1, 2);
			assert_in_range(decode_bytes(copy + 1, size, frame.size), 1, 2);
			free(copy);
		}
	}
}

// A bit of the header that has to be 0, or 1, is not.
static void a_datagram_with_a_wrong_header_is_no_tunnel(void **state)
{
	static const struct {
		const char *tunnel;
		unsigned at;
		uint8_t bits;
	} changes[] = {
		{"VXLAN", 0, 0x08},
		{"VXLAN", 0, 0x01},
		{"VXLAN", 1, 0x01},
		{"VXLAN", 7, 0xff},
		{"Geneve", 0, 0x40},
		{"Geneve", 0, 0x3f},
		{"Geneve", 7, 0x01},
		{"Geneve", 1, 0x01},
		{"GTP-U", 0, 0x20},
		{"GTP-U", 0, 0x10},
		{"GTP-U", 0, 0x08},
		{"GTP-U", 1, 0xfe},
		{"GTP-U", 3, 0x01},
		{"L2TPv2", 0, 0x80},
		{"L2TPv2", 0, 0x10},
		{"L2TPv2", 1, 0x02},
		{"VXLAN-GPE with IPv6", 0, 0x04},
		{"L2TPv3 over UDP", 3, 0x01},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		for (unsigned j = 0; j < TUNNELS; j++) {
			struct live_frame frame;

			if (strcmp(changes[i].tunnel, tunnels[j].name) != 0)
				continue;
			tunnel_write(&tunnels[j], &sent, &frame);
			frame.bytes[HEADER_AT + 8 + changes[i].at] ^= changes[i].bits;
			if (decode_frame(&frame) != 1)
				fail_msg("%s, byte %u", changes[i].tunnel, changes[i].at);
			assert_false(packets[0].is_tunnel || packets[0].is_carrier);
			assert_true(packets[0].payload_bytes > 8);
		}
}

static void gre_with_routing_or_of_another_version_is_no_tunnel(void **state)
{
	struct live_frame frame;

	(void)state;
	tunnel_write(&tunnels[2], &sent, &frame);
	frame.bytes[HEADER_AT] |= 0x40;
	assert_int_equal(decode_frame(&frame), 1);
	frame.bytes[HEADER_AT] &= 0xbf;
	frame.bytes[HEADER_AT + 1] |= 2;
	assert_int_equal(decode_frame(&frame), 1);
	assert_false(packets[0].is_tunnel);
}

static void a_tunnel_with_something_else_is_one_all_the_same(void **state)
{
	struct live_frame frame;

	(void)state;
	tunnel_write(&tunnel_vxlan, &sent, &frame);
	frame.bytes[HEADER_AT + 8 + 8 + 12] = 0x08; // ARP
	frame.bytes[HEADER_AT + 8 + 8 + 13] = 0x06;
	assert_int_equal(decode_frame(&frame), 1);
	assert_true(packets[0].is_tunnel);
	assert_int_equal(counters.packets_malformed, 0);
}

static void teredo_is_known_by_its_addresses(void **state)
{
	const struct tunnel plain = {"Teredo", IP_UDP, 3544, false, false, true, 0, ""};
	const struct tunnel told = {
		"Teredo with authentication and origin",
		IP_UDP,
		3544,
		true,
		false,
		true,
		TUNNEL_HEADER("\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	                      "\x00\x00\x12\x34\x00\x00\x00\x00")};
	struct live_frame frame;

	(void)state;
	tunnel_write(&plain, &sent, &frame);
	assert_int_equal(decode_frame(&frame), 1); // no Teredo address
	memcpy(frame.bytes + HEADER_AT + 8 + 24, "\x20\x01\x00\x00", 4);
	assert_int_equal(decode_frame(&frame), 2);
	assert_memory_equal(packets[1].payload, "within", 6);
	tunnel_write(&told, &sent, &frame);
	memcpy(frame.bytes + HEADER_AT + 8 + told.header_bytes + 8, "\x20\x01\x00\x00", 4);
	assert_int_equal(decode_frame(&frame), 2);
	assert_memory_equal(packets[1].payload, "within", 6);
}

// So many IPv4 headers around a packet.
static void write_nested(unsigned layers, struct live_frame *frame)
{
	struct live_frame inside;

	live_write(&sent, &inside);
	frame->size = 0;
	live_put_bytes(frame, inside.bytes, 14);
	for (unsigned i = 0; i < layers; i++) {
		live_put(frame, 0x4500, 2);
		live_put(frame, (layers - i) * 20 + inside.size - 14, 2);
		live_put(frame, 0, 4);
		live_put(frame, 64, 1);
		live_put(frame, IP_IPV4, 1);
		live_put(frame, 0, 2);
		live_put(frame, 0xcb007100 + i, 4);
		live_put(frame, 0xcb007180 + i, 4);
	}
	live_put_bytes(frame, inside.bytes + 14, inside.size - 14);
}

static void four_layers_are_opened_and_no_more(void **state)
{
	struct live_frame frame;

	(void)state;
	write_nested(4, &frame);
	assert_int_equal(decode_frame(&frame), 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(packets[i].depth, i);
		assert_true(packets[i].is_tunnel == (i < 4));
	}
	assert_int_equal(packets[4].dst_port, 53);
	assert_int_equal(counters.layers_too_deep, 0);
	write_nested(60, &frame);
	assert_int_equal(decode_frame(&frame), 5);
	assert_int_equal(packets[4].protocol, IP_IPV4);
	assert_int_equal(counters.layers_too_deep, 1);
}

static void a_full_batch_of_the_deepest_frames_has_room(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct live_frame frame;
	uint64_t has_more;

	(void)state;
	write_nested(9, &frame);
	for (unsigned i = 0; i < PORT_BURST_MAX; i++)
		frames[i] = (struct frame){frame.bytes, (uint32_t)frame.size, (uint32_t)frame.size,
		                           7,           LINK_ETHERNET,        NULL};
	has_more = decode_batch(frames, PORT_BURST_MAX, 1, packets, &counters);
	assert_int_equal(decode_layers(&decoder, frames, PORT_BURST_MAX, has_more, packets),
	                 DECODE_PACKETS_MAX);
	for (unsigned i = PORT_BURST_MAX; i < DECODE_PACKETS_MAX; i++) // in the frames' order
		assert_int_equal(packets[i].frame, (i - PORT_BURST_MAX) / DECODE_LAYERS_MAX);
}

static void a_packet_larger_than_its_tunnel_carries_nothing(void **state)
{
	struct live_frame frame;

	(void)state;
	tunnel_write(&tunnel_vxlan, &sent, &frame);
	frame.bytes[HEADER_AT + 8 + 8 + 14 + 2] = 0x7f; // the inner packet's total length
	assert_int_equal(decode_frame(&frame), 2);
	assert_int_equal(packets[1].payload_bytes, 0);
	assert_int_equal(counters.packets_malformed, 1);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_tunnel_gives_the_packet_in_it),
		cmocka_unit_test(every_truncation_of_every_tunnel_is_survived),
		cmocka_unit_test(a_datagram_with_a_wrong_header_is_no_tunnel),
		cmocka_unit_test(gre_with_routing_or_of_another_version_is_no_tunnel),
		cmocka_unit_test(a_tunnel_with_something_else_is_one_all_the_same),
		cmocka_unit_test(teredo_is_known_by_its_addresses),
		cmocka_unit_test(four_layers_are_opened_and_no_more),
		cmocka_unit_test(a_full_batch_of_the_deepest_frames_has_room),
		cmocka_unit_test(a_packet_larger_than_its_tunnel_carries_nothing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
