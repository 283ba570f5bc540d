#include "tests/unit/unit_test.h"

#include "base/timestamp.h"
#include "dataplane/capture_snoop.h"
#include "tests/unit/dataplane/frames.h"

static struct buffer file;

static void put(uint32_t value)
{
	capture_u32(&file, __builtin_bswap32(value));
}

static int begin(void **state)
{
	(void)state;
	buffer_append(&file, "snoop\0\0", 8);
	put(2);
	put(4);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buffer_close(&file);
	return 0;
}

static void record(uint32_t captured, uint32_t wire, uint32_t padding)
{
	put(wire);
	put(captured);
	put(24 + captured + padding);
	put(0);
	put(10);
	put(500000);
	buffer_append(&file, "abcdefghijklmnopqrstuvwxyz", captured + padding);
}

static unsigned read_file(struct frame frames[PORT_BURST_MAX], struct capture_step *step)
{
	assert_true(capture_snoop_open(buffer_slice(&file)));
	return capture_snoop_read(slice_from(buffer_slice(&file), CAPTURE_SNOOP_HEADER_BYTES),
	                          frames, step);
}

static void packets_have_their_time_and_what_fills_them_up_is_passed_over(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	(void)state;
	record(5, 9, 3);
	record(4, 4, 0);
	assert_int_equal(read_file(frames, &step), 2);
	assert_int_equal(frames[0].link, LINK_ETHERNET);
	assert_int_equal(frames[0].time_ns, 10500 * NS_PER_MS);
	assert_int_equal(frames[0].captured_bytes, 5);
	assert_int_equal(frames[0].wire_bytes, 9);
	assert_memory_equal(frames[0].data, "abcde", 5);
	assert_int_equal(frames[1].captured_bytes, 4);
	assert_null(step.damage);
	assert_int_equal(step.used_bytes, file.size - CAPTURE_SNOOP_HEADER_BYTES);
}

static void a_record_that_is_not_there_whole_is_waited_for(void **state)
{
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	(void)state;
	record(4, 4, 0);
	record(12, 12, 0);
	file.size -= 1;
	assert_int_equal(read_file(frames, &step), 1);
	assert_int_equal(step.used_bytes, 28);
	assert_int_equal(step.needed_bytes, 36);
	assert_null(step.damage);
}

static void lengths_that_do_not_fit_each_other_are_damage(void **state)
{
	static const uint32_t lengths[][2] = {{5, 28}, {4, 24 + 4 + 257}, {0xfffffff0, 16}};
	struct frame frames[PORT_BURST_MAX];
	struct capture_step step;

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		buffer_clear(&file);
		begin(state);
		record(4, 4, 0);
		put(lengths[i][0]);
		put(lengths[i][0]);
		put(lengths[i][1]);
		buffer_append(&file, "............", 12);
		assert_int_equal(read_file(frames, &step), 1);
		assert_string_equal(step.damage, "a packet's length cannot be");
	}
}

static void other_versions_and_links_are_not_taken(void **state)
{
	(void)state;
	file.data[11] = 3;
	assert_false(capture_snoop_open(buffer_slice(&file)));
	file.data[11] = 2;
	file.data[15] = 8; // FDDI
	assert_false(capture_snoop_open(buffer_slice(&file)));
	file.data[15] = 0;
	assert_true(capture_snoop_open(buffer_slice(&file)));
	assert_false(capture_snoop_open(slice_first(buffer_slice(&file), 15)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)
		EACH(packets_have_their_time_and_what_fills_them_up_is_passed_over),
		EACH(a_record_that_is_not_there_whole_is_waited_for),
		EACH(lengths_that_do_not_fit_each_other_are_damage),
		EACH(other_versions_and_links_are_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
