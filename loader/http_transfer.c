#include "loader/http_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/temporary_file.h"
#include "loader/http_wait.h"

enum {
	STALL_MS_MAX = 30 * 1000,
	STALL_BYTES = 1024, // less than this within the time is a stall
	POLL_MS = 100,
	SLOWEST_BYTES_PER_S = 32 * 1024, // what comes faster may take longer than the time-out
	OUTPUT_BYTES = 64 * 1024,
};

// ---- headers ---------------------------------------------------------------------------------

struct wanted_header {
	const char *name;
	char *value;
	size_t size;
};

// A value that does not fit is as good as none: half of it would be wrong.
static void take_value(const struct wanted_header *wanted, struct slice value)
{
	value = slice_trim(value);
	if (value.size >= wanted->size)
		value.size = 0;
	if (value.size > 0)
		memcpy(wanted->value, value.data, value.size);
	wanted->value[value.size] = '\0';
}

static void take_header(struct http_transfer *transfer, struct slice line)
{
	struct http_answer *answer = transfer->answer;
	const struct wanted_header wanted[] = {
		{"Content-Type", answer->content_type, HTTP_VALUE_BYTES},
		{"ETag", answer->etag, HTTP_VALUE_BYTES},
		{"Last-Modified", answer->last_modified, HTTP_VALUE_BYTES},
		{"Content-Range", answer->content_range, HTTP_VALUE_BYTES},
		{"X-TAXII-Date-Added-First", answer->date_added_first, HTTP_VALUE_BYTES},
		{"X-TAXII-Date-Added-Last", answer->date_added_last, HTTP_VALUE_BYTES},
		{"Content-Encoding", transfer->encoding, sizeof(transfer->encoding)},
		{"Retry-After", transfer->retry_after, sizeof(transfer->retry_after)},
		{"Location", transfer->location, sizeof(transfer->location)},
	};
	size_t name_size = slice_find(line, ':');

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (strlen(wanted[i].name) == name_size &&
		    strncasecmp(wanted[i].name, (const char *)line.data, name_size) == 0)
			take_value(&wanted[i], slice_from(line, name_size + 1));
}

// An interim answer (1xx) comes before the one that counts: begin anew.
static void forget_answer(struct http_transfer *transfer)
{
	int fd = transfer->answer->body_fd;

	*transfer->answer = (struct http_answer){.body_fd = fd};
	transfer->encoding[0] = '\0';
	transfer->retry_after[0] = '\0';
	transfer->location[0] = '\0';
}

// "HTTP/1.1 200 OK"
static long read_status(struct slice line)
{
	struct slice digits = slice_first(slice_from(line, slice_find(line, ' ') + 1), 3);
	long status = 0;

	for (size_t i = 0; i < digits.size; i++)
		if (digits.data[i] >= '0' && digits.data[i] <= '9')
			status = status * 10 + (digits.data[i] - '0');
	return status;
}

static size_t on_header(char *data, size_t one, size_t size, void *context)
{
	struct http_transfer *transfer = context;
	struct slice line = slice_of(data, one * size);

	transfer->header_bytes += line.size;
	if (transfer->header_bytes > HTTP_HEADERS_BYTES_MAX) {
		transfer->flaw = HTTP_HEADERS_TOO_LARGE;
		return 0;
	}
	if (slice_starts_with(line, "HTTP/")) {
		forget_answer(transfer);
		transfer->status = read_status(line);
	} else {
		take_header(transfer, line);
	}
	return line.size;
}

// ---- body ------------------------------------------------------------------------------------

static bool is_wanted(const struct http_transfer *transfer)
{
	return transfer->status >= 200 && transfer->status < 300;
}

static enum http_flaw keep_words(struct http_transfer *transfer, struct slice bytes)
{
	struct slice taken = slice_first(bytes, HTTP_WORDS_BYTES - transfer->words_size);

	memcpy(transfer->words + transfer->words_size, taken.data, taken.size);
	transfer->words_size += taken.size;
	return transfer->words_size == HTTP_WORDS_BYTES ? HTTP_WORDS_ENOUGH : HTTP_FLAWLESS;
}

static enum http_flaw write_out(struct http_transfer *transfer, struct slice bytes)
{
	struct http_answer *answer = transfer->answer;

	if (bytes.size == 0)
		return HTTP_FLAWLESS;
	if (!is_wanted(transfer))
		return keep_words(transfer, bytes);
	if (bytes.size > transfer->body_bytes_max - answer->body_bytes)
		return HTTP_BODY_TOO_LARGE;
	transfer->error = temporary_file_write(answer->body_fd, bytes);
	if (transfer->error < 0)
		return HTTP_WRITE_FAILED;
	answer->body_bytes += bytes.size;
	return HTTP_FLAWLESS;
}

static enum http_flaw decompress_out(struct http_transfer *transfer, struct slice bytes)
{
	uint8_t output[OUTPUT_BYTES];
	enum http_flaw flaw = HTTP_FLAWLESS;

	while (flaw == HTTP_FLAWLESS &&
	       (bytes.size > 0 || decompress_has_more(transfer->decompress))) {
		size_t size = 0;
		int error = decompress_step(transfer->decompress, &bytes, output, sizeof(output),
		                            &size);

		flaw = write_out(transfer, slice_of(output, size));
		if (error < 0 && flaw == HTTP_FLAWLESS)
			flaw = HTTP_BODY_DAMAGED;
	}
	return flaw;
}

