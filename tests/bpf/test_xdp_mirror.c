// What xdp_mirror() fills, judged by the program itself (BPF_PROG_TEST_RUN).
#include <stdio.h>
#include <stdlib.h>

#include "ebpf/mirror_state.h"
#include "engine/overlay.h"
#include "tests/bpf/mirror_model.h"

enum { VALUES = 400, PACKETS = 3000, ROUNDS = 6, HITS_MAX = 64 };

struct place {
	struct model model;
	struct value values[VALUES];
	struct xdp *xdp;
};

static void fill_model(struct model *model)
{
	for (unsigned i = 0; i < model->count; i++)
		model->values[i] = random_value(model);
	for (unsigned i = 0; i < model->veto_count; i++)
		model->vetoes[i] = random_prefix(model, 16);
}

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->model = (struct model){
		.values = place->values, .count = VALUES, .veto_count = 8, .random = 7};
	fill_model(&place->model);
	place->xdp = load_program("");
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	xdp_close(place->xdp);
	free(place);
	return 0;
}

// Lets the next set be a whole one.
static void want_whole_set(struct xdp *xdp)
{
	if (xdp->mirror != NULL)
		mirror_set_mark(xdp->mirror->live.shared)->stale_marks = UINT32_MAX;
}

static void packets_are_judged_as_plain_loops_do(void **state)
{
	struct place *place = *state;
	unsigned dropped = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		place->model.random = round;
		fill_model(&place->model);
		(void)mirror_model(place->xdp, &place->model, round + 1);
		dropped += check_packets(place->xdp, &place->model, PACKETS);
	}
	assert_in_range(dropped, ROUNDS * PACKETS / 20, ROUNDS * PACKETS * 19 / 20);
}

// Packets just inside and just outside of a network.
static void check_edges(struct place *place, const struct prefix *network)
{
	struct model *model = &place->model;
	bool is_ipv4 = address_is_ipv4(&network->address);
	unsigned fixed = is_ipv4 ? IPV4_PREFIX_BITS : 3; // of the address's family

	for (unsigned i = 0; i < 50; i++) {
		struct packet packet = {.protocol = 6, .source = network->address};
		unsigned length = network->length;

		for (unsigned bit = length; bit < 128; bit++)
			packet.source.octets[bit / 8] ^= (uint8_t)(pick(model, 2) << (7 - bit % 8));
		if (length > fixed && i % 2 == 0) {
			unsigned bit = length - 1 -
			               pick(model, length - fixed < 9 ? length - fixed : 9);

			packet.source.octets[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		packet.destination = packet.source;
		assert_int_equal(program_drops(place->xdp, &packet),
		                 is_dropped(model, &packet, true));
	}
}

static void networks_of_every_length_are_found(void **state)
{
	struct place *place = *state;
	struct model *model = &place->model;

	model->count = 1;
	model->veto_count = 0;
	// Marks of removed networks stay: the widest last, which make candidates of everything.
	for (unsigned i = 128 + 32; i > 0; i--) {
		bool is_ipv4 = i > 128;
		unsigned length = is_ipv4 ? i - 33 : i - 1;
		struct address address;

		do
			address = random_address(model);
		while (address_is_ipv4(&address) != is_ipv4);
		address.octets[is_ipv4 ? 13 : 1] = (uint8_t)i; // one of its own
		model->values[0] = (struct value){cut(address, length), 0, 0, ACTION_DROP};
		(void)mirror_model(place->xdp, model, i + 1);
		check_edges(place, &model->values[0].prefix);
	}
}

static void networks_with_ports_never_drop_too_much(void **state)
{
	struct place *place = *state;
	struct model *model = &place->model;
	uint64_t left_out = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		fill_model(model);
		for (unsigned i = 0; i < model->count; i++)
			if (pick(model, 2) == 0)
				model->values[i].port = 443;
		left_out += mirror_model(place->xdp, model, round + 1).left_out;
		for (unsigned i = 0; i < PACKETS; i++) {
			struct packet packet = random_packet(model);
			bool is_drop = program_drops(place->xdp, &packet);

			if (is_drop)
				assert_true(is_dropped(model, &packet, true));
			else
				assert_false(is_dropped(model, &packet, false));
		}
	}
	assert_true(left_out > 0);
}

static void an_ipv6_network_around_mapped_addresses_holds_none(void **state)
{
	struct place *place = *state;
	struct model *model = &place->model;
	struct packet packet = {.protocol = 6};
	static const uint8_t octets[4] = {192, 0, 2, 1};

	model->count = 1;
	model->veto_count = 0;
	packet.source = packet.destination = address_from_ipv4(octets);
	model->values[0] = (struct value){{{{0}}, 0}, 0, 0, ACTION_DROP};
	(void)mirror_model(place->xdp, model, 1);
	assert_false(program_drops(place->xdp, &packet));
	assert_true(program_drops(place->xdp, &(struct packet){.protocol = 6}));

	// Neither does a veto.
	model->count = 2;
	model->values[1] = (struct value){{packet.source, 128}, 0, 0, ACTION_DROP};
	model->vetoes[0] = (struct prefix){{{0}}, 0};
	model->veto_count = 1;
	(void)mirror_model(place->xdp, model, 2);
	assert_true(program_drops(place->xdp, &packet));
	assert_false(program_drops(place->xdp, &(struct packet){.protocol = 6}));
}

static void compare_rows(const struct mirror_rows *a, const struct mirror_rows *b)
{
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		size_t a_count, b_count;
		const struct mirror_row *a_rows = mirror_rows_get(a, kind, &a_count);
		const struct mirror_row *b_rows = mirror_rows_get(b, kind, &b_count);

		assert_int_equal(a_count, b_count);
		for (size_t i = 0; i < a_count; i++) {
			assert_int_equal(mirror_row_compare(kind, &a_rows[i], &b_rows[i]), 0);
			assert_true(mirror_row_is_same(&a_rows[i], &b_rows[i]));
			assert_int_equal(a_rows[i].slot == 0, b_rows[i].slot == 0);
		}
	}
}

