#include "dataplane/tls_client.h"

#include <assert.h>

#include "dataplane/tls_hello.h"
#include "dataplane/tls_reader.h"
#include "dataplane/wire.h"

enum {
	NAME_LIST_MAX_BYTES = 1024, // one name of 255 bytes is usual
	NAME_TYPE_HOST = 0,
	STATE_BITS = 20, // of a number in extract_state.body_bytes
};

static_assert(TLS_HELLO_BYTES_MAX < 1 << STATE_BITS && EXTRACT_PENDING_MAX < 1 << STATE_BITS,
              "numbers fit");

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
	PHASE_REST, // behind the name: of a hello that is wanted whole
};

enum flag {
	FLAG_IS_CONSUMED = 1 << 0, // the hello is too large to be told whole
};

// struct extract_state, spelt out.
struct hello {
	enum phase phase;
	uint32_t hello_left; // bytes of the hello still to come
	uint32_t skip;       // of these, not wanted; or the size of the name extension
	struct tls_reader reader;
};

enum step {
	STEP_ON,
	STEP_WAIT,
	STEP_NO_NAME, // or no other one
	STEP_NAME,    // found: `skip` bytes of it come next
	STEP_MALFORMED,
};

static uint32_t state_number(const struct extract_state *state, unsigned index)
{
	return state->body_bytes >> (index * STATE_BITS) & ((1u << STATE_BITS) - 1);
}

static struct hello hello_of(const struct extract_state *state, struct slice bytes)
{
	return (struct hello){
		.phase = state->phase,
		.hello_left = state_number(state, 0),
		.skip = state_number(state, 1),
		.reader = {.bytes = bytes,
	                   .consumed = state_number(state, 2),
	                   .record_left = state->scanned},
	};
}

// `read_bytes` of those that will be given again were read.
static void hello_keep(const struct hello *hello, size_t read_bytes, struct extract_state *state)
{
	state->phase = (uint8_t)hello->phase;
	state->scanned = hello->reader.record_left;
	state->body_bytes = hello->hello_left | (uint64_t)hello->skip << STATE_BITS |
	                    (uint64_t)read_bytes << 2 * STATE_BITS;
}

// Inside a hello there is no record of another kind.
static enum step step_of(enum tls_step step)
{
	switch (step) {
	case TLS_ON:
		return STEP_ON;
	case TLS_WAIT:
		return STEP_WAIT;
	default:
		return STEP_MALFORMED;
	}
}

static enum step take_bytes(struct hello *hello, size_t size, uint8_t *ret_bytes)
{
	return step_of(tls_reader_take(&hello->reader, size, ret_bytes));
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
	uint8_t header[TLS_MESSAGE_HEADER_BYTES];
	enum step step = take_bytes(hello, sizeof(header), header);

	if (step != STEP_ON)
		return step;
	hello->hello_left = tls_be24(header + 1);
	if (header[0] != TLS_CLIENT_HELLO || hello->hello_left < TLS_HELLO_BYTES_MIN ||
	    hello->hello_left > TLS_HELLO_BYTES_MAX)
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

// Steps over extensions up to the name's: in one loop, since there are some twenty of them.
static enum step read_extension(struct hello *hello)
{
	enum step step;

	do {
		uint8_t header[4];

		if (hello->hello_left == 0)
			return STEP_NO_NAME;
		step = take_bytes(hello, sizeof(header), header);
		if (step != STEP_ON)
			return step;
		hello->skip = wire_be16(header + 2);
		if (!spend(hello, (uint32_t)sizeof(header) + hello->skip))
			return STEP_MALFORMED;
		if (wire_be16(header) == TLS_EXTENSION_SERVER_NAME) {
			hello->phase = PHASE_SERVER_NAME;
			return STEP_NAME;
		}
		step = step_of(tls_reader_skip(&hello->reader, &hello->skip));
	} while (step == STEP_ON);
	return step;
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
	case PHASE_REST:
		return STEP_NO_NAME;
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
	uint32_t list_bytes;
	enum step step;

