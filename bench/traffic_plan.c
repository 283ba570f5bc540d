#include "bench/traffic_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/address.h"
#include "engine/normalize.h"

enum {
	FLOWS_PER_PLANT = 10, // of those with a hit
	NAME_POOL = 100000,   // distinct names
	SERVER_POOL = 1 << 20,
	BULK_MIN = 3, // a TCP flow's end
	HTTPS_PORT = 443,
};

static struct address ipv6_of(uint32_t net, uint32_t host)
{
	struct address address = {{0x20, 0x01, 0x0d, 0xb8, (uint8_t)(net >> 8), (uint8_t)net}};

	address.octets[12] = (uint8_t)(host >> 24);
	address.octets[13] = (uint8_t)(host >> 16);
	address.octets[14] = (uint8_t)(host >> 8);
	address.octets[15] = (uint8_t)host;
	return address;
}

static struct address ipv4_of(uint32_t base, uint32_t host)
{
	const uint32_t value = base | host;
	const uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
	                           (uint8_t)(value >> 8), (uint8_t)value};

	return address_from_ipv4(octets);
}

enum plant_kind traffic_plan_plant_kind(uint16_t plant)
{
	return plant % PLANT_KIND_COUNT;
}

// TEST-NET-3 and TEST-NET-2 (RFC 5737); every other one from the documentation prefix of IPv6.
struct address traffic_plan_plant_address(uint16_t plant)
{
	const uint32_t host = plant / PLANT_KIND_COUNT + 1;
	const bool is_answer = traffic_plan_plant_kind(plant) == PLANT_ANSWER;

	if (host % 2 == 0)
		return ipv6_of(is_answer ? 0xbadd : 0xbad, host);
	return ipv4_of(is_answer ? 0xc6336400 : 0xcb007100, host);
}

void traffic_plan_listed(uint16_t plant, char ret_text[TRAFFIC_TEXT_BYTES])
{
	struct address address;

	switch (traffic_plan_plant_kind(plant)) {
	case PLANT_ADDRESS:
	case PLANT_ANSWER:
		address = traffic_plan_plant_address(plant);
		normalize_format_address(&address, ret_text);
		break;
	case PLANT_NAME:
		(void)snprintf(ret_text, TRAFFIC_TEXT_BYTES, "c2.bad%u.example", plant);
		break;
	case PLANT_PARENT:
		(void)snprintf(ret_text, TRAFFIC_TEXT_BYTES, "bad-parent%u.example", plant);
		break;
	default:
		(void)snprintf(ret_text, TRAFFIC_TEXT_BYTES,
		               "http://files%u.bad-host.example/gate/in.php?bot=%u", plant, plant);
	}
}

void traffic_plan_name(const struct traffic_flow *flow, char ret_name[TRAFFIC_TEXT_BYTES])
{
	static const char *const hosts[] = {"www", "api", "cdn",  "static",
	                                    "img", "app", "mail", "login"};
	static const char *const zones[] = {"shop", "news", "cloud", "video"};
	struct traffic_random random = {flow->seed};
	uint32_t site;

	switch (flow->plant != NO_PLANT ? traffic_plan_plant_kind(flow->plant) : PLANT_KIND_COUNT) {
	case PLANT_NAME:
		traffic_plan_listed(flow->plant, ret_name);
		break;
	case PLANT_PARENT:
		(void)snprintf(ret_name, TRAFFIC_TEXT_BYTES, "x%u.dga.bad-parent%u.example",
		               traffic_random_below(&random, 1000), flow->plant);
		break;
	case PLANT_URL:
		(void)snprintf(ret_name, TRAFFIC_TEXT_BYTES, "files%u.bad-host.example",
		               flow->plant);
		break;
	default:
		// Small numbers are drawn more often, as popular names are asked for more often.
		site = traffic_random_below(&random, traffic_random_below(&random, NAME_POOL) + 1);
		(void)snprintf(ret_name, TRAFFIC_TEXT_BYTES, "%s.site%u.%s.example",
		               hosts[traffic_random_below(&random, 8)], site, zones[site % 4]);
	}
}