// What the maps hold is what a whole set of the database would.
static void check_database(const struct xdp *xdp, const struct database *database)
{
	struct mirror_rows read = {};
	struct mirror_rows made = {};

	assert_int_equal(mirror_set_read(&xdp->mirror->live, &read), 0);
	assert_int_equal(mirror_rows_make(database, 0, &made), 0);
	compare_rows(&read, &xdp->mirror->rows);
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		size_t count;
		struct mirror_row *rows = mirror_rows_get(&made, kind, &count);

		for (size_t i = 0; i < count; i++)
			rows[i].slot = rows[i].indicator_id != NO_INDICATOR;
	}
	compare_rows(&read, &made);
	assert_int_equal(mirror_rows_digest(&made),
	                 mirror_set_mark(xdp->mirror->live.shared)->digest);
	assert_int_equal(made.hosts, xdp->mirror->live.shared->hosts);
	mirror_rows_close(&read);
	mirror_rows_close(&made);
}

static void check_maps(const struct xdp *xdp, const struct model *model)
{
	AUTO(database) database = model_database(model);

	check_database(xdp, database);
}

static void differences_equal_whole_sets(void **state)
{
	struct place *place = *state;
	struct model *model = &place->model;
	unsigned differences = 0;

	(void)mirror_model(place->xdp, model, 1);
	for (unsigned round = 0; round < 10 * ROUNDS; round++) {
		struct xdp_mirror_figures figures;

		for (unsigned i = 0; i < 20; i++)
			model->values[pick(model, VALUES)] = random_value(model);
		model->vetoes[pick(model, model->veto_count)] = random_prefix(model, 16);
		figures = mirror_model(place->xdp, model, round + 2);
		differences += figures.is_difference;
		check_maps(place->xdp, model);
		(void)check_packets(place->xdp, model, 200);
	}
	assert_true(differences > 8 * ROUNDS);
}

static struct database *open_at(const char *path)
{
	struct database *database = NULL;

	assert_int_equal(database_open(path, NULL, &database), 0);
	return database;
}

// An overlay of random values, hosts alone or not, and a few indicators of the base made silent.
static struct database *change_database(const char *path, struct model *model, bool has_networks)
{
	AUTO(database) base = open_at(path);
	AUTO(build) additions = NULL;
	struct build_figures figures;
	uint32_t silent[3];
	struct indicator indicator = fixture_indicator("value");

