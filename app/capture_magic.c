#include "app/capture_magic.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/decompress.h"

enum { HEAD_BYTES = 4096, MAGIC_BYTES = 4 };

static bool is_magic(const uint8_t bytes[MAGIC_BYTES])
{
	static const uint8_t magics[][MAGIC_BYTES] = {
		{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, // pcap, microseconds
		{0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, // pcap, nanoseconds
		{0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1}, // pcap, Kuznetzov's
		{0x0a, 0x0d, 0x0d, 0x0a},                           // pcapng
		{'s', 'n', 'o', 'o'},                               // snoop
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (memcmp(magics[i], bytes, MAGIC_BYTES) == 0)
			return true;
	return false;
}

// Decompresses as much as it takes to see.
static bool is_compressed_capture(struct decompress *decompress, struct slice head)
{
	uint8_t bytes[MAGIC_BYTES];
	size_t size = 0;

	while (size < sizeof(bytes) && head.size > 0) {
		size_t written;

		if (decompress_step(decompress, &head, bytes + size, sizeof(bytes) - size,
		                    &written) < 0)
			return false;
		size += written;
	}
	return size == sizeof(bytes) && is_magic(bytes);
}

bool capture_magic_is(const char *path)
{
	AUTO(decompress) decompress = NULL;
	uint8_t head[HEAD_BYTES];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	size_t head_size = fread(head, 1, sizeof(head), file);
	(void)fclose(file);
	if (head_size < MAGIC_BYTES ||
	    decompress_create(slice_of(head, head_size), &decompress) < 0)
		return false;
	if (decompress != NULL)
		return is_compressed_capture(decompress, slice_of(head, head_size));
	return is_magic(head);
}