void traffic_plan_target(const struct traffic_flow *flow, char ret_target[TRAFFIC_TEXT_BYTES])
{
	struct traffic_random random = {flow->seed + 1};

	if (flow->plant != NO_PLANT && traffic_plan_plant_kind(flow->plant) == PLANT_URL) {
		(void)snprintf(ret_target, TRAFFIC_TEXT_BYTES, "/gate/in.php?bot=%u", flow->plant);
		return;
	}
	(void)snprintf(ret_target, TRAFFIC_TEXT_BYTES, "/assets/v%u/item-%u.js?t=%u",
	               traffic_random_below(&random, 20), traffic_random_below(&random, 100000),
	               traffic_random_below(&random, 1000000));
}

// A server that is not listed: in the shared address space (RFC 6598) or documentation.
static struct address plain_server(struct traffic_random *random, bool is_ipv6)
{
	const uint32_t host = traffic_random_below(random, SERVER_POOL);

	return is_ipv6 ? ipv6_of(1, host) : ipv4_of(0x64400000, host);
}

struct address traffic_plan_answer(const struct traffic_flow *flow)
{
	struct traffic_random random = {flow->seed + 2};

	if (flow->plant != NO_PLANT && traffic_plan_plant_kind(flow->plant) == PLANT_ANSWER)
		return traffic_plan_plant_address(flow->plant);
	return plain_server(&random, traffic_random_chance(&random, 300));
}

static bool is_plantable(enum flow_kind flow, enum plant_kind plant)
{
	switch (plant) {
	case PLANT_ADDRESS:
		return flow != FLOW_DNS;
	case PLANT_ANSWER:
		return flow == FLOW_DNS;
	case PLANT_URL:
		return flow == FLOW_HTTP;
	default:
		return flow != FLOW_UDP;
	}
}

static enum flow_kind draw_kind(struct traffic_random *random)
{
	const uint32_t share = traffic_random_below(random, 100);

	return share < 45 ? FLOW_DNS : share < 75 ? FLOW_TLS : share < 95 ? FLOW_HTTP : FLOW_UDP;
}

static void draw_endpoints(struct traffic_flow *flow, struct traffic_random *random)
{
	static const uint16_t ports[FLOW_KIND_COUNT] = {53, 443, 80, 5004};
	bool is_ipv6 = traffic_random_chance(random, 100);
	uint32_t host = traffic_random_below(random, 1 << 16);

	flow->server.address = plain_server(random, is_ipv6);
	if (flow->plant != NO_PLANT && traffic_plan_plant_kind(flow->plant) == PLANT_ADDRESS) {
		flow->server.address = traffic_plan_plant_address(flow->plant);
		is_ipv6 = !address_is_ipv4(&flow->server.address);
	}
	flow->client.address = is_ipv6 ? ipv6_of(2, host) : ipv4_of(0x0a000000, host);
	flow->server.port = ports[flow->kind];
	flow->client.port = (uint16_t)(1024 + traffic_random_below(random, 64000));
	flow->client.sequence = (uint32_t)traffic_random_next(random);
	flow->server.sequence = (uint32_t)traffic_random_next(random);
}

static void draw_flow(struct traffic_flow *flow, struct traffic_random *random,
                      const struct traffic_plan_options *options, uint32_t plant_count)
{
	flow->seed = traffic_random_next(random);
	flow->kind = (uint8_t)draw_kind(random);
	flow->plant = NO_PLANT;
	if (plant_count > 0 && traffic_random_chance(random, options->hits_per_thousand)) {
		do
			flow->plant = (uint16_t)traffic_random_below(random, plant_count);
		while (!is_plantable(flow->kind, traffic_plan_plant_kind(flow->plant)));
	}
	draw_endpoints(flow, random);
	flow->is_one_sided = traffic_random_chance(random, 333);
	if (flow->plant != NO_PLANT && traffic_plan_plant_kind(flow->plant) == PLANT_ANSWER)
		flow->is_one_sided = false; // else the answer is not seen
	flow->has_large_key = flow->kind == FLOW_TLS && traffic_random_chance(random, 50);
}

