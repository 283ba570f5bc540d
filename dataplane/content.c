#include "dataplane/content.h"

#include "dataplane/dns_probe.h"

// Hellos that came in parts, of all flows; used only as they come.
#define QUIC_BUDGET_BYTES ((size_t)64 * 1024 * 1024)
// Of files and HTTP connections on their way, likewise; touched only where hashes are wanted.
#define FILE_BUDGET_BYTES ((size_t)128 * 1024 * 1024)
#define HTTP_BUDGET_BYTES ((size_t)64 * 1024 * 1024)

enum {
	NAME_SERVICE_PORT = 137, // NetBIOS, whose messages look like those of DNS
	SILENT_MAX = 4,          // datagrams of a flow of which nobody knows what they are
};

// What is known of a UDP flow: its content_id. 0: nothing; below these: a hello of QUIC that is not
// whole. There are never that many of them.
#define CONTENT_SILENT   (UINT32_MAX - 15) // and SILENT_MAX from there on: so many datagrams less 1
#define CONTENT_NO_HELLO (UINT32_MAX - 1)  // on a port of DNS: QUIC is out of the question
#define CONTENT_DNS      UINT32_MAX        // elsewhere: there was a message

int content_open(struct content *content, size_t stream_budget_bytes, struct match_batch *batch)
{
	struct content opened = {.batch = batch};
	int error = stream_table_open(&opened.streams, stream_budget_bytes);

	if (error == 0)
		error = quic_table_open(&opened.quics, QUIC_BUDGET_BYTES);
	if (error == 0)
		error = file_table_create(FILE_BUDGET_BYTES, &opened.files);
	if (error == 0)
		error = http_table_create(HTTP_BUDGET_BYTES, &opened.http);
	if (error < 0) {
		content_close(&opened);
		return error;
	}
	opened.streams.batch = batch;
	batch->output.files = opened.files;
	batch->output.http = opened.http;
	*content = opened;
	return 0;
}

void content_close(struct content *content)
{
	stream_table_close(&content->streams);
	quic_table_close(&content->quics);
	file_table_free(content->files);
	http_table_free(content->http);
}

static void mark_done(struct flow *flow)
{
	flow->state |= FLOW_DONE_LOW | FLOW_DONE_HIGH;
}

static bool is_hello(uint32_t content_id)
{
	return content_id != 0 && content_id < CONTENT_SILENT;
}

static bool has_port(const struct packet *packet, uint16_t port)
{
	return packet->src_port == port || packet->dst_port == port;
}

// True when no more is wanted of QUIC in this flow.
static bool take_quic(struct content *content, struct flow *flow, struct slice datagram)
{
	return extract_quic_datagram(&content->quics, &flow->content_id, datagram,
	                             &content->batch->output) == EXTRACT_DONE;
}

// Such a flow is never done: a message may follow whatever came before.
static void take_on_dns_port(struct content *content, struct flow *flow, struct slice datagram)
{
	if (!extract_dns_message(datagram, &content->batch->output) &&
	    flow->content_id != CONTENT_NO_HELLO && take_quic(content, flow, datagram))
		flow->content_id = CONTENT_NO_HELLO;
}

// The first datagrams tell what it is.
static void take_on_any_port(struct content *content, struct flow *flow, struct slice datagram,
                             bool is_dns_wanted)
{
	bool is_done = false;

	if (is_hello(flow->content_id)) {
		is_done = take_quic(content, flow, datagram);
	} else if (is_dns_wanted && dns_probe_message(datagram)) {
		flow->content_id = CONTENT_DNS;
		(void)extract_dns_message(datagram, &content->batch->output);
	} else if (flow->content_id != CONTENT_DNS && quic_is_long(datagram)) {
		flow->content_id = 0;
		is_done = take_quic(content, flow, datagram);
	} else if (flow->content_id != CONTENT_DNS) {
		flow->content_id = flow->content_id == 0 ? CONTENT_SILENT : flow->content_id + 1;
		is_done = flow->content_id == CONTENT_SILENT + SILENT_MAX - 1;
	}
	if (is_done) {
		flow->content_id = 0;
		mark_done(flow);
	}
}

static void take_datagram(struct content *content, struct flow *flow, const struct packet *packet)
{
	struct slice datagram = slice_of(packet->payload, packet->payload_bytes);

	if (datagram.size == 0)
		return;
	if (content_is_on_dns_port(content, packet))
		take_on_dns_port(content, flow, datagram);
	else if ((flow->state & FLOW_DONE_LOW) == 0)
		take_on_any_port(content, flow, datagram,
		                 !content_is_local_dns(packet) &&
		                         !has_port(packet, NAME_SERVICE_PORT));
}

static void end_hello(struct content *content, struct flow *flow)
{
	if (is_hello(flow->content_id))
		extract_quic_end(&content->quics, &flow->content_id);
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
		end_hello(content, flow);
	else
		stream_drop(&content->streams, flow);
}

void content_end(struct content *content, struct flow *flow)
{
	if (flow->key.protocol == IP_UDP)
		end_hello(content, flow);
	else
		stream_end(&content->streams, flow);
}
