#include "bench/traffic_flow.h"

#include <string.h>

#include "bench/traffic_certificate.h"
#include "bench/traffic_message.h"
#include "bench/traffic_quic.h"

// traffic_flow.step
enum {
	STEP_OPEN,     // SYN; DNS: the query
	STEP_ACCEPT,   // SYN-ACK; DNS: the answer
	STEP_ASK,      // the first message
	STEP_ASK_REST, // of a message that needs two segments
	STEP_BULK_FIRST,
	STEP_BULK,
	STEP_DONE,
};

enum {
	RTP_VERSION = 0x80,
	RTP_DATA_BYTES = 1200,
	RTP_SMALL_BYTES = 60,
	CHUNK_FRAME_BYTES = 7, // "5ad\r\n" and "\r\n"
	RECORD_HEAD_BYTES = 5,
	QUIC_SHORT_HEADER = 0x40,
};

static bool is_due_for_data(const struct traffic_output *output)
{
	return output->writer.bytes <= output->writer.packets * output->mean_bytes;
}

// Random bytes: they resemble no protocol.
static void append_fill(struct traffic_output *output, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		const uint64_t word = traffic_random_next(&output->random);

		buffer_append(&output->message, &word, size - i < 8 ? size - i : 8);
	}
}

static void send(struct traffic_output *output, struct traffic_packet packet)
{
	traffic_writer_add(&output->writer, &packet);
}

// One TCP segment; `is_client` says whose.
static void send_segment(struct traffic_flow *flow, struct traffic_output *output, bool is_client,
                         uint8_t flags, struct slice payload)
{
	struct traffic_endpoint *from = is_client ? &flow->client : &flow->server;
	struct traffic_endpoint *to = is_client ? &flow->server : &flow->client;

	send(output, (struct traffic_packet){from, to, TRAFFIC_TCP, flags, payload});
	from->sequence += (uint32_t)payload.size + ((flags & (TCP_SYN | TCP_FIN)) != 0);
}

static void step_dns(struct traffic_flow *flow, struct traffic_output *output)
{
	const struct address answer = traffic_plan_answer(flow);
	char name[TRAFFIC_TEXT_BYTES];

	traffic_plan_name(flow, name);
	if (flow->step == STEP_OPEN) {
		traffic_message_query(&output->message, (uint16_t)flow->seed, name, &answer);
		send(output, (struct traffic_packet){&flow->client, &flow->server, TRAFFIC_UDP, 0,
		                                     buffer_slice(&output->message)});
		flow->step = flow->is_one_sided ? STEP_DONE : STEP_ACCEPT;
		return;
	}
	traffic_message_answer(&output->message, (uint16_t)flow->seed, name, &answer);
	send(output, (struct traffic_packet){&flow->server, &flow->client, TRAFFIC_UDP, 0,
	                                     buffer_slice(&output->message)});
	flow->step = STEP_DONE;
}

// RTP (RFC 3550): a sequence number, a time stamp, a source, data.
static void append_rtp(struct traffic_flow *flow, struct traffic_output *output)
{
	const uint8_t head[12] = {RTP_VERSION, 96, (uint8_t)(flow->bulk >> 8), (uint8_t)flow->bulk};

	buffer_append(&output->message, head, sizeof(head));
	append_fill(output, is_due_for_data(output) ? RTP_DATA_BYTES : RTP_SMALL_BYTES);
}

// The client's hello, then what only the two can read.
static enum packet_class append_quic(struct traffic_flow *flow, struct traffic_output *output)
{
	struct traffic_random random = {flow->seed + 3};
	char name[TRAFFIC_TEXT_BYTES];

	if (flow->step != STEP_OPEN) {
		buffer_append_byte(&output->message, QUIC_SHORT_HEADER);
		append_fill(output, is_due_for_data(output) ? RTP_DATA_BYTES : RTP_SMALL_BYTES);
		return CLASS_BULK;
	}
	traffic_plan_name(flow, name);
	buffer_clear(&output->hello);
	traffic_message_hello(&output->hello, &random, name, false);
	if (!traffic_quic_initial(&output->message, &random,
	                          slice_from(buffer_slice(&output->hello), RECORD_HEAD_BYTES)))
		output->has_failed = true;
	flow->step = STEP_BULK;
	return CLASS_MESSAGE;
}

static enum packet_class step_udp(struct traffic_flow *flow, struct traffic_output *output)
{
	enum packet_class class = CLASS_BULK;

	if (flow->is_quic)
		class = append_quic(flow, output);
	else
		append_rtp(flow, output);
	send(output, (struct traffic_packet){&flow->client, &flow->server, TRAFFIC_UDP, 0,
	                                     buffer_slice(&output->message)});
	if (--flow->bulk == 0)
		flow->step = STEP_DONE;
	return class;
}

static enum packet_class step_handshake(struct traffic_flow *flow, struct traffic_output *output)
{
	const struct slice nothing = {0};

	if (flow->step == STEP_OPEN) {
		send_segment(flow, output, true, TCP_SYN, nothing);
		flow->step = flow->is_one_sided ? STEP_ASK : STEP_ACCEPT;
		flow->server.sequence += flow->is_one_sided; // of the SYN-ACK that is not seen
	} else {
		send_segment(flow, output, false, TCP_SYN | TCP_ACK, nothing);
		flow->step = STEP_ASK;
	}
	return CLASS_HANDSHAKE;
}

