// Segments of one connection in any order, with gaps, overlaps, cuts and flags: no byte is read
// that was not sent, and when the flow ends nothing is left in the pools.
#include "tests/fuzz/fuzz.h"

#include "dataplane/stream.h"

enum { STEP_BYTES = 6 };

static void observe(void *context, const struct origin *origin, const struct observable *observable)
{
	(void)context;
	FUZZ_ASSERT(origin->packet_number > 0);
	FUZZ_ASSERT(observable->text.size <= URL_BYTES_MAX);
}

// A step: direction and flags (ACK: without), sequence (two bytes), size, or what is acknowledged
// (two bytes), cut.
static void give(struct stream_table *table, struct flow *flow, const uint8_t step[STEP_BYTES],
                 struct slice bytes, uint64_t number)
{
	struct packet packet = {
		.protocol = IP_TCP,
		.src_port = 40000,
		.dst_port = 53,
		.number = number,
		.is_ip = true,
		.is_from_high = step[0] >> 7,
		.tcp_flags = (step[0] & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK | TCP_URG)) ^
	                     TCP_ACK,
		.acknowledged = (uint32_t)(UINT32_MAX - 5000 + (step[3] << 8 | step[4])),
		.urgent_offset = step[5],
		.sequence = (uint32_t)(UINT32_MAX - 5000 + (step[1] << 8 | step[2])),
		.missing_bytes = step[5],
	};
	size_t start = packet.sequence + 5000 - UINT32_MAX;
	struct slice payload = slice_first(slice_from(bytes, start),
	                                   (size_t)(step[3] << 8 | step[4]));
	uint8_t *copy = malloc(payload.size + 1); // behind it is not ours

	if (payload.size > 0)
		memcpy(copy, payload.data, payload.size);
	packet.payload = copy;
	packet.payload_bytes = (uint32_t)payload.size;
	if (packet.tcp_flags & TCP_FIN)
		flow->state |= packet.is_from_high ? FLOW_FIN_HIGH : FLOW_FIN_LOW;
	table->batch->packet = &packet;
	if (stream_is_wanted(flow, &packet))
		stream_packet(table, flow, &packet);
	free(copy);
}

// The first byte says how many steps there are; what is behind them is the stream's content.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct match_batch batch;
	struct stream_table table;
	struct flow flow = {.key = {.low_port = 53, .high_port = 40000, .protocol = IP_TCP}};
	struct slice rest = slice_of(data, size);
	size_t steps;

	if (size < 1)
		return 0;
	steps = data[0];
	rest = slice_from(rest, 1);
	if (rest.size / STEP_BYTES < steps)
		steps = rest.size / STEP_BYTES;
	FUZZ_ASSERT(stream_table_open(&table, 256 * 1024) == 0);
	batch = (struct match_batch){.observe = observe};
	match_batch_init(&batch);
	table.batch = &batch;
	for (size_t i = 0; i < steps; i++)
		give(&table, &flow, rest.data + i * STEP_BYTES,
		     slice_from(rest, steps * STEP_BYTES), i + 1);
	stream_end(&table, &flow);
	FUZZ_ASSERT(table.streams.used == 0 && table.pieces.used == 0);
	FUZZ_ASSERT(table.small.used == 0 && table.large.used == 0);
	stream_table_close(&table);
	return 0;
}
