// dataplane/tls_reader.h — TLS handshake messages without the records around them.
//
// Messages may lie together in a record, and go on over any number of them (RFC 8446, section
// 5.1). A reader lives for one call of an extractor; between calls it is told by `record_left`.
// All of it is HOT.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"

enum {
	TLS_RECORD_HANDSHAKE = 22,
	TLS_RECORD_HEADER_BYTES = 5,
	TLS_MESSAGE_HEADER_BYTES = 4,
	TLS_RECORD_BYTES_MAX = 16384 + 2048,
	TLS_HELLO_BYTES_MIN = 2 + 32 + 1 + 2 + 2 + 1, // an SSL 3.0 client's with one cipher suite
	TLS_HELLO_BYTES_MAX = 256 * 1024,             // libraries take 128 KB or less
	TLS_VIEW_BYTES_MAX = 40 * 1024,               // of what is given in one piece
};

enum tls_handshake_type {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_CERTIFICATE = 11,
	TLS_SUPPLEMENTAL_DATA = 23, // RFC 4680
};

enum tls_step {
	TLS_ON,
	TLS_WAIT,      // for more bytes
	TLS_END,       // a record that is no handshake: nothing more is readable
	TLS_MALFORMED, // no record
};

struct tls_reader {
	struct slice bytes; // borrowed
	size_t consumed;
	uint32_t record_left; // bytes of the current record still to come
};

// What tls_reader_view() puts together in.
struct tls_view {
	uint8_t bytes[TLS_VIEW_BYTES_MAX];
};

// Does a handshake record's header stand there? SSL 3.0 to TLS 1.3 all write major version 3.
// `header` has TLS_RECORD_HEADER_BYTES.
bool tls_reader_is_record(const uint8_t *header);

// Consumes *count bytes, as far as they are there, and counts *count down. ON when it is 0.
enum tls_step tls_reader_skip_over(struct tls_reader *reader, uint32_t *count);

// Copies the next `size` bytes and consumes them; or consumes nothing.
enum tls_step tls_reader_take_over(struct tls_reader *reader, size_t size, uint8_t *ret_bytes);

// Gives the next `size` bytes in one piece, and consumes them; or consumes nothing. They lie in
// reader->bytes, or in `view` when records cut them. More than TLS_VIEW_BYTES_MAX never come.
enum tls_step tls_reader_view(struct tls_reader *reader, size_t size, struct tls_view *view,
                              struct slice *ret_bytes);

// Do the next `size` bytes lie in the current record, and are they there? They nearly always do.
static inline bool tls_reader_has(const struct tls_reader *reader, size_t size)
{
	return size <= reader->record_left && size <= reader->bytes.size - reader->consumed;
}

// As tls_reader_skip_over().
static inline enum tls_step tls_reader_skip(struct tls_reader *reader, uint32_t *count)
{
	if (!tls_reader_has(reader, *count))
		return tls_reader_skip_over(reader, count);
	reader->consumed += *count;
	reader->record_left -= *count;
	*count = 0;
	return TLS_ON;
}

// As tls_reader_take_over().
static inline enum tls_step tls_reader_take(struct tls_reader *reader, size_t size,
                                            uint8_t *ret_bytes)
{
	if (!tls_reader_has(reader, size))
		return tls_reader_take_over(reader, size, ret_bytes);
	memcpy(ret_bytes, reader->bytes.data + reader->consumed, size);
	reader->consumed += size;
	reader->record_left -= (uint32_t)size;
	return TLS_ON;
}

static inline uint32_t tls_be24(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
}
