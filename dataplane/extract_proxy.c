// The PROXY protocol, versions 1 and 2 (haproxy's doc/proxy-protocol.txt): the header that a load
// balancer puts before the bytes of a connection. It is passed over; what follows is probed anew.

#include <string.h>

#include "dataplane/extract.h"
#include "dataplane/wire.h"

enum {
	LINE_BYTES_MAX = 107,   // of version 1, with CR LF
	BINARY_FIXED_SIZE = 16, // of version 2: signature, version, family, size of the rest
};

static const char *const line_starts[] = {"PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"};
static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

// Do `bytes` begin with `start`, as far as there are any?
static enum probe_result begins_with(struct slice bytes, const char *start, size_t start_size)
{
	size_t size = bytes.size < start_size ? bytes.size : start_size;

	if (memcmp(bytes.data, start, size) != 0)
		return PROBE_NO;
	return size < start_size ? PROBE_MAYBE : PROBE_YES;
}

static enum probe_result proxy_probe(struct slice bytes, uint16_t port)
{
	enum probe_result best, result;

	(void)port;
	if (bytes.size == 0)
		return PROBE_MAYBE;
	if (bytes.data[0] != line_starts[0][0] && bytes.data[0] != signature[0])
		return PROBE_NO;
	best = begins_with(bytes, signature, sizeof(signature));
	for (unsigned i = 0; i < sizeof(line_starts) / sizeof(line_starts[0]); i++) {
		result = begins_with(bytes, line_starts[i], strlen(line_starts[i]));
		best = result > best ? result : best;
	}
	return best;
}

static struct extract_progress proxy_consume(struct extract_state *state, struct slice bytes,
                                             struct extract_output *output)
{
	struct extract_progress progress = {.verdict = EXTRACT_MORE};
	bool is_line = bytes.data[0] == 'P';
	size_t size = 0;

	(void)state;
	if (is_line)
		size = slice_find(slice_first(bytes, LINE_BYTES_MAX), '\n') + 1;
	else if (bytes.size >= BINARY_FIXED_SIZE)
		size = BINARY_FIXED_SIZE + wire_be16(bytes.data + 14);
	if (is_line && size > LINE_BYTES_MAX) {
		output->messages_malformed++;
		progress.verdict = EXTRACT_DONE;
	} else if (size > 0 && size <= bytes.size) {
		progress.consumed = size;
		progress.verdict = EXTRACT_RESTART;
	}
	return progress;
}

static struct extract_progress proxy_gap(struct extract_state *state, uint64_t missing_bytes,
                                         struct extract_output *output)
{
	(void)output;
	(void)state;
	(void)missing_bytes;
	return (struct extract_progress){.verdict = EXTRACT_RESTART};
}

const struct extractor_ops extract_proxy = {
	.name = "proxy",
	.probe = proxy_probe,
	.consume = proxy_consume,
	.gap = proxy_gap,
};
