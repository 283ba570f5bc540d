// The port's rings and chunks, with a kernel played by the test: the rings are plain memory here.
#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdlib.h>

#include "dataplane/port_afxdp.h"

enum { RING = 32, CHUNKS = 128, CHUNK_BYTES = 2048, FRAME_BYTES = 100, ROUNDS = 20000 };

struct fake_ring {
	uint32_t producer, consumer, flags;
	uint64_t addresses[RING];
	struct xdp_desc descriptors[RING];
};

struct fake_port {
	struct port_afxdp port;
	struct fake_ring rx, tx, fill, completion;
};

static struct fake_port left, right;
static struct afxdp_memory *memories[2];

static struct afxdp_memory *make_memory(void)
{
	struct afxdp_memory *memory = calloc(1, sizeof(*memory) + CHUNKS * sizeof(memory->free[0]));

	assert_non_null(memory);
	memory->chunk_bytes = CHUNK_BYTES;
	memory->chunk_count = CHUNKS;
	memory->ring_size = RING;
	memory->has_fragments = true;
	memory->data = malloc((size_t)CHUNKS * CHUNK_BYTES);
	for (uint32_t i = 0; i < CHUNKS; i++)
		memory->free[memory->free_count++] = (uint64_t)i * CHUNK_BYTES;
	return memory;
}

static struct xsk_ring_prod produce(struct fake_ring *ring, void *slots)
{
	*ring = (struct fake_ring){0};
	return (struct xsk_ring_prod){
		.cached_cons = RING,
		.mask = RING - 1,
		.size = RING,
		.producer = &ring->producer,
		.consumer = &ring->consumer,
		.ring = slots,
		.flags = &ring->flags,
	};
}

static struct xsk_ring_cons consume(struct fake_ring *ring, void *slots)
{
	*ring = (struct fake_ring){0};
	return (struct xsk_ring_cons){
		.mask = RING - 1,
		.size = RING,
		.producer = &ring->producer,
		.consumer = &ring->consumer,
		.ring = slots,
		.flags = &ring->flags,
	};
}

static void make_port(struct fake_port *fake, struct afxdp_memory *memory)
{
	fake->port = (struct port_afxdp){
		.port.ops = &port_afxdp,
		.memory = memory,
		.fd = -1,
		.frame_bytes_max = AFXDP_FRAME_BYTES_MAX,
		.whole = malloc(AFXDP_WHOLE_BYTES),
	};
	fake->port.rx = consume(&fake->rx, fake->rx.descriptors);
	fake->port.tx = produce(&fake->tx, fake->tx.descriptors);
	fake->port.fill = produce(&fake->fill, fake->fill.addresses);
	fake->port.completion = consume(&fake->completion, fake->completion.addresses);
	afxdp_send_refill(&fake->port);
}

static void make_wire(bool is_shared)
{
	memories[0] = make_memory();
	memories[1] = is_shared ? NULL : make_memory();
	make_port(&left, memories[0]);
	make_port(&right, is_shared ? memories[0] : memories[1]);
	left.port.peer = &right.port;
	right.port.peer = &left.port;
}

static int make_shared(void **state)
{
	(void)state;
	make_wire(true);
	return 0;
}

