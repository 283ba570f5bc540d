#include "tests/unit/unit_test.h"

#include "base/timestamp.h"
#include "dataplane/fragment.h"
#include "dataplane/fragment_held.h"
#include "engine/address.h"

enum { BLOCKS_MAX = 16 * 1024 * 1024 / HELD_BLOCK_BYTES };

static struct fragment_table table;
static struct slice whole; // what the last one gave
static uint8_t text[65536];

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / 251);
	return fragment_table_open(&table);
}

static int teardown(void **state)
{
	(void)state;
	fragment_table_close(&table);
	return 0;
}

// A fragment from 192.0.2.1 to 192.0.2.2, UDP.
struct piece {
	uint32_t id;
	uint32_t offset;
	bool has_more;
	bool is_ipv6;
	uint16_t port; // with offset 0
	int64_t time_ns;
	struct slice bytes;
	uint32_t missing_bytes;
};

static struct packet packet_of(const struct piece *piece)
{
	bool is_first = piece->offset == 0;
	struct packet packet = {
		.src = address_from_ipv4((const uint8_t[]){192, 0, 2, 1}),
		.dst = address_from_ipv4((const uint8_t[]){192, 0, 2, 2}),
		.src_port = is_first ? piece->port : 0,
		.dst_port = is_first && piece->port != 0 ? 53 : 0,
		.protocol = IP_UDP,
		.fragment = is_first ? FRAGMENT_FIRST : FRAGMENT_LATER,
		.fragment_id = piece->id,
		.has_ports = is_first && piece->port != 0,
		.is_carrier = !is_first,
		.is_ip = true,
		.time_ns = piece->time_ns,
		.payload_bytes = is_first ? 1 : 0,
	};

	if (piece->is_ipv6)
		packet.src.octets[0] = packet.dst.octets[0] = 0x20;
	return packet;
}

static bool take(struct packet *packet, const struct piece *piece)
{
	const struct ip_layer layer = {
		.fragment = piece->bytes,
		.fragment_offset = piece->offset,
		.fragment_protocol = IP_UDP,
		.has_more_fragments = piece->has_more,
		.missing_bytes = piece->missing_bytes,
	};

	whole = (struct slice){0};
	return fragment_take(&table, packet, &layer, &whole);
}

static bool give(struct piece piece)
{
	struct packet packet = packet_of(&piece);

	return take(&packet, &piece);
}

// Bytes [from, to) of `text`, as a fragment; `end` is where the packet ends.
static struct piece cut(uint32_t id, uint32_t from, uint32_t to, uint32_t end)
{
	return (struct piece){
		.id = id,
		.offset = from,
		.has_more = to < end,
		.port = 1000,
		.bytes = slice_of(text + from, to - from),
	};
}

static uint16_t port_of(uint32_t id, int64_t time_ns)
{
	struct piece piece = cut(id, 800, 808, 5000);
	struct packet packet;

	piece.time_ns = time_ns;
	packet = packet_of(&piece);
	take(&packet, &piece);
	assert_true(packet.has_ports == (packet.src_port != 0));
	return packet.src_port;
}

static void assert_whole(uint32_t size)
{
	assert_int_equal(whole.size, 20 + size);
	assert_memory_equal(whole.data, "\x45\x00", 2);
	assert_int_equal(whole.data[2] << 8 | whole.data[3], 20 + size);
	assert_memory_equal(whole.data + 6, "\x00\x00\x40\x11", 4);
	assert_memory_equal(whole.data + 12, "\xc0\x00\x02\x01\xc0\x00\x02\x02", 8);
	assert_memory_equal(whole.data + 20, text, size);
}

static void a_later_fragment_has_the_ports_of_the_first(void **state)
{
	struct piece second = cut(2, 0, 8, 5000);

	(void)state;
	second.port = 2000;
	give(cut(1, 0, 8, 5000));
	give(second);
	assert_int_equal(port_of(1, 0), 1000);
	assert_int_equal(port_of(2, 0), 2000);
	assert_int_equal(port_of(3, 0), 0);
}

