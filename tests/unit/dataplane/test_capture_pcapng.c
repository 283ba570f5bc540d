#include "tests/unit/unit_test.h"

#include "base/timestamp.h"
#include "dataplane/capture_pcapng.h"
#include "tests/unit/dataplane/frames.h"

static struct buffer file;
static bool is_big;

static void put32(uint32_t value)
{
	capture_u32(&file, is_big ? __builtin_bswap32(value) : value);
}

static void put16(uint16_t value)
{
	uint16_t ordered = is_big ? __builtin_bswap16(value) : value;

	buffer_append(&file, &ordered, sizeof(ordered));
}

static void section(bool big)
{
	is_big = big;
	put32(0x0a0d0d0a);
	put32(28);
	put32(0x1a2b3c4d);
	put16(1);
	put16(0);
	put32(0xffffffff);
	put32(0xffffffff);
	put32(28);
}

// With a clock resolution, unless it is 0.
static void interface(enum link_type link, uint32_t snap_bytes, uint8_t resolution)
{
	uint32_t size = resolution != 0 ? 20 + 12 : 20;

	put32(1);
	put32(size);
	put16((uint16_t)link);
	put16(0);
	put32(snap_bytes);
	if (resolution != 0) {
		put16(9);
		put16(1);
		buffer_append(&file, (uint8_t[]){resolution, 0, 0, 0}, 4);
		put32(0); // end of options
	}
	put32(size);
}

static void enhanced(uint32_t interface_id, uint64_t units, uint32_t captured, uint32_t wire)
{
	uint32_t padded = (captured + 3) & ~3u;

	put32(6);
	put32(32 + padded);
	put32(interface_id);
	put32((uint32_t)(units >> 32));
	put32((uint32_t)units);
	put32(captured);
	put32(wire);
	buffer_append(&file, "abcdefghijklmnopqrstuvwxyz", padded);
	put32(32 + padded);
}

static unsigned read_file(struct frame frames[PORT_BURST_MAX], struct capture_step *step)
{
	static struct capture_pcapng pcapng;

	assert_true(capture_pcapng_open(&pcapng, buffer_slice(&file)));
	return capture_pcapng_read(&pcapng, buffer_slice(&file), frames, step);
}

static int clear(void **state)
{
	(void)state;
	buffer_close(&file);
	return 0;
}

static void packets_have_their_interfaces_link_and_clock(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	(void)state;
	section(false);
	interface(LINK_ETHERNET, 0, 0);     // microseconds
	interface(LINK_RAW, 0, 9);          // nanoseconds
	interface(LINK_LINUX_SLL, 0, 0x81); // half seconds
	enhanced(0, 1500000, 5, 9);
	enhanced(1, 1500000, 4, 4);
	enhanced(2, 3, 4, 4);
	assert_int_equal(read_file(frames, &step), 3);
	assert_int_equal(frames[0].link, LINK_ETHERNET);
	assert_int_equal(frames[0].time_ns, 1500 * NS_PER_MS);
	assert_int_equal(frames[0].captured_bytes, 5);
	assert_int_equal(frames[0].wire_bytes, 9);
	assert_memory_equal(frames[0].data, "abcde", 5);
	assert_int_equal(frames[1].link, LINK_RAW);
	assert_int_equal(frames[1].time_ns, 1500000);
	assert_int_equal(frames[2].link, LINK_LINUX_SLL);
	assert_int_equal(frames[2].time_ns, 1500 * NS_PER_MS);
	assert_null(step.damage);
	assert_int_equal(step.used_bytes, file.size);
}

static void a_section_has_its_own_byte_order_and_interfaces(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	(void)state;
	section(false);
	interface(LINK_ETHERNET, 0, 0);
	enhanced(0, 1, 4, 4);
	section(true);
	interface(LINK_RAW, 0, 0);
	enhanced(0, 2, 4, 4);
	enhanced(1, 3, 4, 4);
	assert_int_equal(read_file(frames, &step), 2);
	assert_int_equal(frames[1].link, LINK_RAW);
	assert_int_equal(frames[1].time_ns, 2 * NS_PER_US);
	assert_string_equal(step.damage, "a packet is of an interface that is not there");
}

