#include "tests/unit/unit_test.h"

#include "dataplane/flow.h"
#include "tests/unit/dataplane/frames.h"

static struct flow_table table;
static unsigned ended_count;
static uint16_t ended_ports[64]; // low ports, in the order in which the flows ended

static void remember(void *context, struct flow *flow)
{
	(void)context;
	if (ended_count < 64)
		ended_ports[ended_count] = flow->key.low_port;
	ended_count++;
}

static void open_table(size_t flows)
{
	assert_int_equal(flow_table_open(&table, flows * sizeof(struct flow)), 0);
	table.on_end = remember;
	ended_count = 0;
}

static int close_table(void **state)
{
	(void)state;
	flow_table_close(&table);
	return 0;
}

// One packet 192.0.2.1:port → 192.0.2.2:80, or back.
static struct packet make(uint16_t port, uint8_t protocol, uint8_t flags, int64_t time_ns,
                          bool is_back)
{
	static uint8_t frame[FRAME_BYTES_MAX];
	struct segment segment = {
		.time_ns = time_ns,
		.src = is_back ? 2 : 1,
		.dst = is_back ? 1 : 2,
		.src_port = is_back ? 80 : port,
		.dst_port = is_back ? port : 80,
		.protocol = protocol,
		.flags = flags,
	};

	return frame_packet(&segment, 1, frame);
}

// Gives one packet to the table. Returns its flow's id.
static uint32_t give(struct packet packet, bool *ret_is_first)
{
	assert_int_equal(flow_batch(&table, &packet, 1), 1);
	*ret_is_first = packet.is_flow_first;
	return packet.flow_id;
}

static void both_directions_are_one_flow(void **state)
{
	bool is_first;
	uint32_t there, back;

	(void)state;
	open_table(100);
	there = give(make(1000, IP_TCP, TCP_SYN, 0, false), &is_first);
	assert_true(is_first);
	back = give(make(1000, IP_TCP, TCP_SYN | TCP_ACK, 1, true), &is_first);
	assert_false(is_first);
	assert_int_equal(there, back);
	assert_int_not_equal(give(make(1001, IP_TCP, TCP_SYN, 0, false), &is_first), there);
	assert_int_not_equal(give(make(1000, IP_UDP, 0, 0, false), &is_first), there);
	assert_int_equal(table.created, 3);
}

// The flow of an ICMP message between 192.0.2.1 and 192.0.2.2.
static uint32_t give_icmp(uint8_t type, uint8_t code, bool is_back)
{
	static uint8_t frame[FRAME_BYTES_MAX];
	struct segment segment = {
		.src = is_back ? 2 : 1,
		.dst = is_back ? 1 : 2,
		.src_port = (uint16_t)(type << 8 | code), // where the message has them
		.protocol = IP_ICMP,
	};
	bool is_first;

	return give(frame_packet(&segment, 1, frame), &is_first);
}

static void icmp_messages_and_their_answers_are_one_flow(void **state)
{
	uint32_t echo;

	(void)state;
	open_table(100);
	echo = give_icmp(8, 0, false);
	assert_int_equal(give_icmp(0, 0, true), echo);
	assert_int_equal(give_icmp(8, 0, false), echo);
	// The other host's echo, another type.
	assert_int_not_equal(give_icmp(8, 0, true), echo);
	assert_int_not_equal(give_icmp(13, 0, false), echo);
	assert_int_equal(give_icmp(13, 0, false), give_icmp(14, 0, true));
	assert_int_equal(table.created, 3);
}

static void icmp_messages_without_answer_are_flows_of_one_direction(void **state)
{
	uint32_t unreachable;

	(void)state;
	open_table(100);
	unreachable = give_icmp(3, 3, false);
	assert_int_equal(give_icmp(3, 3, false), unreachable);
	assert_int_not_equal(give_icmp(3, 3, true), unreachable);
	assert_int_not_equal(give_icmp(3, 1, false), unreachable);
	assert_int_not_equal(give_icmp(11, 3, false), unreachable);
	assert_int_equal(table.created, 4);
}

