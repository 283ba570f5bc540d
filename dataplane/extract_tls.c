// TLS: the server name that a ClientHello asks for (RFC 8446, section 4.1.2; RFC 6066, section 3).
//
// The hello is read as it comes, across segments and records, and consumed as far as it is
// understood, so that one of any size costs linear time and next to no memory. One name a
// connection: a second ClientHello (after HelloRetryRequest) repeats it.

#include <string.h>

#include "dataplane/extract.h"
#include "dataplane/wire.h"

enum {
	RECORD_HEADER_BYTES = 5,
	RECORD_BYTES_MAX = 16384 + 2048,
	RECORD_HANDSHAKE = 22,
	HELLO_MIN_BYTES = 2 + 32 + 1 + 2 + 2 + 1, // an SSL 3.0 one with one cipher suite
	HELLO_MAX_BYTES = 256 * 1024,             // libraries take 128 KB or less
	NAME_LIST_MAX_BYTES = 1024,               // one name of 255 bytes is usual
	NAME_TYPE_HOST = 0,
	EXTENSION_SERVER_NAME = 0,
};

enum handshake_type {
	HANDSHAKE_CLIENT_HELLO = 1,
	HANDSHAKE_SERVER_HELLO = 2,
};

// What of the ClientHello is read next.
enum phase {
	PHASE_HEADER,
	PHASE_FIXED, // version and random
	PHASE_SESSION,
	PHASE_CIPHERS,
	PHASE_COMPRESSION,
	PHASE_EXTENSIONS,
	PHASE_EXTENSION,
	PHASE_SERVER_NAME,
};

// struct extract_state, spelt out.
struct hello {
	enum phase phase;
	uint32_t record_left; // bytes of the current record still to come
	uint32_t hello_left;  // of the hello
	uint32_t skip;        // of the hello, not wanted; or the size of the name extension
	struct slice bytes;
	size_t consumed;
};

enum step {
	STEP_ON,
	STEP_WAIT,
	STEP_NO_NAME,
	STEP_NAME, // found: `skip` bytes of it come next
	STEP_MALFORMED,
};

static uint32_t be24_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 16 | wire_be16(bytes + 1);
}

static struct hello hello_of(const struct extract_state *state, struct slice bytes)
{
	return (struct hello){
		.phase = state->phase,
		.record_left = state->scanned,
		.hello_left = (uint32_t)state->body_bytes,
		.skip = (uint32_t)(state->body_bytes >> 32),
		.bytes = bytes,
	};
}

static void hello_keep(const struct hello *hello, struct extract_state *state)
{
	state->phase = (uint8_t)hello->phase;
	state->scanned = hello->record_left;
	state->body_bytes = (uint64_t)hello->skip << 32 | hello->hello_left;
}

// Is there a handshake record's header? SSL 3.0 to TLS 1.3 all write major version 3.
static bool is_record(const uint8_t *header)
{
	uint32_t size = wire_be16(header + 3);

	return header[0] == RECORD_HANDSHAKE && header[1] == 3 && header[2] <= 4 && size > 0 &&
	       size <= RECORD_BYTES_MAX;
}

// Steps over the header of the next record when the current one is used up.
static enum step enter_record(struct hello *hello)
{
	struct slice rest = slice_from(hello->bytes, hello->consumed);

	if (hello->record_left > 0)
		return STEP_ON;
	if (rest.size < RECORD_HEADER_BYTES)
		return STEP_WAIT;
	if (!is_record(rest.data))
		return STEP_MALFORMED;
	hello->record_left = wire_be16(rest.data + 3);
	hello->consumed += RECORD_HEADER_BYTES;
	return STEP_ON;
}

static enum step skip_bytes(struct hello *hello)
{
	while (hello->skip > 0) {
		enum step step = enter_record(hello);
		size_t size = hello->bytes.size - hello->consumed;

		if (step != STEP_ON)
			return step;
		if (size == 0)
			return STEP_WAIT;
		if (size > hello->record_left)
			size = hello->record_left;
		if (size > hello->skip)
			size = hello->skip;
		hello->consumed += size;
		hello->record_left -= (uint32_t)size;
		hello->skip -= (uint32_t)size;
	}
	return STEP_ON;
}

// Gives the next `size` bytes of the hello in one piece, over record boundaries, and consumes
// them; or consumes nothing of them.
static enum step take_bytes(struct hello *hello, size_t size, uint8_t *ret_bytes)
{
	struct hello ahead = *hello;
	size_t taken = 0;

