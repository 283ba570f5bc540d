#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "engine/address.h"
#include "sightings/community_id.h"

static struct address parse(const char *text)
{
	struct address address;
	uint8_t octets[4];

	if (inet_pton(AF_INET, text, octets) == 1)
		return address_from_ipv4(octets);
	assert_int_equal(inet_pton(AF_INET6, text, address.octets), 1);
	return address;
}

static void expect(struct origin origin, const char *src, const char *dst, const char *id)
{
	char text[COMMUNITY_ID_TEXT_BYTES];

	origin.src = parse(src);
	origin.dst = parse(dst);
	assert_int_equal(community_id_format(&origin, text), 0);
	assert_string_equal(text, id);
}

static struct origin flow(uint8_t protocol, uint16_t src_port, uint16_t dst_port)
{
	return (struct origin){.protocol = protocol, .src_port = src_port, .dst_port = dst_port};
}

// The values are those the specification publishes as its baseline.
static void both_directions_have_the_published_id(void **state)
{
	(void)state;
	expect(flow(6, 1122, 3344), "1.2.3.4", "5.6.7.8", "1:wCb3OG7yAFWelaUydu0D+125CLM=");
	expect(flow(6, 3344, 1122), "5.6.7.8", "1.2.3.4", "1:wCb3OG7yAFWelaUydu0D+125CLM=");
	expect(flow(17, 1122, 3344), "1.2.3.4", "5.6.7.8", "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg=");
	expect(flow(17, 3344, 1122), "5.6.7.8", "1.2.3.4", "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg=");
}

static void request_and_answer_of_icmp_are_one_flow(void **state)
{
	const char *client = "fe80:1:203:405:607:809:a0b:c0d";
	const char *server = "fe80:1011:1213:1415:1617:1819:1a1b:1c1d";

	(void)state;
	expect(flow(1, 8, 0), "1.2.3.4", "5.6.7.8", "1:crodRHL2FEsHjbv3UkRrfbs4bZ0=");
	expect(flow(1, 0, 0), "5.6.7.8", "1.2.3.4", "1:crodRHL2FEsHjbv3UkRrfbs4bZ0=");
	expect(flow(58, 128, 0), client, server, "1:0bf7hyMJUwt3fMED7z8LIfRpBeo=");
	expect(flow(58, 129, 0), server, client, "1:0bf7hyMJUwt3fMED7z8LIfRpBeo=");
}

static void an_icmp_message_without_answer_keeps_its_direction(void **state)
{
	struct origin there = flow(1, 3, 1);
	struct origin back = flow(1, 3, 1);
	char first[COMMUNITY_ID_TEXT_BYTES];
	char second[COMMUNITY_ID_TEXT_BYTES];

	(void)state;
	there.src = back.dst = parse("1.2.3.4");
	there.dst = back.src = parse("5.6.7.8");
	assert_int_equal(community_id_format(&there, first), 0);
	assert_int_equal(community_id_format(&back, second), 0);
	assert_string_not_equal(first, second);
}

static void a_protocol_without_ports_has_none_in_its_id(void **state)
{
	(void)state;
	expect(flow(46, 0, 0), "1.2.3.4", "5.6.7.8", "1:ikv3kmf89luf73WPz1jOs49S768=");
	expect(flow(46, 0, 0), "5.6.7.8", "1.2.3.4", "1:ikv3kmf89luf73WPz1jOs49S768=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_have_the_published_id),
		cmocka_unit_test(request_and_answer_of_icmp_are_one_flow),
		cmocka_unit_test(an_icmp_message_without_answer_keeps_its_direction),
		cmocka_unit_test(a_protocol_without_ports_has_none_in_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