	indicator.action = ACTION_DROP;
	assert_int_equal(build_create(&additions), 0);
	for (unsigned i = 0; i < 30; i++) {
		struct value value = random_value(model);
		const struct value *known = &model->values[pick(model, model->count)];
		struct entry_terms terms = {
			.action = ACTION_DROP, .port = value.port, .protocol = value.protocol};
		uint32_t id;

		if (i % 3 == 0) // of what the base has, too
			value.prefix = known->prefix;
		if (!has_networks && value.prefix.length < 128)
			continue;
		assert_int_equal(build_add_indicator(additions, &indicator, &id), 0);
		assert_int_equal(build_add_prefix(additions, &value.prefix, id, &terms), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		unsigned index = pick(model, model->count);

		while (!has_networks && model->values[index].prefix.length < 128)
			index = pick(model, model->count);
		silent[i] = index + 1;
	}
	assert_int_equal(overlay_write(path, base, additions, silent, 3, NULL, &figures), 0);
	return open_at(path);
}

static void overlays_and_silence_are_mirrored_as_whole_sets_would(void **state)
{
	struct place *place = *state;
	struct model *model = &place->model;
	AUTO(build) build = model_build(model);
	char path[] = "/tmp/sekisho-mirror-XXXXXX";
	int fd = mkstemp(path);
	struct build_figures figures;

	assert_int_equal(build_write(build, fd, NULL, NULL, &figures), 0);
	close(fd);
	for (unsigned round = 0; round < 40; round++) {
		AUTO(database) database = change_database(path, model, round % 4 == 3);
		struct xdp_mirror_figures mirrored = mirror_database(place->xdp, database,
		                                                     round + 1);

		assert_int_equal(mirrored.is_difference, round > 0);
		check_database(place->xdp, database);
	}
	assert_int_equal(overlay_remove(path), 0);
	assert_int_equal(unlink(path), 0);
}

static void a_set_that_is_full_of_changes_is_replaced(void **state)
{
	struct place *place = *state;
	struct model *model = &place->model;
	unsigned whole = 0;

	(void)mirror_model(place->xdp, model, 1);
	for (unsigned round = 0; round < 30; round++) {
		fill_model(model);
		whole += !mirror_model(place->xdp, model, round + 2).is_difference;
	}
	assert_in_range(whole, 1, 29);
	check_maps(place->xdp, model);
	(void)check_packets(place->xdp, model, PACKETS);
}

static void nothing_that_is_vetoed_is_in_a_map(void **state)
{
	struct place *place = *state;
	struct model *model = &place->model;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct mirror_rows read = {};

		fill_model(model);
		(void)mirror_model(place->xdp, model, round + 1);
		assert_int_equal(mirror_set_read(&place->xdp->mirror->live, &read), 0);
		for (unsigned kind = MIRROR_NETWORK; kind < MIRROR_KIND_COUNT; kind++) {
			size_t count;
			const struct mirror_row *rows = mirror_rows_get(&read, kind, &count);

			for (size_t i = 0; i < count; i++)
				assert_false(is_kept(model, &rows[i].prefix));
		}
		mirror_rows_close(&read);
	}
}

struct heard {
	struct hit hits[HITS_MAX];
	unsigned count;
};

static void hear(void *context, const struct hit *hit)
{
	struct heard *heard = context;

	assert_true(heard->count < HITS_MAX);
	heard->hits[heard->count++] = *hit;
}

// Two hosts, the second with a packet from it.
static void list_two(struct place *place, struct packet *ret_packet)
{
	static const uint8_t octets[2][4] = {{192, 0, 2, 1}, {192, 0, 2, 2}};

	place->model.count = 2;
	place->model.veto_count = 0;
	for (unsigned i = 0; i < 2; i++)
		place->values[i] =
			(struct value){{address_from_ipv4(octets[i]), 128}, 0, 0, ACTION_DROP};
	*ret_packet = (struct packet){place->values[1].prefix.address,
	                              address_from_ipv4((const uint8_t[4]){10, 0, 0, 1}), 1024, 80,
	                              6};
}

static void the_first_drop_of_a_flow_is_a_hit_with_its_headers(void **state)
{
	struct place *place = *state;
	struct heard heard = {};
	struct packet packet;

	list_two(place, &packet);
	(void)mirror_model(place->xdp, &place->model, 17);
	for (unsigned i = 0; i < 5; i++)
		assert_true(program_drops(place->xdp, &packet));
	assert_int_equal(xdp_hits(place->xdp, hear, &heard), 1);
	assert_int_equal(heard.hits[0].indicator_id, 2);
	assert_int_equal(heard.hits[0].generation, 17);
	assert_int_equal((int)heard.hits[0].outcome, OUTCOME_DROPPED);
	assert_int_equal((int)heard.hits[0].action, ACTION_DROP);
	assert_int_equal((int)heard.hits[0].kind, MATCH_EXACT);
	assert_int_equal((int)heard.hits[0].observable.where, WHERE_IP_SRC);
	assert_int_equal(heard.hits[0].observable.port, 1024);
	assert_int_equal(heard.hits[0].origin.dst_port, 80);
	assert_int_equal(heard.hits[0].origin.packet_count, 1);
	assert_true(address_equal(&heard.hits[0].origin.src, &packet.source));
	assert_true(address_equal(&heard.hits[0].origin.dst, &packet.destination));
	assert_int_equal(xdp_hits(place->xdp, hear, &heard), 0);
}