static void other_blocks_are_passed_over(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	(void)state;
	section(false);
	interface(LINK_ETHERNET, 0, 0);
	put32(0x0bad);
	put32(20);
	put32(1);
	put32(2);
	put32(20);
	enhanced(0, 1, 4, 4);
	put32(5); // statistics, larger than what is there
	put32(4 * 1024 * 1024);
	assert_int_equal(read_file(frames, &step), 1);
	put32(0);
	assert_int_equal(read_file(frames, &step), 1);
	assert_int_equal(step.pass_bytes, 4 * 1024 * 1024);
}

static void simple_and_obsolete_packets_are_read(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	(void)state;
	section(true);
	interface(LINK_ETHERNET, 6, 0);
	put32(2); // obsolete
	put32(36);
	put16(0);
	put16(1234); // drops
	put32(0);
	put32(7);
	put32(3);
	put32(3);
	buffer_append(&file, "xyz", 4);
	put32(36);
	put32(3); // simple: 10 on the wire, of which the interface kept 6
	put32(24);
	put32(10);
	buffer_append(&file, "012345\0", 8);
	put32(24);
	assert_int_equal(read_file(frames, &step), 2);
	assert_int_equal(frames[0].time_ns, 7 * NS_PER_US);
	assert_memory_equal(frames[0].data, "xyz", 3);
	assert_int_equal(frames[1].captured_bytes, 6);
	assert_int_equal(frames[1].wire_bytes, 10);
	assert_int_equal(frames[1].time_ns, 7 * NS_PER_US); // it has none of its own
	assert_memory_equal(frames[1].data, "012345", 6);
}

static const char *damage_of(uint32_t length, uint32_t second_length, uint32_t captured)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	clear(NULL);
	section(false);
	interface(LINK_ETHERNET, 0, 0);
	put32(6);
	put32(length);
	put32(0);
	put32(0);
	put32(0);
	put32(captured);
	put32(captured);
	put32(0);
	put32(second_length);
	put32(0);
	assert_int_equal(read_file(frames, &step), 0);
	return step.damage;
}

static void lying_lengths_are_damage(void **state)
{
	(void)state;
	assert_null(damage_of(400, 36, 4)); // more may come
	assert_string_equal(damage_of(8, 36, 4), "a block's length cannot be");
	assert_string_equal(damage_of(35, 36, 4), "a block's length cannot be");
	assert_string_equal(damage_of(0x7ffffffc, 36, 4), "a block's length cannot be");
	assert_string_equal(damage_of(36, 40, 4), "a block's two lengths differ");
	assert_string_equal(damage_of(36, 36, 5), "a packet's length cannot be");
	assert_string_equal(damage_of(36, 36, 0xffffffff), "a packet's length cannot be");
}

static void a_window_may_end_anywhere(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;
	size_t whole;

	(void)state;
	section(false);
	interface(LINK_ETHERNET, 0, 6);
	enhanced(0, 1, 4, 4);
	whole = file.size;
	for (size_t size = 4; size < whole; size++) {
		file.size = size;
		assert_int_equal(read_file(frames, &step), 0);
		assert_null(step.damage);
		assert_true(step.used_bytes + step.needed_bytes > size);
		assert_true(step.used_bytes + step.needed_bytes <= whole);
	}
	file.size = whole;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(packets_have_their_interfaces_link_and_clock, clear),
		cmocka_unit_test_teardown(a_section_has_its_own_byte_order_and_interfaces, clear),
		cmocka_unit_test_teardown(other_blocks_are_passed_over, clear),
		cmocka_unit_test_teardown(simple_and_obsolete_packets_are_read, clear),
		cmocka_unit_test_teardown(lying_lengths_are_damage, clear),
		cmocka_unit_test_teardown(a_window_may_end_anywhere, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
