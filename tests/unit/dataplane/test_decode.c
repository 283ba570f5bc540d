#include "tests/unit/unit_test.h"

#include "dataplane/decode.h"
#include "engine/normalize.h"
#include "tests/unit/dataplane/frames.h"

#define BYTES(text) slice_of(text, sizeof(text) - 1)

// 192.0.2.1:4660 → 192.0.2.2:53, UDP, payload "ab".
#define UDP4                                                                               \
	"\x45\x00\x00\x1e\x00\x00\x00\x00\x40\x11\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02" \
	"\x12\x34\x00\x35\x00\x0a\x00\x00"                                                 \
	"ab"
#define MACS "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
#define IPV6(payload_size, next_header)                                    \
	"\x60\x00\x00\x00\x00" payload_size next_header "\x40"             \
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" \
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
#define UDP                                \
	"\x12\x34\x00\x35\x00\x0a\x00\x00" \
	"ab"

static struct dataplane_counters counters;

static struct packet decode(enum link_type link, struct slice bytes)
{
	struct frame frame = {bytes.data, (uint32_t)bytes.size, (uint32_t)bytes.size, 7, link};
	struct packet packet;

	memset(&packet, 0xee, sizeof(packet));
	memset(&counters, 0, sizeof(counters));
	decode_batch(&frame, 1, 9, &packet, &counters);
	return packet;
}

static void assert_udp4(struct packet packet)
{
	char text[ADDRESS_TEXT_BYTES];

	assert_true(packet.is_ip);
	normalize_format_address(&packet.src, text);
	assert_string_equal(text, "192.0.2.1");
	normalize_format_address(&packet.dst, text);
	assert_string_equal(text, "192.0.2.2");
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.src_port, 0x1234);
	assert_int_equal(packet.dst_port, 53);
	assert_int_equal(packet.payload_bytes, 2);
	assert_memory_equal(packet.payload, "ab", 2);
	assert_int_equal(packet.ip_bytes, 30);
}

static void every_link_type_leads_to_the_ip_header(void **state)
{
	(void)state;
	assert_udp4(decode(LINK_ETHERNET, BYTES(MACS "\x08\x00" UDP4)));
	assert_udp4(decode(LINK_RAW, BYTES(UDP4)));
	assert_udp4(decode(LINK_RAW_BSD, BYTES(UDP4)));
	assert_udp4(decode(LINK_IPV4, BYTES(UDP4)));
	assert_udp4(decode(LINK_NULL, BYTES("\x02\x00\x00\x00" UDP4)));
	assert_udp4(decode(LINK_NULL, BYTES("\x00\x00\x00\x02" UDP4)));
	assert_udp4(decode(LINK_LOOP, BYTES("\x00\x00\x00\x02" UDP4)));
	assert_udp4(decode(LINK_LINUX_SLL, BYTES("\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01"
	                                         "\x00\x00\x08\x00" UDP4)));
	assert_udp4(decode(LINK_LINUX_SLL2,
	                   BYTES("\x08\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x06\x02\x00\x00\x00"
	                         "\x00\x01\x00\x00" UDP4)));
}

#define SNAP "\xaa\xaa\x03\x00\x00\x00\x08\x00"

static void wireless_frames_lead_to_the_ip_header(void **state)
{
	(void)state;
	assert_udp4(decode(LINK_WIFI, BYTES("\x08\x01\x00\x00" MACS "\x02\x00\x00\x00\x00\x03"
	                                    "\x00\x00" SNAP UDP4)));
	// Quality of service, with a fourth address, padded to four bytes.
	assert_udp4(decode(LINK_WIFI_RADIOTAP,
	                   BYTES("\x00\x00\x11\x00\x03\x00\x00\x00"
	                         "\x00\x00\x00\x00\x00\x00\x00\x00"
	                         "\x20"
	                         "\x88\x03\x00\x00" MACS "\x02\x00\x00\x00\x00\x03"
	                         "\x00\x00\x02\x00\x00\x00\x00\x04\x00\x00" SNAP UDP4)));
	// Encrypted; a later fragment; without data; received with a wrong checksum.
	assert_false(decode(LINK_WIFI, BYTES("\x08\x41\x00\x00" MACS "\x02\x00\x00\x00\x00\x03"
	                                     "\x00\x00" SNAP UDP4))
	                     .is_ip);
	assert_false(decode(LINK_WIFI, BYTES("\x08\x01\x00\x00" MACS "\x02\x00\x00\x00\x00\x03"
	                                     "\x01\x00" SNAP UDP4))
	                     .is_ip);
	assert_false(decode(LINK_WIFI, BYTES("\x48\x01\x00\x00" MACS "\x02\x00\x00\x00\x00\x03"
	                                     "\x00\x00" SNAP UDP4))
	                     .is_ip);
	assert_false(
		decode(LINK_WIFI_RADIOTAP, BYTES("\x00\x00\x09\x00\x02\x00\x00\x00\x40"
	                                         "\x08\x01\x00\x00" MACS "\x02\x00\x00\x00\x00\x03"
	                                         "\x00\x00" SNAP UDP4))
			.is_ip);
}

