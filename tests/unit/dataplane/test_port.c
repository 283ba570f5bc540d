#include "tests/unit/unit_test.h"

#include <errno.h>

#include <zlib.h>
#include <zstd.h>

#include "dataplane/port.h"
#include "tests/unit/dataplane/frames.h"

static char path[64];
static struct report report;
static struct buffer capture;

static int setup(void **state)
{
	(void)state;
	path[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_clear(&report);
	buffer_close(&capture);
	if (path[0] != '\0')
		unlink(path);
	return 0;
}

static void add_packets(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		capture_add(&capture, &(struct segment){.time_ns = i + 1,
		                                        .src = 1,
		                                        .dst = 2,
		                                        .protocol = IP_UDP,
		                                        .text = "some payload"});
}

// Reads the file at `path`. Returns the packets, whose times must be 1, 2, 3 …
static unsigned read_all(bool *ret_is_cut_short)
{
	struct frame frames[PORT_BURST_MAX];
	struct port_counters counters;
	unsigned total = 0, count;
	AUTO(port) port = NULL;

	assert_int_equal(port_open(path, &report, &port), 0);
	while ((count = port->ops->receive(port, frames)) > 0) {
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(frames[i].time_ns, total + i + 1);
			assert_memory_equal(frames[i].data + 42, "some payload", 12);
		}
		total += count;
		port->ops->release(port, NULL);
	}
	port->ops->counters(port, &counters);
	*ret_is_cut_short = counters.is_cut_short;
	return total;
}

static void all_packets_of_a_file_larger_than_the_window_are_read(void **state)
{
	bool is_cut_short;

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	add_packets(50000);
	capture_save(buffer_slice(&capture), path);
	assert_int_equal(read_all(&is_cut_short), 50000);
	assert_false(is_cut_short);
	assert_int_equal(report.count, 0);
}

static void gzip_is_told_by_content(void **state)
{
	bool is_cut_short;
	gzFile gzip;

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	add_packets(20000);
	capture_save(slice_text(""), path);
	gzip = gzopen(path, "wb");
	// Two members, as when compressed files are put one behind the other.
	assert_int_equal(gzwrite(gzip, capture.data, 1000), 1000);
	gzclose(gzip);
	gzip = gzopen(path, "ab");
	assert_true(gzwrite(gzip, capture.data + 1000, (unsigned)(capture.size - 1000)) > 0);
	gzclose(gzip);
	assert_int_equal(read_all(&is_cut_short), 20000);
	assert_false(is_cut_short);
}

static void a_cut_zstd_file_gives_what_came_before(void **state)
{
	bool is_cut_short;
	size_t bound;
	uint8_t *compressed;
	size_t size;
	unsigned count;

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	add_packets(20000);
	bound = ZSTD_compressBound(capture.size);
	compressed = malloc(bound);
	size = ZSTD_compress(compressed, bound, capture.data, capture.size, 1);
	capture_save(slice_of(compressed, size), path);
	assert_int_equal(read_all(&is_cut_short), 20000);
	assert_false(is_cut_short);
	assert_int_equal(truncate(path, (off_t)size / 2), 0);
	count = read_all(&is_cut_short);
	assert_in_range(count, 1, 19999);
	assert_true(is_cut_short);
	assert_string_equal(report.reasons[0].reason,
	                    "the compressed file is damaged or cut short");
	free(compressed);
}

static void a_cut_record_is_reported_with_its_place(void **state)
{
	bool is_cut_short;

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	add_packets(3);
	capture.size -= 5;
	capture_save(buffer_slice(&capture), path);
	assert_int_equal(read_all(&is_cut_short), 2);
	assert_true(is_cut_short);
	assert_string_equal(report.reasons[0].reason, "the file is cut short");
	assert_int_equal(report.reasons[0].examples[0].line, 3);
	assert_int_equal(report.reasons[0].examples[0].offset, 24 + 2 * (16 + 54));
}

static void an_impossible_length_ends_the_capture(void **state)
{
	bool is_cut_short;

	(void)state;
	capture_begin(&capture, LINK_ETHERNET);
	add_packets(2);
	capture_u32(&capture, 0);
	capture_u32(&capture, 3);
	capture_u32(&capture, 0xfffffff0);
	capture_u32(&capture, 0xfffffff0);
	capture_save(buffer_slice(&capture), path);
	assert_int_equal(read_all(&is_cut_short), 2);
	assert_true(is_cut_short);
	assert_string_equal(report.reasons[0].reason, "a packet's length cannot be");
}

