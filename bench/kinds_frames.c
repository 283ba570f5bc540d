#include "bench/kinds_frames.h"

#include <stdio.h>
#include <stdlib.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "bench/traffic_flow.h"
#include "bench/traffic_message.h"
#include "tests/unit/dataplane/quic_writer.h"

#define START_NS (INT64_C(1767225600) * NS_PER_S) // 2026-01-01T00:00:00Z

enum {
	FLOWS_PER_HIT = 100,
	PACKETS_PER_FLOW = 8, // in a plan: more than enough
	SHARE_OF_KIND = 6,    // one in so many flows of a plan, at least
	QUIC_HELLO_BYTES = 600,
	QUIC_DATAGRAM_BYTES = 1200,
	FRAMES_CACHED = 4 * PORT_BURST_MAX,
};

const char *const packet_kind_names[PACKET_KIND_COUNT] = {
	"bulk", "bulk-cached", "dns", "client-hello", "http-request", "quic-initial",
};

struct kind_plan {
	enum flow_kind flow_kind;
	uint32_t flow_count;
	uint32_t packet_count; // timed
	size_t total;          // that are given; 0: each once
	int64_t step_ns;       // from one to the next
};

static const struct kind_plan plans[PACKET_KIND_COUNT] = {
	[PACKET_BULK] = {FLOW_TLS, 50000, 300000, 0, 10000},
	[PACKET_BULK_CACHED] = {FLOW_TLS, 64, FRAMES_CACHED, 1000000, 10000},
	[PACKET_DNS] = {FLOW_DNS, 400000, 300000, 0, 600000},
	[PACKET_HELLO] = {FLOW_TLS, 100000, 100000, 0, 10000},
	[PACKET_REQUEST] = {FLOW_HTTP, 100000, 100000, 0, 10000},
	[PACKET_QUIC] = {FLOW_TLS, 50000, 40000, 0, 6000000},
};

// Where packets are written to, before they are loaded.
struct kind_file {
	FILE *file;
	char path[64];
	struct traffic_writer writer;
};