static void what_stands_between_the_link_and_ip_is_passed_over(void **state)
{
	const struct {
		enum link_type link;
		struct slice bytes;
	} frames[] = {
		{LINK_ETHERNET, BYTES(MACS "\x88\x47\x00\x00\x10\x40\x00\x00\x21\x40" UDP4)},
		{LINK_ETHERNET, BYTES(MACS "\x88\x47\x00\x00\x11\x40" // with a control word
	                                   "\x00\x00\x00\x00" MACS "\x08\x00" UDP4)},
		{LINK_ETHERNET, BYTES(MACS "\x88\x47\x00\x00\x11\x40" MACS "\x08\x00" UDP4)},
		{LINK_ETHERNET, BYTES(MACS "\x88\x64\x11\x00\x00\x07\x00\x20\x00\x21" UDP4)},
		{LINK_ETHERNET, BYTES(MACS "\x81\x00\x00\x05\x81\x00\x00\x06\x88\x64"
	                                   "\x11\x00\x00\x07\x00\x20\x21" UDP4)},
		{LINK_ETHERNET, BYTES(MACS "\x00\x26" SNAP UDP4)},
		{LINK_PPP, BYTES("\xff\x03\x00\x21" UDP4)},
		{LINK_PPP_SERIAL, BYTES("\x21" UDP4)},
		{LINK_PPP_ETHERNET, BYTES("\x11\x00\x00\x07\x00\x20\x00\x21" UDP4)},
		{LINK_CISCO_HDLC, BYTES("\x0f\x00\x08\x00" UDP4)},
		{LINK_NFLOG, BYTES("\x02\x00\x00\x00\x05\x00\x0a\x00\x00\x00\x00\x00"
	                           "\x22\x00\x09\x00" UDP4)},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct packet packet = decode(frames[i].link, frames[i].bytes);

		if (!packet.is_ip)
			fail_msg("frame %u", i);
		assert_udp4(packet);
		// But for Cisco's, whose header is like Ethernet's, nothing can answer in kind.
		assert_int_equal(packet.transport_offset != 0, frames[i].link == LINK_CISCO_HDLC);
	}
}

static void labels_and_frames_in_frames_have_a_bound(void **state)
{
	uint8_t bytes[2048];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i += 4)
		memcpy(bytes + i, "\x00\x00\x20\x40", 4); // a label that is not the last
	memcpy(bytes + 12, "\x88\x47", 2);
	assert_false(decode(LINK_ETHERNET, slice_of(bytes, sizeof(bytes))).is_ip);
	for (unsigned i = 0; i + 18 <= sizeof(bytes); i += 18) // MPLS in Ethernet in MPLS …
		memcpy(bytes + i, MACS "\x88\x47\x00\x00\x21\x40", 18);
	assert_false(decode(LINK_ETHERNET, slice_of(bytes, sizeof(bytes))).is_ip);
}