	while (taken < size) {
		enum step step = enter_record(&ahead);
		size_t piece = ahead.bytes.size - ahead.consumed;

		if (step != STEP_ON)
			return step;
		if (piece == 0)
			return STEP_WAIT;
		if (piece > ahead.record_left)
			piece = ahead.record_left;
		if (piece > size - taken)
			piece = size - taken;
		memcpy(ret_bytes + taken, ahead.bytes.data + ahead.consumed, piece);
		ahead.consumed += piece;
		ahead.record_left -= (uint32_t)piece;
		taken += piece;
	}
	*hello = ahead;
	return STEP_ON;
}

// Accounts for `size` bytes of the hello. False when it does not have them.
static bool spend(struct hello *hello, uint32_t size)
{
	if (size > hello->hello_left)
		return false;
	hello->hello_left -= size;
	return true;
}

static enum step read_header(struct hello *hello)
{
	uint8_t header[4];
	enum step step = take_bytes(hello, sizeof(header), header);

	if (step != STEP_ON)
		return step;
	hello->hello_left = be24_at(header + 1);
	if (header[0] != HANDSHAKE_CLIENT_HELLO || hello->hello_left < HELLO_MIN_BYTES ||
	    hello->hello_left > HELLO_MAX_BYTES)
		return STEP_MALFORMED;
	hello->phase = PHASE_FIXED;
	return STEP_ON;
}

static enum step read_fixed(struct hello *hello)
{
	hello->skip = 2 + 32;
	if (!spend(hello, hello->skip))
		return STEP_MALFORMED;
	hello->phase = PHASE_SESSION;
	return STEP_ON;
}

// A vector (RFC 8446, section 3.4) that is not wanted, its size in one or two bytes.
static enum step read_vector(struct hello *hello, uint32_t size_bytes)
{
	uint8_t size[2];
	enum step step = take_bytes(hello, size_bytes, size);

	if (step != STEP_ON)
		return step;
	hello->skip = size_bytes == 1 ? size[0] : wire_be16(size);
	if (!spend(hello, size_bytes + hello->skip))
		return STEP_MALFORMED;
	hello->phase++;
	return STEP_ON;
}

static enum step read_extensions_size(struct hello *hello)
{
	uint8_t size[2];
	enum step step;

	if (hello->hello_left == 0)
		return STEP_NO_NAME;
	step = take_bytes(hello, sizeof(size), size);
	if (step != STEP_ON)
		return step;
	if (!spend(hello, sizeof(size)) || wire_be16(size) > hello->hello_left)
		return STEP_MALFORMED;
	hello->hello_left = wire_be16(size);
	hello->phase = PHASE_EXTENSION;
	return STEP_ON;
}

static enum step read_extension(struct hello *hello)
{
	uint8_t header[4];
	enum step step;

	if (hello->hello_left == 0)
		return STEP_NO_NAME;
	step = take_bytes(hello, sizeof(header), header);
	if (step != STEP_ON)
		return step;
	hello->skip = wire_be16(header + 2);
	if (!spend(hello, (uint32_t)sizeof(header) + hello->skip))
		return STEP_MALFORMED;
	if (wire_be16(header) != EXTENSION_SERVER_NAME)
		return STEP_ON;
	hello->phase = PHASE_SERVER_NAME;
	return STEP_NAME;
}

static enum step read_next(struct hello *hello)
{
	switch (hello->phase) {
	case PHASE_HEADER:
		return read_header(hello);
	case PHASE_FIXED:
		return read_fixed(hello);
	case PHASE_SESSION:
		return read_vector(hello, 1);
	case PHASE_CIPHERS:
		return read_vector(hello, 2);
	case PHASE_COMPRESSION:
		return read_vector(hello, 1);
	case PHASE_EXTENSIONS:
		return read_extensions_size(hello);
	case PHASE_EXTENSION:
		return read_extension(hello);
	case PHASE_SERVER_NAME:
		return STEP_NAME;
	}
	return STEP_MALFORMED;
}

