#include "tests/unit/unit_test.h"

#include "dataplane/capture_split.h"
#include "tests/unit/dataplane/frames.h"

enum { WORKERS = 7, HOSTS = 60 };

static uint8_t bytes[FRAME_BYTES_MAX];

static struct frame frame_of(const struct segment *segment)
{
	uint32_t size = frame_write(segment, bytes);

	return (struct frame){
		.data = bytes, .captured_bytes = size, .wire_bytes = size, .link = LINK_ETHERNET};
}

static unsigned worker_of(const struct segment *segment)
{
	struct frame frame = frame_of(segment);

	return capture_split_worker(&frame, WORKERS);
}

static struct segment between(uint8_t src, uint8_t dst)
{
	return (struct segment){
		.src = src, .dst = dst, .src_port = 1000, .dst_port = 53, .protocol = IP_UDP};
}

static void all_between_two_hosts_is_one_workers(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < HOSTS; i++) {
		struct segment segment = between(i, (uint8_t)(i + 7));
		unsigned worker = worker_of(&segment);

		assert_in_range(worker, 0, WORKERS - 1);
		segment = between((uint8_t)(i + 7), i);
		assert_int_equal(worker_of(&segment), worker);
		segment.src_port = 4711;
		segment.protocol = IP_TCP;
		assert_int_equal(worker_of(&segment), worker);
		segment.fragment = 0x0010;
		assert_int_equal(worker_of(&segment), worker);
	}
}

static void each_worker_gets_some(void **state)
{
	unsigned counts[WORKERS] = {0};

	(void)state;
	for (uint8_t i = 0; i < HOSTS; i++)
		for (uint8_t k = 0; k < HOSTS; k++) {
			struct segment segment = between(i, (uint8_t)(100 + k));
			counts[worker_of(&segment)]++;
		}
	for (unsigned i = 0; i < WORKERS; i++)
		assert_in_range(counts[i], HOSTS * HOSTS / WORKERS / 2,
		                HOSTS * HOSTS / WORKERS * 2);
}

// What is decoded to find the addresses goes where what is read at once goes.
static void the_link_does_not_matter(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < HOSTS; i++) {
		struct segment segment = between(i, 200);
		struct frame frame = frame_of(&segment);
		unsigned worker = capture_split_worker(&frame, WORKERS);
		uint8_t tagged[FRAME_BYTES_MAX + 4];

		memcpy(tagged, bytes, 12);
		memcpy(tagged + 12, (uint8_t[]){0x81, 0x00, 0x00, 0x07}, 4);
		memcpy(tagged + 16, bytes + 12, frame.captured_bytes - 12);
		frame.data = tagged;
		frame.captured_bytes += 4;
		frame.wire_bytes += 4;
		assert_int_equal(capture_split_worker(&frame, WORKERS), worker);
		frame = (struct frame){.data = bytes + 14,
		                       .captured_bytes = frame.captured_bytes - 18,
		                       .wire_bytes = frame.wire_bytes - 18,
		                       .link = LINK_RAW};
		assert_int_equal(capture_split_worker(&frame, WORKERS), worker);
	}
}

static void ipv6_is_split_too(void **state)
{
	uint8_t ipv6[14 + 40] = {0};
	struct frame frame = {.data = ipv6,
	                      .captured_bytes = sizeof(ipv6),
	                      .wire_bytes = sizeof(ipv6),
	                      .link = LINK_ETHERNET};
	unsigned used = 0;

	(void)state;
	frame_put16(ipv6 + 12, 0x86dd);
	ipv6[14] = 0x60;
	ipv6[20] = IP_NO_NEXT_HEADER;
	for (uint8_t i = 0; i < HOSTS; i++) {
		struct frame raw = {.data = ipv6 + 14,
		                    .captured_bytes = 40,
		                    .wire_bytes = 40,
		                    .link = LINK_RAW};

		ipv6[14 + 8 + 15] = i;
		used |= 1u << capture_split_worker(&frame, WORKERS);
		assert_int_equal(capture_split_worker(&raw, WORKERS),
		                 capture_split_worker(&frame, WORKERS));
	}
	assert_int_equal(used, (1u << WORKERS) - 1);
}

static void what_is_not_ip_is_the_first_workers(void **state)
{
	struct segment segment = between(1, 2);
	struct frame frame = frame_of(&segment);

	(void)state;
	for (uint32_t size = 0; size < 34; size++) { // cut
		frame.captured_bytes = size;
		assert_int_equal(capture_split_worker(&frame, WORKERS), 0);
	}
	frame = frame_of(&segment);
	frame_put16(bytes + 12, 0x0806);
	assert_int_equal(capture_split_worker(&frame, WORKERS), 0);
	frame.link = (enum link_type)9999;
	assert_int_equal(capture_split_worker(&frame, WORKERS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_between_two_hosts_is_one_workers),
		cmocka_unit_test(each_worker_gets_some),
		cmocka_unit_test(the_link_does_not_matter),
		cmocka_unit_test(ipv6_is_split_too),
		cmocka_unit_test(what_is_not_ip_is_the_first_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
