// The name in a QUIC client's hello, however its packets cut it.
#include "dataplane/extract_quic.h"

#include <stdlib.h>

#include "tests/unit/dataplane/extract_recorder.h"
#include "tests/unit/dataplane/quic_writer.h"
#include "tests/unit/unit_test.h"

enum { VERSION_1 = 1, HELLO_BYTES = 600 };

// md5sum of "771,4865,".
#define JA3S "e8c07683aecf9b16e8e33f10a5161e4e"

static struct recorder recorder;
static struct quic_table table;
static uint32_t hello_id;

static const uint8_t id_bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};

static struct slice id_slice(void)
{
	return slice_of(id_bytes, sizeof(id_bytes));
}

// A ClientHello of HELLO_BYTES that asks for "quic.example".
static struct slice client_hello(void)
{
	static struct quic_text hello;

	quic_write_hello(&hello, "quic.example", HELLO_BYTES);
	return slice_of(hello.bytes, hello.size);
}

static enum extract_verdict give(const struct quic_text *datagram)
{
	return extract_quic_datagram(&table, &hello_id, slice_of(datagram->bytes, datagram->size),
	                             &recorder.output);
}

static enum extract_verdict give_frames(uint32_t version, uint32_t number,
                                        const struct quic_text *frames)
{
	struct quic_text datagram = {.size = 0};

	quic_write_initial(&datagram, version, id_slice(), number,
	                   slice_of(frames->bytes, frames->size));
	return give(&datagram);
}

// Bytes [begin, end) of the hello as a frame.
static void put_part(struct quic_text *frames, uint32_t begin, uint32_t end)
{
	quic_put_crypto(frames, begin, slice_of(client_hello().data + begin, end - begin));
}

static int set_up(void **state)
{
	(void)state;
	recorder_clear(&recorder);
	hello_id = 0;
	return quic_table_open(&table, 16 * 16384);
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(hello_id, 0);
	assert_int_equal(table.hellos.used, 0);
	quic_table_close(&table);
	return 0;
}

static void a_hello_in_one_packet_tells_its_name(void **state)
{
	static const uint32_t numbers[] = {1, 0x6b3343cf, 0xff000017, 0xff00001d, 0xff000022};

	(void)state;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct quic_text frames = {.size = 0};

		recorder_clear(&recorder);
		put_part(&frames, 0, HELLO_BYTES);
		assert_int_equal(give_frames(numbers[i], 0, &frames), EXTRACT_DONE);
		assert_string_equal(recorder.text, "tls.sni quic.example\n");
		assert_int_equal(recorder.output.messages_malformed, 0);
	}
}

