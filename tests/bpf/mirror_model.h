// tests/bpf/mirror_model.h — random lists of addresses, the databases made of them, and by plain
// loops what must become of a packet: what the mirrored maps are held against.
#pragma once

#include <sys/stat.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "ebpf/mirror_set.h"
#include "engine/address.h"
#include "tests/unit/engine/build_fixture.h"

enum { FRAME_BYTES = 80 };

struct value {
	struct prefix prefix;
	uint16_t port;
	uint8_t protocol;
	enum action action;
};

// Value i is the only one of indicator i + 1.
struct model {
	struct value *values;
	unsigned count;
	struct prefix vetoes[32];
	unsigned veto_count;
	uint64_t random;
};

static inline unsigned pick(struct model *model, unsigned count)
{
	model->random = model->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((model->random >> 33) % count);
}

// Few distinct octets, so that prefixes nest and packets meet them.
static inline struct address random_address(struct model *model)
{
	static const uint8_t octets[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
	struct address address = {};
	bool is_ipv4 = pick(model, 2) == 0;

	for (unsigned i = 0; i < 16; i++)
		address.octets[i] = pick(model, 3) == 0 ? octets[pick(model, 6)] : 0;
	if (is_ipv4) {
		address.octets[12] = (uint8_t)(10 + pick(model, 3));
		return address_from_ipv4(address.octets + 12);
	}
	address.octets[0] = (uint8_t)(0x20 + pick(model, 2) * 0x40);
	return address;
}

static inline struct prefix cut(struct address address, unsigned length)
{
	struct prefix prefix = {address, (uint8_t)length};

	for (unsigned bit = length; bit < 128; bit++)
		prefix.address.octets[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return prefix;
}

static inline struct prefix random_prefix(struct model *model, unsigned shortest)
{
	struct address address = random_address(model);
	unsigned least = shortest + (address_is_ipv4(&address) ? IPV4_PREFIX_BITS : 0);

	return cut(address, pick(model, 3) > 0 ? 128 : least + pick(model, 128 - least));
}

static inline bool holds(const struct prefix *around, const struct prefix *inside)
{
	bool both = (address_is_ipv4(&around->address) && around->length >= IPV4_PREFIX_BITS) ==
	            (address_is_ipv4(&inside->address) && inside->length >= IPV4_PREFIX_BITS);
	struct prefix part = cut(inside->address, around->length);

	return both && around->length <= inside->length &&
	       address_equal(&part.address, &around->address);
}

static inline bool is_kept(const struct model *model, const struct prefix *prefix)
{
	for (unsigned i = 0; i < model->veto_count; i++)
		if (holds(&model->vetoes[i], prefix))
			return true;
	return false;
}

static inline struct value random_value(struct model *model)
{
	struct value value = {
		.prefix = random_prefix(model, 9),
		.action = pick(model, 8) > 0 ? ACTION_DROP : ACTION_ALERT,
	};

	if (pick(model, 4) == 0 && value.prefix.length == 128) {
		value.port = pick(model, 3) > 0 ? 443 : 0;
		value.protocol = pick(model, 3) > 0 ? 6 : 0;
	}
	return value;
}

static inline struct build *model_build(const struct model *model)
{
	struct build *build = NULL;
	struct build *veto = NULL;

	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_create(&veto), 0);
	for (unsigned i = 0; i < model->count; i++) {
		const struct value *value = &model->values[i];
		struct entry_terms terms = {
			.action = ACTION_DROP, .port = value->port, .protocol = value->protocol};
		struct indicator indicator = fixture_indicator("value");
		uint32_t id;

		indicator.action = value->action;
		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
		assert_int_equal(build_add_prefix(build, &value->prefix, id, &terms), 0);
	}
	for (unsigned i = 0; i < model->veto_count; i++)
		assert_int_equal(build_add_prefix(veto, &model->vetoes[i], fixture_add(veto, "own"),
		                                  &any_terms),
		                 0);
	build_set_veto(build, veto);
	return build;
}

static inline struct database *model_database(const struct model *model)
{
	AUTO(build) build = model_build(model);

	return fixture_open(build);
}

struct packet {
	struct address source, destination;
	uint16_t source_port, destination_port;
	uint8_t protocol; // 6 or 17
};

static inline bool meets(const struct value *value, const struct address *address, uint16_t port,
                         uint8_t protocol)
{
	const struct prefix host = {*address, 128};

	return holds(&value->prefix, &host) && (value->port == 0 || value->port == port) &&
	       (value->protocol == 0 || value->protocol == protocol);
}

static inline bool is_side_dropped(const struct model *model, const struct address *address,
                                   uint16_t port, uint8_t protocol, bool with_limited)
{
	const struct prefix host = {*address, 128};

	if (is_kept(model, &host))
		return false;
	for (unsigned i = 0; i < model->count; i++) {
		const struct value *value = &model->values[i];
		bool is_limited = value->prefix.length < 128 &&
		                  (value->port != 0 || value->protocol != 0);

		if (value->action == ACTION_DROP && (with_limited || !is_limited) &&
		    meets(value, address, port, protocol))
			return true;
	}
	return false;
}

// `with_limited`: networks with a port or a protocol count.
static inline bool is_dropped(const struct model *model, const struct packet *packet,
                              bool with_limited)
{
	return is_side_dropped(model, &packet->source, packet->source_port, packet->protocol,
	                       with_limited) ||
	       is_side_dropped(model, &packet->destination, packet->destination_port,
	                       packet->protocol, with_limited);
}

// Of one family, near what is listed.
static inline struct packet random_packet(struct model *model)
{
	struct packet packet = {
		.source_port = pick(model, 2) == 0 ? 443 : 1024,
		.destination_port = pick(model, 2) == 0 ? 443 : 53,
		.protocol = pick(model, 2) == 0 ? 6 : 17,
	};

	do {
		packet.source = random_address(model);
		packet.destination = random_address(model);
		if (pick(model, 2) == 0 && model->count > 0)
			packet.source = model->values[pick(model, model->count)].prefix.address;
	} while (address_is_ipv4(&packet.source) != address_is_ipv4(&packet.destination));
	return packet;
}

static inline size_t packet_frame(const struct packet *packet, uint8_t frame[FRAME_BYTES])
{
	bool is_ipv4 = address_is_ipv4(&packet->source);
	uint8_t *ip = frame + 14;
	uint8_t *transport = ip + (is_ipv4 ? 20 : 40);

	memset(frame, 0, FRAME_BYTES);
	frame[12] = is_ipv4 ? 0x08 : 0x86;
	frame[13] = is_ipv4 ? 0x00 : 0xdd;
	ip[0] = is_ipv4 ? 0x45 : 0x60;
	if (is_ipv4) {
		ip[3] = 40;
		ip[9] = packet->protocol;
		memcpy(ip + 12, packet->source.octets + 12, 4);
		memcpy(ip + 16, packet->destination.octets + 12, 4);
	} else {
		ip[5] = 20;
		ip[6] = packet->protocol;
		memcpy(ip + 8, packet->source.octets, 16);
		memcpy(ip + 24, packet->destination.octets, 16);
	}
	transport[0] = (uint8_t)(packet->source_port >> 8);
	transport[1] = (uint8_t)packet->source_port;
	transport[2] = (uint8_t)(packet->destination_port >> 8);
	transport[3] = (uint8_t)packet->destination_port;
	transport[packet->protocol == 6 ? 12 : 5] = packet->protocol == 6 ? 0x50 : 20;
	return (size_t)(transport + 20 - frame);
}

// Does the program drop it?
static inline bool program_drops(const struct xdp *xdp, const struct packet *packet)
{
	uint8_t frame[FRAME_BYTES];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .repeat = 1);

	run.data_size_in = (uint32_t)packet_frame(packet, frame);
	assert_int_equal(bpf_prog_test_run_opts(xdp->program_fd, &run), 0);
	assert_true(run.retval == XDP_DROP || run.retval == XDP_PASS);
	return run.retval == XDP_DROP;
}

