// DNS over TCP: messages behind their size (RFC 1035, section 4.2.2; RFC 7766).

#include "dataplane/dns_name.h"
#include "dataplane/dns_probe.h"
#include "dataplane/extract.h"
#include "dataplane/wire.h"

enum {
	SIZE_BYTES = 2,
	STREAM_PORT = 53,
	NAME_SERVICE_PORT = 137, // NetBIOS' messages are like those of DNS
	LOCAL_PORT_FIRST = 5353, // multicast DNS
	LOCAL_PORT_LAST = 5355,  // LLMNR; its TCP is not taken
};

// The first message behind the size, as far as that can be told of any.
static enum probe_result probe_port_53(struct slice bytes)
{
	size_t size;

	if (bytes.size < SIZE_BYTES + DNS_HEADER_BYTES)
		return PROBE_MAYBE;
	// A hello can look like a header with many records.
	if (extract_tls.probe(bytes, STREAM_PORT) == PROBE_YES)
		return PROBE_NO;
	size = wire_be16(bytes.data);
	return size >= DNS_HEADER_BYTES && dns_probe_header(slice_from(bytes, SIZE_BYTES))
	               ? PROBE_YES
	               : PROBE_NO;
}

static enum probe_result dns_stream_probe(struct slice bytes, uint16_t port)
{
	if (port == STREAM_PORT)
		return probe_port_53(bytes);
	if (port == NAME_SERVICE_PORT || port == LOCAL_PORT_FIRST || port == LOCAL_PORT_LAST)
		return PROBE_NO;
	return dns_probe_stream(bytes);
}

static struct extract_progress dns_stream_consume(struct extract_state *state, struct slice bytes,
                                                  struct extract_output *output)
{
	struct extract_progress progress = {.verdict = EXTRACT_MORE};

	(void)state;
	while (bytes.size - progress.consumed >= SIZE_BYTES) {
		struct slice rest = slice_from(bytes, progress.consumed + SIZE_BYTES);
		size_t size = wire_be16(bytes.data + progress.consumed);

		if (rest.size < size)
			break;
		if (!extract_dns_message(slice_first(rest, size), output)) {
			output->messages_malformed++;
			progress.verdict = EXTRACT_DONE;
			break;
		}
		progress.consumed += SIZE_BYTES + size;
	}
	return progress;
}

static struct extract_progress dns_stream_gap(struct extract_state *state, uint64_t missing_bytes,
                                              struct extract_output *output)
{
	(void)output;
	(void)state;
	(void)missing_bytes;
	return (struct extract_progress){.verdict = EXTRACT_RESTART};
}

const struct extractor_ops extract_dns_stream = {
	.name = "dns",
	.probe = dns_stream_probe,
	.consume = dns_stream_consume,
	.gap = dns_stream_gap,
};
