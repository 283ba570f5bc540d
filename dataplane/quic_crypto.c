#include "dataplane/quic_crypto.h"

#include <string.h>

#include "dataplane/quic_packet.h"
#include "dataplane/wire.h"

enum {
	MESSAGE_HEADER_BYTES = 4,
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CLOSE = 0x1c,
};

// Takes the pieces that `new` touches into it, and puts it into its place.
static void add_piece(struct quic_crypto *crypto, struct quic_piece new)
{
	unsigned first = 0;
	unsigned last;

	while (first < crypto->piece_count && crypto->pieces[first].end < new.begin)
		first++;
	last = first;
	while (last < crypto->piece_count && crypto->pieces[last].begin <= new.end) {
		if (crypto->pieces[last].begin < new.begin)
			new.begin = crypto->pieces[last].begin;
		if (crypto->pieces[last].end > new.end)
			new.end = crypto->pieces[last].end;
		last++;
	}
	memmove(&crypto->pieces[first + 1], &crypto->pieces[last],
	        (crypto->piece_count - last) * sizeof(crypto->pieces[0]));
	crypto->pieces[first] = new;
	crypto->piece_count = crypto->piece_count - (last - first) + 1;
}

// Copies what is not there yet: of bytes told twice the first ones count.
static void copy_new(struct quic_crypto *crypto, struct quic_piece new, const uint8_t *data)
{
	uint32_t at = new.begin;

	for (unsigned i = 0; i < crypto->piece_count && at < new.end; i++) {
		const struct quic_piece *piece = &crypto->pieces[i];
		uint32_t until = piece->begin < new.end ? piece->begin : new.end;

		if (until > at)
			memcpy(crypto->bytes + at, data + (at - new.begin), until - at);
		if (piece->end > at)
			at = piece->end;
	}
	if (at < new.end)
		memcpy(crypto->bytes + at, data + (at - new.begin), new.end - at);
}

// False when it is more than is kept.
static bool add_crypto(struct quic_crypto *crypto, uint64_t offset, struct slice data)
{
	struct quic_piece new;

	if (offset > QUIC_HELLO_BYTES_MAX || data.size > QUIC_HELLO_BYTES_MAX - offset)
		return false;
	if (data.size == 0)
		return true;
	new = (struct quic_piece){(uint32_t)offset, (uint32_t)(offset + data.size)};
	copy_new(crypto, new, data.data);
	add_piece(crypto, new);
	return crypto->piece_count <= QUIC_PIECES_MAX;
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

static bool take_crypto(struct quic_crypto *crypto, struct slice frames, size_t *at)
{
	uint64_t offset, size;
	struct slice data;

	if (!quic_read_number(frames, at, &offset) || !quic_read_number(frames, at, &size) ||
	    size > frames.size - *at)
		return false;
	data = slice_of(frames.data + *at, (size_t)size);
	*at += (size_t)size;
	return add_crypto(crypto, offset, data);
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

enum quic_frames quic_crypto_take(struct quic_crypto *crypto, struct slice frames)
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
			is_well = take_crypto(crypto, frames, &at);
			break;
		case FRAME_CLOSE:
			return QUIC_FRAMES_CLOSE;
		default:
			return QUIC_FRAMES_MALFORMED;
		}
	}
	return is_well ? QUIC_FRAMES_TAKEN : QUIC_FRAMES_MALFORMED;
}

struct slice quic_crypto_message(const struct quic_crypto *crypto)
{
	const struct quic_piece *first = &crypto->pieces[0];
	uint32_t size;

	if (crypto->piece_count == 0 || first->begin != 0 || first->end < MESSAGE_HEADER_BYTES)
		return slice_text(NULL);
	size = (wire_be32(crypto->bytes) & 0xffffff) + MESSAGE_HEADER_BYTES;
	return first->end >= size ? slice_of(crypto->bytes, size) : slice_text(NULL);
}

size_t quic_crypto_used_bytes(const struct quic_crypto *crypto)
{
	uint32_t end = crypto->piece_count > 0 ? crypto->pieces[crypto->piece_count - 1].end : 0;

	return offsetof(struct quic_crypto, bytes) + end;
}
