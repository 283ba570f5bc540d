#include "dataplane/content.h"

// Hellos that came in parts, of all flows; used only as they come.
#define QUIC_BUDGET_BYTES ((size_t)64 * 1024 * 1024)

int content_open(struct content *content, size_t stream_budget_bytes, struct match_batch *batch)
{
	struct content opened = {.batch = batch};
	int error = stream_table_open(&opened.streams, stream_budget_bytes);

	if (error < 0)
		return error;
	error = quic_table_open(&opened.quics, QUIC_BUDGET_BYTES);
	if (error < 0) {
		stream_table_close(&opened.streams);
		return error;
	}
	opened.streams.batch = batch;
	*content = opened;
	return 0;
}

void content_close(struct content *content)
{
	stream_table_close(&content->streams);
	quic_table_close(&content->quics);
}

static void mark_done(struct flow *flow)
{
	flow->state |= FLOW_DONE_LOW | FLOW_DONE_HIGH;
}

// DNS by its port, always; else a flow is QUIC from its first datagrams on, or of no interest.
static void take_datagram(struct content *content, struct flow *flow, const struct packet *packet)
{
	struct slice datagram = slice_of(packet->payload, packet->payload_bytes);

	if (datagram.size == 0)
		return;
	if (packet_is_dns(packet))
		extract_dns_message(datagram, &content->batch->output);
	else if ((flow->state & FLOW_DONE_LOW) == 0 &&
	         extract_quic_datagram(&content->quics, &flow->content_id, datagram,
	                               &content->batch->output) == EXTRACT_DONE)
		mark_done(flow);
}

void content_packet(struct content *content, struct flow *flow, const struct packet *packet)
{
	if (packet->protocol == IP_UDP)
		take_datagram(content, flow, packet);
	else if (stream_is_wanted(flow, packet))
		stream_packet(&content->streams, flow, packet);
}

void content_drop(struct content *content, struct flow *flow)
{
	mark_done(flow);
	if (flow->key.protocol == IP_UDP)
		extract_quic_end(&content->quics, &flow->content_id);
	else
		stream_drop(&content->streams, flow);
}

void content_end(struct content *content, struct flow *flow)
{
	if (flow->key.protocol == IP_UDP)
		extract_quic_end(&content->quics, &flow->content_id);
	else
		stream_end(&content->streams, flow);
}