static struct xdp_slot *slot_of(struct xdp *xdp, unsigned host)
{
	size_t count;
	const struct mirror_row *rows = mirror_rows_get(&xdp->mirror->rows, MIRROR_HOST, &count);

	assert_true(host < count);
	return &xdp->mirror->live.slots[rows[host].slot];
}

static void counts_survive_an_exchange_of_sets(void **state)
{
	struct place *place = *state;
	struct packet packet;

	list_two(place, &packet);
	(void)mirror_model(place->xdp, &place->model, 1);
	for (unsigned i = 0; i < 5; i++)
		(void)program_drops(place->xdp, &packet);
	place->model.count = VALUES;
	for (unsigned i = 2; i < VALUES; i++) // differs in all but the two
		place->values[i] = (struct value){random_prefix(&place->model, 24), 0, 0,
		                                  ACTION_ALERT};
	want_whole_set(place->xdp);
	assert_false(mirror_model(place->xdp, &place->model, 2).is_difference);
	assert_int_equal(slot_of(place->xdp, 1)->count.packets, 5);
	(void)program_drops(place->xdp, &packet);
	assert_int_equal(slot_of(place->xdp, 1)->count.packets, 6);
	assert_int_equal(slot_of(place->xdp, 0)->count.packets, 0);
}

static void what_the_rate_limit_left_out_is_told_by_indicator(void **state)
{
	struct place *place = *state;
	struct heard heard = {};
	struct packet packet;

	list_two(place, &packet);
	(void)mirror_model(place->xdp, &place->model, 3);
	place->xdp->maps.config->tells_max = 0;
	for (unsigned i = 0; i < 7; i++) {
		packet.source_port++;
		(void)program_drops(place->xdp, &packet);
	}
	assert_int_equal(xdp_hits(place->xdp, hear, &heard), 1);
	assert_int_equal(heard.hits[0].indicator_id, 2);
	assert_int_equal(heard.hits[0].origin.packet_count, 7);
	assert_int_equal(heard.hits[0].generation, 3);
	assert_true(address_equal(&heard.hits[0].observable.address, &packet.source));

	// What is not listed any more was dropped under the database before.
	(void)program_drops(place->xdp, &packet);
	place->model.count = 1;
	(void)mirror_model(place->xdp, &place->model, 4);
	assert_int_equal(xdp_hits(place->xdp, hear, &heard), 1);
	assert_int_equal(heard.hits[1].indicator_id, 2);
	assert_int_equal(heard.hits[1].origin.packet_count, 1);
	assert_int_equal(heard.hits[1].generation, 3);
}

static void validity_says_when_to_mirror_again(void **state)
{
	struct place *place = *state;
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct indicator indicator = fixture_indicator("value");
	struct packet packet;
	struct xdp_mirror_figures figures;
	uint32_t id;

	list_two(place, &packet);
	indicator.action = ACTION_DROP;
	indicator.valid_from_ns = 1000;
	indicator.valid_until_ns = 2000;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	assert_int_equal(build_add_prefix(build, &place->values[1].prefix, id, &any_terms), 0);
	database = fixture_open(build);
	for (unsigned i = 0; i < 3; i++) {
		static const int64_t times_ns[] = {999, 1000, 2000};
		static const int64_t next_ns[] = {1000, 2000, TIMESTAMP_MAX};

		assert_int_equal(
			xdp_mirror(place->xdp, database, i + 1, times_ns[i], NULL, &figures), 0);
		assert_int_equal(figures.next_change_ns, next_ns[i]);
		assert_int_equal(program_drops(place->xdp, &packet), i == 1);
	}
}

#define MIRROR_TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MIRROR_TEST(packets_are_judged_as_plain_loops_do),
		MIRROR_TEST(networks_of_every_length_are_found),
		MIRROR_TEST(networks_with_ports_never_drop_too_much),
		MIRROR_TEST(an_ipv6_network_around_mapped_addresses_holds_none),
		MIRROR_TEST(differences_equal_whole_sets),
		MIRROR_TEST(overlays_and_silence_are_mirrored_as_whole_sets_would),
		MIRROR_TEST(a_set_that_is_full_of_changes_is_replaced),
		MIRROR_TEST(nothing_that_is_vetoed_is_in_a_map),
		MIRROR_TEST(the_first_drop_of_a_flow_is_a_hit_with_its_headers),
		MIRROR_TEST(counts_survive_an_exchange_of_sets),
		MIRROR_TEST(what_the_rate_limit_left_out_is_told_by_indicator),
		MIRROR_TEST(validity_says_when_to_mirror_again),
	};

	if (geteuid() != 0) {
		(void)puts("skipped: loading an XDP program needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