static void sctp_has_ports(void **state)
{
	bool is_first;
	uint32_t there;

	(void)state;
	open_table(100);
	there = give(make(1000, IP_SCTP, 0, 0, false), &is_first);
	assert_int_equal(give(make(1000, IP_SCTP, 0, 1, true), &is_first), there);
	assert_int_not_equal(give(make(1001, IP_SCTP, 0, 2, false), &is_first), there);
}

static void a_flow_idle_for_too_long_is_another_one(void **state)
{
	bool is_first;

	(void)state;
	open_table(100);
	give(make(1000, IP_UDP, 0, 0, false), &is_first);
	give(make(1000, IP_UDP, 0, 59 * NS_PER_S, false), &is_first);
	assert_false(is_first);
	give(make(1000, IP_UDP, 0, 120 * NS_PER_S, false), &is_first);
	assert_true(is_first);
	assert_int_equal(ended_count, 1);
	// An established connection may be silent for longer.
	give(make(1000, IP_TCP, TCP_SYN, 0, false), &is_first);
	give(make(1000, IP_TCP, TCP_SYN | TCP_ACK, 0, true), &is_first);
	give(make(1000, IP_TCP, TCP_ACK, 299 * NS_PER_S, false), &is_first);
	assert_false(is_first);
	give(make(1000, IP_TCP, TCP_ACK, 600 * NS_PER_S, false), &is_first);
	assert_true(is_first);
}

static void expiry_ends_what_was_idle_and_nothing_else(void **state)
{
	bool is_first;

	(void)state;
	open_table(100);
	give(make(1, IP_UDP, 0, 0, false), &is_first);
	give(make(2, IP_UDP, 0, 0, false), &is_first);
	give(make(3, IP_UDP, 0, 30 * NS_PER_S, false), &is_first);
	give(make(1, IP_UDP, 0, 50 * NS_PER_S, true), &is_first);
	flow_expire(&table, 59 * NS_PER_S);
	assert_int_equal(ended_count, 0);
	flow_expire(&table, 62 * NS_PER_S);
	assert_int_equal(ended_count, 1);
	assert_int_equal(ended_ports[0], 2);
	flow_expire(&table, 1000 * NS_PER_S);
	assert_int_equal(ended_count, 3);
	assert_int_equal(table.flows.used, 0);
}

static void a_syn_reuses_the_ports_of_a_closed_connection(void **state)
{
	bool is_first;

	(void)state;
	open_table(100);
	give(make(1000, IP_TCP, TCP_SYN, 0, false), &is_first);
	give(make(1000, IP_TCP, TCP_FIN | TCP_ACK, 1, true), &is_first);
	give(make(1000, IP_TCP, TCP_SYN, 2, false), &is_first);
	assert_false(is_first); // only the other side has ended
	give(make(1000, IP_TCP, TCP_FIN | TCP_ACK, 3, false), &is_first);
	give(make(1000, IP_TCP, TCP_ACK, 4, false), &is_first);
	assert_false(is_first);
	give(make(1000, IP_TCP, TCP_SYN, 5, false), &is_first);
	assert_true(is_first);
	give(make(1000, IP_TCP, TCP_RST, 6, true), &is_first);
	give(make(1000, IP_TCP, TCP_SYN, 7, false), &is_first);
	assert_true(is_first);
}

static void of_one_side_its_end_is_enough_for_the_next_syn(void **state)
{
	bool is_first;

	(void)state;
	open_table(100);
	give(make(1000, IP_TCP, TCP_SYN, 0, false), &is_first);
	give(make(1000, IP_TCP, TCP_SYN, 1, false), &is_first);
	assert_false(is_first); // sent again
	give(make(1000, IP_TCP, TCP_FIN | TCP_ACK, 2, false), &is_first);
	give(make(1000, IP_TCP, TCP_SYN, 3, false), &is_first);
	assert_true(is_first);
}