static int open_file(struct kind_file *file, int64_t start_ns)
{
	int fd = memfd_create("frames", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	(void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", fd);
	file->file = fdopen(fd, "w");
	return file->file != NULL && traffic_writer_start(&file->writer, file->file, start_ns) ? 0
	                                                                                       : -1;
}

static int load_file(struct kind_file *file, struct memory_port *memory)
{
	int error = fflush(file->file) == 0 ? memory_port_load(memory, file->path) : -1;

	(void)fclose(file->file);
	return error;
}

// What is written for the flows at hand.
struct kind_maker {
	const struct kind_plan *plan;
	struct kind_file before, timed;
	struct buffer message;
	struct traffic_random random;
};

static void send_tcp(struct kind_file *file, struct traffic_flow *flow, bool is_client,
                     uint8_t flags, struct slice payload)
{
	struct traffic_endpoint *from = is_client ? &flow->client : &flow->server;
	struct traffic_endpoint *to = is_client ? &flow->server : &flow->client;

	traffic_writer_add(&file->writer,
	                   &(struct traffic_packet){from, to, TRAFFIC_TCP, flags, payload});
	from->sequence += (uint32_t)payload.size + ((flags & TCP_SYN) != 0);
}

static void open_connection(struct kind_maker *maker, struct traffic_flow *flow)
{
	const struct slice nothing = {0};

	send_tcp(&maker->before, flow, true, TCP_SYN, nothing);
	send_tcp(&maker->before, flow, false, TCP_SYN | TCP_ACK, nothing);
}

static void write_hello(struct kind_maker *maker, struct traffic_flow *flow, struct kind_file *file)
{
	char name[TRAFFIC_TEXT_BYTES];

	traffic_plan_name(flow, name);
	buffer_clear(&maker->message);
	traffic_message_hello(&maker->message, &maker->random, name, false);
	send_tcp(file, flow, true, TCP_ACK | TCP_PUSH, buffer_slice(&maker->message));
}

// After it nobody wants anything of the connection.
static void write_handshake(struct kind_maker *maker, struct traffic_flow *flow)
{
	open_connection(maker, flow);
	write_hello(maker, flow, &maker->before);
	buffer_clear(&maker->message);
	traffic_message_server_hello(&maker->message, &maker->random);
	traffic_message_record_head(&maker->message, 1000);
	send_tcp(&maker->before, flow, false, TCP_ACK, buffer_slice(&maker->message));
}

static void write_bulk(struct kind_maker *maker, struct traffic_flow *flow)
{
	buffer_clear(&maker->message);
	for (unsigned i = 0; i < 1440 / sizeof(uint64_t); i++) {
		uint64_t word = traffic_random_next(&maker->random);

		buffer_append(&maker->message, &word, sizeof(word));
	}
	send_tcp(&maker->timed, flow, false, TCP_ACK, buffer_slice(&maker->message));
}

static void write_request(struct kind_maker *maker, struct traffic_flow *flow)
{
	char name[TRAFFIC_TEXT_BYTES], target[TRAFFIC_TEXT_BYTES];

	traffic_plan_name(flow, name);
	traffic_plan_target(flow, target);
	buffer_clear(&maker->message);
	traffic_message_request(&maker->message, name, target, false);
	send_tcp(&maker->timed, flow, true, TCP_ACK | TCP_PUSH, buffer_slice(&maker->message));
}

static void write_query(struct kind_maker *maker, const struct traffic_flow *flow,
                        struct kind_file *file)
{
	const struct address answer = traffic_plan_answer(flow);
	char name[TRAFFIC_TEXT_BYTES];

	traffic_plan_name(flow, name);
	buffer_clear(&maker->message);
	traffic_message_query(&maker->message, (uint16_t)flow->seed, name, &answer);
	traffic_writer_add(&file->writer,
	                   &(struct traffic_packet){&flow->client, &flow->server, TRAFFIC_UDP, 0,
	                                            buffer_slice(&maker->message)});
}

static void write_initial(struct kind_maker *maker, const struct traffic_flow *flow,
                          struct kind_file *file)
{
	const uint64_t id = traffic_random_next(&maker->random);
	struct quic_text hello, frames = {.size = 0}, datagram = {.size = 0};
	char name[TRAFFIC_TEXT_BYTES];

	traffic_plan_name(flow, name);
	quic_write_hello(&hello, name, QUIC_HELLO_BYTES);
	quic_put_crypto(&frames, 0, slice_of(hello.bytes, hello.size));
	while (frames.size < QUIC_DATAGRAM_BYTES - 50)
		quic_put_byte(&frames, 0); // PADDING
	quic_write_initial(&datagram, 1, slice_of((const uint8_t *)&id, sizeof(id)), 0,
	                   slice_of(frames.bytes, frames.size));
	traffic_writer_add(&file->writer,
	                   &(struct traffic_packet){&flow->client, &flow->server, TRAFFIC_UDP, 0,
	                                            slice_of(datagram.bytes, datagram.size)});
}

// One of its flows: what has to come before, and its packet, if it is a message.
static void write_flow(struct kind_maker *maker, enum packet_kind kind, struct traffic_flow *flow,
                       struct kind_file *file)
{
	switch (kind) {
	case PACKET_HELLO:
		open_connection(maker, flow);
		write_hello(maker, flow, file);
		break;
	case PACKET_REQUEST:
		open_connection(maker, flow);
		write_request(maker, flow);
		break;
	case PACKET_DNS:
		write_query(maker, flow, file);
		break;
	case PACKET_QUIC:
		write_initial(maker, flow, file);
		break;
	default:
		write_handshake(maker, flow);
	}
	file->writer.time_ns += maker->plan->step_ns;
}

static bool is_bulk(enum packet_kind kind)
{
	return kind == PACKET_BULK || kind == PACKET_BULK_CACHED;
}

// Returns how many hits the timed packets have.
static uint64_t write_frames(struct kind_maker *maker, enum packet_kind kind,
                             const struct traffic_plan *traffic)
{
	const struct kind_plan *plan = maker->plan;
	const uint32_t before_count = is_bulk(kind) ? plan->flow_count
	                                            : plan->flow_count - plan->packet_count;
	struct traffic_flow **flows = calloc(plan->flow_count, sizeof(struct traffic_flow *));
	uint32_t count = 0;
	uint64_t hits = 0;

	if (flows == NULL)
		return 0;
	for (uint32_t i = 0; i < traffic->flow_count && count < plan->flow_count; i++) {
		struct traffic_flow *flow = &traffic->flows[i];
		const bool is_timed = count >= before_count;

		if (flow->kind != plan->flow_kind)
			continue;
		if (is_timed && count % FLOWS_PER_HIT == 0) {
			flow->plant = PLANT_NAME;
			hits++;
		}
		write_flow(maker, kind, flow, is_timed ? &maker->timed : &maker->before);
		flows[count++] = flow;
	}
	for (uint32_t i = 0; is_bulk(kind) && i < plan->packet_count; i++) {
		write_bulk(maker, flows[traffic_random_below(&maker->random, count)]);
		maker->timed.writer.time_ns += plan->step_ns;
	}
	free(flows);
	return hits;
}

static int make_frames(struct kind_maker *maker, enum packet_kind kind,
                       const struct traffic_plan *traffic, struct kind_frames *frames)
{
	const struct kind_plan *plan = maker->plan;
	int64_t timed_ns = START_NS + (int64_t)plan->flow_count * plan->step_ns;

	if (!is_bulk(kind))
		timed_ns -= (int64_t)plan->packet_count * plan->step_ns;
	if (open_file(&maker->before, START_NS) < 0 || open_file(&maker->timed, timed_ns) < 0)
		return -1;
	frames->hits = write_frames(maker, kind, traffic);
	if (load_file(&maker->before, &frames->before) < 0 ||
	    load_file(&maker->timed, &frames->timed) < 0)
		return -1;
	if (plan->total > 0)
		frames->timed.total = plan->total;
	return 0;
}

int kind_frames_make(enum packet_kind kind, struct kind_frames *ret_frames)
{
	struct kind_maker maker = {.plan = &plans[kind], .random = {kind + 1}};
	const uint32_t flow_count = maker.plan->flow_count * SHARE_OF_KIND + 1000;
	const struct traffic_plan_options options = {
		.seed = kind + 1,
		.packet_count = (uint64_t)flow_count * PACKETS_PER_FLOW,
		.flow_count = flow_count,
	};
	struct traffic_plan traffic;
	int error = traffic_plan_make(&options, &traffic);

	if (error < 0)
		return -1;
	error = make_frames(&maker, kind, &traffic, ret_frames);
	buffer_close(&maker.message);
	traffic_plan_close(&traffic);
	return error;
}

void kind_frames_free(struct kind_frames *frames)
{
	memory_port_free(&frames->before);
	memory_port_free(&frames->timed);
}