static bool is_encoded(const struct http_transfer *transfer)
{
	return transfer->encoding[0] != '\0' && strcasecmp(transfer->encoding, "identity") != 0;
}

// Which compression it is, its own first bytes say; the header says only that there is one.
static enum http_flaw begin_decompression(struct http_transfer *transfer, struct slice *bytes)
{
	struct slice head = slice_first(*bytes, HTTP_HEAD_BYTES - transfer->head_size);

	memcpy(transfer->head + transfer->head_size, head.data, head.size);
	transfer->head_size += head.size;
	*bytes = slice_from(*bytes, head.size);
	if (transfer->head_size < HTTP_HEAD_BYTES)
		return HTTP_FLAWLESS;

	head = slice_of(transfer->head, HTTP_HEAD_BYTES);
	if (decompress_create(head, &transfer->decompress) < 0) {
		transfer->error = -ENOMEM;
		return HTTP_WRITE_FAILED;
	}
	if (transfer->decompress == NULL)
		return HTTP_BODY_DAMAGED;
	return decompress_out(transfer, head);
}

static enum http_flaw take_encoded(struct http_transfer *transfer, struct slice bytes)
{
	enum http_flaw flaw = HTTP_FLAWLESS;

	if (strcasecmp(transfer->encoding, "gzip") != 0 &&
	    strcasecmp(transfer->encoding, "x-gzip") != 0 &&
	    strcasecmp(transfer->encoding, "zstd") != 0)
		return HTTP_ENCODING_UNKNOWN;
	if (transfer->decompress == NULL)
		flaw = begin_decompression(transfer, &bytes);
	if (flaw == HTTP_FLAWLESS && transfer->decompress != NULL)
		flaw = decompress_out(transfer, bytes);
	return flaw;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
	struct http_transfer *transfer = context;
	struct slice bytes = slice_of(data, one * size);

	transfer->received_bytes += bytes.size;
	if (bytes.size > 0)
		transfer->flaw = is_encoded(transfer) ? take_encoded(transfer, bytes)
		                                      : write_out(transfer, bytes);
	return transfer->flaw == HTTP_FLAWLESS ? bytes.size : 0;
}

// ---- running ---------------------------------------------------------------------------------

// What time has to say of a transfer under way.
struct pace {
	int64_t begin_ms;
	int64_t stall_ms;
	int64_t window_begin_ms;
	uint64_t window_begin_bytes;
};

static bool is_too_slow(struct http_transfer *transfer, struct pace *pace)
{
	int64_t now_ms = http_wait_clock_ms();
	uint64_t bytes = transfer->received_bytes + transfer->header_bytes;
	int64_t allowed_ms = transfer->timeout_ms +
	                     (int64_t)(transfer->received_bytes / SLOWEST_BYTES_PER_S * 1000);

	if (now_ms - pace->begin_ms > allowed_ms)
		return true;
	// Before the first byte the server may think as long as the time-out lets it.
	if (bytes == 0 || now_ms - pace->window_begin_ms < pace->stall_ms) {
		if (bytes == 0)
			pace->window_begin_ms = now_ms;
		return false;
	}
	if (bytes - pace->window_begin_bytes < STALL_BYTES)
		return true;
	pace->window_begin_ms = now_ms;
	pace->window_begin_bytes = bytes;
	return false;
}

static enum http_flaw drive(struct http_transfer *transfer, CURLM *multi)
{
	int64_t stall_ms = transfer->timeout_ms / 4;
	int64_t now_ms = http_wait_clock_ms();
	struct pace pace = {
		.begin_ms = now_ms,
		.window_begin_ms = now_ms,
		.stall_ms = stall_ms < STALL_MS_MAX ? stall_ms : STALL_MS_MAX,
	};

	for (;;) {
		int running = 0;

		if (curl_multi_perform(multi, &running) != CURLM_OK || running == 0)
			return transfer->flaw;
		if (transfer->is_stopped != NULL && transfer->is_stopped(transfer->context))
			return HTTP_STOPPED;
		if (is_too_slow(transfer, &pace))
			return HTTP_STALLED;
		(void)curl_multi_poll(multi, NULL, 0, POLL_MS, NULL);
	}
}

static CURLcode outcome(CURLM *multi)
{
	int left;
	const CURLMsg *message;
	CURLcode code = CURLE_OPERATION_TIMEDOUT; // nothing was told: it was ended by drive()

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			code = message->data.result;
	return code;
}

void http_transfer_run(struct http_transfer *transfer, CURLM *multi, CURL *curl, int fd)
{
	*transfer->answer = (struct http_answer){.body_fd = fd};
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);

	(void)curl_multi_add_handle(multi, curl);
	transfer->flaw = drive(transfer, multi);
	transfer->code = outcome(multi);
	(void)curl_multi_remove_handle(multi, curl);

	transfer->answer->status = transfer->status;
	// libcurl takes a compressed body that ends too early, if its own length is right.
	if (transfer->code == CURLE_OK && transfer->flaw == HTTP_FLAWLESS &&
	    (transfer->head_size > 0 &&
	     (transfer->decompress == NULL || !decompress_is_complete(transfer->decompress))))
		transfer->flaw = HTTP_BODY_DAMAGED;
	decompress_free(TAKE(transfer->decompress));
}
