#include "dataplane/tls_server.h"

#include <assert.h>

#include "dataplane/certificate.h"
#include "dataplane/tls_hello.h"
#include "dataplane/tls_reader.h"

enum {
	HELLO_BYTES_MAX = 16 * 1024,
	CERTIFICATE_SIZE_BYTES = 3,
	VERSION_1_3 = 0x0304, // its drafts have 0x7f..
};

static_assert((int)TLS_CERTIFICATE_BYTES_MAX <= (int)TLS_VIEW_BYTES_MAX, "in one piece");

enum phase {
	PHASE_MESSAGE = TLS_SERVER_PHASE_FIRST,
	PHASE_CERTIFICATES,
};

// struct extract_state, spelt out: `flags` counts certificates.
struct server {
	enum phase phase;
	uint32_t skip; // bytes not wanted
	uint32_t left; // of the list of certificates
	unsigned certificates;
	struct tls_reader reader;
	struct extract_output *output;
};

static enum tls_step malformed(struct server *server)
{
	server->output->messages_malformed++;
	return TLS_END;
}

// TLS 1.3 says nothing more that can be read; before a HelloRetryRequest's second ServerHello, too.
static enum tls_step read_hello(struct server *server, uint32_t size)
{
	struct tls_view view;
	struct tls_hello hello;
	struct slice message;
	enum tls_step step;

	if (size > HELLO_BYTES_MAX)
		return malformed(server);
	step = tls_reader_view(&server->reader, TLS_MESSAGE_HEADER_BYTES + size, &view, &message);
	if (step != TLS_ON)
		return step;
	if (!tls_hello_read(message, &hello))
		return malformed(server);
	tls_hello_tell(message, TLS_OVER_TCP, server->output);
	return tls_hello_chosen_version(&hello) >= VERSION_1_3 ? TLS_END : TLS_ON;
}

static enum tls_step begin_certificates(struct server *server, uint32_t message_bytes)
{
	uint8_t size[CERTIFICATE_SIZE_BYTES];
	enum tls_step step = tls_reader_take(&server->reader, sizeof(size), size);

	if (step != TLS_ON)
		return step;
	server->left = tls_be24(size);
	if (message_bytes < sizeof(size) || server->left > message_bytes - sizeof(size))
		return malformed(server);
	server->phase = PHASE_CERTIFICATES;
	return TLS_ON;
}

static enum tls_step read_message(struct server *server)
{
	struct tls_reader before = server->reader;
	uint8_t header[TLS_MESSAGE_HEADER_BYTES];
	enum tls_step step = tls_reader_take(&server->reader, sizeof(header), header);
	uint32_t size = tls_be24(header + 1);

	if (step != TLS_ON)
		return step;
	switch (header[0]) {
	case TLS_SERVER_HELLO:
		server->reader = before;
		return read_hello(server, size);
	case TLS_SUPPLEMENTAL_DATA:
		server->skip = size;
		return TLS_ON;
	case TLS_CERTIFICATE:
		step = begin_certificates(server, size);
		if (step == TLS_WAIT)
			server->reader = before;
		return step;
	default: // what comes behind the certificates, or without any
		return TLS_END;
	}
}

static enum tls_step read_certificate(struct server *server)
{
	struct tls_reader before = server->reader;
	uint8_t size_bytes[CERTIFICATE_SIZE_BYTES];
	struct tls_view view;
	struct slice certificate;
	enum tls_step step;
	uint32_t size;

	if (server->left < sizeof(size_bytes) || server->certificates == TLS_CERTIFICATES_MAX)
		return TLS_END;
	step = tls_reader_take(&server->reader, sizeof(size_bytes), size_bytes);
	if (step != TLS_ON)
		return step;
	size = tls_be24(size_bytes);
	if (size == 0 || size > server->left - sizeof(size_bytes))
		return malformed(server);
	if (size > TLS_CERTIFICATE_BYTES_MAX) {
		server->output->messages_malformed++;
		server->skip = size;
	} else {
		step = tls_reader_view(&server->reader, size, &view, &certificate);
		if (step == TLS_WAIT)
			server->reader = before;
		if (step != TLS_ON)
			return step;
		certificate_tell(certificate, server->output);
	}
	server->left -= (uint32_t)sizeof(size_bytes) + size;
	server->certificates++;
	return TLS_ON;
}

static enum tls_step read_all(struct server *server)
{
	enum tls_step step;

	do {
		step = tls_reader_skip(&server->reader, &server->skip);
		if (step == TLS_ON)
			step = server->phase == PHASE_MESSAGE ? read_message(server)
			                                      : read_certificate(server);
	} while (step == TLS_ON);
	return step;
}

struct extract_progress tls_server_consume(struct extract_state *state, struct slice bytes,
                                           struct extract_output *output)
{
	struct server server = {
		.phase = state->phase,
		.skip = (uint32_t)(state->body_bytes >> 32),
		.left = (uint32_t)state->body_bytes,
		.certificates = state->flags,
		.reader = {.bytes = bytes, .record_left = state->scanned},
		.output = output,
	};
	enum tls_step step = read_all(&server);

	state->phase = (uint8_t)server.phase;
	state->body_bytes = (uint64_t)server.skip << 32 | server.left;
	state->flags = (uint8_t)server.certificates;
	state->scanned = server.reader.record_left;
	if (step == TLS_MALFORMED)
		output->messages_malformed++;
	return (struct extract_progress){
		.verdict = step == TLS_WAIT ? EXTRACT_MORE : EXTRACT_DONE,
		.consumed = server.reader.consumed,
	};
}