static void only_fragments_of_the_same_packet_belong_together(void **state)
{
	struct piece later = cut(1, 8, 16, 16);
	struct packet other;

	(void)state;
	give(cut(1, 0, 8, 16));
	other = packet_of(&later);
	other.protocol = IP_TCP;
	assert_false(take(&other, &later));
	assert_false(other.has_ports);
	other = packet_of(&later);
	other.src = other.dst;
	assert_false(take(&other, &later));
	assert_false(other.has_ports);
	assert_true(give(later));
	assert_whole(16);
}

// The fragment header of the later ones may name another header than that of the transport.
static void in_ipv6_the_first_fragment_tells_the_protocol(void **state)
{
	struct piece first = cut(1, 0, 8, 16), later = cut(1, 8, 16, 16);
	struct packet packet;

	(void)state;
	first.is_ipv6 = later.is_ipv6 = true;
	give(first);
	packet = packet_of(&later);
	packet.protocol = IP_DESTINATION_OPTIONS;
	assert_true(take(&packet, &later));
	assert_int_equal(packet.src_port, 1000);
	assert_int_equal(packet.protocol, IP_UDP);
	assert_int_equal(whole.size, 40 + 16);
	assert_memory_equal(whole.data, "\x60\x00\x00\x00\x00\x10\x11", 7);
	assert_memory_equal(whole.data + 40, text, 16);
}

static void a_first_fragment_is_forgotten_after_a_minute(void **state)
{
	struct piece first = cut(1, 0, 8, 5000);

	(void)state;
	first.time_ns = 100 * NS_PER_S;
	give(first);
	assert_int_equal(port_of(1, 160 * NS_PER_S), 1000);
	assert_int_equal(port_of(1, 160 * NS_PER_S + 1), 0);
	assert_int_equal(table.given_up, 1);
	give(first);
	assert_int_equal(port_of(1, 39 * NS_PER_S), 0);
}

static void the_next_capture_knows_nothing(void **state)
{
	(void)state;
	give(cut(1, 0, 8, 16));
	fragment_table_clear(&table);
	assert_int_equal(table.blocks.used, 0);
	assert_false(give(cut(1, 8, 16, 16)));
	assert_int_equal(port_of(1, 0), 0);
}

static void fragments_in_any_order_give_the_packet(void **state)
{
	static const uint8_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2},
	                                    {2, 0, 3, 1}, {3, 0, 2, 1}, {1, 0, 3, 2}};
	static const uint32_t cuts[] = {0, 1480, 2960, 2968, 4001};

	(void)state;
	for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		for (unsigned j = 0; j < 4; j++) {
			unsigned at = orders[i][j];

			assert_true(give(cut(i, cuts[at], cuts[at + 1], 4001)) == (j == 3));
		}
		assert_whole(4001);
		assert_int_equal(table.blocks.used, 0);
	}
	assert_int_equal(table.whole_count, 6);
	assert_int_equal(table.overlapping + table.given_up + table.discarded, 0);
}

static void a_first_fragment_that_is_held_carries_nothing_itself(void **state)
{
	struct piece first = cut(1, 0, 8, 16);
	struct packet packet = packet_of(&first);

	(void)state;
	take(&packet, &first);
	assert_true(packet.is_carrier);
	assert_int_equal(packet.payload_bytes, 0);
	// Of one that was cut by the snap length nothing will come: what is there counts.
	first.id = 2;
	first.missing_bytes = 1;
	packet = packet_of(&first);
	take(&packet, &first);
	assert_false(packet.is_carrier);
	assert_int_equal(packet.payload_bytes, 1);
}

// As of what the XDP program copies.
static void where_only_first_fragments_come_they_are_read_as_they_are(void **state)
{
	struct piece first = cut(1, 0, 8, 16);
	struct packet packet = packet_of(&first);

	(void)state;
	table.has_first_only = true;
	take(&packet, &first);
	assert_false(packet.is_carrier);
	assert_int_equal(packet.payload_bytes, 1);
	assert_int_equal(table.blocks.used, 0);
	assert_int_equal(port_of(1, 0), 1000);
}

static void a_repeated_fragment_changes_nothing(void **state)
{
	(void)state;
	for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		struct piece first = cut(1, 0, 16, 21), last = cut(1, 16, 21, 21);

		first.is_ipv6 = last.is_ipv6 = is_ipv6;
		assert_false(give(last));
		assert_false(give(last));
		assert_true(give(first));
		assert_memory_equal(whole.data + whole.size - 21, text, 21);
	}
	assert_int_equal(table.overlapping, 0);
}