	if (hello->skip > sizeof(list))
		return STEP_MALFORMED;
	step = take_bytes(hello, hello->skip, list);
	if (step != STEP_ON)
		return step;
	hello->phase = PHASE_REST;
	list_bytes = hello->skip;
	hello->skip = hello->hello_left;
	return tell_name(slice_of(list, list_bytes), output) ? STEP_NO_NAME : STEP_MALFORMED;
}

static enum step read_hello(struct hello *hello, struct extract_output *output)
{
	enum step step;

	do {
		step = hello->phase == PHASE_SERVER_NAME
		               ? STEP_ON
		               : step_of(tls_reader_skip(&hello->reader, &hello->skip));
		if (step == STEP_ON)
			step = read_next(hello);
		if (step == STEP_NAME)
			return read_name(hello, output);
	} while (step == STEP_ON);
	return step;
}

// The whole hello, from the first byte given; nothing of one that takes too many. WAIT also when it
// is not all there.
static enum step tell_whole(struct slice bytes, struct extract_output *output)
{
	struct tls_reader reader = {.bytes = bytes};
	uint8_t header[TLS_MESSAGE_HEADER_BYTES];
	struct tls_view view;
	struct slice message;
	enum tls_step step = tls_reader_take(&reader, sizeof(header), header);

	reader = (struct tls_reader){.bytes = bytes};
	if (step == TLS_ON)
		step = tls_reader_view(&reader, sizeof(header) + tls_be24(header + 1), &view,
		                       &message);
	if (step == TLS_ON && reader.consumed <= TLS_VIEW_BYTES_MAX)
		tls_hello_tell(message, TLS_OVER_TCP, output);
	return step_of(step);
}

// Somebody observes, and the hello is kept until it is there: `step` is how far its reading came.
static struct extract_progress keep_whole(struct hello *hello, enum step step,
                                          struct extract_state *state,
                                          struct extract_output *output)
{
	struct extract_progress progress = {.verdict = EXTRACT_MORE};
	bool is_too_large = hello->reader.bytes.size >= TLS_VIEW_BYTES_MAX;

	if (step == STEP_NO_NAME) {
		hello->phase = PHASE_REST;
		step = step_of(tls_reader_skip(&hello->reader, &hello->skip));
		if (step == STEP_ON)
			step = tell_whole(hello->reader.bytes, output);
	}
	if (step == STEP_MALFORMED)
		output->messages_malformed++;
	if (step != STEP_WAIT || (is_too_large && hello->phase == PHASE_REST)) {
		progress.verdict = EXTRACT_DONE;
	} else if (is_too_large) {
		state->flags |= FLAG_IS_CONSUMED;
		progress.consumed = hello->reader.consumed;
	}
	hello_keep(hello, hello->reader.consumed - progress.consumed, state);
	return progress;
}

struct extract_progress tls_client_consume(struct extract_state *state, struct slice bytes,
                                           struct extract_output *output)
{
	struct hello hello = hello_of(state, bytes);
	enum step step = read_hello(&hello, output);

	if (output->tell != NULL && (state->flags & FLAG_IS_CONSUMED) == 0)
		return keep_whole(&hello, step, state, output);
	hello_keep(&hello, 0, state);
	if (step == STEP_MALFORMED)
		output->messages_malformed++;
	return (struct extract_progress){
		.verdict = step == STEP_WAIT ? EXTRACT_MORE : EXTRACT_DONE,
		.consumed = hello.reader.consumed,
	};
}

void tls_client_message(struct slice message, struct extract_output *output)
{
	struct hello hello = {
		// As if it were one record.
		.reader = {.bytes = message, .record_left = (uint32_t)message.size},
	};

	if (read_hello(&hello, output) != STEP_NO_NAME)
		output->messages_malformed++;
}