static void all_magics_of_pcap_are_known(void **state)
{
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};
	bool is_cut_short;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool is_swapped = i >= 2;
		uint32_t words[6 + 4] = {magics[i % 2], 0, 0, 0,  65535,
		                         LINK_ETHERNET, 0, 1, 54, 54};

		if (i % 2 == 0)
			words[7] = 0; // microseconds: read_all() wants 1 ns, so these come as 0
		for (unsigned k = 0; is_swapped && k < 10; k++)
			words[k] = __builtin_bswap32(words[k]);
		buffer_clear(&capture);
		buffer_append(&capture, words, sizeof(words));
		buffer_append(&capture, (uint8_t[42]){0}, 42);
		buffer_append_text(&capture, "some payload");
		if (path[0] != '\0')
			unlink(path);
		capture_save(buffer_slice(&capture), path);
		if (i % 2 == 1) {
			assert_int_equal(read_all(&is_cut_short), 1);
		} else {
			struct frame frames[PORT_BURST_MAX];
			AUTO(port) port = NULL;

			assert_int_equal(port_open(path, &report, &port), 0);
			assert_int_equal(port->ops->receive(port, frames), 1);
			assert_int_equal(frames[0].time_ns, 0);
		}
	}
}

static void formats_only_libpcap_knows_are_read_through_it(void **state)
{
	uint32_t header[6] = {0xa1b2cd34, 2 | 4 << 16, 0, 0, 65535, LINK_ETHERNET};
	uint32_t record[6] = {3, 4, 54, 60, 1, 0}; // modified: interface, protocol, type behind
	struct frame frames[PORT_BURST_MAX];
	AUTO(port) port = NULL;

	(void)state;
	buffer_append(&capture, header, sizeof(header));
	buffer_append(&capture, record, sizeof(record));
	buffer_append(&capture, (uint8_t[54]){7}, 54);
	capture_save(buffer_slice(&capture), path);
	assert_int_equal(port_open(path, &report, &port), 0);
	assert_string_equal(port->ops->name, "pcap");
	assert_int_equal(port->ops->receive(port, frames), 1);
	assert_int_equal(frames[0].captured_bytes, 54);
	assert_int_equal(frames[0].wire_bytes, 60);
	assert_int_equal(frames[0].time_ns, 3 * NS_PER_S + 4 * NS_PER_US);
	assert_int_equal(frames[0].data[0], 7);
	port->ops->release(port, NULL);
	assert_int_equal(port->ops->receive(port, frames), 0);
}

static void what_is_no_capture_is_refused_with_a_reason(void **state)
{
	struct port *untouched = (void *)0x1;

	(void)state;
	capture_save(slice_text("this is not a capture, but long enough to be one"), path);
	assert_int_equal(port_open(path, &report, &untouched), -EINVAL);
	assert_ptr_equal(untouched, (void *)0x1);
	assert_int_equal(report.count, 1);
	assert_int_equal(port_open("/nonexistent", &report, &untouched), -ENOENT);
	assert_int_equal(port_open("/", &report, &untouched), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_packets_of_a_file_larger_than_the_window_are_read),
		cmocka_unit_test(gzip_is_told_by_content),
		cmocka_unit_test(a_cut_zstd_file_gives_what_came_before),
		cmocka_unit_test(a_cut_record_is_reported_with_its_place),
		cmocka_unit_test(an_impossible_length_ends_the_capture),
		cmocka_unit_test(all_magics_of_pcap_are_known),
		cmocka_unit_test(formats_only_libpcap_knows_are_read_through_it),
		cmocka_unit_test(what_is_no_capture_is_refused_with_a_reason),
	};
	struct CMUnitTest with_cleanup[sizeof(tests) / sizeof(tests[0])];

	memcpy(with_cleanup, tests, sizeof(tests));
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		with_cleanup[i].setup_func = setup;
		with_cleanup[i].teardown_func = teardown;
	}
	return cmocka_run_group_tests(with_cleanup, NULL, NULL);
}
