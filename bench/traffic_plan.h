// bench/traffic_plan.h — which flows a generated capture holds, and which of them are listed.
//
// The reference mix: of the flows 45 % DNS, 30 % TLS, 20 % HTTP, 5 % other UDP; one in ten is
// IPv6; of a third only the client's side is seen, as a tap behind asymmetric routing does. Hits
// are planted in `hits_per_thousand` of the flows. All of it follows from the seed. What is asked
// for besides changes what packets hold, and neither flows nor their number of packets.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/traffic_gzip.h"
#include "bench/traffic_packet.h"
#include "bench/traffic_random.h"

enum {
	TRAFFIC_TEXT_BYTES = 128,
	TRAFFIC_PLANTS_MAX = 1000,
	NO_PLANT = UINT16_MAX,
};

enum flow_kind { FLOW_DNS, FLOW_TLS, FLOW_HTTP, FLOW_UDP, FLOW_KIND_COUNT };

// What is listed, and stands somewhere in the traffic.
enum plant_kind {
	PLANT_ADDRESS, // the server's address
	PLANT_ANSWER,  // an address that DNS answers with
	PLANT_NAME,
	PLANT_PARENT, // the traffic holds a name below it
	PLANT_URL,
	PLANT_KIND_COUNT,
};

struct traffic_flow {
	struct traffic_endpoint client, server;
	uint64_t seed;     // of its name and contents
	uint32_t bulk;     // packets that yield nothing, still to come
	uint16_t plant;    // index, or NO_PLANT
	uint8_t kind;      // enum flow_kind
	uint8_t step;      // what comes next, see traffic_flow.c
	bool is_one_sided; // only the client's packets are captured
	bool has_large_key;
	bool has_certificate; // TLS 1.2, and the server shows one
	bool has_gzip;        // the answer's body
	bool is_quic;         // of "other UDP"
	struct traffic_gzip_state gzip;
};

struct traffic_plan {
	struct traffic_flow *flows; // in the order in which they begin
	uint32_t flow_count;
	uint32_t plant_count;
	uint64_t packet_count;
};

struct traffic_plan_options {
	uint64_t seed;
	uint64_t packet_count;
	uint32_t flow_count;
	uint32_t hits_per_thousand;
	uint32_t certificates_per_thousand; // of TLS connections whose server is seen
	uint32_t gzip_per_thousand;         // of HTTP connections whose server is seen
	uint32_t quic_per_thousand;         // of other UDP
};

// Returns 0 and fills *ret_plan (traffic_plan_close), -ENOMEM, or -EINVAL when so few packets do
// not suffice for so many flows.
int traffic_plan_make(const struct traffic_plan_options *options, struct traffic_plan *ret_plan);

void traffic_plan_close(struct traffic_plan *plan);

// The indicator as a feed lists it, and what of it the traffic holds.
enum plant_kind traffic_plan_plant_kind(uint16_t plant);
void traffic_plan_listed(uint16_t plant, char ret_text[TRAFFIC_TEXT_BYTES]);

// The address of PLANT_ADDRESS and PLANT_ANSWER.
struct address traffic_plan_plant_address(uint16_t plant);

// The name a flow asks for or connects to, and the path it requests.
void traffic_plan_name(const struct traffic_flow *flow, char ret_name[TRAFFIC_TEXT_BYTES]);
void traffic_plan_target(const struct traffic_flow *flow, char ret_target[TRAFFIC_TEXT_BYTES]);

// What a DNS flow is answered.
struct address traffic_plan_answer(const struct traffic_flow *flow);