static void in_ipv4_the_bytes_that_came_first_count(void **state)
{
	struct piece other = cut(1, 8, 24, 32);

	(void)state;
	other.bytes = slice_of("XXXXXXXXXXXXXXXX", 16); // of which the second half is new
	give(cut(1, 0, 16, 32));
	give(other);
	assert_true(give(cut(1, 24, 32, 32)));
	assert_int_equal(whole.size, 20 + 32);
	assert_memory_equal(whole.data + 20, text, 16);
	assert_memory_equal(whole.data + 20 + 16, "XXXXXXXX", 8);
	assert_memory_equal(whole.data + 20 + 24, text + 24, 8);
	assert_int_equal(table.overlapping, 1);
	other = cut(2, 0, 16, 32); // the very same place, other bytes
	other.bytes = slice_of("XXXXXXXXXXXXXXXX", 16);
	give(cut(2, 0, 16, 32));
	give(other);
	assert_true(give(cut(2, 16, 32, 32)));
	assert_whole(32);
	assert_int_equal(table.overlapping, 2);
}

static void in_ipv6_an_overlap_discards_the_packet_and_what_comes_of_it_later(void **state)
{
	struct piece pieces[] = {cut(1, 0, 16, 32), cut(1, 8, 24, 32), cut(1, 24, 32, 32),
	                         cut(1, 0, 16, 32), cut(1, 16, 32, 32)};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct packet packet;

		pieces[i].is_ipv6 = true;
		packet = packet_of(&pieces[i]);
		assert_false(take(&packet, &pieces[i]));
		assert_true(packet.is_carrier); // nor is the first looked at alone
	}
	assert_int_equal(table.discarded, 1);
	assert_int_equal(table.blocks.used, 0);
	for (unsigned i = 3; i < 5; i++) { // another packet, when its number comes again
		pieces[i].time_ns = 61 * NS_PER_S;
		assert_true(give(pieces[i]) == (i == 4));
	}
}

static void two_ends_contradict_each_other(void **state)
{
	(void)state;
	give(cut(1, 0, 16, 64));
	give(cut(1, 32, 64, 64));
	assert_false(give(cut(1, 16, 32, 32))); // the end, before what was there
	assert_int_equal(table.discarded, 1);
	give(cut(2, 16, 32, 32));
	give(cut(2, 24, 48, 64)); // behind the end
	assert_int_equal(table.discarded, 2);
	assert_int_equal(table.blocks.used, 0);
}

static void a_packet_of_more_than_64_kilobytes_is_none(void **state)
{
	struct piece last = cut(1, 65512, 65520, 65520);

	(void)state;
	for (uint32_t at = 0; at < 65512; at += 8)
		assert_false(give(cut(1, at, at + 8, 65520)));
	assert_false(give(last));
	assert_int_equal(table.discarded, 1);
	for (uint32_t at = 0; at < 65512; at += 8)
		give(cut(1, at, at + 8, 65520));
	last.bytes.size = 3;
	assert_true(give(last));
	assert_whole(65515);
}

static void tiny_fragments_cost_no_more_memory_than_large_ones(void **state)
{
	(void)state;
	for (uint32_t at = 8; at < HELD_BLOCK_DATA_BYTES; at += 8)
		assert_false(give(cut(1, at, at + 8, HELD_BLOCK_DATA_BYTES)));
	assert_int_equal(table.blocks.used, 1);
	assert_true(give(cut(1, 0, 8, HELD_BLOCK_DATA_BYTES)));
	assert_whole(HELD_BLOCK_DATA_BYTES);
}

// In IPv4 the odd bytes do not count, in IPv6 the fragment does not.
static void only_the_last_fragment_has_any_size(void **state)
{
	struct piece first = cut(1, 0, 21, 32), rest = cut(1, 16, 32, 32);

	(void)state;
	give(first);
	assert_true(give(rest));
	assert_whole(32);
	first.is_ipv6 = rest.is_ipv6 = true;
	give(first);
	assert_false(give(rest));
}