// RFC 2675: the length of more than 64 KB is an option's.
static void a_jumbogram_has_the_length_of_its_option(void **state)
{
	static const char head[] = IPV6("\x00", "\x00") "\x11\x00\xc2\x04\x00\x01\x11\x70" // 70,000
							"\x12\x34\x00\x35\x00\x00\x00\x00";
	uint8_t *bytes = calloc(1, 70100);
	struct packet packet;

	(void)state;
	memcpy(bytes, head, sizeof(head) - 1);
	packet = decode(LINK_RAW, slice_of(bytes, 70100));
	assert_int_equal(packet.ip_bytes, 70040);
	assert_int_equal(packet.dst_port, 53);
	assert_int_equal(packet.payload_bytes, 70000 - 8 - 8);
	assert_int_equal(counters.packets_malformed, 0);
	packet = decode(LINK_RAW, slice_of(bytes, 70039)); // less than it says
	assert_int_equal(packet.payload_bytes, 0);
	assert_int_equal(counters.packets_malformed, 1);
	bytes[45] = bytes[46] = 0; // no jumbogram: what segmentation offload leaves
	packet = decode(LINK_RAW, slice_of(bytes, 100));
	assert_int_equal(packet.ip_bytes, 100);
	free(bytes);
}

static void authentication_between_ipv4_and_the_transport_is_passed_over(void **state)
{
	char bytes[] = "\x45\x00\x00\x36\x00\x00\x00\x00\x40\x33\x00\x00\xc0\x00\x02\x01"
		       "\xc0\x00\x02\x02"
		       "\x11\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01"
		       "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" UDP;
	struct packet packet = decode(LINK_RAW, slice_of(bytes, sizeof(bytes) - 1));

	(void)state;
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.dst_port, 53);
	assert_int_equal(packet.payload_bytes, 2);
}

static void vlan_tags_are_passed_over_up_to_a_bound(void **state)
{
	struct packet packet;

	(void)state;
	assert_udp4(decode(LINK_ETHERNET, BYTES(MACS "\x81\x00\x00\x07\x08\x00" UDP4)));
	assert_udp4(decode(
		LINK_ETHERNET,
		BYTES(MACS "\x88\xa8\x00\x07\x91\x00\x00\x08\x81\x00\x00\x09\x08\x00" UDP4)));
	packet = decode(LINK_ETHERNET,
	                BYTES(MACS
	                      "\x81\x00\x00\x07\x81\x00\x00\x07\x81\x00\x00\x07\x81\x00\x00\x07"
	                      "\x81\x00\x00\x07\x81\x00\x00\x07\x81\x00\x00\x07\x81\x00\x00\x07"
	                      "\x81\x00\x00\x07\x08\x00" UDP4));
	assert_false(packet.is_ip);
}

static void what_is_no_ip_is_counted_as_what_it_is(void **state)
{
	(void)state;
	assert_false(decode(LINK_ETHERNET, BYTES(MACS "\x08\x06" UDP4)).is_ip);
	assert_int_equal(counters.packets_not_ip, 1);
	assert_false(decode((enum link_type)999, BYTES(UDP4)).is_ip);
	assert_int_equal(counters.packets_unknown_link, 1);
	assert_false(decode(LINK_RAW, BYTES("\x35" UDP4)).is_ip);
	assert_int_equal(counters.packets_malformed, 1);
	assert_false(decode(LINK_ETHERNET, BYTES(MACS)).is_ip);
	assert_int_equal(counters.packets_not_ip, 1);
}

static void padding_behind_the_packet_is_not_payload(void **state)
{
	(void)state;
	assert_udp4(decode(LINK_ETHERNET, BYTES(MACS "\x08\x00" UDP4 "padding")));
}

static void a_total_length_of_zero_means_the_frame(void **state)
{
	char bytes[] = UDP4;
	struct packet packet;

	(void)state;
	bytes[3] = 0;
	packet = decode(LINK_RAW, slice_of(bytes, sizeof(bytes) - 1));
	assert_udp4(packet);
}

static void every_truncation_is_survived(void **state)
{
	static const char whole[] = MACS "\x81\x00\x00\x07\x86\xdd" IPV6(
		"\x1a",
		"\x00") "\x2b\x00\x01\x04\x00\x00\x00\x00\x11\x00\x00\x00\x00\x00\x00\x00" UDP;

	(void)state;
	for (size_t size = 0; size < sizeof(whole); size++) {
		uint8_t *copy = malloc(size + 1); // so that ASAN sees a read behind it
		struct packet packet;

		memcpy(copy + 1, whole, size);
		packet = decode(LINK_ETHERNET, slice_of(copy + 1, size));
		assert_int_equal(packet.is_ip, size >= 18 + 40);
		free(copy);
	}
}

