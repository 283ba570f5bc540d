#include "tests/unit/unit_test.h"

#include "base/timestamp.h"
#include "dataplane/fragment.h"
#include "engine/address.h"

static struct fragment_table table;

static int setup(void **state)
{
	(void)state;
	return fragment_table_open(&table);
}

static int teardown(void **state)
{
	(void)state;
	fragment_table_close(&table);
	return 0;
}

// The first fragment of packet `id` from 192.0.2.1 to 192.0.2.2, UDP.
static struct packet first_of(uint32_t id, uint16_t port)
{
	return (struct packet){
		.src = address_from_ipv4((const uint8_t[]){192, 0, 2, 1}),
		.dst = address_from_ipv4((const uint8_t[]){192, 0, 2, 2}),
		.src_port = port,
		.dst_port = 53,
		.protocol = IP_UDP,
		.fragment = FRAGMENT_FIRST,
		.fragment_id = id,
		.has_ports = true,
		.is_ip = true,
	};
}

static struct packet later_of(uint32_t id)
{
	struct packet packet = first_of(id, 0);

	packet.dst_port = 0;
	packet.fragment = FRAGMENT_LATER;
	packet.has_ports = false;
	return packet;
}

static void give(struct packet packet)
{
	fragment_batch(&table, &packet, 1);
}

static uint16_t port_of(struct packet later)
{
	fragment_batch(&table, &later, 1);
	assert_true(later.has_ports == (later.src_port != 0));
	return later.src_port;
}

static void a_later_fragment_has_the_ports_of_the_first(void **state)
{
	struct packet batch[] = {first_of(1, 1000), first_of(2, 2000), later_of(1), later_of(2)};

	(void)state;
	fragment_batch(&table, batch, 4);
	assert_int_equal(batch[2].src_port, 1000);
	assert_int_equal(batch[2].dst_port, 53);
	assert_true(batch[2].has_ports);
	assert_int_equal(batch[3].src_port, 2000);
	assert_int_equal(port_of(later_of(3)), 0);
}

static void only_fragments_of_the_same_packet_belong_together(void **state)
{
	struct packet other;

	(void)state;
	give(first_of(1, 1000));
	other = later_of(1);
	other.protocol = IP_TCP;
	assert_int_equal(port_of(other), 0);
	other = later_of(1);
	other.src = other.dst;
	assert_int_equal(port_of(other), 0);
	assert_int_equal(port_of(later_of(1)), 1000);
}

// The fragment header of the later ones may name another header than that of the transport.
static void in_ipv6_the_first_fragment_tells_the_protocol(void **state)
{
	struct packet first = first_of(1, 1000);
	struct packet later = later_of(1);

	(void)state;
	first.src.octets[0] = later.src.octets[0] = 0x20;
	first.dst.octets[0] = later.dst.octets[0] = 0x20;
	later.protocol = IP_DESTINATION_OPTIONS;
	give(first);
	fragment_batch(&table, &later, 1);
	assert_int_equal(later.src_port, 1000);
	assert_int_equal(later.protocol, IP_UDP);
}

static void a_first_fragment_is_forgotten_after_a_minute(void **state)
{
	struct packet first = first_of(1, 1000);
	struct packet later = later_of(1);

	(void)state;
	first.time_ns = 100 * NS_PER_S;
	give(first);
	later.time_ns = 160 * NS_PER_S;
	assert_int_equal(port_of(later), 1000);
	later.time_ns++;
	assert_int_equal(port_of(later), 0);
	later.time_ns = 39 * NS_PER_S;
	assert_int_equal(port_of(later), 0);
}

static void a_flood_pushes_out_what_is_not_used(void **state)
{
	unsigned known = 0;

	(void)state;
	give(first_of(0, 1000));
	for (uint32_t id = 1; id <= 100000; id++) {
		give(first_of(id, 2000));
		assert_int_equal(port_of(later_of(0)), 1000);
	}
	for (uint32_t id = 1; id <= 100000; id++)
		known += port_of(later_of(id)) != 0;
	assert_in_range(known, 1000, 4096);
}

static void the_next_capture_knows_nothing(void **state)
{
	(void)state;
	give(first_of(1, 1000));
	fragment_table_clear(&table);
	assert_int_equal(port_of(later_of(1)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_later_fragment_has_the_ports_of_the_first, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(only_fragments_of_the_same_packet_belong_together,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(in_ipv6_the_first_fragment_tells_the_protocol,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(a_first_fragment_is_forgotten_after_a_minute, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_flood_pushes_out_what_is_not_used, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_next_capture_knows_nothing, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
