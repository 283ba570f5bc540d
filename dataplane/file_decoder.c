#include "dataplane/file_decoder.h"

#include <brotli/decode.h>
#include <zlib.h>

enum {
	GZIP_WINDOW_BITS = 15 + 16, // 16: expect gzip's header and trailer
	ZLIB_WINDOW_BITS = 15,
	RAW_WINDOW_BITS = -15,
	START_BYTES = 2, // that tell zlib's header, or gzip's, from what is none
};

struct file_decoder {
	enum file_coding coding;
	struct file_memory *memory;
	BrotliDecoderState *brotli;
	z_stream zlib;
	bool has_zlib; // inflateInit2() was called
	bool is_complete;
	uint8_t start_bytes; // bytes of `start` that were seen
	uint8_t start[START_BYTES];
};

static voidpf zlib_take(voidpf opaque, uInt count, uInt size)
{
	return file_memory_take(opaque, (size_t)count * size);
}

static void zlib_give(voidpf opaque, voidpf block)
{
	file_memory_give(opaque, block);
}

static void *brotli_take(void *opaque, size_t size)
{
	return file_memory_take(opaque, size);
}

static void brotli_give(void *opaque, void *block)
{
	file_memory_give(opaque, block);
}

struct file_decoder *file_decoder_open(struct file_memory *memory, enum file_coding coding)
{
	struct file_decoder *decoder;

	if (coding == FILE_CODING_UNKNOWN)
		return NULL;
	decoder = file_memory_take(memory, sizeof(*decoder));
	if (decoder == NULL)
		return NULL;
	*decoder = (struct file_decoder){.coding = coding, .memory = memory};
	if (coding != FILE_CODING_BROTLI)
		return decoder;
	decoder->brotli = BrotliDecoderCreateInstance(brotli_take, brotli_give, memory);
	if (decoder->brotli == NULL) {
		file_memory_give(memory, decoder);
		return NULL;
	}
	return decoder;
}

void file_decoder_close(struct file_memory *memory, struct file_decoder *decoder)
{
	if (decoder == NULL)
		return;
	if (decoder->has_zlib)
		(void)inflateEnd(&decoder->zlib);
	if (decoder->brotli != NULL)
		BrotliDecoderDestroyInstance(decoder->brotli);
	file_memory_give(memory, decoder);
}

// RFC 1950, section 2.2: CM and CINFO, and FCHECK.
static bool begins_zlib(const uint8_t start[START_BYTES])
{
	return (start[0] & 0x0f) == 8 && start[0] >> 4 <= 7 && (start[0] << 8 | start[1]) % 31 == 0;
}

static bool open_zlib(struct file_decoder *decoder)
{
	int window_bits = GZIP_WINDOW_BITS;

	if (decoder->coding == FILE_CODING_DEFLATE)
		window_bits = begins_zlib(decoder->start) ? ZLIB_WINDOW_BITS : RAW_WINDOW_BITS;
	decoder->zlib = (z_stream){
		.zalloc = zlib_take,
		.zfree = zlib_give,
		.opaque = decoder->memory,
	};
	decoder->has_zlib = inflateInit2(&decoder->zlib, window_bits) == Z_OK;
	return decoder->has_zlib;
}

static enum file_decoder_result inflate_some(struct file_decoder *decoder, struct slice *input,
                                             uint8_t *output, size_t size, size_t *ret_written)
{
	z_stream *stream = &decoder->zlib;
	int status;

	stream->next_in = (Bytef *)(uintptr_t)input->data;
	stream->avail_in = (uInt)input->size;
	stream->next_out = output;
	stream->avail_out = (uInt)size;
	status = inflate(stream, Z_NO_FLUSH);
	*input = slice_from(*input, input->size - stream->avail_in);
	*ret_written = size - stream->avail_out;
	if (status == Z_STREAM_END) {
		decoder->is_complete = true;
		decoder->start_bytes = 0;
		return FILE_DECODER_COMPLETE;
	}
	if (status == Z_MEM_ERROR)
		return FILE_DECODER_NO_ROOM;
	if (status != Z_OK && status != Z_BUF_ERROR)
		return FILE_DECODER_DAMAGED;
	return stream->avail_out == 0 ? FILE_DECODER_MORE : FILE_DECODER_HUNGRY;
}

static bool take_start(struct file_decoder *decoder, struct slice *input)
{
	while (decoder->start_bytes < START_BYTES && input->size > 0) {
		decoder->start[decoder->start_bytes++] = input->data[0];
		*input = slice_from(*input, 1);
	}
	return decoder->start_bytes == START_BYTES;
}

// Is what follows a complete gzip member another one? Else it is not looked at.
static bool begins_member(const struct file_decoder *decoder)
{
	return decoder->coding == FILE_CODING_GZIP && decoder->start[0] == 0x1f &&
	       decoder->start[1] == 0x8b;
}

static enum file_decoder_result step_zlib(struct file_decoder *decoder, struct slice *input,
                                          uint8_t *output, size_t size, size_t *ret_written)
{
	struct slice start = slice_of(decoder->start, START_BYTES);
	enum file_decoder_result result;

	if (decoder->start_bytes == START_BYTES && !decoder->is_complete)
		return inflate_some(decoder, input, output, size, ret_written);
	if (decoder->start_bytes == START_BYTES || !take_start(decoder, input))
		return decoder->is_complete ? FILE_DECODER_COMPLETE : FILE_DECODER_HUNGRY;
	if (decoder->is_complete) {
		if (!begins_member(decoder))
			return FILE_DECODER_COMPLETE;
		(void)inflateReset(&decoder->zlib);
		decoder->is_complete = false;
	} else if (!open_zlib(decoder)) {
		return FILE_DECODER_NO_ROOM;
	}
	result = inflate_some(decoder, &start, output, size, ret_written);
	return result == FILE_DECODER_HUNGRY ? FILE_DECODER_MORE : result;
}

static enum file_decoder_result step_brotli(struct file_decoder *decoder, struct slice *input,
                                            uint8_t *output, size_t size, size_t *ret_written)
{
	const uint8_t *next_in = input->data;
	size_t left_in = input->size, left_out = size;
	BrotliDecoderResult result = BrotliDecoderDecompressStream(
		decoder->brotli, &left_in, &next_in, &left_out, &output, NULL);

	*input = slice_from(*input, input->size - left_in);
	*ret_written = size - left_out;
	switch (result) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		decoder->is_complete = true;
		return FILE_DECODER_COMPLETE;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
		return FILE_DECODER_HUNGRY;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
		return FILE_DECODER_MORE;
	case BROTLI_DECODER_RESULT_ERROR:
		break;
	}
	// The codes of failed allocations lie together.
	return BrotliDecoderGetErrorCode(decoder->brotli) <=
	                               BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
	                       BrotliDecoderGetErrorCode(decoder->brotli) >=
	                               BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
	               ? FILE_DECODER_NO_ROOM
	               : FILE_DECODER_DAMAGED;
}

enum file_decoder_result file_decoder_step(struct file_decoder *decoder, struct slice *input,
                                           uint8_t *output, size_t size, size_t *ret_written)
{
	*ret_written = 0;
	if (decoder->brotli == NULL)
		return step_zlib(decoder, input, output, size, ret_written);
	if (decoder->is_complete)
		return FILE_DECODER_COMPLETE;
	return step_brotli(decoder, input, output, size, ret_written);
}

bool file_decoder_is_complete(const struct file_decoder *decoder)
{
	return decoder->is_complete;
}