// The message is made anew for its second segment: nothing is kept between the steps.
static enum packet_class step_ask(struct traffic_flow *flow, struct traffic_output *output)
{
	struct traffic_random random = {flow->seed + 3};
	char name[TRAFFIC_TEXT_BYTES], target[TRAFFIC_TEXT_BYTES];

	traffic_plan_name(flow, name);
	if (flow->kind == FLOW_TLS) {
		traffic_message_hello(&output->message, &random, name, flow->has_large_key);
	} else {
		traffic_plan_target(flow, target);
		traffic_message_request(&output->message, name, target, flow->is_one_sided);
	}

	const size_t segment_bytes = traffic_segment_bytes(&flow->client.address);
	struct slice message = buffer_slice(&output->message);
	const bool is_first = flow->step == STEP_ASK;
	message = is_first ? slice_first(message, segment_bytes)
	                   : slice_from(message, segment_bytes);
	send_segment(flow, output, true, TCP_ACK | TCP_PUSH, message);
	flow->step = is_first && flow->has_large_key ? STEP_ASK_REST : STEP_BULK_FIRST;
	return CLASS_MESSAGE;
}

// What the server says before it sends data.
static void append_server_head(struct traffic_flow *flow, struct traffic_output *output)
{
	struct traffic_random random = {flow->seed + 5};
	char name[TRAFFIC_TEXT_BYTES];

	if (flow->has_certificate) {
		traffic_plan_name(flow, name);
		traffic_certificate_answer(&output->message, &random, name);
	} else if (flow->kind == FLOW_TLS) {
		traffic_message_server_hello(&output->message, &output->random);
	} else {
		traffic_message_response(&output->message, flow->has_gzip);
		if (flow->has_gzip)
			traffic_gzip_begin(&output->message);
	}
}

// A full segment of what the connection carries.
static struct slice make_data(struct traffic_flow *flow, struct traffic_output *output)
{
	size_t room = traffic_segment_bytes(&flow->client.address);

	if (!flow->is_one_sided && flow->step == STEP_BULK_FIRST)
		append_server_head(flow, output);
	const size_t head_bytes = output->message.size;
	room -= head_bytes;
	if (flow->kind == FLOW_TLS) {
		traffic_message_record_head(&output->message, room - RECORD_HEAD_BYTES);
		append_fill(output, room - RECORD_HEAD_BYTES);
	} else if (flow->is_one_sided) {
		buffer_format(&output->message, "%zx\r\n", room - CHUNK_FRAME_BYTES);
		append_fill(output, room - CHUNK_FRAME_BYTES);
		buffer_append_text(&output->message, "\r\n");
	} else if (flow->has_gzip) {
		traffic_gzip_append(output->gzip, &flow->gzip, &output->random, &output->message);
	} else {
		append_fill(output, room);
	}
	if (flow->kind == FLOW_HTTP)
		output->body_bytes += output->message.size - head_bytes;
	return buffer_slice(&output->message);
}

// What stands in the last packet of each side's data: the end of a chunked or compressed body.
static struct slice make_end(const struct traffic_flow *flow, struct traffic_output *output,
                             bool is_last)
{
	if (flow->kind != FLOW_HTTP)
		return (struct slice){0};
	if (flow->is_one_sided)
		return slice_text("0\r\n\r\n");
	if (flow->has_gzip && is_last)
		traffic_gzip_end(&flow->gzip, &output->message);
	return buffer_slice(&output->message);
}

static enum packet_class step_bulk(struct traffic_flow *flow, struct traffic_output *output)
{
	const struct slice nothing = {0};
	const bool is_last = flow->bulk == 1;

	if (is_last || (flow->bulk == 2 && !flow->is_one_sided)) {
		send_segment(flow, output, flow->is_one_sided || !is_last, TCP_FIN | TCP_ACK,
		             make_end(flow, output, is_last));
	} else if (flow->step == STEP_BULK_FIRST || is_due_for_data(output)) {
		send_segment(flow, output, flow->is_one_sided, TCP_ACK, make_data(flow, output));
	} else {
		send_segment(flow, output, true, TCP_ACK, nothing);
	}
	flow->bulk--;
	flow->step = is_last ? STEP_DONE : STEP_BULK;
	return CLASS_BULK;
}

enum packet_class traffic_flow_step(struct traffic_flow *flow, struct traffic_output *output)
{
	enum packet_class class = CLASS_BULK;

	buffer_clear(&output->message);
	if (flow->kind == FLOW_DNS) {
		step_dns(flow, output);
		class = CLASS_DNS;
	} else if (flow->kind == FLOW_UDP) {
		class = step_udp(flow, output);
	} else if (flow->step <= STEP_ACCEPT) {
		class = step_handshake(flow, output);
	} else if (flow->step <= STEP_ASK_REST) {
		class = step_ask(flow, output);
	} else {
		class = step_bulk(flow, output);
	}
	output->classes[class]++;
	return class;
}

bool traffic_flow_is_done(const struct traffic_flow *flow)
{
	return flow->step == STEP_DONE;
}
