#include "tests/unit/unit_test.h"

#include <stdbool.h>

#include "ebpf/netdev.h"
#include "dataplane/port.h"
#include "dataplane/ports.h"
#include "dataplane/ports_interface.h"

struct seen {
	unsigned counts[OFFER_ABOUT_COUNT];
	int last_about;
	bool has_loopback, has_replay;
};

static void check(void *context, const struct port_offer *offer)
{
	struct seen *seen = context;

	assert_true((int)offer->about >= seen->last_about);
	seen->last_about = (int)offer->about;
	seen->counts[offer->about]++;
	assert_true(strlen(offer->name) > 0 && strlen(offer->words) > 0);
	assert_int_equal(offer->is_usable, offer->help[0] == '\0');
	if (offer->about == OFFER_INTERFACE && strcmp(offer->name, "lo") == 0)
		seen->has_loopback = !offer->can_forward;
	if (offer->about == OFFER_BACKEND && strcmp(offer->name, "replay") == 0)
		seen->has_replay = offer->is_usable;
}

static void all_offers_come_in_order_and_say_what_helps(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_int_equal(ports_list(check, &seen), 0);
	assert_true(seen.counts[OFFER_INTERFACE] > 0);
	assert_int_equal(seen.counts[OFFER_BACKEND], 6);
	assert_int_equal(seen.counts[OFFER_RIGHT], 4);
	assert_true(seen.counts[OFFER_KERNEL] >= 6);
	assert_true(seen.has_loopback && seen.has_replay);
}

static void check_backend(void *context, const struct port_offer *offer)
{
	(void)context;
	if (offer->about == OFFER_BACKEND)
		assert_int_equal(port_is_built(offer->name),
		                 strcmp(offer->words, "not in this build") != 0);
}

static void a_backend_that_is_not_in_this_build_is_told_so(void **state)
{
	(void)state;
	assert_int_equal(ports_list(check_backend, NULL), 0);
	assert_true(port_is_built("replay") && port_is_built("af-packet"));
	assert_false(port_is_built("file") || port_is_built("netmap"));
}

static void words_of_an_interface_are_for_people(void **state)
{
	struct interface interface = {
		.name = "eth0",
		.hardware_type = 1,
		.is_up = true,
		.has_carrier = true,
		.mtu = 9000,
		.speed_mbps = 25000,
		.queues = 1,
		.queues_max = 8,
		.driver = "ice",
	};
	AUTO_BUFFER words = {0};

	(void)state;
	ports_interface_words(&interface, INTERFACE_XDP_ZERO_COPY, &words);
	assert_true(slice_is(buffer_slice(&words),
	                     "up, 25000 Mb/s, MTU 9000, 1 queue of 8, ice, native XDP, AF_XDP "
	                     "zero-copy"));
	buffer_clear(&words);
	interface.is_up = false;
	interface.speed_mbps = 0;
	interface.queues = 4;
	interface.queues_max = 4;
	interface.hardware_type = 512;
	ports_interface_words(&interface, INTERFACE_XDP_GENERIC, &words);
	assert_true(slice_is(buffer_slice(&words), "down, MTU 9000, 4 queues, ice, not Ethernet "
	                                           "(type 512), generic XDP only: slower"));
}

static void an_old_kernel_is_answered_for_by_the_driver(void **state)
{
	struct ports_machine machine = {.kernel_major = 6, .kernel_minor = 1};
	struct interface interface = {.index = 1, .driver = "ice"};

	(void)state;
	assert_int_equal(ports_interface_xdp(&interface, &machine), INTERFACE_XDP_ZERO_COPY);
	strcpy(interface.driver, "veth");
	assert_int_equal(ports_interface_xdp(&interface, &machine), INTERFACE_XDP_NATIVE);
	strcpy(interface.driver, "e1000e");
	assert_int_equal(ports_interface_xdp(&interface, &machine), INTERFACE_XDP_GENERIC);
}

static void versions_compare_as_versions(void **state)
{
	struct ports_machine machine = {.kernel_major = 6, .kernel_minor = 10};

	(void)state;
	assert_true(ports_machine_is_since(&machine, 6, 6));
	assert_true(ports_machine_is_since(&machine, 5, 18));
	assert_true(ports_machine_is_since(&machine, 6, 10));
	assert_false(ports_machine_is_since(&machine, 6, 11));
	assert_false(ports_machine_is_since(&machine, 7, 0));
}

static void a_kernel_without_the_answer_is_an_error_not_a_feature(void **state)
{
	uint64_t features = 42;

	(void)state;
	// No interface has this number.
	assert_true(netdev_xdp_features(0x7ffffff0, &features) < 0);
	assert_int_equal(features, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_offers_come_in_order_and_say_what_helps),
		cmocka_unit_test(a_backend_that_is_not_in_this_build_is_told_so),
		cmocka_unit_test(words_of_an_interface_are_for_people),
		cmocka_unit_test(an_old_kernel_is_answered_for_by_the_driver),
		cmocka_unit_test(versions_compare_as_versions),
		cmocka_unit_test(a_kernel_without_the_answer_is_an_error_not_a_feature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