static int make_apart(void **state)
{
	(void)state;
	make_wire(false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(left.port.whole);
	free(right.port.whole);
	for (unsigned i = 0; i < 2; i++) {
		if (memories[i] != NULL)
			free(memories[i]->data);
		free(memories[i]);
	}
	return 0;
}

// The kernel: a chunk of the fill ring gets `bytes`, of which the first is `mark`.
static bool arrive(struct fake_port *fake, uint8_t mark, uint32_t bytes, bool continues)
{
	struct fake_ring *fill = &fake->fill;
	struct xdp_desc *descriptor = &fake->rx.descriptors[fake->rx.producer % RING];

	if (fill->consumer == fill->producer || fake->rx.producer - fake->rx.consumer == RING)
		return false;
	descriptor->addr = fill->addresses[fill->consumer++ % RING] + AFXDP_HEADROOM_BYTES;
	descriptor->len = bytes;
	descriptor->options = continues ? AFXDP_FRAME_CONTINUES : 0;
	memset(fake->port.memory->data + descriptor->addr, mark, bytes);
	fake->rx.producer++;
	return true;
}

// The kernel: sends one descriptor.
static bool leave(struct fake_port *fake, struct xdp_desc *ret_descriptor)
{
	struct fake_ring *tx = &fake->tx;

	if (tx->consumer == tx->producer ||
	    fake->completion.producer - fake->completion.consumer == RING)
		return false;
	*ret_descriptor = tx->descriptors[tx->consumer++ % RING];
	fake->completion.addresses[fake->completion.producer++ % RING] = ret_descriptor->addr;
	return true;
}

static unsigned forward(struct fake_port *fake, const enum verdict *verdicts)
{
	struct frame frames[PORT_BURST_MAX];
	unsigned count = port_afxdp.receive(&fake->port.port, frames);

	if (count > 0)
		port_afxdp.release(&fake->port.port, verdicts);
	return count;
}

static uint32_t held_by_rings(const struct fake_port *fake)
{
	return fake->fill.producer - fake->fill.consumer + fake->rx.producer - fake->rx.consumer +
	       fake->tx.producer - fake->tx.consumer + fake->completion.producer -
	       fake->completion.consumer;
}

static void assert_no_chunk_lost(void)
{
	assert_int_equal(memories[0]->free_count + held_by_rings(&left) + held_by_rings(&right),
	                 CHUNKS);
}

static void a_frame_that_passes_leaves_by_the_peer_in_its_own_chunk(void **state)
{
	(void)state;
	struct xdp_desc sent = {0};

	assert_true(arrive(&left, 7, FRAME_BYTES, false));
	assert_int_equal(forward(&left, NULL), 1);
	assert_true(leave(&right, &sent));
	assert_int_equal(sent.addr, left.rx.descriptors[0].addr);
	assert_int_equal(sent.len, FRAME_BYTES);
	assert_int_equal(memories[0]->data[sent.addr], 7);
	assert_no_chunk_lost();
}

static void a_dropped_frame_does_not_leave(void **state)
{
	(void)state;
	const enum verdict verdicts[] = {VERDICT_PASS, VERDICT_DROP, VERDICT_PASS};
	struct xdp_desc sent = {0};

	for (uint8_t i = 0; i < 3; i++)
		assert_true(arrive(&left, i, FRAME_BYTES, false));
	assert_int_equal(forward(&left, verdicts), 3);
	assert_true(leave(&right, &sent));
	assert_int_equal(memories[0]->data[sent.addr], 0);
	assert_true(leave(&right, &sent));
	assert_int_equal(memories[0]->data[sent.addr], 2);
	assert_false(leave(&right, &sent));
	assert_no_chunk_lost();
}

static void a_tap_gives_its_chunks_back_to_be_filled(void **state)
{
	(void)state;
	left.port.peer = NULL;
	for (unsigned i = 0; i < 5 * RING; i++) {
		assert_true(arrive(&left, 1, FRAME_BYTES, false));
		assert_int_equal(forward(&left, NULL), 1);
	}
	assert_int_equal(right.tx.producer, 0);
	assert_no_chunk_lost();
}

static void a_full_ring_loses_what_comes_and_counts_it(void **state)
{
	(void)state;
	struct port_counters counters;

	for (unsigned i = 0; i < RING + 3; i++) {
		assert_true(arrive(&left, (uint8_t)i, FRAME_BYTES, false));
		assert_int_equal(forward(&left, NULL), 1);
	}
	port_afxdp.counters(&right.port.port, &counters);
	assert_int_equal(counters.sent, RING);
	assert_int_equal(counters.unsent, 3);
	port_afxdp.counters(&left.port.port, &counters);
	assert_int_equal(counters.received, RING + 3);
	assert_no_chunk_lost();
}

static void a_frame_of_several_chunks_is_joined_and_leaves_as_it_came(void **state)
{
	(void)state;
	struct frame frames[PORT_BURST_MAX];
	struct xdp_desc sent[3];

	assert_true(arrive(&left, 1, 1792, true));
	assert_true(arrive(&left, 2, 1792, true));
	assert_true(arrive(&left, 3, 10, false));
	assert_int_equal(port_afxdp.receive(&left.port.port, frames), 1);
	assert_int_equal(frames[0].captured_bytes, 2 * 1792 + 10);
	assert_int_equal(frames[0].data[1791], 1);
	assert_int_equal(frames[0].data[1792], 2);
	assert_int_equal(frames[0].data[2 * 1792 + 9], 3);
	port_afxdp.release(&left.port.port, NULL);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(leave(&right, &sent[i]));
		assert_int_equal(sent[i].addr, left.rx.descriptors[i].addr);
		assert_int_equal(sent[i].len, left.rx.descriptors[i].len);
		assert_int_equal(sent[i].options, i < 2 ? AFXDP_FRAME_CONTINUES : 0);
	}
	assert_no_chunk_lost();
}

