#include "base/decompress.h"

#include <errno.h>
#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

enum {
	GZIP_WINDOW_BITS = 15 + 16, // 16: expect gzip's header and trailer
	ZSTD_WINDOW_LOG_MAX = 27,   // 128 MB: what `zstd --ultra -22` needs, and no more
};

struct decompress {
	z_stream gzip;
	ZSTD_DStream *zstd; // NULL: gzip
	bool is_complete;
	bool has_more;
};

void decompress_free(struct decompress *decompress)
{
	if (decompress == NULL)
		return;
	if (decompress->zstd != NULL)
		(void)ZSTD_freeDStream(decompress->zstd);
	else
		(void)inflateEnd(&decompress->gzip);
	free(decompress);
}

static bool begins_gzip(struct slice beginning)
{
	return beginning.size >= 3 && memcmp(beginning.data, "\x1f\x8b\x08", 3) == 0;
}

// A frame, or a skippable frame (RFC 8878, sections 3.1.1 and 3.1.2).
static bool begins_zstd(struct slice beginning)
{
	if (beginning.size < 4)
		return false;
	return memcmp(beginning.data, "\x28\xb5\x2f\xfd", 4) == 0 ||
	       ((beginning.data[0] & 0xf0) == 0x50 &&
	        memcmp(beginning.data + 1, "\x2a\x4d\x18", 3) == 0);
}

int decompress_create(struct slice beginning, struct decompress **ret_decompress)
{
	bool is_gzip = begins_gzip(beginning);

	*ret_decompress = NULL;
	if (!is_gzip && !begins_zstd(beginning))
		return 0;

	AUTO(decompress) decompress = calloc(1, sizeof(*decompress));
	if (decompress == NULL)
		return -ENOMEM;
	if (is_gzip) {
		if (inflateInit2(&decompress->gzip, GZIP_WINDOW_BITS) != Z_OK)
			return -ENOMEM;
	} else {
		decompress->zstd = ZSTD_createDStream();
		if (decompress->zstd == NULL)
			return -ENOMEM;
		(void)ZSTD_DCtx_setParameter(decompress->zstd, ZSTD_d_windowLogMax,
		                             ZSTD_WINDOW_LOG_MAX);
	}
	*ret_decompress = TAKE(decompress);
	return 0;
}

// Between members zero bytes are padding (gzip(1) takes them, too), anything else must be one.
static void skip_padding(struct slice *input)
{
	while (input->size > 0 && input->data[0] == 0)
		*input = slice_from(*input, 1);
}

static int step_gzip(struct decompress *decompress, struct slice *input, uint8_t *output,
                     size_t size, size_t *ret_written)
{
	z_stream *stream = &decompress->gzip;
	int status;

	*ret_written = 0;
	if (decompress->is_complete) {
		skip_padding(input);
		if (input->size == 0)
			return 0;
		(void)inflateReset(stream);
		decompress->is_complete = false;
	}
	stream->next_in = (Bytef *)(uintptr_t)input->data;
	stream->avail_in = (uInt)input->size;
	stream->next_out = output;
	stream->avail_out = (uInt)size;
	status = inflate(stream, Z_NO_FLUSH);
	*input = slice_from(*input, input->size - stream->avail_in);
	*ret_written = size - stream->avail_out;
	decompress->is_complete = status == Z_STREAM_END;
	decompress->has_more = status == Z_OK && stream->avail_out == 0;
	return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? 0 : -EBADMSG;
}

static int step_zstd(struct decompress *decompress, struct slice *input, uint8_t *output,
                     size_t size, size_t *ret_written)
{
	ZSTD_inBuffer in = {.src = input->data, .size = input->size};
	ZSTD_outBuffer out = {.dst = output, .size = size};
	size_t hint = ZSTD_decompressStream(decompress->zstd, &out, &in);

	*input = slice_from(*input, in.pos);
	*ret_written = out.pos;
	if (ZSTD_isError(hint))
		return -EBADMSG;
	decompress->is_complete = hint == 0;
	decompress->has_more = out.pos == out.size && hint != 0;
	return 0;
}

int decompress_step(struct decompress *decompress, struct slice *input, uint8_t *output,
                    size_t size, size_t *ret_written)
{
	if (decompress->zstd != NULL)
		return step_zstd(decompress, input, output, size, ret_written);
	return step_gzip(decompress, input, output, size, ret_written);
}

bool decompress_has_more(const struct decompress *decompress)
{
	return decompress->has_more;
}

bool decompress_is_complete(const struct decompress *decompress)
{
	return decompress->is_complete;
}
