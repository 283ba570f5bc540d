#include "dataplane/extract_quic.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/tls_client.h"
#include "dataplane/tls_hello.h"
#include "dataplane/wire.h"

enum {
	HANDSHAKE_HEADER_BYTES = 4,
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
};

// Bytes [begin, end) of the hello are there.
struct piece {
	uint32_t begin;
	uint32_t end;
};

struct quic_hello {
	uint32_t datagrams;
	uint32_t piece_count;
	struct piece pieces[QUIC_PIECES_MAX + 1]; // ascending, apart from each other; one to spare
	uint8_t bytes[QUIC_HELLO_BYTES_MAX];
};

static_assert(sizeof(struct quic_hello) % 8 == 0, "blocks of a pool");

int quic_table_open(struct quic_table *table, size_t budget_bytes)
{
	struct quic_table opened = {.work = malloc(sizeof(*opened.work))};
	int error = opened.work != NULL ? quic_opener_create(&opened.opener) : -ENOMEM;

	if (error == 0)
		error = pool_open(&opened.hellos, sizeof(struct quic_hello), budget_bytes);
	if (error < 0) {
		quic_opener_free(opened.opener);
		free(opened.work);
		return error;
	}
	*table = opened;
	return 0;
}

void quic_table_close(struct quic_table *table)
{
	pool_close(&table->hellos);
	quic_opener_free(table->opener);
	free(table->work);
}

// Takes the pieces that `new` touches into it, and puts it into its place.
static void add_piece(struct quic_hello *hello, struct piece new)
{
	unsigned first = 0;
	unsigned last;

	while (first < hello->piece_count && hello->pieces[first].end < new.begin)
		first++;
	last = first;
	while (last < hello->piece_count && hello->pieces[last].begin <= new.end) {
		if (hello->pieces[last].begin < new.begin)
			new.begin = hello->pieces[last].begin;
		if (hello->pieces[last].end > new.end)
			new.end = hello->pieces[last].end;
		last++;
	}
	memmove(&hello->pieces[first + 1], &hello->pieces[last],
	        (hello->piece_count - last) * sizeof(hello->pieces[0]));
	hello->pieces[first] = new;
	hello->piece_count = hello->piece_count - (last - first) + 1;
}

// Copies what is not there yet: of bytes told twice the first ones count.
static void copy_new(struct quic_hello *hello, struct piece new, const uint8_t *data)
{
	uint32_t at = new.begin;

	for (unsigned i = 0; i < hello->piece_count && at < new.end; i++) {
		const struct piece *piece = &hello->pieces[i];
		uint32_t until = piece->begin < new.end ? piece->begin : new.end;

		if (until > at)
			memcpy(hello->bytes + at, data + (at - new.begin), until - at);
		if (piece->end > at)
			at = piece->end;
	}
	if (at < new.end)
		memcpy(hello->bytes + at, data + (at - new.begin), new.end - at);
}

// False when it is more than is kept.
static bool add_crypto(struct quic_hello *hello, uint64_t offset, struct slice data)
{
	struct piece new;

	if (offset > QUIC_HELLO_BYTES_MAX || data.size > QUIC_HELLO_BYTES_MAX - offset)
		return false;
	if (data.size == 0)
		return true;
	new = (struct piece){(uint32_t)offset, (uint32_t)(offset + data.size)};
	copy_new(hello, new, data.data);
	add_piece(hello, new);
	return hello->piece_count <= QUIC_PIECES_MAX;
}

// Steps over an ACK frame (RFC 9000, section 19.3).
static bool skip_ack(struct slice frames, size_t *at, bool has_ecn)
{
	uint64_t number, range_count;

	if (!quic_read_number(frames, at, &number) || !quic_read_number(frames, at, &number) ||
	    !quic_read_number(frames, at, &range_count) || !quic_read_number(frames, at, &number))
		return false;
	// Each takes two bytes at least, so that the loops end with the frames.
	for (uint64_t i = 0; i < range_count; i++)
		if (!quic_read_number(frames, at, &number) ||
		    !quic_read_number(frames, at, &number))
			return false;
	for (unsigned i = 0; has_ecn && i < 3; i++)
		if (!quic_read_number(frames, at, &number))
			return false;
	return true;
}

static bool take_crypto(struct quic_hello *hello, struct slice frames, size_t *at)
{
	uint64_t offset, size;
	struct slice data;

	if (!quic_read_number(frames, at, &offset) || !quic_read_number(frames, at, &size) ||
	    size > frames.size - *at)
		return false;
	data = slice_of(frames.data + *at, (size_t)size);
	*at += (size_t)size;
	return add_crypto(hello, offset, data);
}