static void of_a_frame_of_too_many_chunks_the_beginning_is_seen(void **state)
{
	enum { PARTS = 20, SEEN = 18 };
	struct frame frames[PORT_BURST_MAX];

	(void)state;
	for (unsigned i = 0; i < PARTS; i++)
		assert_true(arrive(&left, (uint8_t)i, 1792, i + 1 < PARTS));
	assert_int_equal(port_afxdp.receive(&left.port.port, frames), 1);
	assert_int_equal(frames[0].captured_bytes, SEEN * 1792);
	assert_int_equal(frames[0].data[SEEN * 1792 - 1], SEEN - 1);
	port_afxdp.release(&left.port.port, NULL);
	assert_int_equal(right.port.refused, 1);
	assert_no_chunk_lost();
}

static void a_frame_whose_end_is_missing_waits_for_it(void **state)
{
	(void)state;
	struct frame frames[PORT_BURST_MAX];

	assert_true(arrive(&left, 1, 1792, true));
	assert_int_equal(port_afxdp.receive(&left.port.port, frames), 0);
	assert_true(arrive(&left, 2, 20, false));
	assert_int_equal(port_afxdp.receive(&left.port.port, frames), 1);
	assert_int_equal(frames[0].captured_bytes, 1792 + 20);
	port_afxdp.release(&left.port.port, NULL);
	assert_no_chunk_lost();
}

static void several_chunks_need_room_for_all_of_them(void **state)
{
	(void)state;
	struct xdp_desc sent = {0};

	for (unsigned i = 0; i < RING - 1; i++) {
		assert_true(arrive(&left, 9, FRAME_BYTES, false));
		assert_int_equal(forward(&left, NULL), 1);
	}
	assert_true(arrive(&left, 1, 1792, true));
	assert_true(arrive(&left, 2, 20, false));
	assert_int_equal(forward(&left, NULL), 1);
	assert_int_equal(right.port.unsent, 1);
	for (unsigned i = 0; i < RING - 1; i++)
		assert_true(leave(&right, &sent));
	assert_false(leave(&right, &sent));
	assert_no_chunk_lost();
}

static void ports_without_common_memory_copy(void **state)
{
	(void)state;
	struct xdp_desc sent = {0};

	assert_true(arrive(&left, 5, 1792, true));
	assert_true(arrive(&left, 6, 1000, false));
	assert_int_equal(forward(&left, NULL), 1);
	assert_true(leave(&right, &sent));
	assert_int_equal(sent.len, CHUNK_BYTES);
	assert_int_equal(sent.options, AFXDP_FRAME_CONTINUES);
	assert_int_equal(memories[1]->data[sent.addr + 1791], 5);
	assert_int_equal(memories[1]->data[sent.addr + 1792], 6);
	assert_true(leave(&right, &sent));
	assert_int_equal(sent.len, 1792 + 1000 - CHUNK_BYTES);
	assert_int_equal(sent.options, 0);
	assert_int_equal(memories[0]->free_count + held_by_rings(&left), CHUNKS);
	assert_int_equal(memories[1]->free_count + held_by_rings(&right), CHUNKS);
}

static void a_frame_larger_than_the_peer_takes_is_counted(void **state)
{
	(void)state;
	right.port.frame_bytes_max = FRAME_BYTES - 1;
	assert_true(arrive(&left, 1, FRAME_BYTES, false));
	assert_int_equal(forward(&left, NULL), 1);
	assert_int_equal(right.port.refused, 1);
	assert_int_equal(right.tx.producer, 0);
	assert_no_chunk_lost();
}

static void an_own_frame_is_copied_and_leaves_with_the_next_release(void **state)
{
	(void)state;
	const uint8_t own[FRAME_BYTES] = {42};
	struct xdp_desc sent = {0};

	assert_true(port_afxdp.send(&left.port.port, slice_of(own, sizeof(own))));
	assert_false(leave(&left, &sent));
	assert_true(arrive(&left, 1, FRAME_BYTES, false));
	assert_int_equal(forward(&left, NULL), 1);
	assert_true(leave(&left, &sent));
	assert_memory_equal(memories[0]->data + sent.addr, own, sizeof(own));
	assert_no_chunk_lost();
}

static void an_own_frame_without_room_is_told(void **state)
{
	(void)state;
	const uint8_t own[FRAME_BYTES] = {42};

	for (unsigned i = 0; i < RING; i++)
		assert_true(port_afxdp.send(&left.port.port, slice_of(own, sizeof(own))));
	assert_false(port_afxdp.send(&left.port.port, slice_of(own, sizeof(own))));
	assert_false(port_afxdp.send(&right.port.port, slice_of(own, 0)));
	assert_no_chunk_lost();
}

