#include "loader/feed_decode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

enum { RAW_BYTES = 256 * 1024, PROGRESS_BYTES = 1024 * 1024 };

// One kind of compression.
struct codec {
	const char *name;
	bool (*recognises)(struct slice head);
	int (*start)(struct feed_decode *decode);
	void (*stop)(struct feed_decode *decode);
	int (*read)(struct feed_decode *decode, uint8_t *bytes, size_t size, size_t *ret_size);
};

struct feed_decode {
	int fd;
	bool is_fd_owned;
	bool is_at_end; // of the file
	feed_progress_fn *progress;
	void *context;
	uint64_t file_bytes;
	uint64_t told_bytes; // file_bytes when progress was last called
	const struct codec *codec;
	z_stream gzip;
	ZSTD_DStream *zstd;
	bool is_within_frame; // of gzip or zstd: the end of the file would be premature
	size_t raw_position;
	size_t raw_size;
	uint8_t raw[RAW_BYTES];
};

static int read_file(struct feed_decode *decode, uint8_t *bytes, size_t size, size_t *ret_size)
{
	ssize_t got;

	if (decode->progress != NULL && decode->file_bytes - decode->told_bytes >= PROGRESS_BYTES) {
		decode->told_bytes = decode->file_bytes;
		if (!decode->progress(decode->context, decode->file_bytes))
			return -ECANCELED;
	}
	do {
		got = read(decode->fd, bytes, size < PROGRESS_BYTES ? size : PROGRESS_BYTES);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	decode->file_bytes += (uint64_t)got;
	decode->is_at_end = got == 0;
	*ret_size = (size_t)got;
	return 0;
}

// Makes sure that there is raw input, unless the file is at its end.
static int fill_raw(struct feed_decode *decode)
{
	size_t size;

	if (decode->raw_position < decode->raw_size || decode->is_at_end)
		return 0;

	int error = read_file(decode, decode->raw, RAW_BYTES, &size);
	if (error != 0)
		return error;
	decode->raw_position = 0;
	decode->raw_size = size;
	return 0;
}

static struct slice raw_rest(const struct feed_decode *decode)
{
	return slice_of(decode->raw + decode->raw_position,
	                decode->raw_size - decode->raw_position);
}

static bool plain_recognises(struct slice head)
{
	(void)head;
	return true;
}

static int plain_start(struct feed_decode *decode)
{
	(void)decode;
	return 0;
}

static void plain_stop(struct feed_decode *decode)
{
	(void)decode;
}

static int plain_read(struct feed_decode *decode, uint8_t *bytes, size_t size, size_t *ret_size)
{
	struct slice raw = slice_first(raw_rest(decode), size);

	if (raw.size == 0)
		return read_file(decode, bytes, size, ret_size);
	memcpy(bytes, raw.data, raw.size);
	decode->raw_position += raw.size;
	*ret_size = raw.size;
	return 0;
}

static bool gzip_recognises(struct slice head)
{
	return slice_starts_with(head, "\x1f\x8b\x08");
}

static int gzip_start(struct feed_decode *decode)
{
	return inflateInit2(&decode->gzip, MAX_WBITS + 16) == Z_OK ? 0 : -ENOMEM;
}

static void gzip_stop(struct feed_decode *decode)
{
	(void)inflateEnd(&decode->gzip);
}

// Between members: zero bytes are padding (gzip(1) takes them too), anything else must be a
// member.
static void skip_padding(struct feed_decode *decode)
{
	if (decode->is_within_frame)
		return;
	while (decode->raw_position < decode->raw_size && decode->raw[decode->raw_position] == 0)
		decode->raw_position++;
}

static int gzip_read(struct feed_decode *decode, uint8_t *bytes, size_t size, size_t *ret_size)
{
	z_stream *gzip = &decode->gzip;

	gzip->next_out = bytes;
	gzip->avail_out = (uInt)(size < RAW_BYTES ? size : RAW_BYTES);
	while (gzip->next_out == bytes) {
		int error = fill_raw(decode);
		if (error != 0)
			return error;
		skip_padding(decode);

		struct slice raw = raw_rest(decode);
		if (raw.size == 0 && decode->is_at_end) {
			*ret_size = 0;
			return decode->is_within_frame ? -EBADMSG : 0;
		}
		if (raw.size == 0)
			continue;
		decode->is_within_frame = true;
		gzip->next_in = decode->raw + decode->raw_position;
		gzip->avail_in = (uInt)raw.size;
		int status = inflate(gzip, Z_NO_FLUSH);
		decode->raw_position = decode->raw_size - gzip->avail_in;
		if (status == Z_STREAM_END) {
			decode->is_within_frame = false;
			(void)inflateReset(gzip);
		} else if (status == Z_MEM_ERROR) {
			return -ENOMEM;
		} else if (status != Z_OK && status != Z_BUF_ERROR) {
			return -EBADMSG;
		}
	}
	*ret_size = (size_t)(gzip->next_out - bytes);
	return 0;
}

static bool zstd_recognises(struct slice head)
{
	return slice_starts_with(head, "\x28\xb5\x2f\xfd");
}

static int zstd_start(struct feed_decode *decode)
{
	decode->zstd = ZSTD_createDStream();
	return decode->zstd != NULL ? 0 : -ENOMEM;
}

static void zstd_stop(struct feed_decode *decode)
{
	(void)ZSTD_freeDStream(decode->zstd);
}

static int zstd_read(struct feed_decode *decode, uint8_t *bytes, size_t size, size_t *ret_size)
{
	ZSTD_outBuffer out = {bytes, size, 0};

	while (out.pos == 0) {
		int error = fill_raw(decode);
		if (error != 0)
			return error;

		struct slice raw = raw_rest(decode);
		if (raw.size == 0 && !decode->is_within_frame)
			break;

		ZSTD_inBuffer in = {raw.data, raw.size, 0};
		size_t status = ZSTD_decompressStream(decode->zstd, &out, &in);
		if (ZSTD_isError(status) || (raw.size == 0 && out.pos == 0))
			return -EBADMSG;
		decode->raw_position += in.pos;
		decode->is_within_frame = status != 0;
	}
	*ret_size = out.pos;
	return 0;
}

// The least particular last.
static const struct codec codecs[] = {
	{"gzip", gzip_recognises, gzip_start, gzip_stop, gzip_read},
	{"zstd", zstd_recognises, zstd_start, zstd_stop, zstd_read},
	{"plain", plain_recognises, plain_start, plain_stop, plain_read},
};

static int choose_codec(struct feed_decode *decode)
{
	const struct codec *codec = codecs;

	// A pipe may give its first bytes one by one.
	while (decode->raw_size < 4 && !decode->is_at_end) {
		size_t size;
		int error = read_file(decode, decode->raw + decode->raw_size,
		                      RAW_BYTES - decode->raw_size, &size);
		if (error != 0)
			return error;
		decode->raw_size += size;
	}
	while (!codec->recognises(raw_rest(decode)))
		codec++;

	int error = codec->start(decode);
	if (error == 0)
		decode->codec = codec;
	return error;
}

int feed_decode_open(const char *path, feed_progress_fn *progress, void *context,
                     struct feed_decode **ret_decode)
{
	AUTO(feed_decode) decode = calloc(1, sizeof(*decode));

	if (decode == NULL)
		return -ENOMEM;
	decode->is_fd_owned = strcmp(path, "-") != 0;
	decode->fd = decode->is_fd_owned ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (decode->fd < 0)
		return -errno;
	decode->progress = progress;
	decode->context = context;

	int error = choose_codec(decode);
	if (error != 0)
		return error;
	*ret_decode = TAKE(decode);
	return 0;
}

void feed_decode_close(struct feed_decode *decode)
{
	if (decode == NULL)
		return;
	if (decode->codec != NULL)
		decode->codec->stop(decode);
	if (decode->is_fd_owned && decode->fd >= 0)
		(void)close(decode->fd);
	free(decode);
}

int feed_decode_read(struct feed_decode *decode, uint8_t *bytes, size_t size, size_t *ret_size)
{
	return decode->codec->read(decode, bytes, size, ret_size);
}