static void ipv6_extension_headers_are_walked(void **state)
{
	struct packet packet =
		decode(LINK_RAW,
	               BYTES(IPV6("\x22", "\x00") "\x2b\x00\x01\x04\x00\x00\x00\x00" // hop-by-hop
	                                          "\x3c\x00\x00\x00\x00\x00\x00\x00" // routing
	                                          "\x11\x00\x01\x04\x00\x00\x00\x00" UDP));

	(void)state;
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.dst_port, 53);
	assert_int_equal(packet.payload_bytes, 2);
	packet = decode(LINK_RAW,
	                BYTES(IPV6("\x22", "\x33") "\x11\x04\x00\x00\x00\x00\x00\x01\x00\x00"
	                                           "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
	                                           "\x00\x00\x00\x00" UDP)); // AH
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.src_port, 0x1234);
}

static void later_fragments_have_no_ports(void **state)
{
	char bytes[] = UDP4;
	struct packet packet;

	(void)state;
	bytes[7] = 1; // offset 8
	packet = decode(LINK_RAW, slice_of(bytes, sizeof(bytes) - 1));
	assert_true(packet.is_ip);
	assert_int_equal(packet.src_port, 0);
	assert_int_equal(packet.payload_bytes, 0);
	assert_int_equal(counters.fragments, 1);
	packet = decode(LINK_RAW,
	                BYTES(IPV6("\x12", "\x2c") "\x11\x00\x00\x08\x00\x00\x00\x01" UDP));
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(packet.src_port, 0);
	assert_int_equal(counters.fragments, 1);
	// The first fragment has them.
	packet = decode(LINK_RAW,
	                BYTES(IPV6("\x12", "\x2c") "\x11\x00\x00\x01\x00\x00\x00\x01" UDP));
	assert_int_equal(packet.src_port, 0x1234);
}

static void an_ipv4_mapped_address_is_the_ipv4_address(void **state)
{
	struct packet packet = decode(
		LINK_RAW,
		BYTES("\x60\x00\x00\x00\x00\x0a\x11\x40"
	              "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01"
	              "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x02" UDP));

	(void)state;
	packet.ip_bytes = 30;
	assert_udp4(packet);
}

static void a_cut_payload_tells_what_is_missing(void **state)
{
	struct segment segment = {.src = 1, .dst = 2, .protocol = IP_TCP, .text = "0123456789"};
	uint8_t frame[FRAME_BYTES_MAX];
	struct packet packet;

	(void)state;
	segment.cut_bytes = 4;
	packet = frame_packet(&segment, 1, frame);
	assert_int_equal(packet.payload_bytes, 6);
	assert_int_equal(packet.missing_bytes, 4);
	segment.cut_bytes = 20; // into the TCP header: the ports are there, nothing else
	packet = frame_packet(&segment, 1, frame);
	assert_true(packet.is_ip);
	assert_int_equal(packet.payload_bytes, 0);
}

// Else a FIN would stand where its bytes begin, and what ends with it seem whole.
static void a_header_cut_in_its_options_tells_what_is_missing_behind_it(void **state)
{
	const struct segment segment = {.src = 1,
	                                .dst = 2,
	                                .protocol = IP_TCP,
	                                .flags = TCP_FIN | TCP_ACK,
	                                .text = "options.....0123456789"};
	uint8_t bytes[FRAME_BYTES_MAX];
	struct frame frame = {.data = bytes, .link = LINK_ETHERNET};
	struct packet packet;

	(void)state;
	frame.wire_bytes = frame_write(&segment, bytes);
	bytes[46] = 0x80; // 32 bytes of header
	for (uint32_t cut_bytes = 10; cut_bytes <= 22; cut_bytes++) {
		frame.captured_bytes = frame.wire_bytes - cut_bytes;
		memset(&packet, 0xee, sizeof(packet));
		decode_batch(&frame, 1, 1, &packet, &counters);
		assert_int_equal(packet.payload_bytes, 0);
		assert_int_equal(packet.missing_bytes, 10);
		assert_int_equal(packet.tcp_flags, TCP_FIN | TCP_ACK);
	}
}

