// Whatever comes in: pieces stand where they say they do, in order, and do not overlap.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/decompress.h"
#include "loader/json_split.h"

// Then the pieces are of other bytes than the input's.
static bool is_compressed(struct slice data)
{
	AUTO(decompress) decompress = NULL;

	FUZZ_ASSERT(decompress_create(data, &decompress) == 0);
	return decompress != NULL;
}

// A file over the input, opened again by its path: feeds are read from files.
static struct feed_input *open_input(const uint8_t *data, size_t size)
{
	struct feed_input *input = NULL;
	char path[64];
	int fd = memfd_create("fuzz", 0);

	FUZZ_ASSERT(fd >= 0);
	FUZZ_ASSERT(write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	FUZZ_ASSERT(feed_input_open(path, NULL, NULL, &input) == 0);
	close(fd);
	return input;
}

static void check_piece(const struct json_piece *piece, struct slice data, uint64_t *end)
{
	FUZZ_ASSERT(piece->offset >= *end);
	FUZZ_ASSERT(piece->offset + piece->bytes.size <= data.size);
	if (piece->kind == JSON_PIECE_STRAY)
		return;
	FUZZ_ASSERT(piece->bytes.size == 0 ||
	            memcmp(data.data + piece->offset, piece->bytes.data, piece->bytes.size) == 0);
	*end = piece->offset + piece->bytes.size;
}

static const struct json_split_rules nested_rules = {
	.lists = {"x", "Attribute"},
	.container = "response",
	.depth_max = 2,
	.gives_parts = true,
};

static void split_all(const struct json_split_rules *rules, const uint8_t *data, size_t size)
{
	struct feed_input *input = open_input(data, size);
	struct json_split split;
	struct json_piece piece;
	uint64_t end = 0;
	size_t count = 0;

	json_split_start(&split, input, rules);
	while (json_split_next(&split, &piece) > 0) {
		check_piece(&piece, slice_of(data, size), &end);
		FUZZ_ASSERT(++count <= 2 * size + 2);
	}
	FUZZ_ASSERT(feed_input_offset(input) == size);
	feed_input_close(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (is_compressed(slice_of(data, size)))
		return 0;
	split_all(&json_split_stix, data, size);
	split_all(&nested_rules, data, size);
	return 0;
}