// RFC 9287.
static void the_fixed_bit_need_not_be_set(void **state)
{
	struct quic_text frames = {.size = 0}, datagram = {.size = 0};
	const struct quic_how how = {.first_byte = 0x83};

	(void)state;
	put_part(&frames, 0, HELLO_BYTES);
	quic_write_packet(&datagram, VERSION_1, id_slice(), 0, slice_of(frames.bytes, frames.size),
	                  &how);
	assert_int_equal(give(&datagram), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
}

static void frames_may_come_in_any_order(void **state)
{
	struct quic_text frames = {.size = 0};

	(void)state;
	put_part(&frames, 400, HELLO_BYTES);
	quic_put_byte(&frames, 0x01);                             // PING
	quic_put(&frames, "\x02\x05\x00\x01\x00\x01\x01", 7);     // ACK of two ranges
	quic_put(&frames, "\x03\x05\x00\x00\x00\x01\x01\x01", 8); // ACK with ECN counts
	put_part(&frames, 0, 100);
	quic_put(&frames, "\0\0\0\0", 4);
	put_part(&frames, 50, 450);
	assert_int_equal(give_frames(VERSION_1, 2, &frames), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void a_hello_over_several_datagrams_is_put_together(void **state)
{
	static const uint32_t parts[][2] = {{500, 600}, {200, 350}, {350, 520}, {0, 200}};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct quic_text frames = {.size = 0};

		put_part(&frames, parts[i][0], parts[i][1]);
		assert_int_equal(give_frames(VERSION_1, i, &frames),
		                 i < 3 ? EXTRACT_MORE : EXTRACT_DONE);
	}
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
}

static void packets_of_one_datagram_are_all_read(void **state)
{
	struct quic_text datagram = {.size = 0};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct quic_text frames = {.size = 0};

		put_part(&frames, i == 0 ? 300 : 0, i == 0 ? HELLO_BYTES : 300);
		quic_write_initial(&datagram, VERSION_1, id_slice(), i,
		                   slice_of(frames.bytes, frames.size));
	}
	assert_int_equal(give(&datagram), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
}

// Each may have keys of its own, and deriving those is what costs.
static void of_a_datagram_so_many_packets_are_opened(void **state)
{
	// Version 1, an id of one byte, no source id, no token, 20 bytes that are no text of ours.
	static const uint8_t junk[30] = {0xc0, 0, 0, 0, 1, 1, 7, 0, 0, 20};
	struct quic_text frames = {.size = 0};

	(void)state;
	put_part(&frames, 0, HELLO_BYTES);
	for (unsigned before = QUIC_PACKETS_MAX - 1; before <= QUIC_PACKETS_MAX; before++) {
		struct quic_text datagram = {.size = 0};

		recorder_clear(&recorder);
		for (unsigned i = 0; i < before; i++) {
			quic_put(&datagram, junk, sizeof(junk));
			datagram.bytes[datagram.size - sizeof(junk) + 6] = (uint8_t)i;
		}
		quic_write_initial(&datagram, VERSION_1, id_slice(), 0,
		                   slice_of(frames.bytes, frames.size));
		assert_int_equal(give(&datagram),
		                 before < QUIC_PACKETS_MAX ? EXTRACT_DONE : EXTRACT_MORE);
		assert_string_equal(recorder.text,
		                    before < QUIC_PACKETS_MAX ? "tls.sni quic.example\n" : "");
	}
	extract_quic_end(&table, &hello_id);
}

static void of_bytes_told_twice_the_first_ones_count(void **state)
{
	struct quic_text frames = {.size = 0};
	uint8_t other[HELLO_BYTES];

	(void)state;
	memset(other, 'x', sizeof(other));
	put_part(&frames, 300, HELLO_BYTES); // with the name
	quic_put_crypto(&frames, 250, slice_of(other, 350));
	put_part(&frames, 0, 250);
	assert_int_equal(give_frames(VERSION_1, 0, &frames), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
}

static void what_is_no_quic_ends_it(void **state)
{
	static const struct quic_text short_header = {.bytes = {0x40, 1, 2, 3, 4, 5, 6, 7, 8}, 9};
	static const struct quic_text unknown = {.bytes = {0xc0, 'Q', '0', '4', '6', 8, 7, 8}, 8};

	(void)state;
	assert_int_equal(give(&short_header), EXTRACT_DONE);
	assert_int_equal(give(&unknown), EXTRACT_DONE);
	assert_string_equal(recorder.text, "");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

// A packet that is no Initial: 0-RTT (type 1), Handshake (2) or Retry (3) of version 1.
static void put_other(struct quic_text *datagram, unsigned type)
{
	quic_put_byte(datagram, 0xc0 | type << 4);
	quic_put_version(datagram, 1);
	quic_put_id(datagram, id_slice());
	quic_put_id(datagram, slice_text("abc"));
	if (type != 3)
		quic_put_number(datagram, 30);
	for (unsigned i = 0; i < 30; i++)
		quic_put_byte(datagram, i);
}

static void other_packets_are_stepped_over(void **state)
{
	struct quic_text negotiation = {.size = 0};

	(void)state;
	quic_put_byte(&negotiation, 0x9a);
	quic_put(&negotiation, "\0\0\0\0\x01x\x01y\0\0\0\x01\x6b\x33\x43\xcf", 16);
	assert_int_equal(give(&negotiation), EXTRACT_MORE);
	for (unsigned type = 1; type <= 3; type++) {
		struct quic_text other = {.size = 0};

		put_other(&other, type);
		assert_int_equal(give(&other), EXTRACT_MORE);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct quic_text datagram = {.size = 0}, frames = {.size = 0};

		put_part(&frames, i == 0 ? 0 : 250, i == 0 ? 250 : HELLO_BYTES);
		put_other(&datagram, 1);
		quic_write_initial(&datagram, VERSION_1, id_slice(), i,
		                   slice_of(frames.bytes, frames.size));
		put_other(&datagram, 2);
		assert_int_equal(give(&datagram), i == 0 ? EXTRACT_MORE : EXTRACT_DONE);
	}
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static enum extract_verdict give_how(struct slice destination, const struct quic_text *frames,
                                     const struct quic_how *how)
{
	struct quic_text datagram = {.size = 0};

	quic_write_packet(&datagram, VERSION_1, destination, 3,
	                  slice_of(frames->bytes, frames->size), how);
	return give(&datagram);
}

static void ids_may_have_any_size(void **state)
{
	(void)state;
	for (size_t size = 0; size <= QUIC_ID_BYTES_MAX; size++) {
		struct quic_text frames = {.size = 0};
		uint8_t id[QUIC_ID_BYTES_MAX] = {9, 8, 7};

		recorder_clear(&recorder);
		put_part(&frames, 0, HELLO_BYTES);
		assert_int_equal(give_how(slice_of(id, size), &frames, &(struct quic_how){0}),
		                 EXTRACT_DONE);
		assert_string_equal(recorder.text, "tls.sni quic.example\n");
	}
}

static void the_keys_stay_when_the_client_takes_the_servers_id(void **state)
{
	struct quic_text first = {.size = 0}, second = {.size = 0}, server = {.size = 0};

	(void)state;
	put_part(&first, 0, 200);
	assert_int_equal(give_frames(VERSION_1, 0, &first), EXTRACT_MORE);
	quic_put_crypto(&server, 0, slice_text("of no interest"));
	assert_int_equal(give_how(slice_text(""), &server,
	                          &(struct quic_how){.keys_id = id_slice(), .sender = QUIC_SERVER}),
	                 EXTRACT_MORE);
	put_part(&second, 200, HELLO_BYTES);
	assert_int_equal(
		give_how(slice_text("chosen"), &second, &(struct quic_how){.keys_id = id_slice()}),
		EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
}

static void behind_a_retry_the_keys_are_others(void **state)
{
	struct quic_text first = {.size = 0}, second = {.size = 0}, retry = {.size = 0};

	(void)state;
	put_part(&first, 0, 200);
	assert_int_equal(give_frames(VERSION_1, 0, &first), EXTRACT_MORE);
	put_other(&retry, 3);
	assert_int_equal(give(&retry), EXTRACT_MORE);
	assert_int_equal(give_how(slice_text("another"), &first,
	                          &(struct quic_how){.token = slice_text("token")}),
	                 EXTRACT_MORE);
	put_part(&second, 200, HELLO_BYTES);
	assert_int_equal(give_how(slice_text("another"), &second,
	                          &(struct quic_how){.token = slice_text("token")}),
	                 EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
}

// A ServerHello that chose TLS_AES_128_GCM_SHA256 and says nothing else.
static const uint8_t server_hello[4 + 38] = {2, 0, 0, 38, 3, 3, [39] = 0x13, [40] = 0x01};

static void who_observes_is_told_of_the_servers_hello(void **state)
{
	struct quic_text client = {.size = 0}, server = {.size = 0};

	(void)state;
	recorder_observe(&recorder);
	put_part(&client, 0, HELLO_BYTES);
	assert_int_equal(give_frames(VERSION_1, 0, &client), EXTRACT_MORE);
	assert_non_null(strstr(recorder.text, "tls.sni quic.example\n"));
	assert_non_null(strstr(recorder.text, "tls.ja4 q"));
	recorder_observe(&recorder);
	assert_int_equal(give_frames(VERSION_1, 1, &client), EXTRACT_MORE); // once more
	quic_put(&server, "\x02\x00\x00\x00\x00", 5);                       // ACK
	quic_put_crypto(&server, 0, slice_of(server_hello, 20));
	quic_put_crypto(&server, 20, slice_of(server_hello + 20, sizeof(server_hello) - 20));
	assert_int_equal(give_how(slice_text("c"), &server,
	                          &(struct quic_how){.keys_id = id_slice(), .sender = QUIC_SERVER}),
	                 EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.ja3s " JA3S "\n");
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void the_servers_hello_is_found_behind_a_retry(void **state)
{
	struct quic_text client = {.size = 0}, server = {.size = 0}, retry = {.size = 0};

	(void)state;
	recorder_observe(&recorder);
	put_part(&client, 0, HELLO_BYTES);
	assert_int_equal(give_frames(VERSION_1, 0, &client), EXTRACT_MORE);
	put_other(&retry, 3);
	assert_int_equal(give(&retry), EXTRACT_MORE);
	assert_int_equal(give_how(slice_text("another"), &client, &(struct quic_how){0}),
	                 EXTRACT_MORE);
	quic_put_crypto(&server, 0, slice_of(server_hello, sizeof(server_hello)));
	assert_int_equal(give_how(slice_text("c"), &server,
	                          &(struct quic_how){.keys_id = slice_text("another"),
	                                             .sender = QUIC_SERVER}),
	                 EXTRACT_DONE);
	assert_non_null(strstr(recorder.text, "tls.ja3s " JA3S "\n"));
}

static void a_connection_that_is_given_up_is_done(void **state)
{
	struct quic_text client = {.size = 0}, close = {.size = 0};

	(void)state;
	put_part(&client, 0, 100);
	assert_int_equal(give_frames(VERSION_1, 0, &client), EXTRACT_MORE);
	quic_put(&close, "\x1c\x00\x00\x00", 4);
	assert_int_equal(give_frames(VERSION_1, 1, &close), EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 0);
}

static void a_damaged_packet_says_nothing(void **state)
{
	struct quic_text frames = {.size = 0};
	struct quic_text datagram = {.size = 0};

	(void)state;
	put_part(&frames, 0, HELLO_BYTES);
	quic_write_initial(&datagram, VERSION_1, id_slice(), 0,
	                   slice_of(frames.bytes, frames.size));
	for (size_t at = 0; at < datagram.size; at++) {
		datagram.bytes[at] ^= 0x04;
		(void)give(&datagram);
		extract_quic_end(&table, &hello_id);
		assert_string_equal(recorder.text, "");
		datagram.bytes[at] ^= 0x04;
	}
	for (size_t size = 0; size < datagram.size; size++) {
		struct quic_text cut = datagram;

		cut.size = size;
		(void)give(&cut);
		extract_quic_end(&table, &hello_id);
		assert_string_equal(recorder.text, "");
	}
	assert_int_equal(give(&datagram), EXTRACT_DONE);
	assert_string_equal(recorder.text, "tls.sni quic.example\n");
}

static void a_hello_larger_than_is_kept_is_given_up(void **state)
{
	struct quic_text frames = {.size = 0};

	(void)state;
	quic_put_crypto(&frames, QUIC_HELLO_BYTES_MAX - 10, slice_text("more than ten"));
	assert_int_equal(give_frames(VERSION_1, 0, &frames), EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void a_hello_in_too_many_pieces_is_given_up(void **state)
{
	struct quic_text frames = {.size = 0};

	(void)state;
	for (uint32_t i = 0; i <= QUIC_PIECES_MAX; i++)
		put_part(&frames, 2 * i, 2 * i + 1);
	assert_int_equal(give_frames(VERSION_1, 0, &frames), EXTRACT_DONE);
	assert_int_equal(recorder.output.messages_malformed, 1);
}

static void a_flow_is_not_waited_for_for_ever(void **state)
{
	struct quic_text frames = {.size = 0};

	(void)state;
	put_part(&frames, 10, 20);
	for (uint32_t i = 1; i < QUIC_DATAGRAMS_MAX; i++)
		assert_int_equal(give_frames(VERSION_1, i, &frames), EXTRACT_MORE);
	assert_int_equal(give_frames(VERSION_1, 9, &frames), EXTRACT_DONE);
}

static void without_room_a_hello_in_parts_is_given_up(void **state)
{
	struct quic_text frames = {.size = 0};
	uint32_t taken[64];
	unsigned count = 0;

	(void)state;
	while ((taken[count] = pool_take(&table.hellos)) != 0)
		count++;
	put_part(&frames, 0, 20);
	assert_int_equal(give_frames(VERSION_1, 0, &frames), EXTRACT_DONE);
	while (count > 0)
		pool_give(&table.hellos, taken[--count]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_hello_in_one_packet_tells_its_name, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(the_fixed_bit_need_not_be_set, set_up, tear_down),
		cmocka_unit_test_setup_teardown(frames_may_come_in_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hello_over_several_datagrams_is_put_together,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(packets_of_one_datagram_are_all_read, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(of_a_datagram_so_many_packets_are_opened, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(of_bytes_told_twice_the_first_ones_count, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_quic_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_packets_are_stepped_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ids_may_have_any_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_keys_stay_when_the_client_takes_the_servers_id,
	                                        set_up, tear_down),
		cmocka_unit_test_setup_teardown(behind_a_retry_the_keys_are_others, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(who_observes_is_told_of_the_servers_hello, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(the_servers_hello_is_found_behind_a_retry, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_connection_that_is_given_up_is_done, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_packet_says_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hello_larger_than_is_kept_is_given_up, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_hello_in_too_many_pieces_is_given_up, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(a_flow_is_not_waited_for_for_ever, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(without_room_a_hello_in_parts_is_given_up, set_up,
	                                        tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