// The extension's list of names; the first host name counts. False when it is malformed.
static bool tell_name(struct slice list, struct extract_output *output)
{
	if (list.size == 0) // as servers send it
		return true;
	if (list.size < 2 || wire_be16(list.data) > list.size - 2)
		return false;
	list = slice_of(list.data + 2, wire_be16(list.data));
	while (list.size >= 3) {
		size_t size = wire_be16(list.data + 1);
		struct slice name = slice_first(slice_from(list, 3), size);

		if (name.size < size)
			return false;
		if (list.data[0] == NAME_TYPE_HOST)
			return extract_add_host(output, WHERE_TLS_SNI, name, 0, 0);
		list = slice_from(list, 3 + size);
	}
	return list.size == 0;
}

static enum step read_name(struct hello *hello, struct extract_output *output)
{
	uint8_t list[NAME_LIST_MAX_BYTES];
	enum step step;

	if (hello->skip > sizeof(list))
		return STEP_MALFORMED;
	step = take_bytes(hello, hello->skip, list);
	if (step != STEP_ON)
		return step;
	return tell_name(slice_of(list, hello->skip), output) ? STEP_NO_NAME : STEP_MALFORMED;
}

static enum step read_hello(struct hello *hello, struct extract_output *output)
{
	enum step step;

	do {
		step = hello->phase == PHASE_SERVER_NAME ? STEP_ON : skip_bytes(hello);
		if (step == STEP_ON)
			step = read_next(hello);
		if (step == STEP_NAME)
			return read_name(hello, output);
	} while (step == STEP_ON);
	return step;
}

// SSL 2.0's hello, also one that offers SSL 3.0 or TLS (RFC 5246, appendix E.2): has no name.
static bool is_old_hello(struct slice bytes)
{
	return bytes.size >= 5 && (bytes.data[0] & 0x80) != 0 &&
	       bytes.data[2] == HANDSHAKE_CLIENT_HELLO &&
	       ((bytes.data[3] == 3 && bytes.data[4] <= 3) ||
	        (bytes.data[3] == 0 && bytes.data[4] == 2));
}

static bool is_server_hello(struct slice bytes)
{
	return bytes.data[RECORD_HEADER_BYTES] == HANDSHAKE_SERVER_HELLO;
}

static enum probe_result tls_probe(struct slice bytes, uint16_t port)
{
	uint32_t record_size, hello_size;

	(void)port;
	if (is_old_hello(bytes))
		return PROBE_YES;
	if (bytes.size > 0 && bytes.data[0] != RECORD_HANDSHAKE && (bytes.data[0] & 0x80) == 0)
		return PROBE_NO;
	if (bytes.size < RECORD_HEADER_BYTES + 1)
		return bytes.size > 1 && bytes.data[0] == RECORD_HANDSHAKE && bytes.data[1] != 3
		               ? PROBE_NO
		               : PROBE_MAYBE;
	if (!is_record(bytes.data))
		return PROBE_NO;
	if (is_server_hello(bytes))
		return PROBE_YES;
	if (bytes.data[RECORD_HEADER_BYTES] != HANDSHAKE_CLIENT_HELLO)
		return PROBE_NO;
	record_size = wire_be16(bytes.data + 3);
	if (record_size < 4)
		return PROBE_YES;
	if (bytes.size < RECORD_HEADER_BYTES + 4)
		return PROBE_MAYBE;
	hello_size = be24_at(bytes.data + RECORD_HEADER_BYTES + 1);
	return hello_size >= HELLO_MIN_BYTES && hello_size <= HELLO_MAX_BYTES ? PROBE_YES
	                                                                      : PROBE_NO;
}

static struct extract_progress tls_consume(struct extract_state *state, struct slice bytes,
                                           struct extract_output *output)
{
	struct hello hello = hello_of(state, bytes);
	bool is_start = state->phase == PHASE_HEADER && state->scanned == 0;
	enum step step;

	if (is_start &&
	    (is_old_hello(bytes) || (bytes.size > RECORD_HEADER_BYTES && is_server_hello(bytes))))
		return (struct extract_progress){.verdict = EXTRACT_DONE};
	step = read_hello(&hello, output);
	hello_keep(&hello, state);
	if (step == STEP_MALFORMED)
		output->messages_malformed++;
	return (struct extract_progress){
		.verdict = step == STEP_WAIT ? EXTRACT_MORE : EXTRACT_DONE,
		.consumed = hello.consumed,
	};
}

void extract_tls_hello(struct slice message, struct extract_output *output)
{
	struct hello hello = {
		.bytes = message,
		.record_left = (uint32_t)message.size, // as if it were one
	};

	if (read_hello(&hello, output) != STEP_NO_NAME)
		output->messages_malformed++;
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