static void a_full_table_ends_closed_flows_then_the_longest_idle(void **state)
{
	bool is_first;

	(void)state;
	open_table(4);
	give(make(1, IP_UDP, 0, 1 * NS_PER_S, false), &is_first);
	give(make(2, IP_UDP, 0, 2 * NS_PER_S, false), &is_first);
	give(make(3, IP_TCP, TCP_RST, 20 * NS_PER_S, false), &is_first);
	give(make(4, IP_UDP, 0, 21 * NS_PER_S, false), &is_first);
	give(make(1, IP_UDP, 0, 22 * NS_PER_S, false), &is_first);
	give(make(5, IP_UDP, 0, 23 * NS_PER_S, false), &is_first);
	give(make(6, IP_UDP, 0, 24 * NS_PER_S, false), &is_first);
	assert_int_equal(table.evicted, 2);
	assert_int_equal(ended_ports[0], 3);
	assert_int_equal(ended_ports[1], 2);
}

static void a_batch_stops_before_it_would_end_a_flow_of_its_own(void **state)
{
	struct packet packets[3] = {
		make(1, IP_TCP, TCP_RST, 0, false),
		make(1, IP_TCP, TCP_SYN, 1, false),
		make(2, IP_TCP, TCP_SYN, 2, false),
	};

	(void)state;
	open_table(100);
	assert_int_equal(flow_batch(&table, packets, 3), 1);
	assert_int_equal(ended_count, 0);
	assert_int_equal(flow_batch(&table, packets + 1, 2), 2);
	assert_int_equal(ended_count, 1);
	assert_true(packets[1].is_flow_first);
	flow_table_close(&table);

	open_table(1); // also when there is no room for a second flow
	packets[1] = make(3, IP_TCP, TCP_SYN, 1, false);
	assert_int_equal(flow_batch(&table, packets, 3), 1);
	assert_int_equal(flow_batch(&table, packets + 1, 2), 1);
}

static void many_flows_are_all_found_again(void **state)
{
	enum { FLOWS = 60000 };
	static uint32_t ids[FLOWS];
	bool is_first;

	(void)state;
	open_table(FLOWS);
	for (unsigned i = 0; i < FLOWS; i++)
		ids[i] = give(make((uint16_t)(i + 1), IP_UDP, 0, i, i % 2), &is_first);
	assert_int_equal(table.created, FLOWS);
	for (unsigned i = 0; i < FLOWS; i++) {
		assert_int_equal(give(make((uint16_t)(i + 1), IP_UDP, 0, i, false), &is_first),
		                 ids[i]);
		assert_false(is_first);
	}
	flow_end_all(&table);
	assert_int_equal(ended_count, FLOWS);
	for (unsigned i = 0; i < FLOWS; i++)
		give(make((uint16_t)(i + 1), IP_UDP, 0, i, false), &is_first);
	assert_int_equal(table.created, 2 * FLOWS);
	assert_int_equal(table.evicted, 0);
}

// A packet of one of 2^32 flows that a flood may have.
static struct packet make_flood(uint32_t number, uint8_t protocol, int64_t time_ns)
{
	struct packet packet = make(1, protocol, protocol == IP_TCP ? TCP_SYN : 0, time_ns, false);

	memcpy(packet.src.octets + 12, &number, sizeof(number));
	return packet;
}

static bool is_long(void)
{
	const char *text = getenv("SEKISHO_LONG");

	return text != NULL && strcmp(text, "1") == 0;
}

static uint32_t flood(uint32_t count, uint8_t protocol, int64_t time_ns)
{
	enum { BURST = PORT_BURST_MAX };
	struct packet packets[BURST];

	for (uint32_t i = 0; i < count; i += BURST) {
		for (unsigned k = 0; k < BURST; k++) {
			packets[k] = make_flood(i + k, protocol, time_ns + i);
			if (protocol == IP_UDP) { // a later fragment of an unknown datagram
				packets[k].fragment = FRAGMENT_LATER;
				packets[k].has_ports = false;
			}
		}
		for (unsigned done = 0; done < BURST;)
			done += flow_batch(&table, packets + done, BURST - done);
	}
	return count / BURST * BURST;
}

