#include "bench/traffic_gzip.h"

#include <string.h>

#include <zlib.h>

enum {
	PLAIN_BYTES_MAX = 6000,
	PLAIN_BYTES_MIN = 2000,
	RAW_WINDOW_BITS = -15, // deflate without a frame
	WORD_KINDS = 400,
};

// Words of four to eleven letters, some often: they compress to about a third.
static size_t write_words(struct traffic_random *random, uint8_t *text, size_t size)
{
	size_t written = 0;

	while (written < size) {
		struct traffic_random word = {
			traffic_random_below(random, 1 + traffic_random_below(random, WORD_KINDS))};
		size_t letters = 4 + traffic_random_below(&word, 8);

		for (size_t i = 0; i < letters && written < size; i++)
			text[written++] = (uint8_t)('a' + traffic_random_below(&word, 26));
		if (written < size)
			text[written++] = ' ';
	}
	return written;
}

// Returns false when there is no memory; the part's size is 0 when so much does not fit.
static bool compress_part(struct traffic_gzip_part *part, uint8_t *plain, size_t plain_bytes)
{
	z_stream stream = {.next_in = plain, .avail_in = (uInt)plain_bytes};

	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW_BITS, 8,
	                 Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	stream.next_out = part->bytes;
	stream.avail_out = sizeof(part->bytes);
	const int status = deflate(&stream, Z_FULL_FLUSH);
	part->size = status == Z_OK && stream.avail_out > 0 ? (uint32_t)stream.total_out : 0;
	part->plain_bytes = (uint32_t)plain_bytes;
	part->sum = (uint32_t)crc32(0, plain, (uInt)plain_bytes);
	(void)deflateEnd(&stream);
	return true;
}

bool traffic_gzip_make(struct traffic_gzip *gzip, uint64_t seed)
{
	struct traffic_random random = {seed};
	uint8_t plain[PLAIN_BYTES_MAX];

	for (unsigned i = 0; i < TRAFFIC_GZIP_PARTS; i++) {
		struct traffic_gzip_part *part = &gzip->parts[i];
		size_t size = write_words(&random, plain, sizeof(plain));

		do {
			if (!compress_part(part, plain, size))
				return false;
			size -= PLAIN_BYTES_MIN / 8;
		} while (part->size == 0 && size > PLAIN_BYTES_MIN / 8);
	}
	return true;
}

void traffic_gzip_begin(struct buffer *message)
{
	static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};

	buffer_append(message, head, sizeof(head));
}

void traffic_gzip_append(const struct traffic_gzip *gzip, struct traffic_gzip_state *state,
                         struct traffic_random *random, struct buffer *message)
{
	const struct traffic_gzip_part *part =
		&gzip->parts[traffic_random_below(random, TRAFFIC_GZIP_PARTS)];

	buffer_append(message, part->bytes, part->size);
	state->sum = (uint32_t)crc32_combine(state->sum, part->sum, (z_off_t)part->plain_bytes);
	state->plain_bytes += part->plain_bytes;
}

static void append_le32(struct buffer *message, uint32_t value)
{
	for (unsigned shift = 0; shift < 32; shift += 8)
		buffer_append_byte(message, (uint8_t)(value >> shift));
}

void traffic_gzip_end(const struct traffic_gzip_state *state, struct buffer *message)
{
	static const uint8_t last_block[2] = {0x03, 0x00};

	buffer_append(message, last_block, sizeof(last_block));
	append_le32(message, state->sum);
	append_le32(message, state->plain_bytes);
}