// Returns how many of `count` random packets were dropped; all must have been judged as the model
// does.
static inline unsigned check_packets(const struct xdp *xdp, struct model *model, unsigned count)
{
	unsigned dropped = 0;

	for (unsigned i = 0; i < count; i++) {
		struct packet packet = random_packet(model);
		bool is_drop = program_drops(xdp, &packet);

		assert_int_equal(is_drop, is_dropped(model, &packet, true));
		dropped += is_drop;
	}
	return dropped;
}

static inline void say_problem(void *context, const struct report *report,
                               const struct problem *problem)
{
	(void)context, (void)report;
	print_message("%s: %.*s\n", problem->reason, SLICE_FORMAT(problem->detail));
}

// Loaded, attached to nothing; `folder` "": pinned nowhere.
static inline struct xdp *load_program(const char *folder)
{
	const struct xdp_open_options options = {.device = "none", .flow_slots = 1 << 12};
	struct report report = {.each = say_problem};
	struct xdp *xdp = NULL;

	assert_int_equal(xdp_load(&options, folder, &report, &xdp), 0);
	report_clear(&report);
	return xdp;
}

static inline struct xdp_mirror_figures
mirror_database(struct xdp *xdp, const struct database *database, uint32_t generation)
{
	struct xdp_mirror_figures figures;
	struct report report = {.each = say_problem};

	assert_int_equal(xdp_mirror(xdp, database, generation, 0, &report, &figures), 0);
	report_clear(&report);
	return figures;
}

static inline struct xdp_mirror_figures mirror_model(struct xdp *xdp, const struct model *model,
                                                     uint32_t generation)
{
	AUTO(database) database = model_database(model);

	return mirror_database(xdp, database, generation);
}