// `count` connections, of which both sides were seen.
static void establish(uint16_t count, int64_t time_ns)
{
	bool is_first;

	for (uint16_t port = 1; port <= count; port++) {
		give(make(port, IP_TCP, TCP_SYN, time_ns, false), &is_first);
		give(make(port, IP_TCP, TCP_SYN | TCP_ACK, time_ns, true), &is_first);
	}
}

static void assert_established(uint16_t count, int64_t time_ns)
{
	bool is_first;

	for (uint16_t port = 1; port <= count; port++) {
		give(make(port, IP_TCP, TCP_ACK, time_ns, false), &is_first);
		assert_false(is_first);
	}
}

static void floods_end_no_established_flow(void **state)
{
	enum { FLOWS = 20000, ESTABLISHED = 5000, PACKETS = 10 * FLOWS };
	static const uint8_t protocols[] = {IP_TCP, IP_UDP};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t flooded;

		open_table(FLOWS);
		establish(ESTABLISHED, 0);
		flooded = flood(PACKETS, protocols[i], 30 * NS_PER_S);
		assert_established(ESTABLISHED, 31 * NS_PER_S);
		assert_int_equal(table.flows.used, FLOWS);
		assert_int_equal(table.evicted, flooded - (FLOWS - ESTABLISHED));
		flow_table_close(&table);
	}
	open_table(1);
}

static void assert_memory_below(size_t bytes)
{
	unsigned long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &pages, &resident), 2);
	assert_int_equal(fclose(file), 0);
	assert_true(resident * (size_t)sysconf(_SC_PAGESIZE) < bytes);
}

// As many as the default budget is made for; a twentieth of that without SEKISHO_LONG=1.
static void ten_million_flows_fit_and_outlive_a_flood(void **state)
{
	const uint32_t flows = is_long() ? 10000000 : 500000;
	enum { ESTABLISHED = 60000 };

	(void)state;
	open_table(flows);
	establish(ESTABLISHED, 0);
	(void)flood(flows - ESTABLISHED - PORT_BURST_MAX, IP_UDP, 1);
	assert_int_equal(table.evicted, 0);
	assert_true(table.flows.used > flows - 2 * PORT_BURST_MAX);
	(void)flood(flows, IP_TCP, NS_PER_S);
	assert_established(ESTABLISHED, 2 * NS_PER_S);
	assert_true(table.flows.used <= flows);
	// A line a flow, and at most a third of one to find it.
	assert_memory_below((size_t)flows * 86 + ((size_t)64 << 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(both_directions_are_one_flow, close_table),
		cmocka_unit_test_teardown(icmp_messages_and_their_answers_are_one_flow,
	                                  close_table),
		cmocka_unit_test_teardown(icmp_messages_without_answer_are_flows_of_one_direction,
	                                  close_table),
		cmocka_unit_test_teardown(sctp_has_ports, close_table),
		cmocka_unit_test_teardown(a_flow_idle_for_too_long_is_another_one, close_table),
		cmocka_unit_test_teardown(expiry_ends_what_was_idle_and_nothing_else, close_table),
		cmocka_unit_test_teardown(a_syn_reuses_the_ports_of_a_closed_connection,
	                                  close_table),
		cmocka_unit_test_teardown(of_one_side_its_end_is_enough_for_the_next_syn,
	                                  close_table),
		cmocka_unit_test_teardown(a_full_table_ends_closed_flows_then_the_longest_idle,
	                                  close_table),
		cmocka_unit_test_teardown(a_batch_stops_before_it_would_end_a_flow_of_its_own,
	                                  close_table),
		cmocka_unit_test_teardown(many_flows_are_all_found_again, close_table),
		cmocka_unit_test_teardown(floods_end_no_established_flow, close_table),
		cmocka_unit_test_teardown(ten_million_flows_fit_and_outlive_a_flood, close_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