// Clients fill half of a datagram with it: a word at a time.
static void skip_padding(struct slice frames, size_t *at)
{
	uint64_t word;

	while (frames.size - *at >= sizeof(word)) {
		memcpy(&word, frames.data + *at, sizeof(word));
		if (word != 0)
			break;
		*at += sizeof(word);
	}
}

// The CRYPTO frames of a packet. False when it holds what a client's first packets cannot, or more
// than is kept.
static bool take_frames(struct quic_hello *hello, struct slice frames)
{
	size_t at = 0;
	bool is_well = true;

	while (at < frames.size && is_well) {
		switch (frames.data[at++]) {
		case FRAME_PADDING:
			skip_padding(frames, &at);
			break;
		case FRAME_PING:
			break;
		case FRAME_ACK:
			is_well = skip_ack(frames, &at, false);
			break;
		case FRAME_ACK_ECN:
			is_well = skip_ack(frames, &at, true);
			break;
		case FRAME_CRYPTO:
			is_well = take_crypto(hello, frames, &at);
			break;
		default:
			return false; // CONNECTION_CLOSE, or nonsense
		}
	}
	return is_well;
}

// The hello as far as it is there without a hole, once that is all of it.
static struct slice whole_hello(const struct quic_hello *hello)
{
	const struct piece *first = &hello->pieces[0];
	uint32_t size;

	if (hello->piece_count == 0 || first->begin != 0 || first->end < HANDSHAKE_HEADER_BYTES)
		return slice_text(NULL);
	size = (wire_be32(hello->bytes) & 0xffffff) + HANDSHAKE_HEADER_BYTES;
	return first->end >= size ? slice_of(hello->bytes, size) : slice_text(NULL);
}

// Takes in every Initial packet of the datagram: there may be others behind them.
static enum extract_verdict take_datagram(struct quic_table *table, struct slice datagram,
                                          struct extract_output *output)
{
	struct slice frames;
	size_t packet_bytes;

	while (quic_is_initial(datagram)) {
		bool is_open = quic_open_initial(table->opener, datagram, &frames, &packet_bytes);

		if (is_open && !take_frames(table->work, frames)) {
			output->messages_malformed++;
			return EXTRACT_DONE;
		}
		if (packet_bytes == 0)
			break;
		datagram = slice_from(datagram, packet_bytes);
	}
	return EXTRACT_MORE;
}

static uint32_t hello_bytes(const struct quic_hello *hello)
{
	uint32_t end = hello->piece_count > 0 ? hello->pieces[hello->piece_count - 1].end : 0;

	return (uint32_t)offsetof(struct quic_hello, bytes) + end;
}

// Keeps what came for the next datagram. False when there is no room.
static bool keep(struct quic_table *table, uint32_t *hello_id)
{
	if (*hello_id == 0)
		*hello_id = pool_take(&table->hellos);
	if (*hello_id == 0)
		return false;
	memcpy(pool_block(&table->hellos, *hello_id), table->work, hello_bytes(table->work));
	return true;
}

static void recall(struct quic_table *table, uint32_t hello_id)
{
	const struct quic_hello *kept;

	if (hello_id == 0) {
		table->work->datagrams = 0;
		table->work->piece_count = 0;
		return;
	}
	kept = pool_block(&table->hellos, hello_id);
	memcpy(table->work, kept, hello_bytes(kept));
}

enum extract_verdict extract_quic_datagram(struct quic_table *table, uint32_t *hello_id,
                                           struct slice datagram, struct extract_output *output)
{
	enum extract_verdict verdict = EXTRACT_DONE;
	struct slice hello;

	if (quic_is_initial(datagram)) {
		recall(table, *hello_id);
		table->work->datagrams++;
		verdict = take_datagram(table, datagram, output);
		hello = whole_hello(table->work);
		if (verdict == EXTRACT_MORE && hello.size > 0) {
			tls_client_message(hello, output);
			tls_hello_tell(hello, TLS_OVER_QUIC, output);
			verdict = EXTRACT_DONE;
		}
		if (verdict == EXTRACT_MORE &&
		    (table->work->datagrams >= QUIC_DATAGRAMS_MAX || !keep(table, hello_id)))
			verdict = EXTRACT_DONE;
	}
	if (verdict == EXTRACT_DONE)
		extract_quic_end(table, hello_id);
	return verdict;
}

void extract_quic_end(struct quic_table *table, uint32_t *hello_id)
{
	if (*hello_id != 0)
		pool_give(&table->hellos, *hello_id);
	*hello_id = 0;
}
