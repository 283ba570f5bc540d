#include "tests/unit/unit_test.h"

#include <sys/mman.h>

#include "dataplane/pipeline.h"
#include "engine/build.h"
#include "engine/normalize.h"
#include "tests/unit/dataplane/frames.h"

static struct database *database;
static struct ring *ring;
static struct buffer capture;
static struct buffer told; // what came out of the ring, a line a hit
static size_t flow_budget_bytes;

static void add_indicator(struct build *build, const char *id, uint32_t *ret_id)
{
	struct indicator indicator = {
		.id = slice_text(id),
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
		.action = ACTION_ALERT,
	};

	assert_int_equal(build_add_indicator(build, &indicator, ret_id), 0);
}

// Indicators 1: 192.0.2.7, 2: 192.0.2.0/29, 3: bad.example, 4: 192.0.2.9 port 80.
static void make_database(void)
{
	const struct entry_terms any = {.kinds = ENTRY_EXACT, .action = ACTION_ALERT};
	const struct entry_terms web = {.port = 80, .protocol = IP_TCP, .action = ACTION_ALERT};
	static const char *const prefixes[] = {"192.0.2.7", "192.0.2.0/29", NULL, "192.0.2.9"};
	AUTO(build) build = NULL;
	struct build_figures figures;
	struct report report = {0};
	int fd = memfd_create("database", 0);

	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct prefix prefix;
		bool had_host_bits;
		uint32_t id;

		add_indicator(build, "indicator", &id);
		if (prefixes[i] == NULL) {
			build_add_name(build, slice_text("bad.example"), id, &any);
			continue;
		}
		assert_int_equal(normalize_prefix(slice_text(prefixes[i]), &prefix, &had_host_bits),
		                 0);
		assert_int_equal(build_add_prefix(build, &prefix, id, i == 3 ? &web : &any), 0);
	}
	assert_int_equal(build_write(build, fd, NULL, &report, &figures), 0);
	assert_int_equal(database_open_fd(fd, "test", &report, &database), 0);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	make_database();
	assert_int_equal(ring_create(1024 * 1024, &ring), 0);
	capture_begin(&capture, LINK_ETHERNET);
	flow_budget_bytes = 1024 * 1024;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	database_close(database);
	ring_free(ring);
	buffer_close(&capture);
	buffer_close(&told);
	return 0;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static void tell_hits(void)
{
	struct slice record;

	while (ring_peek(ring, &record)) {
		char address[ADDRESS_TEXT_BYTES];
		struct slice value;
		struct hit hit;

		hit_read(record, &hit);
		value = hit.observable.text;
		if (hit.observable.type == OBSERVABLE_ADDRESS) {
			normalize_format_address(&hit.observable.address, address);
			value = slice_text(address);
		}
		buffer_format(&told, "%u %s %.*s packet %u, %u packets, %u bytes\n",
		              hit.indicator_id, observable_where_name(hit.observable.where),
		              SLICE_FORMAT(value), (unsigned)hit.origin.packet_number,
		              (unsigned)hit.origin.packet_count, (unsigned)hit.origin.byte_count);
		ring_release(ring);
	}
}

static void run_file(struct pipeline *pipeline, const char *path)
{
	struct report report = {0};
	AUTO(port) port = NULL;

	assert_int_equal(port_open(path, &report, &port), 0);
	pipeline_begin(pipeline, 0);
	while (pipeline_run(pipeline, port) > 0)
		continue;
	pipeline_end(pipeline);
	report_clear(&report);
}

// What the capture gives, run twice by the same pipeline: both must be the same.
static const char *run(void)
{
	const struct pipeline_options options = {
		.database = database,
		.ring = ring,
		.flow_budget_bytes = flow_budget_bytes,
		.stream_budget_bytes = 64 * 1024 * 1024,
		.is_abandoned = never,
	};
	AUTO(pipeline) pipeline = NULL;
	struct capture_result result = {0};
	char path[64];
	size_t first_size;

	assert_int_equal(pipeline_create(&options, &pipeline), 0);
	capture_save(buffer_slice(&capture), path);
	run_file(pipeline, path);
	pipeline_capture_result(pipeline, &result);
	assert_true(result.packets > 0);
	report_clear(&result.report);
	tell_hits();
	first_size = told.size;
	run_file(pipeline, path);
	tell_hits();
	unlink(path);
	assert_int_equal(told.size, 2 * first_size);
	if (first_size > 0)
		assert_memory_equal(told.data, told.data + first_size, first_size);
	told.size = first_size;
	buffer_append_byte(&told, 0);
	return (const char *)told.data;
}

static void udp(uint8_t src, uint8_t dst, int64_t time_ns, const char *text)
{
	capture_add(&capture, &(struct segment){.time_ns = time_ns,
	                                        .src = src,
	                                        .dst = dst,
	                                        .src_port = 4000,
	                                        .dst_port = 5000,
	                                        .protocol = IP_UDP,
	                                        .text = text});
}