static void play(struct fake_port *fake, uint32_t random)
{
	const enum verdict verdicts[PORT_BURST_MAX] = {VERDICT_PASS, VERDICT_DROP};
	const uint8_t own[FRAME_BYTES] = {42};
	struct xdp_desc sent = {0};

	for (uint32_t i = 0; i < random % 7; i++)
		(void)arrive(fake, 1, FRAME_BYTES, false);
	if (random % 5 == 0 && fake->fill.producer - fake->fill.consumer > 2 &&
	    fake->rx.producer - fake->rx.consumer < RING - 2) {
		(void)arrive(fake, 2, 1792, true);
		(void)arrive(fake, 3, 5, false);
	}
	if (random % 11 == 0)
		(void)port_afxdp.send(&fake->port.port, slice_of(own, sizeof(own)));
	(void)forward(fake, random % 3 == 0 ? verdicts : NULL);
	for (uint32_t i = 0; i < random / 7 % 5; i++)
		(void)leave(fake, &sent);
}

static void no_chunk_is_ever_lost(void **state)
{
	(void)state;
	uint32_t random = 1;
	struct port_counters counters;

	for (unsigned i = 0; i < ROUNDS; i++) {
		random = random * 1664525 + 1013904223;
		play(random >> 31 ? &left : &right, random >> 8 & 0xffff);
		assert_no_chunk_lost();
	}
	port_afxdp.counters(&right.port.port, &counters);
	assert_true(counters.sent > ROUNDS / 4);
	assert_true(counters.unsent > 0);
}

static void rings_leave_room_for_what_is_sent(void **state)
{
	(void)state;
	assert_int_equal(afxdp_socket_ring_size(256), 128);
	assert_int_equal(afxdp_socket_ring_size(4096), 2048);
	assert_int_equal(afxdp_socket_ring_size(4095), 1024);
	assert_int_equal(afxdp_socket_ring_size(1 << 20), AFXDP_RING_MAX);
}

static void what_the_kernel_refuses_is_said_in_words(void **state)
{
	(void)state;
	struct port_afxdp port = {.queue = 3, .frame_bytes_max = 9022, .needs_fragments = true};
	char words[256];

	afxdp_socket_words(&port, -EINVAL, words);
	assert_non_null(strstr(words, "frames of 9022 bytes need AF_XDP's multi-buffer of Linux "
	                              "6.6 or later, this is "));
	assert_non_null(strstr(words, ": set the MTU to 3498 or less, or use dpdk"));
	port.needs_fragments = false;
	afxdp_socket_words(&port, -EINVAL, words);
	assert_string_equal(words, "queue 3: the interface has no such queue: ethtool -l shows how "
	                           "many there are");
	afxdp_socket_words(&port, -EBUSY, words);
	assert_string_equal(words, "queue 3: another AF_XDP socket has this queue: end the program "
	                           "that holds it");
	afxdp_socket_words(&port, -EIO, words);
	assert_string_equal(words, "queue 3: Input/output error");
}

static void without_a_program_nothing_is_opened(void **state)
{
	(void)state;
	struct report report = {0};
	const struct port_device device = {.name = "lo", .queue_count = 1, .report = &report};
	struct port *port = NULL;

	assert_int_equal(port_open_device("afxdp", &device, &port), -EINVAL);
	assert_null(port);
	assert_string_equal(report.reasons[0].examples[0].detail,
	                    "no XDP program is loaded that hands packets over");
	report_clear(&report);
}

#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, make_shared, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(a_frame_that_passes_leaves_by_the_peer_in_its_own_chunk),
		WIRE_TEST(a_dropped_frame_does_not_leave),
		WIRE_TEST(a_tap_gives_its_chunks_back_to_be_filled),
		WIRE_TEST(a_full_ring_loses_what_comes_and_counts_it),
		WIRE_TEST(a_frame_of_several_chunks_is_joined_and_leaves_as_it_came),
		WIRE_TEST(a_frame_whose_end_is_missing_waits_for_it),
		WIRE_TEST(several_chunks_need_room_for_all_of_them),
		WIRE_TEST(of_a_frame_of_too_many_chunks_the_beginning_is_seen),
		cmocka_unit_test_setup_teardown(ports_without_common_memory_copy, make_apart,
	                                        teardown),
		WIRE_TEST(a_frame_larger_than_the_peer_takes_is_counted),
		WIRE_TEST(an_own_frame_is_copied_and_leaves_with_the_next_release),
		WIRE_TEST(an_own_frame_without_room_is_told),
		WIRE_TEST(no_chunk_is_ever_lost),
		cmocka_unit_test(rings_leave_room_for_what_is_sent),
		cmocka_unit_test(what_the_kernel_refuses_is_said_in_words),
		cmocka_unit_test(without_a_program_nothing_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