// No receiver takes it: it must not end anything either.
static void a_header_longer_than_its_segment_says_nothing_but_ports(void **state)
{
	const struct segment segment = {.src = 1,
	                                .dst = 2,
	                                .src_port = 7,
	                                .protocol = IP_TCP,
	                                .flags = TCP_FIN | TCP_ACK,
	                                .text = "0123"};
	uint8_t bytes[FRAME_BYTES_MAX];
	struct frame frame = {.data = bytes, .link = LINK_ETHERNET};
	struct packet packet;

	(void)state;
	frame.wire_bytes = frame.captured_bytes = frame_write(&segment, bytes);
	bytes[46] = 0x70; // 28 bytes, where 24 are
	memset(&counters, 0, sizeof(counters));
	decode_batch(&frame, 1, 1, &packet, &counters);
	assert_int_equal(packet.src_port, 7);
	assert_int_equal(packet.tcp_flags, 0);
	assert_int_equal(packet.payload_bytes, 0);
	assert_int_equal(counters.packets_malformed, 1);
}

static void a_length_beyond_the_wire_leaves_only_addresses(void **state)
{
	char bytes[] = UDP4;
	struct packet packet;

	(void)state;
	bytes[3] = 0x1f; // one byte more than there is
	packet = decode(LINK_RAW, BYTES(bytes));
	assert_true(packet.is_ip);
	assert_int_equal(packet.payload_bytes, 0);
	assert_int_equal(packet.missing_bytes, 0);
	assert_int_equal(packet.ip_bytes, 30);
	assert_int_equal(counters.packets_malformed, 1);
}

static void an_icmp_error_quotes_a_packet(void **state)
{
	struct packet packet = decode(
		LINK_RAW,
		BYTES("\x45\x00\x00\x3a\x00\x00\x00\x00\x40\x01\x00\x00\xc6\x33\x64\x01\xc0\x00"
	              "\x02\x01\x03\x01\x00\x00\x00\x00\x00\x00" UDP4));
	struct packet quoted;

	(void)state;
	assert_int_equal(packet.src_port, 3);
	assert_int_equal(packet.dst_port, 1);
	assert_true(packet.is_icmp_error);
	assert_true(decode_quote(&packet, &quoted));
	assert_int_equal(quoted.protocol, IP_UDP);
	assert_int_equal(quoted.dst_port, 53);
	assert_int_equal(quoted.src.octets[15], 1);
	packet.payload_bytes = 10;
	assert_false(decode_quote(&packet, &quoted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_type_leads_to_the_ip_header),
		cmocka_unit_test(wireless_frames_lead_to_the_ip_header),
		cmocka_unit_test(what_stands_between_the_link_and_ip_is_passed_over),
		cmocka_unit_test(labels_and_frames_in_frames_have_a_bound),
		cmocka_unit_test(a_jumbogram_has_the_length_of_its_option),
		cmocka_unit_test(authentication_between_ipv4_and_the_transport_is_passed_over),
		cmocka_unit_test(vlan_tags_are_passed_over_up_to_a_bound),
		cmocka_unit_test(what_is_no_ip_is_counted_as_what_it_is),
		cmocka_unit_test(padding_behind_the_packet_is_not_payload),
		cmocka_unit_test(a_total_length_of_zero_means_the_frame),
		cmocka_unit_test(every_truncation_is_survived),
		cmocka_unit_test(ipv6_extension_headers_are_walked),
		cmocka_unit_test(later_fragments_have_no_ports),
		cmocka_unit_test(an_ipv4_mapped_address_is_the_ipv4_address),
		cmocka_unit_test(a_cut_payload_tells_what_is_missing),
		cmocka_unit_test(a_header_cut_in_its_options_tells_what_is_missing_behind_it),
		cmocka_unit_test(a_header_longer_than_its_segment_says_nothing_but_ports),
		cmocka_unit_test(a_length_beyond_the_wire_leaves_only_addresses),
		cmocka_unit_test(an_icmp_error_quotes_a_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