static void an_address_is_one_hit_per_indicator_flow_and_side(void **state)
{
	(void)state;
	udp(100, 7, 1, "ab"); // 30 bytes of IP
	capture_add(&capture, &(struct segment){.time_ns = 2,
	                                        .src = 7,
	                                        .dst = 100,
	                                        .src_port = 5000,
	                                        .dst_port = 4000,
	                                        .protocol = IP_UDP,
	                                        .text = "abcd"});
	udp(7, 6, 3, "ab");
	assert_string_equal(run(), "1 ip.dst 192.0.2.7 packet 1, 2 packets, 62 bytes\n"
	                           "2 ip.dst 192.0.2.7 packet 1, 2 packets, 62 bytes\n"
	                           "1 ip.src 192.0.2.7 packet 3, 1 packets, 30 bytes\n"
	                           "2 ip.src 192.0.2.7 packet 3, 1 packets, 30 bytes\n"
	                           "2 ip.dst 192.0.2.6 packet 3, 1 packets, 30 bytes\n");
}

static void fragments_are_of_the_flow_of_their_first_one(void **state)
{
	struct segment segment = {
		.src = 100, .dst = 7, .src_port = 4000, .dst_port = 5000, .protocol = IP_UDP};

	(void)state;
	segment.text = "ab";
	segment.id = 77;
	segment.fragment = 0x2000; // more to come
	capture_add(&capture, &segment);
	segment.src_port = 0x1111; // is payload now
	segment.fragment = 0x0008;
	capture_add(&capture, &segment);
	segment.id = 78; // of which the first fragment is missing
	segment.src = 101;
	capture_add(&capture, &segment);
	assert_string_equal(run(), "1 ip.dst 192.0.2.7 packet 1, 2 packets, 60 bytes\n"
	                           "2 ip.dst 192.0.2.7 packet 1, 2 packets, 60 bytes\n"
	                           "1 ip.dst 192.0.2.7 packet 3, 1 packets, 30 bytes\n"
	                           "2 ip.dst 192.0.2.7 packet 3, 1 packets, 30 bytes\n");
}

static void a_long_flow_is_written_after_sixty_seconds_and_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		udp(100, 7, i * 10 * NS_PER_S, "ab");
	assert_string_equal(run(), "1 ip.dst 192.0.2.7 packet 1, 7 packets, 210 bytes\n"
	                           "2 ip.dst 192.0.2.7 packet 1, 7 packets, 210 bytes\n");
}

static void an_entry_with_a_port_wants_it_on_its_side(void **state)
{
	struct segment segment = {
		.src = 100, .dst = 9, .src_port = 80, .dst_port = 443, .protocol = IP_TCP};

	(void)state;
	capture_add(&capture, &segment);
	segment.dst_port = 80;
	capture_add(&capture, &segment);
	assert_string_equal(run(), "4 ip.dst 192.0.2.9 packet 2, 1 packets, 40 bytes\n");
}

static void flows_that_end_within_a_batch_are_told_apart(void **state)
{
	struct segment segment = {
		.src = 100, .dst = 9, .src_port = 1000, .dst_port = 80, .protocol = IP_TCP};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		segment.flags = TCP_SYN;
		capture_add(&capture, &segment);
		segment.flags = TCP_RST;
		capture_add(&capture, &segment);
	}
	assert_string_equal(run(), "4 ip.dst 192.0.2.9 packet 1, 2 packets, 80 bytes\n"
	                           "4 ip.dst 192.0.2.9 packet 3, 2 packets, 80 bytes\n"
	                           "4 ip.dst 192.0.2.9 packet 5, 2 packets, 80 bytes\n");
}

static void a_flow_table_of_one_flow_still_finds_every_address(void **state)
{
	(void)state;
	flow_budget_bytes = 1;
	for (unsigned i = 0; i < 3; i++) {
		udp(100, 7, i, "ab");
		udp(100, 101, i, "ab");
	}
	assert_string_equal(run(), "1 ip.dst 192.0.2.7 packet 1, 1 packets, 30 bytes\n"
	                           "2 ip.dst 192.0.2.7 packet 1, 1 packets, 30 bytes\n"
	                           "1 ip.dst 192.0.2.7 packet 3, 1 packets, 30 bytes\n"
	                           "2 ip.dst 192.0.2.7 packet 3, 1 packets, 30 bytes\n"
	                           "1 ip.dst 192.0.2.7 packet 5, 1 packets, 30 bytes\n"
	                           "2 ip.dst 192.0.2.7 packet 5, 1 packets, 30 bytes\n");
}

