#include "dataplane/http_body.h"

#include "base/ascii.h"
#include "dataplane/file.h"
#include "dataplane/http_connection.h"
#include "dataplane/http_field.h"
#include "dataplane/http_multipart.h"

struct range {
	uint64_t first;
	uint64_t end; // behind the last byte
	uint64_t total_bytes;
};

static bool take_number(struct slice *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t size = 0;

	for (; size < text->size && ascii_is_digit(text->data[size]); size++) {
		if (number >> 56 != 0)
			return false;
		number = number * 10 + (text->data[size] - '0');
	}
	*text = slice_from(*text, size);
	*ret_number = number;
	return size > 0;
}

static bool take_byte(struct slice *text, uint8_t byte)
{
	if (text->size == 0 || text->data[0] != byte)
		return false;
	*text = slice_from(*text, 1);
	return true;
}

// "bytes 0-499/1234" (RFC 9110, section 14.4).
static bool parse_range(struct slice text, struct range *ret_range)
{
	struct range range;
	uint64_t last;

	if (!ascii_begins_with(text, "bytes "))
		return false;
	text = slice_trim(slice_from(text, sizeof("bytes ") - 1));
	if (!take_number(&text, &range.first) || !take_byte(&text, '-') ||
	    !take_number(&text, &last) || !take_byte(&text, '/') ||
	    !take_number(&text, &range.total_bytes) || last < range.first ||
	    last >= range.total_bytes)
		return false;
	range.end = last + 1;
	*ret_range = range;
	return true;
}

static uint32_t begin_file(const struct http_body_start *start, struct extract_output *output)
{
	const struct http_head *head = start->head;
	const struct http_codings *transfer = &head->transfer_codings;
	uint8_t name[FILE_NAME_BYTES_MAX];
	size_t name_bytes = http_field_file_name(head->disposition, name, sizeof(name));
	struct file_start file = {
		.where = start->where,
		.name = name_bytes > 0 ? slice_of(name, name_bytes) : start->target_name,
		.media_type = http_field_main(head->media_type),
		.coding_count = head->codings.count + transfer->count,
	};

	for (unsigned i = 0; i < file.coding_count && i < FILE_CODINGS_MAX; i++)
		file.codings[i] = i < head->codings.count ? head->codings.list[i]
		                                          : transfer->list[i - head->codings.count];
	return file_begin(output, &file);
}

// What was put together so far is all that will come of it.
static void end_ranges(struct http_body *body, struct extract_output *output)
{
	file_lose(output, body->ranges_file_id, FILE_LOSS_PART);
	file_end(output, body->ranges_file_id, true);
	body->ranges_file_id = 0;
}

static void begin_range(struct http_body *body, const struct range *range,
                        const struct http_body_start *start, struct extract_output *output)
{
	bool is_next = body->ranges_file_id != 0 && body->ranges_next == range->first &&
	               body->ranges_total_bytes == range->total_bytes &&
	               body->ranges_key == start->target_key && start->target_key != 0;

	if (is_next) {
		body->file_id = body->ranges_file_id;
		body->ranges_file_id = 0;
	} else {
		end_ranges(body, output);
		body->file_id = begin_file(start, output);
	}
	if (!is_next && range->first > 0) {
		file_lose(output, body->file_id, FILE_LOSS_PART);
		return;
	}
	body->ranges_key = start->target_key;
	body->ranges_total_bytes = range->total_bytes;
	body->ranges_next = range->first;
	body->range_end = range->end;
}

static bool begin_multipart(struct http_body *body, const struct http_body_start *start,
                            struct extract_output *output)
{
	const struct http_head *head = start->head;

	if (head->method.size == 0 || head->codings.count > 0 || head->transfer_codings.count > 0 ||
	    !http_multipart_is_one(head->media_type))
		return false;
	body->multipart = http_table_take_multipart(output->http);
	if (body->multipart == NULL)
		return false;
	http_multipart_begin(body->multipart, head->media_type, start->where);
	return true;
}

// Is a request's body a part of what it brings (RFC 9110, section 14.5)? Its parts are not put
// together: who resumes does so on another connection.
static bool is_sent_part(const struct http_head *head)
{
	struct range range;

	return head->method.size > 0 && head->range.size > 0 &&
	       (!parse_range(head->range, &range) || range.first > 0 ||
	        range.end < range.total_bytes || head->is_chunked ||
	        head->body_bytes != range.total_bytes);
}

void http_body_begin(struct http_body *body, const struct http_body_start *start,
                     struct extract_output *output)
{
	struct range range;

	if (!file_is_wanted(output) || begin_multipart(body, start, output))
		return;
	if (!slice_is(start->head->status, "206")) {
		body->file_id = begin_file(start, output);
		if (is_sent_part(start->head))
			file_lose(output, body->file_id, FILE_LOSS_PART);
	} else if (parse_range(start->head->range, &range)) {
		begin_range(body, &range, start, output);
	} else {
		body->file_id = begin_file(start, output);
		file_lose(output, body->file_id, FILE_LOSS_PART);
	}
}

bool http_body_is_busy(const struct http_body *body)
{
	return body->multipart != NULL || body->file_id != 0;
}

bool http_body_is_open(const struct http_body *body, const struct extract_output *output)
{
	return body->multipart != NULL || file_is_open(output, body->file_id);
}

void http_body_write(struct http_body *body, struct slice bytes, struct extract_output *output)
{
	if (body->multipart != NULL) {
		http_multipart_write(body->multipart, bytes, output);
		return;
	}
	body->ranges_next += bytes.size;
	file_write(output, body->file_id, bytes);
}

void http_body_gap(struct http_body *body, uint64_t missing_bytes, struct extract_output *output)
{
	body->ranges_next += missing_bytes;
	if (body->multipart != NULL)
		http_multipart_gap(body->multipart, output);
	else
		file_lose(output, body->file_id, FILE_LOSS_GAP);
}

// A range ends: more may come.
static void end_range(struct http_body *body, bool is_whole, struct extract_output *output)
{
	bool is_range = is_whole && body->ranges_next == body->range_end;

	if (is_range && body->range_end < body->ranges_total_bytes &&
	    file_is_open(output, body->file_id))
		body->ranges_file_id = body->file_id;
	else
		file_end(output, body->file_id, is_range);
	body->range_end = 0;
}

void http_body_end(struct http_body *body, bool is_whole, struct extract_output *output)
{
	if (body->multipart != NULL) {
		http_multipart_end(body->multipart, output);
		http_table_give_multipart(output->http, body->multipart);
		body->multipart = NULL;
	} else if (body->range_end > 0) {
		end_range(body, is_whole, output);
	} else {
		file_end(output, body->file_id, is_whole);
	}
	body->file_id = 0;
}

void http_body_leave(struct http_body *body, struct extract_output *output)
{
	end_ranges(body, output);
}