// Drawn from the flow's own seed: what is not asked for changes nothing.
static void draw_contents(struct traffic_flow *flow, const struct traffic_plan_options *options)
{
	struct traffic_random random = {flow->seed + 4};
	const bool is_answered = !flow->is_one_sided;

	flow->has_certificate = flow->kind == FLOW_TLS && is_answered &&
	                        traffic_random_chance(&random, options->certificates_per_thousand);
	flow->has_gzip = flow->kind == FLOW_HTTP && is_answered &&
	                 traffic_random_chance(&random, options->gzip_per_thousand);
	flow->is_quic = flow->kind == FLOW_UDP &&
	                traffic_random_chance(&random, options->quic_per_thousand);
	if (flow->is_quic)
		flow->server.port = HTTPS_PORT;
}

// Packets of a flow besides the bulk.
static uint32_t fixed_packets(const struct traffic_flow *flow)
{
	const uint32_t sides = flow->is_one_sided ? 1 : 2;

	if (flow->kind == FLOW_DNS)
		return sides;
	return flow->kind == FLOW_UDP ? 0 : sides + 1 + flow->has_large_key;
}

static uint32_t bulk_min(const struct traffic_flow *flow)
{
	return flow->kind == FLOW_DNS ? 0 : flow->kind == FLOW_UDP ? 1 : BULK_MIN;
}

// Most flows are short, few are long: each doubling of the length is half as frequent.
static uint32_t draw_weight(const struct traffic_flow *flow, struct traffic_random *random)
{
	const uint64_t bits = traffic_random_next(random) | UINT64_C(1) << 10;

	return flow->kind == FLOW_DNS ? 0 : UINT32_C(1) << __builtin_ctzll(bits);
}

// Shares what is left of the packets among the flows. False when there are too few.
static bool share_bulk(struct traffic_plan *plan, struct traffic_random *random)
{
	uint64_t needed = 0, weights = 0, given = 0;

	for (uint32_t i = 0; i < plan->flow_count; i++) {
		struct traffic_flow *flow = &plan->flows[i];

		needed += fixed_packets(flow) + bulk_min(flow);
		flow->bulk = draw_weight(flow, random);
		weights += flow->bulk;
	}
	if (needed > plan->packet_count || weights == 0)
		return false;
	const uint64_t spare = plan->packet_count - needed;
	uint32_t last = 0;
	for (uint32_t i = 0; i < plan->flow_count; i++) {
		struct traffic_flow *flow = &plan->flows[i];
		const uint64_t share = spare * flow->bulk / weights;

		flow->bulk = bulk_min(flow) + (uint32_t)share;
		given += share;
		last = flow->bulk > plan->flows[last].bulk ? i : last;
	}
	plan->flows[last].bulk += (uint32_t)(spare - given);
	return true;
}

int traffic_plan_make(const struct traffic_plan_options *options, struct traffic_plan *ret_plan)
{
	struct traffic_random random = {options->seed};
	struct traffic_plan plan = {
		.flow_count = options->flow_count,
		.packet_count = options->packet_count,
	};

	if (options->hits_per_thousand > 0) {
		uint64_t planted = (uint64_t)plan.flow_count * options->hits_per_thousand / 1000;

		// One of each kind at least, so that every kind of flow finds one.
		plan.plant_count = PLANT_KIND_COUNT + (uint32_t)(planted / FLOWS_PER_PLANT);
		if (plan.plant_count > TRAFFIC_PLANTS_MAX)
			plan.plant_count = TRAFFIC_PLANTS_MAX;
	}
	plan.flows = calloc(plan.flow_count, sizeof(*plan.flows));
	if (plan.flows == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan.flow_count; i++) {
		draw_flow(&plan.flows[i], &random, options, plan.plant_count);
		draw_contents(&plan.flows[i], options);
	}
	if (!share_bulk(&plan, &random)) {
		traffic_plan_close(&plan);
		return -EINVAL;
	}
	*ret_plan = plan;
	return 0;
}

void traffic_plan_close(struct traffic_plan *plan)
{
	free(plan->flows);
	*plan = (struct traffic_plan){0};
}
