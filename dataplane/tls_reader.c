#include "dataplane/tls_reader.h"

#include <string.h>

#include "dataplane/wire.h"

// Types of records (RFC 8446, section 5.1; RFC 6520).
enum {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_HEARTBEAT = 24,
};

static bool has_version(const uint8_t *header)
{
	uint32_t size = wire_be16(header + 3);

	return header[1] == 3 && header[2] <= 4 && size > 0 && size <= TLS_RECORD_BYTES_MAX;
}

bool tls_reader_is_record(const uint8_t *header)
{
	return header[0] == TLS_RECORD_HANDSHAKE && has_version(header);
}

// Steps over the header of the next record when the current one is used up.
static enum tls_step enter_record(struct tls_reader *reader)
{
	struct slice rest = slice_from(reader->bytes, reader->consumed);

	if (reader->record_left > 0)
		return TLS_ON;
	if (rest.size < TLS_RECORD_HEADER_BYTES)
		return TLS_WAIT;
	if (!tls_reader_is_record(rest.data))
		return has_version(rest.data) && rest.data[0] >= RECORD_CHANGE_CIPHER_SPEC &&
		                       rest.data[0] <= RECORD_HEARTBEAT
		               ? TLS_END
		               : TLS_MALFORMED;
	reader->record_left = wire_be16(rest.data + 3);
	reader->consumed += TLS_RECORD_HEADER_BYTES;
	return TLS_ON;
}

// What of the current record is there, at most `size` bytes; consumes it.
static struct slice next_piece(struct tls_reader *reader, size_t size)
{
	struct slice piece = slice_from(reader->bytes, reader->consumed);

	piece = slice_first(slice_first(piece, reader->record_left), size);
	reader->consumed += piece.size;
	reader->record_left -= (uint32_t)piece.size;
	return piece;
}

enum tls_step tls_reader_skip_over(struct tls_reader *reader, uint32_t *count)
{
	while (*count > 0) {
		enum tls_step step = enter_record(reader);
		struct slice piece;

		if (step != TLS_ON)
			return step;
		piece = next_piece(reader, *count);
		if (piece.size == 0)
			return TLS_WAIT;
		*count -= (uint32_t)piece.size;
	}
	return TLS_ON;
}

enum tls_step tls_reader_take_over(struct tls_reader *reader, size_t size, uint8_t *ret_bytes)
{
	struct tls_reader ahead = *reader;
	size_t taken = 0;

	while (taken < size) {
		enum tls_step step = enter_record(&ahead);
		struct slice piece;

		if (step != TLS_ON)
			return step;
		piece = next_piece(&ahead, size - taken);
		if (piece.size == 0)
			return TLS_WAIT;
		memcpy(ret_bytes + taken, piece.data, piece.size);
		taken += piece.size;
	}
	*reader = ahead;
	return TLS_ON;
}

enum tls_step tls_reader_view(struct tls_reader *reader, size_t size, struct tls_view *view,
                              struct slice *ret_bytes)
{
	struct tls_reader ahead = *reader;
	enum tls_step step = size > 0 ? enter_record(&ahead) : TLS_ON;

	if (step != TLS_ON)
		return step;
	if (size <= ahead.record_left) {
		struct slice piece = next_piece(&ahead, size);

		if (piece.size < size)
			return TLS_WAIT;
		*ret_bytes = piece;
		*reader = ahead;
		return TLS_ON;
	}
	// A look at the size first: what is not there yet is not copied again and again.
	if (size > sizeof(view->bytes) || slice_from(ahead.bytes, ahead.consumed).size < size)
		return TLS_WAIT;
	*ret_bytes = slice_of(view->bytes, size);
	return tls_reader_take(reader, size, view->bytes);
}
