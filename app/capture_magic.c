#include "app/capture_magic.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

enum { HEAD_BYTES = 4096, MAGIC_BYTES = 4 };

static bool is_magic(const uint8_t bytes[MAGIC_BYTES])
{
	static const uint8_t magics[][MAGIC_BYTES] = {
		{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, // pcap, microseconds
		{0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, // pcap, nanoseconds
		{0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1}, // pcap, Kuznetzov's
		{0x0a, 0x0d, 0x0d, 0x0a},                           // pcapng
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (memcmp(magics[i], bytes, MAGIC_BYTES) == 0)
			return true;
	return false;
}

static bool is_gzip_capture(uint8_t *head, size_t head_size)
{
	uint8_t bytes[MAGIC_BYTES];
	z_stream stream = {
		.next_in = head,
		.avail_in = (unsigned)head_size,
		.next_out = bytes,
		.avail_out = sizeof(bytes),
	};

	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) // 16: gzip, nothing else
		return false;
	(void)inflate(&stream, Z_SYNC_FLUSH);
	(void)inflateEnd(&stream);
	return stream.avail_out == 0 && is_magic(bytes);
}

static bool is_zstd_capture(const uint8_t *head, size_t head_size)
{
	uint8_t bytes[MAGIC_BYTES];
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer input = {head, head_size, 0};
	ZSTD_outBuffer output = {bytes, sizeof(bytes), 0};
	size_t result = 0;

	if (stream == NULL)
		return false;
	while (output.pos < output.size && input.pos < input.size && !ZSTD_isError(result))
		result = ZSTD_decompressStream(stream, &output, &input);
	(void)ZSTD_freeDStream(stream);
	return output.pos == output.size && is_magic(bytes);
}

bool capture_magic_is(const char *path)
{
	static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
	uint8_t head[HEAD_BYTES];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	size_t head_size = fread(head, 1, sizeof(head), file);
	(void)fclose(file);
	if (head_size < MAGIC_BYTES)
		return false;
	if (head[0] == 0x1f && head[1] == 0x8b)
		return is_gzip_capture(head, head_size);
	if (memcmp(head, zstd_magic, sizeof(zstd_magic)) == 0)
		return is_zstd_capture(head, head_size);
	return is_magic(head);
}