static void what_lacks_a_fragment_is_given_up_after_a_minute(void **state)
{
	struct piece later = cut(1, 800, 1600, 1600);

	(void)state;
	give(cut(1, 0, 800, 1600));
	give(cut(2, 0, 800, 1600));
	fragment_expire(&table, 60 * NS_PER_S);
	assert_int_equal(table.given_up, 0);
	later.time_ns = 60 * NS_PER_S + 1;
	assert_false(give(later));
	assert_int_equal(table.given_up, 1);
	fragment_expire(&table, later.time_ns);
	assert_int_equal(table.given_up, 2);
	assert_int_equal(table.blocks.used, 1);
}

static void a_flood_of_first_fragments_is_bounded(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 100000; id++)
		give(cut(id, 0, 8, 16));
	assert_in_range(table.blocks.used, 1000, 4096);
	assert_int_equal(table.given_up + table.blocks.used, 100000);
	assert_true(give(cut(99999, 8, 16, 16))); // the newest still is there
	assert_whole(16);
}

static void large_packets_without_an_end_make_room_for_each_other(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < 1000; id++)
		for (uint32_t at = 0; at < 60000; at += 2000)
			give(cut(id, at, at + 2000, 65000));
	assert_true(table.blocks.used <= BLOCKS_MAX);
	assert_true(table.given_up > 700);
	assert_true(give(cut(999, 60000, 60001, 60001)));
	assert_whole(60001);
}

// Its packets have to be there until the batch is over.
static void a_batch_has_room_for_what_all_of_its_frames_complete(void **state)
{
	struct slice wholes[PORT_BURST_MAX + 1];

	(void)state;
	for (uint32_t id = 0; id <= PORT_BURST_MAX; id++) {
		for (uint32_t at = 0; at < 64000; at += 8000)
			give(cut(id, at, at + 8000, 65515));
		assert_true(give(cut(id, 64000, 65515, 65515)) == (id < PORT_BURST_MAX));
		wholes[id] = whole;
	}
	for (uint32_t id = 0; id < PORT_BURST_MAX; id++) {
		whole = wholes[id];
		assert_whole(65515);
	}
	assert_int_equal(table.given_up, 1);
	fragment_batch(&table);
	give(cut(100, 0, 8, 16));
	assert_true(give(cut(100, 8, 16, 16)));
}

static void what_was_dropped_is_dropped_for_a_minute(void **state)
{
	struct piece piece = cut(1, 0, 8, 16);
	struct packet packet = packet_of(&piece);

	(void)state;
	take(&packet, &piece);
	assert_false(fragment_is_dropped(&table, &packet));
	fragment_drop(&table, &packet);
	assert_true(fragment_is_dropped(&table, &packet));
	take(&packet, &piece); // sent again
	packet.time_ns = 60 * NS_PER_S;
	assert_true(fragment_is_dropped(&table, &packet));
	packet.time_ns++;
	assert_false(fragment_is_dropped(&table, &packet));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_later_fragment_has_the_ports_of_the_first),
		TEST(only_fragments_of_the_same_packet_belong_together),
		TEST(in_ipv6_the_first_fragment_tells_the_protocol),
		TEST(a_first_fragment_is_forgotten_after_a_minute),
		TEST(the_next_capture_knows_nothing),
		TEST(fragments_in_any_order_give_the_packet),
		TEST(a_first_fragment_that_is_held_carries_nothing_itself),
		TEST(where_only_first_fragments_come_they_are_read_as_they_are),
		TEST(a_repeated_fragment_changes_nothing),
		TEST(in_ipv4_the_bytes_that_came_first_count),
		TEST(in_ipv6_an_overlap_discards_the_packet_and_what_comes_of_it_later),
		TEST(two_ends_contradict_each_other),
		TEST(a_packet_of_more_than_64_kilobytes_is_none),
		TEST(tiny_fragments_cost_no_more_memory_than_large_ones),
		TEST(only_the_last_fragment_has_any_size),
		TEST(what_lacks_a_fragment_is_given_up_after_a_minute),
		TEST(a_flood_of_first_fragments_is_bounded),
		TEST(large_packets_without_an_end_make_room_for_each_other),
		TEST(a_batch_has_room_for_what_all_of_its_frames_complete),
		TEST(what_was_dropped_is_dropped_for_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