static void names_are_hits_of_the_packet_that_completes_them(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: bad.example\r\n\r\n";
	static const char query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03"
				    "BAD\x07"
				    "example\x00\x00\x01\x00\x01";
	struct segment segment = {.src = 100,
	                          .dst = 101,
	                          .src_port = 1000,
	                          .dst_port = 80,
	                          .protocol = IP_TCP,
	                          .text = request,
	                          .text_bytes = 20};

	(void)state;
	capture_add(&capture, &segment);
	segment.sequence = 20;
	segment.text = request + 20;
	segment.text_bytes = 0;
	capture_add(&capture, &segment);
	segment = (struct segment){.src = 100,
	                           .dst = 101,
	                           .src_port = 1000,
	                           .dst_port = 53,
	                           .protocol = IP_UDP,
	                           .text = query,
	                           .text_bytes = sizeof(query) - 1};
	capture_add(&capture, &segment);
	assert_string_equal(run(), "3 http.host bad.example packet 2, 0 packets, 0 bytes\n"
	                           "3 dns.query bad.example packet 3, 0 packets, 0 bytes\n");
}

static void addresses_an_icmp_error_quotes_are_hits_of_their_own(void **state)
{
	struct segment quoted = {.src = 7, .dst = 101, .protocol = IP_UDP, .text = "ab"};
	struct segment segment = {.src = 100, .dst = 101, .protocol = IP_ICMP};
	uint8_t frame[FRAME_BYTES_MAX];
	char error[64] = "\x03\x01"; // ICMP header; what frame_write() puts over it is its ports
	uint32_t size = frame_write(&quoted, frame) - 14;

	(void)state;
	memcpy(error + 8, frame + 14, size);
	segment.text = error + 8;
	segment.text_bytes = size;
	segment.src_port = 0x0301; // type 3, code 1
	capture_add(&capture, &segment);
	assert_string_equal(run(), "1 icmp.quoted.src 192.0.2.7 packet 1, 0 packets, 0 bytes\n"
	                           "2 icmp.quoted.src 192.0.2.7 packet 1, 0 packets, 0 bytes\n");
}

static void a_port_counts_with_the_address_a_proxy_is_asked_for(void **state)
{
	(void)state;
	capture_add(&capture, &(struct segment){.src = 100,
	                                        .dst = 101,
	                                        .dst_port = 3128,
	                                        .protocol = IP_TCP,
	                                        .text = "CONNECT 192.0.2.9:80 HTTP/1.1\r\n\r\n"});
	capture_add(&capture, &(struct segment){.src = 100,
	                                        .dst = 102,
	                                        .dst_port = 3128,
	                                        .protocol = IP_TCP,
	                                        .text = "CONNECT 192.0.2.9:81 HTTP/1.1\r\n\r\n"});
	assert_string_equal(run(), "4 http.host 192.0.2.9 packet 1, 0 packets, 0 bytes\n");
}

static void note(void *context, const struct origin *origin, const struct observable *observable)
{
	(void)context;
	buffer_format(&told, "%u %s\n", (unsigned)origin->packet_number,
	              observable_where_name(observable->where));
}

static void observables_are_told_in_packet_order(void **state)
{
	const struct pipeline_options options = {.flow_budget_bytes = 1024,
	                                         .stream_budget_bytes = 1024,
	                                         .is_abandoned = never,
	                                         .observe = note};
	AUTO(pipeline) pipeline = NULL;
	char path[64];

	(void)state;
	capture_add(&capture, &(struct segment){.src = 1,
	                                        .dst = 2,
	                                        .dst_port = 80,
	                                        .protocol = IP_TCP,
	                                        .text = "GET / HTTP/1.1\r\nHost: a.b\r\n\r\n"});
	udp(1, 2, 3, "x");
	udp(1, 2, 4, "x");
	capture_save(buffer_slice(&capture), path);
	assert_int_equal(pipeline_create(&options, &pipeline), 0);
	run_file(pipeline, path);
	unlink(path);
	buffer_append_byte(&told, 0);
	assert_string_equal((const char *)told.data, "1 ip.src\n1 ip.dst\n1 http.host\n1 http.url\n"
	                                             "1 http.method\n1 http.version\n"
	                                             "2 ip.src\n2 ip.dst\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_is_one_hit_per_indicator_flow_and_side),
		TEST(fragments_are_of_the_flow_of_their_first_one),
		TEST(a_long_flow_is_written_after_sixty_seconds_and_once),
		TEST(an_entry_with_a_port_wants_it_on_its_side),
		TEST(flows_that_end_within_a_batch_are_told_apart),
		TEST(a_flow_table_of_one_flow_still_finds_every_address),
		TEST(names_are_hits_of_the_packet_that_completes_them),
		TEST(addresses_an_icmp_error_quotes_are_hits_of_their_own),
		TEST(observables_are_told_in_packet_order),
		TEST(a_port_counts_with_the_address_a_proxy_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
