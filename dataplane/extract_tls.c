// TLS over TCP: whose a direction is, by its first message. What comes behind a gap is not picked
// up but at another hello.

#include "dataplane/extract.h"
#include "dataplane/tls_client.h"
#include "dataplane/tls_old.h"
#include "dataplane/tls_reader.h"
#include "dataplane/tls_server.h"
#include "dataplane/wire.h"

// Before so many bytes are there that a record's header and a message's type can be told.
static bool may_become_record(struct slice bytes)
{
	return bytes.data[0] == TLS_RECORD_HANDSHAKE && (bytes.size == 1 || bytes.data[1] == 3);
}

static enum probe_result tls_probe(struct slice bytes, uint16_t port)
{
	const uint8_t *message = bytes.data + TLS_RECORD_HEADER_BYTES;
	uint32_t hello_size;

	(void)port;
	if (tls_old_is_client(bytes) || tls_old_is_server(bytes))
		return PROBE_YES;
	if (tls_old_may_become(bytes))
		return PROBE_MAYBE;
	if (bytes.size < TLS_RECORD_HEADER_BYTES + 1)
		return may_become_record(bytes) ? PROBE_MAYBE : PROBE_NO;
	if (!tls_reader_is_record(bytes.data))
		return PROBE_NO;
	if (message[0] == TLS_SERVER_HELLO)
		return PROBE_YES;
	if (message[0] != TLS_CLIENT_HELLO)
		return PROBE_NO;
	if (wire_be16(bytes.data + 3) < TLS_MESSAGE_HEADER_BYTES)
		return PROBE_YES;
	if (bytes.size < TLS_RECORD_HEADER_BYTES + TLS_MESSAGE_HEADER_BYTES)
		return PROBE_MAYBE;
	hello_size = tls_be24(message + 1);
	return hello_size >= TLS_HELLO_BYTES_MIN && hello_size <= TLS_HELLO_BYTES_MAX ? PROBE_YES
	                                                                              : PROBE_NO;
}

static bool is_untouched(const struct extract_state *state)
{
	return state->phase == 0 && state->scanned == 0 && state->body_bytes == 0;
}

static struct extract_progress tls_consume(struct extract_state *state, struct slice bytes,
                                           struct extract_output *output)
{
	if (is_untouched(state)) {
		if (tls_old_is_client(bytes))
			return (struct extract_progress){.verdict = EXTRACT_DONE};
		if (tls_old_is_server(bytes))
			return tls_old_server_consume(bytes, output);
		if (bytes.size > TLS_RECORD_HEADER_BYTES &&
		    bytes.data[TLS_RECORD_HEADER_BYTES] == TLS_SERVER_HELLO)
			state->phase = TLS_SERVER_PHASE_FIRST;
	}
	return state->phase >= TLS_SERVER_PHASE_FIRST ? tls_server_consume(state, bytes, output)
	                                              : tls_client_consume(state, bytes, output);
}

static struct extract_progress tls_gap(struct extract_state *state, uint64_t missing_bytes,
                                       struct extract_output *output)
{
	(void)output;
	(void)missing_bytes;
	*state = (struct extract_state){0};
	return (struct extract_progress){.verdict = EXTRACT_RESTART};
}

const struct extractor_ops extract_tls = {
	.name = "tls",
	.probe = tls_probe,
	.consume = tls_consume,
	.gap = tls_gap,
};
